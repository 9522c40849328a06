// The head of a unit: everything that waits for the unit, soonest deadline first, each with the forms that the server names for
// it. What only the heads of units below can answer stands in another tab, and all that is over in the third.

import { get, problemOf, put } from "../../assets/api.js";
import { byId, el, flash } from "../../assets/dom.js";
import { day, number, t } from "../../assets/words.js";
import { now } from "../shared/clock.js";
import * as directory from "../shared/directory.js";
import { uuid7 } from "../shared/uuid7.js";
import { actsOf } from "./acts.js";
import { answerable, byCode, caseOf, left, whole } from "./cases.js";
import { Effects } from "./effect.js";
import { KIND } from "./labels.js";
import { PagedList } from "./list.js";

/** @type {Record<string, string>} */
const LIST = { answer: "todo", following: "following", answered: "done" };
const ANSWERS = ["reply", "remedy-report", "remedy-plan"];
/** @param {Finding} finding */
const waits = ({ may }) => ANSWERS.some((noun) => may.includes(noun));
/** @param {Finding} finding */
const unmended = ({ remedy, deadlines = [] }) => ["due", "planned"].includes(remedy) && deadlines.some(({ of, state }) => of === "remedy" && state !== "met");
/** @param {Finding} finding */
const pending = (finding) => answerable(finding) && !["decided", "withdrawn", "voided"].includes(finding.state) && !finding.settled;

/** @type {Record<string, string>} */
const EMPTY = {
  answer: t("Không có việc nào chờ đơn vị.", "Nothing waits for the unit."),
  following: t("Không có hồ sơ nào của đơn vị trực thuộc đang xử lý.", "No case of a unit below is under way."),
  answered: t("Chưa có.", "None yet."),
};

/** What of an inspection is found, and what of it still waits for whom. @param {DeskRow} row */
function progress({ findings }) {
  const [count, open, remedies, decided] = [findings.filter(answerable), findings.filter(({ may }) => may.includes("reply")),
    findings.filter(unmended), findings.filter(pending)];
  if (!count.length) return t("Không có vi phạm", "No violation");
  const said = [t(`${number(count.length)} ghi nhận`, `${number(count.length)} finding${count.length === 1 ? "" : "s"}`)];
  if (open.length) said.push(t(`${number(open.length)} chờ giải trình`, `${number(open.length)} to answer`));
  if (remedies.length) said.push(t(`${number(remedies.length)} chờ khắc phục`, `${number(remedies.length)} to put right`));
  if (!open.length && decided.length) said.push(t(`${number(decided.length)} chờ kết luận`, `${number(decided.length)} to be decided`));
  if (said.length === 1) said.push(t("đã xong", "done"));
  return said.join(" · ");
}

/** The soonest deadline in words, amber in the last two working days, red on the last and after it. @param {Record<string, any>} row */
function due({ due: when, working_days_left: days }) {
  const rest = left({ reply_due: when, working_days_left: days });
  return rest && el("span", { class: `due ${days === 0 || Date.parse(when) < now() ? "late" : days <= 2 ? "soon" : ""}` },
    t(`Hạn: hết ngày ${day(when)} · ${rest}`, `Due by the end of ${day(when)} · ${rest}`));
}

/** What should have been put right by now, in words, since the day of the oldest. @param {DeskRow} row */
function overdue({ findings }) {
  const passed = findings.filter(unmended).flatMap(({ deadlines }) => deadlines.filter(({ of, state }) => of === "remedy" && state === "lapsed")).map((one) => one.due).sort();
  return passed.length > 0 && el("span", { class: "due late" }, t(`Quá hạn khắc phục: hạn đã hết ngày ${day(passed[0])}`, `Remedy overdue: it was due by the end of ${day(passed[0])}`));
}

export class Head {
  /** @param {Desk} desk @param {string} name */
  constructor(desk, name) {
    this.desk = desk;
    this.name = name;
    this.wanted = /** @type {string | null} */ (null);
    this.own = new Set(desk.me.roles.filter(({ role }) => role === "unit_head").map(({ unit }) => unit));
    this.effects = new Effects();
    this.list = new PagedList(name, {
      path: (words) => `/intake/v1/desk?list=${LIST[name]}&limit=10${words && `&q=${encodeURIComponent(words)}`}`,
      draw: (row) => this.card(row), empty: EMPTY[name], counted: (total) => desk.count(name, name === "answered" ? 0 : total),
    });
  }

  async show(/** @type {string | null} */ wanted = this.wanted) {
    this.wanted = wanted;
    if (this.name === "answer") directory.units(this.desk.account).then((units) => this.codes(units), () => {});
    if (this.own.size) this.below();
    if (!wanted) {
      /** @type {string | null} */
      this.revealed = null;
      this.list.single(null);
      return this.list.show();
    }
    return this.one(wanted);
  }

  /** The inspection that a link names, wherever it stands by now. @param {string} wanted */
  async one(wanted) {
    const { items: [row] } = await get(`/intake/v1/desk?inspection=${wanted}`).catch(() => ({ items: [] }));
    if (!row) {
      this.missing(await get(`/intake/v1/inspections/${wanted}`).catch(() => null));
      this.wanted = null;
      return this.list.show();
    }
    const followed = this.revealed === wanted; // the link was: what is shown stays where it is, also once it is answered
    if (!followed && tab(row) !== this.name) return this.desk.go(tab(row), wanted);
    this.list.single(t("Chỉ một cuộc kiểm tra.", "One inspection only."), `#/${this.name}`);
    this.list.set([row]);
    this.revealed = wanted;
    this.count();
    return !followed && this.reveal(row);
  }

  /** How much waits, where only one is shown. */
  async count() {
    const { total } = await get(`/intake/v1/desk?list=todo&limit=1`).catch(() => ({}));
    if (total !== undefined) this.desk.count("answer", total);
  }

  /** The tab of units below is there for whoever has some. */
  async below() {
    const { total } = await get("/intake/v1/desk?list=following&limit=1").catch(() => ({ total: 0 }));
    this.desk.count("following", total);
    this.desk.offer("following", total > 0 || this.name === "following");
  }

  /** @param {Inspection | null} inspection */
  missing(inspection) {
    flash("warn", inspection ? t("Cuộc kiểm tra này chưa kết thúc: đơn vị giải trình sau khi kết thúc.", "This inspection is still open: the unit replies after its end.")
      : t("Không có cuộc kiểm tra này, hoặc nằm ngoài phạm vi của tài khoản.", "There is no such inspection, or it lies outside the account's scope."));
  }

  /** @param {DeskRow} row */
  reveal({ id }) {
    const card = this.list.list.querySelector(`[data-inspection="${id}"]`);
    const first = card?.querySelector(".case[data-waits]") ?? card?.querySelector(".case");
    first?.setAttribute("open", "");
    first?.querySelector("summary")?.focus();
  }

  /** @param {Unit[]} units */
  codes(units) {
    byId("answer-codes").replaceChildren(...units.filter(({ unit }) => this.own.has(unit))
      .map(({ unit, name }) => el("a", { href: `/intake/units/${unit}/qr` }, t(`Mã QR của ${name}, in ra và treo`, `QR code of ${name}, to print and hang up`))));
  }

  /** @param {DeskRow} inspection */
  card(inspection) {
    const [line, facts, seen] = [el("p", { class: "meta" }), el("p", { class: "meta" }), el("div", {})];
    const cases = new Map();
    const node = el("li", { "data-inspection": inspection.id },
      el("div", { class: "title-line" }, el("h3", {}, inspection.unit_name), el("span", { class: "tag info" }, KIND[inspection.kind])), line, facts, seen);
    node.update = (row) => {
      line.replaceChildren(el("b", {}, progress(row)), due(row) || "", overdue(row) || "");
      facts.replaceChildren(el("span", {}, t(`Kiểm tra ngày ${day(row.opened_at)}`, `Inspected on ${day(row.opened_at)}`)), el("span", {}, whole(row.basis)));
      seen.replaceChildren(this.seenLine(row) ?? "");
      for (const finding of row.findings.sort(byCode)) {
        if (cases.has(finding.id)) cases.get(finding.id).update(finding);
        else {
          cases.set(finding.id, caseOf({ ...finding }, this.desk.catalogue, { dated: false, waits, form: (full, onward, read) => this.acts(row, full, onward, read) }));
          node.append(cases.get(finding.id));
        }
      }
    };
    node.update(inspection);
    if (!inspection.findings.length) node.append(el("p", {}, t("Không có ghi nhận.", "No finding.")));
    return node;
  }

  /** @param {DeskRow} row @param {Case} full @param {() => void} onward @param {() => Promise<void>} read */
  async acts({ quarter, unit }, full, onward, read) {
    const effect = full.may.includes("reply") ? await this.effects.of(quarter, unit, full) : null;
    return actsOf(this.desk, full, { onward, effect, done: async () => {
      await this.show();
      await read();
    } });
  }

  /** A reply tells as well that the unit has seen it. @param {DeskRow} inspection */
  seenLine(inspection) {
    if (!inspection.own) return el("p", { class: "hint" }, t("Đơn vị trực thuộc: người đứng đầu đơn vị đó trả lời.", "A unit below: its own head answers."));
    if (!inspection.findings.some(answerable)) return null;
    if (inspection.acknowledged || inspection.findings.some(({ state, accepts }) => state === "replied" || accepts !== null)) return el("p", {}, el("span", { class: "tag good" }, t("Đã xem", "Seen")));
    const id = uuid7();
    const acknowledge = async (/** @type {{ target: HTMLElement }} */ { target }) => {
      try {
        await put(`/intake/v1/inspections/${inspection.id}/acknowledgement/${id}`, {});
        /** @type {HTMLElement} */ (target.closest("li")).querySelector(".case summary")?.focus();
        await this.show();
        flash("good", t("Đã ghi: đơn vị đã xem. Hạn giải trình không đổi.", "Noted as seen. The reply's deadline is unchanged."));
      } catch (error) {
        const problem = problemOf(error);
        flash("bad", problem.message);
      }
    };
    return el("p", { class: "actions" }, el("button", { type: "button", class: "quiet", onclick: acknowledge }, t("Xác nhận đã xem", "Mark as seen")));
  }
}

/** Whose turn it is: the unit's own to answer, that of a unit below, or nobody's any more. @param {DeskRow} row */
function tab({ own, findings }) {
  if (own) return findings.some((finding) => waits(finding) || unmended(finding)) ? "answer" : "answered";
  return findings.some((finding) => pending(finding) || unmended(finding)) ? "following" : "answered";
}
