"""The bodies of the writes, strict: unknown fields, wrong types and unclean text are named, never guessed at."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from itertools import islice
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from services.intake.writing.chain import PREV
from services.kernel.envelope import canonical
from services.kernel.problems import MOST_ERRORS, FieldError, field_errors, unnamed
from services.kernel.quarters import parse_instant, quarter_days
from services.kernel.strict_json import clean_text, is_blank

MAX_TEXT = 4_000
OUTSIDE_CONTENT = ("private", "device")
_TOLD_OTHERWISE = (*OUTSIDE_CONTENT, "unit")
_LONGEST_LIST = 401  # one more than any form takes, so that a list too long stays too long
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
WRITE_ID = f"^{_UUID7.pattern}$"
PLACE = "^[1-9][0-9]?$"
"""A place in a list as a path names it, from 1."""
# written out: to some readers \d is any script's digit, and \S a control character too (findings/patterns-four-readers)
_SEEN = r"[^\s\x00-\x1f\x7f-\x9f]"
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
# the same among words, where years, days and ids are, too: a number that stands alone and looks like one
_CALLED_AMONG_WORDS = re.compile(
    r"(?<![\w-])(?:(?:\+?84|0)(?:[ .\u2013-]?[0-9]){8,11}|[0-9]{9}|[0-9]{3}([ .-])[0-9]{3}\1[0-9]{3})"
    r"(?![\w-]|[ .][0-9])"
)
_DAYS = re.compile(r"(?<![0-9])(?:[0-9]{1,2}[-./][0-9]{1,2}[-./]20[0-9]{2}|20[0-9]{2}(?:[-./][0-9]{1,2}){2})(?![0-9])")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_DAY = re.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}")


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


def _quarter(text: str) -> str:
    try:
        quarter_days(text)
    except ValueError:
        raise ValueError(("phải là một quý, ví dụ 2026-Q3", "must be a quarter, for example 2026-Q3")) from None
    return text


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
    if _CALLED_AMONG_WORDS.search(_DAYS.sub(",", text)):
        raise ValueError((
            "không ghi số điện thoại hay số định danh của ai: tên này ai cũng đọc được",
            "give nobody's telephone or identity number: this name is for all to read",
        ))  # fmt: skip
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


def is_write_id(text: str) -> bool:
    """Whether a text is a lower-case canonical UUIDv7."""
    return _UUID7.fullmatch(text) is not None


def shown(pattern: str, **more: Any) -> Any:
    """What the description says of a type beside the check itself."""
    return Field(json_schema_extra={"pattern": pattern, **more})


Time = Annotated[str, AfterValidator(_instant), Field(json_schema_extra={"format": "date-time"})]
Day = Annotated[str, AfterValidator(_day), shown(f"^{_DAY.pattern}$", format="date")]
Quarter = Annotated[str, AfterValidator(_quarter), shown("^20[0-9]{2}-Q[1-4]$")]
Text = Annotated[str, AfterValidator(_text), shown(f"^{_PLAIN}*$", maxLength=MAX_TEXT)]
Line = Annotated[str, AfterValidator(_line), Field(max_length=200), shown(f"^{_SEEN}({_PLAIN}*{_SEEN})?$")]
Reason = Annotated[str, AfterValidator(_reason), shown(f"^{_PLAIN}*{_SEEN}{_PLAIN}*$", maxLength=MAX_TEXT)]
WriteId = Annotated[str, AfterValidator(_write_id), shown(WRITE_ID)]
UnitId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,62}$")]
ACCOUNT = r"^[a-z0-9][a-z0-9._-]{1,94}$"
AccountName = Annotated[str, Field(pattern=ACCOUNT)]
Name = Annotated[str, AfterValidator(_name), Field(max_length=200), shown(_NAME)]
Number = Annotated[str, AfterValidator(_document(_NUMBER)), Field(max_length=60), shown(_NUMBER)]
Basis = Annotated[str, AfterValidator(_document(_BASIS)), Field(max_length=100), shown(_BASIS)]
Tally = Annotated[int, Field(ge=0, le=99_999)]
# a field that may be left out, but never be null: its type has no None, and rules ask `model_fields_set`
ABSENT: Any = None
NONE_LISTED: Any = ()


class Form(BaseModel):
    """A body: exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    EVENT: ClassVar[str] = ""
    """The type of the event that it becomes, of a body that becomes one."""

    def event_type(self) -> str:
        """The type of the event that this very body becomes."""
        return self.EVENT

    def faults(self) -> list[FieldError]:
        """What is wrong between its fields, each of which is right."""
        return []

    def compared(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What of a body, which has this form, two contents are compared by."""
        return {name: value for name, value in body.items() if name not in OUTSIDE_CONTENT}

    def private_parts(self) -> dict[str, bytes]:
        """The private groups with the bytes that are sealed and committed to."""
        private, parts = getattr(self, "private", None), dict[str, bytes]()
        for name in private.model_fields_set if private is not None else ():
            value = _plain(getattr(private, name))
            if value not in ([], {}):
                parts[name] = value.encode() if isinstance(value, str) else canonical(value)
        return parts

    def told(self) -> dict[str, Any]:
        """The public fields under the names that the event has for them, as far as it has the same values."""
        members = self.model_dump(by_alias=True, exclude_unset=True)
        return {name: value for name, value in members.items() if name not in _TOLD_OTHERWISE}


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


def required(private: type[Form]) -> Any:
    """A private part whose own missing members are named."""
    return Field(
        default_factory=dict, validate_default=True, json_schema_extra={
            "required": [name for name, field in private.model_fields.items() if field.is_required()]
        },
    )  # fmt: skip


class Words(Form):
    """Free text, sealed."""

    text: Text = ABSENT


def _plain(value: Any) -> Any:
    """A private group as JSON has it, with nothing added to what was sent."""
    if isinstance(value, Form):
        return value.model_dump(exclude_unset=True)
    return [_plain(one) for one in value] if isinstance(value, list) else value


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
    return form.faults() or form


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


def place_errors(text: str) -> list[FieldError]:
    """What is wrong with a place in a list in a path."""
    if re.fullmatch(PLACE, text):
        return []
    return [FieldError("/n", "phải là số thứ tự từ 1 đến 99", "must be a number from 1 to 99")]


def path_errors(name: str, text: str) -> list[FieldError]:
    """What is wrong with what a path names."""
    if name == "quarter":
        return quarter_errors(text)
    return place_errors(text) if name == "n" else id_errors(f"/{name}", text)


def id_errors(pointer: str, text: str) -> list[FieldError]:
    """What is wrong with a write's id in a path."""
    return (
        []
        if is_write_id(text)
        else [FieldError(pointer, "phải là UUIDv7 viết thường", "must be a UUIDv7 in lower case")]
    )
