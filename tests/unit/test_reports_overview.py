"""The quarter at a glance: who stands out and why, what changed, what was found most, and how a list is narrowed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import Request

from services.kernel.quarters import quarters_until
from services.reports.pages.attention import REASONS, act_now, against, moved
from services.reports.pages.choice import Choice
from services.reports.pages.facets import facets
from services.reports.pages.overview import changes, heat, violations
from services.reports.pages.quarter import ordered
from services.reports.pages.sparkline import HEIGHT, WIDTH, spark
from services.reports.pages.tenure import parts
from services.reports.pages.unit_chart import LEFT, change, line, past_line, peers_rate, unit_range
from services.reports.pages.unit_chart import WIDTH as ACROSS
from services.reports.reading.around import HeadsDay, Tenure
from services.reports.reading.totals import Found, Total


def row(unit: str, score: str | None = "100.00", band: str = "good", **more: Any) -> dict[str, Any]:
    return {
        "unit": unit, "unit_name": unit, "group": "xa", "score": score, "band": band, "gates": [],
        "exposure": {"inspections": 0 if score is None else 1}, "pending": {"findings": 0},
    } | more  # fmt: skip


def compared(standing: str) -> dict[str, Any]:
    return {"standing": standing, "rate": "2.8834", "observed": 7, "expected": "4.60"}


def test_a_unit_is_pointed_at_for_each_reason_the_weightiest_first() -> None:
    rows = [
        row("quiet"),
        row("falling", "94.00"),
        row("watch", comparison=compared("watch")),
        row("overdue", "80.00", "fair", gates=["H03", "overdue"]),
        row("bad", "41.00", "needs_correction"),
        row("alarm", "99.00", comparison=compared("alarm")),
        row("none", None, "insufficient"),
    ]
    found = act_now(against(rows, {"falling": row("falling", "99.00"), "quiet": row("quiet", "95.01")}))
    assert [(one["unit"], one["reasons"]) for one in found] == [
        ("bad", ("needs_correction",)), ("alarm", ("alarm",)), ("overdue", ("overdue",)), ("watch", ("watch",)),
        ("falling", ("falling",)),
    ]  # fmt: skip
    assert {one["reasons"][0] for one in found} == set(REASONS)


def test_more_reasons_then_the_lower_score_then_what_waits_go_first() -> None:
    rows = against(
        [
            row("b", "60.00", "needs_correction"),
            row("a", "60.00", "needs_correction", pending={"findings": 2}),
            row("c", "61.00", "needs_correction", gates=["overdue"]),
            row("d"),
        ],
        {},
    )
    assert [one["unit"] for one in ordered(rows, "first", descending=False)] == ["c", "a", "b", "d"]


def test_a_lower_band_is_a_fall_however_few_the_points_and_an_absent_score_is_none() -> None:
    rows = [row("band", "89.50", "fair"), row("new"), row("gone", None, "insufficient"), row("up", "99.00")]
    before = {"band": row("band", "90.00"), "gone": row("gone"), "up": row("up", "98.00"), "new": row("new", None)}
    told = against(rows, before)
    assert [(one["unit"], one["delta"], one["reasons"]) for one in told] == [
        ("band", Decimal("-0.50"), ("falling",)), ("new", None, ()), ("gone", None, ()), ("up", Decimal("1.00"), ()),
    ]  # fmt: skip
    assert moved(told) == {"compared": 2, "risen": 1, "fallen": 1, "bands_down": 1}


def test_violations_and_the_table_of_kinds_add_up_to_the_findings() -> None:
    found = [
        Found("a", "A01", 2, 6, 1),
        Found("b", "A01", 1, 1, 1),
        Found("b", "B04", 1, 2, 1),
        Found("c", "B04", 4, 4, 2),
    ]
    [late, plates] = violations(found)[::-1]
    assert (late.code, late.findings, late.times, late.units, late.share) == ("A01", 3, 7, 2, 0.6)
    assert (plates.code, plates.findings, plates.share) == ("B04", 5, 1.0)
    rows = [
        row("a", group="xa"),
        row("b", group="xa"),
        row("c", group="so", exposure={"inspections": 12}),
        row("d", None),
    ]
    [department, communes] = heat(rows, found)
    assert (department.kind, department.inspections, department.units) == ("so", 12, 1)
    assert [(cell.findings, cell.rate, cell.small) for cell in department.cells[:2]] == [
        (0, "0.0", False),
        (4, "33.3", False),
    ]
    assert [(cell.findings, cell.rate, cell.shade, cell.small) for cell in communes.cells[:2]] == [
        (3, "150.0", 4, True), (1, "50.0", 1, True),
    ]  # fmt: skip
    assert violations([]) == [] and heat([row("d", None)], []) == []


def total(quarter: str, **more: int) -> Total:
    nothing = {"units": 0, "inspections": 0, "persons": 0, "findings": 0, "replied": 0, "lapsed": 0, "remedied": 0}
    return Total(quarter=quarter, **nothing | {"overdue": 0} | more)


def test_a_change_says_whether_it_is_for_the_better() -> None:
    before = total("2026-Q2", units=10, persons=200, findings=8, replied=3, lapsed=1)
    now = total("2026-Q3", units=12, persons=300, findings=15, replied=1, lapsed=1)
    told = {one.name: (one.was, one.now, one.better) for one in changes([before, now])}
    assert told == {
        "units": (Decimal(10), Decimal(12), None),
        "rate": (Decimal("4.0"), Decimal("5.0"), False),
        "replies": (Decimal("75.0"), Decimal("50.0"), False),
        "remedies": (None, None, None),  # nothing to divide by is no zero
    }
    assert all(one.was is None for one in changes([now]))


def test_a_small_line_breaks_where_there_is_no_figure() -> None:
    made = spark([Decimal(1), Decimal(3), None, Decimal(2)])
    assert made is not None
    assert (len(made.lines), len(made.dots)) == (1, 3)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in made.dots)
    assert made.dots[1][1] < made.dots[2][1] < made.dots[0][1]  # more is higher
    assert spark([None, Decimal(1)]) is None


def choice(query: str) -> Choice:
    asked = {"type": "http", "method": "GET", "path": "/reports/", "query_string": query.encode(), "headers": []}
    return Choice.of(Request(asked), date(2026, 11, 23))


def test_a_facet_counts_what_it_would_show_under_the_other_choices() -> None:
    rows = against(
        [row("a"), row("b", "60.00", "needs_correction"), row("c", group="so"), row("d", comparison=compared("watch"))],
        {},
    )
    chosen = choice("band=good&group=xa&sort=delta&dir=desc")
    [kinds, bands] = facets(rows, chosen, compared=False)
    assert kinds.values == [("so", 1, False), ("xa", 2, True)]
    assert bands.values == [("good", 2, True), ("needs_correction", 1, False)]
    assert [one["unit"] for one in rows if chosen.admits(one)] == ["a", "d"]
    [_, _, standings] = facets(rows, choice(""), compared=True)
    assert standings.values == [("watch", 1, False)]
    assert chosen.narrowed and not choice("group=xa").narrowed
    assert chosen.narrowed_to("band", None) == "?quarter=2026-Q4&group=xa&edition=live&sort=delta&dir=desc"
    assert choice("band=none&standing=x").band is None


def test_quarters_run_over_the_years() -> None:
    assert quarters_until("2026-Q1", 3) == ["2025-Q3", "2025-Q4", "2026-Q1"]


def test_a_units_range_holds_its_rate_and_its_peers() -> None:
    told = {"observed": 7, "exposure": 214, "expected": "4.60", "rate": "2.8834", "interval": ["1.3352", "5.2002"]}
    made = unit_range(told)
    assert made is not None and peers_rate(told) == "2.1"
    assert LEFT < made.low < made.peers < made.rate < made.high < ACROSS
    assert made.ticks[0] == (LEFT, "0") and made.ticks[-1][1] == "5"
    assert unit_range(None) is None
    assert unit_range(told | {"rate": None, "interval": None}) is None  # never an empty chart
    assert peers_rate(told | {"exposure": 0}) is None


def test_the_past_leaves_out_quarters_without_a_score_and_marks_restated_ones() -> None:
    quarters = ["2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"]
    points = past_line(quarters, ["97.00", None, "18.00", "94.00"], frozenset({"2026-Q2"}))
    assert [(point.quarter, point.restated) for point in points] == [
        ("2025-Q4", False), ("2026-Q2", True), ("2026-Q3", False),
    ]  # fmt: skip
    assert points[0].y < points[2].y < points[1].y
    assert change(points) == Decimal("76.00") and change(points[:1]) is None
    assert line(points).count(",") == 3


def heads_day(day: str, **more: int) -> HeadsDay:
    return HeadsDay(**{"day": date.fromisoformat(day), "visits": 1, "own": 0, "unanswered": 0, "overdue": 0} | more)  # type: ignore[arg-type]


def test_what_befell_a_unit_is_its_head_of_that_days() -> None:
    held = [
        Tenure(account="an", since=datetime(2025, 1, 1, tzinfo=UTC), until=datetime(2026, 7, 31, 17, tzinfo=UTC)),
        Tenure(account="binh", since=datetime(2026, 8, 19, 17, tzinfo=UTC), until=None),
    ]
    days = [
        heads_day("2026-07-31", own=1), heads_day("2026-08-01", unanswered=1),
        heads_day("2026-08-20", own=2, overdue=1), heads_day("2026-09-01", own=1),
    ]  # fmt: skip
    told = parts(held, days, date(2026, 9, 30))
    assert [(one.account, one.visits, one.own, one.unanswered, one.overdue, one.short) for one in told] == [
        (None, 1, 0, 1, 0, False), ("an", 1, 1, 0, 0, False), ("binh", 2, 3, 0, 1, True),
    ]  # fmt: skip
    assert (told[1].until, told[2].since) == (date(2026, 8, 1), date(2026, 8, 20))
    assert parts(held, [], date(2026, 9, 30)) == []
