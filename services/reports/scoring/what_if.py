"""What a card would say if pending findings were upheld: by the method of the card itself. Pure."""

from __future__ import annotations

from typing import Any

from services.domain.case import SCORED
from services.reports.facts.directory import Directory
from services.reports.facts.facts import Finding, UnitQuarter
from services.reports.facts.standing import Standing
from services.reports.scoring.cards import render, visits_of
from services.reports.scoring.rulebook import Rulebook


def what_if(facts: UnitQuarter, directory: Directory, rulebook: Rulebook) -> dict[str, Any]:
    """For each pending finding of severity 1 to 3 the score and band if it alone were upheld; and if all were."""
    now, rules = render(facts, directory, rulebook), rulebook.rules(facts.quarter)
    then = rules.each_upheld(visits_of(facts, rulebook.catalogues), facts.commendations) if rules else {}
    as_now = now["score"], now["band"]
    return {
        "findings": [
            {"id": one.id, "code": one.code, "now": now["score"]} | _named(*then.get(one.id, as_now))
            for _, findings in facts.visits
            for one in findings
            if _pends(one)
        ],
        "all_upheld": now["pending"]["score_if_upheld"],
    }


def _pends(finding: Finding) -> bool:
    return finding.severity in SCORED and finding.standing is Standing.PENDING


def _named(score: str | None, band: str) -> dict[str, Any]:
    return {"if_upheld": score, "band_if_upheld": band}
