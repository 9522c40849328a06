// Opening an inspection: find the unit without marks, choose, start.

import { byId, onSubmit } from "../assets/dom.js";
import { t } from "../assets/words.js";
import { device, stamp, steady } from "./clock.js";
import * as directory from "./directory.js";
import { set, tidy, values } from "./drafts.js";
import { clearErrors, errorsOf, showErrors } from "./fields.js";
import { UnitPicker } from "./unit_picker.js";
import { uuid7 } from "./uuid7.js";

const DRAFT = "open";

/** The unit's QR code opens the form with the unit chosen; the rest of a draft stays. */
export async function prefill(house) {
  const unit = new URLSearchParams(location.search).get("unit");
  if (!unit) return;
  const draft = (await house.drafts.read(DRAFT)) ?? { id: uuid7(), fields: {} };
  await house.drafts.write(DRAFT, { ...draft, unit, search: "" });
  history.replaceState(null, "", "/intake/#/open");
}

export class OpenView {
  constructor(house) {
    this.house = house;
    this.form = byId("open-form");
    this.picker = new UnitPicker("unit");
    this.form.addEventListener("input", () => this.save());
    this.form.addEventListener("change", () => this.save());
    onSubmit(this.form, () => this.submit());
  }

  async show() {
    clearErrors(this.form);
    const draft = await this.house.drafts.read(DRAFT);
    this.id = draft?.id ?? uuid7();
    this.form.reset();
    if (draft) set(this.form, draft.fields);
    this.picker.restore(draft?.unit ?? null, draft?.search ?? "");
    this.picker.offer(await directory.units(this.house.account));
    if (draft?.errors) showErrors(this.form, draft.errors);
  }

  save() {
    const { unit: _, ...fields } = values(this.form);
    const { unit, search } = this.picker;
    return this.house.drafts.write(DRAFT, { id: this.id, unit, search: search.value, fields });
  }

  body() {
    const { kind, selection, basis, team } = values(this.form);
    return {
      unit: this.picker.unit, kind, selection, basis: tidy(basis), opened_at: stamp(), ...device(),
      team: tidy(team).toLowerCase().split(/[\s,;]+/).filter(Boolean),
    };
  }

  faults(body) {
    const errors = [];
    if (!body.unit) errors.push({ pointer: "/unit", detail: t("Hãy chọn đơn vị được kiểm tra", "Choose the unit to inspect") });
    if (!body.selection) errors.push({ pointer: "/selection", detail: t("Hãy chọn lý do chọn đơn vị", "Say how the unit was chosen") });
    if (!body.basis) errors.push({ pointer: "/basis", detail: t("Hãy ghi số quyết định kiểm tra, ví dụ 12/QĐ-SNV", "Enter the number of the inspection order, for example 12/QĐ-SNV") });
    if (!values(this.form).impartial) errors.push({ pointer: "/impartial", detail: t("Hãy khai không có xung đột lợi ích; nếu có, người khác phải kiểm tra đơn vị này", "Declare that you have no conflict of interest; if you have one, somebody else must inspect this unit") });
    return errors;
  }

  async submit() {
    const body = this.body();
    const errors = this.faults(body);
    if (errors.length) return showErrors(this.form, errors);
    clearErrors(this.form);
    await this.save();
    const unit = this.picker.chosen;
    const label = { impartial: true, unit: body.unit, unit_name: unit.name, kind: body.kind, basis: body.basis, opened_at: body.opened_at, opener: this.house.account, team: body.team, begun: steady() };
    const item = await this.house.send({
      id: this.id, kind: "inspection", inspection: this.id, path: `/intake/v1/inspections/${this.id}`, body, label,
    });
    if (item.state === "failed") return this.refused(item);
    await this.house.drafts.clear(DRAFT);
    this.house.go(`#/inspection/${this.id}`);
  }

  async refused(item) {
    await this.house.queue.discard(item.key);
    if (item.problem.slug === "id-reused") this.id = uuid7();
    await this.save();
    showErrors(this.form, errorsOf(item.problem));
  }
}

/** Take a refused opening back into the form, under the same id. */
export async function reopen(house, item) {
  const { unit, kind, selection, basis, team } = item.body;
  const fields = { kind, selection, basis, team: team.join(", "), impartial: item.label.impartial ? "yes" : "" };
  const id = item.problem?.slug === "id-reused" ? uuid7() : item.key;
  await house.drafts.write(DRAFT, { id, unit, search: "", fields, errors: errorsOf(item.problem) });
  await house.queue.discard(item.key);
  house.go("#/open");
}
