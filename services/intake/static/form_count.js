// Counting and filing: a stepper for each code of the catalogue, "no violation" first, and what was filed with its state.

import { byId, confirmed, el, flash, redraw } from "../assets/dom.js";
import { items, moment, number, plain, t } from "../assets/words.js";
import { device, elapsed, now, stamp } from "./clock.js";
import * as directory from "./directory.js";
import { tidy } from "./drafts.js";
import { FiledList } from "./form_filed.js";
import { countDraft, filedToday, inspectionOf, merged, stateOf } from "./inspection.js";
import { KIND, SEVERITY } from "./labels.js";
import { manifest, photoSheet, sendings, taken } from "./photo.js";
import { uuid7 } from "./uuid7.js";

const CLEAN = "K00";
const COMMENDATIONS = ["K01", "K02", "K03"]; // the Department's to give, not an inspector's
const MOST = 9999;

export class CountView {
  constructor(house) {
    this.house = house;
    this.filed = new FiledList(house, this);
    this.filing = null;
    byId("code-search").addEventListener("input", () => this.search());
    byId("count-file").addEventListener("click", () => this.file());
  }

  async show(id, still) {
    this.draft = countDraft(id);
    this.blank(id);
    const [rows, inspection, catalogue] = await Promise.all([this.kept(id), inspectionOf(this.house, id), directory.catalogue(this.house.account)]);
    if (!still()) return;
    Object.assign(this, { inspection, catalogue, rows: rows ?? {} });
    this.filed.known = [];
    this.head(inspection);
    this.draw();
    await this.filed.read(inspection, still);
  }

  /** The rows as they are once what is under way has ended: a filing, a photo. */
  async kept(id) {
    await Promise.allSettled([this.filing, taken()]);
    return this.house.drafts.read(countDraft(id));
  }

  /** Nothing of the inspection shown before can be touched while this one is looked up. */
  blank(id) {
    this.catalogue = null;
    byId("count-codes").hidden = true;
    for (const part of ["count-clean", "count-end", "count-filed"]) byId(part).replaceChildren();
    this.head(merged([], this.house.queue).find((row) => row.id === id) ?? {});
  }

  head({ unit, unit_name: name, kind, basis, opened_at: opened }) {
    byId("count-title").textContent = name ?? unit ?? t("Cuộc kiểm tra", "Inspection");
    byId("count-meta").textContent = [KIND[kind], opened && moment(opened), basis].filter(Boolean).join(" · ");
  }

  changed() {
    if (!this.catalogue) return;
    this.filed.draw();
    const state = stateOf(this.inspection, this.house.queue);
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
    this.drawClean();
    byId("count-end").replaceChildren(open ? this.end() : this.done());
    byId("code-search").value = "";
    const gone = Object.entries(this.rows).filter(([code]) => !this.catalogue.byCode.has(code)).map(([code, { known }]) => known ?? { code, name: "", severity: 1 });
    this.opened = new Set([...byId("code-groups").querySelectorAll("[open]")].map(({ dataset }) => dataset.group));
    const groups = [...this.catalogue.groups, { group: "…", name: t("Mã của danh mục trước", "Codes of an earlier catalogue"), codes: gone }]
      .map((each) => this.group(each)).filter(Boolean);
    byId("code-groups").replaceChildren(...groups);
    this.total();
  }

  /** "No violation" stands first until something was found, or it has been said. */
  drawClean() {
    const codes = this.filed.codes();
    const said = codes.has(CLEAN) || CLEAN in this.rows;
    const found = [...codes, ...Object.keys(this.rows)].some((code) => !code.startsWith("K"));
    const offered = this.inspection.state === "open" && !said && !found;
    redraw(byId("count-clean"), offered && this.clean());
  }

  clean() {
    return el("div", { class: "panel clean" },
      el("p", {}, el("strong", {}, t("Không phát hiện vi phạm?", "No violation found?")), " ",
        t("Ghi lại để kết quả tốt cũng được tính.", "Record it, so that a clean check counts too.")),
      el("button", { type: "button", onclick: () => this.fileClean() }, t("Không vi phạm", "No violation")));
  }

  end() {
    const { id, mayClose } = this.inspection;
    return !mayClose
      ? el("p", { class: "hint" }, t("Người mở cuộc kiểm tra hoặc trưởng đoàn sẽ kết thúc.", "Whoever opened the inspection, or the lead, closes it."))
      : el("a", { class: "button wide", href: `#/inspection/${id}/close` }, t("Kết thúc kiểm tra", "Close the inspection"));
  }

  done() {
    return el("div", { class: "notice good" },
      el("p", {}, t("Cuộc kiểm tra đã kết thúc. Rút lại một ghi nhận: vào Bàn hồ sơ.", "This inspection is closed. To withdraw a finding go to the case desk.")),
      this.minutes(),
      el("a", { href: "/intake/desk/" }, t("Tới Bàn hồ sơ", "To the case desk")));
  }

  /** The minutes come from the server, once it has the closing. */
  minutes() {
    const waits = this.house.queue.of(this.inspection.id).some(({ state }) => state !== "received");
    if (waits) return el("p", { class: "hint" }, t("Biên bản (PDF, Word) có sau khi mọi mục được gửi.", "The minutes (PDF, Word) come once everything has been sent."));
    const address = `/intake/v1/inspections/${this.inspection.id}/minutes`;
    return el("p", { class: "actions" },
      el("a", { class: "button", href: `${address}.pdf`, download: true }, t("Biên bản (PDF)", "Minutes (PDF)")),
      el("a", { class: "button quiet", href: `${address}.docx`, download: true }, t("Biên bản (Word)", "Minutes (Word)")));
  }

  group({ group, name, codes }) {
    const rows = codes.filter(({ code }) => code !== CLEAN && !COMMENDATIONS.includes(code));
    if (!rows.length) return null;
    return el("details", { class: "code-group", "data-group": group, open: group === "A" || this.opened.has(group) || rows.some(({ code }) => this.rows[code]) },
      el("summary", {}, `${group}. ${name}`, el("span", { class: "tag warn", "data-group-count": group, hidden: true })),
      rows.map((code) => this.code(code)));
  }

  code(code) {
    const count = this.rows[code.code]?.count ?? 0;
    const tally = el("input", {
      type: "number", inputmode: "numeric", min: 0, max: MOST, step: 1, value: String(count), "aria-label": t(`Số lượng, ${code.name}`, `Count, ${code.name}`),
      onchange: ({ target }) => {
        const typed = target.value.trim();
        if (/^\d+$/.test(typed)) this.put(code, Number(typed));
        else target.value = String(this.rows[code.code]?.count ?? 0); // emptied, or no whole number: as it was
      },
    });
    const step = (by) => () => this.put(code, (this.rows[code.code]?.count ?? 0) + by);
    return el("div", { class: count ? "code counted" : "code", "data-code": code.code },
      el("div", {}, el("b", {}, code.code), " ", code.name),
      el("div", { class: "code-line" },
        el("small", {}, SEVERITY[code.severity]),
        el("div", { class: "stepper", role: "group", "aria-label": code.name },
          el("button", { type: "button", class: "quiet", "aria-label": t(`Bớt một, ${code.name}`, `One less, ${code.name}`), onclick: step(-1) }, "−"),
          tally,
          el("button", { type: "button", "aria-label": t(`Thêm một, ${code.name}`, `One more, ${code.name}`), onclick: step(1) }, "+"))),
      el("div", { class: "code-more" }, count > 0 && this.more(code)));
  }

  /** The optional words of a counted code; a reminder-level code never takes persons. */
  more(code) {
    const { inspection, rows } = this; // a photo may come when another inspection is shown
    const row = rows[code.code];
    const save = () => this.save(inspection, rows);
    const area = (name, label, hint) => {
      const id = `${name}-${code.code}`;
      return el("div", { class: "field" }, el("label", { for: id }, label), el("span", { class: "hint", id: `${id}-hint` }, hint),
        el("textarea", { id, maxlength: 4000, value: row[name], "aria-describedby": `${id}-hint`, oninput: (event) => { row[name] = event.target.value; save(); } }));
    };
    return [
      this.repeat(code),
      area("narrative", t("Mô tả (không bắt buộc)", "Description (optional)"), t("Lưu mã hoá. Không ghi tên người dân hay người tố cáo.", "Stored encrypted. Name no citizen and no denouncer.")),
      code.evidence?.length > 0 && el("p", { class: "hint" }, t("Chứng cứ: ", "Evidence: "), code.evidence.join("; ")),
      photoSheet(row, save, code.code),
      code.severity >= 2 && code.per === "person" && area("persons", t("Người liên quan (không bắt buộc)", "Persons concerned (optional)"), t("Mỗi dòng một người. Lưu mã hoá, xoá được.", "One a line. Stored encrypted, erasable.")),
    ];
  }

  /** The same code at this unit today is a hint, never a refusal. */
  repeat({ code }) {
    const times = filedToday(this.house, this.inspection, this.filed.known, code);
    return times > 0 && el("p", { class: "notice warn", "data-repeat": code },
      t(`Mã này hôm nay đã ghi nhận ${number(times)} lần ở đơn vị này. Nếu là việc khác thì cứ ghi.`, `This code was recorded here ${number(times)} time${times === 1 ? "" : "s"} today. If this is something else, go on.`));
  }

  /** A tap too many takes no photo away, and no words without a question. */
  async put(code, count) {
    const { rows } = this;
    const row = rows[code.code];
    const before = row?.count ?? 0;
    const least = row?.photos?.length ? 1 : 0;
    const worded = count <= 0 && !least && Boolean(tidy(row?.narrative ?? "") || tidy(row?.persons ?? ""));
    const wanted = worded && !await dropped(code) ? before : Math.min(MOST, Math.max(least, count));
    if (this.rows !== rows) return; // another inspection is shown by now
    if (wanted === 0) delete rows[code.code];
    else if (wanted !== before) {
      const { name, severity, per } = code;
      rows[code.code] ??= { id: uuid7(), narrative: "", persons: "", known: { code: code.code, name, severity, per } }; // a later catalogue may lack it
      Object.assign(rows[code.code], { count: wanted, at: stamp(), device: this.clocks() });
    }
    this.save();
    this.drawClean();
    const box = byId("code-groups").querySelector(`[data-code="${code.code}"]`);
    box.classList.toggle("counted", wanted > 0);
    box.querySelector("input").value = String(wanted);
    if ((before > 0) !== (wanted > 0)) box.querySelector(".code-more").replaceChildren(...(wanted ? this.more(code).filter(Boolean) : []));
    this.total();
  }

  /** What the phone's clocks say besides the time. */
  clocks() {
    return { ...device(), ...elapsed(this.house.queue.find(this.inspection.id)?.label.begun) };
  }

  save({ id } = this.inspection, rows = this.rows) {
    return this.house.drafts.write(countDraft(id), rows).catch(() => {}); // the house says so
  }

  total() {
    const counts = Object.entries(this.rows);
    const sum = counts.reduce((total, [, row]) => total + row.count, 0);
    byId("count-bar").hidden = counts.length === 0;
    byId("count-sum").textContent = counts.length ? t(`Đang đếm: ${items(counts.length)}, ${number(sum)} lượt`, `Counting: ${items(counts.length)}, ${number(sum)} in all`) : "";
    for (const tag of document.querySelectorAll("[data-group-count]")) {
      const counted = counts.filter(([code]) => code.startsWith(tag.dataset.groupCount)).length;
      tag.hidden = counted === 0;
      tag.textContent = items(counted);
    }
  }

  search() {
    const words = plain(byId("code-search").value).split(" ").filter(Boolean);
    for (const group of byId("code-groups").children) {
      let hits = 0;
      for (const box of group.querySelectorAll("[data-code]")) {
        const text = this.catalogue.byCode.get(box.dataset.code)?.plain ?? plain(box.dataset.code);
        box.hidden = !words.every((word) => text.includes(word));
        if (!box.hidden) hits += 1;
      }
      group.hidden = hits === 0;
      if (words.length) group.open = hits > 0;
    }
  }

  /** File all that is counted; nothing can be counted meanwhile, for it would leave with the rows. */
  async file() {
    const { inspection, rows } = this;
    byId("count-codes").inert = true;
    try {
      await (this.filing = taken().then(() => this.fileAll(inspection, rows))); // a photo that is still being made small goes too
    } finally {
      byId("count-codes").inert = false;
    }
    byId("count-filed").scrollIntoView({ block: "center" });
    await this.house.queue.flush(true);
  }

  /** The rows leave the draft in the transaction that brings them into the queue. */
  async fileAll(inspection, rows) {
    const writes = Object.entries(rows).map(([code, row]) => this.write(inspection, code, row));
    await this.house.drafts.become(countDraft(inspection.id), (also) => this.house.queue.addAll(writes.flatMap((write) => [write, ...sendings(write)]), also));
    if (this.rows !== rows) return; // another inspection is shown by now
    this.rows = {};
    this.draw();
  }

  async fileClean() {
    byId("count-clean").replaceChildren(); // a second tap finds nothing to tap
    await this.house.queue.add(this.write(this.inspection, CLEAN, { id: uuid7(), count: 1, at: stamp(), device: this.clocks(), narrative: "", persons: "" }));
    byId("count-filed").scrollIntoView({ block: "center" });
    await this.house.queue.flush(true);
  }

  write(inspection, code, row) {
    const narrative = tidy(row.narrative);
    const persons = row.persons.split("\n").map(tidy).filter(Boolean);
    const sealed = { ...(narrative && { narrative }), ...(persons.length > 0 && { persons }) };
    const body = {
      inspection: inspection.id, code, count: row.count, captured_at: row.at, ...row.device,
      ...(Object.keys(sealed).length > 0 && { private: sealed }),
      ...(row.photos?.length > 0 && { photos: manifest(row.photos) }),
    };
    return {
      id: row.id, kind: "finding", inspection: inspection.id, path: `/intake/v1/findings/${row.id}`, body,
      label: { code, count: row.count, captured_at: row.at, photos: row.photos },
    };
  }

  /** Take a refused finding back into the steppers, under the same id; never in the place of what is being counted there. */
  async edit(item) {
    await Promise.allSettled([this.filing]);
    const { rows } = this;
    const { code, count, captured_at: at, device_at, elapsed_ms, private: sealed = {} } = item.body;
    if (this.inspection.id !== item.inspection) return;
    if (rows[code]) {
      flash("warn", t(`Mã ${code} đang được đếm: hãy bấm Ghi nhận trước, rồi sửa mục bị từ chối.`, `Code ${code} is being counted: record that first, then correct the refused item.`));
      return;
    }
    const id = item.problem?.slug === "id-reused" ? uuid7() : item.key;
    const late = Date.parse(at) > now(); // counted while the phone's clock was still wrong
    const clocks = JSON.parse(JSON.stringify({ device_at, elapsed_ms }));
    rows[code] = { id, count, at: late ? stamp() : at, device: late ? this.clocks() : clocks, narrative: sealed.narrative ?? "", persons: (sealed.persons ?? []).join("\n"), photos: item.label.photos };
    try {
      await this.house.drafts.write(countDraft(item.inspection), rows);
    } catch {
      delete rows[code]; // not kept, as the house says: the queue still has it
      return;
    }
    await this.house.queue.discard(item.key);
    if (this.rows !== rows) return; // another inspection is shown by now
    this.draw();
    byId("code-groups").querySelector(`[data-code="${code}"] input`)?.focus();
  }
}

/** Whether the words of a code that is counted down to nothing may go. */
const dropped = ({ code }) => confirmed(t(`Bỏ mã ${code}?`, `Drop code ${code}?`),
  t("Mô tả và người liên quan đã nhập cũng mất.", "The description and the persons that were typed go with it."), t("Bỏ", "Drop"), t("Giữ lại", "Keep"));
