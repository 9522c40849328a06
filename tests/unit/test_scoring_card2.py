"""Method card/2: half the points back for a remedy in time, and the gate of one that is overdue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from services.domain.rulefiles import genesis
from services.reports.facts.directory import Details
from services.reports.facts.facts import SCORING, Finding, UnitQuarter
from services.reports.facts.remedy import Remedy
from services.reports.facts.standing import Standing
from services.reports.scoring.card1.method import Card1
from services.reports.scoring.card2 import method as card2
from services.reports.scoring.cards import TreeHead, card, with_log
from services.reports.scoring.explained import explain
from services.reports.scoring.method import BadRules, Visit, shown
from services.reports.scoring.rulebook import Rulebook
from tests.unit.test_reports_explained import BOOK, inspected
from tests.unit.test_scoring import seen, visit, visits

PUBLISHED = json.loads((Path(__file__).parents[2] / "schemas/scoring/2026.2.json").read_text(encoding="utf-8"))
RULES = PUBLISHED["rules"]
FIRST, SECOND = Card1.read("2026.1", {**RULES, "gates": RULES["gates"][:2]}), card2.read("2026.2", RULES)
QUARTER = "2026-Q4"
OVERDUE = replace(seen("C01"), overdue=True)


def test_the_published_version_is_the_first_one_with_one_gate_more() -> None:
    first = next(one.data for one in genesis() if one.type == SCORING)
    assert (PUBLISHED["method"], PUBLISHED["valid_from"]) == ("card/2", "2026-10-01")
    assert RULES == first["rules"] | {"gates": [*first["rules"]["gates"], {"gate": "overdue", "at_most": "fair"}]}


@pytest.mark.parametrize(
    ("code", "points", "half"),
    [("A01", "2.00", "1.00"), ("A03", "6.00", "3.00"), ("C01", "12.00", "12.00"), ("A06", "3.00", "1.50")],
)
def test_a_remedy_in_time_gives_back_half_but_for_severity_3(code: str, points: str, half: str) -> None:
    for remedied, expected in ((False, points), (True, half)):
        one = visit(replace(seen(code, 2), remedied=remedied))
        [item] = SECOND.scored([one], [])["inspections"][0]["items"]
        assert item["points"] == expected
        assert item.get("remedied", False) is (remedied and half != points)
        [old] = FIRST.scored([one], [])["inspections"][0]["items"]
        assert (old["points"], "remedied" in old) == (points, False)


def test_half_is_taken_before_the_cap() -> None:
    nine = replace(seen("A03", 9), remedied=True)
    assert SECOND.scored([visit(nine)], [])["groups"][0]["deduction"] == "13.50"


@pytest.mark.parametrize("standing", list(Standing))
@pytest.mark.parametrize("code", ["A01", "A03", "C01", "H03"])
def test_the_gate_of_an_overdue_remedy_holds_an_upheld_severity_3_alone(code: str, standing: Standing) -> None:
    shown_card = SECOND.scored([visit(replace(seen(code, where=standing), overdue=True))], [])
    own = ["H03"] if code == "H03" and standing is Standing.COUNTS else []
    late = ["overdue"] if seen(code).severity == 3 and standing is Standing.COUNTS else []
    assert shown_card["gates"] == [*own, *late]
    if late:
        assert (shown_card["score"] >= "90.00", shown_card["band"]) == (True, "fair")


def test_the_first_method_knows_no_such_gate() -> None:
    assert FIRST.scored([visit(OVERDUE)], [])["gates"] == []
    with pytest.raises(BadRules, match="code"):
        Card1.read("2026.9", RULES)
    with pytest.raises(BadRules, match="names no code"):
        card2.read("2026.9", RULES | {"gates": [{"gate": "H03", "at_most": "fair"}]})


@settings(max_examples=100, deadline=None)
@given(visits)
def test_without_remedies_both_methods_agree(one: Visit) -> None:
    assert FIRST.scored([one], ["K01"]) == SECOND.scored([one], ["K01"])


@settings(max_examples=100, deadline=None)
@given(visits)
def test_a_remedy_never_lowers_a_score(one: Visit) -> None:
    done = replace(one, observations=tuple(replace(seen_, remedied=True) for seen_ in one.observations))
    before, after = SECOND.scored([one], [])["score"], SECOND.scored([done], [])["score"]
    assert float(before) <= float(after)


def _named(many: list[Visit]) -> list[Visit]:
    """With a name of its own for each finding, and the last of each inspection under way to being late."""
    return [
        replace(
            one,
            observations=tuple(
                replace(told, finding=f"{place}-{number}", overdue=number == len(one.observations) - 1)
                for number, told in enumerate(one.observations)
            ),
        )
        for place, one in enumerate(many)
    ]


def _with_upheld(many: list[Visit], finding: str) -> list[Visit]:
    return [
        replace(
            one,
            observations=tuple(
                replace(told, standing=Standing.COUNTS) if told.finding == finding else told
                for told in one.observations
            ),
        )
        for one in many
    ]


@settings(max_examples=100, deadline=None)
@given(strategies.lists(visits, max_size=3))
def test_what_upholding_one_would_do_is_what_the_whole_card_would_say(made: list[Visit]) -> None:
    many = _named(made)
    pending = [told.finding for one in many for told in one.observations if told.standing is Standing.PENDING]
    for rules in (FIRST, SECOND):
        whole = {finding: rules.scored(_with_upheld(many, finding), ["K01"]) for finding in pending}
        assert rules.each_upheld(many, ["K01"]) == {key: (told["score"], told["band"]) for key, told in whole.items()}


BOTH = Rulebook()
for _index, _one in enumerate(genesis()):
    if _one.subject.split("/")[0] in ("catalogue", "scoring"):
        BOTH.apply(_index, _one.type, _one.data)


def rendered(quarter: str, *found: Finding) -> dict[str, Any]:
    facts = UnitQuarter("xa-tan-hoa", quarter, [(inspected(45), list(found))])
    return with_log(card(facts, Details("UBND xã Tân Hòa", "xa", None), BOTH), TreeHead(100, ""))


def upheld(code: str, severity: int, count: int, remedy: Remedy, place: int = 0) -> Finding:
    return Finding(
        id=f"f{place}", inspection="i", code=code, catalogue="2026.1", severity=severity, count=count, index=place + 10,
        outcome="upheld", remedy=remedy,
    )  # fmt: skip


def test_it_rules_from_october_on_and_not_before() -> None:
    done = upheld("A01", 1, 3, Remedy(done=True))
    assert [(one["rules"], one["score"]) for one in (rendered("2026-Q3", done), rendered(QUARTER, done))] == [
        ("2026.1", "98.00"), ("2026.3", "99.00"),
    ]  # fmt: skip


def test_the_explanation_tells_the_half_and_the_gate() -> None:
    shown_card = rendered(
        QUARTER, upheld("A01", 1, 3, Remedy(done=True)), upheld("C01", 3, 1, Remedy(overdues=1, gated=True), 1)
    )
    told = explain(shown_card, BOTH)
    assert told is not None and told.at_most == "fair" and shown_card["gates"] == ["overdue"]
    assert [shown(step.exact) for step in told.visits[0].steps] == ["1.00", "4.00"]
    assert [step.item.get("remedied") for step in told.visits[0].steps] == [True, None]
    assert explain(shown_card, BOOK) is not None  # of the same genesis


STEPS: Mapping[str, Callable[[Remedy], None]] = {
    "miss": Remedy.miss, "in time": lambda one: one.report(True), "late": lambda one: one.report(False),
    "refuse": Remedy.refuse, "verify": lambda one: one.verify(False), "waive": lambda one: one.verify(True),
    "end": Remedy.end,
}  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "gated", "done"),
    [
        ("miss", True, False),
        ("miss, late", False, False),
        ("miss, late, refuse", False, False),
        ("miss, late, refuse, miss", True, False),
        ("miss, late, refuse, miss, late", True, False),
        ("miss, late, refuse, miss, late, verify", False, False),
        ("miss, miss, late", True, False),
        ("in time, refuse, in time, refuse", True, False),
        ("in time, refuse, in time", False, False),
        ("in time, refuse, in time, verify", False, True),
        ("in time, refuse, miss, late, refuse", True, False),
        ("in time, verify", False, True),
        ("late, verify", False, False),
        ("in time, waive", False, False),
        ("waive", False, False),
        ("refuse, refuse, refuse", False, False),  # plans that nothing can be done: their deadline runs on
        ("refuse, miss, refuse", True, False),
        ("miss, end", False, False),
        ("in time, verify, end", False, True),
    ],
)
def test_what_becomes_of_a_remedy(steps: str, gated: bool, done: bool) -> None:
    remedy = Remedy()
    for step in steps.split(", "):
        STEPS[step](remedy)
    assert (remedy.gated, remedy.done) == (gated, done)


def test_no_order_of_steps_leaves_a_gate_after_its_verification() -> None:
    for steps in product(["miss", "in time", "refuse", "late"], repeat=4):
        remedy = Remedy()
        for step in [*steps, "verify"]:
            STEPS[step](remedy)
        assert not remedy.gated
