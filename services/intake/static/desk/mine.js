// Those who inspect: what became of their inspections, and what of them they may put right.

import { all, get, problemOf } from "../../assets/api.js";
import { el, one } from "../../assets/dom.js";
import { day, number, t } from "../../assets/words.js";
import { actsOf } from "./acts.js";
import { byCode, caseOf, left, minutes, whole } from "./cases.js";
import { phoneNotices } from "./devices.js";
import { KIND } from "./labels.js";
import { Chips, PagedList } from "./list.js";
import { visitActs } from "./visit.js";

/** @type {Record<string, string[]>} */
const STAGE = {
  open: [t("Đang kiểm tra", "In progress"), "warn"], closed: [t("Đã kết thúc", "Closed"), "good"], voided: [t("Đã hủy", "Voided"), ""],
};

export class Mine {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.list = new PagedList("mine", { path: (words) => this.path(words), draw: (row) => this.card(row), empty: t("Chưa có cuộc kiểm tra nào.", "No inspection yet.") });
    this.others = document.getElementById("mine-all"); // a lead's
    this.others?.addEventListener("change", () => desk.reload("mine"));
    this.stages = new Chips("mine-stages", () => desk.reload("mine"));
  }

  async show(wanted = /** @type {string | null} */ (null)) {
    this.list.single(wanted && t("Chỉ một cuộc kiểm tra.", "One inspection only."), "#/mine");
    if (wanted) return this.one(wanted);
    return this.list.show();
  }

  /** @param {string} words */
  path(words) {
    const asked = { limit: "30", ...(!this.others?.checked && { mine: "true" }), ...(this.stages.value && { stage: this.stages.value }), ...(words && { q: words }) };
    return `/intake/v1/inspections?${new URLSearchParams(asked)}`;
  }

  /** @param {string} id */
  async one(id) {
    this.list.set([await get(`/intake/v1/inspections/${id}`)]);
    const details = one(this.list.list, "details");
    details.open = true;
    one(details, "summary").focus();
  }

  /** @param {Inspection} inspection */
  card(inspection) {
    const { state } = inspection;
    const open = state === "open";
    const found = el("div", {});
    const details = el("details", {}, el("summary", {}, t("Ghi nhận và kết quả", "Findings and results")), found);
    details.addEventListener("toggle", () => { if (details.open) this.fill(inspection, found); });
    return el("li", { "data-inspection": inspection.id },
      el("div", { class: "title-line" }, el("h3", {}, inspection.unit_name),
        el("span", { class: `tag ${STAGE[state]?.[1] ?? ""}` }, STAGE[state]?.[0] ?? state)),
      el("p", { class: "meta" }, el("span", {}, KIND[inspection.kind]), el("span", {}, day(inspection.opened_at)), el("span", {}, whole(inspection.basis)),
        open && el("a", { href: `/intake/#/inspection/${inspection.id}` }, t("Tiếp tục kiểm tra", "Continue"))),
      el("p", { class: "meta" }, el("b", {}, progress(inspection))),
      inspection.roll && roll(inspection.roll),
      !open && el("p", { class: "meta" }, minutes(inspection.id)),
      details);
  }

  /** @param {Inspection} inspection @param {HTMLElement} place */
  async fill(inspection, place) {
    try {
      const [{ devices = [], impartial }, findings] = await Promise.all([
        get(`/intake/v1/inspections/${inspection.id}`), all(`/intake/v1/findings?inspection=${inspection.id}&limit=200`),
      ]);
      const refill = () => this.show(inspection.id);
      place.replaceChildren(...declared(impartial), ...phoneNotices(devices), ...findings.sort(byCode).map((finding) => caseOf(finding, this.desk.catalogue, {
        form: (full) => actsOf(this.desk, full, { done: () => this.fill(inspection, place) }),
      })), ...visitActs(this.desk, inspection, { done: refill }));
      if (!findings.length) place.append(el("p", {}, t("Chưa có ghi nhận nào.", "No finding yet.")));
    } catch (error) {
      const problem = problemOf(error);
      place.replaceChildren(el("p", { class: "notice bad" }, problem.message));
    }
  }
}

/** What was found and what of it still waits: 3 ghi nhận · 1 chờ giải trình · còn 5 ngày làm việc. @param {Inspection} inspection */
function progress({ found, state, ...inspection }) {
  if (!found.all) return state === "open" ? t("Chưa có ghi nhận", "No finding yet") : t("Không có vi phạm", "No violation");
  const said = /** @type {(string | false | null)[]} */ ([t(`${number(found.all)} ghi nhận`, `${number(found.all)} finding${found.all === 1 ? "" : "s"}`)]);
  if (found.reply) said.push(t(`${number(found.reply)} chờ giải trình`, `${number(found.reply)} to be answered`), state === "closed" && left(inspection));
  if (found.decision) said.push(t(`${number(found.decision)} chờ kết luận`, `${number(found.decision)} to be decided`));
  if (!found.reply && !found.decision && state === "closed") said.push(t("đã xong", "done"));
  return said.filter(Boolean).join(" · ");
}

/** @param {boolean} impartial */
const declared = (impartial) => (impartial ? [el("p", { class: "meta" }, t("Người mở cuộc kiểm tra đã cam kết không có xung đột lợi ích.", "Whoever opened it declared no conflict of interest."))] : []);

/** @param {Figures} figures */
const roll = ({ assigned, present, unexcused, late, persons_checked: checked }) => el("p", { class: "meta" },
  el("span", {}, t(`Có mặt ${number(present)}/${number(assigned)}`, `Present ${number(present)} of ${number(assigned)}`)),
  el("span", {}, t(`Đi muộn ${number(late)}`, `Late ${number(late)}`)),
  el("span", {}, t(`Vắng không lý do ${number(unexcused)}`, `Unexcused ${number(unexcused)}`)),
  el("span", {}, t(`Đã kiểm tra ${number(checked)} người`, `${number(checked)} persons checked`)));
