from datetime import UTC, date, datetime, timedelta

import pytest

from services.kernel.quarters import ICT, local_date, parse_instant, quarter_days, quarter_of, rfc3339


def test_a_day_is_the_provinces_day():
    assert local_date(datetime(2026, 6, 30, 17, 0, tzinfo=UTC)) == date(2026, 7, 1)
    assert quarter_of(local_date(datetime(2026, 6, 30, 16, 59, 59, tzinfo=UTC))) == "2026-Q2"


@pytest.mark.parametrize(
    ("quarter", "first", "last"),
    [
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2028-Q1", date(2028, 1, 1), date(2028, 3, 31)),
    ],
)
def test_a_quarters_days(quarter, first, last):
    assert quarter_days(quarter) == (first, last)
    assert quarter_of(first) == quarter_of(last) == quarter
    assert quarter_of(last + timedelta(days=1)) != quarter


@pytest.mark.parametrize("text", ["2026-Q5", "2026Q1", "26-Q1", "2026-Q1 ", "", "１２３４-Q1", "20२६-Q3"])
def test_what_is_no_quarter(text):
    with pytest.raises(ValueError):
        quarter_days(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-01T07:45:12",
        "2026-09-01",
        "2026-13-01T00:00:00Z",
        "2026-09-01T07:45:12+7",
        "now",
        "2026-09-01T24:00:01Z",
        "2026-09-01T07:45:12+07:99",  # no other reader of the log would take these
        "2026-09-01T07:45:12+24:00",
        "２026-09-01T07:45:12Z",
    ],
)
def test_what_is_no_instant(text):
    with pytest.raises(ValueError):
        parse_instant(text)


def test_instants_keep_their_offset_and_are_written_in_utc():
    instant = parse_instant("2026-09-01T07:45:12+07:00")
    assert instant.utcoffset() == timedelta(hours=7)
    assert rfc3339(instant) == "2026-09-01T00:45:12.000Z"
    assert parse_instant("2026-09-01t07:45:12.123456789z").astimezone(ICT).hour == 14
