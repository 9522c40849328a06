// Counting and filing: a stepper for each code of the catalogue, the most used first, and what was filed with its state.

import { byId, confirmed, el, flash, one, redraw, untouched } from "../../assets/dom.js";
import { day, items, moment, number, plain, t } from "../../assets/words.js";
import { device, elapsed, stamp } from "../shared/clock.js";
import * as directory from "../shared/directory.js";
import { tidy } from "../shared/drafts.js";
import { declined } from "../shared/export.js";
import { clearErrors, showErrors } from "../shared/fields.js";
import { FiledList } from "./filed.js";
import { arrivals, CLEAN, countDraft, filedToday, findingOf, inspectionOf, isViolation, LATE, merged, stateOf, takeBack } from "./inspection.js";
import { Roll } from "./roll.js";
import { KIND, SEVERITY } from "../shared/terms.js";
import { forget, photoSheet, taken } from "./photo.js";
import { faults } from "../shared/rules.js";
import { uuid7 } from "../shared/uuid7.js";

/** A group's fold: its summary stands first, and its name first in that. @typedef {HTMLDetailsElement & {firstChild: HTMLElement & {firstChild: HTMLElement}}} Group */
/** A code's box. @typedef {PageElement & {dataset: {code: string}}} Box */

const COMMENDATIONS = ["K01", "K02", "K03"]; // the Department's to give, not an inspector's
const MOST = 9999;
const OFTEN = 5;
const OWN = "★"; // the group of the codes that this account files most

export class CountView {
  /** @param {House} house */
  constructor(house) {
    this.house = house;
    this.filed = new FiledList(house, this);
    this.filing = /** @type {Promise<void> | null} */ (null);
    this.turn = /** @type {Promise<unknown>} */ (Promise.resolve());
    this.catalogue = directory.NONE; // while no inspection is shown
    this.inspection = /** @type {Seen} */ ({});
    this.rows = /** @type {Rows} */ ({});
    this.often = /** @type {string[]} */ ([]);
    this.groups = /** @type {Group[]} */ ([]);
    this.opened = new Set();
    this.roll = new Roll(this);
    byId("code-search").addEventListener("input", () => this.search());
    byId("count-file").addEventListener("click", () => this.file());
    new IntersectionObserver(([{ isIntersecting }]) => byId("count-find").classList.toggle("alone", !isIntersecting)).observe(byId("count-title"));
  }

  /** @param {string} id @param {Still} still */
  async show(id, still) {
    this.draft = countDraft(id);
    this.blank(id);
    const [rows, inspection, catalogue] = await Promise.all([this.kept(id), inspectionOf(this.house, id), directory.catalogue(this.house.account)]);
    if (!still()) return;
    this.inspection = inspection;
    this.catalogue = catalogue;
    this.rows = rows ?? {};
    this.filed.known = [];
    this.head(inspection);
    this.draw();
    await this.filed.read(inspection, still);
  }

  /** The rows as they are once what is under way has ended: a filing, a photo. @param {string} id */
  async kept(id) {
    await Promise.allSettled([this.filing, taken()]);
    return this.house.drafts.read(countDraft(id));
  }

  /** Nothing of the inspection shown before can be touched while this one is looked up. @param {string} id */
  blank(id) {
    this.catalogue = directory.NONE;
    byId("count-codes").hidden = true;
    for (const part of ["count-clean", "count-end", "count-filed", "undo-bar"]) byId(part).replaceChildren();
    byId("undo-bar").hidden = true;
    this.head(merged([], this.house.queue).find((row) => row.id === id) ?? {});
  }

  /** @param {Partial<Seen>} seen */
  head({ unit, unit_name: name, kind, basis, opened_at: opened }) {
    byId("count-title").textContent = name ?? unit ?? t("Cuộc kiểm tra", "Inspection");
    byId("count-meta").replaceChildren([KIND[/** @type {string} */ (kind)], opened && moment(opened)].filter(Boolean).join(" · "), ...(basis ? [" · ", el("span", { class: "whole" }, basis)] : []));
  }

  changed() {
    if (this.catalogue === directory.NONE) return;
    this.filed.draw();
    this.drawUndo();
    byId("count-where").textContent = [this.inspection.unit_name ?? this.inspection.unit, t(`${number(this.standing().length)} ghi nhận`, `${number(this.standing().length)} recorded`)].join(" · ");
    const state = stateOf(/** @type {Seen & { stored: string }} */ (this.inspection), this.house.queue);
    if (state !== this.inspection.state) {
      this.inspection.state = state;
      return this.draw();
    }
    this.drawClean();
    if (state !== "open") redraw(byId("count-end"), this.done());
  }

  draw() {
    const open = this.inspection.state === "open";
    byId("count-codes").hidden = !open && Object.keys(this.rows).length === 0;
    clearErrors(byId("count-codes"));
    this.drawClean();
    byId("count-end").replaceChildren(open ? this.end() : this.done());
    if (open) byId("view-count").append(byId("count-end"));
    else byId("count-clean").before(byId("count-end")); // what came of it stands first
    byId("code-search").value = "";
    this.often = often(this.house.account).filter((code) => this.catalogue.byCode.has(code));
    const gone = Object.entries(this.rows).filter(([code]) => !this.catalogue.byCode.has(code)).map(([code, { known }]) => known ?? { code, name: "", severity: 1 });
    this.opened = new Set([...byId("code-groups").querySelectorAll("[open]")].map(({ dataset }) => dataset.group));
    this.groups = /** @type {Group[]} */ ([{ group: OWN, name: t("Hay gặp", "Most used"), codes: this.often.map((code) => /** @type {Code} */ (this.catalogue.byCode.get(code))) },
      ...this.catalogue.groups.map((each) => ({ ...each, codes: each.codes.filter(({ code }) => !this.often.includes(code)), moved: each.codes.filter(({ code }) => this.often.includes(code)) })),
      { group: "…", name: t("Mã của danh mục trước", "Codes of an earlier catalogue"), codes: /** @type {Code[]} */ (gone) }]
      .map((each) => this.group(each)).filter(Boolean));
    byId("code-groups").replaceChildren(...this.groups);
    byId("code-chips").replaceChildren(...this.groups.map((each) => this.chip(each)));
    this.total();
    this.folded = false; // these are new, and open
    this.changed();
  }

  /** A tap on a group's letter leads to it. @param {Group} group */
  chip(group) {
    const { group: letter } = group.dataset;
    return el("button", { type: "button", class: "quiet", "data-chip": letter, "aria-label": group.firstChild.firstChild.textContent, onclick: () => {
      group.open = true;
      group.scrollIntoView({ block: "start" });
      group.firstChild.focus({ preventScroll: true });
    } }, letter);
  }

  /** Whether the inspection of these rows is the one that is shown: a tap may outlast its view. @param {Rows} rows */
  shows(rows) {
    return this.rows === rows && this.catalogue !== directory.NONE;
  }

  /** What stands recorded here or by colleagues, or is about to: {id, code, count, severity}, without what was taken back. @returns {Found[]} */
  standing() {
    const held = Object.entries(this.house.held.rows(this.inspection.id)).map(([code, { id, count }]) => ({ id, code, count }));
    return [...held, ...this.filed.standing()].map((one) => ({ severity: this.catalogue.byCode.get(one.code)?.severity ?? 1, ...one }));
  }

  /** "No violation" stands first until something was found or is counted; once it is said, the codes are folded behind it. */
  drawClean() {
    const said = this.standing().some(({ code }) => code === CLEAN);
    const found = this.standing().some(isViolation) || Object.keys(this.rows).some((code) => !code.startsWith("K"));
    const open = this.inspection.state === "open";
    redraw(byId("count-clean"), open && (said ? this.saidClean(found) : !found && this.clean()));
    if (said && !this.folded) for (const group of this.groups) group.open = false;
    this.folded = said;
  }

  clean() {
    return el("div", { class: "panel clean" },
      el("p", {}, el("strong", {}, t("Không phát hiện vi phạm?", "No violation found?"))),
      el("button", { type: "button", onclick: () => this.fileClean() }, t("Không vi phạm", "No violation")));
  }

  /** @param {boolean} found */
  saidClean(found) {
    return el("div", { class: `notice ${found ? "warn" : "good"}`, "data-clean": found ? "against" : "said" }, found
      ? t("Đã ghi “Không vi phạm” (K00), nay có vi phạm: K00 phải được rút lại, và không vào biên bản.", "“No violation” (K00) was recorded, and there is a violation: K00 has to be withdrawn, and is not in the minutes.")
      : t("Đã ghi “Không vi phạm” (K00). Nếu ghi thêm vi phạm, K00 sẽ được rút lại.", "“No violation” (K00) is recorded. Recording a violation withdraws it."));
  }

  end() {
    const { id, mayClose } = this.inspection;
    return !mayClose
      ? el("p", { class: "hint" }, t("Người mở cuộc kiểm tra hoặc trưởng đoàn sẽ kết thúc.", "Whoever opened the inspection, or the lead, closes it."))
      : el("a", { class: "button wide", href: `#/inspection/${id}/close` }, t("Kết thúc kiểm tra", "Close the inspection"));
  }

  /** What came of it: how much was found, until when the unit may answer, the minutes, and on to the next. */
  done() {
    const { reply_due: known, id } = this.inspection;
    const due = this.house.queue.of(id).find(({ kind, answer }) => kind === "closing" && answer)?.answer.reply_due ?? known;
    const found = this.standing().filter(isViolation).length;
    return el("div", { class: "notice good ending" },
      el("h2", {}, t("Cuộc kiểm tra đã kết thúc", "This inspection is closed")),
      el("p", {}, el("b", {}, found ? t(`${number(found)} ghi nhận vi phạm. `, `Violations recorded: ${number(found)}. `) : t("Không có vi phạm. ", "No violation. ")),
        found > 0 && (due ? t(`Đơn vị được giải trình đến hết ngày ${day(due)}.`, `The unit may reply until the end of ${day(due)}.`)
          : t("Đơn vị có 5 ngày làm việc để giải trình, tính từ khi máy chủ nhận được.", "The unit has 5 working days to reply, from when the server has it."))),
      this.minutes(),
      el("p", { class: "actions" }, el("a", { class: "button quiet", href: "#/open" }, t("Cuộc kiểm tra mới", "Another inspection")),
        el("a", { class: "button quiet", href: "/intake/desk/" }, t("Rút lại ghi nhận: Xử lý hồ sơ", "To withdraw a finding: the case desk"))));
  }

  /** The minutes come from the server, once it has the closing. */
  minutes() {
    const waits = this.house.queue.of(this.inspection.id).some(({ state }) => state !== "received");
    if (waits) return el("p", { class: "hint" }, t("Biên bản (PDF, Word) có sau khi mọi mục được gửi.", "The minutes (PDF, Word) come once everything has been sent."));
    const address = `/intake/v1/inspections/${this.inspection.id}/minutes`;
    return el("p", { class: "actions" },
      el("a", { class: "button", href: `${address}.pdf`, download: true }, t("Biên bản (PDF)", "Minutes (PDF)")),
      el("a", { class: "button quiet", href: `${address}.docx`, download: true }, t("Biên bản (Word)", "Minutes (Word)")),
      "canShare" in navigator && el("button", { type: "button", class: "quiet", onclick: () => share(`${address}.pdf`, this.inspection.unit_name) }, t("Chia sẻ", "Share")));
  }

  /** @param {{ group: string, name: string, codes: Code[], moved?: Code[] }} group */
  group({ group, name, codes, moved = [] }) {
    const rows = codes.filter(({ code }) => code !== CLEAN && !COMMENDATIONS.includes(code));
    if (!rows.length && !moved.length) return null;
    const first = this.often.length ? OWN : "A";
    return el("details", { class: "code-group", "data-group": group, open: group === first || this.opened.has(group) || rows.some(({ code }) => this.rows[code]) },
      el("summary", {}, el("span", {}, group === OWN ? name : `${group}. ${name}`), el("span", { class: "tag warn", "data-group-count": group, hidden: true })),
      moved.length > 0 && el("p", { class: "hint moved" }, t(`${moved.map(({ code }) => code).join(", ")}: ở “Hay gặp”, đầu danh sách.`, `${moved.map(({ code }) => code).join(", ")}: under “Most used”, first in the list.`)),
      rows.map((code) => this.code(code)));
  }

  /** @param {Code} code */
  code(code) {
    const count = this.rows[code.code]?.count ?? 0;
    const tally = el("input", {
      type: "number", inputmode: "numeric", min: 0, max: MOST, step: 1, value: String(count), "aria-label": t(`Số lượng, ${code.name}`, `Count, ${code.name}`),
      onchange: ({ target }) => {
        const typed = target.value.trim();
        if (/^\d+$/.test(typed) && Number(typed) <= MOST) return this.next(() => this.put(code, Number(typed)));
        const before = this.rows[code.code]?.count ?? 0;
        const wrong = typed || target.validity.badInput;
        target.value = String(before); // emptied, or no such number: as it was
        if (wrong) untouched().then(() => flash("warn", t(`${code.code} vẫn là ${number(before)}: số lượng là số nguyên từ 0 đến ${number(MOST)}.`, `${code.code} is still ${number(before)}: a count is a whole number from 0 to ${number(MOST)}.`)));
      },
    });
    const step = (/** @type {number} */ by) => () => this.next(() => this.put(code, (this.rows[code.code]?.count ?? 0) + by));
    return el("div", { class: count ? "code counted" : "code", "data-code": code.code },
      el("div", { class: "code-line" },
        el("div", { class: "code-name" }, el("b", {}, code.code), " ", code.name, " ", el("small", { title: SEVERITY[code.severity] }, SEVERITY[code.severity].split(":")[0])),
        el("div", { class: "stepper", role: "group", "aria-label": code.name },
          el("button", { type: "button", class: "quiet", "aria-label": t(`Bớt một, ${code.name}`, `One less, ${code.name}`), onclick: step(-1) }, "−"),
          tally,
          el("button", { type: "button", "aria-label": t(`Thêm một, ${code.name}`, `One more, ${code.name}`), onclick: step(1) }, "+"))),
      el("div", { class: "code-more" }, count > 0 && this.more(code)));
  }

  /** The optional words of a counted code, each as small as its button until it is wanted; a reminder never takes persons. @param {Code} code */
  more(code) {
    const { inspection, rows } = this; // a photo may come when another inspection is shown
    const row = rows[code.code];
    const save = () => this.save(inspection, rows);
    const area = (/** @type {"narrative" | "persons"} */ name, /** @type {string} */ label, /** @type {string} */ hint) => {
      const id = `${name}-${code.code}`;
      return el("div", { class: `field ${name}` }, el("label", { class: "unseen", for: id }, label),
        el("textarea", { id, rows: 1, placeholder: hint, onfocus: grown, onblur: shrunk, "data-most": 4000, "data-pointer": `/${code.code}/private/${name}`, value: row[name], "aria-describedby": "count-rules",
          oninput: (event) => { row[name] = event.target.value; save(); } }));
    };
    return [
      this.repeat(code),
      code.code === LATE && el("p", { class: "hint", "data-times": true }, arrivals(row.times)),
      el("div", { class: "code-extra" },
        area("narrative", t("Mô tả (không bắt buộc)", "Description (optional)"), t("+ Ghi chú", "+ Note")),
        photoSheet(row, save, code.code),
        code.severity >= 2 && code.per === "person" && area("persons", t("Người liên quan (không bắt buộc)", "Persons concerned (optional)"), t("+ Người, mỗi dòng một", "+ Persons, one a line"))),
      code.evidence?.length > 0 && el("p", { class: "hint" }, t("Chứng cứ: ", "Evidence: "), code.evidence.join("; ")),
    ];
  }

  /** The same code at this unit today is a hint, never a refusal. @param {Code} code */
  repeat({ code }) {
    const times = filedToday(this.house, this.inspection, this.filed.known, code);
    return times > 0 && el("p", { class: "notice warn", "data-repeat": code },
      t(`Mã này hôm nay đã ghi nhận ${number(times)} lần ở đơn vị này. Nếu là việc khác thì cứ ghi.`, `This code was recorded here ${number(times)} time${times === 1 ? "" : "s"} today. If this is something else, go on.`));
  }

  /** One change after another: each counts on from the one before. @param {() => unknown} change */
  next(change) {
    const mine = this.turn.then(change);
    this.turn = mine.catch(() => {});
    return mine;
  }

  /** A tap too many takes neither words nor photos away without a question. @param {Code} code @param {number} count @param {string[] | null} [times] */
  async put(code, count, times = null) {
    const { rows } = this;
    const row = rows[code.code];
    const before = row?.count ?? 0;
    const photos = row?.photos ?? [];
    const more = count <= 0 && Boolean(photos.length || tidy(row?.narrative ?? "") || tidy(row?.persons ?? ""));
    const wanted = more && !await dropped(code, photos.length) ? before : Math.min(MOST, Math.max(0, count));
    if (code.code in this.house.held.rows(this.inspection.id)) await this.house.held.file(this.inspection.id); // taking that back would write over this
    if (this.rows !== rows) return;
    if (wanted === 0) {
      delete rows[code.code];
      forget(photos);
    } else if (wanted !== before) {
      const { name, severity, per } = code;
      rows[code.code] ??= /** @type {Counted} */ ({ id: uuid7(), narrative: "", persons: "", known: { code: code.code, name, severity, per } }); // a later catalogue may lack it
      Object.assign(rows[code.code], { count: wanted, at: stamp(), device: this.clocks(), times: times ?? rows[code.code].times?.slice(0, wanted) });
    }
    this.save();
    await untouched();
    if (!this.shows(rows)) return;
    this.drawClean();
    const box = one(byId("code-groups"), `[data-code="${code.code}"]`);
    box.classList.toggle("counted", wanted > 0);
    one(box, "input").value = String(wanted);
    if ((before > 0) !== (wanted > 0)) redraw(one(box, ".code-more"), wanted > 0 && this.more(code));
    box.querySelector("[data-times]")?.replaceChildren(arrivals(rows[code.code].times));
    this.total();
  }

  /** What the phone's clocks say besides the time. */
  clocks() {
    return { ...device(), ...elapsed(this.house.queue.find(this.inspection.id)?.label.begun) };
  }

  /** @param {{ id: string }} [inspection] @param {Rows} [rows] */
  save({ id } = this.inspection, rows = this.rows) {
    return this.house.drafts.write(countDraft(id), rows).catch(() => {}); // the house says so
  }

  total() {
    const counts = Object.entries(this.rows);
    const sum = counts.reduce((total, [, row]) => total + row.count, 0);
    byId("count-bar").hidden = counts.length === 0;
    const late = this.rows[LATE]?.times?.length ?? 0;
    byId("count-roll").textContent = t("Điểm danh", "Roll call") + (late ? ` · ${number(late)}` : "");
    byId("count-roll").hidden = !this.catalogue.byCode.has(LATE);
    byId("count-sum").textContent = counts.length ? t(`Đang đếm: ${items(counts.length)}, ${number(sum)} lượt`, `Counting: ${items(counts.length)}, ${number(sum)} in all`) : "";
    for (const tag of document.querySelectorAll("[data-group-count]")) {
      const counted = counts.filter(([code]) => byId("code-groups").querySelector(`[data-group="${tag.dataset.groupCount}"] [data-code="${code}"]`)).length;
      byId("code-chips").querySelector(`[data-chip="${tag.dataset.groupCount}"]`)?.classList.toggle("counted", counted > 0);
      tag.hidden = counted === 0;
      tag.textContent = items(counted);
    }
  }

  /** Matches only, those of whole words first: "the" means thẻ before theo. */
  search() {
    const words = plain(byId("code-search").value).split(" ").filter(Boolean);
    const known = (/** @type {Box} */ box) => this.catalogue.byCode.get(box.dataset.code)?.plain ?? plain(box.dataset.code);
    const rank = (/** @type {Box} */ box) => (words.every((word) => known(box).split(" ").includes(word)) ? 0 : words.every((word) => known(box).includes(word)) ? 1 : 2);
    const best = (/** @type {HTMLElement} */ group) => Math.min(2, .../** @type {Box[]} */ ([...group.querySelectorAll("[data-code]")]).map(rank));
    for (const group of this.groups) {
      const boxes = /** @type {Box[]} */ ([...group.querySelectorAll("[data-code]")]);
      for (const box of boxes) box.hidden = rank(box) > 1;
      group.append(...boxes.sort((a, b) => (words.length ? rank(a) - rank(b) : 0) || a.dataset.code.localeCompare(b.dataset.code)));
      group.hidden = best(group) > 1 && words.length > 0;
      if (words.length) group.open = !group.hidden;
    }
    byId("code-groups").append(...[...this.groups].sort((a, b) => (words.length ? best(a) - best(b) : 0)));
  }

  /** File all that is counted; nothing can be counted meanwhile, for it would leave with the rows. */
  async file() {
    const { inspection, rows } = this;
    if (this.refused(rows) || !await this.likely(rows) || !await this.againstClean(rows)) return;
    if (!this.shows(rows)) return;
    byId("count-codes").inert = true;
    try {
      this.filing = taken().then(() => this.keep(inspection, rows)); // a photo that is still being made small goes too
      await this.filing;
    } finally {
      byId("count-codes").inert = false;
    }
    byId("undo-bar").focus({ preventScroll: true });
  }

  /** Say what the server would refuse, before it is kept. @param {Rows} rows */
  refused(rows) {
    const wrong = () => Object.entries(rows).flatMap(([code, row]) => faults("finding", findingOf(this.inspection.id, code, row).body)
      .map(({ pointer, detail }) => ({ pointer: `/${code}${pointer.replace(/(persons)\/.*/, "$1")}`, detail: `${code}: ${detail}` })));
    const errors = wrong();
    if (errors.length) showErrors(byId("count-codes"), errors, t("Chưa ghi nhận: hãy sửa các mục sau", "Not recorded: put these right"), wrong);
    return errors.length > 0;
  }

  /** More persons than the unit has: a slip of the finger, or a question. @param {Rows} rows */
  async likely(rows) {
    const { staff } = /** @type {Seen & { staff: number }} */ (this.inspection);
    const many = Object.entries(rows).filter(([code, { count }]) => staff > 0 && count > staff && this.catalogue.byCode.get(code)?.per === "person");
    return !many.length || confirmed(t("Số liệu có đúng không?", "Are the figures right?"),
      t(`${many.map(([code, { count }]) => `${code} × ${number(count)}`).join(", ")}, trong khi biên chế của đơn vị là ${number(staff)}.`,
        `${many.map(([code, { count }]) => `${code} × ${number(count)}`).join(", ")}, while the unit has ${number(staff)} posts.`), t("Đúng, ghi nhận", "Yes, record"), t("Sửa lại", "Correct it"));
  }

  /** A violation and "no violation" are never both so. @param {Rows} rows */
  async againstClean(rows) {
    const { inspection } = this;
    const said = this.standing().find(({ code }) => code === CLEAN);
    if (!said || !Object.keys(rows).some((code) => !code.startsWith("K"))) return true;
    const mine = !said.filer || said.filer === this.house.account || this.house.roles.has("lead");
    const sure = await confirmed(t("Đã ghi “Không vi phạm”", "“No violation” is recorded"), mine
      ? t("K00 và vi phạm không thể cùng đúng. Rút lại K00 rồi ghi vi phạm?", "K00 and a violation cannot both be so. Withdraw K00 and record the violation?")
      : t(`K00 do ${said.filer} ghi: người đó hoặc trưởng đoàn phải rút lại. Vẫn ghi vi phạm? K00 sẽ không vào biên bản.`, `K00 was recorded by ${said.filer}, who or a lead has to withdraw it. Record the violation all the same? K00 will not be in the minutes.`),
    mine ? t("Rút lại K00 và ghi", "Withdraw K00 and record") : t("Vẫn ghi", "Record"), t("Để sau", "Later"));
    if (!sure) return false;
    const undone = CLEAN in this.house.held.rows(inspection.id) && await this.house.held.undo(inspection.id); // unless another tab has just sent it
    if (!undone && mine) await takeBack(this.house.queue, inspection.id, said.id);
    return true;
  }

  /** The rows leave what is counted, and can be taken back for a while. @param {Seen} inspection @param {Rows} rows */
  async keep(inspection, rows) {
    await this.house.held.hold(inspection.id, rows);
    remember(this.house.account, Object.keys(rows));
    if (!this.shows(rows)) return;
    this.rows = {};
    this.draw();
  }

  async fileClean() {
    const { inspection } = this;
    const sure = await confirmed(t("Không phát hiện vi phạm nào?", "No violation found?"),
      t("Ghi vào kết quả và biên bản rằng đã kiểm tra, không phát hiện vi phạm.", "The result and the minutes will say that nothing was found."), t("Đúng, ghi nhận", "Yes, record it"), t("Chưa", "Not yet"));
    if (!sure || this.inspection !== inspection || this.standing().length) return; // or something was found meanwhile
    await this.house.held.hold(inspection.id, { [CLEAN]: { id: uuid7(), count: 1, at: stamp(), device: this.clocks(), narrative: "", persons: "" } });
    this.changed();
    byId("undo-bar").focus({ preventScroll: true });
  }

  /** What was just recorded, for as long as it can be taken back. */
  drawUndo() {
    const { id } = this.inspection;
    const rows = Object.entries(this.house.held.rows(id));
    const bar = byId("undo-bar");
    const held = bar.contains(document.activeElement);
    bar.hidden = rows.length === 0;
    if (held && bar.hidden) byId("count-title").focus({ preventScroll: true }); // what is hidden would drop the focus
    redraw(bar, rows.length > 0 && [
      el("p", {}, t("Đã ghi nhận ", "Recorded "), rows.map(([code, { count }]) => (code === CLEAN ? t("không vi phạm", "no violation") : `${code} × ${number(count)}`)).join(", ")),
      el("button", { type: "button", onclick: () => this.undo() }, t("Hoàn tác", "Undo")),
      el("button", { type: "button", class: "quiet", onclick: () => this.house.held.file(id) }, t("Gửi ngay", "Send now"))]);
  }

  async undo() {
    const { id } = this.inspection;
    const counted = await this.house.held.undo(id);
    if (!counted) return flash("warn", t("Đã gửi đi rồi. Muốn rút lại: vào Xử lý hồ sơ.", "It has been sent. To withdraw it go to the case desk."));
    if (this.inspection.id !== id) return;
    this.rows = counted;
    this.draw();
    (byId("code-groups").querySelector(".counted input") ?? byId("count-title")).focus();
  }

  /** Take a refused finding back into the steppers, under the same id; never in the place of what is being counted there. @param {Item} item */
  async edit(item) {
    await Promise.allSettled([this.filing]);
    const { rows } = this;
    const { code, count, captured_at: at, device_at, elapsed_ms, private: sealed = {} } = this.house.queue.righted(item);
    if (this.inspection.id !== item.inspection) return;
    if (rows[code]) {
      flash("warn", t(`Mã ${code} đang được đếm: hãy bấm Ghi nhận trước, rồi sửa mục bị từ chối.`, `Code ${code} is being counted: record that first, then correct the refused item.`));
      return;
    }
    const id = item.problem?.slug === "id-reused" ? uuid7() : item.key;
    const clocks = JSON.parse(JSON.stringify({ device_at, elapsed_ms }));
    rows[code] = { id, count, at, device: clocks, narrative: sealed.narrative ?? "", persons: (sealed.persons ?? []).join("\n"), photos: item.label.photos };
    try {
      await this.house.drafts.write(countDraft(item.inspection), rows);
    } catch {
      delete rows[code]; // not kept, as the house says: the queue still has it
      return;
    }
    await this.house.queue.discard(item.key);
    if (!this.shows(rows)) return;
    this.draw();
    byId("code-groups").querySelector(`[data-code="${code}"] input`)?.focus();
  }
}

/** @param {{ target: HTMLElement & { parentElement: HTMLElement } }} event */
const grown = ({ target }) => target.parentElement.classList.add("wanted");

/** As small as its button again, if nothing was typed. @param {{ target: HTMLTextAreaElement & { parentElement: HTMLElement } }} event */
async function shrunk({ target }) {
  await untouched();
  target.parentElement.classList.toggle("wanted", target.value !== "" || target === document.activeElement);
}

/** Hand the minutes to another app of the phone. @param {string} address @param {string | undefined} unit */
async function share(address, unit) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(String(answer.status));
    const file = new File([await answer.blob()], `bien-ban ${unit}.pdf`, { type: "application/pdf" });
    await navigator.share({ files: [file], title: file.name });
  } catch (problem) {
    if (!declined(problem)) flash("warn", t("Chưa chia sẻ được. Hãy tải biên bản về rồi gửi.", "It could not be shared. Download the minutes and send them."));
  }
}

/** @param {string} account */
const used = (account) => `kycuong-used/${account}`;

/** The codes that an account has filed most from this phone. @param {string} account */
function often(account) {
  const times = JSON.parse(localStorage.getItem(used(account)) ?? "{}");
  return Object.keys(times).filter((code) => !code.startsWith("K")).sort((a, b) => times[b] - times[a] || a.localeCompare(b)).slice(0, OFTEN);
}

/** @param {string} account @param {string[]} codes */
function remember(account, codes) {
  const times = JSON.parse(localStorage.getItem(used(account)) ?? "{}");
  for (const code of codes) times[code] = (times[code] ?? 0) + 1;
  try {
    localStorage.setItem(used(account), JSON.stringify(times));
  } catch {} // a full phone: it is only a convenience
}

/** Whether what belongs to a code that is counted down to nothing may go. @param {Code} code @param {number} photos */
const dropped = ({ code }, photos) => confirmed(t(`Bỏ mã ${code}?`, `Drop code ${code}?`), [
  photos > 0 && t(`${number(photos)} ảnh đã chụp bị xóa khỏi máy này.`, `Photos deleted from this device: ${number(photos)}.`),
  t("Mô tả và người liên quan đã nhập cũng mất.", "The description and the persons that were typed go with it."),
].filter(Boolean).join(" "), t("Bỏ", "Drop"), t("Giữ lại", "Keep"));
