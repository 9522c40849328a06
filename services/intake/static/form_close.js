// Closing: the roll with sums checked as they are typed, what was checked, the unit's opinion, the signature.

import { byId, el, onSubmit } from "../assets/dom.js";
import { items, number, t } from "../assets/words.js";
import { device, stamp } from "./clock.js";
import { set, tidy, values } from "./drafts.js";
import { clearErrors, errorsOf, showErrors } from "./fields.js";
import { countDraft, inspectionOf } from "./inspection.js";
import { uuid7 } from "./uuid7.js";

const EXCUSED = ["leave", "meeting", "duty", "study", "sickness", "maternity"];
const COUNTED = ["assigned", "present", "late", "unexcused", "persons_checked", "files_checked"];
const draftName = (inspection) => `close/${inspection}`;

export class CloseView {
  constructor(house) {
    this.house = house;
    this.form = byId("close-form");
    for (const kind of ["input", "change"]) this.form.addEventListener(kind, () => { this.save(); this.sum(); });
    onSubmit(this.form, () => this.submit());
  }

  async show(id) {
    clearErrors(this.form);
    this.inspection = { id };
    const draft = await this.house.drafts.read(draftName(id));
    this.id = draft?.id ?? uuid7();
    this.form.reset();
    set(this.form, draft?.fields ?? {});
    byId("close-back").href = `#/inspection/${id}`;
    this.inspection = await inspectionOf(this.house, id);
    byId("close-unit").textContent = this.inspection.unit_name ?? this.inspection.unit;
    if (!draft) this.form.elements.assigned.value ||= this.inspection.staff ?? "";
    this.sum();
    if (draft?.errors) showErrors(this.form, draft.errors);
  }

  save() {
    return this.house.drafts.write(draftName(this.inspection.id), { id: this.id, fields: values(this.form) });
  }

  /** A count as typed: a whole number, 0 for an empty optional one, null for what is no count. */
  tally(name, optional = false) {
    const text = this.form.elements[name].value.trim();
    if (text === "" && optional && !this.form.elements[name].validity.badInput) return 0;
    return /^\d{1,5}$/.test(text) ? Number(text) : null;
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
    return agrees;
  }

  body() {
    const fields = values(this.form);
    const excused = Object.fromEntries(EXCUSED.map((name) => [name, this.tally(name, true)]).filter(([, count]) => count !== 0));
    const counts = Object.fromEntries(COUNTED.map((name) => [name, this.tally(name, ["late", "unexcused", "files_checked"].includes(name))]));
    const opinion = tidy(fields.opinion);
    return {
      closed_at: stamp(), ...device(), ...counts, excused, ...(opinion && { private: { opinion } }),
      signed: fields.signed === undefined ? null : fields.signed === "true",
    };
  }

  async faults(body) {
    const errors = [];
    const label = (name) => this.form.querySelector(`label[for="close-${name}"]`).textContent;
    const check = (pointer, name, value) => {
      if (value === null) errors.push({ pointer, detail: t(`${label(name)}: hãy nhập một số nguyên từ 0`, `${label(name)}: enter a whole number from 0`) });
    };
    for (const name of COUNTED) check(`/${name}`, name, body[name]);
    for (const [name, count] of Object.entries(body.excused)) check(`/excused/${name}`, name, count);
    if (!errors.length && !this.sum()) errors.push({ pointer: "/assigned", detail: byId("close-sum").textContent });
    if (body.signed === null) errors.push({ pointer: "/signed", detail: t("Hãy cho biết đơn vị đã ký biên bản hay từ chối", "Say whether the unit signed the minutes or refused") });
    const counting = Object.keys((await this.house.drafts.read(countDraft(this.inspection.id))) ?? {}).length;
    if (counting) errors.push({ pointer: "", detail: t(`Còn ${items(counting)} đang đếm chưa ghi nhận: hãy quay lại bấm Ghi nhận, hoặc đưa về 0`, `Counted but not recorded: ${items(counting)}. Go back and record, or set to 0`) });
    return errors;
  }

  async submit() {
    const body = this.body();
    const errors = await this.faults(body);
    if (errors.length) return showErrors(this.form, errors);
    clearErrors(this.form);
    await this.save();
    const item = await this.house.send({
      id: this.id, kind: "closing", inspection: this.inspection.id, body, label: { unit_name: this.inspection.unit_name },
      path: `/intake/v1/inspections/${this.inspection.id}/closing/${this.id}`,
    });
    if (item.state === "failed") return this.refused(item);
    await this.house.drafts.clear(draftName(this.inspection.id)); // the queue holds it now
    this.house.go(`#/inspection/${this.inspection.id}`);
  }

  async refused(item) {
    await this.house.queue.discard(item.key);
    if (item.problem.slug === "id-reused") this.id = uuid7();
    await this.save();
    showErrors(this.form, errorsOf(item.problem));
  }
}

/** Take a refused closing back into the form, under the same id. */
export async function recount(house, item) {
  const { excused, private: sealed = {}, signed, ...counts } = item.body;
  const fields = { ...counts, ...excused, opinion: sealed.opinion ?? "", signed: String(signed) };
  const id = item.problem?.slug === "id-reused" ? uuid7() : item.key;
  await house.drafts.write(draftName(item.inspection), { id, fields, errors: errorsOf(item.problem) });
  await house.queue.discard(item.key);
  house.go(`#/inspection/${item.inspection}/close`);
}
