// The list of units.

import { el } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";
import { GROUP } from "../desk/labels.js";
import { FilteredList } from "../desk/list.js";
import * as directory from "../shared/directory.js";

export class Units {
  constructor(desk) {
    this.desk = desk;
    this.list = new FilteredList("units", {
      text: (unit) => `${unit.name} ${unit.unit}`, draw: (unit) => this.row(unit), empty: t("Không có đơn vị nào khớp.", "No unit matches."),
    });
  }

  async show() {
    const units = await directory.units(this.desk.account);
    this.names = new Map(units.map((unit) => [unit.unit, unit.name]));
    this.list.set(units);
  }

  row({ unit, name, group, parent, staff }) {
    return el("tr", {}, el("td", {}, name), el("td", {}, GROUP[group] ?? group), el("td", {}, parent ? this.names.get(parent) ?? parent : "–"),
      el("td", { class: "figure" }, number(staff)), el("td", { class: "mono" }, unit),
      el("td", {}, el("a", { href: `/intake/units/${unit}/qr`, "aria-label": t(`Mã QR của ${name}`, `QR code of ${name}`) }, t("Mã QR", "QR code"))));
  }
}
