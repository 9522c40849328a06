"""Working hours of the province by season, as an effective-dated table. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time

from services.kernel.quarters import ICT


@dataclass(frozen=True, slots=True)
class Hours:
    """Two sessions of a working day, local time."""

    morning: tuple[time, time]
    afternoon: tuple[time, time]

    def cover(self, moment: datetime) -> bool:
        """Whether a moment lies within a session."""
        clock = moment.astimezone(ICT).time()
        return any(first <= clock <= last for first, last in (self.morning, self.afternoon))


@dataclass(frozen=True, slots=True)
class Season:
    """Hours that hold from a day on."""

    valid_from: date
    hours: Hours


_SUMMER = Hours((time(7), time(11, 30)), (time(13, 30), time(17)))
_WINTER = Hours((time(7, 30), time(11, 30)), (time(13), time(17)))

SEASONS = (
    Season(date(2025, 10, 16), _WINTER),
    Season(date(2026, 4, 16), _SUMMER),
    Season(date(2026, 10, 16), _WINTER),
)


def hours_on(day: date) -> Hours:
    """The hours in force on a day; LookupError before the table begins."""
    valid = [season for season in SEASONS if season.valid_from <= day]
    if not valid:
        raise LookupError(f"no working hours are known for {day.isoformat()}")
    return valid[-1].hours


def local(day: date, clock: time) -> datetime:
    """A local moment."""
    return datetime.combine(day, clock, tzinfo=ICT)
