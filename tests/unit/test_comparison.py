"""Method comparison/1: the wire's example, windows, peer groups, and what must hold of any province."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.rulefiles import genesis
from services.reports.facts.facts import SCORING, Finding, Inspection
from services.reports.scoring.cards import compared, sized
from services.reports.scoring.comparison.compare import compare
from services.reports.scoring.comparison.rules import Comparison
from services.reports.scoring.comparison.tally import Seen, Stratum, Tally, span, tally, touched
from services.reports.scoring.method import BadRules
from services.reports.scoring.rulebook import Catalogue, Rulebook, _catalogue

PUBLISHED = json.loads((Path(__file__).parents[2] / "schemas/scoring/2026.3.json").read_text(encoding="utf-8"))
RULES = Comparison.read("2026.3", PUBLISHED["comparison"])
assert RULES is not None
QUARTER = "2026-Q4"
FOUND, CHECKED = (7, 1, 4, 0, 12, 9, 2, 3), (214, 95, 310, 40, 180, 520, 260, 150)


def drawn(observed: int, persons: int, visits: int = 2, inspectors: int = 2) -> Tally:
    return Tally(Stratum(visits, persons, observed), Stratum(), inspectors)


def w1(group: str = "so") -> dict[str, Seen]:
    return {unit: Seen(group, {QUARTER: drawn(o, n)}) for unit, o, n in zip("abcdefgh", FOUND, CHECKED, strict=True)}


def test_the_wires_example() -> None:
    told = compare(RULES, QUARTER, w1())
    assert told["a"] == {
        "peer_group": "so", "units": 8, "window": [QUARTER], "observed": 7, "exposure": 214, "expected": "4.60",
        "rate": "2.8834", "interval": ["1.3352", "5.2002"], "z": "0.73", "standing": "within", "better": False,
        "fdr": False, "rank": None, "random_share": "1.00",
        "trend": {
            "previous": [
                {"quarter": one, "observed": 0, "exposure": 0, "rate": None}
                for one in ("2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3")
            ],
            "improved": None,
        },
    }  # fmt: skip
    assert (told["e"]["z"], told["e"]["standing"], told["e"]["expected"]) == ("2.27", "watch", "3.87")
    assert list(told["a"]) == list(told["d"])


def test_chosen_visits_are_expected_by_how_they_were_chosen() -> None:
    units = w1()
    units["a"] = Seen("so", {QUARTER: Tally(Stratum(1, 100, 1), Stratum(3, 114, 6), 2)})
    told = compare(RULES, QUARTER, units)["a"]
    lot = Fraction(38 - 6, 1769 - 114)
    assert Fraction(told["expected"]) == round(100 * lot + 6, 2)
    assert told["random_share"] == "0.25"


@pytest.mark.parametrize("short", [drawn(1, 29), drawn(1, 60, visits=1), drawn(1, 60, inspectors=1)])
def test_a_thin_quarter_is_seen_with_the_three_before(short: Tally) -> None:
    units = w1() | {"d": Seen("so", {QUARTER: short, "2026-Q2": drawn(2, 50)})}
    told = compare(RULES, QUARTER, units)["d"]
    assert told["window"] == ["2026-Q1", "2026-Q2", "2026-Q3", QUARTER]
    assert (told["observed"], told["exposure"]) == (3, short.persons + 50)
    assert told["standing"] == "within"
    assert told["trend"]["previous"][2]["exposure"] == 50


def test_inspectors_are_counted_inside_one_quarter() -> None:
    one = drawn(1, 60, inspectors=1)
    units = w1() | {"d": Seen("so", {QUARTER: one, "2026-Q3": one})}
    told = compare(RULES, QUARTER, units)["d"]
    assert (told["standing"], told["z"], told["rank"]) == ("insufficient", None, None)
    assert told["rate"] is not None  # what is known is still shown with its interval


def test_who_was_not_visited_has_no_figure_but_no_zero_either() -> None:
    told = compare(RULES, QUARTER, w1() | {"i": Seen("so")})["i"]
    assert (told["observed"], told["exposure"], told["units"]) == (0, 0, 8)
    figures = ("expected", "rate", "interval", "z", "rank", "random_share")
    assert [told[name] for name in figures] == [None] * 6
    assert (told["standing"], told["better"], told["fdr"]) == ("insufficient", False, False)


def test_a_small_group_merges_once() -> None:
    communes = {unit: replace(seen, group="xa") for unit, seen in w1().items()}
    wards = {f"p{unit}": replace(seen, group="phuong") for unit, seen in list(w1().items())[:5]}
    others = {"x": Seen("truong", {QUARTER: drawn(5, 100)})}
    told = compare(RULES, QUARTER, communes | wards | others)
    assert (told["a"]["peer_group"], told["a"]["units"]) == ("xa", 8)
    assert (told["pa"]["peer_group"], told["pa"]["units"]) == ("commune", 13)
    assert (told["x"]["peer_group"], told["x"]["units"], told["x"]["standing"]) == ("truong", 1, "insufficient")
    few = {unit: Seen("phuong", {QUARTER: drawn(1, 50)}) for unit in "abcdefghi"}
    assert compare(RULES, QUARTER, few)["a"]["peer_group"] == "commune"
    assert compare(RULES, QUARTER, few)["a"]["standing"] == "insufficient"  # nine findings
    assert compare(RULES, QUARTER, few)["a"]["rate"] is None


def province() -> dict[str, Seen]:
    """20 units that differ: rates of 1 %, two of 30 %, one of nothing."""
    rates = dict.fromkeys((f"u{at:02d}" for at in range(20)), 5) | {"u03": 150, "u07": 140, "u11": 0}
    return {unit: Seen("so", {QUARTER: drawn(found, 500), "2025-Q4": drawn(100, 500)}) for unit, found in rates.items()}


def test_who_stands_out_is_ranked_with_an_interval() -> None:
    told = compare(RULES, QUARTER, province())
    assert [unit for unit, one in told.items() if one["rank"]] == sorted(told)
    low, high = told["u03"]["rank"]["interval"]
    assert 19 <= low <= high == 20
    assert 19 < float(told["u03"]["rank"]["expected"]) < 20
    assert float(told["u05"]["trend"]["improved"]) > 0.99 > 0.5 > float(told["u03"]["trend"]["improved"])


def test_alarm_and_discovery_are_of_the_worse_side_only() -> None:
    found = dict.fromkeys((f"u{at:02d}" for at in range(40)), 10) | {"u03": 45, "u11": 0}
    told = compare(RULES, QUARTER, {unit: Seen("so", {QUARTER: drawn(o, 500)}) for unit, o in found.items()})
    assert (told["u03"]["standing"], told["u03"]["fdr"], told["u03"]["better"]) == ("alarm", True, False)
    assert (told["u11"]["standing"], told["u11"]["fdr"], told["u11"]["better"]) == ("within", False, True)
    assert {one["standing"] for unit, one in told.items() if unit not in ("u03", "u11")} == {"within"}


tallies = st.builds(
    lambda persons, found, visits, inspectors: drawn(min(found, persons), persons, visits, inspectors),
    st.integers(0, 200), st.integers(0, 30), st.integers(1, 4), st.integers(1, 3),
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.lists(tallies, min_size=1, max_size=14), st.randoms())
def test_the_order_of_units_says_nothing_and_standing_is_the_shown_z(given: list[Tally], random: Any) -> None:
    units = {f"u{at}": Seen("xa" if at % 2 else "phuong", {QUARTER: one}) for at, one in enumerate(given)}
    mixed = list(units.items())
    random.shuffle(mixed)
    told = compare(RULES, QUARTER, units)
    assert json.dumps(told) == json.dumps(compare(RULES, QUARTER, dict(mixed)))
    for one in told.values():
        if one["z"] is None:
            assert one["standing"] == "insufficient"
        else:
            z = float(one["z"])
            assert one["standing"] == ("alarm" if z > 3.09 else "watch" if z > 1.96 else "within")
            assert one["peer_group"] in ("xa", "phuong", "commune") and one["units"] >= 8


def catalogue() -> Catalogue:
    return _catalogue(next(one.data for one in genesis() if one.type.startswith("kycuong.catalogue")))


def inspection(
    key: str, persons: int, selection: str = "random", kind: str = "unannounced", team: str = "a b"
) -> Inspection:
    return Inspection(
        id=key, unit="u", quarter=QUARTER, opened_on=date(2026, 10, 1), opened_index=1, kind=kind, selection=selection,
        team=team, closed_at="2026-10-01T00:00:00Z", persons_checked=persons,
    )  # fmt: skip


def finding(code: str, count: int, severity: int, **said: Any) -> Finding:
    return Finding(
        id=code, inspection="i", code=code, catalogue="2026.1", severity=severity, count=count, index=1, **said
    )


def test_what_is_counted() -> None:
    upheld = {"outcome": "upheld"}
    visits = [
        (inspection("i", 10), [
            finding("A01", 3, 1, accepted=True), finding("A03", 12, 2, **upheld), finding("A03", 4, 2),
            finding("A05", 1, 3, **upheld), finding("F02", 2, 4, **upheld), finding("A01", 5, 1, outcome="excused"),
        ]),
        (inspection("j", 20, "scheduled", team="b c"), [finding("A01", 2, 1, lapsed=True)]),
        (inspection("k", 30, "scheduled", kind="recheck"), [finding("A03", 9, 2, **upheld)]),
        (inspection("l", 40, "targeted"), [finding("A03", 9, 2, **upheld)]),
    ]  # fmt: skip
    assert tally(visits, {"2026.1": catalogue()}) == Tally(Stratum(1, 10, 13), Stratum(1, 20, 2), 3)


def test_quarters_across_a_year() -> None:
    assert span("2026-Q2") == ("2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2")
    assert touched("2026-Q3") == ["2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"]
    assert all("2026-Q3" in span(later) for later in touched("2026-Q3"))


def test_a_version_compares_when_it_says_how() -> None:
    book = Rulebook()
    for index, one in enumerate(one for one in genesis() if one.type == SCORING):
        book.apply(index, one.type, one.data)
    assert book.comparison("2026-Q3") is None
    assert book.comparison("2026-Q4") == RULES
    assert book.rules("2026-Q4").version == "2026.3"


@pytest.mark.parametrize(
    "changed", [{"method": "comparison/2"}, {"weights": {"1": 1}}, {"peers": None}, {"min": {"persons": 30}}]
)
def test_a_version_that_cannot_be_applied_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadRules, match=r"2026\.9"):
        Comparison.read("2026.9", PUBLISHED["comparison"] | changed)


def test_what_is_published_comes_back_as_it_was() -> None:
    assert RULES.json() == PUBLISHED["comparison"]


def test_a_row_is_given_its_comparison_in_place() -> None:
    row = '{"unit":"xa","comparison":null}'
    one = compare(RULES, QUARTER, w1())["a"]
    assert json.loads(compared(row, json.dumps(one), 12)) == {"unit": "xa", "comparison": one | {"size": 12}}
    assert json.loads(sized(json.dumps(one), 12)) == one | {"size": 12}
