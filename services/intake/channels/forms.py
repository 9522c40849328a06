"""The bodies of channels. Where a hook leads to is asked of the world; here it must only be an address."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from services.domain.notices import UNSILENCED, Kind
from services.intake.writing.forms import Because, Form, UnitId, Write, required, shown
from services.kernel.problems import FieldError
from services.kernel.quarters import ICT, parse_instant
from services.kernel.web.reachable import read_url

_MAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"  # noqa: E501
_URL = r"^https?://[!-~]{1,2000}$"
_POINT = r"^B[A-P][A-Za-z0-9_-]{85}=?$"  # 65 bytes, of which the first says that both coordinates follow
_SECRET = r"^[A-Za-z0-9_-]{22}(?:==)?$"  # noqa: S105 - 16 bytes


def _mail(text: str) -> str:
    local = text.partition("@")[0]
    if not re.fullmatch(_MAIL, text) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError((
            "phải là một địa chỉ thư, ví dụ van-thu@xa.example", "must be a mail address, for example a@town.example"
        ))  # fmt: skip
    return text


def _url(text: str) -> str:
    if not re.fullmatch(_URL, text) or read_url(text) is None:
        raise ValueError((
            "phải là địa chỉ https://máy/đường-dẫn, không kèm tên người dùng hay dấu #",
            "must be an address https://host/path without a user's name or a fragment",
        ))  # fmt: skip
    return text


def _each_once(kinds: list[Any]) -> list[Any]:
    if len(set(kinds)) < len(kinds):
        raise ValueError(("có mục ghi hai lần; hãy ghi mỗi mục một lần", "names one twice; name each once"))
    return kinds


class Until(str):
    """A day or an instant as sent, with the instant it ends at."""

    at: datetime
    is_day: bool


def _until(text: str) -> Until:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"20\d\d-\d\d-\d\d", text, re.ASCII) else None
        at = datetime(day.year, day.month, day.day, tzinfo=ICT) + timedelta(days=1) if day else parse_instant(text)
    except (ValueError, OverflowError):
        raise ValueError((
            "phải là một ngày, ví dụ 2026-12-01, hoặc thời điểm RFC 3339 có múi giờ",
            "must be a day, for example 2026-12-01, or an RFC 3339 date-time with an offset",
        )) from None  # fmt: skip
    until = Until(text)
    until.at, until.is_day = at.astimezone(UTC), day is not None
    return until


Mail = Annotated[str, Field(max_length=254), AfterValidator(_mail), shown(_MAIL)]
Url = Annotated[str, Field(max_length=2000), AfterValidator(_url), shown(_URL)]
KindName = Literal[
    "findings", "reminder", "lapse", "decision", "release", "extension", "correction", "appeal", "reopening", "voiding",
    "remedy", "overdue", "escalation", "pattern",
]  # fmt: skip
Kinds = Annotated[
    list[KindName], Field(min_length=1, max_length=len(Kind)), AfterValidator(_each_once),
    Field(json_schema_extra={"uniqueItems": True}),
]  # fmt: skip


class Address(Write):
    """One's own mail address; it is written to once its link was opened."""

    mail: Mail
    digest: Literal["weekly", "none"] = "none"


class Webhook(Write):
    """Where a program is told, of one unit or (an admin's) of all."""

    url: Url
    unit: UnitId | None = None
    kinds: Kinds


class PushKeys(Form):
    """What the browser's messages are sealed with."""

    p256dh: Annotated[str, Field(pattern=_POINT)]
    auth: Annotated[str, Field(pattern=_SECRET)]


class Subscription(Write):
    """A browser's subscription, as it gives it."""

    endpoint: Url
    expirationTime: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None  # noqa: N815 - the browser's own name
    keys: PushKeys


class Silence(Write):
    """Kinds of notices that are sent nowhere for a time; the inbox still shows them."""

    kinds: Kinds
    until: Annotated[str, AfterValidator(_until), Field(max_length=40)]
    private: Because = required(Because)

    def faults(self) -> list[FieldError]:
        """What may not be silenced."""
        return [
            FieldError(
                f"/kinds/{place}", "thông báo hết hạn, quá hạn và chuyển cấp trên không tắt được; hãy bỏ mục này",
                "a lapse, an overdue deadline and an escalation cannot be silenced; remove it",
            )
            for place, kind in enumerate(self.kinds)
            if kind in UNSILENCED
        ]  # fmt: skip


class Remove(Write):
    """The end of one."""


class Rotate(Write):
    """A new secret for a hook; for a day both sign."""
