// A list of cases on the left, the one that is read on the right; on a phone one after the other. Keys go from case to case.

import { get, problemOf } from "../../assets/api.js";
import { byId, el, one, sheet } from "../../assets/dom.js";
import { day, number, t } from "../../assets/words.js";
import { byCode, deadline, heading, laidOpen, level, stateTag, whole } from "./cases.js";
import { PagedList } from "./list.js";

const SHORTCUTS = "kycuong-shortcuts"; // in localStorage: "off" where somebody wants none
const WIDE = matchMedia("(min-width: 56rem)");
const KEPT = 12; // cases read last: a form that left comes back with its words

export class Bench {
  /**
   * `path(words)` is the list's address, `waits(finding)` whether the caller has something to do there, `acts(full, row)` the forms,
   * `shows(finding)` whether it belongs in this list, and `address(id)` where a case is read.
   * @param {Desk} desk @param {string} name @param {{ path: (words: string) => string, waits: (finding: Finding) => boolean, acts: (full: Case, row?: DeskRow) => any, empty: string, shows?: (finding: Finding) => boolean, address?: (id: string) => string, counted?: (total: number) => unknown }} how
   */
  constructor(desk, name, { path, waits, acts, empty, shows = (/** @type {any} */ _) => true, address = (/** @type {string} */ id) => `/intake/v1/findings/${id}`, counted = (/** @type {number} */ _) => {} }) {
    this.desk = desk;
    this.name = name;
    this.waits = waits;
    this.acts = acts;
    this.shows = shows;
    this.address = address;
    this.place = byId(`${name}-case`);
    this.view = byId(`view-${name}`);
    this.panels = /** @type {Map<string, HTMLElement>} */ (new Map()); // finding → its node
    this.chosen = /** @type {string | null} */ (null);
    this.list = new PagedList(name, { path, draw: (row) => this.group(row), empty, counted });
    document.addEventListener("keydown", (event) => this.key(event));
  }

  async show(wanted = /** @type {string | null} */ (null), finding = /** @type {string | null} */ (null)) {
    const here = location.hash;
    this.wanted = finding ? null : wanted;
    this.alone = null;
    if (this.wanted) await this.one(/** @type {string} */ (wanted));
    else {
      this.list.single(null);
      await this.list.show();
    }
    if (location.hash !== here) return; // whoever has gone on to another page meanwhile keeps its address
    const target = finding ?? (wanted && this.first()?.id) ?? this.chosen ?? (WIDE.matches ? this.first()?.id : null);
    if (!target) return this.close();
    const led = this.led !== `${wanted}/${finding}`; // by a link, once
    this.led = `${wanted}/${finding}`;
    return this.open(target, led && Boolean(wanted));
  }

  /** Only the inspection that a link names. @param {string} wanted */
  async one(wanted) {
    const { items: [row] } = await get(`/intake/v1/desk?inspection=${wanted}`);
    if (!row) return get(`/intake/v1/inspections/${wanted}`); // says why not
    this.list.single(t(`Chỉ cuộc kiểm tra ngày ${day(row.opened_at)} tại ${row.unit_name}.`, `Only the inspection of ${day(row.opened_at)} at ${row.unit_name}.`), `#/${this.name}`);
    this.alone = row.id;
    return this.list.set([row]);
  }

  /** A row of the list: an inspection with its cases. @param {DeskRow} inspection */
  group(inspection) {
    const node = el("li", { "data-inspection": inspection.id });
    node.update = (row) => {
      node.replaceChildren(
        el("h3", {}, row.unit_name),
        el("p", { class: "meta" }, el("span", {}, day(row.opened_at)), el("span", {}, whole(row.basis)), row.age > 0 && el("span", {}, t(`chờ ${number(row.age)} ngày làm việc`, `waits ${number(row.age)} working day${row.age === 1 ? "" : "s"}`))),
        el("ul", { class: "rows" }, this.casesOf(row).map((finding) => el("li", {}, this.link(row, finding)))));
    };
    node.update(inspection);
    return node;
  }

  /** @param {DeskRow} row */
  casesOf(row) {
    return row.findings.filter((finding) => this.alone === row.id || this.shows(finding)).sort(byCode);
  }

  /** @param {DeskRow} row @param {Finding} finding */
  link(row, finding) {
    return el("a", { href: `#/${this.name}/${row.id}/${finding.id}`, "data-row": finding.id, "data-code": finding.code, "data-waits": this.waits(finding), "aria-current": finding.id === this.chosen ? "true" : null,
      onclick: (event) => { event.preventDefault(); this.open(finding.id, true); } },
    el("span", { class: "case-title" }, level(finding), heading(finding, this.desk.catalogue)), stateTag(finding));
  }

  /** The cases in the list's order, each with its inspection. */
  cases() {
    return this.list.rows.flatMap((row) => this.casesOf(row).map((finding) => ({ ...finding, row })));
  }

  first() {
    const cases = this.cases();
    return cases.find((finding) => this.waits(finding)) ?? cases[0] ?? null;
  }

  /** Lay a case open beside the list. @param {string} id @param {boolean} focus */
  async open(id, focus) {
    const found = this.cases().find((each) => each.id === id);
    this.choose(id);
    const inspection = found?.row.id ?? this.panels.get(id)?.dataset.inspection;
    if (inspection) history.replaceState(null, "", `#/${this.name}/${inspection}/${id}`);
    const panel = await this.panel(id, found?.row);
    if (this.chosen !== id) return; // another was opened meanwhile
    this.choose(id);
    if (focus) one(panel, "h2").focus();
    if (!WIDE.matches && focus) panel.scrollIntoView({ block: "start" });
  }

  /** Show what is known of a case, and where it stands in the list. @param {string} id */
  choose(id) {
    this.chosen = id;
    this.view.toggleAttribute("data-open", true);
    for (const [each, panel] of this.panels) panel.hidden = each !== id;
    this.mark();
  }

  mark() {
    for (const link of this.view.querySelectorAll("[data-row]")) {
      if (link.dataset.row === this.chosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    this.view.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.chosen = null;
    this.view.toggleAttribute("data-open", false);
    for (const panel of this.panels.values()) panel.hidden = true;
  }

  /** @param {string} id @param {DeskRow | undefined} row */
  async panel(id, row) {
    const known = this.panels.get(id);
    if (known) return known;
    const panel = el("article", { class: "case", "data-finding": id, hidden: true }, el("h2", { tabindex: "-1" }, t("Đang mở…", "Opening…")));
    this.panels.set(id, panel);
    this.place.append(panel);
    await this.read(panel, id, row);
    this.forgetOld();
    return panel;
  }

  /** @param {HTMLElement} panel @param {string} id @param {DeskRow | undefined} row */
  async read(panel, id, row) {
    try {
      const full = await get(this.address(id));
      const held = panel.contains(document.activeElement);
      const acts = await this.acts(full, row);
      panel.dataset.code = full.code;
      panel.dataset.inspection = full.inspection;
      panel.toggleAttribute("data-waits", this.waits(full));
      panel.replaceChildren(...[
        el("p", { class: "back" }, el("a", { href: `#/${this.name}`, onclick: (event) => { event.preventDefault(); this.back(); } }, "← ", t("Danh sách", "List"))),
        el("h2", { tabindex: "-1" }, level(full), heading(full, this.desk.catalogue)),
        el("p", { class: "meta" }, el("b", {}, full.unit_name), stateTag(full), deadline(full)),
        laidOpen(full), acts,
      ].flat(2).filter(Boolean));
      if (held) one(panel, "h2").focus();
    } catch (error) {
      const problem = problemOf(error);
      panel.replaceChildren(el("h2", { tabindex: "-1" }, t("Chưa mở được", "Not opened")), el("p", { class: "notice bad" }, problem.message),
        el("button", { type: "button", class: "quiet", onclick: () => this.read(panel, id, row) }, t("Thử lại", "Try again")));
    }
  }

  forgetOld() {
    for (const [id, panel] of this.panels) {
      if (this.panels.size <= KEPT) return;
      if (id === this.chosen || panel.querySelector("form[hidden]")) continue; // what leaves may come back
      panel.remove();
      this.panels.delete(id);
    }
  }

  /** What is kept of a case is old by now. @param {string} id */
  forget(id) {
    this.panels.get(id)?.remove();
    this.panels.delete(id);
  }

  /** After the last write that a case takes here: it is in this list no more. @param {string} id */
  async gone(id) {
    await this.list.show();
    if (this.chosen === id) this.close();
    this.forget(id);
  }

  /** After a write: the list anew, and the case as it stands now. @param {string} id */
  async changed(id) {
    const panel = this.panels.get(id);
    await (this.wanted ? this.one(this.wanted) : this.list.show());
    if (panel) await this.read(panel, id, this.cases().find((each) => each.id === id)?.row);
    this.mark();
  }

  /** To the next case that waits, below first; to the heading where none is left. @param {string} id */
  next(id) {
    const leaves = (/** @type {Finding} */ each) => this.panels.get(each.id)?.querySelector("form[hidden]");
    const waiting = this.cases().filter((each) => each.id === id || (this.waits(each) && !leaves(each)));
    const at = waiting.findIndex((each) => each.id === id);
    const next = waiting[at + 1] ?? waiting.find((each) => each.id !== id);
    if (next) return this.open(next.id, true);
    if (!WIDE.matches) this.close();
    return byId(`${this.name}-title`).focus();
  }

  back() {
    const link = this.view.querySelector(`[data-row="${this.chosen}"]`);
    this.close();
    history.replaceState(null, "", `#/${this.name}`);
    link?.focus();
  }

  /** @param {number} step */
  move(step) {
    const cases = this.cases();
    const at = cases.findIndex(({ id }) => id === this.chosen);
    const next = cases[Math.min(Math.max(at + step, 0), cases.length - 1)];
    if (next && next.id !== this.chosen) this.open(next.id, true);
  }

  /** Keys act where nothing is typed and no dialog is open; whoever wants none turns them off. @param {KeyboardEvent} event */
  key(event) {
    if (this.view.hidden || document.querySelector("dialog[open]") || event.altKey || event.metaKey) return;
    const { target, key } = /** @type {any} */ (event);
    if (key === "Enter" && event.ctrlKey) return target.closest?.("form")?.requestSubmit();
    if (event.ctrlKey || localStorage.getItem(SHORTCUTS) === "off" || target.matches?.("textarea, select, input:not([type=radio]):not([type=checkbox])")) return;
    const act = /** @type {Record<string, (() => void) | undefined>} */ ({ j: () => this.move(1), k: () => this.move(-1), "?": () => help(), o: () => this.place.querySelector("article:not([hidden]) h2")?.focus() })[key];
    if (act) event.preventDefault();
    if (act) return act();
    if (/^[1-6]$/.test(key)) this.decide(Number(key) - 1, event);
  }

  /** @param {number} place @param {Event} event */
  decide(place, event) {
    const choice = this.place.querySelectorAll('article:not([hidden]) form:not([hidden]) input[type="radio"][name="outcome"]')[place];
    if (!choice) return;
    event.preventDefault();
    choice.click();
    choice.focus();
  }
}

function help() {
  const keys = [["j", t("hồ sơ sau", "next case")], ["k", t("hồ sơ trước", "previous case")], ["1–6", t("chọn quyết định", "choose an outcome")],
    ["Ctrl + Enter", t("gửi", "send")], ["?", t("bảng này", "this list")]];
  const off = el("input", { type: "checkbox", checked: localStorage.getItem(SHORTCUTS) === "off", onchange: ({ target }) => localStorage.setItem(SHORTCUTS, target.checked ? "off" : "on") });
  off.checked = localStorage.getItem(SHORTCUTS) === "off";
  sheet(t("Phím tắt", "Keys"), el("dl", { class: "pairs" }, keys.map(([key, words]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)])),
    el("label", { class: "choice" }, off, t("Không dùng phím tắt một chữ", "Use no single-letter keys")));
}
