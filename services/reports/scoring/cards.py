"""Scorecards as the wire shows them: JSON, and a row of the quarter's list. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from services.reports.facts.directory import Details, Directory
from services.reports.facts.facts import Finding, Inspection, UnitQuarter
from services.reports.facts.standing import SCORED_SEVERITIES, Standing
from services.reports.scoring.card1 import (
    COUNTED_OR_PENDING,
    GROUPS,
    Observation,
    QuarterScore,
    Rules,
    Visit,
    VisitScore,
    score_quarter,
    shown,
)
from services.reports.scoring.rulebook import Catalogue, Rulebook

INSUFFICIENT = "insufficient"
BAND_LABELS: Mapping[str, tuple[str, str]] = {
    "good": ("Tốt", "Good"),
    "fair": ("Khá", "Fair"),
    "average": ("Trung bình", "Average"),
    "needs_correction": ("Cần chấn chỉnh", "Needs correction"),
    INSUFFICIENT: ("Chưa đủ dữ liệu", "Insufficient data"),
}


class Form(StrEnum):
    """A form of the cards' bytes; every one that a frozen edition used is kept."""

    FIRST = ""  # of the cuts that name none
    SECOND = "card-json/2"


NEWEST = Form.SECOND


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The log prefix an answer was computed at; `root` is base64."""

    size: int
    root: str

    def json(self) -> dict[str, Any]:
        """As answers name it."""
        return {"size": self.size, "root": self.root}


def visit_of(inspection: Inspection, findings: Iterable[Finding], catalogues: Mapping[str, Catalogue]) -> Visit:
    """A closed inspection as scoring sees it; KeyError for a code its catalogue does not have."""
    return Visit(
        inspection=inspection.id,
        day=inspection.opened_on,
        persons_checked=inspection.persons_checked,
        files_checked=inspection.files_checked,
        observations=tuple(
            _observation(finding, catalogues)
            for finding in sorted(findings, key=lambda one: one.index)
            if finding.severity in SCORED_SEVERITIES
        ),
    )


def _observation(finding: Finding, catalogues: Mapping[str, Catalogue]) -> Observation:
    code = catalogues[finding.catalogue].codes[finding.code]
    return Observation(
        finding=finding.id,
        code=finding.code,
        group=code.group,
        severity=finding.severity,
        count=finding.count,
        per_person=code.per_person,
        per_case=code.per_case,
        index=finding.index,
        standing=finding.standing,
    )


def card(
    facts: UnitQuarter, details: Details, rulebook: Rulebook, *, edition: str = "live", form: Form = NEWEST
) -> dict[str, Any]:
    """The card of wire.md without its tree head, which `with_log` puts in."""
    rules = rulebook.rules(facts.quarter)
    visits = [visit_of(inspection, findings, rulebook.catalogues) for inspection, findings in facts.visits]
    visits.sort(key=lambda visit: visit.day)  # stable: within a day in log order, as they come
    rendered = {
        "quarter": facts.quarter,
        "unit": facts.unit,
        "unit_name": details.name,
        "group": details.group,
        "edition": edition,
        "rules": rules.version if rules else None,
        "catalogue": rulebook.catalogue(facts.quarter),
        "exposure": _exposure(visits),
        **_scored(rules, visits, facts.commendations),
        "overturned": _count(visits, Standing.OVERTURNED),
        "withdrawn": _count(visits, Standing.WITHDRAWN),
    }
    return rendered if form is Form.FIRST else _in_second_form(rendered)


def _in_second_form(rendered: dict[str, Any]) -> dict[str, Any]:
    """No bonus where there is no score to add it to; places for what a later scoring or a survey will fill."""
    bonus = None if rendered["score"] is None else rendered["bonus"]
    return rendered | {"bonus": bonus, "comparison": None, "survey": None}


def render(
    facts: UnitQuarter, directory: Directory, rulebook: Rulebook, edition: str = "live", form: Form = NEWEST
) -> dict[str, Any]:
    """A card by the unit's name and group on its last valid day in the quarter."""
    details = directory.details(facts.unit, directory.card_day(facts.unit, facts.quarter))
    return card(facts, details, rulebook, edition=edition, form=form)


def with_log(rendered: Mapping[str, Any], head: TreeHead) -> dict[str, Any]:
    """An answer with the tree head it was computed at, in the wire's place."""
    answer: dict[str, Any] = {}
    for name, value in rendered.items():
        if name in ("exposure", "cards", "items"):
            answer["log"] = head.json()
        answer[name] = value
    return answer


def _exposure(visits: Sequence[Visit]) -> dict[str, int]:
    return {
        "inspections": len(visits),
        "persons_checked": sum(visit.persons_checked for visit in visits),
        "files_checked": sum(visit.files_checked for visit in visits),
    }


def _count(visits: Sequence[Visit], standing: Standing) -> int:
    return sum(1 for visit in visits for seen in visit.observations if seen.standing is standing)


def _scored(rules: Rules | None, visits: Sequence[Visit], commendations: Sequence[str]) -> dict[str, Any]:
    if rules is None:  # a quarter before the first rules: exposure is shown, nothing is scored
        return _unscored()
    now = score_quarter(rules, visits, commendations)
    if_upheld = score_quarter(rules, visits, commendations, COUNTED_OR_PENDING)
    score, band = _score_and_band(rules, now)
    return {
        "score": score,
        "band": band,
        "band_label": BAND_LABELS[band][0],
        "gates": list(now.gates),
        "bonus": shown(now.bonus),
        "groups": [
            {"group": group, "cap": _plain(rules.caps[group]), "deduction": shown(now.deductions[group])}
            for group in GROUPS
        ],
        "inspections": [_visit_json(visit) for visit in now.visits],
        "pending": {
            "findings": _count(visits, Standing.PENDING),
            "score_if_upheld": None if if_upheld.score is None else shown(if_upheld.score),
        },
    }


def _unscored() -> dict[str, Any]:
    return {
        "score": None,
        "band": INSUFFICIENT,
        "band_label": BAND_LABELS[INSUFFICIENT][0],
        "gates": [],
        "bonus": "0.00",
        "groups": [{"group": group, "cap": None, "deduction": "0.00"} for group in GROUPS],
        "inspections": [],
        "pending": {"findings": 0, "score_if_upheld": None},
    }


def _score_and_band(rules: Rules, result: QuarterScore) -> tuple[str | None, str]:
    if result.score is None:
        return None, INSUFFICIENT
    score = shown(result.score)
    return score, rules.band(score, result.gates)


def _plain(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else shown(value)


def _visit_json(scored: VisitScore) -> dict[str, Any]:
    return {
        "id": scored.visit.inspection,
        "date": scored.visit.day.isoformat(),
        "score": shown(scored.score),
        "items": [
            {
                "code": item.observation.code,
                "count": item.observation.count,
                "severity": item.observation.severity,
                "factor": shown(item.factor, 4),
                "points": shown(item.points),
                "index": item.observation.index,
                "finding": item.observation.finding,
            }
            for item in scored.items
        ],
    }


def summary(rendered: Mapping[str, Any]) -> dict[str, Any]:
    """A card's row in the quarter's list."""
    return {
        "unit": rendered["unit"],
        "unit_name": rendered["unit_name"],
        "group": rendered["group"],
        "exposure": rendered["exposure"],
        "score": rendered["score"],
        "band": rendered["band"],
        "band_label": rendered["band_label"],
        "gates": rendered["gates"],
        "bonus": rendered["bonus"],
        "deductions": {group["group"]: group["deduction"] for group in rendered["groups"]},
        "pending": rendered["pending"],
    }


def bands(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many units stand in each band."""
    counted = Counter(row["band"] for row in rows)
    return {band: counted.get(band, 0) for band in BAND_LABELS}
