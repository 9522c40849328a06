"""Scorecards as the wire shows them: JSON, and a row of the quarter's list. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from services.domain.case import SCORED
from services.reports.facts.directory import Details, Directory
from services.reports.facts.facts import Finding, Inspection, Survey, UnitQuarter
from services.reports.facts.standing import Standing
from services.reports.scoring.masks import masked
from services.reports.scoring.method import (
    BAND_LABELS,
    GROUPS,
    INSUFFICIENT,
    Observation,
    Visit,
    count_of,
)
from services.reports.scoring.rulebook import Catalogue, Rulebook
from services.reports.statistics.intervals import share_shown, wilson_shown
from services.reports.text import dump


class Form(StrEnum):
    """A form of the cards' bytes; every one that a frozen edition used is kept."""

    FIRST = ""  # of the cuts that name none
    SECOND = "card-json/2"


NEWEST = Form.SECOND
_NOT_COMPARED = ',"comparison":null}'


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The log prefix an answer was computed at; `root` is base64."""

    size: int
    root: str

    def json(self) -> dict[str, Any]:
        """As answers name it."""
        return {"size": self.size, "root": self.root}


def visit_of(
    inspection: Inspection, findings: Sequence[Finding], catalogues: Mapping[str, Catalogue], form: Form = NEWEST
) -> Visit:
    """A closed inspection as scoring sees it; KeyError for a code its catalogue does not have."""
    told = [] if form is Form.FIRST else [finding for finding in findings if finding.released]
    counted = [one for one in sorted(findings, key=_log_index) if one.severity in SCORED]
    return Visit(
        inspection=inspection.id,
        day=inspection.opened_on,
        persons_checked=inspection.persons_checked,
        files_checked=inspection.files_checked,
        observations=tuple([_observation(finding, catalogues) for finding in counted]),
        unscored=tuple(finding.standing for finding in told),
    )


def visits_of(facts: UnitQuarter, catalogues: Mapping[str, Catalogue], form: Form = NEWEST) -> list[Visit]:
    """The closed inspections of a unit's quarter, by day."""
    visits = [visit_of(inspection, findings, catalogues, form) for inspection, findings in facts.visits]
    return sorted(visits, key=lambda visit: visit.day)  # stable: within a day in log order, as they come


_log_index = attrgetter("index")


def _observation(finding: Finding, catalogues: Mapping[str, Catalogue]) -> Observation:
    code = catalogues[finding.catalogue].codes[finding.code]
    remedy = finding.remedy
    return Observation(  # by place: a large part of a fold's time is here
        finding.id, finding.code, code.group, finding.severity, finding.count, code.per_person, code.per_case,
        finding.index, finding.standing, remedy.done, remedy.gated,
    )  # fmt: skip


def card(
    facts: UnitQuarter, details: Details, rulebook: Rulebook, *, edition: str = "live", form: Form = NEWEST,
    comparison: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The card of wire.md without its tree head, which `with_log` puts in."""
    rules = rulebook.rules(facts.quarter)
    visits = visits_of(facts, rulebook.catalogues, form)
    rendered = {
        "quarter": facts.quarter,
        "unit": facts.unit,
        "unit_name": details.name,
        "group": details.group,
        "edition": edition,
        "rules": rules.version if rules else None,
        "catalogue": rulebook.catalogue(facts.quarter),
        "exposure": _exposure(visits),
        # a quarter before the first rules: exposure is shown, nothing is scored
        **(rules.scored(visits, facts.commendations) if rules else _unscored()),
        "overturned": count_of(visits, Standing.OVERTURNED),
        "withdrawn": count_of(visits, Standing.WITHDRAWN),
    }
    return rendered if form is Form.FIRST else _in_second_form(rendered, facts, comparison)


def _in_second_form(
    rendered: dict[str, Any], facts: UnitQuarter, comparison: Mapping[str, Any] | None
) -> dict[str, Any]:
    """No bonus where there is no score to add it to; beside the points, the comparison and the surveys."""
    bonus = None if rendered["score"] is None else rendered["bonus"]
    return rendered | {"bonus": bonus, "comparison": comparison, "survey": _surveys(facts.surveys)}


def _surveys(surveys: Sequence[Survey]) -> list[dict[str, Any]] | None:
    """What those who were asked said, by source, with Wilson's 95 % interval."""
    return [
        {
            "source": one.source, "answered": one.answered, "satisfied": one.satisfied,
            "share": share_shown(one.satisfied, one.answered),
            "interval": list(wilson_shown(one.satisfied, one.answered)) if one.answered else None,
        }
        for one in surveys
    ] or None  # fmt: skip


def render(
    facts: UnitQuarter, directory: Directory, rulebook: Rulebook, edition: str = "live", form: Form = NEWEST,
    comparison: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A card by the unit's name and group on its last valid day in the quarter."""
    details = directory.details(facts.unit, directory.card_day(facts.unit, facts.quarter))
    return card(facts, details, rulebook, edition=edition, form=form, comparison=comparison)


def live_card(facts: UnitQuarter, directory: Directory, rulebook: Rulebook) -> tuple[str, str] | None:
    """A live card and its row in the list, as JSON text.

    None where there is none: nothing is known, or only surveys of a unit that was not valid then.
    """
    if facts.empty or not (facts.active or directory.valid_in(facts.unit, facts.quarter)):
        return None
    rendered = render(facts, directory, rulebook)
    return dump(rendered), dump(summary(rendered))


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


def summary(rendered: Mapping[str, Any]) -> dict[str, Any]:
    """A card's row in the quarter's list; `comparison` stands last, where `compared` finds it."""
    row = {
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
    if "comparison" not in rendered:
        return row
    shown = rendered if rendered["edition"] == "live" else masked(rendered)
    return row | {"survey": shown["survey"], "comparison": shown["comparison"]}


def compared(row: str, comparison: str, size: int) -> str:
    """A live row, as JSON text, with its unit's comparison and the log size that it was fitted at."""
    return f'{row.removesuffix(_NOT_COMPARED)},"comparison":{sized(comparison, size)}}}'


def sized(comparison: str, size: int) -> str:
    """A comparison, as JSON text, with the log size that it was fitted at."""
    return f'{comparison.removesuffix("}")},"size":{size}}}'


def bands(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many units stand in each band."""
    counted = Counter(row["band"] for row in rows)
    return {band: counted.get(band, 0) for band in BAND_LABELS}
