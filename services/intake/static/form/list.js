// My inspections: those the server knows and those that still wait on this phone.

import { byId, el, one, redraw } from "../../assets/dom.js";
import { day, moment, t } from "../../assets/words.js";
import * as directory from "../shared/directory.js";
import { merged } from "./inspection.js";
import { begin } from "./open.js";
import { KIND, QUEUED } from "../shared/terms.js";

export class ListView {
  /** @param {House} house */
  constructor(house) {
    this.house = house;
    this.known = /** @type {Inspection[]} */ ([]);
    this.assigned = /** @type {Assignment[]} */ ([]);
  }

  async show() {
    this.changed(); // what was known before, until the server answers
    directory.assignments(this.house.account).then((assigned) => { this.assigned = assigned; this.changed(); }, () => {});
    this.known = await directory.inspections(this.house.account);
    this.changed();
  }

  changed() {
    const rows = merged(this.known, this.house.queue);
    const open = rows.filter((row) => row.state === "open");
    const closed = rows.filter((row) => row.state !== "open");
    const left = this.assigned.filter(({ id, inspection }) => !inspection && !this.house.queue.items.some(({ label, state }) => label.assignment === id && state !== "failed"));
    byId("list-assigned").hidden = !left.length;
    redraw(one(byId("list-assigned"), "ul"), left.map((row) => this.task(row)));
    redraw(byId("list-open"), this.cards(open, t("Chưa có cuộc kiểm tra nào đang mở.", "No inspection is in progress.")));
    redraw(byId("list-closed"), this.cards(closed, t("Chưa có.", "None yet.")));
  }

  /** @param {Seen[]} rows @param {string} words */
  cards(rows, words) {
    return rows.length ? rows.map((row) => this.card(row)) : [el("li", { class: "empty" }, words)];
  }

  /** @param {Assignment} row */
  task(row) {
    return el("li", { "data-item": row.id },
      el("div", { class: "title-line" }, el("h3", {}, row.unit_name), el("span", { class: "tag info" }, KIND[row.kind])),
      el("p", { class: "meta" }, el("span", {}, `${day(row.from)} – ${day(row.to)}`), el("span", { class: "whole" }, row.basis),
        el("span", {}, [row.opener, ...row.team].join(", "))),
      el("button", { type: "button", onclick: () => begin(this.house, row) }, t("Bắt đầu", "Start")));
  }

  /** @param {Seen} row */
  card(row) {
    return el("li", {},
      el("div", { class: "title-line" },
        el("h3", {}, el("a", { href: `#/inspection/${row.id}` }, row.unit_name ?? row.unit)),
        el("span", { class: "tag info" }, KIND[row.kind])),
      el("p", { class: "meta" }, el("span", {}, moment(row.opened_at)), el("span", { class: "whole" }, row.basis)),
      this.pending(row.id));
  }

  /** @param {string} inspection */
  pending(inspection) {
    const items = this.house.queue.of(inspection).filter((item) => item.state !== "received");
    const states = [...new Set(items.map((item) => item.state))];
    return states.length > 0 && el("p", {}, states.map((state) => {
      const [words, kind] = QUEUED[state];
      return el("span", { class: `tag ${kind}` }, `${words}: ${items.filter((item) => item.state === state).length}`);
    }));
  }
}
