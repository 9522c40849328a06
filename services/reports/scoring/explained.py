"""How a card came about: told by the method and the rules that made it, whatever was published since. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.reports.scoring.method import Code, Explanation
from services.reports.scoring.rulebook import Rulebook


def explain(
    card: Mapping[str, Any], rulebook: Rulebook, catalogues: Mapping[str, str] | None = None
) -> Explanation | None:
    """Each inspection of a card; None when the log lacks the rules or codes that it names.

    `catalogues` are the versions that findings name, for an inspection keeps the one of its opening.
    """
    rules = rulebook.rules_of(card)
    visits = card["inspections"]
    codes = [_codes(visit, card, rulebook, catalogues or {}) for visit in visits]
    if any(item["code"] not in known for visit, known in zip(visits, codes, strict=True) for item in visit["items"]):
        return None
    return None if rules is None else rules.explained(card, codes)


def _codes(
    visit: Mapping[str, Any], card: Mapping[str, Any], rulebook: Rulebook, named: Mapping[str, str]
) -> Mapping[str, Code]:
    """The codes of an inspection's catalogue; one without items needs none."""
    first = next((named.get(item["finding"]) for item in visit["items"]), None)
    catalogue = rulebook.catalogues.get(first or card["catalogue"])
    return catalogue.codes if catalogue else {}
