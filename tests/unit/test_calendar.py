"""The working calendar: holidays, weekends, and the end of the reply window."""

import json
from datetime import UTC, date, datetime, timedelta

import holidays
import pytest

from services.domain.calendar import CalendarEnded, WorkingCalendar
from services.domain.rulefiles import calendar_files, load_calendar
from services.kernel.quarters import ICT

CALENDAR = load_calendar()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ICT)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-09-21T08:00", "2026-09-28"),  # Monday: Tuesday to Friday, then Monday
        ("2026-09-25T16:30", "2026-10-02"),  # Friday: the whole next week
        (
            "2026-09-26T09:00",
            "2026-10-02",
        ),  # Saturday counts as little as Friday evening
        (
            "2026-08-26T10:00",
            "2026-09-07",
        ),  # Wed: 27, 28 Aug; 29/8-2/9 off; 3, 4, 7 Sep
        ("2026-08-28T16:59", "2026-09-09"),  # the last day before Quốc khánh
        ("2026-09-01T00:47", "2026-09-09"),  # within the holiday
        ("2026-02-13T11:00", "2026-02-27"),  # Tết: nine days off
        (
            "2026-04-24T11:00",
            "2026-05-06",
        ),  # Giỗ Tổ and 30/4 in one window: 28, 29 Apr; 4, 5, 6 May
        ("2025-08-29T11:00", "2025-09-09"),
        ("2026-12-31T11:00", "2027-01-08"),
        ("2026-01-05T10:00", "2026-01-10"),  # Saturday 10 January is worked for Friday 2 January
        ("2026-01-08T10:00", "2026-01-14"),
        ("2026-08-17T10:00", "2026-08-22"),  # Saturday 22 August is worked for Monday 31 August
        ("2026-08-20T10:00", "2026-08-26"),
        ("2026-08-21T16:30", "2026-08-27"),
        ("2026-08-24T16:30", "2026-09-03"),
        ("2026-11-20T10:00", "2026-11-30"),  # 24 November, Ngày Văn hóa Việt Nam
        ("2026-11-23T10:00", "2026-12-01"),
        ("2027-02-03T10:00", "2027-02-17"),  # Tết 4-10 February
        ("2027-02-01T10:00", "2027-02-15"),
        ("2027-04-15T10:00", "2027-04-23"),
        ("2027-04-29T10:00", "2027-05-10"),  # 1 May is a Saturday: Monday 3 May instead
        ("2027-09-01T10:00", "2027-09-10"),  # 2 and 3 September
        ("2027-11-23T10:00", "2027-12-01"),
        ("2027-12-23T10:00", "2027-12-30"),
    ],
)
def test_reply_is_due_at_the_end_of_the_fifth_working_day(received: str, due: str) -> None:
    assert CALENDAR.reply_due(local(received)) == datetime.fromisoformat(f"{due}T23:59:59.999+07:00")


def test_receipt_counts_by_the_local_day() -> None:
    # 18:30 UTC on Monday is Tuesday in Vietnam, so Tuesday itself does not count.
    monday_evening = datetime(2026, 9, 21, 18, 30, tzinfo=UTC)
    assert CALENDAR.reply_due(monday_evening) == datetime.fromisoformat("2026-09-29T23:59:59.999+07:00")


def test_due_is_given_in_utc() -> None:
    assert CALENDAR.reply_due(local("2026-09-21T08:00")).tzinfo is UTC


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2026-09-01", False),
        ("2026-09-02", False),
        ("2026-09-03", True),
        ("2026-08-29", False),
        ("2026-08-28", True),
        ("2026-11-22", False),
        ("2026-11-23", True),
        ("2026-01-02", False),
        ("2026-02-23", True),
    ],
)
def test_working_days_of_2026(day: str, working: bool) -> None:
    assert CALENDAR.is_working(date.fromisoformat(day)) is working


def test_makeup_saturday_is_worked() -> None:
    content = {
        "version": "2026.2",
        "weekend": [6, 7],
        "reply_working_days": 5,
        "holidays": [{"from": "2026-08-29", "to": "2026-09-02", "name": "Quốc khánh"}],
        "makeup": ["2026-08-22"],
    }
    calendar = WorkingCalendar.from_file(content)
    assert calendar.is_working(date(2026, 8, 22))
    assert calendar.add_working_days(date(2026, 8, 21), 1) == date(2026, 8, 22)


def test_a_holiday_that_ends_before_it_begins_is_refused() -> None:
    holiday = {"from": "2026-09-02", "to": "2026-08-29", "name": "Quốc khánh"}
    content = {
        "version": "2026.2",
        "weekend": [],
        "reply_working_days": 5,
        "holidays": [holiday],
        "makeup": [],
    }
    with pytest.raises(ValueError, match="ends before it begins"):
        WorkingCalendar.from_file(content)


def test_windows_never_shrink_and_end_on_a_working_day() -> None:
    start = local("2026-01-01T12:00")
    dues = [CALENDAR.reply_due(start + timedelta(days=n)) for n in range(365)]
    assert dues == sorted(dues)
    assert all(CALENDAR.is_working(due.astimezone(ICT).date()) for due in dues)
    assert all(due - start > timedelta(days=5 + n) for n, due in enumerate(dues))


def test_the_first_calendar_still_counts_as_it_did() -> None:
    first = WorkingCalendar.from_file(json.loads(dict(calendar_files())["2026.1"]))
    assert first.reply_due(local("2026-08-20T10:00")) == datetime.fromisoformat("2026-08-27T23:59:59.999+07:00")
    assert (first.ends, CALENDAR.ends) == (date(2027, 2, 11), date(2027, 12, 31))


# Where the package knows less than the Department: an exchange of days that no release has.
UNKNOWN_TO_IT = {date(2026, 1, 2), date(2026, 1, 10)}


def test_another_calendar_agrees_but_for_the_exchange_that_it_does_not_know() -> None:
    other = holidays.country_holidays("VN", years=range(2026, 2028))
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
    worked = {day for day in days if other.is_working_day(day)}
    assert {day for day in days if CALENDAR.is_working(day) is not (day in worked)} == UNKNOWN_TO_IT


def test_past_its_end_a_calendar_gives_no_deadline_and_no_lapse_comes_early() -> None:
    last = CALENDAR.reply_due(local("2027-12-24T16:00"))
    assert last == datetime.fromisoformat("2027-12-31T23:59:59.999+07:00")
    for late in ("2027-12-27T08:00", "2027-12-31T23:59", "2031-01-01T00:00"):
        with pytest.raises(CalendarEnded, match="ends on 2027-12-31"):
            CALENDAR.reply_due(local(late))
        assert CALENDAR.over(local(late), 5) - local(late) > timedelta(days=5 + 2 * 9)  # two Tết's worth
    assert CALENDAR.over(local("2027-12-24T16:00"), 5) == last


def test_versions_are_ordered_by_number() -> None:
    content = json.loads(dict(calendar_files())["2026.2"])
    ninth, tenth = (WorkingCalendar.from_file(content | {"version": f"2026.{n}"}) for n in (9, 10))
    assert ninth.number < tenth.number
