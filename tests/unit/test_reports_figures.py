"""Many units in one picture, what comes back, who answers in time: numbers for figures and the tables beside them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.reports.pages.compare import transitions
from services.reports.pages.needs import Share, courses, judgements, needs, punctuality, share
from services.reports.pages.plots import FLOOR, LEFT, TOP, WIDTH, caterpillar, estimated, funnels
from services.reports.pages.tasks import opening_days
from services.reports.reading.totals import Found, Judged, KindTotal
from services.reports.statistics.funnel import over_dispersion

# W1 of the reference: observed violations and persons checked of eight units
OBSERVED = (7, 1, 4, 0, 12, 9, 2, 3)
CHECKED = (214, 95, 310, 40, 180, 520, 260, 150)


def row(unit: str, observed: int, checked: int, standing: str = "within", **more: Any) -> dict[str, Any]:
    rate = 100 * observed / checked
    told = {
        "peer_group": "commune", "observed": observed, "exposure": checked, "expected": f"{checked * 38 / 1769:.2f}",
        "rate": f"{rate:.4f}", "interval": [f"{rate / 2:.4f}", f"{rate + 2:.4f}"], "z": "0.10", "standing": standing,
    } | more  # fmt: skip
    return {"unit": unit, "comparison": told}


ROWS = [
    row(name, o, n, "watch" if name == "E" else "within")
    for name, o, n in zip("ABCDEFGH", OBSERVED, CHECKED, strict=True)
]


def test_the_ranges_stand_with_whoever_stands_out_first_and_leave_out_what_is_not_compared() -> None:
    rows = [*ROWS, row("few", 9, 10, "insufficient", z=None), {"unit": "none", "comparison": None}]
    told = estimated(rows)
    assert [one["unit"] for one in told] == ["E", "A", "H", "F", "C", "B", "G", "D"]
    made = caterpillar(told)
    assert made is not None and [bar.unit for bar in made.bars][:2] == ["E", "A"]
    assert all(LEFT < bar.x < WIDTH and TOP <= bar.high <= bar.rate <= bar.low <= FLOOR for bar in made.bars)
    assert caterpillar(told[:1]) is None and caterpillar([]) is None  # never an empty chart


def test_a_funnel_has_the_limits_of_its_groups_own_spread() -> None:
    [made] = funnels([*ROWS, row("alone", 1, 50, peer_group="so")])
    assert made.group == "commune" and len(made.dots) == 8
    _, tau2 = over_dispersion(OBSERVED, [float(one["comparison"]["expected"]) for one in ROWS])
    assert tau2 == pytest.approx(0.04828569197, rel=0.01)  # W2, from expected counts of two places
    for (lower, upper), (far_lower, far_upper) in [(made.watch, made.alarm)]:
        heights = [drawn(line)[::-1] for line in (far_upper, upper, lower, far_lower)]
        assert all(a <= b <= c <= d for a, b, c, d in zip(*heights, strict=False))  # y grows downwards
        assert heights[0][0] < made.even < heights[-1][0]
    assert funnels(ROWS[:7]) == []


def drawn(line: str) -> list[float]:
    """The heights of an SVG line's points."""
    return [float(pair.split(",")[1]) for pair in line.split()]


def test_a_limit_outside_of_a_funnels_picture_is_not_drawn_at_its_edge() -> None:
    few = [row(f"u{at}", at % 3, 20 + at, expected="1.1", peer_group="so") for at in range(8)]
    for made in funnels([*ROWS, *few]):
        for line in (made.watch[1], made.alarm[1]):
            heights = drawn(line)
            assert all(height >= TOP for height in heights)
            assert len(set(heights)) == len(heights)  # it falls from point to point, and runs along no edge
            assert len(heights) > 1  # what title and caption promise is there


@pytest.mark.parametrize("expected", ["0.01", "0.50", "1.10", "3.00", "5.00", "10.00", "250.00"])
@pytest.mark.parametrize("apart", [0, 7])
def test_both_limits_are_in_the_picture_of_a_group_of_any_size(expected: str, apart: int) -> None:
    observed = [round(float(expected)) + (at % 2) * apart for at in range(8)]
    [made] = funnels([row(f"u{at}", o, 20, expected=expected) for at, o in enumerate(observed)])
    for line in (*made.watch, *made.alarm):
        assert len(drawn(line)) > 1
        assert all(TOP <= height <= FLOOR for height in drawn(line))


def kind_total(kind: str, quarter: str, **more: int) -> KindTotal:
    nothing = dict.fromkeys(
        ("units", "inspections", "persons", "findings", "replied", "lapsed", "remedied", "overdue"), 0
    )
    return KindTotal(kind=kind, quarter=quarter, **nothing | more)


def test_a_training_need_is_what_comes_back_in_a_unit_with_its_denominators() -> None:
    found = [
        Found("a", "A01", 3, 3, 2), Found("b", "A01", 1, 1, 1), Found("c", "A01", 5, 5, 3), Found("a", "B04", 1, 9, 1),
        Found("gone", "A01", 2, 2, 2),
    ]  # fmt: skip
    totals = [kind_total("xa", "2026-Q2", inspections=4), kind_total("xa", "2026-Q3", inspections=5)]
    told = needs(found, {"a": "xa", "b": "xa", "c": "so"}, [*totals, kind_total("so", "2026-Q3", inspections=3)])
    assert [(one.code, one.kind, one.again, one.units, one.inspections) for one in told] == [
        ("A01", "xa", 1, 2, 9), ("A01", "so", 1, 1, 3),
    ]  # fmt: skip


def test_shares_have_their_denominator_and_interval_and_nothing_is_no_zero() -> None:
    assert (share(71, 80).percent, share(71, 80).interval) == ("88.8", ("80.0", "94.0"))
    assert (share(0, 0).percent, share(0, 0).interval) == (None, None)
    totals = [
        kind_total("xa", "2026-Q3", replied=3, lapsed=1),
        kind_total("so", "2026-Q3"),
        kind_total("dvsn", "2026-Q2", lapsed=1),
    ]
    [communes] = punctuality(totals, "2026-Q3")
    assert (communes.kind, communes.replies.percent, communes.remedies.percent) == ("xa", "75.0", None)


def test_a_course_leaves_a_gap_where_nobody_was_checked() -> None:
    [course] = courses(
        [kind_total("xa", "2026-Q3", persons=200, findings=9), kind_total("xa", "2026-Q1")],
        ["2026-Q1", "2026-Q2", "2026-Q3"],
    )
    assert course.values == [None, None, Decimal("4.5")]


def test_inspectors_are_told_of_from_thirty_checks_on() -> None:
    told = judgements([
        a_quarter("aa", checks=30, findings=3, decided=8, overturned=2),
        a_quarter("bb", checks=29, findings=9, decided=9, overturned=9),
        a_quarter("cc", checks=400, findings=20),
        a_quarter("dd ee", checks=60, findings=6, decided=6, overturned=3),
    ])  # fmt: skip
    assert [one.members for one in told] == [("dd", "ee"), ("aa",), ("cc",)]
    assert (told[1].rate, told[1].overturned.percent, told[2].overturned.percent) == (Decimal("10.0"), "25.0", None)


def test_how_decisions_stood_up_has_a_range_from_five_cases_on_and_before_that_only_numbers() -> None:
    """Intervals by statsmodels 0.14, proportion_confint(method="wilson")."""
    few, enough = judgements([
        a_quarter("aa", seconded=4, agreed=3, again=2, reversed=2),
        a_quarter("bb", seconded=20, agreed=17, again=5, reversed=1),
    ])  # fmt: skip
    assert few.agreed == Share(3, 4, None, None) and few.reversed == Share(2, 2, None, None)
    assert enough.agreed == Share(17, 20, "85.0", ("64.0", "94.8"))
    assert enough.reversed == Share(1, 5, "20.0", ("3.6", "62.4"))


def a_quarter(who: str, **counts: int) -> Judged:
    known = ("findings", "decided", "overturned", "seconded", "agreed", "again", "reversed")
    return Judged(who=who, **dict.fromkeys(known, 0) | {"checks": 30} | counts)


def test_transitions_count_every_unit_once() -> None:
    rows = [{"was": {"band": was}, "band": now} for was, now in (("good", "fair"), ("good", "good"), ("good", "fair"))]
    assert transitions(rows) == {("good", "fair"): 2, ("good", "good"): 1}


def test_a_quarter_opens_for_closing_on_its_last_day_and_officially_fifteen_days_later() -> None:
    assert opening_days("2026-Q4") == {"flash": date(2026, 12, 31), "official": date(2027, 1, 15)}
