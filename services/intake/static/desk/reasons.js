// A reason with ready words to begin from: what is sent stands in the field, to be read and altered.

import { el, one } from "../../assets/dom.js";
import { t } from "../../assets/words.js";
import { textField } from "./forms.js";

/** The ready words by what they are a reason for. @type {Record<string, string[]>} */
const READY = {
  upheld: [
    t("Ghi nhận rõ ràng, có chứng cứ; giải trình của đơn vị không làm thay đổi sự việc.", "The finding is clear and proven; the unit's reply does not change the facts."),
    t("Đơn vị thừa nhận sự việc và không nêu lý do chính đáng.", "The unit admits the facts and gives no good reason."),
    t("Đơn vị không giải trình trong hạn; chứng cứ của đoàn đầy đủ.", "The unit did not reply in time; the team's evidence is complete."),
  ],
  excused: [t("Đơn vị chứng minh được lý do chính đáng bằng văn bản.", "The unit has shown a good reason by a document.")],
  not_proven: [t("Chứng cứ chưa đủ để xác nhận.", "The evidence does not suffice.")],
  unfounded: [t("Qua xem xét, sự việc không xảy ra như ghi nhận.", "On review, it did not happen as recorded.")],
  system_fault: [t("Nguyên nhân do hệ thống, đơn vị không có lỗi.", "The system was the cause, not the unit.")],
  referred: [t("Có dấu hiệu vượt thẩm quyền của Sở, chuyển cơ quan có thẩm quyền xem xét.", "It goes beyond the Department and is referred to the competent authority.")],
  verified: [t("Đã kiểm tra, kết quả khắc phục đạt yêu cầu.", "Checked: what was put right suffices.")],
  refused: [t("Báo cáo chưa có tài liệu chứng minh kết quả khắc phục.", "The report does not show that it was put right.")],
};

/** The reason's field, with a choice of ready words that follows the chosen outcome. @param {string} id @param {string} hint */
export function reasonField(id, hint) {
  const field = textField(`${id}-reason`, "reason", "/private/reason", t("Lý do", "Reason"), hint);
  const text = one(field, "textarea");
  const ready = el("select", { "aria-label": t("Lý do mẫu", "Ready reasons"), onchange: () => {
    if (!ready.value) return;
    text.value = ready.value;
    ready.value = "";
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  } });
  offer(ready, null);
  queueMicrotask(() => text.form?.addEventListener("change", ({ target }) => { if (/** @type {any} */ (target).name === "outcome") offer(ready, /** @type {any} */ (target).value); }));
  text.before(ready);
  return field;
}

/** @param {HTMLSelectElement} ready @param {string | null} outcome */
function offer(ready, outcome) {
  const words = outcome ? READY[outcome] ?? [] : [];
  ready.replaceChildren(el("option", { value: "" }, t("Chọn lý do mẫu…", "Choose ready words…")), ...words.map((each) => el("option", { value: each }, each)));
  ready.hidden = !words.length;
}
