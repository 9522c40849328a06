// The words of the domain for the values that travel on the wire.

import { t } from "../../assets/words.js";

export * from "../shared/terms.js";

/** @type {Record<string, string>} */
export const OUTCOME = {
  upheld: t("Xác nhận vi phạm", "Upheld"),
  excused: t("Có lý do chính đáng", "Excused"),
  not_proven: t("Chưa đủ chứng cứ", "Not proven"),
  unfounded: t("Không có căn cứ", "Unfounded"),
  system_fault: t("Do hệ thống, không do đơn vị", "System fault"),
  referred: t("Chuyển cơ quan có thẩm quyền", "Referred"),
};

/** How an outcome is coloured: what counts against the unit, and what does not. @type {Record<string, string>} */
export const OUTCOME_TAG = { upheld: "bad", referred: "warn", excused: "good", not_proven: "good", unfounded: "good", system_fault: "good" };

/** What each outcome means for the unit, shown beside the choice. @type {Record<string, string>} */
export const OUTCOME_EFFECT = {
  upheld: t("tính điểm trừ", "counts as a deduction"),
  excused: t("không tính điểm", "counts nothing"),
  not_proven: t("không tính điểm", "counts nothing"),
  unfounded: t("không tính điểm", "counts nothing"),
  system_fault: t("không tính điểm", "counts nothing"),
  referred: t("mức 4; không tính điểm", "level 4; counts nothing"),
};

/** The private parts of a write, as its commitments name them; photos are numbered. @type {Record<string, string>} */
export const PART = {
  narrative: t("mô tả", "description"), persons: t("người liên quan", "persons concerned"), text: t("nội dung", "words"),
  reason: t("lý do", "reason"), actions: t("việc sẽ làm", "what will be done"), opinion: t("ý kiến của đơn vị", "the unit's opinion"),
  refusal: t("lý do từ chối ký", "the reason for not signing"), minutes: t("thành phần, yêu cầu trong biên bản", "persons and demands of the minutes"),
  signatures: t("chữ ký", "signatures"), position: t("vị trí", "position"), fill: t("nhật ký nhập liệu", "how the form was filled in"), note: t("ghi chú của đợt kiểm tra", "note of a round"),
};

/** The writes that have private parts, by the type of their event. @type {Record<string, string>} */
export const ABOUT = {
  "kycuong.finding.recorded.v1": t("Ghi nhận", "Finding"), "kycuong.finding.replied.v1": t("Giải trình", "Reply"),
  "kycuong.finding.decided.v1": t("Quyết định", "Decision"), "kycuong.finding.withdrawn.v1": t("Rút lại", "Withdrawal"),
  "kycuong.inspection.closed.v1": t("Biên bản kiểm tra", "Minutes of the inspection"),
  "kycuong.survey.recorded.v1": t("Kết quả khảo sát", "Survey"),
  "kycuong.commendation.recorded.v1": t("Biểu dương", "Commendation"),
};

/** @type {Record<string, string[]>} */
export const ERASURE = {
  requested: [t("Chờ duyệt", "Waiting"), "warn"],
  erased: [t("Đã xóa", "Erased"), "good"],
  refused: [t("Đã từ chối", "Refused"), ""],
};

/** @type {Record<string, string>} */
export const ROLE = {
  inspector: t("Thành viên đoàn kiểm tra", "Inspector"), lead: t("Trưởng đoàn", "Team lead"),
  unit_head: t("Người đứng đầu đơn vị", "Head of unit"), reviewer: t("Chuyên viên thẩm định", "Reviewer"),
  auditor: t("Người giám sát nhật ký", "Auditor"), admin: t("Quản trị", "Administrator"),
};

/** What a deadline is of. @type {Record<string, string>} */
export const DUE = {
  reply: t("Hạn giải trình", "Reply due"), remedy: t("Hạn khắc phục", "Remedy due"), appeal: t("Hạn khiếu nại", "Appeal possible"),
};

/** @type {Record<string, string>} */
export const GROUP = {
  so: t("Sở, ban, ngành", "Departments"), xa: t("Xã", "Communes"), phuong: t("Phường", "Wards"),
  dvsn: t("Đơn vị sự nghiệp", "Public service units"), other: t("Khác", "Other"),
};
