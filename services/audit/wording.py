"""Events in words: what the explorer calls them, their fields and the parts that may be erased. Pure.

A type, field or value that has no words here is shown as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Words = tuple[str, str]  # Vietnamese, English
Kind = Literal["words", "instant", "entry"]

TYPES: Mapping[str, Words] = {
    "unit.registered": ("Đăng ký đơn vị", "Unit registered"),
    "unit.amended": ("Thay đổi thông tin đơn vị", "Unit amended"),
    "unit.succeeded": ("Sắp xếp lại đơn vị", "Unit succeeded by others"),
    "unit.closed": ("Đơn vị kết thúc hoạt động", "Unit closed"),
    "catalogue.published": ("Ban hành danh mục vi phạm", "Catalogue published"),
    "scoring.published": ("Ban hành thang điểm", "Scoring published"),
    "calendar.published": ("Ban hành lịch làm việc", "Calendar published"),
    "post.assumed": ("Người đứng đầu nhận nhiệm vụ", "Post assumed"),
    "post.left": ("Người đứng đầu thôi nhiệm vụ", "Post left"),
    "inspection.opened": ("Mở cuộc kiểm tra", "Inspection opened"),
    "inspection.closed": ("Kết thúc cuộc kiểm tra", "Inspection closed"),
    "inspection.corrected": ("Đính chính cuộc kiểm tra", "Inspection corrected"),
    "inspection.voided": ("Hủy cuộc kiểm tra", "Inspection voided"),
    "inspection.acknowledged": ("Đơn vị đã nhận thông báo", "Alert acknowledged by the unit"),
    "finding.recorded": ("Ghi nhận của đoàn kiểm tra", "Finding recorded"),
    "finding.withdrawn": ("Rút lại ghi nhận", "Finding withdrawn"),
    "finding.replied": ("Giải trình của đơn vị", "Reply of the unit"),
    "finding.completed": ("Đủ ảnh của ghi nhận", "Finding complete with its photos"),
    "finding.lapsed": ("Hết hạn giải trình", "No reply in time"),
    "finding.decided": ("Quyết định về ghi nhận", "Finding decided"),
    "commendation.recorded": ("Biểu dương", "Commendation"),
    "part.erased": ("Xóa phần riêng của một mục", "Private parts erased"),
    "quarter.closed": ("Chốt quý", "Quarter closed"),
    "quarter.published": ("Công bố quý", "Quarter published"),
    "quarter.restated": ("Tính lại quý", "Quarter restated"),
    "log.key_added": ("Thêm khóa ký của nhật ký", "Key of the log added"),
}
FIELDS: Mapping[str, Words] = {
    "by.role": ("Vai trò người làm", "Role of who did it"),
    "by.ref": ("Bí danh người làm", "Pseudonym of who did it"),
    "finding": ("Ghi nhận", "Finding"),
    "inspection": ("Cuộc kiểm tra", "Inspection"),
    "commendation": ("Lượt biểu dương", "Commendation"),
    "date": ("Ngày", "Day"),
    "event": ("Mục bị xóa phần riêng", "Entry whose parts were erased"),
    "parts": ("Các phần đã xóa", "Parts erased"),
    "code": ("Mã nội dung", "Code"),
    "severity": ("Mức độ", "Severity"),
    "count": ("Số lượng", "Count"),
    "photos": ("Số ảnh", "Photos"),
    "flags": ("Lưu ý", "Flags"),
    "captured_at": ("Lúc ghi nhận", "Time seen"),
    "opened_at": ("Lúc bắt đầu", "Start"),
    "closed_at": ("Lúc kết thúc", "End"),
    "reply_due": ("Hạn giải trình", "Reply due"),
    "due": ("Hạn giải trình", "Reply due"),
    "kind": ("Hình thức", "Kind"),
    "selection": ("Lý do chọn đơn vị", "How it was chosen"),
    "basis": ("Căn cứ", "Basis"),
    "impartial": ("Đã khai không có xung đột lợi ích", "Declared free of conflicts of interest"),
    "team": ("Bí danh các thành viên", "Pseudonyms of the team"),
    "quarter": ("Quý", "Quarter"),
    "assigned": ("Được giao", "Allotted"),
    "present": ("Có mặt", "Present"),
    "late": ("Đi muộn", "Late"),
    "unexcused": ("Vắng không lý do", "Absent without reason"),
    "excused.leave": ("Vắng có lý do: nghỉ phép", "Excused: leave"),
    "excused.meeting": ("Vắng có lý do: đi họp", "Excused: meeting"),
    "excused.duty": ("Vắng có lý do: công tác", "Excused: duty"),
    "excused.study": ("Vắng có lý do: đi học", "Excused: study"),
    "excused.sickness": ("Vắng có lý do: ốm", "Excused: sickness"),
    "excused.maternity": ("Vắng có lý do: thai sản", "Excused: maternity"),
    "persons_checked": ("Số người được kiểm tra", "Persons checked"),
    "files_checked": ("Số hồ sơ được kiểm tra", "Files checked"),
    "signed": ("Đơn vị đã ký biên bản", "Signed by the unit"),
    "outcome": ("Kết quả", "Outcome"),
    "accepts": ("Đơn vị thừa nhận", "The unit accepts"),
    "edition": ("Bản", "Edition"),
    "catalogue": ("Bản danh mục", "Catalogue"),
    "name": ("Tên", "Name"),
    "group": ("Nhóm", "Group"),
    "parent": ("Đơn vị cấp trên", "Parent"),
    "staff": ("Biên chế", "Staff"),
    "valid_from": ("Có hiệu lực từ", "Valid from"),
    "valid_to": ("Có hiệu lực đến", "Valid to"),
    "version": ("Phiên bản", "Version"),
    "vkey": ("Khóa kiểm chứng", "Verifier key"),
    "at": ("Lúc", "At"),
    "tenure": ("Mã nhiệm kỳ", "Tenure"),
    "side": ("Bên trong việc sắp xếp", "Side"),
    "from": ("Từ đơn vị", "From"),
    "to": ("Thành đơn vị", "To"),
    "method": ("Cách tính", "Method"),
    "codes": ("Các mã", "Codes"),
    "holidays": ("Ngày nghỉ lễ", "Holidays"),
    "makeup": ("Ngày làm bù", "Make-up days"),
    "reply_working_days": ("Số ngày làm việc để giải trình", "Working days to reply"),
    "sha256": ("SHA-256 của tệp", "SHA-256 of the file"),
}
VALUES: Mapping[str, Words] = {
    "inspector": ("thành viên đoàn kiểm tra", "inspector"),
    "lead": ("trưởng đoàn", "team lead"),
    "unit_head": ("người đứng đầu đơn vị", "head of unit"),
    "reviewer": ("chuyên viên thẩm định", "reviewer"),
    "auditor": ("kiểm toán nhật ký", "auditor"),
    "admin": ("quản trị", "administrator"),
    "system": ("hệ thống", "the system"),
    "unannounced": ("đột xuất", "unannounced"),
    "planned": ("theo kế hoạch", "planned"),
    "recheck": ("phúc tra", "re-check"),
    "upheld": ("xác nhận vi phạm", "upheld"),
    "excused": ("có lý do chính đáng", "excused"),
    "not_proven": ("chưa đủ chứng cứ", "not proven"),
    "unfounded": ("không có căn cứ", "unfounded"),
    "system_fault": ("do hệ thống", "system fault"),
    "referred": ("chuyển cơ quan có thẩm quyền", "referred"),
}
PARTS: Mapping[str, Words] = {
    "narrative": ("lời mô tả", "narrative"),
    "persons": ("tên người", "names of persons"),
    "reason": ("lý do", "reason"),
    "text": ("lời văn", "words"),
    "opinion": ("ý kiến của đơn vị", "opinion of the unit"),
    "refusal": ("lý do từ chối ký", "reason for not signing"),
    "minutes": ("lời biên bản", "words of the minutes"),
    "signatures": ("chữ ký", "signatures"),
    "position": ("vị trí", "position"),
    "fill": ("nhật ký nhập liệu", "fill audit"),
}
YES_NO: Mapping[bool, Words] = {True: ("có", "yes"), False: ("không", "no")}
LINKED = frozenset({"finding", "inspection", "event"})  # ids of events: a finding's event has the finding's id
INSTANTS = frozenset({"captured_at", "opened_at", "closed_at", "reply_due", "due", "at"})
_PREFIX = "kycuong."


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event's data in both languages: plain words, an instant, or the event id it links to."""

    label: Words
    value: Words
    kind: Kind = "words"


def type_words(event_type: str) -> Words:
    """What an event's type is called, whatever its version."""
    family = event_type.removeprefix(_PREFIX).rpartition(".v")[0]
    return TYPES.get(family, (event_type, event_type))


def part_words(part: str) -> Words:
    """What a private part is called."""
    kind, _, number = part.partition(".")
    if kind == "photo":
        return f"ảnh {number}", f"photo {number}"
    return PARTS.get(part, (part, part))


def fields(data: Mapping[str, Any]) -> list[Field]:
    """An event's data as lines to read, in the order of the bytes."""
    return [_field(name, value) for name, value in _flat(data)]


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _field(name: str, value: Any) -> Field:
    group, _, part = name.partition(".")
    if group == "commitments":
        vi, en = part_words(part)
        return Field((f"Cam kết của phần riêng: {vi}", f"Commitment to a private part: {en}"), (value, value))
    kind: Kind = "words"
    if isinstance(value, str) and name in LINKED | INSTANTS:
        kind = "entry" if name in LINKED else "instant"
    return Field(FIELDS.get(name, (name, name)), _value(name, value), kind)


def _value(name: str, value: Any) -> Words:
    if isinstance(value, bool):
        return YES_NO[value]
    if value is None or value == [] or value == {}:
        return "–", "–"
    if isinstance(value, list):
        return _list(name, value)
    text = value if isinstance(value, str) else json.dumps(value)
    return VALUES.get(text, (text, text))


def _list(name: str, values: list[Any]) -> Words:
    """Plain values one after another; a long table only by its length, for the bytes show it whole."""
    if any(isinstance(value, dict) for value in values):
        return f"{len(values)} mục, xem nội dung gốc", f"{len(values)} items, see the exact content"
    words = [part_words(value) if name == "parts" else _value(name, value) for value in values]
    return ", ".join(vi for vi, _ in words), ", ".join(en for _, en in words)
