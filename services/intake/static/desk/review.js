// The Department's reviewer: the finding beside the unit's reply, the decision with its reason, and what was handled.

import { all, get } from "../../assets/api.js";
import { byId, el, flash } from "../../assets/dom.js";
import { day, t } from "../../assets/words.js";
import { answerable, awaitsDecision, byCode, caseOf, rowsOf, undecided, words } from "./cases.js";
import { requestForm } from "./erasure.js";
import { choices, textField, wire } from "./forms.js";
import { FilteredList } from "./list.js";
import { tidy } from "../shared/drafts.js";
import { OUTCOME, OUTCOME_EFFECT } from "./labels.js";

const PENDING = ["replied", "lapsed", "recorded"];
const HANDLED = ["decided", "withdrawn"];

/** The outcomes that make sense now: nothing is upheld before the unit was heard, and only level 4 is referred. */
const offered = ({ severity, state }) => Object.keys(OUTCOME).filter((outcome) => {
  if (outcome === "referred") return severity === 4;
  return outcome !== "upheld" || (severity !== 4 && state !== "recorded");
});

export class Waiting {
  constructor(desk) {
    this.desk = desk;
    this.list = new FilteredList("waiting", {
      text: words(desk.catalogue),
      draw: (finding) => this.row(finding),
      empty: t("Không có hồ sơ nào chờ quyết định.", "No case waits for a decision."),
    });
    this.others = byId("waiting-others");
    this.others.addEventListener("change", () => this.findings && this.fill());
  }

  async show(wanted = this.wanted) {
    this.wanted = wanted;
    const lists = await Promise.all(PENDING.map((state) => all(`/intake/v1/findings?state=${state}&limit=200`)));
    this.findings = lists.flat().filter(undecided);
    this.desk.count("waiting", this.findings.filter(awaitsDecision).length);
    if (!wanted) {
      this.revealed = null;
      return this.fill();
    }
    const [{ unit_name: unit, opened_at: opened }, found] = await Promise.all([
      get(`/intake/v1/inspections/${wanted}`), all(`/intake/v1/findings?inspection=${wanted}&limit=200`),
    ]);
    this.list.single(t(`Chỉ cuộc kiểm tra ngày ${day(opened)} tại ${unit}.`, `Only the inspection of ${day(opened)} at ${unit}.`), "#/waiting");
    this.list.set(found.filter(answerable).sort(byCode));
    if (this.revealed !== wanted) this.reveal();
    this.revealed = wanted;
    return null;
  }

  /** Once, when the link is followed: the first that waits, or else the first. */
  reveal() {
    (this.list.list.querySelector(".case[data-waits] > summary") ?? this.list.list.querySelector(".case > summary"))?.focus();
  }

  row(finding) {
    const shown = caseOf({ ...finding }, this.desk.catalogue, {
      unit: true, waits: awaitsDecision, form: (full, onward) => [undecided(full) && this.form(full, onward), requestForm(this.desk.account, full)],
    });
    const node = el("li", {}, shown);
    node.update = (newer) => shown.update(newer);
    return node;
  }

  /** Those that wait for a decision; on demand also those in the reply period, and those that count without one. */
  fill() {
    const waiting = this.findings.filter(awaitsDecision);
    const others = this.others.checked ? this.findings.filter((finding) => !awaitsDecision(finding)) : [];
    this.list.single(null);
    this.list.set([...waiting, ...others]);
  }

  form(finding, onward) {
    const form = el("form", { class: "case-form", id: `decide-${finding.id}`, novalidate: true },
      finding.state === "recorded" && finding.severity !== 4
        && el("p", { class: "hint" }, t("Còn trong hạn giải trình: chưa thể xác nhận vi phạm.", "Still in the reply period: it cannot be upheld yet.")),
      choices("outcome", "/outcome", t("Quyết định", "Decision"),
        offered(finding).map((outcome) => [outcome, OUTCOME[outcome], OUTCOME_EFFECT[outcome]]), "outcomes"),
      textField(`reason-${finding.id}`, "reason", "/private/reason", t("Lý do", "Reason"), t("Bắt buộc. Đơn vị đọc được; lưu mã hóa.", "Required. The unit can read it; stored encrypted.")),
      el("button", {}, t("Ra quyết định", "Decide")));
    return wire(form, {
      name: `${this.desk.account}/decide/${finding.id}`,
      path: (id) => `/intake/v1/findings/${finding.id}/decision/${id}`,
      write: ({ outcome, reason }) => {
        const errors = [];
        if (!outcome) errors.push({ pointer: "/outcome", detail: t("Hãy chọn một quyết định", "Choose a decision") });
        if (!tidy(reason)) errors.push({ pointer: "/private/reason", detail: t("Hãy ghi lý do", "Give the reason") });
        return { body: { outcome, private: { reason: tidy(reason) } }, errors };
      },
      later: ({ outcome }) => t(`${finding.code}, ${finding.unit_name}: ${OUTCOME[outcome]}.`, `${finding.code}, ${finding.unit_name}: ${OUTCOME[outcome]}.`),
      onward,
      done: async (_, { outcome }) => {
        await this.show();
        flash("good", t(`Đã quyết định ${finding.code}, ${finding.unit_name}: ${OUTCOME[outcome]}.`, `Decided ${finding.code}, ${finding.unit_name}: ${OUTCOME[outcome]}.`));
      },
    });
  }
}

export class History {
  constructor(desk) {
    this.list = new FilteredList("history", {
      text: words(desk.catalogue), empty: t("Chưa có.", "None yet."),
      draw: (finding) => el("li", {}, caseOf(finding, desk.catalogue, { unit: true, form: (full) => requestForm(desk.account, full) })),
    });
  }

  async show() {
    await this.list.show(both(HANDLED.map((state) => () => rowsOf(`/intake/v1/findings?state=${state}&limit=100`))));
  }
}

/** Two lists read side by side as one, newest first within each page. */
async function both(pages) {
  const read = await Promise.all(pages.map((page) => page()));
  const rows = read.flatMap((each) => each.rows).filter(answerable).sort((a, b) => (a.id < b.id ? 1 : -1));
  const following = read.map((each) => each.further).filter(Boolean);
  return { rows, further: following.length ? () => both(following) : null };
}
