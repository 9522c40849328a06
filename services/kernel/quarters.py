"""Days and quarters as the province counts them: dates in Asia/Ho_Chi_Minh, instants in RFC 3339."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}
ICT = ZoneInfo("Asia/Ho_Chi_Minh")
_RECENT = 8192  # instants: a list tells the same ones again and again
_QUARTER = re.compile(r"(20\d\d)-Q([1-4])", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)  # Python's own reader takes +07:99, which no other reader of the log would


@lru_cache(_RECENT)
def local_date(instant: datetime) -> date:
    """The province's calendar day of an aware instant."""
    return instant.astimezone(ICT).date()


def quarter_of(day: date) -> str:
    """`2026-Q3` of a day."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


@lru_cache(maxsize=256)
def quarter_days(quarter: str) -> tuple[date, date]:
    """First and last day of a quarter; ValueError when it is not written `YYYY-Qn`."""
    match = _QUARTER.fullmatch(quarter)
    if match is None:
        raise ValueError(f"not a quarter: {quarter!r}")
    year, number = int(match[1]), int(match[2])
    first = date(year, 3 * number - 2, 1)
    following = date(year + number // 4, 3 * (number % 4) + 1, 1)
    return first, following - timedelta(days=1)


def quarters_until(quarter: str, count: int) -> list[str]:
    """So many quarters up to and with one, the newest last."""
    year, _, ordinal = quarter.partition("-Q")
    last = int(year) * 4 + int(ordinal) - 1
    return [f"{number // 4}-Q{number % 4 + 1}" for number in range(last - count + 1, last + 1)]


def quarter_name(quarter: str, language: str = "vi") -> str:
    """`2026-Q3` as people read it: `Quý III/2026`."""
    year, _, ordinal = quarter.partition("-Q")
    return f"Q{ordinal} {year}" if language == "en" else f"Quý {_ROMAN.get(ordinal, ordinal)}/{year}"


@lru_cache(_RECENT)
def rfc3339(instant: datetime) -> str:
    """An instant in UTC with milliseconds, as events carry it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_instant(text: str) -> datetime:
    """An RFC 3339 date-time with an offset; ValueError otherwise, also at the calendar's ends, which no zone shares."""
    instant = datetime.fromisoformat(text.upper()) if _INSTANT.fullmatch(text) else None
    if instant is None or not 1 < instant.year < 9999:
        raise ValueError(f"not an RFC 3339 date-time with offset: {text!r}")
    return instant
