// Rounds of inspections: the year's coverage, planning, the beacon, who goes where, what is left.

import { all, get, problemOf } from "../../assets/api.js";
import { byId, confirmed, el, flash, one, redraw } from "../../assets/dom.js";
import { day, number, t } from "../../assets/words.js";
import { stamp } from "../shared/clock.js";
import { dayField, dayOf, NO_DAY } from "../shared/days.js";
import * as directory from "../shared/directory.js";
import { tidy } from "../shared/drafts.js";
import { UnitPicker } from "../shared/unit_picker.js";
import { drawCheck } from "./draw.js";
import { textField, wire } from "./forms.js";
import { GROUP, KIND } from "./labels.js";
import { FilteredList } from "./list.js";

/** @type {Record<string, string[]>} */
const STATE = {
  planned: [t("Chưa rút thăm", "Not drawn"), "warn"], drawn: [t("Đã rút thăm", "Drawn"), "good"],
  replaced: [t("Đã được thay", "Replaced"), ""], closed: [t("Đã kết thúc", "Closed"), ""],
};
/** @type {Record<string, string>} */
const WHY = { exclude: t("Không kiểm tra đợt này", "Not in this round"), scheduled: t("Chọn: theo lịch", "Chosen: scheduled"), risk: t("Chọn: rủi ro", "Chosen: risk"), complaint: t("Chọn: phản ánh", "Chosen: complaint") };
/** A unit that a plan names. @typedef {{unit: string, why: string}} Named */
const WAIT = 1500; // ms: what was planned is drawn once the log has it

/** @param {string | null} share */
const percent = (share) => `${number(Math.round(Number(share) * 100))}%`;

/** A text field with its label. @param {string} id @param {string} name @param {string} pointer @param {string} label */
const field = (id, name, pointer, label, more = {}) => el("div", { class: "field" }, el("label", { for: id }, label), el("input", { id, name, "data-pointer": pointer, autocomplete: "off", spellcheck: "false", ...more }));

/** The same for a day, typed as people write it. @param {string} id @param {string} name @param {string} pointer @param {string} label */
function days(id, name, pointer, label) {
  const made = field(id, name, pointer, label, { type: "text", inputmode: "numeric", "data-day": true, placeholder: "15/12/2026" });
  dayField(one(made, "input"));
  return made;
}

/** What is wrong with a day that was typed. @param {string} pointer @param {string} text */
const dayFault = (pointer, text) => (dayOf(text) ? [] : [{ pointer, detail: dayOf(text) === null ? NO_DAY : t("Hãy ghi ngày", "Give the day") }]);

export class Rounds {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.names = new Map();
    this.planner = desk.me.roles.some(({ role, unit }) => ["lead", "reviewer"].includes(role) && unit === null) && !desk.roles.has("unit_head");
    this.list = new FilteredList("rounds", { text: (row) => `${row.basis} ${KIND[row.kind]}`, draw: (row) => this.row(row), empty: t("Chưa có đợt nào.", "No round yet.") });
    byId("plan").hidden = !this.planner;
    if (this.planner) this.plan = new Plan(this);
  }

  /** @param {string | null} [wanted] */
  async show(wanted) {
    this.wanted = wanted;
    const [rows, units, coverage] = await Promise.all([all("/intake/v1/rounds?limit=50"), directory.units(this.desk.account), get(`/intake/v1/coverage?year=${stamp().slice(0, 4)}`)]);
    this.names = new Map(units.map(({ unit, name }) => [unit, name]));
    this.units = units;
    this.rounds = rows;
    redraw(byId("coverage"), covered(coverage, (unit) => this.name(unit)));
    this.plan?.offer(units, rows);
    this.list.set(wanted ? rows.filter(({ id }) => id === wanted) : rows);
    this.list.single(wanted && t("Đang hiện một đợt.", "One round is shown."), "#/rounds");
    if (rows.some(({ state, beacon }) => state === "planned" && !beacon)) this.again();
  }

  /** Look once more: a plan without a beacon is drawn within seconds. */
  again() {
    clearTimeout(this.later);
    this.later = setTimeout(() => !byId("view-rounds").hidden && this.show(this.wanted).catch(() => {}), WAIT);
  }

  /** @param {string} unit */
  name(unit) {
    return this.names.get(unit) ?? unit;
  }

  /** @param {Round} row */
  row(row) {
    const [words, tag] = STATE[row.state];
    const body = el("div", { class: "case-body" });
    const details = el("details", { class: "case", "data-item": row.id },
      el("summary", {}, el("span", { class: "case-title" }, `${row.basis} · ${KIND[row.kind]}`), el("span", { class: `tag ${tag}` }, words),
        el("span", { class: "meta" }, `${day(row.from)} – ${day(row.to)} · `, t(`còn ${number(row.left.length)} đơn vị`, `${number(row.left.length)} units left`))), body);
    details.addEventListener("toggle", () => details.open && !body.childElementCount && this.fill(body, row));
    if (row.id === this.wanted) details.open = true;
    return el("li", {}, details);
  }

  /** @param {HTMLElement} body @param {Round} row */
  async fill(body, row) {
    try {
      const round = await get(`/intake/v1/rounds/${row.id}`);
      body.replaceChildren(this.facts(round), this.assigned(round), ...this.forms(round),
        ...(round.drawn_event && round.candidates ? [drawCheck(round, (unit) => this.name(unit), GROUP)] : []));
    } catch (error) {
      const problem = problemOf(error);
      flash("bad", problem.message);
    }
  }

  /** @param {Round} round */
  facts(round) {
    const units = (/** @type {string[]} */ list) => list.map((unit) => this.name(unit)).join(", ") || "–";
    const drawn = round.drawn?.map(({ group, units: listed }) => `${GROUP[group]}: ${units(listed)}`).join("; ");
    const said = [
      [t("Rút thăm trong", "Drawn from"), round.strata.map(({ group, size }) => `${GROUP[group]}: ${number(size)}`).join("; ") || "–"],
      [t("Trúng thăm", "Drawn"), drawn || "–"],
      [t("Chọn sẵn", "Chosen"), round.chosen.map(({ unit, selection }) => `${this.name(unit)} (${(WHY[selection] ?? t("có trọng điểm", "targeted")).toLowerCase()})`).join(", ") || "–"],
      [t("Không rút thăm", "Left out"), units(round.exclude)],
      [t("Kết quả công khai", "Beacon"), round.beacon ? `${round.beacon.name}, ${day(round.beacon.date)}: ${round.beacon.value ?? t("chưa ghi", "not told yet")}` : t("không hẹn", "none")],
      [t("Còn phải kiểm tra", "Left"), units(round.left)],
      [t("Phân công ngẫu nhiên", "Assigned at random"), round.random_share ? percent(round.random_share) : "–"],
    ];
    return el("dl", { class: "facts" }, said.flatMap(([term, words]) => [el("dt", {}, term), el("dd", {}, words)]));
  }

  /** @param {Round} round */
  assigned({ assignments }) {
    return el("ul", { class: "assigned" }, assignments.map(({ unit, from, to, opener, team, inspection }) => el("li", {}, el("b", {}, this.name(unit)),
      ` · ${day(from)} – ${day(to)}`, opener && ` · ${[opener, .../** @type {string[]} */ (team)].join(", ")}`, inspection && el("span", { class: "tag good" }, t("Đã mở", "Opened")))));
  }

  /** @param {Round} round */
  forms(round) {
    /** @type {Record<string, () => HTMLElement>} */
    const made = { beacon: () => this.beaconForm(/** @type {Round & { beacon: Beacon }} */ (round)), assignments: () => this.assignForm(round), closing: () => this.closingForm(round) };
    return round.may.map((noun) => made[noun]());
  }

  /** A form folded away under its name, for one write about a round. @param {Round} round @param {string} noun @param {string} title @param {HTMLElement[]} fields @param {Omit<Parameters<typeof wire>[1], "name" | "path" | "done"> & { said: string }} how */
  folded(round, noun, title, fields, how) {
    const form = el("form", { class: "case-form", id: `${noun}-${round.id}`, novalidate: true }, ...fields, el("button", {}, title));
    return el("details", { class: "erasure" }, el("summary", {}, title), wire(form, {
      name: `${this.desk.account}/${noun}/${round.id}`, path: (id) => `/intake/v1/rounds/${round.id}/${noun}/${id}`,
      done: async () => { await this.show(this.wanted); flash("good", how.said); }, ...how,
    }));
  }

  /** @param {Round & { beacon: Beacon }} round */
  beaconForm(round) {
    const id = `beacon-value-${round.id}`;
    return this.folded(round, "beacon", t("Ghi kết quả công khai", "Tell the beacon"), [field(id, "value", "/value", round.beacon.name)], {
      write: ({ value }) => ({ body: { value: tidy(value) }, errors: new RegExp(round.beacon.pattern, "u").test(tidy(value)) ? [] : [{ pointer: "/value", detail: t(`không theo mẫu ${round.beacon.pattern}`, `is not as ${round.beacon.pattern} says`) }] }),
      sure: ({ value }) => confirmed(t(`Ghi ${tidy(value)}?`, `Tell ${tidy(value)}?`), t("Chỉ ghi được một lần; số này quyết định đơn vị trúng thăm.", "It can be told only once; it decides who is drawn."), t("Ghi", "Tell it"), t("Xem lại", "Look again")),
      said: t("Đã ghi kết quả công khai.", "The beacon is told."),
    });
  }

  /** @param {Round} round */
  assignForm(round) {
    const id = (/** @type {string} */ name) => `assign-${name}-${round.id}`;
    const named = [...new Set([...round.left, ...(round.drawn ?? []).flatMap(({ units }) => units), ...round.chosen.map(({ unit }) => unit)])];
    if (!named.length) return el("p", { class: "hint" }, t("Rút thăm xong mới phân công được.", "Units are assigned once they are drawn."));
    return this.folded(round, "assignments", t("Phân công", "Assign"), [
      el("div", { class: "field" }, el("label", { for: id("unit") }, t("Đơn vị", "Unit")), el("select", { id: id("unit"), name: "unit", "data-pointer": "/unit" }, named.map((unit) => el("option", { value: unit }, this.name(unit))))),
      field(id("opener"), "opener", "/opener", t("Trưởng đoàn (tài khoản)", "Who opens it (account)"), { autocapitalize: "none" }),
      field(id("team"), "team", "/team", t("Thành viên khác, cách nhau bằng dấu phẩy", "Others, separated by commas"), { autocapitalize: "none" }),
      days(id("from"), "from", "/from", t("Từ ngày", "From")), days(id("to"), "to", "/to", t("Đến ngày", "To")),
    ], {
      write: ({ unit, opener, team, from, to }) => ({
        body: { unit, opener: tidy(opener).toLowerCase(), team: tidy(team).toLowerCase().split(/[\s,;]+/).filter(Boolean), from: dayOf(from), to: dayOf(to) },
        errors: [...(tidy(opener) ? [] : [{ pointer: "/opener", detail: t("Hãy ghi tài khoản", "Give the account") }]), ...dayFault("/from", from), ...dayFault("/to", to)],
      }),
      again: t("Phân công thêm", "Assign another"), said: t("Đã phân công. Điện thoại của đoàn sẽ hiện phân công này.", "Assigned. The team's phones will show it."),
    });
  }

  /** @param {Round} round */
  closingForm(round) {
    return this.folded(round, "closing", t("Kết thúc đợt", "Close the round"), [textField(`round-note-${round.id}`, "note", "/private/note", t("Ghi chú", "Note"), t("Không bắt buộc, không công khai", "Optional, private"))], {
      write: ({ note }) => ({ body: tidy(note) ? { private: { note: tidy(note) } } : {} }),
      sure: () => confirmed(t("Kết thúc đợt kiểm tra?", "Close the round?"), t("Sau đó không rút thăm, phân công hay mở cuộc kiểm tra theo đợt này nữa.", "Nothing is drawn, assigned or opened for it any more."), t("Kết thúc", "Close"), t("Chưa", "Not yet")),
      said: t("Đã kết thúc đợt.", "The round is closed."),
    });
  }
}

/** The year's coverage against its target, by group, and who is left. @param {Coverage} coverage @param {(unit: string) => string} name */
function covered({ year, target, groups, left }, name) {
  const total = groups.reduce((sum, { units }) => sum + units, 0);
  const seen = groups.reduce((sum, { inspected }) => sum + inspected, 0);
  const rows = [...groups.map(({ group, ...row }) => ({ ...row, label: GROUP[group] })), { label: t("Tất cả", "All"), units: total, inspected: seen, share: total ? String(seen / total) : "0" }];
  return [
    el("h3", {}, t(`Độ bao phủ năm ${year}`, `Coverage of ${year}`)),
    el("p", {}, t(`Đã kiểm tra ${number(seen)} trong ${number(total)} đơn vị; mục tiêu ${percent(target)}, còn thiếu ${number(Math.max(0, Math.ceil(total * Number(target)) - seen))}.`,
      `Inspected ${number(seen)} of ${number(total)} units; the target is ${percent(target)}, ${number(Math.max(0, Math.ceil(total * Number(target)) - seen))} to go.`)),
    el("div", { class: "table-wrap", tabindex: "0", role: "group", "aria-label": t("Độ bao phủ", "Coverage") }, el("table", { class: "stacked" }, el("thead", {}, el("tr", {}, [t("Loại đơn vị", "Group"), t("Đơn vị", "Units"), t("Đã kiểm tra", "Inspected"), t("Tỷ lệ", "Share")].map((words, place) => el("th", { scope: "col", class: place ? "figure" : null }, words)))),
      el("tbody", {}, rows.map(({ label, units, inspected, share }) => el("tr", {}, el("th", { scope: "row" }, label), el("td", { class: "figure", "data-label": t("Đơn vị", "Units") }, number(units)), el("td", { class: "figure", "data-label": t("Đã kiểm tra", "Inspected") }, number(inspected)),
        el("td", { class: "figure", "data-label": t("Tỷ lệ", "Share") }, el("span", { class: `tag ${Number(share) >= Number(target) ? "good" : "warn"}` }, percent(share)))))))),
    left.length > 0 && el("details", {}, el("summary", {}, t(`Chưa kiểm tra: ${number(left.length)} đơn vị`, `Not inspected: ${number(left.length)} units`)), el("p", {}, left.map(name).join(", "))),
  ];
}

/** The form of a plan: it counts the candidates of each group as one types. */
class Plan {
  /** @param {Rounds} rounds */
  constructor(rounds) {
    this.rounds = rounds;
    this.form = /** @type {any} */ (byId("plan-form"));
    this.named = /** @type {Named[]} */ ([]);
    this.picker = new UnitPicker("plan-unit", (unit) => unit && this.add(unit));
    for (const name of ["from", "to", "beacon-date"]) dayField(byId(`plan-${name}`));
    this.form.addEventListener("change", () => this.preview());
    wire(this.form, {
      name: `${rounds.desk.account}/plan`, path: (id) => `/intake/v1/rounds/${id}`, write: (fields) => this.write(fields),
      again: t("Lập thêm một đợt khác", "Plan another round"), restore: ({ named }) => this.take(JSON.parse(named || "[]")),
      sure: (fields) => confirmed(t("Ghi kế hoạch vào nhật ký?", "Write the plan into the log?"), t(`Kế hoạch ${tidy(fields.basis)} không sửa được, chỉ thay được bằng đợt khác. Đơn vị được rút thăm từ chính nhật ký.`, `Plan ${tidy(fields.basis)} cannot be changed, only replaced. The units are drawn by the log itself.`), t("Ghi kế hoạch", "Write it"), t("Xem lại", "Look again")),
      done: async ({ id }) => {
        this.form.reset();
        this.take([]);
        byId("plan").removeAttribute("open");
        await this.rounds.show(null);
        flash("good", el("p", {}, t("Đã ghi kế hoạch. ", "The plan is written. "), el("a", { href: `#/rounds/${id}` }, t("Xem đợt này", "See the round"))));
      },
    });
  }

  /** @param {Unit[]} units @param {Round[]} rounds */
  offer(units, rounds) {
    this.units = units;
    this.picker.offer(units);
    byId("plan-replaces").replaceChildren(el("option", { value: "" }, t("Không thay đợt nào", "Replaces none")),
      ...rounds.filter(({ state }) => ["planned", "drawn"].includes(state)).map(({ id, basis, from, to }) => el("option", { value: id }, `${basis}, ${day(from)} – ${day(to)}`)));
    this.preview();
  }

  /** @param {string} unit */
  add(unit) {
    if (!this.named.some((one) => one.unit === unit)) this.take([...this.named, { unit, why: "exclude" }]);
    this.picker.restore(null, "");
  }

  /** Show who is named, and keep it with the form. @param {Named[]} named */
  take(named) {
    this.named = named;
    this.form.elements.named.value = JSON.stringify(named);
    byId("plan-named").replaceChildren(...named.map((one) => el("li", {}, el("span", {}, this.units?.find(({ unit }) => unit === one.unit)?.name ?? one.unit),
      el("select", { "aria-label": t("Vì sao", "Why"), onchange: ({ target }) => { one.why = target.value; this.take(named); } }, Object.entries(WHY).map(([value, words]) => el("option", { value, selected: value === one.why }, words))),
      el("button", { type: "button", class: "quiet", onclick: () => this.take(named.filter((each) => each !== one)) }, t("Bỏ", "Remove")))));
    this.form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** How many could be drawn in each group, on the round's first day. */
  async preview() {
    const first = dayOf(this.form.elements.from.value);
    if (first && first !== this.at) {
      /** @type {string} */
      this.at = first;
      this.valid = await all(`/intake/v1/units?limit=1000&at=${first}`).catch(() => null);
    }
    const listed = (first && this.valid) || this.units || [];
    const left = listed.filter(({ unit }) => !this.named.some((one) => one.unit === unit));
    for (const group of Object.keys(GROUP)) byId(`plan-of-${group}`).textContent = t(`trong ${number(left.filter((unit) => unit.group === group).length)}`, `of ${number(left.filter((unit) => unit.group === group).length)}`);
  }

  /** @param {Fields} fields */
  write(fields) {
    const { basis, kind, from, to, replaces } = fields;
    const strata = Object.keys(GROUP).map((group) => ({ group, size: Number(fields[`size-${group}`] || 0) })).filter(({ size }) => size !== 0);
    const exclude = this.named.filter(({ why }) => why === "exclude").map(({ unit }) => unit);
    const chosen = this.named.filter(({ why }) => why !== "exclude").map(({ unit, why }) => ({ unit, selection: why }));
    const beacon = fields["beacon-name"] && { name: tidy(fields["beacon-name"]), date: dayOf(fields["beacon-date"]), pattern: tidy(fields["beacon-pattern"]) };
    const errors = [...dayFault("/from", from), ...dayFault("/to", to), ...(beacon ? dayFault("/beacon/date", fields["beacon-date"]) : [])];
    if (!tidy(basis)) errors.unshift({ pointer: "/basis", detail: t("Hãy ghi số kế hoạch", "Give the plan's number") });
    if (!strata.length && !chosen.length) errors.push({ pointer: "/strata", detail: t("Hãy ghi số đơn vị rút thăm, hoặc chọn đơn vị", "Say how many are drawn, or choose units") });
    const body = { basis: tidy(basis), kind, from: dayOf(from), to: dayOf(to), strata, ...(exclude.length && { exclude }), ...(chosen.length && { chosen }), ...(beacon && { beacon }), ...(replaces && { replaces }) };
    return { body, errors };
  }
}
