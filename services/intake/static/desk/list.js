// A filtered list that shows its rows in portions, and asks the server for the next page when those are used up.

import { page } from "../../assets/api.js";
import { byId, el, flash, one } from "../../assets/dom.js";
import { items, number, plain, t } from "../../assets/words.js";

/** Rows, and how to get the next ones. @typedef {{rows: any[], further: (() => Promise<Portion>) | null}} Portion */
const PORTION = 30;
const MOST = 99; // more are not counted

export class FilteredList {
  /**
   * `text(row)` is what the filter searches, `draw(row)` makes its node, `empty` is said when there is none. A node that has
   * an `update(row)` stays when its row changes.
   * @param {string} name @param {{ text: (row: any) => string, draw: (row: any) => HTMLElement, empty: string }} how
   */
  constructor(name, { text, draw, empty }) {
    this.text = text;
    this.draw = draw;
    this.empty = empty;
    this.rows = /** @type {{row: any, text: string, node: HTMLElement | null}[]} */ ([]);
    this.shown = PORTION;
    this.further = /** @type {Portion["further"]} */ (null);
    this.only = document.getElementById(`${name}-only`); // not every list can be narrowed to one
    this.filter = byId(`${name}-filter`);
    this.list = byId(`${name}-list`);
    this.counter = byId(`${name}-count`);
    this.more = byId(`${name}-more`);
    this.filter.addEventListener("input", () => { this.shown = PORTION; this.render(); });
    one(this.more, "button").addEventListener("click", () => this.showMore().catch(({ message }) => flash("bad", message)));
  }

  /** Show what is being read, {rows, further}. Of two readings under way the one begun last is shown, whichever ends first. @param {Promise<Portion>} reading */
  async show(reading) {
    this.reading = reading;
    try {
      const { rows, further } = await reading;
      if (this.reading === reading) this.set(rows, further);
    } catch (problem) {
      if (this.reading === reading) throw problem;
    }
  }

  /** Show these rows; `further()` answers with {rows, further} of the next page, or is null when there is none. @param {any[]} rows @param {(() => Promise<Portion>) | null} [further] */
  set(rows, further = null) {
    const known = new Map(this.rows.filter(({ row }) => row.id).map((each) => [each.row.id, each]));
    this.rows = rows.map((row) => this.searchable(row, known.get(row.id)));
    this.further = further;
    this.render();
  }

  /** Say that one thing alone is shown, and give the way to all; nothing without words. @param {string | null | undefined} words @param {string} [all] */
  single(words, all) {
    this.only?.replaceChildren(...(words ? [el("span", {}, words, " "), el("a", { href: all }, t("Hiện tất cả", "Show all"))] : []));
  }

  /** @param {any} row @param {{row: any, node: HTMLElement | null}} [known] */
  searchable(row, known) {
    known?.node?.update?.(row);
    const node = known && (known.node?.update || JSON.stringify(known.row) === JSON.stringify(row)) ? known.node : null;
    return { row, text: plain(this.text(row)), node };
  }

  async showMore() {
    if (this.further && this.found().length <= this.shown) {
      const { reading } = this;
      const { rows, further } = await this.further();
      if (this.reading !== reading) return;
      this.rows.push(...rows.map((row) => this.searchable(row)));
      this.further = further;
    }
    this.shown += PORTION;
    this.render();
  }

  found() {
    const words = plain(this.filter.value).split(" ").filter(Boolean);
    return this.rows.filter(({ text }) => words.every((word) => text.includes(word)));
  }

  /** Rows are drawn once, so that what is open or typed in one survives filtering. */
  render() {
    const found = this.found();
    const nodes = found.slice(0, this.shown).map((each) => (each.node ??= this.draw(each.row)));
    const held = this.list.contains(document.activeElement);
    place(this.list, nodes.length ? nodes : [this.nothing()]);
    if (held && !this.list.contains(document.activeElement)) this.list.closest("section")?.querySelector("h2")?.focus(); // it went with its row
    this.counter.textContent = this.further
      ? t(`${number(found.length)} trong ${items(this.rows.length)} mới nhất`, `${number(found.length)} of the newest ${items(this.rows.length)}`)
      : items(found.length);
    this.more.hidden = found.length <= this.shown && !this.further;
  }

  nothing() {
    return this.list.tagName === "TBODY"
      ? el("tr", {}, el("td", { colspan: 9 }, this.empty))
      : el("li", { class: "empty" }, this.empty);
  }
}

const PAUSE = 300; // ms in which somebody types on

/**
 * A list that the server searches and pages: a page is one request, each letter typed asks anew. `path(words)` is its address,
 * `draw(row)` makes a row's node, `key(row)` tells rows apart; one that has `update(row)` stays when its row changes. `counted(total)` hears how many there are.
 */
export class PagedList {
  /** @param {string} name @param {{ path: (words: string) => string, draw: (row: any) => HTMLElement, empty: string, key?: (row: any) => string, counted?: (total: number) => unknown }} how */
  constructor(name, { path, draw, empty, key = (/** @type {any} */ { id }) => id, counted = (/** @type {number} */ _) => {} }) {
    this.path = path;
    this.draw = draw;
    this.empty = empty;
    this.counted = counted;
    this.key = key;
    this.next = /** @type {string | null} */ (null);
    this.total = /** @type {number | undefined} */ (undefined);
    this.nodes = /** @type {Map<string, HTMLElement>} */ (new Map());
    this.rows = /** @type {any[]} */ ([]);
    this.only = document.getElementById(`${name}-only`); // not every list can be narrowed to one
    this.filter = byId(`${name}-filter`);
    this.list = byId(`${name}-list`);
    this.counter = byId(`${name}-count`);
    this.more = byId(`${name}-more`);
    this.filter.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.show().catch(({ message }) => flash("bad", message)), PAUSE);
    });
    one(this.more, "button").addEventListener("click", () => this.showMore().catch(({ message }) => flash("bad", message)));
  }

  /** Read the first page, or again as many rows as are shown. Of two readings under way the one begun last is shown. */
  async show() {
    const reading = {};
    this.reading = reading;
    const words = plain(this.filter.value);
    const { items: rows, next, total } = await page(this.path(words));
    if (this.reading !== reading) return this.rows;
    if (!words && total !== undefined) this.counted(total);
    return this.set(rows, next, total);
  }

  async showMore() {
    const { reading } = this;
    const { items: rows, next } = await page(this.path(plain(this.filter.value)), this.next);
    if (this.reading === reading) this.set([...this.rows, ...rows], next, this.total);
  }

  /** Show these rows. @param {any[]} rows */
  set(rows, next = /** @type {string | null} */ (null), total = /** @type {number | undefined} */ (undefined)) {
    this.rows = rows;
    this.next = next;
    this.total = total;
    const held = this.list.contains(document.activeElement);
    const drawn = new Map(rows.map((row) => [this.key(row), this.node(row)]));
    this.nodes = drawn;
    place(this.list, rows.length ? [...drawn.values()] : [el("li", { class: "empty" }, this.empty)]);
    if (held && !this.list.contains(document.activeElement)) this.list.closest("section")?.querySelector("h2")?.focus(); // it went with its row
    this.counter.textContent = !next ? items(rows.length)
      : total === undefined ? t(`${items(rows.length)} mới nhất`, `the newest ${items(rows.length)}`)
        : t(`${number(rows.length)} đầu trong ${many(total, rows.length)}`, `the first ${number(rows.length)} of ${many(total, rows.length)}`);
    this.more.hidden = !next;
    return rows;
  }

  /** @param {any} row */
  node(row) {
    const known = this.nodes.get(this.key(row));
    if (!known?.update) return this.draw(row);
    known.update(row);
    return known;
  }

  /** Say that one thing alone is shown, and give the way to all; nothing without words. @param {string | null | undefined} words @param {string} [all] */
  single(words, all) {
    this.only?.replaceChildren(...(words ? [el("span", {}, words, " "), el("a", { href: all }, t("Hiện tất cả", "Show all"))] : []));
  }
}

/** How many there are, as far as the server counts. @param {number} total */
export const many = (total, least = 0) => (total > MOST ? `${number(Math.max(MOST, least))}+` : number(total));

/** Buttons of which one is pressed: its value chooses; `changed()` hears of another. */
export class Chips {
  /** @param {string} id @param {() => unknown} changed */
  constructor(id, changed) {
    this.buttons = [...byId(id).querySelectorAll("button")];
    for (const button of this.buttons) button.addEventListener("click", () => { this.press(button); changed(); });
  }

  /** @param {HTMLElement} chosen */
  press(chosen) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button === chosen));
  }

  get value() {
    return this.buttons.find((button) => button.getAttribute("aria-pressed") === "true")?.value ?? "";
  }
}

/** Make these the children, moving nobody who stays: what has the focus, or is being typed in, keeps it. @param {Element} list @param {Element[]} nodes */
function place(list, nodes) {
  const staying = new Set(nodes);
  for (const child of [...list.children]) if (!staying.has(child)) child.remove();
  nodes.forEach((node, index) => { if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null); });
}
