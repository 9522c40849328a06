"""What a quarter's cards and its comparison are made of, gathered by unit from the facts of a log prefix. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from services.reports.facts.directory import Directory
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Finding, Inspection, Survey, UnitQuarter
from services.reports.scoring.comparison.tally import Seen, tally
from services.reports.scoring.rulebook import Catalogue

Visits = list[tuple[Inspection, Sequence[Finding]]]


def unit_quarters(facts: Facts, quarter: str, valid: Iterable[str]) -> dict[str, UnitQuarter]:
    """By unit, in order: of those that were valid in the quarter, and of every other one with a card in it."""
    visits = _visits(facts, (quarter,))
    praise: dict[str, list[str]] = defaultdict(list)
    for given in facts.commendations:
        if given.quarter == quarter:
            praise[given.unit].append(given.code)
    surveys: dict[str, list[Survey]] = defaultdict(list)
    for _, one in sorted(facts.surveys.items()):
        if one.quarter == quarter:
            surveys[one.unit].append(one)
    return {
        unit: UnitQuarter(unit, quarter, visits.get((unit, quarter), ()), praise.get(unit, ()), surveys.get(unit, ()))
        for unit in sorted({*valid, *praise, *(unit for unit, _ in visits)})
    }


def seen(
    facts: Facts, quarters: Sequence[str], units: Iterable[str], directory: Directory,
    catalogues: Mapping[str, Catalogue],
) -> dict[str, Seen]:  # fmt: skip
    """What a comparison of these units in the last of the quarters is made of."""
    tallies: dict[str, dict[str, Visits]] = defaultdict(dict)
    for (unit, quarter), visits in _visits(facts, quarters).items():
        tallies[unit][quarter] = visits
    return {
        unit: Seen(
            directory.details(unit, directory.card_day(unit, quarters[-1])).group,
            {quarter: tally(visits, catalogues) for quarter, visits in tallies.get(unit, {}).items()},
        )
        for unit in units
    }


def _visits(facts: Facts, quarters: Iterable[str]) -> dict[tuple[str, str], Visits]:
    """The inspections that count, each with its findings, by unit and quarter."""
    wanted = frozenset(quarters)
    found: dict[tuple[str, str], Visits] = defaultdict(list)
    for inspection in facts.inspections.values():
        if inspection.counts and inspection.quarter in wanted:
            found[inspection.unit, inspection.quarter].append((inspection, facts.found[inspection.id]))
    return found
