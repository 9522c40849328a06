"""The explanation of a card agrees with the card: every step, every cap, every score."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from services.domain.rulefiles import genesis
from services.reports.facts.directory import Details
from services.reports.facts.facts import CATALOGUE, SCORING, Finding, Inspection, UnitQuarter
from services.reports.scoring.cards import TreeHead, card, with_log
from services.reports.scoring.explained import explain
from services.reports.scoring.method import Code, Explained, Explanation, Visit, shown
from services.reports.scoring.methods import METHODS, Methods
from services.reports.scoring.rulebook import Rulebook

QUARTER, DAY = "2026-Q3", date(2026, 9, 1)
SEVERITY = {code["code"]: code["severity"] for code in genesis()[0].data["codes"]}


def rulebook(methods: Methods = METHODS) -> Rulebook:
    book = Rulebook(methods)
    for index, one in enumerate(genesis()):
        if one.type in (CATALOGUE, SCORING):
            book.apply(index, one.type, one.data)
    return book


BOOK = rulebook()


def inspected(persons: int) -> Inspection:
    """A closed inspection."""
    return Inspection(
        id="i", unit="xa-tan-hoa", quarter=QUARTER, opened_on=DAY, opened_index=1, closed_at="2026-09-01T03:00:00Z",
        persons_checked=persons, files_checked=0,
    )  # fmt: skip


def rendered(found: list[tuple[str, int]], persons: int = 45, book: Rulebook = BOOK, size: int = 100) -> dict[str, Any]:
    """A card of one inspection in which everything found was upheld."""
    findings = [
        Finding(
            id=f"f{place}", inspection="i", code=code, catalogue="2026.1", severity=SEVERITY[code], count=count,
            index=10 + place, outcome="upheld",
        )
        for place, (code, count) in enumerate(found)
    ]  # fmt: skip
    facts = UnitQuarter("xa-tan-hoa", QUARTER, [(inspected(persons), findings)])
    return with_log(card(facts, Details("UBND xã Tân Hòa", "xa", None), book), TreeHead(size, ""))


def told(found: list[tuple[str, int]], persons: int = 45) -> Explained:
    explained = explain(rendered(found, persons), BOOK)
    assert explained is not None
    return explained.visits[0]


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
        (one,) = explained.visits
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
    assert [[step.persons for step in visit.steps] for visit in explained.visits] == [[45], [None]]
    assert [shown(step.exact) for visit in explained.visits for step in visit.steps] == ["0.67", "0.02"]


def test_gates_say_how_high_a_band_they_leave() -> None:
    held, free = explain(rendered([("H03", 1)]), BOOK), explain(rendered([("A01", 1)]), BOOK)
    assert held is not None and free is not None
    assert (held.at_most, free.at_most) == ("fair", None)


def published(version: str, since: str, **changes: Any) -> dict[str, Any]:
    """A later version of the scoring rules."""
    first = next(one.data for one in genesis() if one.type == SCORING)
    return {**first, "version": version, "valid_from": since, **changes}


def test_rules_published_later_leave_a_frozen_card_its_explanation() -> None:
    book = rulebook()
    frozen = rendered([("A01", 3), ("H03", 1)], size=5)
    before = explain(frozen, book)
    rules = published("2026.1", "2026-01-01")["rules"]
    dearer = rules | {"points": rules["points"] | {"1": 2}, "gates": []}
    book.apply(7, SCORING, published("2026.2", "2026-04-01", rules=dearer))
    book.apply(8, SCORING, published("2026.1", "2026-04-01", rules=dearer))  # even by the same name
    assert explain(frozen, book) == before
    live = explain(rendered([("A01", 3)], book=book), book)
    assert live is not None and live.visits[0].steps[0].each == "2"


@dataclass(frozen=True)
class Lenient:
    """A method of the test's own, by which everybody is good."""

    version: str

    @classmethod
    def read(cls, version: str, _rules: Mapping[str, Any]) -> "Lenient":
        return cls(version)

    def scored(self, _visits: Sequence[Visit], _commendations: Sequence[str]) -> dict[str, Any]:
        return {
            "score": "100.00", "band": "good", "band_label": "Tốt", "gates": [], "bonus": "0.00", "groups": [],
            "inspections": [], "pending": {"findings": 0, "score_if_upheld": "100.00"},
        }  # fmt: skip

    def explained(self, _card: Mapping[str, Any], _codes: Sequence[Mapping[str, Code]]) -> Explanation:
        return Explanation([], None)


def test_a_new_method_is_one_line_more_and_each_card_is_told_by_its_own() -> None:
    book = rulebook({**METHODS, "card/9": Lenient.read})
    old = rendered([("A01", 3)], book=book, size=5)
    before = explain(old, book)
    book.apply(7, SCORING, published("2026.3", "2026-04-01", method="card/9"))
    new = rendered([("A01", 3)], book=book)
    assert (old["rules"], old["score"], new["rules"], new["score"]) == ("2026.1", "98.00", "2026.3", "100.00")
    assert explain(new, book) == Explanation([], None)
    assert explain(old, book) == before != Explanation([], None)
