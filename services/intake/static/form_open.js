// Opening an inspection: find the unit without marks, choose, start.

import { byId, el, onSubmit } from "../assets/dom.js";
import { t } from "../assets/words.js";
import { device, stamp, steady } from "./clock.js";
import * as directory from "./directory.js";
import { set, tidy, values } from "./drafts.js";
import { clearErrors, errorsOf, showErrors } from "./fields.js";
import { merged } from "./inspection.js";
import { UnitPicker } from "./unit_picker.js";
import { uuid7 } from "./uuid7.js";

const DRAFT = "open";
const MOST_COMPANIONS = 12;

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
    this.team = this.form.elements.team;
    this.team.addEventListener("input", () => this.press());
  }

  async show(_, still) {
    this.form.hidden = true; // until it holds what was typed before
    clearErrors(this.form);
    const draft = await this.house.drafts.read(DRAFT);
    if (!still()) return;
    this.id = draft?.id ?? uuid7();
    this.form.reset();
    if (draft) set(this.form, draft.fields);
    this.picker.restore(draft?.unit ?? null, draft?.search ?? "");
    this.form.hidden = false;
    companions(this.house).then((accounts) => this.offer(accounts));
    const units = await directory.units(this.house.account);
    if (!still()) return;
    this.picker.offer(units);
    if (draft?.errors) showErrors(this.form, draft.errors);
  }

  /** Those one has inspected with, at a tap: nobody types an account twice. */
  offer(accounts) {
    byId("team-known").replaceChildren(...accounts.map((account) =>
      el("button", { type: "button", class: "quiet", "data-account": account, onclick: () => this.toggle(account) }, account)));
    this.press();
  }

  get members() {
    return tidy(this.team.value).toLowerCase().split(/[\s,;]+/).filter(Boolean);
  }

  toggle(account) {
    const { members } = this;
    this.team.value = (members.includes(account) ? members.filter((each) => each !== account) : [...members, account]).join(", ");
    this.press();
    this.save();
  }

  press() {
    const { members } = this;
    for (const button of byId("team-known").children) button.setAttribute("aria-pressed", String(members.includes(button.dataset.account)));
  }

  save() {
    const { unit: _, ...fields } = values(this.form);
    const { unit, search } = this.picker;
    return this.house.drafts.write(DRAFT, { id: this.id, unit, search: search.value, fields });
  }

  body() {
    const { kind, selection, basis } = values(this.form);
    return {
      unit: this.picker.unit, kind, selection, basis: tidy(basis), opened_at: stamp(), impartial: true, ...device(),
      team: this.members,
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
    const label = { unit: body.unit, unit_name: unit.name, kind: body.kind, basis: body.basis, opened_at: body.opened_at, opener: this.house.account, team: body.team, begun: steady() };
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

/** The colleagues of one's last inspections, the newest first, as far as the phone knows. */
async function companions({ account, queue }) {
  const known = await directory.inspections(account).catch(() => []);
  const teams = merged(known, queue).flatMap(({ team }) => team ?? []);
  return [...new Set(teams)].filter((each) => each !== account).slice(0, MOST_COMPANIONS);
}

/** Take a refused opening back into the form, under the same id. */
export async function reopen(house, item) {
  const { unit, kind, selection, basis, team, impartial } = item.body;
  const fields = { kind, selection, basis, team: team.join(", "), impartial: impartial ? "yes" : "" };
  const id = item.problem?.slug === "id-reused" ? uuid7() : item.key;
  await house.drafts.write(DRAFT, { id, unit, search: "", fields, errors: errorsOf(item.problem) });
  await house.queue.discard(item.key);
  house.go("#/open");
}
