// Closing: the roll with sums checked as they are typed, who stood for the unit, the minutes read back, then signed or refused.

import { byId, confirmed, el, one, onSubmit, untouched } from "../../assets/dom.js";
import { dayField, dayOf, NO_DAY, typed } from "../shared/days.js";
import { day, items, moment, number, t } from "../../assets/words.js";
import { device, elapsed, now, stamp } from "../shared/clock.js";
import * as directory from "../shared/directory.js";
import { set, tidy, values } from "../shared/drafts.js";
import { clearErrors, errorsOf, showErrors, tell } from "../shared/fields.js";
import { CLEAN, countDraft, inspectionOf, isViolation, merged, takeBack, takenBack } from "./inspection.js";
import { KIND } from "../shared/terms.js";
import { doubts } from "./doubts.js";
import { Reasons } from "./reasons.js";
import { Position } from "./position.js";
import { faults } from "../shared/rules.js";
import { Pad } from "./signature.js";
import { unprintable } from "./printable.js";
import { leftBehind } from "./team.js";
import { uuid7 } from "../shared/uuid7.js";

const EXCUSED = ["leave", "meeting", "duty", "study", "sickness", "maternity"];
const COUNTED = ["assigned", "present", "late", "unexcused", "persons_checked", "files_checked"];
const SIGNERS = { unit: t("Đại diện đơn vị ký", "The unit's representative signs"), leader: t("Trưởng đoàn ký", "The team's leader signs"), secretary: t("Thư ký ký", "The secretary signs") };
const LINES = ["number", "place", "leader", "secretary", "demands"];
const HIDDEN = 4; // severity that the unit is not told of
const COMPUTED = { late: "A01", unexcused: "A03", present: null }; // what fills itself until somebody says otherwise
const MOST = 60_000; // bytes of a body, a little under what the server takes
const DEMANDS_DUE = 15 * 24 * 3600 * 1000;
/** @param {string} inspection */
const draftName = (inspection) => `close/${inspection}`;

export class CloseView {
  /** @param {House} house */
  constructor(house) {
    this.house = house;
    this.catalogue = directory.NONE; // nothing is shown yet
    this.inspection = /** @type {Seen} */ ({});
    this.found = this.all = /** @type {Found[]} */ ([]);
    this.counting = this.before = /** @type {Record<string, any>} */ ({});
    this.computed = new Set();
    this.form = byId("close-form");
    this.position = new Position(() => this.save());
    this.pads = Object.fromEntries(Object.entries(SIGNERS).map(([who, title]) => [who, new Pad(title, () => this.signed())]));
    byId("close-pads").replaceChildren(...Object.values(this.pads).map(({ element }) => element));
    for (const control of this.form.querySelectorAll("[data-steps]")) stepper(control);
    this.reasons = new Reasons(EXCUSED.map((name) => this.form.elements[name]));
    this.form.addEventListener("input", ({ target }) => { this.typed(/** @type {any} */ (target)); this.save(); this.sum(); });
    this.form.addEventListener("click", ({ target }) => this.step(/** @type {Element} */ (target).closest("[data-step]")));
    this.sayDay = dayField(this.form.elements.demands_due);
    const { number: file } = this.form.elements;
    file.addEventListener("change", () => tell(this.form, file, () => this.faults()));
    byId("close-preview").addEventListener("toggle", () => this.preview());
    this.form.addEventListener("change", () => (this.drawn ? this.altered() : untouched().then(() => this.altered()))); // a question is worth a tap
    onSubmit(this.form, () => this.submit());
  }

  /** @param {string} id @param {Still} still */
  async show(id, still) {
    this.form.hidden = true; // until it holds what was typed before
    this.draft = draftName(id);
    clearErrors(this.form);
    byId("close-unit").textContent = "";
    await this.house.held.file(id); // what is signed is no longer undone
    const [catalogue, draft, counting] = await Promise.all([directory.catalogue(this.house.account), this.house.drafts.read(this.draft), this.counted(id)]);
    if (!still()) return;
    const queued = this.house.queue.of(id).find(({ kind }) => kind === "closing");
    if (queued?.state === "failed" && !draft) return recount(this.house, /** @type {Unclosed} */ (queued));
    if (queued && queued.state !== "failed") return location.replace(`#/inspection/${id}`); // it is closed: nothing to fill in twice
    this.catalogue = catalogue;
    this.counting = counting;
    this.inspection = merged([], this.house.queue).find((row) => row.id === id) ?? /** @type {Seen} */ ({ id });
    this.found = this.listed(this.here(id)); // what a colleague found comes a moment later
    this.id = draft?.id ?? uuid7();
    this.agreed = draft?.agreed ?? null;
    this.computed = new Set(draft ? draft.computed ?? [] : Object.keys(COMPUTED));
    this.ended = draft?.ended ?? null;
    this.form.reset();
    set(this.form, draft?.fields ?? {});
    this.reasons.show();
    for (const [who, pad] of Object.entries(this.pads)) pad.show(draft?.signatures?.[who]?.strokes ?? []);
    this.position.show(draft?.position);
    byId("close-back").href = `#/inspection/${id}`;
    this.before = values(this.form);
    this.sum();
    this.form.hidden = false;
    const [inspection, found] = await Promise.all([inspectionOf(this.house, id), this.findings(id)]);
    if (!still()) return;
    if (inspection.state !== "open") return location.replace(`#/inspection/${id}`);
    Object.assign(this, { inspection, found });
    byId("close-unit").textContent = this.inspection.unit_name ?? this.inspection.unit;
    if (!draft) {
      this.suggest("assigned", this.inspection.staff ?? "");
      if (this.suggest("demands_due", typed(stamp(now() + DEMANDS_DUE).slice(0, 10)))) this.computed.add("demands_due");
    }
    this.sum();
    this.sayDay();
    if (!this.drawn) this.before = values(this.form);
    this.computedBefore = [...this.computed];
    if (draft?.errors) showErrors(this.form, draft.errors);
  }

  /** A value for a control that nobody has filled in, or is about to; whether it stands there now. @param {string} name @param {string | number} value */
  suggest(name, value) {
    const control = this.form.elements[name];
    const free = !control.value && control !== document.activeElement;
    if (free) control.value = value;
    return free;
  }

  /** What was found, from here and from the server, as the minutes will tell it. @param {string} id */
  async findings(id) {
    const opening = this.house.queue.find(id);
    const known = opening && opening.state !== "received" ? [] : await directory.findings(this.house.account, id).catch(() => []);
    const gone = new Set(known.filter(({ state }) => state === "withdrawn").map((one) => one.id));
    return this.listed([...known, ...this.here(id)].filter((one) => !gone.has(one.id)));
  }

  /** What is counted and not recorded yet. @param {string} id */
  async counted(id) {
    return (await this.house.drafts.read(countDraft(id))) ?? {};
  }

  /** @param {string} id @returns {Found[]} */
  here(id) {
    return this.house.queue.of(id).filter(({ kind, state }) => kind === "finding" && state !== "failed").map(({ key, label, body }) => ({ id: key, .../** @type {Omit<Found, "id">} */ (label), narrative: body?.private?.narrative }));
  }

  /** Each once, by code, without what the unit is not told, nor that nothing was found where something was. @param {Found[]} found */
  listed(found) {
    const { byCode } = this.catalogue;
    const gone = takenBack(this.house.queue, this.inspection.id);
    this.all = [...new Map(found.map((one) => [one.id, one])).values()].filter(({ id }) => !gone.has(id))
      .map((one) => ({ ...one, name: byCode.get(one.code)?.name ?? "", severity: /** @type {number} */ (byCode.get(one.code)?.severity), per: byCode.get(one.code)?.per }));
    const told = this.all.filter(({ severity }) => severity !== HIDDEN).sort((a, b) => a.code.localeCompare(b.code) || a.count - b.count);
    return told.filter(({ code }) => code !== CLEAN || !told.some(isViolation));
  }

  save() {
    const signatures = Object.fromEntries(Object.entries(this.pads).map(([who, { value }]) => [who, value]).filter(([, value]) => value));
    return this.house.drafts.write(draftName(this.inspection.id), { id: this.id, fields: values(this.form), signatures, agreed: this.agreed, ended: this.ended, position: this.position.value, computed: [...this.computed] });
  }

  get drawn() {
    return Object.values(this.pads).some((pad) => !pad.empty);
  }

  /** What whoever signs has read, in either language: anything else needs another signature. */
  said() {
    const fields = values(this.form);
    const words = [...LINES, "name", "post", "opinion"].map((name) => tidy(fields[name]));
    const end = fields.signed === "false" ? tidy(fields.refusal) : fields.signed;
    const counts = [...COUNTED, ...EXCUSED, "copies"].map((name) => this.tally(name, true));
    return JSON.stringify([words, end, tidy(fields.demands) && dayOf(fields.demands_due), counts, this.found.map(({ code, count, narrative }) => [code, count, narrative])]);
  }

  signed() {
    if (!this.drawn) this.agreed = null;
    else if (!this.agreed) {
      this.agreed = this.said();
      this.before = values(this.form); // a word still being typed was signed too
    }
    this.save();
  }

  /** A figure altered after somebody signed: sign again, or take the alteration back. */
  async altered() {
    this.sum();
    if (this.drawn && this.agreed !== this.said()) {
      const again = await confirmed(t("Đã có chữ ký", "It has been signed"),
        t("Nội dung biên bản vừa đổi, nên chữ ký đã ký không còn đúng. Xóa chữ ký để ký lại?", "The minutes have just changed, so what was signed is no longer so. Clear the signatures and sign again?"),
        t("Xóa chữ ký", "Clear signatures"), t("Giữ nội dung cũ", "Keep the old words"));
      if (again) this.unsign();
      else {
        set(this.form, this.before);
        this.reasons.show();
        this.computed = new Set(this.computedBefore);
      }
      this.sum();
    }
    this.before = values(this.form);
    this.computedBefore = [...this.computed];
    this.save();
  }

  unsign() {
    this.agreed = null;
    for (const pad of Object.values(this.pads)) pad.show([]);
  }

  /** A count as typed: a whole number, 0 for an empty optional one, null for what is no count. @param {string} name */
  tally(name, optional = false) {
    const text = this.form.elements[name].value.trim();
    if (text === "" && optional && !this.form.elements[name].validity.badInput) return 0;
    return /^\d{1,5}$/.test(text) ? Number(text) : null;
  }

  /** What somebody types stands; an emptied box fills itself again. @param {PageElement} pageElement */
  typed({ name, value, validity }) {
    if (name in COMPUTED && value === "" && !validity.badInput) this.computed.add(name);
    else this.computed.delete(name);
  }

  /** @param {HTMLElement | null} button */
  step(button) {
    if (!button) return;
    const control = one(/** @type {HTMLElement} */ (button.parentElement), "input");
    control.value = String(Math.max(0, (this.tally(control.name, true) ?? 0) + Number(button.dataset.step)));
    control.dispatchEvent(new Event("input", { bubbles: true }));
    this.altered();
  }

  /** Late and unexcused as recorded and being counted, present what is left of the allotted: each marked, each to be altered. */
  compute() {
    const away = EXCUSED.reduce((total, name) => total + (this.tally(name, true) ?? 0), 0);
    for (const [name, code] of Object.entries(COMPUTED)) {
      const control = this.form.elements[name];
      const own = this.computed.has(name);
      byId(`close-${name}-own`).hidden = !own;
      if (!own || control === document.activeElement) continue;
      const left = (this.tally("assigned") ?? 0) - away - (this.tally("unexcused", true) ?? 0);
      const value = code ? this.all.filter((one) => one.code === code).reduce((total, { count }) => total + count, this.counting[code]?.count ?? 0) : Math.max(0, left);
      const shown = code || this.tally("assigned") !== null ? String(value) : "";
      if (control.value !== shown) this.house.fill.note("computed", `/${name}`, control.value, shown);
      control.value = shown;
    }
  }

  /** @param {string} name */
  label(name) {
    return one(this.form, `label[for="close-${name}"]`).textContent ?? "";
  }

  sum() {
    this.compute();
    const away = EXCUSED.reduce((total, name) => total + (this.tally(name, true) ?? 0), 0);
    const [assigned, present, unexcused, late] = ["assigned", "present", "unexcused", "late"].map((name) => this.tally(name, true) ?? 0);
    const reached = present + away + unexcused;
    const agrees = reached === assigned && late <= present;
    const words = [t(
      `Có mặt ${number(present)} + vắng có lý do ${number(away)} + vắng không lý do ${number(unexcused)} = ${number(reached)}; biên chế được giao ${number(assigned)}.`,
      `Present ${number(present)} + excused ${number(away)} + unexcused ${number(unexcused)} = ${number(reached)}; allotted ${number(assigned)}.`)];
    if (reached !== assigned) words.push(t(`Lệch ${number(Math.abs(assigned - reached))} người.`, `Off by ${number(Math.abs(assigned - reached))}.`));
    if (late > present) words.push(t("Số đi muộn lớn hơn số có mặt.", "More late than present."));
    if (agrees) words.push(t("Khớp.", "Agrees."));
    byId("close-sum").className = `notice ${agrees ? "good" : "warn"}`;
    byId("close-sum").replaceChildren(el("span", {}, words.join(" ")));
    this.badges();
    this.readBack();
    const { signed } = values(this.form);
    byId("close-signing").hidden = signed === undefined;
    this.pads.unit.element.hidden = signed === "false"; // the team signs all the same
    byId("close-refusing").hidden = signed !== "false";
    return agrees;
  }

  badges() {
    const without = this.found.filter(({ code }) => code === "B01").reduce((total, { count }) => total + count, 0);
    const checked = this.tally("persons_checked", true) ?? 0;
    byId("close-badges").textContent = t(`Không đeo thẻ: ${number(without)}/${number(checked)} người.`, `Without a badge: ${number(without)} of ${number(checked)}.`)
      + (without > checked ? t(" Nhiều hơn số người đã kiểm tra: hãy xem lại.", " More than were checked: look again.") : "");
  }

  /** Everything that the minutes will say, as it is read to everybody before they are signed. */
  readBack() {
    const { name, post, demands, demands_due, opinion, place, leader, secretary, number: file, signed, refusal } = values(this.form);
    const due = dayOf(demands_due);
    const { basis } = this.inspection;
    const copies = this.tally("copies", true);
    const found = this.found.map(({ code, name: words, count, narrative }) => `${code} ${words}${code === "K00" ? "" : ` × ${number(count)}`}${narrative ? ` (${narrative})` : ""}`);
    const lines = [
      [this.inspection.unit_name ?? this.inspection.unit ?? "…", basis, this.inspection.opened_at && moment(this.inspection.opened_at)].filter(Boolean).join(" · "),
      [name, post].filter(Boolean).join(", "),
      [[file, t("Số biên bản", "Number of the minutes")], [place, this.label("place")], [leader, this.label("leader")], [secretary, this.label("secretary")]]
        .filter(([said]) => tidy(said)).map(([said, label]) => `${label}: ${tidy(said)}`).join("; "),
      this.roll(),
      t(`Đã kiểm tra ${number(this.tally("persons_checked", true) ?? 0)} người, ${number(this.tally("files_checked", true) ?? 0)} hồ sơ.`, `Checked: ${number(this.tally("persons_checked", true) ?? 0)} persons, ${number(this.tally("files_checked", true) ?? 0)} files.`),
      found.length ? t("Ghi nhận: ", "Findings: ") + found.join("; ") : t("Không có ghi nhận nào.", "No findings."),
      tidy(demands) && t(`Yêu cầu: ${tidy(demands)}`, `Demands: ${tidy(demands)}`) + (due ? t(` Chậm nhất ngày ${day(due)}.`, ` By ${day(due)} at the latest.`) : ""),
      t("Ý kiến của đơn vị: ", "The unit's opinion: ") + (tidy(opinion) || t("không có.", "none.")),
      signed === "false" && t(`Đơn vị từ chối ký: ${tidy(refusal) || "…"}`, `The unit refuses to sign: ${tidy(refusal) || "…"}`),
      copies && `${this.label("copies")}: ${number(copies)}`,
    ];
    byId("close-read").replaceChildren(...lines.filter(Boolean).map((line) => el("li", {}, line)));
    const boxes = unprintable(lines.filter(Boolean).join(""));
    byId("close-boxes").hidden = !boxes;
    byId("close-boxes").textContent = boxes && t(`Bản PDF không in được các ký tự này (in thành ô trống): ${[...boxes].join(" ")}. Hãy viết lại trước khi ký, hoặc dùng bản Word.`, `The PDF cannot print these characters (they become empty boxes): ${[...boxes].join(" ")}. Write them otherwise before signing, or use the Word file.`);
    this.preview();
  }

  /** The paper as it will look, as far as the phone knows it; the file itself comes from the server. */
  preview() {
    const box = byId("close-preview");
    if (!box.open) return;
    const [where, who, ...rest] = [...byId("close-read").children].map(({ textContent: line }) => line ?? "");
    const { kind, team = [] } = this.inspection;
    const row = (/** @type {Found} */ { code, name, count }) => el("tr", {}, el("td", {}, code), el("td", {}, name), el("td", { class: "figure" }, code === CLEAN ? "–" : number(count)));
    const head = [t("Mã", "Code"), t("Nội dung", "What"), t("Số lượng", "Count")].map((words) => el("th", { scope: "col" }, words));
    one(box, "div").replaceChildren(el("h3", {}, t("BIÊN BẢN", "MINUTES")), el("p", {}, t("Kiểm tra việc chấp hành kỷ luật, kỷ cương hành chính", "Inspection of public-duty discipline")),
      ...[where, `${t("Hình thức", "Kind")}: ${KIND[kind] ?? ""}`, `${t("Đoàn kiểm tra", "Team")}: ${team.join(", ") || this.inspection.opener}`, who].filter(Boolean).map((words) => el("p", {}, words)),
      el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, this.found.map(row))), ...rest.filter((words) => !words.startsWith(t("Ghi nhận: ", "Findings: "))).map((words) => el("p", {}, words)),
      el("p", { class: "hint" }, t("Bản xem trước trên máy. Biên bản PDF, Word do máy chủ lập sau khi nhận đủ.", "A preview on this device. The server makes the PDF and Word files once it has everything.")));
  }

  /** The roll in words, with who is excused by kind. */
  roll() {
    const [assigned, present, late, unexcused] = ["assigned", "present", "late", "unexcused"].map((name) => number(this.tally(name, true) ?? 0));
    const excused = EXCUSED.map((name) => /** @type {[string, number]} */ ([name, this.tally(name, true) ?? 0])).filter(([, count]) => count > 0);
    const away = number(excused.reduce((total, [, count]) => total + count, 0));
    const kinds = excused.length ? ` (${excused.map(([name, count]) => `${this.label(name).toLowerCase()} ${number(count)}`).join(", ")})` : "";
    return t(`Biên chế được giao ${assigned}. Có mặt ${present}, trong đó đi muộn ${late}. Vắng có lý do ${away}${kinds}. Vắng không lý do ${unexcused}.`,
      `Allotted ${assigned}. Present ${present}, of them late ${late}. Excused ${away}${kinds}. Unexcused ${unexcused}.`);
  }

  /**
   * It ended when it ended, whenever its closing is corrected; but anew where something was found since, where colleagues may
   * have found something that nobody here knows of, and where the clock was wrong.
   */
  end() {
    const { ended, inspection } = this;
    const at = ended && Date.parse(ended.closed_at);
    const since = () => this.found.some((one) => Date.parse(/** @type {string} */ (one.captured_at)) > at);
    const alone = () => !inspection.team?.some((account) => account !== this.house.account);
    if (ended && at <= now() && !(at < Date.parse(inspection.opened_at)) && alone() && !since()) return ended;
    return { closed_at: stamp(), ...device(), ...elapsed(this.house.queue.find(inspection.id)?.label.begun) };
  }

  body() {
    const fields = values(this.form);
    const excused = Object.fromEntries(EXCUSED.map((name) => [name, this.tally(name, true)]).filter(([, count]) => count !== 0));
    const counts = Object.fromEntries(COUNTED.map((name) => [name, this.tally(name, ["late", "unexcused", "files_checked"].includes(name))]));
    return {
      ...this.end(), ...counts, excused, private: this.sealed(fields),
      signed: fields.signed === undefined ? null : fields.signed === "true",
    };
  }

  /** The same with how it was filled in, as far as there is room. */
  whole() {
    const body = this.body();
    const fill = this.house.fill.sealed(MOST - new TextEncoder().encode(JSON.stringify(body)).length);
    return fill.length ? { ...body, private: { ...body.private, fill } } : body;
  }

  /** What goes to the vault: only what was filled in. @param {Fields} fields */
  sealed(fields) {
    const opinion = tidy(fields.opinion);
    const refusal = fields.signed === "false" ? tidy(fields.refusal) : "";
    const signing = Object.entries(this.pads).filter(([who, pad]) => !pad.empty && (fields.signed === "true" || (fields.signed === "false" && who !== "unit")));
    const signatures = signing.map(([who, { value }]) => [who, value]);
    const minutes = this.minutes(fields);
    return {
      ...(opinion && { opinion }), ...(refusal && { refusal }), ...(Object.keys(minutes).length > 0 && { minutes }),
      ...(signatures.length > 0 && { signatures: Object.fromEntries(signatures) }), ...(this.position.value && { position: this.position.value }),
    };
  }

  /** @param {Fields} fields */
  minutes(fields) {
    const said = Object.fromEntries(LINES.map((name) => [name, tidy(fields[name])]).filter(([, text]) => text));
    const [name, post] = [tidy(fields.name), tidy(fields.post)];
    const copies = fields.copies || this.form.elements.copies.validity.badInput ? this.tally("copies") : undefined;
    return {
      ...said, ...(name && { representative: { name, ...(post && { post }) } }),
      ...(said.demands && dayOf(fields.demands_due) && { demands_due: dayOf(fields.demands_due) }), ...(copies !== undefined && { copies }),
    };
  }

  /** What the server would refuse, and what this form asks besides. */
  faults(body = this.body()) {
    const errors = faults("closing", body)
      .map((fault) => (fault.pointer === "/assigned" && body.assigned !== null ? { pointer: "/sum", detail: byId("close-sum").textContent } : fault));
    const { post, name, demands, demands_due } = values(this.form);
    const meant = tidy(demands) || !this.computed.has("demands_due");
    if (tidy(post) && !tidy(name)) errors.push({ pointer: "/private/minutes/representative/name", detail: t("Đã ghi chức vụ mà chưa ghi họ tên người đại diện", "A post stands there without the name of who holds it") });
    if (meant && dayOf(demands_due) === null) errors.push({ pointer: "/private/minutes/demands_due", detail: NO_DAY });
    else if (meant && demands_due && !tidy(demands)) errors.push({ pointer: "/private/minutes/demands", detail: t("Có hạn khắc phục mà chưa ghi yêu cầu: hãy ghi yêu cầu, hoặc xóa hạn", "There is a day to put right by but no demand: write it, or take the day away") });
    if (body.signed === false && !body.private.refusal) errors.push({ pointer: "/private/refusal", detail: t("Hãy ghi lý do từ chối ký", "Give the reason for not signing") });
    if (body.private.signatures && this.agreed !== this.said()) errors.push({ pointer: "/signed", detail: t("Nội dung đã đổi sau khi ký: hãy bấm Ký lại ở từng khung rồi ký lại", "The minutes changed after they were signed: clear each box and sign again") });
    return errors;
  }

  /** "No violation" beside a violation: it goes before the closing does. @param {Seen} seen */
  async notBoth({ id, unit_name: name }) {
    const clean = this.all.filter(({ code }) => code === CLEAN);
    if (!clean.length || !this.all.some(isViolation)) return true;
    const sure = await confirmed(t("Có cả “Không vi phạm” và vi phạm", "Both “no violation” and a violation"),
      t(`Hai điều này không thể cùng đúng ở ${name}: K00 không vào biên bản, và được rút lại nếu do bạn ghi.`, `Both cannot be so at ${name}: K00 is not in the minutes, and is withdrawn if it is yours.`),
      t("Bỏ K00 và kết thúc", "Drop K00 and close"), t("Xem lại", "Look again"));
    if (!sure) return false;
    const mine = (/** @type {Found} */ { filer }) => !filer || filer === this.house.account || this.house.roles.has("lead");
    for (const one of clean.filter(mine)) await takeBack(this.house.queue, id, one.id);
    return true;
  }

  uncounted() {
    const counting = Object.keys(this.counting).length;
    return counting ? [{ pointer: "", detail: t(`Còn ${items(counting)} đang đếm chưa ghi nhận: hãy quay lại bấm Ghi nhận, hoặc đưa về 0`, `Counted but not recorded: ${items(counting)}. Go back and record, or set to 0`) }] : [];
  }

  async submit() {
    const { inspection } = this;
    await this.house.held.file(inspection.id); // what another tab has just recorded is signed too, and no longer undone
    const found = await this.findings(inspection.id); // a colleague may have found something since it was read
    if (this.inspection.id !== inspection.id) return;
    Object.assign(this, { found, counting: await this.counted(inspection.id) });
    this.sum();
    const errors = [...this.faults(), ...this.uncounted()];
    if (errors.length) return showErrors(this.form, errors, undefined, () => this.faults());
    clearErrors(this.form);
    await this.save();
    const unlikely = doubts(this.body(), this.all, /** @type {number} */ (inspection.staff), stamp().slice(0, 10));
    if (unlikely.length && !await confirmed(t("Số liệu có đúng không?", "Are the figures right?"), unlikely.join(" "), t("Đúng, tiếp tục", "Yes, go on"), t("Sửa lại", "Correct it"))) return;
    if (!await this.notBoth(inspection)) return;
    const { sure, left } = await leftBehind(this.house, inspection);
    if (left.length && !await confirmed(sure ? t("Vẫn còn mục chưa gửi", "Something has not been sent") : t("Đồng nghiệp đã gửi hết chưa?", "Have the colleagues sent everything?"), left.join(" "), t("Vẫn kết thúc", "Close all the same"), t("Để sau", "Later"))) return;
    if (this.inspection.id !== inspection.id) return; // the reader went on to another
    const item = /** @type {Unclosed} */ (await this.house.send({
      id: this.id, kind: "closing", inspection: inspection.id, body: this.whole(), label: { unit_name: inspection.unit_name, agreed: this.agreed },
      path: `/intake/v1/inspections/${inspection.id}/closing/${this.id}`,
    }, draftName(inspection.id)));
    if (item.state === "failed") return this.inspection.id === inspection.id ? this.refused(item) : null; // its list has it
    await Promise.all([this.house.drafts.clear(draftName(inspection.id)), this.house.fill.forget(inspection.id)]); // the queue holds it now
    this.house.go(`#/inspection/${inspection.id}`);
  }

  /** @param {Unclosed} item */
  async refused(item) {
    if (item.problem.slug === "id-reused") return this.house.keepFirst(item, draftName(item.inspection));
    await this.save();
    await this.house.queue.discard(item.key);
    showErrors(this.form, errorsOf(item.problem));
  }
}

/** Buttons on both sides of a number. @param {any} control */
function stepper(control) {
  const name = control.labels[0].textContent;
  const button = (/** @type {string} */ step, /** @type {string} */ words, /** @type {string} */ sign) => el("button", { type: "button", class: "quiet", "data-step": step, "aria-label": `${words}, ${name}` }, sign);
  const box = el("div", { class: "stepper" });
  control.replaceWith(box);
  box.append(button("-1", t("Bớt một", "One less"), "−"), control, button("1", t("Thêm một", "One more"), "+"));
}

/** Take a refused closing back into the form, under the same id, with its time and what was signed: altering that asks for another signature. @param {House} house @param {Unclosed} item */
export async function recount(house, item) {
  const { excused, private: sealed = {}, signed, closed_at, device_at, elapsed_ms, ...counts } = house.queue.righted(item);
  const { representative = {}, ...minutes } = sealed.minutes ?? {};
  const fields = { ...counts, ...excused, ...minutes, ...(minutes.demands_due && { demands_due: typed(minutes.demands_due) }), ...representative, opinion: sealed.opinion ?? "", refusal: sealed.refusal ?? "", signed: String(signed) };
  const untimely = closed_at === item.body.closed_at && item.problem?.errors.some(({ pointer }) => pointer === "/closed_at");
  await house.drafts.write(draftName(item.inspection), {
    id: item.key, fields, signatures: sealed.signatures, agreed: item.label.agreed, ended: untimely ? null : { closed_at, device_at, elapsed_ms }, position: sealed.position, errors: errorsOf(item.problem),
  });
  await house.fill.recall(item.inspection, sealed.fill);
  await house.queue.discard(item.key);
  house.go(`#/inspection/${item.inspection}/close`);
}
