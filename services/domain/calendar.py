"""The province's working calendar: which days are worked, and when a reply is due. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.kernel.problems import Problem
from services.kernel.quarters import ICT, local_date

_END_OF_DAY = time(23, 59, 59, 999_000, tzinfo=ICT)
_DAY = timedelta(days=1)
_LONGEST_BREAK = timedelta(days=16)  # Tết with the weekends around it, and some more


class CalendarEnded(Problem):
    """Lịch làm việc đã công bố không còn đủ ngày để tính thời hạn; hãy giữ lại và gửi sau.

    The published working calendar has too few days left to give a deadline; keep the item and send it again later.
    """

    status, slug = 503, "calendar-ended"

    @classmethod
    def on(cls, last: date) -> "CalendarEnded":
        """With the last day that the calendar knows, and who can help."""
        return cls(
            (
                f"Lịch làm việc đã công bố chỉ đến ngày {last:%d/%m/%Y} nên chưa tính được thời hạn; nội dung này chưa "
                "được nhận. Quản trị viên cần công bố lịch mới, sau đó hãy gửi lại.",
                f"The published working calendar ends on {last.isoformat()}, so no deadline can be given and this was "
                "not taken. An administrator must publish another; then send it again.",
            ),
            headers={"Retry-After": "600"},
        )


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
    until: date | None = None
    """The last day that it says to know."""

    @classmethod
    def from_file(cls, content: Mapping[str, Any]) -> "WorkingCalendar":
        """Read a calendar file's content; ValueError or KeyError when it is not one."""
        until = content.get("until")
        return cls(
            version=content["version"],
            weekend=frozenset(content["weekend"]),
            reply_working_days=content["reply_working_days"],
            holidays=tuple(_holiday(entry) for entry in content["holidays"]),
            makeup=frozenset(date.fromisoformat(day) for day in content["makeup"]),
            until=None if until is None else date.fromisoformat(until),
        )

    @property
    def number(self) -> tuple[int, ...]:
        """The version as it is ordered: 2026.10 comes after 2026.9."""
        return version_number(self.version)

    @property
    def ends(self) -> date:
        """The last day that it knows of: said, or else the last one listed."""
        return self.until or max((*(holiday.last for holiday in self.holidays), *self.makeup), default=date.max)

    def is_working(self, day: date) -> bool:
        """True when offices are open on the day; a make-up Saturday (làm bù) wins over weekend and holiday."""
        if day in self.makeup:
            return True
        return day.isoweekday() not in self.weekend and not any(holiday.covers(day) for holiday in self.holidays)

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after the day, which itself never counts; CalendarEnded past the last day known."""
        ends = self.ends
        while count > 0:
            day += _DAY
            if day > ends:
                raise CalendarEnded.on(ends)
            count -= self.is_working(day)
        return day

    def working_days(self, after: date, last: date) -> int:
        """How many working days follow a day up to and with another."""
        return sum(self.is_working(after + n * _DAY) for n in range(1, (last - after).days + 1))

    def reply_due(self, received: datetime) -> datetime:
        """End of the last working day of the reply window, in UTC; counted from the day after the local receipt."""
        return self.due(received, self.reply_working_days)

    def due(self, received: datetime, working_days: int) -> datetime:
        """End of the last of so many working days after an instant's local day, in UTC; CalendarEnded."""
        return end_of(self.add_working_days(local_date(received), working_days))

    def over(self, began: datetime, working_days: int) -> datetime:
        """When so many working days are surely over, also past the calendar's end: too late, never too early."""
        try:
            return self.due(began, working_days)
        except CalendarEnded:
            return end_of(local_date(began) + 2 * working_days * _DAY + _LONGEST_BREAK)


def end_of(day: date) -> datetime:
    """The last moment of a local day, in UTC."""
    return datetime.combine(day, _END_OF_DAY).astimezone(UTC)


def calendar_data(content: Mapping[str, Any], digest: str) -> dict[str, Any]:
    """What the log tells of a calendar's file; weekends are Saturday and Sunday in every version."""
    told = ("version", "holidays", "makeup", "reply_working_days", "until")
    return {name: content[name] for name in told if name in content} | {"sha256": digest}


def version_number(version: str) -> tuple[int, ...]:
    """A version as numbers, which order it; ValueError when it is none."""
    return tuple(int(part) for part in version.split("."))


def _holiday(entry: Mapping[str, str]) -> Holiday:
    first, last = date.fromisoformat(entry["from"]), date.fromisoformat(entry["to"])
    if last < first:
        raise ValueError(f"holiday {entry['name']!r} ends before it begins")
    return Holiday(first, last, entry["name"])


class DaysLeft:
    """How many working days are left until a deadline: 0 on its own day and after it."""

    def __init__(self, calendar: WorkingCalendar, now: datetime) -> None:
        self.calendar, self._today = calendar, local_date(now)
        self._known: dict[date, int] = {}

    def __call__(self, due: datetime | None) -> int | None:
        """The days left, counted once for each day that is a deadline; None without one."""
        if due is None:
            return None
        last = local_date(due)
        if last not in self._known:
            self._known[last] = self.calendar.working_days(self._today, last)
        return self._known[last]

    def since(self, began: datetime | None) -> int | None:
        """The working days that have passed since; None where it has not begun."""
        return None if began is None else self.calendar.working_days(local_date(began), self._today)
