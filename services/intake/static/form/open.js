// Opening an inspection: find the unit without marks, choose, start.

import { byId, el, onSubmit } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import { device, now, stamp, steady } from "../shared/clock.js";
import * as directory from "../shared/directory.js";
import { set, tidy, values } from "../shared/drafts.js";
import { clearErrors, errorsOf, showErrors, tell } from "../shared/fields.js";
import { faults } from "../shared/rules.js";
import { merged } from "./inspection.js";
import { UnitPicker } from "../shared/unit_picker.js";
import { uuid7 } from "../shared/uuid7.js";

/** @typedef {{id: string, unit: string}} Assigned */

const DRAFT = "open";
const MOST_COMPANIONS = 12;

/** The unit's QR code opens the form with the unit chosen; the rest of a draft stays. @param {House} house */
export async function prefill(house) {
  const unit = new URLSearchParams(location.search).get("unit");
  if (!unit) return;
  const draft = (await unfiled(house)) ?? { id: uuid7(), fields: {} };
  await house.drafts.write(DRAFT, { ...draft, unit, search: "" });
  history.replaceState(null, "", "/intake/#/open");
}

/** An assignment opens the form filled in; only the declaration is its reader's own. @param {House} house @param {Assignment} assignment */
export async function begin(house, { id, unit, kind, selection, basis, opener, team }) {
  const others = [opener, ...team].filter((each) => each !== house.account).join(", ");
  await house.drafts.write(DRAFT, { id: uuid7(), unit, search: "", fields: { kind, selection, basis, team: others }, assigned: { id, unit } });
  house.go("#/open");
}

/** What was typed and is not in the queue yet: an inspection that was opened is no draft of another. @param {House} house */
async function unfiled(house, name = DRAFT) {
  const draft = await house.drafts.read(name);
  const item = draft && house.queue.find(draft.id);
  return item && item.state !== "failed" ? null : draft;
}

export class OpenView {
  /** @param {House} house */
  constructor(house) {
    this.house = house;
    this.form = byId("open-form");
    this.picker = new UnitPicker("unit");
    this.form.addEventListener("input", () => this.save());
    this.form.addEventListener("change", () => this.save());
    const { basis } = this.form.elements;
    basis.addEventListener("change", () => tell(this.form, basis, () => this.faults()));
    onSubmit(this.form, () => this.submit());
    this.team = this.form.elements.team;
    this.team.addEventListener("input", () => this.press());
  }

  /** A new opening, or the correction of the one that was refused under this id. @param {string | undefined} corrected @param {Still} still */
  async show(corrected, still) {
    this.form.hidden = true; // until it holds what was typed before
    this.draft = corrected ? `${DRAFT}/${corrected}` : DRAFT;
    clearErrors(this.form);
    const draft = await unfiled(this.house, this.draft);
    if (!still()) return;
    if (corrected && !draft) return this.house.go(`#/inspection/${corrected}`);
    this.id = draft?.id ?? uuid7();
    this.begun = draft?.begun ?? null;
    this.assigned = draft?.assigned;
    this.form.reset();
    if (draft) set(this.form, draft.fields);
    this.picker.restore(draft?.unit ?? null, draft?.search ?? "");
    this.ask();
    this.form.hidden = false;
    companions(this.house).then((accounts) => this.offer(accounts));
    const units = await directory.units(this.house.account);
    if (!still()) return;
    this.picker.offer(units);
    this.ask();
    if (draft?.errors) showErrors(this.form, draft.errors);
  }

  /** Those one has inspected with, at a tap: nobody types an account twice. @param {string[]} accounts */
  offer(accounts) {
    byId("team-known").replaceChildren(...accounts.map((account) =>
      el("button", { type: "button", class: "quiet", "data-account": account, onclick: () => this.toggle(account) }, account)));
    this.press();
  }

  get members() {
    return tidy(this.team.value).toLowerCase().split(/[\s,;]+/).filter(Boolean);
  }

  /** @param {string} account */
  toggle(account) {
    const { members } = this;
    this.team.value = (members.includes(account) ? members.filter((each) => each !== account) : [...members, account]).join(", ");
    this.press();
    this.save();
  }

  press() {
    const { members } = this;
    for (const button of byId("team-known").querySelectorAll("button")) button.setAttribute("aria-pressed", String(members.includes(button.dataset.account ?? "")));
  }

  /** Where, by which order: read once more before the log has it. */
  ask() {
    const { chosen } = this.picker;
    const basis = tidy(this.form.elements.basis.value);
    byId("open-sure").replaceChildren(...(chosen ? [t("Kiểm tra tại ", "Inspect "), el("b", {}, chosen.name), basis && t(` theo ${basis}`, ` by ${basis}`), "?"].filter(Boolean) : []));
  }

  save() {
    this.ask();
    const { unit: _, ...fields } = values(this.form);
    const { unit, search } = this.picker;
    return this.house.drafts.write(/** @type {string} */ (this.draft), { id: this.id, unit, search: search.value, fields, begun: this.begun, assigned: this.assigned });
  }

  body() {
    const { kind, selection, basis } = values(this.form);
    const { assigned, picker: { unit } } = this; // of that unit, and no other
    return { unit, kind, selection, basis: tidy(basis), ...this.start(), impartial: true, team: this.members, ...(assigned?.unit === unit && { assignment: assigned.id }) };
  }

  /** It began when it began, whenever its opening is corrected; unless the phone's clock was still wrong then. */
  start() {
    const { begun } = this;
    if (!begun || Date.parse(begun.opened_at) > now()) return { opened_at: stamp(), ...device() };
    return { opened_at: begun.opened_at, ...(begun.device_at && { device_at: begun.device_at }) };
  }

  /** What the server would refuse, and what this form asks besides. */
  faults(body = this.body()) {
    const errors = faults("inspection", body).filter(({ pointer }) => pointer !== "/unit");
    if (!this.picker.chosen) errors.unshift({ pointer: "/unit", detail: this.unchosen(body) });
    if (!values(this.form).impartial) errors.push({ pointer: "/impartial", detail: t("Hãy xác nhận không có xung đột lợi ích; nếu có, người khác phải kiểm tra đơn vị này", "Confirm that you have no conflict of interest; if you have one, somebody else must inspect this unit") });
    return errors;
  }


  /** @param {WriteBody} body */
  unchosen({ unit }) {
    if (!unit) return t("Hãy chọn đơn vị được kiểm tra", "Choose the unit to inspect");
    return this.picker.units.length
      ? t("Đơn vị này không có trong phạm vi của bạn, hoặc đã sáp nhập: hãy chọn đơn vị khác", "This unit is not in your scope, or was merged: choose another")
      : t("Danh sách đơn vị chưa tải xong: hãy chờ một chút, cần có mạng lần đầu", "The list of units is not loaded yet: wait a moment; the first time needs a network");
  }

  async submit() {
    const body = this.body();
    const errors = this.faults(body);
    if (errors.length) return showErrors(this.form, errors, undefined, () => this.faults());
    clearErrors(this.form);
    await this.save();
    const { draft, id, picker: { chosen: unit } } = /** @type {this & { draft: string }} */ (this);
    const begun = this.begun?.opened_at === body.opened_at ? this.begun.at : steady();
    const label = { unit: body.unit, unit_name: unit.name, kind: body.kind, basis: body.basis, opened_at: body.opened_at, opener: this.house.account, team: body.team, begun, assignment: body.assignment };
    const item = /** @type {Failed} */ (await this.house.send({ id, kind: "inspection", inspection: id, path: `/intake/v1/inspections/${id}`, body, label }, draft));
    if (item.state === "failed") return this.refused(item, draft);
    await this.house.drafts.clear(draft);
    this.house.go(`#/inspection/${id}`);
  }

  /** Back into the form, if that is still shown; it leaves the queue only where nothing was done under it yet. @param {Failed} item @param {string} draft */
  async refused(item, draft) {
    if (this.draft !== draft || this.id !== item.key) return; // its list has it, and the way to correct it
    if (item.problem.slug === "id-reused") return this.house.keepFirst(item, draft);
    const errors = errorsOf(item.problem);
    this.assigned = standing(this.assigned, errors);
    await this.save();
    if (this.draft === DRAFT) await this.house.queue.discard(item.key);
    showErrors(this.form, errors);
  }
}

/** An assignment that the server does not take is left out when it is sent again: the visit itself is no less one. @param {Assigned | undefined} assigned @param {Fault[]} errors */
const standing = (assigned, errors) => (errors.some(({ pointer }) => pointer === "/assignment") ? undefined : assigned);

/** The colleagues of one's last inspections, the newest first, as far as the phone knows. @param {House} house */
async function companions({ account, queue }) {
  const known = await directory.inspections(account).catch(() => []);
  const teams = merged(known, queue).flatMap(({ team }) => team ?? []);
  return [...new Set(teams)].filter((each) => each !== account).slice(0, MOST_COMPANIONS);
}

/** A refused opening as a draft, under the same id and with the time it began. @param {Item} item @param {WriteBody} body */
function draftOf({ key, label, problem }, body) {
  const { unit, kind, selection, basis, team, impartial, opened_at, device_at, assignment } = body;
  const fields = { kind, selection, basis, team: team.join(", "), impartial: impartial ? "yes" : "" };
  const errors = errorsOf(problem);
  const assigned = standing(assignment && { id: assignment, unit }, errors);
  return { id: key, unit, search: "", fields, begun: { opened_at, device_at, at: label.begun }, errors, assigned };
}

/** Take a refused opening back into the form. It stays in the queue until it is corrected: what was found under it waits for it. @param {House} house @param {Item} item */
export async function reopen(house, item) {
  const draft = draftOf(item, house.queue.righted(item));
  await house.drafts.write(`${DRAFT}/${draft.id}`, draft);
  house.go(`#/open/${draft.id}`);
}
