"""The whole log folded anew: sorted by parts of the units, each folded by a process, its rows written in streams."""

from __future__ import annotations

import asyncio
import marshal
import pickle
from collections.abc import AsyncIterator, Iterable, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from operator import attrgetter

from asyncpg import UniqueViolationError

from services.kernel.feed.entries import LogDiffers
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from services.kernel.progress import Progress
from services.kernel.store.db import Connection
from services.reports.alerts.alert import COLUMNS as ALERT
from services.reports.editions.cut import Cut, FrozenCard
from services.reports.editions.fitting import fitted
from services.reports.editions.frozen import freeze, open_edition
from services.reports.facts.effects import read_entry
from services.reports.facts.facts import (
    COLUMNS,
    COMMENDED,
    CUTS,
    FINDING_RECORDED,
    INSPECTION_OPENED,
    Entry,
    Unfoldable,
)
from services.reports.facts.picked import NO_CASE, Brief
from services.reports.fold.cores import CasesFile, PiecesFile, Stopped, cores
from services.reports.fold.part import CARD, PARTS, Common, Part, Raw, Row, made, part_of, told_at_the_end
from services.reports.fold.reference import REFERENCE_EVENTS, RULES, Reference, add_reference_events
from services.reports.fold.shard import Passed
from services.reports.notices.pattern import Counted
from services.reports.notices.store import all_posts
from services.reports.notices.telling import COLUMNS as NOTICE
from services.reports.scoring.cards import Form
from services.reports.scoring.comparison.tally import Seen
from services.reports.scoring.rulebook import Rulebook

_unit = attrgetter("unit")
MANY = 20_000  # entries: fewer are folded here sooner than processes start
_TABLES = {**COLUMNS, "counted": Counted._fields, "alert": ALERT, "notice": NOTICE, "card": CARD}
_TOLD = {
    "inspection": (INSPECTION_OPENED, "opened_index"), "finding": (FINDING_RECORDED, "index"),
    "commendation": (COMMENDED, "index"),
}  # fmt: skip
"""By table: which event tells of a row, and where in it the event's index is."""


@dataclass(slots=True)
class Anew:
    """A log that was read: its tree, the entries that all parts need, its cuts, and the others on disk."""

    cases: CasesFile
    tree: CompactRange = field(default_factory=CompactRange)
    entries: list[Passed] = field(default_factory=list)
    cuts: dict[int, Cut] = field(default_factory=dict)

    def take(self, raw: Iterable[bytes]) -> None:
        """The next entries; only those that all parts need are read here."""
        parts: list[list[Raw]] = [[] for _ in range(PARTS)]
        for index, value in enumerate(raw, self.tree.size):
            self.tree.append(leaf_hash(value))
            kind, unit = told_at_the_end(value)
            if kind in NO_CASE:
                self._pass(read_entry(index, value))
            else:
                parts[part_of(unit)].append((index, value))
        self.cases.keep([marshal.dumps(part) for part in parts])

    def _pass(self, entry: Entry) -> None:
        event = entry.event
        self.entries.append((entry.index, event.type, event.unit, event.id, event.time, event.data))
        if event.type in CUTS:
            self.cuts[entry.index] = Cut.of(entry, self.tree.size, self.tree.root())


async def fold_anew(
    connection: Connection, checkpoint: Checkpoint, log: AsyncIterator[Sequence[bytes]], progress: Progress
) -> tuple[CompactRange, Reference, set[tuple[str, str]]]:
    """Write what a log says into projections that are empty: its tree, its directory and rules, and which cards.

    Unfoldable where the fold would stop; LogDiffers when the entries do not have the root that the checkpoint signs;
    Stopped when a process dies.
    """
    try:
        return await _fold_anew(connection, checkpoint, log, progress)
    except BrokenProcessPool as error:
        raise Stopped from error


async def _fold_anew(
    connection: Connection, checkpoint: Checkpoint, log: AsyncIterator[Sequence[bytes]], progress: Progress
) -> tuple[CompactRange, Reference, set[tuple[str, str]]]:
    jobs = cores() if checkpoint.size >= MANY else 1
    with closing(CasesFile(jobs)) as cases, closing(PiecesFile()) as frozen:
        anew, touched = Anew(cases), set[tuple[str, str]]()
        async for raw in log:
            anew.take(raw)
            progress(anew.tree.size, 2 * checkpoint.size)
            await asyncio.sleep(0)  # for the next of the log to come
        if (anew.tree.size, anew.tree.root()) != (checkpoint.size, checkpoint.root):
            raise LogDiffers(f"the entries do not have the root that is signed for size {checkpoint.size}")
        common = Common(anew.entries, anew.cuts, await all_posts(connection))
        with closing(cases.coming(partial(made, common))) as parts:
            for number, future in enumerate(parts, 1):
                part = await asyncio.wrap_future(future)
                await _write(connection, part)
                frozen.put(part.frozen.items())
                touched |= part.cards
                progress(checkpoint.size + checkpoint.size * number // PARTS, 2 * checkpoint.size)
        return anew.tree, await _write_passed(connection, anew, frozen), touched


async def _write(connection: Connection, part: Part) -> None:
    """A part's rows; Unfoldable where another part has one of their ids."""
    for table, rows in pickle.loads(part.rows).items():  # noqa: S301 - another process of this program wrote it
        if rows:
            try:
                await connection.copy_records_to_table(
                    table, schema_name="reports", columns=_TABLES[table], records=rows
                )  # fmt: skip
            except UniqueViolationError as error:
                twice = _twice(table, rows, str(error.detail))
                if twice is None:
                    raise
                raise twice from error


def _twice(table: str, rows: Sequence[Row], detail: str) -> Unfoldable | None:
    """Whose id the database names as one that it has; intake takes an id once, another log may hold it twice."""
    kind, index = _TOLD.get(table, ("", "index"))
    found = next((row for row in rows if kind and str(row[0]) in detail), None)
    if found is None:
        return None
    return Unfoldable(int(found[_TABLES[table].index(index)]), kind, f"{found[0]} was recorded before")


async def _write_passed(connection: Connection, anew: Anew, frozen: PiecesFile) -> Reference:
    """The entries that every part needed, in their order: units and rules, editions, publications."""
    reference, kept = Reference(), list[tuple[Entry, date | None]]()
    for passed in anew.entries:
        entry = Entry(passed[0], Brief(*passed[1:]))
        if entry.event.type in REFERENCE_EVENTS:
            kept.append((entry, reference.published(entry) if entry.event.type in RULES else None))
            reference.apply(entry)
        elif entry.event.type in CUTS:
            cards = await _compared(anew.cuts[entry.index], frozen.of(entry.index), reference.rulebook)
            await freeze(connection, anew.cuts[entry.index], cards, reference.rulebook)
        else:
            await open_edition(connection, entry)
    await add_reference_events(connection, kept)
    return reference


async def _compared(cut: Cut, frozen: Iterable[bytes], rulebook: Rulebook) -> list[FrozenCard]:
    """All cards of a cut, by unit, with their comparisons."""
    cards, counts = list[FrozenCard](), dict[str, Seen]()
    for part in frozen:
        some, seen = pickle.loads(part)  # noqa: S301 - another process of this program wrote it
        cards += some
        counts |= seen
    rules = rulebook.comparison(cut.quarter) if cut.form is Form.SECOND else None
    beside = {} if rules is None else await fitted(rules, cut.quarter, counts)
    return [card.compared(beside.get(card.unit)) for card in sorted(cards, key=_unit)]
