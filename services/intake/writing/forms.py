"""The bodies of the writes, strict: unknown fields, wrong types and unclean text are named, never guessed at."""

import re
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.intake.writing.chain import PREV, read_point
from services.kernel.log.note import BadNote, Verifier
from services.kernel.problems import MOST_ERRORS, FieldError, field_errors, unnamed
from services.kernel.quarters import parse_instant, quarter_days
from services.kernel.strict_json import clean_text, is_blank

MAX_TEXT = 4_000
MAX_PHOTO_BYTES = 10_000_000
_LONGEST_LIST = 401  # one more than any form takes, so that a list too long stays too long
MAX_FILE = 12_000  # characters of a calendar's file: its event holds no more
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
WRITE_ID = f"^{_UUID7.pattern}$"
_PLAIN = r"[^\x00-\x09\x0b-\x1f\x7f-\x9f]"  # as descriptions say it: any character but Cc, a line break excepted
# what stands in the log for all to read is written so that two texts that look alike are alike: Latin letters with
# their marks, plain digits, common punctuation; nothing invisible, nothing that turns the direction of writing
_LETTER = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_SIGN = r".,;:\u0027\u2018\u2019\u02bc\u0022\u201c\u201d()/&+\u00b0\u2116\u2013\u2014\-"
_WORD = rf"[{_LETTER}0-9{_SIGN}][{_LETTER}0-9{_SIGN}\u0300-\u034e\u0350-\u036f]*"
_NAME = rf"^(?=[^{_LETTER}]*[{_LETTER}]){_WORD}(?: {_WORD})*$"
_NUMBER = rf"^(?=[^0-9]*[0-9])[{_LETTER}0-9_./&-]+$"
_KINDS = "Nghị quyết|Quyết định|Nghị định|Thông tư|Kế hoạch|Luật|NQ|QĐ|NĐ|TT|KH|CT|TB|KL|CV"
_BASIS = rf"^(?:(?:{_KINDS})(?: số)? )?{_NUMBER[1:]}"
_CALLED = re.compile(r"\d(?:[.-]?\d){8}", re.ASCII)  # a telephone or an identity card: no document has such a number
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
_PART = r"^(narrative|persons|opinion|refusal|minutes|signatures|position|fill|reason|text|photo\.[1-9][0-9]?)$"
_VKEY = r"^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$"


class Instant(str):
    """A phone's RFC 3339 date-time: the text as sent, with the instant it names."""

    at: datetime


def _instant(text: str) -> Instant:
    try:
        moment = parse_instant(text)
    except ValueError:
        moment = None
    # beyond this century a calendar day may not even exist in another zone
    if moment is None or not 2000 <= moment.year <= 2099:
        raise ValueError((
            "phải là thời điểm RFC 3339 có múi giờ, ví dụ 2026-09-01T07:45:12+07:00",
            "must be an RFC 3339 date-time with an offset, for example 2026-09-01T07:45:12+07:00",
        ))  # fmt: skip
    instant = Instant(text)
    instant.at = moment
    return instant


def _day(text: str) -> str:
    try:
        if _DAY.fullmatch(text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise ValueError(("phải là một ngày, ví dụ 2026-09-01", "must be a day, for example 2026-09-01"))


def _text(text: str) -> str:
    text = clean_text(text)
    if len(text) > MAX_TEXT:
        raise ValueError(
            (f"dài quá {MAX_TEXT} ký tự; hãy rút gọn", f"is longer than {MAX_TEXT} characters; shorten it")
        )
    if not text.isprintable() and any(
        character != "\n" and unicodedata.category(character) == "Cc" for character in text
    ):
        raise ValueError((
            "có ký tự điều khiển; chỉ được dùng dấu xuống dòng",
            "has a control character; only a line break is allowed",
        ))  # fmt: skip
    return text


def _line(text: str) -> str:
    text = _text(text)
    if "\n" in text or text != text.strip() or not text:
        raise ValueError((
            "phải là một dòng chữ, không có khoảng trắng ở đầu hoặc cuối",
            "must be one line of text without blanks at its ends",
        ))  # fmt: skip
    return text


def _name(text: str) -> str:
    text = _line(text)
    if re.fullmatch(_NAME, text):
        return text
    odd = next((one for one in text if not re.match(rf"[{_LETTER}0-9{_SIGN} \u0300-\u034e\u0350-\u036f]", one)), None)
    which = "" if odd is None else f" (U+{ord(odd):04X})"
    raise ValueError((
        f"phải có chữ; chỉ dùng chữ La-tinh, chữ số, dấu câu thường, một dấu cách giữa các từ, không ký tự ẩn{which}",
        f"must have a letter; use Latin letters, digits, common punctuation, single blanks, nothing invisible{which}",
    ))  # fmt: skip


def _document(pattern: str) -> Callable[[str], str]:
    """The check of a document's number, so that nobody's name or telephone ends in the log."""

    def check(text: str) -> str:
        text = _line(text)
        if re.fullmatch(pattern, text) and not _CALLED.search(text):
            return text
        if _DASHES.search(text):
            raise ValueError((
                f"có dấu gạch dài “–”, hãy dùng gạch nối “-”: {_DASHES.sub('-', text)}",
                f"has a long dash “–”, use a hyphen “-”: {_DASHES.sub('-', text)}",
            ))  # fmt: skip
        raise ValueError((
            "chỉ ghi số, ký hiệu văn bản, ví dụ 12/QĐ-SNV; không ghi lời, tên người hay số điện thoại",
            "give only a document's number, for example 12/QĐ-SNV; no words, no person's name, no telephone number",
        ))  # fmt: skip

    return check


def _reason(text: str) -> str:
    text = _text(text)
    if is_blank(text):
        raise ValueError(("hãy ghi lý do", "give a reason"))
    return text


def _write_id(text: str) -> str:
    if not is_write_id(text):
        raise ValueError(("phải là UUIDv7 viết thường", "must be a UUIDv7 in lower case"))
    return text


def _vkey(text: str) -> str:
    try:
        if Verifier.parse(text).vkey == text:
            return text
    except BadNote:
        pass
    raise ValueError((
        "phải là khóa kiểm chứng của nhật ký (C2SP signed-note, loại Ed25519): tên+mã+base64",
        "must be the log's verifier key (C2SP signed-note, type Ed25519): name+id+base64",
    ))  # fmt: skip


def _root(text: str) -> str:
    try:
        root = b64decode(text, validate=True)
        # one spelling of a root: programs that compare texts and those that compare bytes read the same
        if len(root) == 32 and b64encode(root).decode() == text:
            return text
    except ValueError:
        pass
    raise ValueError((
        "phải là gốc của các phiếu điểm như danh sách bản chốt nêu (base64 của 32 byte)",
        "must be the root of the cards as the frozen list shows it (base64 of 32 bytes)",
    ))  # fmt: skip


def _impartial(declared: bool) -> bool:
    if not declared:
        raise ValueError((
            "có xung đột lợi ích thì người khác phải kiểm tra đơn vị này",
            "with a conflict of interest somebody else must inspect this unit",
        ))  # fmt: skip
    return declared


def _public_key(text: str) -> str:
    if read_point(text) is None:
        raise ValueError((
            "phải là khóa công khai P-256 dạng base64 (điểm không nén, điểm nén hoặc SPKI)",
            "must be a P-256 public key in base64 (uncompressed or compressed point, or SPKI)",
        ))  # fmt: skip
    return text


def _each_once(parts: list[str]) -> list[str]:
    if len(set(parts)) < len(parts):
        raise ValueError(("có phần ghi hai lần; hãy ghi mỗi phần một lần", "names a part twice; name each once"))
    return parts


def _no_route(unit: str) -> str:
    if unit == "latest":  # stands in addresses of scorecards for the newest edition
        raise ValueError(
            ("là từ dành riêng trong địa chỉ; hãy chọn mã khác", "is a word of addresses; choose another id")
        )
    return unit


def _days_once(days: list[int]) -> list[int]:
    if len(set(days)) < len(days):
        raise ValueError(("có ngày ghi hai lần", "names a day twice"))
    return days


def is_write_id(text: str) -> bool:
    """Whether a text is a lower-case canonical UUIDv7."""
    return _UUID7.fullmatch(text) is not None


def _shown(pattern: str, **more: Any) -> Any:
    """What the description says of a type beside the check itself."""
    return Field(json_schema_extra={"pattern": pattern, **more})


Time = Annotated[str, AfterValidator(_instant), Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, AfterValidator(_day), _shown(f"^{_DAY.pattern}$", format="date")]
Text = Annotated[str, AfterValidator(_text), _shown(f"^{_PLAIN}*$", maxLength=MAX_TEXT)]
Line = Annotated[str, AfterValidator(_line), Field(max_length=200), _shown(rf"^\S({_PLAIN}*\S)?$")]
Reason = Annotated[str, AfterValidator(_reason), _shown(rf"^{_PLAIN}*\S{_PLAIN}*$", maxLength=MAX_TEXT)]
WriteId = Annotated[str, AfterValidator(_write_id), _shown(WRITE_ID)]
PublicKey = Annotated[str, Field(max_length=200), AfterValidator(_public_key), _shown(r"^[A-Za-z0-9+/]+={0,2}$")]
Root = Annotated[str, Field(max_length=44), AfterValidator(_root), _shown(r"^[A-Za-z0-9+/]{43}=$")]
VKey = Annotated[str, Field(max_length=300), AfterValidator(_vkey), _shown(_VKEY)]
PartNames = Annotated[
    list[Annotated[str, Field(pattern=_PART)]], Field(min_length=1, max_length=60), AfterValidator(_each_once),
    Field(json_schema_extra={"uniqueItems": True}),
]  # fmt: skip
UnitId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,62}$")]
ACCOUNT = r"^[a-z0-9][a-z0-9._-]{1,94}$"
AccountName = Annotated[str, Field(pattern=ACCOUNT)]
Name = Annotated[str, AfterValidator(_name), Field(max_length=200), _shown(_NAME)]
Number = Annotated[str, AfterValidator(_document(_NUMBER)), Field(max_length=60), _shown(_NUMBER)]
Basis = Annotated[str, AfterValidator(_document(_BASIS)), Field(max_length=100), _shown(_BASIS)]
Tally = Annotated[int, Field(ge=0, le=99_999)]
# a field that may be left out, but never be null: its type has no None, and rules ask `model_fields_set`
ABSENT: Any = None
NONE_LISTED: Any = ()
Group = Literal["so", "xa", "phuong", "dvsn", "other"]


class Form(BaseModel):
    """A body: exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Device(Form):
    """The phone's chain: who carries an item is not who signed it. Outside the comparison of content."""

    id: WriteId
    n: Annotated[int, Field(ge=0, le=2**53 - 1)]
    prev: Annotated[str, Field(pattern=PREV)] | None
    sig: Annotated[str, Field(max_length=400)]
    nonce: Annotated[str, Field(max_length=64)] = ABSENT
    waiting: Annotated[int, Field(ge=0, le=2**31 - 1)] = ABSENT


class Write(Form):
    """What any write may carry."""

    device: Device = ABSENT


class Timed(Write):
    """A write with a time of the phone."""

    device_at: Time = ABSENT


class Measured(Timed):
    """A write with the time that passed on the phone since the inspection was opened there, by its steady clock."""

    elapsed_ms: Annotated[int, Field(ge=0, le=10**10)] = ABSENT


class Because(Form):
    """A private reason that may not be missing."""

    reason: Reason


def _required(private: type[Form]) -> Any:
    """A private part whose own missing members are named."""
    return Field(
        default_factory=dict, validate_default=True, json_schema_extra={"required": list(private.model_fields)}
    )


class RegisterUnit(Write):
    """A new unit."""

    change: Literal["register"]
    unit: Annotated[UnitId, AfterValidator(_no_route)]
    name: Name
    group: Group
    parent: UnitId | None
    staff: Annotated[int, Field(ge=0, le=1_000_000)]
    valid_from: Day


class AmendUnit(Write):
    """A unit's other name, group, parent or staff, from a day on."""

    change: Literal["amend"]
    unit: UnitId
    valid_from: Day
    name: Name = ABSENT
    group: Group = ABSENT
    parent: UnitId | None = None
    staff: Annotated[int, Field(ge=0, le=1_000_000)] = ABSENT

    def amended(self) -> dict[str, Any]:
        """The fields that change."""
        return {
            name: getattr(self, name) for name in ("name", "group", "parent", "staff") if name in self.model_fields_set
        }

    @model_validator(mode="after")
    def _something(self) -> "AmendUnit":
        if not self.amended():
            raise ValueError((
                "hãy nêu ít nhất một trong: name, group, parent, staff",
                "give at least one of: name, group, parent, staff",
            ))  # fmt: skip
        return self


class CloseUnit(Write):
    """A unit's last day."""

    change: Literal["close"]
    unit: UnitId
    valid_to: Day


class SucceedUnits(Write):
    """Units that pass into others."""

    change: Literal["succeed"]
    kind: Literal["merge", "split", "rename", "move"]
    from_: Annotated[list[UnitId], Field(min_length=1, max_length=80)] = Field(alias="from")
    to: Annotated[list[UnitId], Field(min_length=1, max_length=80)]
    valid_from: Day
    basis: Basis
    cases_to: UnitId = ABSENT


UNIT_CHANGES: Mapping[str, type[Form]] = {
    "register": RegisterUnit, "amend": AmendUnit, "close": CloseUnit, "succeed": SucceedUnits,
}  # fmt: skip


class OpenInspection(Timed):
    """The beginning of an inspection."""

    unit: UnitId
    kind: Literal["unannounced", "planned", "recheck"]
    selection: Literal["random", "scheduled", "risk", "complaint"]
    basis: Number
    opened_at: Time
    team: Annotated[list[AccountName], Field(max_length=99)]
    impartial: Annotated[bool, AfterValidator(_impartial)] = ABSENT
    """The opener's declaration of no conflict of interest with the unit."""


class Acknowledge(Write):
    """The head has seen it."""


class Seen(Form):
    """What was seen, and who stood there: sealed in the vault."""

    narrative: Text = ABSENT
    persons: Annotated[list[Text], Field(max_length=100)] = ABSENT


class Photo(Form):
    """One photo of the manifest."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=1, le=MAX_PHOTO_BYTES)]
    type: Literal["image/jpeg"]


class RecordFinding(Measured):
    """One thing seen at a unit, counted."""

    inspection: WriteId
    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
    count: Annotated[int, Field(ge=1, le=9_999)]
    captured_at: Time
    private: Seen = Seen()
    photos: Annotated[list[Photo], Field(max_length=50)] = NONE_LISTED


class WithdrawFinding(Write):
    """A finding taken back."""

    private: Because = _required(Because)


class Words(Form):
    """Free text, sealed."""

    text: Text = ABSENT


class ReplyToFinding(Write):
    """The unit's answer to one finding."""

    accepts: bool
    private: Words = Words()


class DecideFinding(Write):
    """The reviewer's decision on one finding."""

    outcome: Literal["upheld", "excused", "not_proven", "unfounded", "system_fault", "referred"]
    private: Because = _required(Because)


class Commend(Write):
    """Praise for a unit."""

    unit: UnitId
    code: Literal["K01", "K02", "K03"]
    date: Day
    private: Words = Words()


class CloseQuarter(Write):
    """The cut of a quarter."""

    edition: Literal["flash", "official"]


class PublishQuarter(Write):
    """What a reviewer read of a cut, made public: the root over its cards."""

    closing: WriteId
    cards_root: Root


class PublishCalendar(Write):
    """A version of the working calendar: the exact text of its file, which the log pins by hash."""

    file: Annotated[str, Field(min_length=1, max_length=MAX_FILE)]


class DaysOff(Form):
    """Days off in a row, both ends included."""

    from_: Day = Field(alias="from")
    to: Day
    name: Line


class CalendarFile(Form):
    """What a calendar's file says (schemas/calendar)."""

    version: Annotated[str, Field(pattern=r"^20\d\d\.[1-9]\d{0,2}$")]
    weekend: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7), AfterValidator(_days_once)]
    reply_working_days: Annotated[int, Field(ge=1, le=60)]
    until: Day
    holidays: Annotated[list[DaysOff], Field(min_length=1, max_length=200)]
    makeup: Annotated[list[Day], Field(max_length=100)]


class RequestErasure(Write):
    """A reviewer asks that private parts of a write be erased."""

    event: WriteId
    parts: PartNames
    private: Because = _required(Because)


class ApproveErasure(Write):
    """The second pair of eyes agrees, and the parts are gone."""


class RefuseErasure(Write):
    """The second pair of eyes does not agree."""

    private: Because = _required(Because)


class RegisterDevice(Write):
    """A phone's public key."""

    key: PublicKey


class AddLogKey(Write):
    """A further key that signs the log's checkpoints."""

    vkey: VKey


def read_form(model: type[Form] | Mapping[str, type[Form]], body: Any) -> Form | list[FieldError]:
    """A body as its form, or what is wrong with it."""
    if not isinstance(model, Mapping):
        return _read(model, body)
    if not isinstance(body, dict):
        return [FieldError("", "phải là đối tượng", "must be an object")]
    change = body.get("change")
    if not isinstance(change, str) or change not in model:
        words = ", ".join(model)
        return [FieldError("/change", f"phải là một trong: {words}", f"must be one of: {words}")]
    return _read(model[change], body)


def _read(model: type[Form], body: Any) -> Form | list[FieldError]:
    try:
        form = model.model_validate(body)
    except ValidationError as error:
        return _few_errors(model, body, error.error_count()) or field_errors(error)
    faults: Callable[[], list[FieldError]] | None = getattr(form, "faults", None)
    return (faults() if faults else None) or form


def _few_errors(model: type[Form], body: Any, found: int) -> list[FieldError]:
    """The first faults of a body that has very many, and the number of the others: each one named costs time."""
    if found <= MOST_ERRORS:
        return []
    try:
        model.model_validate(_thinned(body))
    except ValidationError as error:
        named = field_errors(error)[:MOST_ERRORS]
        return [*named, unnamed(found - len(named))]
    return [unnamed(found)]


def _thinned(value: Any) -> Any:
    """A body with the first few of the members that no form knows, and the first few of its items."""
    if isinstance(value, list):
        return [_thinned(item) for item in value[:_LONGEST_LIST]]
    if not isinstance(value, dict):
        return value
    known = _names()
    strange = set(islice((name for name in value if name not in known), MOST_ERRORS))
    return {name: _thinned(member) for name, member in value.items() if name in known or name in strange}


@cache
def _names() -> frozenset[str]:
    """Every member's name that any form knows."""
    kinds, names = [Form], set[str]()
    for kind in kinds:  # grows while it is walked
        kinds += kind.__subclasses__()
        names |= {member.alias or name for name, member in kind.model_fields.items()}
    return frozenset(names)


def quarter_errors(quarter: str) -> list[FieldError]:
    """What is wrong with a quarter in a path."""
    try:
        quarter_days(quarter)
    except ValueError:
        return [FieldError("/quarter", "phải là một quý, ví dụ 2026-Q3", "must be a quarter, for example 2026-Q3")]
    return []


def id_errors(pointer: str, text: str) -> list[FieldError]:
    """What is wrong with a write's id in a path."""
    return (
        []
        if is_write_id(text)
        else [FieldError(pointer, "phải là UUIDv7 viết thường", "must be a UUIDv7 in lower case")]
    )
