// Why some are absent: only the reasons that are used are shown; each comes by a tap, and goes by another.

import { byId, el, one } from "../../assets/dom.js";
import { t } from "../../assets/words.js";

/** A reason: its count, the field around that, and what brings it. @typedef {{control: HTMLInputElement, field: HTMLElement, chip: HTMLElement}} Row */

export class Reasons {
  /** @param {HTMLInputElement[]} controls the counts, a field each */
  constructor(controls) {
    this.rows = controls.map((control) => this.row(control));
    this.rest = byId("close-reasons");
    one(this.rest, "[role=group]").append(...this.rows.map(({ chip }) => chip));
  }

  /** @param {HTMLInputElement} control */
  row(control) {
    const name = /** @type {NodeList} */ (control.labels)[0].textContent;
    const field = /** @type {HTMLElement} */ (control.closest(".field"));
    /** @type {Row} */
    const row = { control, field, chip: el("button", { type: "button", class: "quiet", onclick: () => this.add(row) }, `+ ${name}`) };
    field.append(el("button", { type: "button", class: "quiet away", "aria-label": t(`Bỏ lý do: ${name}`, `Take out: ${name}`), onclick: () => this.remove(row) }, "×"));
    return row;
  }

  /** What holds something is shown, whoever filled it in. */
  show() {
    for (const { control, field } of this.rows) field.hidden = control.value === "" && !control.validity.badInput;
    this.draw();
  }

  draw() {
    for (const { field, chip } of this.rows) chip.hidden = !field.hidden;
    this.rest.hidden = this.rows.every(({ field }) => !field.hidden);
  }

  /** One absent for that reason, to be counted on from there. @param {Row} row */
  add(row) {
    row.field.hidden = false;
    this.draw();
    one(row.field, "[data-step='1']").focus();
    put(row.control, "1");
  }

  /** @param {Row} row */
  remove(row) {
    row.field.hidden = true;
    this.draw();
    (this.rest.open ? row.chip : one(this.rest, "summary")).focus();
    put(row.control, "");
  }
}

/** As if it had been typed. @param {HTMLInputElement} control @param {string} value */
function put(control, value) {
  control.value = value;
  for (const kind of ["input", "change"]) control.dispatchEvent(new Event(kind, { bubbles: true }));
}
