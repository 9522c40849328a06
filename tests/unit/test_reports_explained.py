"""The explanation of a card agrees with the card: every step, every cap, every score."""

import random
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from services.domain.rulefiles import genesis
from services.reports.facts.directory import Details
from services.reports.facts.facts import CATALOGUE, SCORING, Finding, Inspection, UnitQuarter
from services.reports.scoring.card1 import shown
from services.reports.scoring.cards import card
from services.reports.scoring.explained import Explained, explain
from services.reports.scoring.rulebook import Rulebook

QUARTER, DAY = "2026-Q3", date(2026, 9, 1)
SEVERITY = {code["code"]: code["severity"] for code in genesis()[0].data["codes"]}


def rulebook() -> Rulebook:
    book = Rulebook()
    for index, one in enumerate(genesis()):
        if one.type in (CATALOGUE, SCORING):
            book.apply(index, one.type, one.data)
    return book


BOOK = rulebook()


def rendered(found: list[tuple[str, int]], persons: int = 45) -> dict[str, Any]:
    """A card of one inspection in which everything found was upheld."""
    inspection = Inspection(
        id="i", unit="xa-tan-hoa", quarter=QUARTER, opened_on=DAY, opened_index=1, closed_at="2026-09-01T03:00:00Z",
        persons_checked=persons, files_checked=0,
    )  # fmt: skip
    findings = [
        Finding(
            id=f"f{place}", inspection="i", code=code, catalogue="2026.1", severity=SEVERITY[code], count=count,
            index=10 + place, outcome="upheld",
        )
        for place, (code, count) in enumerate(found)
    ]  # fmt: skip
    facts = UnitQuarter("xa-tan-hoa", QUARTER, [(inspection, findings)])
    return card(facts, Details("UBND xã Tân Hòa", "xa", None), BOOK)


def told(found: list[tuple[str, int]], persons: int = 45) -> Explained:
    explained = explain(rendered(found, persons), BOOK)
    assert explained is not None
    return explained[0]


def test_the_golden_case_in_words() -> None:
    one = told([("A01", 3), ("A03", 1), ("B04", 2)])
    assert [(step.basis, step.each, step.persons) for step in one.steps] == [
        ("person", "1", 45), ("person", "3", 45), ("case", "1", None),
    ]  # fmt: skip
    assert [(sum_.group, sum_.added, sum_.deducted, sum_.cap, sum_.reached) for sum_ in one.subtotals] == [
        ("A", "4.00", "4.00", "20", False), ("B", "2.00", "2.00", "10", False),
    ]  # fmt: skip


def test_a_reached_cap_says_so() -> None:
    (only,) = told([("A03", 9)], persons=30).subtotals
    assert (only.added, only.deducted, only.reached) == ("27.00", "20.00", True)
    (exactly,) = told([("B04", 10)]).subtotals
    assert (exactly.added, exactly.deducted, exactly.reached) == ("10.00", "10.00", True)


def test_a_units_code_is_deducted_once() -> None:
    assert [step.basis for step in told([("A05", 1), ("A05", 4)]).steps] == ["unit", "repeat"]


@pytest.mark.parametrize(("persons", "said"), [(0, None), (30, None), (31, 31), (45, 45), (300, 300), (1201, 1201)])
def test_the_number_of_persons_is_said_when_the_factor_tells_it(persons: int, said: int | None) -> None:
    assert told([("A01", 1)], persons).steps[0].persons == said


def test_steps_and_caps_add_up_to_every_shown_number() -> None:
    rng = random.Random(20261123)
    codes = sorted(code for code, severity in SEVERITY.items() if severity in (1, 2, 3))
    for _ in range(300):
        found = [(rng.choice(codes), rng.randint(1, 40)) for _ in range(rng.randint(0, 12))]
        persons = rng.choice([0, 7, 30, 31, 45, 51, 233, 400, 1201])
        made = rendered(found, persons)
        explained = explain(made, BOOK)
        assert explained is not None
        (one,) = explained
        assert [shown(step.exact) for step in one.steps] == [item["points"] for item in one.visit["items"]]
        shown_groups = {group["group"]: group["deduction"] for group in made["groups"] if group["deduction"] != "0.00"}
        assert {sum_.group: sum_.deducted for sum_ in one.subtotals} == shown_groups
        left = 100 - sum(Fraction(sum_.deducted) for sum_ in one.subtotals)
        assert abs(left - Fraction(one.visit["score"])) <= Fraction(4, 100)


def test_other_rules_than_the_cards_explain_nothing() -> None:
    assert explain(rendered([("A01", 1)]) | {"rules": "2025.9"}, BOOK) is None
    assert explain(rendered([("A01", 1)]) | {"catalogue": None}, BOOK) is None


def test_of_several_inspections_the_factor_tells_the_persons_while_it_can() -> None:
    one, large = rendered([("A01", 1)]), rendered([("A01", 1)], persons=1201)
    both = one | {"inspections": [*one["inspections"], *large["inspections"]]}
    explained = explain(both, BOOK)
    assert explained is not None
    assert [[step.persons for step in visit.steps] for visit in explained] == [[45], [None]]
    assert [shown(step.exact) for visit in explained for step in visit.steps] == ["0.67", "0.02"]
