// Those who inspect: what became of their inspections, and withdrawal of a finding with its reason.

import { all, get } from "../../assets/api.js";
import { byId, el, flash } from "../../assets/dom.js";
import { day, number, t } from "../../assets/words.js";
import { now } from "../shared/clock.js";
import { byCode, caseOf, left, minutes, rowsOf, whole } from "./cases.js";
import { phoneNotices } from "./devices.js";
import { textField, wire } from "./forms.js";
import { Chips, FilteredList } from "./list.js";
import { tidy } from "../shared/drafts.js";
import { KIND } from "./labels.js";

const DAY = 24 * 3600 * 1000;

export class Mine {
  constructor(desk) {
    this.desk = desk;
    this.list = new FilteredList("mine", {
      text: (row) => `${row.unit_name} ${row.unit} ${row.basis}`, draw: (row) => this.card(row),
      empty: t("Chưa có cuộc kiểm tra nào.", "No inspection yet."),
    });
    byId("mine-all")?.addEventListener("change", () => desk.reload("mine"));
    this.stages = new Chips("mine-stages", () => desk.reload("mine"));
  }

  async show(wanted = null) {
    const stage = this.stages.value;
    const whose = byId("mine-all")?.checked ? "" : "&mine=true";
    this.list.single(wanted && t("Chỉ một cuộc kiểm tra.", "One inspection only."), "#/mine");
    if (wanted) return this.one(wanted);
    return this.list.show(rowsOf(`/intake/v1/inspections?limit=50${whose}${stage ? `&stage=${stage}` : ""}`));
  }

  async one(id) {
    this.list.set([await get(`/intake/v1/inspections/${id}`)]);
    const details = this.list.list.querySelector("details");
    details.open = true;
    details.querySelector("summary").focus();
  }

  card(inspection) {
    const open = inspection.state === "open";
    const found = el("div", {});
    const details = el("details", {}, el("summary", {}, t("Ghi nhận và kết quả", "Findings and results")), found);
    details.addEventListener("toggle", () => { if (details.open) this.fill(inspection, found); });
    return el("li", { "data-inspection": inspection.id },
      el("div", { class: "title-line" }, el("h3", {}, inspection.unit_name),
        el("span", { class: open ? "tag warn" : "tag good" }, open ? t("Đang kiểm tra", "In progress") : t("Đã kết thúc", "Closed"))),
      el("p", { class: "meta" }, el("span", {}, KIND[inspection.kind]), el("span", {}, day(inspection.opened_at)), el("span", {}, whole(inspection.basis)),
        open && el("a", { href: `/intake/#/inspection/${inspection.id}` }, t("Tiếp tục kiểm tra", "Continue"))),
      el("p", { class: "meta" }, el("b", {}, progress(inspection))),
      inspection.roll && roll(inspection.roll),
      !open && el("p", { class: "meta" }, minutes(inspection.id)),
      details);
  }

  async fill(inspection, place) {
    try {
      const [{ devices = [], impartial }, findings] = await Promise.all([
        get(`/intake/v1/inspections/${inspection.id}`), all(`/intake/v1/findings?inspection=${inspection.id}&limit=200`),
      ]);
      const refill = () => this.fill(inspection, place);
      place.replaceChildren(...declared(impartial), ...phoneNotices(devices), ...findings.sort(byCode).map((finding) => caseOf(finding, this.desk.catalogue, {
        form: (full) => this.mayWithdraw(full) && this.form(full, refill),
      })));
      if (!findings.length) place.append(el("p", {}, t("Chưa có ghi nhận nào.", "No finding yet.")));
    } catch (problem) {
      place.replaceChildren(el("p", { class: "notice bad" }, problem.message));
    }
  }

  mayWithdraw({ state, filer, received_at: received }) {
    if (["withdrawn", "decided"].includes(state)) return false;
    return this.desk.roles.has("lead") || (filer === this.desk.account && now() - Date.parse(received) < DAY);
  }

  form(finding, refill) {
    const form = el("form", { class: "case-form", id: `withdraw-${finding.id}`, novalidate: true },
      textField(`withdraw-reason-${finding.id}`, "reason", "/private/reason", t("Rút lại: lý do", "Withdraw: reason"), t("Bắt buộc. Ghi nhận vẫn còn trong nhật ký, nhưng không tính.", "Required. The finding stays in the log but counts nothing.")),
      el("button", { class: "danger" }, t("Rút lại ghi nhận", "Withdraw the finding")));
    return wire(form, {
      name: `${this.desk.account}/withdraw/${finding.id}`,
      path: (id) => `/intake/v1/findings/${finding.id}/withdrawal/${id}`,
      write: ({ reason }) => ({
        body: { private: { reason: tidy(reason) } },
        errors: tidy(reason) ? [] : [{ pointer: "/private/reason", detail: t("Hãy ghi lý do rút lại", "Give the reason for withdrawal") }],
      }),
      done: async () => {
        await refill();
        flash("good", t(`Đã rút lại ghi nhận ${finding.code}.`, `Withdrew finding ${finding.code}.`));
      },
    });
  }
}

/** What was found and what of it still waits: 3 ghi nhận · 1 chờ giải trình · còn 5 ngày làm việc. */
function progress({ found, state, ...inspection }) {
  if (!found.all) return state === "open" ? t("Chưa có ghi nhận", "No finding yet") : t("Không có vi phạm", "No violation");
  const said = [t(`${number(found.all)} ghi nhận`, `${number(found.all)} finding${found.all === 1 ? "" : "s"}`)];
  if (found.reply) said.push(t(`${number(found.reply)} chờ giải trình`, `${number(found.reply)} to be answered`), state === "closed" && left(inspection));
  if (found.decision) said.push(t(`${number(found.decision)} chờ kết luận`, `${number(found.decision)} to be decided`));
  if (!found.reply && !found.decision && state === "closed") said.push(t("đã xong", "done"));
  return said.filter(Boolean).join(" · ");
}

const declared = (impartial) => (impartial ? [el("p", { class: "meta" }, t("Người mở cuộc kiểm tra đã cam kết không có xung đột lợi ích.", "Whoever opened it declared no conflict of interest."))] : []);

const roll = ({ assigned, present, unexcused, late, persons_checked: checked }) => el("p", { class: "meta" },
  el("span", {}, t(`Có mặt ${number(present)}/${number(assigned)}`, `Present ${number(present)} of ${number(assigned)}`)),
  el("span", {}, t(`Đi muộn ${number(late)}`, `Late ${number(late)}`)),
  el("span", {}, t(`Vắng không lý do ${number(unexcused)}`, `Unexcused ${number(unexcused)}`)),
  el("span", {}, t(`Đã kiểm tra ${number(checked)} người`, `${number(checked)} persons checked`)));
