// Finding a unit by typing part of its name, with or without marks. The form's field "unit" is what was chosen, whichever matches
// are shown just now.

import { byId, el, one } from "../../assets/dom.js";
import { number, plain, t } from "../../assets/words.js";

const SHOWN = 30;

export class UnitPicker {
  /** Wires the elements `<prefix>-search`, `<prefix>-count` and `<prefix>-choices`; `chosen(unit)` is called at each choice. @param {string} prefix @param {(unit: string) => void} chosen */
  constructor(prefix, chosen = () => {}) {
    this.search = byId(`${prefix}-search`);
    this.counter = byId(`${prefix}-count`);
    this.choices = byId(`${prefix}-choices`);
    this.picked = el("p", { class: "picked", id: `${prefix}-picked`, role: "status", hidden: true });
    this.field = el("input", { type: "hidden", name: "unit" });
    const fieldset = /** @type {HTMLElement} */ (this.choices.closest("fieldset"));
    one(fieldset, "legend").after(this.picked);
    fieldset.append(this.field);
    this.told = chosen;
    this.units = /** @type {any[]} */ ([]);
    this.unit = null;
    this.search.addEventListener("input", () => this.draw());
    this.choices.addEventListener("change", ({ target }) => this.choose(/** @type {HTMLInputElement} */ (target).value));
  }

  /** Start from what a draft kept. @param {string | null} unit @param {string} typed */
  restore(unit, typed) {
    this.unit = unit;
    this.search.value = typed;
    this.draw();
  }

  /** Offer these units, among those that match what has been typed by now. @param {any[]} units */
  offer(units) {
    this.units = units;
    this.draw();
  }

  get chosen() {
    return this.units.find((each) => each.unit === this.unit) ?? null;
  }

  /** @param {any} unit */
  choose(unit) {
    this.unit = unit;
    this.show();
    this.told(unit);
  }

  /** Another one is wanted: nothing is chosen until it is. */
  change() {
    this.search.value = "";
    this.choose(null);
    this.draw();
    this.search.focus();
    this.search.dispatchEvent(new Event("input", { bubbles: true })); // the form keeps it
  }

  /** What is chosen stands apart: a result is only ever what matches. */
  show() {
    const { chosen } = this;
    this.field.value = this.unit ?? "";
    this.field.dataset.words = chosen?.name ?? "";
    this.picked.hidden = !chosen;
    this.picked.replaceChildren(...(chosen ? [el("span", {}, t("Đã chọn: ", "Chosen: "), el("b", {}, chosen.name)),
      el("button", { type: "button", class: "quiet", onclick: () => this.change() }, t("Đổi", "Change"))] : []));
  }

  draw() {
    const words = plain(this.search.value).split(" ").filter(Boolean);
    const found = this.units.filter((unit) => words.every((word) => unit.plain.includes(word)));
    const whole = (/** @type {any} */ unit) => words.every((word) => unit.plain.split(" ").includes(word));
    found.sort((a, b) => Number(whole(b)) - Number(whole(a))); // "xa 3" means xã 3 before xã 13
    const shown = words.length || found.length <= SHOWN ? found.slice(0, SHOWN) : [];
    this.choices.replaceChildren(...shown.map((unit) => this.choice(unit)));
    this.counter.textContent = words.length
      ? t(`${number(found.length)} đơn vị khớp`, `${number(found.length)} units match`)
      : t(`Có ${number(this.units.length)} đơn vị trong phạm vi của bạn`, `${number(this.units.length)} units in your scope`);
    this.show();
  }

  /** @param {any} unit */
  choice(unit) {
    return el("label", { class: "choice" },
      el("input", { type: "radio", form: "", name: this.choices.id, value: unit.unit, checked: unit.unit === this.unit }), unit.name);
  }
}
