"""The province's working calendar: which days are worked, and when a reply is due. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.kernel.quarters import ICT, local_date

_END_OF_DAY = time(23, 59, 59, 999_000, tzinfo=ICT)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days off in a row, both ends included."""

    first: date
    last: date
    name: str

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """A version of the working calendar (schemas/calendar)."""

    version: str
    weekend: frozenset[int]
    reply_working_days: int
    holidays: tuple[Holiday, ...]
    makeup: frozenset[date]

    @classmethod
    def from_file(cls, content: Mapping[str, Any]) -> "WorkingCalendar":
        """Read a calendar file's content; ValueError or KeyError when it is not one."""
        return cls(
            version=content["version"],
            weekend=frozenset(content["weekend"]),
            reply_working_days=content["reply_working_days"],
            holidays=tuple(_holiday(entry) for entry in content["holidays"]),
            makeup=frozenset(date.fromisoformat(day) for day in content["makeup"]),
        )

    def is_working(self, day: date) -> bool:
        """True when offices are open on the day; a make-up Saturday (làm bù) wins over weekend and holiday."""
        if day in self.makeup:
            return True
        return day.isoweekday() not in self.weekend and not any(holiday.covers(day) for holiday in self.holidays)

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after the day; the day itself never counts."""
        while count > 0:
            day += _DAY
            count -= self.is_working(day)
        return day

    def reply_due(self, received: datetime) -> datetime:
        """End of the last working day of the reply window, in UTC; counted from the day after the local receipt."""
        last = self.add_working_days(local_date(received), self.reply_working_days)
        return datetime.combine(last, _END_OF_DAY).astimezone(UTC)


def _holiday(entry: Mapping[str, str]) -> Holiday:
    first, last = date.fromisoformat(entry["from"]), date.fromisoformat(entry["to"])
    if last < first:
        raise ValueError(f"holiday {entry['name']!r} ends before it begins")
    return Holiday(first, last, entry["name"])
