"""The cards of one quarter as a prefix of the log has them: folded in memory, beside the projections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

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
    UnitQuarter,
)
from services.reports.fold.feed import read_log
from services.reports.fold.fold import read_entries
from services.reports.fold.reference import REFERENCE_EVENTS, Reference
from services.reports.scoring.comparison.tally import Seen, span
from services.reports.scoring.gathered import seen, unit_quarters

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
        return unit_quarters(self._facts, self.quarter, self.reference.directory.units_in(self.quarter))

    def seen(self, units: Iterable[str]) -> dict[str, Seen]:
        """What a comparison of these units in the quarter is made of."""
        known = self.reference
        return seen(self._facts, span(self.quarter), units, known.directory, known.rulebook.catalogues)


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
