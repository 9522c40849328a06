"""The rules by which an administrator publishes another version of the working calendar. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import cast

from services.domain.calendar import WorkingCalendar, calendar_data, version_number
from services.intake.calendars.forms import CalendarFile, PublishCalendar
from services.intake.calendars.state import Calendars
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import whole_province
from services.intake.writing.commands import Asked, Command
from services.intake.writing.forms import read_form
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import WrongState
from services.kernel.envelope import NO_UNIT
from services.kernel.problems import BadJson, FieldError, Invalid, first_errors, invalid
from services.kernel.quarters import local_date, quarter_of
from services.kernel.strict_json import parse

_DAY = timedelta(days=1)
_LONGEST = 31  # days off in a row: a year or month typed wrong would put every deadline off, or stop all closings


def publish(asked: Asked) -> Accepted:
    """Publish a version: it gives the deadlines from now on, and those given before stand."""
    world, command = asked.world, asked.command
    text = cast(PublishCalendar, command.form).file
    form = _read(text)
    grant = whole_province(
        asked, ("Chỉ quản trị viên toàn tỉnh mới công bố lịch.", "Only an administrator of the province publishes it.")
    )
    refuse_foreign(asked.known)
    _require_newer(form.version, world.calendar)
    content = json.loads(text)
    errors = list(_faults(form, WorkingCalendar.from_file(content), world.calendar, local_date(world.now)))
    if errors:
        raise Invalid(errors=first_errors(errors))
    world.calendar = WorkingCalendar.from_file(content)
    world[Calendars].new.append((form.version, command.id, text))
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)), unit=NO_UNIT,
        type="kycuong.calendar.published.v1", subject=f"calendar/{form.version}",
        data=calendar_data(content, sha256(text.encode()).hexdigest()), state="published",
        extra={"version": form.version},
    )  # fmt: skip


def _read(text: str) -> CalendarFile:
    """The file as its form, and days that are in order; Invalid names what is not."""
    try:
        form = read_form(CalendarFile, parse(text.encode()))
    except (BadJson, UnicodeEncodeError):
        raise invalid("/file", "không phải một tệp JSON đúng", "is not a proper JSON file") from None
    if isinstance(form, list):
        raise Invalid(errors=[one if one.rest else replace(one, pointer=f"/file{one.pointer}") for one in form])
    errors = list(_disorder(cast(CalendarFile, form)))
    if errors:
        raise Invalid(errors=first_errors(errors))
    return cast(CalendarFile, form)


def _disorder(form: CalendarFile) -> Iterator[FieldError]:
    """Holidays that end before they begin or overlap; make-up days given twice."""
    spans = [(date.fromisoformat(one.from_), date.fromisoformat(one.to), n) for n, one in enumerate(form.holidays)]
    for first, last, number in spans:
        if last < first:
            yield FieldError(
                f"/file/holidays/{number}/to", "ở trước ngày bắt đầu của kỳ nghỉ", "is before the holiday's first day"
            )
        elif (last - first).days >= _LONGEST:
            yield FieldError(
                f"/file/holidays/{number}/to",
                f"kỳ nghỉ dài quá {_LONGEST} ngày; hãy xem lại năm và tháng",
                f"the holiday is longer than {_LONGEST} days; check year and month",
            )
    for (_, last, _), (first, _, number) in pairwise(sorted(spans)):
        if first <= last:
            yield FieldError(
                f"/file/holidays/{number}/from",
                f"chồng lên kỳ nghỉ trước, đến ngày {last:%d/%m/%Y}; hãy ghi mỗi ngày nghỉ một lần",
                f"overlaps the holiday until {last.isoformat()}; name each day off once",
            )
    for number, day in enumerate(form.makeup):
        if day in form.makeup[:number]:
            yield FieldError(f"/file/makeup/{number}", "đã ghi ở trên", "is given twice")


def _require_newer(version: str, current: WorkingCalendar) -> None:
    if version_number(version) <= current.number:
        raise WrongState((
            f"Lịch đang có hiệu lực là phiên bản {current.version}; phiên bản {version} đã dùng hoặc thấp hơn. "
            "Lịch mới cần số phiên bản cao hơn.",
            f"The calendar in force is version {current.version}; {version} was used, or is lower. Give the new one a "
            "higher version.",
        ))  # fmt: skip


def _faults(form: CalendarFile, new: WorkingCalendar, current: WorkingCalendar, today: date) -> Iterator[FieldError]:
    """What a new calendar may not do, against the one in force."""
    if new.weekend != current.weekend:
        yield FieldError("/file/weekend", "phải là [6, 7]: thứ Bảy và Chủ nhật", "must be [6, 7]: Saturday and Sunday")
    if new.reply_working_days < current.reply_working_days:
        yield FieldError(
            "/file/reply_working_days",
            f"không được ít hơn {current.reply_working_days}: thời hạn giải trình của đơn vị không bị rút ngắn",
            f"may not be less than {current.reply_working_days}: a unit's time to reply is not cut",
        )
    least = max(current.ends, today + _DAY)
    if new.ends < least:
        yield FieldError(
            "/file/until",
            f"phải từ ngày {least:%d/%m/%Y} trở đi: lịch mới không được ngắn hơn lịch đang có hiệu lực",
            f"must be {least.isoformat()} or later: it may not end before the calendar in force",
        )
    yield from _odd_days(form, new)
    yield from _changed_past(new, current, today)


def _odd_days(form: CalendarFile, new: WorkingCalendar) -> Iterator[FieldError]:
    """Days past the calendar's own end, and make-up days that make up for nothing."""
    for number, holiday in enumerate(new.holidays):
        if holiday.last > new.ends:
            yield FieldError(
                f"/file/holidays/{number}/to", "ở sau ngày until của lịch", "is after the calendar's until"
            )
    for number, text in enumerate(form.makeup):
        day = date.fromisoformat(text)
        pointer = f"/file/makeup/{number}"
        if day > new.ends:
            yield FieldError(pointer, "ở sau ngày until của lịch", "is after the calendar's until")
        elif any(holiday.covers(day) for holiday in new.holidays):
            yield FieldError(pointer, "vừa là ngày nghỉ vừa là ngày làm bù", "is both a holiday and a make-up day")
        elif day.isoweekday() not in new.weekend:
            yield FieldError(pointer, "vốn đã là ngày làm việc", "is a working day anyway")


def _changed_past(new: WorkingCalendar, current: WorkingCalendar, today: date) -> Iterator[FieldError]:
    """Days that are over stay what they were: deadlines were counted by them."""
    for day in _over(new, current, today):
        if new.is_working(day) != current.is_working(day):
            was = ("ngày làm việc", "worked") if current.is_working(day) else ("ngày nghỉ", "off")
            yield FieldError(
                "/file/holidays",
                f"ngày {day:%d/%m/%Y} đã qua và là {was[0]}; hãy giữ các ngày đã qua như trong lịch đang có hiệu lực",
                f"{day.isoformat()} is over and was {was[1]}; keep past days as they are in the calendar in force",
            )


def _over(new: WorkingCalendar, current: WorkingCalendar, today: date) -> Iterable[date]:
    """Every day before today that one of the calendars speaks of, and those between."""
    spoken = [day for one in (new, current) for day in (*one.makeup, *(off.first for off in one.holidays))]
    first = min(spoken, default=today)
    return (first + number * _DAY for number in range(max(0, (today - first).days)))


def touch(needs: Needs, command: Command) -> None:
    """Move the sequence of what is of no unit."""
    needs.units.add(NO_UNIT)
