"""The words of the domain for the values that travel on the wire: said once, for pages, papers, log and scripts. Pure.

Vietnamese and English, in lower case as within a sentence; `headed` makes a label of them. What the phone's and the
desk's scripts carry is compared with this table by the suite; which word is the right one, docs/glossary.md says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from services.domain.case import Outcome, State, settled
from services.domain.remedy import Remedy
from services.kernel.problems import Language

Words = tuple[str, str]
"""Vietnamese, English."""
Group = Literal["so", "xa", "phuong", "dvsn", "other"]

ROLES: Mapping[str, Words] = {
    "inspector": ("thành viên đoàn kiểm tra", "inspector"),
    "lead": ("trưởng đoàn", "team lead"),
    "unit_head": ("người đứng đầu đơn vị", "head of unit"),
    "reviewer": ("chuyên viên thẩm định", "reviewer"),
    "auditor": ("người giám sát nhật ký", "auditor"),
    "admin": ("quản trị", "administrator"),
}
# what a unit is, and what several such units are called in English
GROUP: Mapping[str, Words] = {
    "so": ("sở, ban, ngành", "department"),
    "xa": ("xã", "commune"),
    "phuong": ("phường", "ward"),
    "dvsn": ("đơn vị sự nghiệp", "public service unit"),
    "other": ("khác", "other"),
}
GROUPS: Mapping[str, Words] = {group: (vi, en if group == "other" else f"{en}s") for group, (vi, en) in GROUP.items()}
STANDINGS: Mapping[str, Words] = {
    "alarm": ("cao bất thường", "alarm"),
    "watch": ("cần theo dõi", "watch"),
    "within": ("trong mức chung", "within limits"),
    "insufficient": ("chưa đủ số liệu", "too few checks"),
}
SUCCESSIONS: Mapping[str, Words] = {
    "merge": ("sáp nhập", "merger"),
    "split": ("chia tách", "split"),
    "rename": ("đổi tên", "renaming"),
    "move": ("chuyển về đơn vị cấp trên khác", "move to another parent"),
}
KINDS: Mapping[str, Words] = {
    "unannounced": ("đột xuất", "unannounced"),
    "planned": ("theo kế hoạch", "planned"),
    "recheck": ("phúc tra", "re-check"),
}
# as the log has them: risk and complaint stay private, together they are `targeted`
SELECTIONS: Mapping[str, Words] = {
    "random": ("ngẫu nhiên", "random"),
    "scheduled": ("theo lịch", "scheduled"),
    "targeted": ("có trọng điểm", "targeted"),
}
NOTICES: Mapping[str, Words] = {
    "findings": ("ghi nhận của cuộc kiểm tra", "findings of an inspection"),
    "reminder": ("sắp hết hạn", "deadline near"),
    "lapse": ("hết hạn giải trình", "reply period over"),
    "decision": ("có quyết định", "decided"),
    "release": ("ghi nhận được thông báo cho đơn vị", "finding released"),
    "extension": ("gia hạn", "extension"),
    "correction": ("đính chính", "correction"),
    "appeal": ("kiến nghị về hồ sơ", "appeal or statement"),
    "reopening": ("mở lại hồ sơ", "case reopened"),
    "voiding": ("hủy cuộc kiểm tra", "inspection voided"),
    "remedy": ("khắc phục", "remedy"),
    "overdue": ("quá hạn khắc phục", "remedy overdue"),
    "escalation": ("chuyển cấp trên", "escalated"),
    "pattern": ("lỗi lặp lại trong bốn quý", "repeated within four quarters"),
    "confirmation": ("xác nhận địa chỉ thư", "confirming a mail address"),
    "digest": ("bản tin tuần", "weekly digest"),
}
"""What a notice is about."""
EXCUSED: Mapping[str, Words] = {
    "leave": ("nghỉ phép", "leave"),
    "meeting": ("đi họp", "meeting"),
    "duty": ("công tác", "duty"),
    "study": ("đi học", "study"),
    "sickness": ("nghỉ ốm", "sickness"),
    "maternity": ("thai sản", "maternity"),
}
FLAGS: Mapping[str, Words] = {
    "clock_skew": ("đồng hồ của máy lệch", "the phone's clock was off"),
    "late_report": ("gửi muộn hơn bảy ngày", "sent more than seven days later"),
    "off_plan": ("ngoài những ngày được phân công", "outside the days assigned"),
}
# what a severity means; 1 to 4 are told with their number
SEVERITIES: Mapping[int, Words] = {
    0: ("không trừ điểm", "no deduction"),
    1: ("nhắc nhở", "remind"),
    2: ("yêu cầu khắc phục", "remedy"),
    3: ("đề nghị kiểm điểm", "review"),
    4: ("chuyển thẩm quyền", "refer"),
}
STATES: Mapping[State, Words] = {
    State.RECORDED: ("đã ghi nhận", "recorded"),
    State.REPLIED: ("đã giải trình", "replied"),
    State.LAPSED: ("hết hạn giải trình", "no reply in time"),
    State.WITHDRAWN: ("đã rút lại", "withdrawn"),
    State.DECIDED: ("đã quyết định", "decided"),
    State.APPEALED: ("đơn vị đề nghị xem xét lại", "under appeal"),
    State.REOPENED: ("mở lại, chờ quyết định", "reopened, to be decided"),
    State.UNHEARD: ("mở lại, chờ giải trình", "reopened, the unit may reply"),
    State.VOIDED: ("đã hủy cùng cuộc kiểm tra", "voided with its inspection"),
}
REMEDIES: Mapping[str, Words] = {
    Remedy.NONE: ("không có gì phải khắc phục", "nothing to put right"),
    Remedy.DUE: ("chờ khắc phục", "to be put right"),
    Remedy.PLANNED: ("đã có kế hoạch khắc phục", "planned"),
    Remedy.DECLINED: ("đơn vị báo không khắc phục được", "the unit says that it cannot"),
    Remedy.REPORTED: ("đã báo cáo khắc phục", "reported"),
    Remedy.VERIFIED: ("đã xác nhận khắc phục", "verified"),
    Remedy.WAIVED: ("được miễn khắc phục", "waived"),
}
OUTCOMES: Mapping[Outcome, Words] = {
    Outcome.UPHELD: ("xác nhận vi phạm", "upheld"),
    Outcome.EXCUSED: ("có lý do chính đáng", "excused"),
    Outcome.NOT_PROVEN: ("chưa đủ chứng cứ", "not proven"),
    Outcome.UNFOUNDED: ("không có căn cứ", "unfounded"),
    Outcome.SYSTEM_FAULT: ("do hệ thống, không do đơn vị", "system fault"),
    Outcome.REFERRED: ("chuyển cơ quan có thẩm quyền", "referred"),
}
SETTLED: Mapping[str, Words] = {
    "accepted": ("được tính (đơn vị thống nhất)", "counts (the unit agrees)"),
    "lapsed": ("được tính (quá hạn)", "counts (no reply in time)"),
}
_CASE: Mapping[str, Words] = {str(name): words for name, words in (*STATES.items(), *OUTCOMES.items())}
# the Vietnamese word of a band stands in the bytes of frozen cards, so it never changes
BANDS: Mapping[str, Words] = {
    "good": ("tốt", "good"),
    "fair": ("khá", "fair"),
    "average": ("trung bình", "average"),
    "needs_correction": ("cần chấn chỉnh", "needs correction"),
    "insufficient": ("chưa đủ dữ liệu", "insufficient data"),
}
DEADLINES: Mapping[str, Words] = {
    "reply": ("giải trình", "reply"),
    "remedy": ("khắc phục", "remedy"),
}
ABOVE: Mapping[str, Words] = {
    "parent": ("đơn vị cấp trên", "the unit above"),
    "department": ("Sở Nội vụ", "the Department"),
}
EDITIONS: Mapping[str, Words] = {
    "live": ("tạm tính", "provisional"),
    "flash": ("bản sơ bộ", "preliminary"),
    "official": ("bản chính thức", "official"),
}
_RESTATED = "restated-"


def edition_words(edition: str) -> Words:
    """What an edition is called; restatements by their number."""
    if edition in EDITIONS:
        return EDITIONS[edition]
    number = edition.removeprefix(_RESTATED)
    return f"bản tính lại lần {number}", f"restatement {number}"


# the private parts of a write, as its commitments name them; photos are numbered
PARTS: Mapping[str, Words] = {
    "narrative": ("mô tả", "description"),
    "persons": ("người liên quan", "persons concerned"),
    "text": ("nội dung", "words"),
    "reason": ("lý do", "reason"),
    "actions": ("việc sẽ làm", "what will be done"),
    "opinion": ("ý kiến của đơn vị", "the unit's opinion"),
    "refusal": ("lý do từ chối ký", "the reason for not signing"),
    "minutes": ("thành phần, yêu cầu trong biên bản", "persons and demands of the minutes"),
    "signatures": ("chữ ký", "signatures"),
    "position": ("vị trí", "position"),
    "note": ("ghi chú của đợt kiểm tra", "note of a round"),
    "fill": ("nhật ký nhập liệu", "how the form was filled in"),
}
# the names of events, by their type without its version
EVENTS: Mapping[str, Words] = {
    "unit.registered": ("Đăng ký đơn vị", "Unit registered"),
    "unit.amended": ("Thay đổi thông tin đơn vị", "Unit amended"),
    "unit.succeeded": ("Sắp xếp lại đơn vị", "Unit succeeded by others"),
    "unit.closed": ("Đơn vị kết thúc hoạt động", "Unit closed"),
    "catalogue.published": ("Ban hành danh mục vi phạm", "Catalogue published"),
    "scoring.published": ("Ban hành thang điểm", "Scoring published"),
    "deadlines.published": ("Ban hành các thời hạn", "Deadlines published"),
    "calendar.published": ("Ban hành lịch làm việc", "Calendar published"),
    "post.assumed": ("Người đứng đầu nhận nhiệm vụ", "Post assumed"),
    "post.left": ("Người đứng đầu thôi nhiệm vụ", "Post left"),
    "inspection.opened": ("Mở cuộc kiểm tra", "Inspection opened"),
    "inspection.team_changed": ("Thay đổi đoàn kiểm tra", "Team changed"),
    "inspection.closed": ("Kết thúc cuộc kiểm tra", "Inspection closed"),
    "inspection.corrected": ("Đính chính cuộc kiểm tra", "Inspection corrected"),
    "inspection.voided": ("Hủy cuộc kiểm tra", "Inspection voided"),
    "inspection.acknowledged": ("Đơn vị đã xem thông báo", "Notice seen by the unit"),
    "finding.recorded": ("Ghi nhận của đoàn kiểm tra", "Finding recorded"),
    "finding.withdrawn": ("Rút lại ghi nhận", "Finding withdrawn"),
    "finding.replied": ("Giải trình của đơn vị", "Reply of the unit"),
    "finding.extension_requested": ("Đơn vị đề nghị gia hạn", "The unit asks for more time"),
    "finding.completed": ("Đủ ảnh của ghi nhận", "Finding complete with its photos"),
    "finding.reminded": ("Nhắc hạn giải trình", "Reminder of a reply"),
    "remedy.reminded": ("Nhắc hạn khắc phục", "Reminder of a remedy"),
    "finding.escalated": ("Báo cáo cấp trên về việc quá hạn", "A missed deadline told to those above"),
    "finding.lapsed": ("Hết hạn giải trình", "No reply in time"),
    "finding.decided": ("Quyết định về ghi nhận", "Finding decided"),
    "finding.corrected": ("Đính chính ghi nhận", "Finding corrected"),
    "finding.released": ("Thông báo ghi nhận mức 4 cho đơn vị", "Released to the unit"),
    "finding.extended": ("Gia hạn giải trình", "More time to reply"),
    "finding.answered": ("Ý kiến của người có liên quan", "The person concerned answers"),
    "photo.redacted": ("Che một phần ảnh của ghi nhận", "Parts of a photo covered"),
    "finding.appealed": ("Đơn vị đề nghị xem xét lại", "The unit appeals"),
    "finding.reopened": ("Mở lại ghi nhận", "Finding reopened"),
    "finding.second_reviewed": ("Thẩm định lần hai", "Reviewed a second time"),
    "remedy.planned": ("Kế hoạch khắc phục", "Remedy planned"),
    "remedy.extension_requested": ("Đơn vị đề nghị gia hạn khắc phục", "The unit asks for more time to put it right"),
    "remedy.extended": ("Gia hạn khắc phục", "More time to put it right"),
    "remedy.reported": ("Báo cáo khắc phục", "Remedy reported"),
    "remedy.verified": ("Xác nhận đã khắc phục", "Remedy verified"),
    "remedy.refused": ("Chưa chấp nhận khắc phục", "Remedy refused"),
    "remedy.overdue": ("Quá hạn khắc phục", "Remedy overdue"),
    "commendation.recorded": ("Biểu dương", "Commendation"),
    "survey.recorded": ("Kết quả khảo sát sự hài lòng", "Survey of satisfaction"),
    "part.erased": ("Xóa nội dung không công khai của một mục", "Private parts erased"),
    "quarter.closed": ("Chốt quý", "Quarter closed"),
    "quarter.published": ("Công bố quý", "Quarter published"),
    "quarter.restated": ("Tính lại quý", "Quarter restated"),
    "data.exported": ("Xuất dữ liệu chưa công bố", "Unpublished data exported"),
    "round.planned": ("Lập kế hoạch đợt kiểm tra", "Round of inspections planned"),
    "round.beacon": ("Kết quả công khai cho việc rút thăm", "Beacon of a draw told"),
    "round.drawn": ("Rút thăm đơn vị được kiểm tra", "Units drawn"),
    "round.assigned": ("Phân công đoàn kiểm tra", "Unit assigned to a team"),
    "round.closed": ("Kết thúc đợt kiểm tra", "Round closed"),
    "log.key_added": ("Thêm khóa ký của nhật ký", "Key of the log added"),
}
# the labels of fields, in the order in which a person reads them
FIELDS: Mapping[str, Words] = {
    "code": ("Nội dung", "Code"),
    "severity": ("Mức độ", "Severity"),
    "count": ("Số lượng", "Count"),
    "captured_at": ("Lúc ghi nhận", "Time seen"),
    "outcome": ("Kết quả", "Outcome"),
    "accepts": ("Đơn vị thống nhất", "The unit accepts"),
    "kind": ("Hình thức", "Kind"),
    "selection": ("Căn cứ chọn đơn vị", "How it was chosen"),
    "basis": ("Căn cứ", "Basis"),
    "opened_at": ("Lúc bắt đầu", "Start"),
    "closed_at": ("Lúc kết thúc", "End"),
    "reply_due": ("Hạn giải trình", "Reply due"),
    "due": ("Hạn giải trình", "Reply due"),
    "remedy_due": ("Hạn khắc phục", "Remedy due"),
    "assigned": ("Biên chế được giao", "Allotted"),
    "present": ("Có mặt", "Present"),
    "late": ("Đi muộn", "Late"),
    "unexcused": ("Vắng không lý do", "Absent without reason"),
    **{f"excused.{kind}": (f"Vắng có lý do: {vi}", f"Excused: {en}") for kind, (vi, en) in EXCUSED.items()},
    "persons_checked": ("Số người được kiểm tra", "Persons checked"),
    "files_checked": ("Số hồ sơ được kiểm tra", "Files checked"),
    "signed": ("Đơn vị đã ký biên bản", "Signed by the unit"),
    "impartial": ("Cam kết không có xung đột lợi ích", "Declared free of conflicts of interest"),
    "photos": ("Số ảnh", "Photos"),
    "photo": ("Ảnh thứ", "Photo"),
    "boxes": ("Phần bị che", "What is covered"),
    "flags": ("Lưu ý", "Flags"),
    "name": ("Tên", "Name"),
    "group": ("Loại đơn vị", "Kind of unit"),
    "parent": ("Đơn vị cấp trên", "Parent"),
    "staff": ("Biên chế", "Staff"),
    "side": ("Bên trong việc sắp xếp", "Side"),
    "from_day": ("Từ ngày", "From"),
    "to_day": ("Đến ngày", "To"),
    "from": ("Từ đơn vị", "From"),
    "to": ("Thành đơn vị", "To"),
    "cases_to": ("Đơn vị nhận hồ sơ", "Takes over the cases"),
    "tenure": ("Mã nhiệm kỳ", "Tenure"),
    "quarter": ("Quý", "Quarter"),
    "source": ("Nguồn khảo sát", "Survey"),
    "asked": ("Số người được hỏi", "Asked"),
    "answered": ("Số người trả lời", "Answered"),
    "satisfied": ("Số người hài lòng", "Satisfied"),
    "edition": ("Bản", "Edition"),
    "format": ("Định dạng tệp", "File format"),
    "n": ("Lần thứ", "Number"),
    "closing": ("Lần chốt", "Closing"),
    "cards_root": ("Mã gốc của các phiếu", "Root of the cards"),
    "cards": ("Định dạng phiếu", "Format of the cards"),
    "date": ("Ngày", "Day"),
    "event": ("Mục bị xóa nội dung không công khai", "Entry whose parts were erased"),
    "parts": ("Các nội dung đã xóa", "Parts erased"),
    "finding": ("Ghi nhận", "Finding"),
    "inspection": ("Cuộc kiểm tra", "Inspection"),
    "round": ("Đợt kiểm tra", "Round"),
    "assignment": ("Phân công", "Assignment"),
    "unit": ("Đơn vị", "Unit"),
    "strata": ("Rút thăm trong các nhóm", "Drawn from the groups"),
    "exclude": ("Không rút thăm", "Not drawn"),
    "chosen": ("Chọn không qua rút thăm", "Chosen without a draw"),
    "candidates": ("Danh sách để rút thăm", "Candidates"),
    "beacon": ("Kết quả công khai", "Beacon"),
    "beacon.name": ("Kết quả công khai: nguồn", "Beacon: source"),
    "beacon.date": ("Kết quả công khai: ngày", "Beacon: day"),
    "beacon.pattern": ("Kết quả công khai: mẫu", "Beacon: pattern"),
    "value": ("Kết quả công khai", "Value of the beacon"),
    "replaces": ("Thay cho đợt", "Replaces the round"),
    "drawn": ("Đơn vị trúng thăm", "Units drawn"),
    "size": ("Số mục của nhật ký lúc đó", "Size of the log"),
    "root": ("Mã gốc của nhật ký lúc đó", "Root of the log"),
    "members": ("Số người", "Members"),
    "commendation": ("Lượt biểu dương", "Commendation"),
    "version": ("Phiên bản", "Version"),
    "valid_from": ("Có hiệu lực từ", "Valid from"),
    "valid_to": ("Có hiệu lực đến", "Valid to"),
    "method": ("Cách tính", "Method"),
    "codes": ("Các mã", "Codes"),
    "holidays": ("Ngày nghỉ lễ", "Holidays"),
    "makeup": ("Ngày làm bù", "Make-up days"),
    "of": ("Thời hạn", "Deadline"),
    "feasible": ("Khắc phục được", "Feasible"),
    "done_on": ("Ngày khắc phục xong", "Put right on"),
    "in_time": ("Đúng hạn", "In time"),
    "waived": ("Được miễn khắc phục", "Waived"),
    "until": ("Đến hết ngày", "Until"),
    "reply_working_days": ("Số ngày làm việc để giải trình", "Working days to reply"),
    "remedy_working_days": ("Số ngày làm việc để khắc phục", "Working days to put right"),
    "second_remedy_working_days": ("Số ngày làm việc để khắc phục lần cuối", "Working days for the last remedy"),
    "appeal_working_days": ("Số ngày làm việc để khiếu nại", "Working days to appeal"),
    "remind_working_days_before": ("Nhắc trước hạn (ngày làm việc)", "Reminder before a deadline (working days)"),
    "escalate_working_days_after": (
        "Báo cáo Sở sau khi quá hạn (ngày làm việc)",
        "To the Department after a lapse (working days)",
    ),
    "sha256": ("SHA-256 của tệp", "SHA-256 of the file"),
    "vkey": ("Khóa kiểm chứng", "Verifier key"),
    "at": ("Lúc", "At"),
    "catalogue": ("Bản danh mục", "Catalogue"),
    "by.role": ("Vai trò", "Role"),
    "by.ref": ("Mã ẩn danh người thực hiện", "Pseudonym of who did it"),
    "add": ("Mã ẩn danh người vào đoàn", "Pseudonyms of who joined"),
    "remove": ("Mã ẩn danh người ra khỏi đoàn", "Pseudonyms of who left"),
    "team": ("Mã ẩn danh các thành viên", "Pseudonyms of the team"),
    "device_at": ("Giờ trên máy", "The phone's own clock"),
    "elapsed_ms": ("Thời gian từ lúc mở, theo máy", "Time since the opening, by the phone"),
}


def headed(words: Words) -> Words:
    """Words as a label begins with them."""
    vi, en = words
    return vi[:1].upper() + vi[1:], en[:1].upper() + en[1:]


def severity_words(severity: int) -> Words:
    """A severity with its number; one that no rule has, by its number alone."""
    if severity not in SEVERITIES:
        return str(severity), str(severity)
    vi, en = SEVERITIES[severity]
    return (vi, en) if severity == 0 else (f"mức {severity}: {vi}", f"level {severity}: {en}")


@lru_cache(1024)
def case_label(severity: int, state: str, accepts: bool | None, outcome: str | None, language: Language) -> str:
    """A case's state in words: its outcome, what settled it without one, or how far it has come.

    One of a newer program is shown by its name.
    """
    name = outcome if outcome and state == State.DECIDED else state
    told = SETTLED.get(settled(severity, state, accepts) or "") or _CASE.get(name)
    vi, en = headed(told) if told else (name, name)
    return en if language == "en" else vi
