"""The quarter at a glance: who stands out and why, what changed, what was found most, and how a list is narrowed."""

from __future__ import annotations

from datetime import date
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
        ("alarm", ("alarm",)), ("bad", ("needs_correction",)), ("overdue", ("overdue",)), ("watch", ("watch",)),
        ("falling", ("falling",)),
    ]  # fmt: skip
    assert tuple(one["reasons"][0] for one in found) == REASONS


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
        "units": (Decimal(10), Decimal(12), True),
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
