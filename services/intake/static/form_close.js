// Closing: the roll with sums checked as they are typed, who stood for the unit, the minutes read back, then signed or refused.

import { byId, confirmed, el, onSubmit } from "../assets/dom.js";
import { day, items, moment, number, t } from "../assets/words.js";
import { device, elapsed, now, stamp } from "./clock.js";
import * as directory from "./directory.js";
import { set, tidy, values } from "./drafts.js";
import { clearErrors, errorsOf, showErrors } from "./fields.js";
import { countDraft, inspectionOf, merged } from "./inspection.js";
import { Position } from "./position.js";
import { Pad } from "./signature.js";
import { leftBehind } from "./team.js";
import { uuid7 } from "./uuid7.js";

const EXCUSED = ["leave", "meeting", "duty", "study", "sickness", "maternity"];
const COUNTED = ["assigned", "present", "late", "unexcused", "persons_checked", "files_checked"];
const SIGNERS = { unit: t("Đại diện đơn vị ký", "The unit's representative signs"), leader: t("Trưởng đoàn ký", "The team's leader signs"), secretary: t("Thư ký ký", "The secretary signs") };
const LINES = ["number", "place", "secretary", "demands"];
const NUMBER = /^[\p{L}\p{N}_./&-]*\d[\p{L}\p{N}_./&-]*$/u; // as the server takes it
const MOST_COPIES = 99;
const HIDDEN = 4; // severity that the unit is not told of
const MOST = 60_000; // bytes of a body, a little under what the server takes
const DEMANDS_DUE = 15 * 24 * 3600 * 1000;
const draftName = (inspection) => `close/${inspection}`;

export class CloseView {
  constructor(house) {
    this.house = house;
    this.form = byId("close-form");
    this.position = new Position(() => this.save());
    this.pads = Object.fromEntries(Object.entries(SIGNERS).map(([who, title]) => [who, new Pad(title, () => this.signed())]));
    byId("close-pads").replaceChildren(...Object.values(this.pads).map(({ element }) => element));
    this.form.addEventListener("input", () => { this.save(); this.sum(); });
    this.form.addEventListener("change", () => this.altered());
    onSubmit(this.form, () => this.submit());
  }

  async show(id, still) {
    this.form.hidden = true; // until it holds what was typed before
    this.draft = draftName(id);
    clearErrors(this.form);
    byId("close-unit").textContent = "";
    const [catalogue, draft] = await Promise.all([directory.catalogue(this.house.account), this.house.drafts.read(this.draft)]);
    if (!still()) return;
    const queued = this.house.queue.of(id).find(({ kind }) => kind === "closing");
    if (queued?.state === "failed" && !draft) return recount(this.house, queued);
    if (queued && queued.state !== "failed") return location.replace(`#/inspection/${id}`); // it is closed: nothing to fill in twice
    this.catalogue = catalogue;
    this.inspection = merged([], this.house.queue).find((row) => row.id === id) ?? { id };
    this.found = this.listed(this.here(id)); // what a colleague found comes a moment later
    this.id = draft?.id ?? uuid7();
    this.agreed = draft?.agreed ?? null;
    this.ended = draft?.ended ?? null;
    this.form.reset();
    set(this.form, draft?.fields ?? {});
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
      this.suggest("demands_due", stamp(now() + DEMANDS_DUE).slice(0, 10));
    }
    this.sum();
    if (draft?.errors) showErrors(this.form, draft.errors);
  }

  /** A value for a control that nobody has filled in, or is about to. */
  suggest(name, value) {
    const control = this.form.elements[name];
    if (control !== document.activeElement) control.value ||= value;
  }

  /** What was found, from here and from the server, as the minutes will tell it. */
  async findings(id) {
    const opening = this.house.queue.find(id);
    const known = opening && opening.state !== "received" ? [] : await directory.findings(this.house.account, id).catch(() => []);
    const gone = new Set(known.filter(({ state }) => state === "withdrawn").map((one) => one.id));
    return this.listed([...known, ...this.here(id)].filter((one) => !gone.has(one.id)));
  }

  here(id) {
    return this.house.queue.of(id).filter(({ kind, state }) => kind === "finding" && state !== "failed").map(({ key, label }) => ({ id: key, ...label }));
  }

  /** Each once, by code, without what the unit is not told. */
  listed(found) {
    const { byCode } = this.catalogue;
    return [...new Map(found.map((one) => [one.id, one])).values()]
      .map(({ code, count, captured_at }) => ({ code, count, captured_at, name: byCode.get(code)?.name ?? "", severity: byCode.get(code)?.severity }))
      .filter(({ severity }) => severity !== HIDDEN).sort((a, b) => a.code.localeCompare(b.code) || a.count - b.count);
  }

  save() {
    const signatures = Object.fromEntries(Object.entries(this.pads).map(([who, { value }]) => [who, value]).filter(([, value]) => value));
    return this.house.drafts.write(draftName(this.inspection.id), { id: this.id, fields: values(this.form), signatures, agreed: this.agreed, ended: this.ended, position: this.position.value });
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
    return JSON.stringify([words, end, tidy(fields.demands) && fields.demands_due, counts, this.found.map(({ code, count }) => [code, count])]);
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
        t("Nội dung biên bản vừa đổi, nên chữ ký đã ký không còn đúng. Xoá chữ ký để ký lại?", "The minutes have just changed, so what was signed is no longer so. Clear the signatures and sign again?"),
        t("Xoá chữ ký", "Clear signatures"), t("Giữ nội dung cũ", "Keep the old words"));
      if (again) this.unsign();
      else set(this.form, this.before);
      this.sum();
    }
    this.before = values(this.form);
    this.save();
  }

  unsign() {
    this.agreed = null;
    for (const pad of Object.values(this.pads)) pad.show([]);
  }

  /** A count as typed: a whole number, 0 for an empty optional one, null for what is no count. */
  tally(name, optional = false) {
    const text = this.form.elements[name].value.trim();
    if (text === "" && optional && !this.form.elements[name].validity.badInput) return 0;
    return /^\d{1,5}$/.test(text) ? Number(text) : null;
  }

  label(name) {
    return this.form.querySelector(`label[for="close-${name}"]`).textContent;
  }

  sum() {
    const away = EXCUSED.reduce((total, name) => total + (this.tally(name, true) ?? 0), 0);
    const [assigned, present, unexcused, late] = ["assigned", "present", "unexcused", "late"].map((name) => this.tally(name, true) ?? 0);
    const reached = present + away + unexcused;
    const agrees = reached === assigned && late <= present;
    const words = [t(
      `Có mặt ${number(present)} + vắng có lý do ${number(away)} + vắng không lý do ${number(unexcused)} = ${number(reached)}; được giao ${number(assigned)}.`,
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
    const { name, post, demands, demands_due: due, opinion, place, secretary, number: file, signed, refusal } = values(this.form);
    const { basis } = this.inspection;
    const copies = this.tally("copies", true);
    const found = this.found.map(({ code, name: words, count }) => `${code} ${words}${code === "K00" ? "" : ` × ${number(count)}`}`);
    const lines = [
      [this.inspection.unit_name ?? this.inspection.unit ?? "…", basis, this.inspection.opened_at && moment(this.inspection.opened_at)].filter(Boolean).join(" · "),
      [name, post].filter(Boolean).join(", "),
      [[file, t("Số biên bản", "Number of the minutes")], [place, this.label("place")], [secretary, this.label("secretary")]]
        .filter(([said]) => tidy(said)).map(([said, label]) => `${label}: ${tidy(said)}`).join("; "),
      this.roll(),
      t(`Đã kiểm tra ${number(this.tally("persons_checked", true) ?? 0)} người, ${number(this.tally("files_checked", true) ?? 0)} hồ sơ.`, `Checked: ${number(this.tally("persons_checked", true) ?? 0)} persons, ${number(this.tally("files_checked", true) ?? 0)} files.`),
      found.length ? t("Ghi nhận: ", "Findings: ") + found.join("; ") : t("Không có ghi nhận nào.", "No findings."),
      tidy(demands) && t(`Yêu cầu: ${tidy(demands)}`, `Demands: ${tidy(demands)}`) + (due ? t(` Chậm nhất ngày ${day(due)}.`, ` By ${day(due)} at the latest.`) : ""),
      t("Ý kiến của đơn vị: ", "The unit's opinion: ") + (tidy(opinion) || t("không có.", "none.")),
      signed === "false" && t(`Đơn vị từ chối ký: ${tidy(refusal) || "…"}`, `The unit refuses to sign: ${tidy(refusal) || "…"}`),
      copies > 0 && `${this.label("copies")}: ${number(copies)}`,
    ];
    byId("close-read").replaceChildren(...lines.filter(Boolean).map((line) => el("li", {}, line)));
  }

  /** The roll in words, with who is excused by kind. */
  roll() {
    const [assigned, present, late, unexcused] = ["assigned", "present", "late", "unexcused"].map((name) => number(this.tally(name, true) ?? 0));
    const excused = EXCUSED.map((name) => [name, this.tally(name, true) ?? 0]).filter(([, count]) => count > 0);
    const away = number(excused.reduce((total, [, count]) => total + count, 0));
    const kinds = excused.length ? ` (${excused.map(([name, count]) => `${this.label(name).toLowerCase()} ${number(count)}`).join(", ")})` : "";
    return t(`Được giao ${assigned}. Có mặt ${present}, trong đó đi muộn ${late}. Vắng có lý do ${away}${kinds}. Vắng không lý do ${unexcused}.`,
      `Allotted ${assigned}. Present ${present}, of them late ${late}. Excused ${away}${kinds}. Unexcused ${unexcused}.`);
  }

  /**
   * It ended when it ended, whenever its closing is corrected; but anew where something was found since, where colleagues may
   * have found something that nobody here knows of, and where the clock was wrong.
   */
  end() {
    const { ended, inspection } = this;
    const at = ended && Date.parse(ended.closed_at);
    const since = () => this.found.some((one) => Date.parse(one.captured_at) > at);
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

  /** What goes to the vault: only what was filled in. */
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

  minutes(fields) {
    const said = Object.fromEntries(LINES.map((name) => [name, tidy(fields[name])]).filter(([, text]) => text));
    const [name, post, copies] = [tidy(fields.name), tidy(fields.post), this.tally("copies", true)];
    return {
      ...said, ...(name && { representative: { name, ...(post && { post }) } }),
      ...(said.demands && fields.demands_due && { demands_due: fields.demands_due }), ...(copies !== 0 && { copies }),
    };
  }

  async faults(body) {
    const errors = [];
    const check = (pointer, name, value) => {
      if (value === null) errors.push({ pointer, detail: t(`${this.label(name)}: hãy nhập một số nguyên từ 0`, `${this.label(name)}: enter a whole number from 0`) });
    };
    const { number: file = "", copies = 0 } = body.private.minutes ?? {};
    if (file && !NUMBER.test(file)) errors.push({ pointer: "/private/minutes/number", detail: t("Số biên bản: viết liền, có chữ số, ví dụ 12/BB-ĐKT", "Number of the minutes: no blanks, with a digit, for example 12/BB-ĐKT") });
    if (copies > MOST_COPIES) errors.push({ pointer: "/private/minutes/copies", detail: t(`Số bản: từ 1 đến ${MOST_COPIES}`, `Copies: from 1 to ${MOST_COPIES}`) });
    for (const name of COUNTED) check(`/${name}`, name, body[name]);
    for (const [name, count] of Object.entries(body.excused)) check(`/excused/${name}`, name, count);
    check("/private/minutes/copies", "copies", this.tally("copies", true));
    if (!errors.length && !this.sum()) errors.push({ pointer: "/assigned", detail: byId("close-sum").textContent });
    if (body.signed === null) errors.push({ pointer: "/signed", detail: t("Hãy cho biết đơn vị đã ký biên bản hay từ chối", "Say whether the unit signed the minutes or refused") });
    if (body.signed === false && !body.private.refusal) errors.push({ pointer: "/private/refusal", detail: t("Hãy ghi lý do từ chối ký", "Give the reason for not signing") });
    if (body.private.signatures && this.agreed !== this.said()) errors.push({ pointer: "/signed", detail: t("Nội dung đã đổi sau khi ký: hãy bấm Ký lại ở từng khung rồi ký lại", "The minutes changed after they were signed: clear each box and sign again") });
    const counting = Object.keys((await this.house.drafts.read(countDraft(this.inspection.id))) ?? {}).length;
    if (counting) errors.push({ pointer: "", detail: t(`Còn ${items(counting)} đang đếm chưa ghi nhận: hãy quay lại bấm Ghi nhận, hoặc đưa về 0`, `Counted but not recorded: ${items(counting)}. Go back and record, or set to 0`) });
    return errors;
  }

  async submit() {
    const { inspection } = this;
    const found = await this.findings(inspection.id); // a colleague may have found something since it was read
    if (this.inspection.id !== inspection.id) return;
    this.found = found;
    this.sum();
    const errors = await this.faults(this.body());
    if (errors.length) return showErrors(this.form, errors);
    clearErrors(this.form);
    await this.save();
    const left = await leftBehind(this.house, inspection);
    if (left.length && !await confirmed(t("Vẫn còn mục chưa gửi", "Something has not been sent"), left.join(" "), t("Vẫn kết thúc", "Close all the same"), t("Để sau", "Later"))) return;
    if (this.inspection.id !== inspection.id) return; // the reader went on to another
    const item = await this.house.send({
      id: this.id, kind: "closing", inspection: inspection.id, body: this.whole(), label: { unit_name: inspection.unit_name, agreed: this.agreed },
      path: `/intake/v1/inspections/${inspection.id}/closing/${this.id}`,
    }, draftName(inspection.id));
    if (item.state === "failed") return this.inspection.id === inspection.id ? this.refused(item) : null; // its list has it
    await Promise.all([this.house.drafts.clear(draftName(inspection.id)), this.house.fill.forget()]); // the queue holds it now
    this.house.go(`#/inspection/${inspection.id}`);
  }

  async refused(item) {
    if (item.problem.slug === "id-reused") this.id = uuid7();
    await this.save();
    await this.house.queue.discard(item.key);
    showErrors(this.form, errorsOf(item.problem));
  }
}

/** Take a refused closing back into the form, under the same id, with its time and what was signed: altering that asks for another signature. */
export async function recount(house, item) {
  const { excused, private: sealed = {}, signed, closed_at, device_at, elapsed_ms, ...counts } = item.body;
  const { representative = {}, ...minutes } = sealed.minutes ?? {};
  const fields = { ...counts, ...excused, ...minutes, ...representative, opinion: sealed.opinion ?? "", refusal: sealed.refusal ?? "", signed: String(signed) };
  const id = item.problem?.slug === "id-reused" ? uuid7() : item.key;
  const untimely = item.problem?.errors.some(({ pointer }) => pointer === "/closed_at");
  await house.drafts.write(draftName(item.inspection), {
    id, fields, signatures: sealed.signatures, agreed: item.label.agreed, ended: untimely ? null : { closed_at, device_at, elapsed_ms }, position: sealed.position, errors: errorsOf(item.problem),
  });
  await house.fill.recall(sealed.fill);
  await house.queue.discard(item.key);
  house.go(`#/inspection/${item.inspection}/close`);
}
