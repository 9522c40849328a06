// The head of a unit: what was found, a button that says it was seen, and a reply to each finding. What can be answered
// stands in one tab, what only the heads of units below can answer in another, and all that is over in the third.

import { all, get, put } from "../../assets/api.js";
import { byId, el, flash } from "../../assets/dom.js";
import { day, number, t } from "../../assets/words.js";
import { answerable, byCode, caseOf, left, undecided, whole } from "./cases.js";
import { choices, textField, wire } from "./forms.js";
import { FilteredList } from "./list.js";
import * as directory from "../shared/directory.js";
import { tidy } from "../shared/drafts.js";
import { KIND } from "./labels.js";
import { uuid7 } from "../shared/uuid7.js";

const mayReply = (finding) => answerable(finding) && finding.state === "recorded";
const pending = (finding) => undecided(finding) && !finding.settled;

/** The closed inspections of the head's units, each with its findings. */
async function read() {
  const [inspections, findings] = await Promise.all([all("/intake/v1/inspections?state=closed&limit=200"), all("/intake/v1/findings?limit=200")]);
  return inspections.map((inspection) => ({ ...inspection, found: findings.filter((finding) => finding.inspection === inspection.id).sort(byCode) }));
}

const words = (catalogue) => (row) => [row.unit_name, row.unit, ...row.found.map((each) => `${each.code} ${catalogue.byCode.get(each.code)?.name ?? ""}`)].join(" ");

const EMPTY = {
  answer: t("Không có ghi nhận nào chờ giải trình.", "No finding waits for a reply."),
  following: t("Không có hồ sơ nào của đơn vị trực thuộc đang xử lý.", "No case of a unit below is under way."),
  answered: t("Chưa có.", "None yet."),
};

/** What of an inspection is found, waits for a reply, and for how long. */
function progress({ found, ...inspection }) {
  const [count, open, decided] = [found.filter(answerable), found.filter(mayReply), found.filter(pending)];
  if (!count.length) return t("Không có vi phạm", "No violation");
  const said = [t(`${number(count.length)} ghi nhận`, `${number(count.length)} finding${count.length === 1 ? "" : "s"}`)];
  if (open.length) said.push(t(`${number(open.length)} chờ giải trình`, `${number(open.length)} to answer`), left(open.find((each) => each.reply_due) ?? inspection));
  else if (decided.length) said.push(t(`${number(decided.length)} chờ kết luận`, `${number(decided.length)} to be decided`));
  else said.push(t("đã xong", "done"));
  return said.filter(Boolean).join(" · ");
}

export class Head {
  constructor(desk, name) {
    this.desk = desk;
    this.name = name;
    this.wanted = null;
    this.own = new Set(desk.me.roles.filter(({ role }) => role === "unit_head").map(({ unit }) => unit));
    this.list = new FilteredList(name, { text: words(desk.catalogue), draw: (row) => this.card(row), empty: EMPTY[name] });
  }

  async show(wanted = this.wanted) {
    this.wanted = wanted;
    const [rows, units] = await Promise.all([read(), directory.units(this.desk.account)]);
    this.inBeing = new Set(units.map(({ unit }) => unit));
    if (this.name === "answer") this.codes(units);
    const tabs = grouped(rows, (row) => this.tab(row));
    for (const tab of ["answer", "following"]) this.desk.count(tab, tabs.get(tab)?.length ?? 0);
    this.desk.offer("following", rows.some((row) => !this.mine(row)) || this.name === "following");
    const one = wanted && rows.find(({ id }) => id === wanted);
    const followed = this.revealed === wanted; // the link was: what is shown stays where it is, also once it is answered
    if (one && !followed && this.tab(one) !== this.name) return this.desk.go(this.tab(one), wanted);
    if (wanted && !one) this.missing(await get(`/intake/v1/inspections/${wanted}`).catch(() => null));
    this.list.single(one && t("Chỉ một cuộc kiểm tra.", "One inspection only."), `#/${this.name}`);
    this.list.set(one ? [one] : tabs.get(this.name) ?? []);
    this.revealed = wanted;
    return one && !followed && this.reveal(one);
  }

  /** Whose turn it is: the unit's own to answer, that of a unit below, or nobody's any more. */
  tab(row) {
    if (this.mine(row)) return row.found.some(mayReply) ? "answer" : "answered";
    return row.found.some(pending) ? "following" : "answered";
  }

  missing(inspection) {
    flash("warn", inspection ? t("Cuộc kiểm tra này chưa kết thúc: đơn vị giải trình sau khi kết thúc.", "This inspection is still open: the unit replies after its end.")
      : t("Không có cuộc kiểm tra này, hoặc nằm ngoài phạm vi của tài khoản.", "There is no such inspection, or it lies outside the account's scope."));
  }

  reveal({ id }) {
    const card = this.list.list.querySelector(`[data-inspection="${id}"]`);
    const first = card?.querySelector(".case[data-waits]") ?? card?.querySelector(".case");
    first?.setAttribute("open", "");
    first?.querySelector("summary").focus();
  }

  codes(units) {
    byId("answer-codes").replaceChildren(...units.filter(({ unit }) => this.own.has(unit))
      .map(({ unit, name }) => el("a", { href: `/intake/units/${unit}/qr` }, t(`Mã QR của ${name}, in ra và treo`, `QR code of ${name}, to print and hang up`))));
  }

  card(inspection) {
    const [line, seen] = [el("p", { class: "meta" }), el("div", {})];
    const cases = new Map();
    const node = el("li", { "data-inspection": inspection.id },
      el("div", { class: "title-line" }, el("h3", {}, inspection.unit_name), el("span", { class: "tag info" }, KIND[inspection.kind])), line, seen);
    node.update = (row) => {
      line.replaceChildren(el("b", {}, progress(row)),
        el("span", {}, t(`Kiểm tra ngày ${day(row.opened_at)}`, `Inspected on ${day(row.opened_at)}`)), el("span", {}, whole(row.basis)));
      seen.replaceChildren(...[this.seenLine(row)].filter(Boolean));
      for (const finding of row.found) {
        if (cases.has(finding.id)) cases.get(finding.id).update(finding);
        else {
          cases.set(finding.id, caseOf({ ...finding }, this.desk.catalogue, {
            waits: (each) => this.mine(row) && mayReply(each), form: (full, onward) => mayReply(full) && this.mine(full) && this.form(full, onward),
          }));
          node.append(cases.get(finding.id));
        }
      }
    };
    node.update(inspection);
    if (!inspection.found.length) node.append(el("p", {}, t("Không có ghi nhận.", "No finding.")));
    return node;
  }

  /** A reply tells as well that the unit has seen it. */
  seenLine(inspection) {
    if (!this.mine(inspection)) return el("p", { class: "hint" }, t("Đơn vị trực thuộc: người đứng đầu đơn vị đó trả lời.", "A unit below: its own head answers."));
    if (!inspection.found.some(answerable)) return null;
    if (inspection.acknowledged || inspection.found.some(({ state, accepts }) => state === "replied" || accepts !== null)) return el("p", {}, el("span", { class: "tag good" }, t("Đã xem", "Seen")));
    const id = uuid7();
    const acknowledge = async ({ target }) => {
      try {
        await put(`/intake/v1/inspections/${inspection.id}/acknowledgement/${id}`, {});
        target.closest("li").querySelector(".case summary")?.focus();
        await this.show();
        flash("good", t("Đã ghi: đơn vị đã xem. Hạn giải trình không đổi.", "Noted as seen. The reply's deadline is unchanged."));
      } catch (problem) {
        flash("bad", problem.message);
      }
    };
    return el("p", { class: "actions" }, el("button", { type: "button", class: "quiet", onclick: acknowledge }, t("Xác nhận đã xem", "Mark as seen")));
  }

  /** Only a unit's own head answers; the cases of a unit that has passed into another are its heir's. */
  mine({ unit }) {
    return this.own.has(unit) || !this.inBeing.has(unit);
  }

  form(finding, onward) {
    const form = el("form", { class: "case-form", id: `reply-${finding.id}`, novalidate: true },
      choices("accepts", "/accepts", t("Ý kiến của đơn vị", "The unit's view"), [
        ["true", t("Thống nhất", "Agree")],
        ["false", t("Không thống nhất, đề nghị xem xét", "Disagree, ask for a review"), t("Sở Nội vụ sẽ xem xét và quyết định", "the Department will look into it and decide")],
      ]),
      textField(`text-${finding.id}`, "text", "/private/text", t("Nội dung giải trình", "Reply"), t("Nêu sự việc, lý do, văn bản kèm số. Được lưu mã hóa.", "State facts, reasons, documents by number. Stored encrypted.")),
      el("button", {}, t("Gửi giải trình", "Send the reply")));
    return wire(form, {
      name: `${this.desk.account}/reply/${finding.id}`,
      path: (id) => `/intake/v1/findings/${finding.id}/reply/${id}`,
      write: ({ accepts, text }) => {
        const said = tidy(text);
        const errors = [];
        if (!accepts) errors.push({ pointer: "/accepts", detail: t("Hãy chọn thống nhất hoặc không thống nhất", "Choose agree or disagree") });
        if (accepts === "false" && !said) errors.push({ pointer: "/private/text", detail: t("Hãy nêu lý do không thống nhất", "Say why the unit disagrees") });
        return { body: { accepts: accepts === "true", ...(said && { private: { text: said } }) }, errors };
      },
      later: ({ accepts }) => (accepts === "true" ? t(`${finding.code}: đơn vị thống nhất.`, `${finding.code}: the unit agrees.`) : t(`${finding.code}: đơn vị không thống nhất.`, `${finding.code}: the unit disagrees.`)),
      onward,
      done: async () => {
        await this.show();
        flash("good", t(`Đã nhận giải trình cho ghi nhận ${finding.code}.`, `The reply to ${finding.code} was received.`));
      },
    });
  }
}

function grouped(rows, of) {
  const groups = new Map();
  for (const row of rows) groups.set(of(row), [...(groups.get(of(row)) ?? []), row]);
  return groups;
}
