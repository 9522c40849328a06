"""Scoring, method card/1: the golden case, every rule of domain §5, and properties over random quarters."""

import json
from datetime import date
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.case import OVERTURNING
from services.reports.facts.standing import Standing, standing
from services.reports.scoring.card1.arithmetic import COUNTED_OR_PENDING, Rules, score_quarter, score_visit
from services.reports.scoring.method import GROUPS, BadRules, Observation, Visit, shown

SCHEMAS = Path(__file__).parents[2] / "schemas"
PUBLISHED = json.loads((SCHEMAS / "scoring/2026.1.json").read_text(encoding="utf-8"))
RULES = Rules.read(PUBLISHED["version"], PUBLISHED["rules"])
CODES = {
    code["code"]: code for code in json.loads((SCHEMAS / "catalogue/2026.1.json").read_text(encoding="utf-8"))["codes"]
}


def seen(code: str, count: int = 1, index: int = 0, where: Standing = Standing.COUNTS) -> Observation:
    """An observation of a catalogue code."""
    entry = CODES[code]
    return Observation(
        finding=f"f{index}",
        code=code,
        group=entry["group"],
        severity=entry["severity"],
        count=count,
        per_person=entry["per"] == "person",
        per_case=bool(entry.get("per_case")),
        index=index,
        standing=where,
    )


def visit(*observations: Observation, persons: int = 30, name: str = "i") -> Visit:
    return Visit(name, date(2026, 9, 1), persons, 0, observations)


def test_golden_case() -> None:
    golden = visit(seen("A01", 3, 1), seen("A03", 1, 2), seen("B04", 2, 3), persons=45)
    scored = score_quarter(RULES, [golden], [])
    assert shown(scored.deductions["A"]) == "4.00"
    assert shown(scored.deductions["B"]) == "2.00"
    assert scored.score == Fraction(94)
    assert RULES.band(shown(scored.score), scored.gates) == "good"
    assert [(shown(item.factor, 4), shown(item.points)) for item in scored.visits[0].items] == [
        ("0.6667", "2.00"),
        ("0.6667", "2.00"),
        ("1.0000", "2.00"),
    ]


@pytest.mark.parametrize(
    ("persons", "factor"), [(0, "1.0000"), (29, "1.0000"), (30, "1.0000"), (31, "0.9677"), (60, "0.5000")]
)
def test_a_person_item_weighs_by_exposure(persons: int, factor: str) -> None:
    assert shown(score_visit(RULES, visit(seen("B01"), persons=persons)).items[0].factor, 4) == factor


def test_a_unit_code_counts_once_an_inspection_whatever_its_count() -> None:
    repeated = score_visit(RULES, visit(seen("A06", 7, 1), seen("A06", 1, 2)))
    assert [shown(item.points) for item in repeated.items] == ["3.00", "0.00"]
    assert repeated.score == 97


def test_a_unit_code_counts_again_in_the_next_inspection() -> None:
    scored = score_quarter(RULES, [visit(seen("A06"), name="1"), visit(seen("A06"), name="2")], [])
    assert scored.deductions["A"] == 3
    assert scored.score == 97


@pytest.mark.parametrize("code", ["B04", "D01", "D02", "D03"])
def test_codes_per_case_count_each_case(code: str) -> None:
    once = score_visit(RULES, visit(seen(code))).items[0].points
    twice = score_visit(RULES, visit(seen(code, 2, 1), seen(code, 1, 2))).items
    assert [item.points for item in twice] == [2 * once, once]


def test_a_group_is_capped_in_each_inspection_before_the_mean() -> None:
    scored = score_quarter(RULES, [visit(seen("B01", 50), name="1"), visit(name="2")], [])
    assert scored.deductions["B"] == 5
    assert scored.score == 95


def test_all_caps_together_leave_nothing() -> None:
    everything = visit(*(seen(code, 9999, index) for index, code in enumerate(CODES)))
    assert score_visit(RULES, everything).score == 0


def test_only_what_counts_is_deducted() -> None:
    undecided = [seen("A03", 1, place, where) for place, where in enumerate(Standing) if where is not Standing.COUNTS]
    assert score_quarter(RULES, [visit(*undecided)], []).score == 100


def test_severity_4_and_k_codes_are_never_items() -> None:
    scored = score_visit(RULES, visit(seen("C04"), seen("F04"), seen("K00"), seen("K04")))
    assert (scored.items, scored.score) == ((), 100)


def test_if_upheld_applies_caps_and_the_repeat_rule_together() -> None:
    mixed = visit(seen("A06", 1, 1, Standing.PENDING), seen("A06", 1, 2), seen("B01", 9, 3, Standing.PENDING))
    scored = score_quarter(RULES, [mixed], [], COUNTED_OR_PENDING)
    assert [shown(item.points) for item in scored.visits[0].items] == ["3.00", "0.00", "9.00"]
    assert scored.score == 88


@pytest.mark.parametrize(("given", "bonus"), [([], 0), (["K01"], 1), (["K01", "K02", "K03"], 3), (["K02"] * 9, 5)])
def test_bonus(given: list[str], bonus: int) -> None:
    scored = score_quarter(RULES, [visit(seen("A03", 4))], given)
    assert (scored.bonus, scored.score) == (bonus, 88 + bonus)


def test_k00_and_k04_earn_nothing() -> None:
    assert score_quarter(RULES, [visit()], ["K00", "K04"]).bonus == 0


def test_bonus_never_lifts_above_100() -> None:
    assert score_quarter(RULES, [visit(seen("B01"))], ["K01", "K01"]).score == 100


def test_a_standing_severity_3_takes_the_bonus() -> None:
    assert score_quarter(RULES, [visit(seen("C01"))], ["K01"]).bonus == 0
    assert score_quarter(RULES, [visit(seen("C01", where=Standing.PENDING))], ["K01"]).bonus == 1
    pending = visit(seen("C01", where=Standing.PENDING))
    assert score_quarter(RULES, [pending], ["K01"], COUNTED_OR_PENDING).bonus == 0


def test_no_inspection_is_no_score() -> None:
    scored = score_quarter(RULES, [], ["K01"])
    assert (scored.score, scored.bonus, scored.gates) == (None, 1, ())


@pytest.mark.parametrize("code", ["H03", "H04"])
def test_a_gate_holds_the_band_down(code: str) -> None:
    scored = score_quarter(RULES, [visit(seen(code))], [])
    assert scored.score is not None
    assert (shown(scored.score), scored.gates) == ("94.00", (code,))
    assert RULES.band("94.00", scored.gates) == "fair"
    assert RULES.band("60.00", scored.gates) == "average"
    assert score_quarter(RULES, [visit(seen(code, where=Standing.PENDING))], []).gates == ()


@pytest.mark.parametrize(
    ("score", "band"),
    [
        ("100.00", "good"), ("90.00", "good"), ("89.99", "fair"), ("70.00", "fair"), ("69.99", "average"),
        ("50.00", "average"), ("49.99", "needs_correction"), ("0.00", "needs_correction"),
    ],
)  # fmt: skip
def test_bands(score: str, band: str) -> None:
    assert RULES.band(score, ()) == band


def test_the_band_is_read_off_the_shown_decimals() -> None:
    # 89.995 exactly: half-even shows 90.00 (from an odd last digit), and that is what the band sees
    assert shown(Fraction(89995, 1000)) == "90.00"
    assert shown(Fraction(89985, 1000)) == "89.98"
    assert RULES.band(shown(Fraction(89995, 1000)), ()) == "good"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 200), "0.00"), (Fraction(3, 200), "0.02"), (Fraction(5, 200), "0.02"), (Fraction(2, 3), "0.67"),
        (Fraction(-1, 3), "-0.33"), (Fraction(-1, 1000), "0.00"), (Fraction(1234567), "1234567.00"),
    ],
)  # fmt: skip
def test_shown_is_half_even(value: Fraction, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("severity", "said", "expected"),
    [
        (1, {}, Standing.PENDING),
        (1, {"accepted": True}, Standing.COUNTS),
        (1, {"accepted": False}, Standing.PENDING),
        (1, {"lapsed": True}, Standing.COUNTS),
        (1, {"lapsed": True, "accepted": False}, Standing.PENDING),
        (2, {"accepted": True}, Standing.PENDING),
        (3, {"lapsed": True}, Standing.PENDING),
        (2, {"outcome": "upheld"}, Standing.COUNTS),
        (1, {"accepted": True, "outcome": "excused"}, Standing.OVERTURNED),
        (1, {"lapsed": True, "outcome": "unfounded"}, Standing.OVERTURNED),
        (2, {"outcome": "not_proven"}, Standing.OVERTURNED),
        (3, {"outcome": "system_fault"}, Standing.OVERTURNED),
        (4, {"outcome": "referred"}, Standing.REFERRED),
        (1, {"accepted": True, "withdrawn": True}, Standing.WITHDRAWN),
    ],
)
def test_standing(severity: int, said: dict[str, object], expected: Standing) -> None:
    silent: dict[str, object] = {"withdrawn": False, "outcome": None, "accepted": None, "lapsed": False}
    assert standing(severity=severity, **(silent | said)) is expected  # type: ignore[arg-type]


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(ValueError, match="forgiven"):
        standing(severity=1, withdrawn=False, outcome="forgiven", accepted=None, lapsed=False)


@pytest.mark.parametrize(
    "change",
    [
        lambda rules: rules.pop("caps"),
        lambda rules: rules["caps"].pop("H"),
        lambda rules: rules["caps"].update(A=20.5),
        lambda rules: rules["points"].update({"2": True}),
        lambda rules: rules.update(bands=rules["bands"][:-1]),
        lambda rules: rules.update(bands=[]),
    ],
)
def test_broken_rules_are_refused(change) -> None:
    rules = json.loads(json.dumps(PUBLISHED["rules"]))
    change(rules)
    with pytest.raises(BadRules):
        Rules.read("2026.1", rules)


SCORED_CODES = sorted(code for code, entry in CODES.items() if entry["severity"] in (1, 2, 3))
observations = st.builds(
    seen, st.sampled_from(sorted(CODES)), st.integers(1, 40), st.integers(0, 500), st.sampled_from(list(Standing))
)
visits = st.builds(
    lambda seen_there, persons: visit(*seen_there, persons=persons),
    st.lists(observations, max_size=8, unique_by=lambda one: one.index),
    st.integers(0, 300),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(visits, min_size=1, max_size=4), st.lists(st.sampled_from(["K01", "K02", "K03", "K04"]), max_size=8))
def test_bounds(some: list[Visit], given_codes: list[str]) -> None:
    scored = score_quarter(RULES, some, given_codes)
    assert scored.score is not None
    assert 0 <= scored.score <= 100
    assert all(0 <= scored.deductions[group] <= RULES.caps[group] for group in GROUPS)
    assert 0 <= scored.bonus <= 5
    if scored.score < 100:
        assert scored.score == 100 - sum(scored.deductions.values()) + scored.bonus


@settings(max_examples=100, deadline=None)
@given(st.lists(visits, min_size=1, max_size=4), st.randoms())
def test_the_order_of_visits_and_findings_does_not_matter(some: list[Visit], random) -> None:
    shuffled = [
        Visit(
            one.inspection,
            one.day,
            one.persons_checked,
            0,
            tuple(random.sample(one.observations, len(one.observations))),
        )
        for one in random.sample(some, len(some))
    ]
    plain, mixed = score_quarter(RULES, some, []), score_quarter(RULES, shuffled, [])
    assert (plain.score, plain.deductions, plain.gates) == (mixed.score, mixed.deductions, mixed.gates)


def test_every_order_of_three_findings_is_the_same() -> None:
    trio = [seen("A06", 1, 1), seen("A06", 2, 2), seen("B04", 2, 3)]
    once = score_visit(RULES, visit(*trio)).items
    assert all(score_visit(RULES, visit(*order)).items == once for order in permutations(trio))


@settings(max_examples=100, deadline=None)
@given(visits, st.sampled_from(SCORED_CODES), st.integers(1, 40), st.sampled_from([*OVERTURNING, "withdrawn"]))
def test_a_finding_overturned_or_withdrawn_is_as_if_never_made(before: Visit, code: str, count: int, end: str) -> None:
    gone = Standing.WITHDRAWN if end == "withdrawn" else Standing.OVERTURNED
    after = visit(*before.observations, seen(code, count, 999, gone), persons=before.persons_checked)
    assert score_quarter(RULES, [after], []).score == score_quarter(RULES, [before], []).score
    assert score_visit(RULES, after).items == score_visit(RULES, before).items


@settings(max_examples=100, deadline=None)
@given(visits, st.sampled_from(SCORED_CODES), st.integers(1, 40))
def test_upholding_one_more_never_lifts_a_score(before: Visit, code: str, count: int) -> None:
    after = visit(*before.observations, seen(code, count, 999), persons=before.persons_checked)
    less, more = score_quarter(RULES, [after], ["K01"]).score, score_quarter(RULES, [before], ["K01"]).score
    assert less is not None and more is not None and less <= more


@settings(max_examples=100, deadline=None)
@given(visits)
def test_if_upheld_is_the_score_once_everything_pending_is_upheld(before: Visit) -> None:
    upheld = visit(
        *(
            seen(one.code, one.count, one.index, Standing.COUNTS if one.standing is Standing.PENDING else one.standing)
            for one in before.observations
        ),
        persons=before.persons_checked,
    )
    assert score_quarter(RULES, [before], [], COUNTED_OR_PENDING).score == score_quarter(RULES, [upheld], []).score
