"""How a card's points came about by card/1, step by step, from the card and the rules that made it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from services.reports.scoring.card1.arithmetic import NOTHING, Rules
from services.reports.scoring.method import GROUPS, Basis, Code, Explained, Explanation, Step, Subtotal, shown


def explained(rules: Rules, card: Mapping[str, Any], codes: Sequence[Mapping[str, Code]]) -> Explanation:
    """Each inspection of a card, with the codes of its catalogue, and what its gates allow."""
    visits = card["inspections"]
    persons = card["exposure"]["persons_checked"] if len(visits) == 1 else None
    told = [_visit(visit, rules, known, persons) for visit, known in zip(visits, codes, strict=True)]
    return Explanation(told, rules.at_most(card["gates"]))


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
        kept = 1 - rules.RETURNED if item.get("remedied") else 1
        exact = each * times * (Fraction(rules.base_persons, persons) if persons else 1) * kept
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
