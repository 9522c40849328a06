"""Events in words: what the explorer calls them, their fields and the parts that may be erased. Pure.

A type, field or value that has no words here is shown as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Words = tuple[str, str]  # Vietnamese, English
Kind = Literal["words", "instant", "entry", "day", "quarter"]

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
    "inspection.acknowledged": ("Đơn vị đã xem thông báo", "Notice seen by the unit"),
    "finding.recorded": ("Ghi nhận của đoàn kiểm tra", "Finding recorded"),
    "finding.withdrawn": ("Rút lại ghi nhận", "Finding withdrawn"),
    "finding.replied": ("Giải trình của đơn vị", "Reply of the unit"),
    "finding.completed": ("Đủ ảnh của ghi nhận", "Finding complete with its photos"),
    "finding.lapsed": ("Hết hạn giải trình", "No reply in time"),
    "finding.decided": ("Quyết định về ghi nhận", "Finding decided"),
    "commendation.recorded": ("Biểu dương", "Commendation"),
    "part.erased": ("Xóa nội dung không công khai của một mục", "Private parts erased"),
    "quarter.closed": ("Chốt quý", "Quarter closed"),
    "quarter.published": ("Công bố quý", "Quarter published"),
    "quarter.restated": ("Tính lại quý", "Quarter restated"),
    "log.key_added": ("Thêm khóa ký của nhật ký", "Key of the log added"),
}
# in the order in which a person reads them
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
    "assigned": ("Biên chế được giao", "Allotted"),
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
    "impartial": ("Cam kết không có xung đột lợi ích", "Declared free of conflicts of interest"),
    "photos": ("Số ảnh", "Photos"),
    "flags": ("Lưu ý", "Flags"),
    "name": ("Tên", "Name"),
    "group": ("Loại đơn vị", "Kind of unit"),
    "parent": ("Đơn vị cấp trên", "Parent"),
    "staff": ("Biên chế", "Staff"),
    "side": ("Bên trong việc sắp xếp", "Side"),
    "from": ("Từ đơn vị", "From"),
    "to": ("Thành đơn vị", "To"),
    "cases_to": ("Đơn vị nhận hồ sơ", "Takes over the cases"),
    "tenure": ("Mã nhiệm kỳ", "Tenure"),
    "quarter": ("Quý", "Quarter"),
    "edition": ("Bản", "Edition"),
    "n": ("Lần thứ", "Number"),
    "closing": ("Lần chốt", "Closing"),
    "cards_root": ("Mã gốc của các phiếu", "Root of the cards"),
    "cards": ("Định dạng phiếu", "Format of the cards"),
    "date": ("Ngày", "Day"),
    "event": ("Mục bị xóa nội dung không công khai", "Entry whose parts were erased"),
    "parts": ("Các nội dung đã xóa", "Parts erased"),
    "finding": ("Ghi nhận", "Finding"),
    "inspection": ("Cuộc kiểm tra", "Inspection"),
    "commendation": ("Lượt biểu dương", "Commendation"),
    "version": ("Phiên bản", "Version"),
    "valid_from": ("Có hiệu lực từ", "Valid from"),
    "valid_to": ("Có hiệu lực đến", "Valid to"),
    "method": ("Cách tính", "Method"),
    "codes": ("Các mã", "Codes"),
    "holidays": ("Ngày nghỉ lễ", "Holidays"),
    "makeup": ("Ngày làm bù", "Make-up days"),
    "until": ("Lịch đến hết ngày", "Calendar up to"),
    "reply_working_days": ("Số ngày làm việc để giải trình", "Working days to reply"),
    "sha256": ("SHA-256 của tệp", "SHA-256 of the file"),
    "vkey": ("Khóa kiểm chứng", "Verifier key"),
    "at": ("Lúc", "At"),
    "catalogue": ("Bản danh mục", "Catalogue"),
    "by.role": ("Vai trò", "Role"),
    "by.ref": ("Mã ẩn danh người thực hiện", "Pseudonym of who did it"),
    "team": ("Mã ẩn danh các thành viên", "Pseudonyms of the team"),
    "device_at": ("Giờ trên máy", "The phone's own clock"),
    "elapsed_ms": ("Thời gian từ lúc mở, theo máy", "Time since the opening, by the phone"),
}
VALUES: Mapping[str, Words] = {
    "inspector": ("thành viên đoàn kiểm tra", "inspector"),
    "lead": ("trưởng đoàn", "team lead"),
    "unit_head": ("người đứng đầu đơn vị", "head of unit"),
    "reviewer": ("chuyên viên thẩm định", "reviewer"),
    "auditor": ("người giám sát nhật ký", "auditor"),
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
    "random": ("ngẫu nhiên", "random"),
    "scheduled": ("theo lịch", "scheduled"),
    "targeted": ("có trọng điểm", "targeted"),
    "flash": ("bản sơ bộ", "preliminary"),
    "official": ("bản chính thức", "official"),
    "merge": ("sáp nhập", "merger"),
    "split": ("chia tách", "split"),
    "rename": ("đổi tên", "renaming"),
    "move": ("chuyển về đơn vị cấp trên khác", "move to another parent"),
    "clock_skew": ("đồng hồ của máy lệch", "the phone's clock was off"),
    "late_report": ("gửi muộn hơn bảy ngày", "sent more than seven days later"),
    "xa": ("xã", "commune"),
    "phuong": ("phường", "ward"),
    "so": ("sở, ngành", "department"),
    "dvsn": ("đơn vị sự nghiệp", "public service unit"),
    "other": ("khác", "other"),
}
_SIDES: Mapping[str, Words] = {"from": ("đơn vị cũ", "predecessor"), "to": ("đơn vị mới", "successor")}
_SEVERITIES: Mapping[int, Words] = {
    0: ("không trừ điểm", "no deduction"),
    1: ("mức 1, nhắc nhở", "1, remind"),
    2: ("mức 2, yêu cầu khắc phục", "2, remedy"),
    3: ("mức 3, xem xét trách nhiệm", "3, review"),
    4: ("mức 4, chuyển cơ quan có thẩm quyền", "4, refer"),
}
PARTS: Mapping[str, Words] = {
    "narrative": ("mô tả", "narrative"),
    "persons": ("tên người", "names of persons"),
    "reason": ("lý do", "reason"),
    "text": ("nội dung", "words"),
    "opinion": ("ý kiến của đơn vị", "opinion of the unit"),
    "refusal": ("lý do từ chối ký", "reason for not signing"),
    "minutes": ("nội dung biên bản", "words of the minutes"),
    "signatures": ("chữ ký", "signatures"),
    "position": ("vị trí", "position"),
    "fill": ("nhật ký nhập liệu", "fill audit"),
}
YES_NO: Mapping[bool, Words] = {True: ("có", "yes"), False: ("không", "no")}
LINKED = frozenset({"finding", "inspection", "event", "closing"})  # ids of events: a finding's event has its id
INSTANTS = frozenset({"captured_at", "opened_at", "closed_at", "reply_due", "due", "at", "device_at"})
UNITS = frozenset({"parent", "from", "to", "cases_to"})
DAYS = frozenset({"date", "valid_from", "valid_to", "until"})
_ORDER = {name: place for place, name in enumerate(FIELDS)}
_QUARTERS = frozenset({"quarter"})
_PREFIX = "kycuong."


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event's data in both languages: plain words, an instant, or the event id it links to."""

    label: Words
    value: Words
    kind: Kind = "words"


@dataclass(frozen=True, slots=True)
class Known:
    """What an event's data does not say itself: units' names and codes' words by their ids, and the entry's own id."""

    units: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Words] = field(default_factory=dict)
    own: str = ""


NOTHING = Known()


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


def fields(data: Mapping[str, Any], known: Known = NOTHING) -> list[Field]:
    """An event's data as lines to read, what matters first; nothing links to the entry itself."""
    said = [(name, value) for name, value in _flat(data) if not (name in LINKED and value == known.own)]
    said.sort(key=lambda pair: _ORDER.get(pair[0], len(_ORDER) + pair[0].startswith("commitments.")))
    return [_field(name, value, known) for name, value in said]


def units_named(data: Mapping[str, Any]) -> set[str]:
    """The units that an event's data names by their ids."""
    named = [data[name] for name in UNITS if data.get(name)]
    return {unit for value in named for unit in (value if isinstance(value, list) else [value])}


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _field(name: str, value: Any, known: Known) -> Field:
    group, _, part = name.partition(".")
    if group == "commitments":
        vi, en = part_words(part)
        return Field(
            (f"Mã băm của nội dung không công khai: {vi}", f"Commitment to a private part: {en}"), (value, value)
        )
    return Field(FIELDS.get(name, (name, name)), _value(name, value, known), _kind(name, value))


def _kind(name: str, value: Any) -> Kind:
    if not isinstance(value, str):
        return "words"
    kinds: Mapping[Kind, frozenset[str]] = {"entry": LINKED, "instant": INSTANTS, "day": DAYS, "quarter": _QUARTERS}
    return next((kind for kind, names in kinds.items() if name in names), "words")


def _value(name: str, value: Any, known: Known) -> Words:
    if isinstance(value, bool):
        return YES_NO[value]
    if value is None or value == [] or value == {}:
        return "–", "–"
    if isinstance(value, list):
        return _list(name, value, known)
    if isinstance(value, int):
        return _number(name, value)
    return _text(name, value, known) if isinstance(value, str) else (json.dumps(value),) * 2


def _number(name: str, value: int) -> Words:
    if name == "severity":
        return _SEVERITIES.get(value, (str(value),) * 2)
    if name == "elapsed_ms":
        return f"{value // 60_000} phút {value // 1000 % 60} giây", f"{value // 60_000} min {value // 1000 % 60} s"
    return f"{value:,}".replace(",", "."), f"{value:,}"


def _text(name: str, value: str, known: Known) -> Words:
    if name == "code":
        vi, en = known.codes.get(value, ("", ""))
        return f"{value} {vi}".strip(), f"{value} {en}".strip()
    if name in UNITS:
        return (known.units.get(value, value),) * 2
    if name == "side":
        return _SIDES.get(value, (value, value))
    return (value, value) if name in ("name", "basis") else VALUES.get(value, (value, value))


def _list(name: str, values: list[Any], known: Known) -> Words:
    """Plain values one after another; a long table only by its length, for the bytes show it whole."""
    if any(isinstance(value, dict) for value in values):
        return f"{len(values)} mục, xem nội dung gốc", f"{len(values)} items, see the exact content"
    words = [part_words(value) if name == "parts" else _value(name, value, known) for value in values]
    return ", ".join(vi for vi, _ in words), ", ".join(en for _, en in words)
