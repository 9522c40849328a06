"""How a card's points come about, step by step, from the card and the rules it names. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from services.reports.scoring.card1 import GROUPS, NOTHING, Rules, shown
from services.reports.scoring.rulebook import Code, Rulebook

Basis = Literal["person", "case", "unit", "repeat"]


@dataclass(frozen=True, slots=True)
class Step:
    """One deduction: points of its severity, times a number of persons, cases or once, times a factor.

    `persons` is how many were checked when that is known or the factor tells it, else None; `exact` is then the points
    as shown.
    """

    item: Mapping[str, Any]
    basis: Basis
    each: str
    persons: int | None
    exact: Fraction


@dataclass(frozen=True, slots=True)
class Subtotal:
    """A group within one inspection: what its steps add up to, and what is deducted once capped."""

    group: str
    cap: str
    added: str
    deducted: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """One inspection, explained."""

    visit: Mapping[str, Any]
    base_persons: int
    steps: Sequence[Step]
    subtotals: Sequence[Subtotal]


def explain(
    card: Mapping[str, Any], rulebook: Rulebook, catalogues: Mapping[str, str] | None = None
) -> list[Explained] | None:
    """Each inspection of a card; None when the log lacks the rules or codes that it names.

    `catalogues` are the versions that findings name, for an inspection keeps the one of its opening.
    """
    rules = rulebook.named_rules(card["rules"])
    if rules is None:
        return None
    visits = card["inspections"]
    codes = [_codes(visit, card, rulebook, catalogues or {}) for visit in visits]
    if any(item["code"] not in known for visit, known in zip(visits, codes, strict=True) for item in visit["items"]):
        return None
    persons = card["exposure"]["persons_checked"] if len(visits) == 1 else None
    return [_visit(visit, rules, known, persons) for visit, known in zip(visits, codes, strict=True)]


def _codes(
    visit: Mapping[str, Any], card: Mapping[str, Any], rulebook: Rulebook, named: Mapping[str, str]
) -> Mapping[str, Code]:
    """The codes of an inspection's catalogue; one without items needs none."""
    first = next((named.get(item["finding"]) for item in visit["items"]), None)
    catalogue = rulebook.catalogues.get(first or card["catalogue"])
    return catalogue.codes if catalogue else {}


def _visit(visit: Mapping[str, Any], rules: Rules, codes: Mapping[str, Code], known: int | None) -> Explained:
    steps: list[Step] = []
    for item in visit["items"]:
        steps.append(_step(item, rules, _basis(item["code"], codes, {step.item["code"] for step in steps}), known))
    return Explained(visit, rules.base_persons, steps, _subtotals(steps, rules, codes))


def _step(item: Mapping[str, Any], rules: Rules, basis: Basis, known: int | None) -> Step:
    persons = _persons(item["factor"], rules.base_persons, known) if basis == "person" else None
    times = {"person": item["count"], "case": item["count"], "unit": 1, "repeat": 0}[basis]
    each = rules.points[item["severity"]]
    exact = Fraction(item["points"])
    if persons or basis != "person" or Fraction(item["factor"]) == 1:
        exact = each * times * (Fraction(rules.base_persons, persons) if persons else 1)
    return Step(item, basis, _short(each), persons, exact)


def _basis(code: str, codes: Mapping[str, Code], before: set[str]) -> Basis:
    known = codes[code]
    if known.per_person:
        return "person"
    if known.per_case:
        return "case"
    return "repeat" if code in before else "unit"


def _persons(factor: str, base: int, known: int | None) -> int | None:
    """How many were checked: known, or the only number above the base that gives a shown factor; None for factor 1."""
    if Fraction(factor) in (0, 1):
        return None
    if known is not None:
        return known
    near = round(base / Fraction(factor))
    fitting = [one for one in (near - 1, near, near + 1) if one > base and shown(Fraction(base, one), 4) == factor]
    return fitting[0] if len(fitting) == 1 else None


def _subtotals(steps: Sequence[Step], rules: Rules, codes: Mapping[str, Code]) -> list[Subtotal]:
    added = dict.fromkeys(GROUPS, NOTHING)
    for step in steps:
        added[codes[step.item["code"]].group] += step.exact
    return [_subtotal(group, total, rules.caps[group]) for group, total in added.items() if total]


def _subtotal(group: str, total: Fraction, cap: Fraction) -> Subtotal:
    return Subtotal(group, _short(cap), shown(total), shown(min(total, cap)), total >= cap)


def _short(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else shown(value)
