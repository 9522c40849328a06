"""The body by which a working calendar is published, and what its file says."""

from hashlib import sha256
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from services.intake.writing.forms import Day, Form, Line, Write

MAX_FILE = 12_000  # characters of a calendar's file: its event holds no more


def _days_once(days: list[int]) -> list[int]:
    if len(set(days)) < len(days):
        raise ValueError(("có ngày ghi hai lần", "names a day twice"))
    return days


class PublishCalendar(Write):
    """A version of the working calendar: the exact text of its file, which the log pins by hash."""

    EVENT = "kycuong.calendar.published.v1"

    file: Annotated[str, Field(min_length=1, max_length=MAX_FILE)]

    def told(self) -> dict[str, Any]:
        """The event pins the file by its hash."""
        return {"sha256": sha256(self.file.encode()).hexdigest()}


class DaysOff(Form):
    """Days off in a row, both ends included."""

    from_: Day = Field(alias="from")
    to: Day
    name: Line


class CalendarFile(Form):
    """What a calendar's file says (schemas/calendar)."""

    version: Annotated[str, Field(pattern=r"^20[0-9]{2}\.[1-9][0-9]{0,2}$")]
    weekend: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(max_length=7), AfterValidator(_days_once)]
    reply_working_days: Annotated[int, Field(ge=1, le=60)]
    until: Day
    holidays: Annotated[list[DaysOff], Field(min_length=1, max_length=200)]
    makeup: Annotated[list[Day], Field(max_length=100)]
