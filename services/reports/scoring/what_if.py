"""What a card would say if pending findings were upheld: the card itself, computed again. Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from services.domain.case import SCORED, Outcome
from services.reports.facts.directory import Directory
from services.reports.facts.facts import Finding, UnitQuarter
from services.reports.facts.standing import Standing
from services.reports.scoring.cards import render
from services.reports.scoring.rulebook import Rulebook


def what_if(facts: UnitQuarter, directory: Directory, rulebook: Rulebook) -> dict[str, Any]:
    """For each pending finding of severity 1 to 3 the score and band if it alone were upheld; and if all were."""
    now = render(facts, directory, rulebook)
    pending = [one for _, findings in facts.visits for one in findings if _pends(one)]
    return {
        "findings": [
            {"id": one.id, "code": one.code, "now": now["score"]}
            | _named(render(_upholding(facts, {one.id}), directory, rulebook))
            for one in pending
        ],
        "all_upheld": render(_upholding(facts, {one.id for one in pending}), directory, rulebook)["score"],
    }


def _pends(finding: Finding) -> bool:
    return finding.severity in SCORED and finding.standing is Standing.PENDING


def _named(card: dict[str, Any]) -> dict[str, Any]:
    return {"if_upheld": card["score"], "band_if_upheld": card["band"]}


def _upholding(facts: UnitQuarter, some: Set[str]) -> UnitQuarter:
    """The same quarter with some findings upheld."""
    visits = [
        (inspection, [_upheld(one) if one.id in some else one for one in findings])
        for inspection, findings in facts.visits
    ]
    return replace(facts, visits=visits)


def _upheld(finding: Finding) -> Finding:
    return replace(finding, outcome=Outcome.UPHELD, contested=False)
