"""What a comparison counts of a unit: persons checked and found, by how the visits were chosen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from services.domain.case import SCORED
from services.reports.facts.facts import Finding, Inspection
from services.reports.facts.standing import Standing
from services.reports.scoring.rulebook import Catalogue

RECHECK = "recheck"
SPAN = 5
"""A comparison needs this many quarters: its own, and the four before."""


class Stratum(NamedTuple):
    """Visits chosen alike: how many, persons checked at them, persons found."""

    visits: int = 0
    persons: int = 0
    observed: int = 0


class Tally(NamedTuple):
    """A unit's quarter: what was drawn by lot, what was scheduled, and how many inspectors saw it."""

    random: Stratum = Stratum()
    scheduled: Stratum = Stratum()
    inspectors: int = 0

    @property
    def visits(self) -> int:
        """Of both kinds."""
        return self.random.visits + self.scheduled.visits

    @property
    def persons(self) -> int:
        """Persons checked."""
        return self.random.persons + self.scheduled.persons

    @property
    def observed(self) -> int:
        """Persons found."""
        return self.random.observed + self.scheduled.observed


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit with its group in the quarter that is compared, and its tallies of that quarter and the four before."""

    group: str
    quarters: Mapping[str, Tally] = field(default_factory=dict)


Visits = Iterable[tuple[Inspection, Sequence[Finding]]]


def tally(visits: Visits, catalogues: Mapping[str, Catalogue]) -> Tally:
    """What a unit's closed inspections of one quarter come to; rechecks and targeted ones are left out."""
    strata, inspectors = {"random": Stratum(), "scheduled": Stratum()}, set[str]()
    for inspection, findings in visits:
        before = strata.get(inspection.selection)
        if before is None or inspection.kind == RECHECK:
            continue
        observed = sum(_persons(finding, inspection, catalogues) for finding in findings)
        strata[inspection.selection] = Stratum(
            before.visits + 1, before.persons + inspection.persons_checked, before.observed + observed
        )
        inspectors.update(inspection.team.split())
    return Tally(strata["random"], strata["scheduled"], len(inspectors))


def _persons(finding: Finding, inspection: Inspection, catalogues: Mapping[str, Catalogue]) -> int:
    """How many persons a counted finding of severity 1 to 3 is of; none for a code of the unit."""
    if finding.severity not in SCORED or finding.standing is not Standing.COUNTS:
        return 0
    code = catalogues[finding.catalogue].codes[finding.code]
    return min(finding.count, inspection.persons_checked) if code.per_person else 0


@cache
def span(quarter: str, count: int = SPAN) -> tuple[str, ...]:
    """So many quarters up to and with one, the oldest first: those whose facts its comparison is made of."""
    return tuple(_moved(quarter, by) for by in range(1 - count, 1))


def touched(quarter: str) -> list[str]:
    """The quarters whose comparison a change in this one may touch, itself first."""
    return [_moved(quarter, by) for by in range(SPAN)]


def _moved(quarter: str, by: int) -> str:
    year, _, number = quarter.partition("-Q")
    years, place = divmod(int(year) * 4 + int(number) - 1 + by, 4)
    return f"{years}-Q{place + 1}"
