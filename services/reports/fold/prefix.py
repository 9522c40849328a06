"""The cards of one quarter as a prefix of the log has them: folded in memory, beside the projections."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.kernel.feed.client import LogClient
from services.kernel.feed.entries import LogDiffers
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.quarters import local_date, parse_instant, quarter_of
from services.reports.facts.effects import SILENT, Facts
from services.reports.facts.facts import (
    COMMENDED,
    CUTS,
    INSPECTION_OPENED,
    QUARTER_PUBLISHED,
    SURVEYED,
    Entry,
    Finding,
    Inspection,
    Survey,
    UnitQuarter,
)
from services.reports.fold.feed import read_log
from services.reports.fold.fold import read_entries
from services.reports.fold.reference import REFERENCE_EVENTS, Reference
from services.reports.scoring.comparison.tally import Seen, span, tally

_NO_FACTS = SILENT | CUTS | {QUARTER_PUBLISHED}


class Prefix:
    """What a growing prefix of the log says of one quarter."""

    def __init__(self, quarter: str) -> None:
        self.quarter = quarter
        self._span = frozenset(span(quarter))  # a comparison looks back
        self.reference = Reference()
        self._facts = Facts()

    def take(self, entries: Iterable[Entry]) -> None:
        """The next entries; Unfoldable where the fold would stop."""
        for entry in entries:
            kind = entry.event.type
            if kind in REFERENCE_EVENTS:
                self.reference.apply(entry)
            elif kind not in _NO_FACTS and self._concerns(entry):
                self._facts.apply(entry)
        self._facts.touched_inspections.clear()  # nobody writes them down
        self._facts.touched_findings.clear()

    def _concerns(self, entry: Entry) -> bool:
        data = entry.event.data
        if entry.event.type == INSPECTION_OPENED:
            return quarter_of(local_date(parse_instant(data["opened_at"]))) in self._span
        return entry.event.type in (COMMENDED, SURVEYED) or data.get("inspection") in self._facts.inspections

    def units(self) -> dict[str, UnitQuarter]:
        """What the cards of the quarter are made of, by unit: of every unit that has one."""
        visits: dict[str, list[tuple[Inspection, Sequence[Finding]]]] = defaultdict(list)
        findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in self._facts.findings.values():
            findings[finding.inspection].append(finding)
        for inspection in self._facts.inspections.values():
            if inspection.counts and inspection.quarter == self.quarter:
                visits[inspection.unit].append((inspection, findings[inspection.id]))
        praise: dict[str, list[str]] = defaultdict(list)
        for given in self._facts.commendations:
            if given.quarter == self.quarter:
                praise[given.unit].append(given.code)
        surveys: dict[str, list[Survey]] = defaultdict(list)
        for _, one in sorted(self._facts.surveys.items()):
            if one.quarter == self.quarter:
                surveys[one.unit].append(one)
        units = sorted({*visits, *praise, *self.reference.directory.units_in(self.quarter)})
        return {
            unit: UnitQuarter(
                unit, self.quarter, visits.get(unit, ()), praise.get(unit, ()), surveys.get(unit, ())
            )
            for unit in units
        }  # fmt: skip

    def seen(self, units: Iterable[str]) -> dict[str, Seen]:
        """What a comparison of these units in the quarter is made of."""
        visits: dict[str, dict[str, list[tuple[Inspection, Sequence[Finding]]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in self._facts.findings.values():
            findings[finding.inspection].append(finding)
        for inspection in self._facts.inspections.values():
            if inspection.counts:
                visits[inspection.unit][inspection.quarter].append((inspection, findings[inspection.id]))
        directory, catalogues = self.reference.directory, self.reference.rulebook.catalogues
        return {
            unit: Seen(
                directory.details(unit, directory.card_day(unit, self.quarter)).group,
                {quarter: tally(some, catalogues) for quarter, some in visits[unit].items()},
            )
            for unit in units
        }


async def read_prefix(log: LogClient, size: int, root: bytes, quarter: str) -> Prefix:
    """The quarter as the first `size` entries of the log have it; LogDiffers when they do not have the signed root."""
    prefix, tree = Prefix(quarter), CompactRange()
    async for raw in read_log(log, size):
        prefix.take(await read_entries(tree.size, raw))
        tree.extend(map(leaf_hash, raw))
        await asyncio.sleep(0)  # who folds here also answers others
    if tree.root() != root:
        raise LogDiffers(f"the entries do not have the root that is signed for size {size}")
    return prefix
