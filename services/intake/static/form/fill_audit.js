// What was filled in, when, and what stood there before: kept with the inspection, sealed into its closing. The events and
// columns are ODK's. Free text is told by its length alone: a copy here would outlive the erasure of the part it stands in.

import { now } from "../shared/clock.js";
import { tidy } from "../shared/drafts.js";

const MOST = 300;
const LONGEST = 100;
const VALUED = ["number", "radio", "checkbox"];
const begun = now() - performance.now(); // the clock once, then what has really passed since

const at = () => Math.round(begun + performance.now());

/** @param {string} inspection */
const nameOf = (inspection) => `fill/${inspection}`;

/** What is written down of a control. @param {HTMLInputElement} control */
const told = (control) => {
  if (control.type === "checkbox") return String(control.checked);
  if (control.type === "radio") return control.form?.querySelector(`input[name="${control.name}"]:checked`)?.value ?? ""; // the group's, for each is constant
  return VALUED.includes(control.type) || "day" in control.dataset || control.name === "basis" ? tidy(control.value).slice(0, LONGEST) : `~${control.value.length}`;
};

/** @param {HTMLInputElement} control */
const nodeOf = (control) => {
  const code = control.closest("[data-code]")?.dataset.code;
  const name = control.dataset.pointer ?? control.closest("[data-pointer]")?.dataset.pointer ?? `/${control.name || control.id}`;
  return code ? `/${code}/${control.type === "number" ? "count" : control.id.split("-")[0]}` : name;
};

/** @typedef {{event: string, node: string, start: number, end: number, old: string, new: string}} Row */

export class FillAudit {
  /** @param {import("../shared/drafts.js").Drafts} drafts */
  constructor(drafts) {
    this.drafts = drafts;
    this.name = /** @type {string | null} */ (null);
    /** @type {Row[]} */
    this.rows = [];
    this.before = { control: null, value: "", since: 0 };
    document.addEventListener("focusin", ({ target }) => this.entered(target));
    document.addEventListener("change", ({ target }) => this.left(target), true); // before a question that it raises takes the focus
    document.addEventListener("click", ({ target }) => this.stepped(target), true);
  }

  /** Follow the reader to a view; what an opening was filled in with goes on as its inspection's. @param {string} hash */
  async follow(hash) {
    const [, id] = /^#\/(open|inspection\/[0-9a-f-]{36})/.exec(hash) ?? [];
    const name = id ? nameOf(id.replace("inspection/", "")) : null;
    if (name === this.name) return;
    const opened = this.name === "fill/open" && name ? this.rows : [];
    if (opened.length) await this.drafts.clear("fill/open").catch(() => {});
    const kept = name ? (await this.drafts.read(name)) ?? [] : [];
    Object.assign(this, { name, rows: [...opened, ...kept] });
    if (name) this.note(this.rows.length ? "form resume" : "form start");
  }

  /** @param {any} control */
  entered(control) {
    if ("value" in control) this.before = { control, value: told(control), since: at() };
  }

  /** @param {any} control */
  left(control) {
    if (!("value" in control) || ["search", "file"].includes(control.type)) return;
    const { value, since } = this.before.control === control ? this.before : { value: "", since: at() };
    this.note("question", nodeOf(control), value, told(control), since);
    this.entered(control);
  }

  /** A counter's buttons change its number without a change event. @param {any} target */
  stepped(target) {
    const control = target.closest?.(".stepper button")?.parentElement.querySelector("input");
    if (!control) return;
    const before = told(control);
    setTimeout(() => this.note("question", nodeOf(control), before, told(control)));
  }

  /** @param {string} event */
  note(event, node = "", old = "", value = "", start = at()) {
    if (!this.name) return;
    this.keep(this.name, [...this.rows, { event, node, start, end: at(), old, new: value }].slice(-MOST)).catch(() => {}); // the house says so
  }

  /** Those of a closing that was refused go on, whatever is shown. @param {string} inspection @param {Row[]} rows */
  async recall(inspection, rows = []) {
    const name = nameOf(inspection);
    const later = name === this.name ? this.rows : (await this.drafts.read(name)) ?? [];
    return this.keep(name, [...rows, ...later].slice(-MOST));
  }

  /** A closing carries them now: here they are wanted no more. @param {string} inspection */
  async forget(inspection) {
    const name = nameOf(inspection);
    if (name === this.name) this.rows = [];
    await this.drafts.clear(name);
  }

  /** @param {string} name @param {Row[]} rows */
  keep(name, rows) {
    if (name === this.name) this.rows = rows;
    return this.drafts.write(name, rows);
  }

  /** The rows for a closing of at most this many bytes; of too many the oldest are left out. @param {number} room */
  sealed(room) {
    this.note("form finalize");
    let { rows } = this;
    while (rows.length && JSON.stringify(rows).length > room) rows = rows.slice(Math.ceil(rows.length / 10));
    return rows;
  }
}
