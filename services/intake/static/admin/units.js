// The list of units.

import { el } from "../../assets/dom.js";
import { number, t } from "../../assets/words.js";
import { GROUP } from "../desk/labels.js";
import { FilteredList } from "../desk/list.js";
import * as directory from "../shared/directory.js";

export class Units {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.names = new Map();
    this.list = new FilteredList("units", {
      text: (unit) => `${unit.name} ${unit.unit}`, draw: (unit) => this.row(unit), empty: t("Không có đơn vị nào khớp.", "No unit matches."),
    });
  }

  async show() {
    const units = await directory.units(this.desk.account);
    this.names = new Map(units.map((unit) => [unit.unit, unit.name]));
    this.list.set(units);
  }

  /** @param {Unit} unit */
  row({ unit, name, group, parent, staff }) {
    return el("tr", {}, el("th", { scope: "row" }, name),
      el("td", { "data-label": t("Loại đơn vị", "Group") }, GROUP[group] ?? group),
      el("td", { "data-label": t("Trực thuộc", "Parent") }, parent ? this.names.get(parent) ?? parent : "–"),
      el("td", { class: "figure", "data-label": t("Biên chế", "Staff") }, number(staff)),
      el("td", { class: "mono", "data-label": t("Mã", "Id") }, unit),
      el("td", { "data-label": t("Bản in", "To print") }, el("a", { href: `/intake/units/${unit}/qr`, "aria-label": t(`Mã QR của ${name}`, `QR code of ${name}`) }, t("Mã QR", "QR code"))));
  }
}
