// The words of the domain that the phone needs for the values that travel on the wire.

import { t } from "../../assets/words.js";

/** @type {Record<string, string>} */
export const KIND = {
  unannounced: t("Đột xuất", "Unannounced"), planned: t("Theo kế hoạch", "Planned"), recheck: t("Phúc tra", "Re-check"),
};

/** @type {Record<number, string>} */
export const SEVERITY = {
  0: t("Không trừ điểm", "No deduction"),
  1: t("Mức 1: nhắc nhở", "Level 1: remind"),
  2: t("Mức 2: yêu cầu khắc phục", "Level 2: remedy"),
  3: t("Mức 3: đề nghị kiểm điểm", "Level 3: review"),
  4: t("Mức 4: chuyển thẩm quyền", "Level 4: refer"),
};

/** @type {Record<string, string[]>} */
export const STATE = {
  recorded: [t("Đã ghi nhận", "Recorded"), ""],
  replied: [t("Đã giải trình", "Replied"), "info"],
  lapsed: [t("Hết hạn giải trình", "No reply in time"), "warn"],
  withdrawn: [t("Đã rút lại", "Withdrawn"), ""],
  appealed: [t("Đơn vị đề nghị xem xét lại", "Under appeal"), "warn"],
  reopened: [t("Mở lại, chờ quyết định", "Reopened, to be decided"), "warn"],
  unheard: [t("Mở lại, chờ giải trình", "Reopened, the unit may reply"), "warn"],
  voided: [t("Đã hủy cùng cuộc kiểm tra", "Voided with its inspection"), ""],
  decided: [t("Đã quyết định", "Decided"), "good"],
};

/** @type {Record<string, string[]>} */
export const QUEUED = {
  waiting: [t("Chờ gửi", "Waiting"), "warn"],
  sending: [t("Đang gửi", "Sending"), "info"],
  received: [t("Đã nhận", "Received"), "good"],
  logged: [t("Đã gửi xong", "All sent"), "good"],
  failed: [t("Bị từ chối", "Refused"), "bad"],
};

/** The fields of a body, for what the server says about one of them. @type {Record<string, string>} */
export const FIELD = {
  unit: t("Đơn vị", "Unit"), kind: t("Hình thức", "Kind"), selection: t("Căn cứ chọn đơn vị", "How it was chosen"),
  basis: t("Quyết định số", "Order"), team: t("Thành viên đoàn", "Team"), assignment: t("Phân công", "Assignment"), opened_at: t("Lúc bắt đầu", "Start"),
  closed_at: t("Lúc kết thúc", "End"), captured_at: t("Lúc ghi nhận", "Time seen"), count: t("Số lượng", "Count"),
  code: t("Mã vi phạm", "Code"), private: t("Nội dung", "Words"), assigned: t("Biên chế được giao", "Allotted"), late: t("Đi muộn", "Late"),
  quarter: t("Quý", "Quarter"), edition: t("Bản", "Edition"), date: t("Ngày", "Day"), outcome: t("Quyết định", "Decision"),
  parts: t("Phần cần xóa", "What to erase"),
};
