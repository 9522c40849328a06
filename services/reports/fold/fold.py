"""The fold: verified log entries in, cards, alerts and frozen editions out, all visible at once at a checkpoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from opentelemetry.trace import SpanKind, Status, StatusCode

from services.kernel.feed.entries import Covered
from services.kernel.log.merkle import EMPTY_ROOT, CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from services.kernel.process.failpoints import failpoint
from services.kernel.process.telemetry import links, meter, tracer
from services.kernel.progress import Progress, quiet
from services.kernel.store.db import Connection, Pool, transaction
from services.reports.alerts.store import rewrite_alerts
from services.reports.editions.cut import Cut
from services.reports.editions.frozen import cards_at, freeze, open_edition, tell_refused
from services.reports.facts import store
from services.reports.facts.directory import UNIT_EVENTS, Directory
from services.reports.facts.effects import SILENT, Facts, read_entry, wanted
from services.reports.facts.facts import (
    CUTS,
    QUARTER_PUBLISHED,
    Entry,
)
from services.reports.fold.anew import fold_anew
from services.reports.fold.live_cards import LiveCards, mark_stale
from services.reports.fold.reference import REFERENCE_EVENTS, RULES, Reference, add_reference_events, load_reference
from services.reports.fold.sql import queries
from services.reports.notices.notice import Notice
from services.reports.notices.pattern import Said, said
from services.reports.notices.store import rewrite_notices
from services.reports.notices.telling import Known
from services.reports.scoring.comparison.tally import touched

SEGMENT = 5_000
"""Entries folded by one set of statements: they are all in memory at once."""
_BREATH = 250
"""Entries read between two pauses: the loop that folds also answers requests."""
Announce = Callable[[Connection, Sequence[Notice], Directory], Awaitable[None]]
log = logging.getLogger(__name__)
_folded = meter.create_counter("kycuong.reports.folded", description="log entries folded into the projections")


class Fenced(Exception):
    """Another fold moved the position: what was computed here is dropped, read the position again."""


async def read_entries(first: int, raw: Sequence[bytes]) -> list[Entry]:
    """The events of log entries; Unfoldable at the first that is not one, or of a type this program does not know."""
    entries: list[Entry] = []
    for start in range(0, len(raw), _BREATH):
        entries += [read_entry(index, value) for index, value in enumerate(raw[start : start + _BREATH], first + start)]
        await asyncio.sleep(0)
    return entries


def segments(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Runs of bounded length; a quarter's cut ends its run, so that it sees nothing later."""
    run: list[Entry] = []
    for entry in entries:
        run.append(entry)
        if len(run) >= SEGMENT or entry.event.type in CUTS:
            yield run
            run = []
    if run:
        yield run


class Fold:
    """Applies covered runs of the log to the projections, each in one transaction.

    `announce` queues what new notices have to be sent outside; a rebuild sends nothing.
    """

    def __init__(self, pool: Pool, announce: Announce | None = None, cards: LiveCards | None = None) -> None:
        self._pool = pool
        self._announce = announce
        self.cards = cards or LiveCards(pool)
        self._reference: Reference | None = None

    async def position(self) -> CompactRange:
        """Where the projections stand."""
        row = await self._pool.fetchrow(queries.head)
        await tell_refused(self._pool)
        return CompactRange(row["size"], row["peaks"])

    async def apply(self, covered: Covered) -> None:
        """Fold one covered run; Fenced when another fold was faster, Unfoldable when the fold must stop."""
        with tracer.start_as_current_span(
            "process audit.entries",
            kind=SpanKind.CONSUMER,
            links=links(covered.traces),
            attributes={"messaging.batch.message_count": len(covered.entries)},
        ) as span:
            try:
                await self._in_transaction(covered)
            except BaseException as error:
                self._reference = None  # may hold what was rolled back
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise
        _folded.add(len(covered.entries))

    async def _in_transaction(self, covered: Covered) -> None:
        entries = await read_entries(covered.first, covered.entries)
        async with self.cards.turn, transaction(self._pool) as connection:
            before = await connection.fetchrow(queries.head)
            if before["size"] != covered.first:
                raise Fenced
            await connection.execute(queries.impatient)
            await self._move(connection, covered, entries)
            reference = await self._known(connection, before["reference_index"])
            prefix = CompactRange(before["size"], before["peaks"])
            done = await _run(connection, reference, covered.entries, entries, prefix)
            await mark_stale(connection, done.dirty)
            await _want_fits(connection, done.dirty, entries)
            if done.told and self._announce is not None:
                await self._announce(connection, done.told, reference.directory)
            failpoint("reports.before_commit")
            # a crash here leaves the last checkpoint's projections; the run is read again
        # a crash here leaves the new ones; the feed goes on behind them
        failpoint("reports.after_commit")

    async def rebuild(self, covered: Covered) -> None:
        """Fold a whole log that is at hand anew, as `rebuild_from` does."""
        if covered.first != 0:
            raise ValueError("a rebuild begins at entry 0")
        await self.rebuild_from(covered.checkpoint, _at_once(covered.entries))

    async def rebuild_from(
        self, checkpoint: Checkpoint, log: AsyncIterator[Sequence[bytes]], progress: Progress = quiet
    ) -> None:
        """Fold the whole log anew in one transaction, in place of the projections; readers see old, then new.

        Frozen editions stay: a rebuild that does not arrive at their bytes fails. Fenced when the checkpoint is behind
        what is already shown, LogDiffers when the entries, a stretch at a time, do not have the root that it signs.
        """
        self._reference = None
        async with transaction(self._pool) as connection:
            await connection.execute(queries.patient)
            if await connection.fetchval(queries.lock_head) > checkpoint.size:
                raise Fenced
            await self._render_before()
            await connection.execute(queries.clear_projections)
            await connection.execute(queries.reset_head, EMPTY_ROOT)
            tree, reference, cards = await fold_anew(connection, checkpoint, log, progress)
            last = reference.index if reference.index >= 0 else None
            await connection.fetchval(queries.move_head, 0, tree.size, tree.root(), tree.hashes, last)
            await _want_fits(connection, cards, ())
            # a crash before the commit leaves the old projections untouched

    async def _render_before(self) -> None:
        """Those who read the old projections find no stale card, nor does a new one come while the head is locked."""
        try:
            await self.cards.all()
        except Exception as error:  # a rebuild may be what mends it
            log.warning("not every card can be rendered before the rebuild: %s: %s", type(error).__name__, error)

    async def _move(self, connection: Connection, covered: Covered, entries: Sequence[Entry]) -> None:
        last = max((entry.index for entry in entries if entry.event.type in REFERENCE_EVENTS), default=None)
        checkpoint = covered.checkpoint
        moved = await connection.fetchval(
            queries.move_head, covered.first, checkpoint.size, checkpoint.root, covered.range.hashes, last
        )
        if moved is None:
            raise Fenced

    async def _known(self, connection: Connection, index: int) -> Reference:
        if self._reference is None or self._reference.index != index:
            self._reference = await load_reference(connection)
        return self._reference


@dataclass(slots=True)
class _Done:
    """What a run made: the cards that are stale now, and the notices."""

    dirty: set[tuple[str, str]] = field(default_factory=set)
    told: list[Notice] = field(default_factory=list)


async def _run(
    connection: Connection,
    reference: Reference,
    raw: Sequence[bytes],
    entries: Sequence[Entry],
    prefix: CompactRange,
) -> _Done:
    """Apply every segment, freeze at every cut; `prefix` is the tree before the entries, and grows up to a cut."""
    done, first = _Done(), prefix.size
    for run in segments(entries):
        facts, before, counting = await _apply_segment(connection, reference, run)
        done.dirty |= facts.dirty() | await _restyled(connection, run)
        done.told += await rewrite_notices(connection, run, facts, before, counting, reference.directory)
        if run[-1].event.type in CUTS:
            prefix.extend(map(leaf_hash, raw[prefix.size - first : run[-1].index + 1 - first]))
            cut = Cut.of(run[-1], prefix.size, prefix.root())
            cards = await cards_at(connection, cut, reference.directory, reference.rulebook)
            await freeze(connection, cut, cards, reference.rulebook)
    return done


async def _want_fits(connection: Connection, dirty: Collection[tuple[str, str]], entries: Sequence[Entry]) -> None:
    """Mark the quarters whose comparisons may differ at the size that was reached."""
    changed = {one for quarter in {quarter for quarter, _ in dirty} for one in touched(quarter)}
    await connection.execute(queries.want_fits, sorted(changed))
    if any(entry.event.type in REFERENCE_EVENTS for entry in entries):
        await connection.execute(queries.want_all_fits)


async def _at_once(entries: Sequence[bytes]) -> AsyncIterator[Sequence[bytes]]:
    yield entries


async def _apply_segment(
    connection: Connection, reference: Reference, run: Sequence[Entry]
) -> tuple[Facts, Known, list[Said]]:
    """Load what a segment touches, apply it, write it back; what was known before, and what may count from it on."""
    facts = await store.load_facts(connection, wanted(run))
    before, counting = Known.of(facts), list[Said]()
    kept: list[tuple[Entry, date | None]] = []
    for entry in run:
        if entry.event.type in REFERENCE_EVENTS:
            kept.append((entry, reference.published(entry) if entry.event.type in RULES else None))
            reference.apply(entry)
        elif entry.event.type == QUARTER_PUBLISHED:
            await open_edition(connection, entry)
        elif entry.event.type not in SILENT and entry.event.type not in CUTS:
            facts.apply(entry)
            counting += said(entry, facts)
    reference.check(facts)
    await store.write_facts(connection, facts)
    await add_reference_events(connection, kept)
    await rewrite_alerts(connection, facts, run)
    return facts, before, counting


async def _restyled(connection: Connection, run: Sequence[Entry]) -> set[tuple[str, str]]:
    """The stored cards that a unit's change or new rules make stale."""
    reference = [entry for entry in run if entry.event.type in REFERENCE_EVENTS]
    if any(entry.event.type not in UNIT_EVENTS for entry in reference):
        rows = await connection.fetch(queries.all_cards)
    elif reference:
        rows = await connection.fetch(queries.cards_of_units, [entry.event.unit for entry in reference])
    else:
        rows = []
    return {(row["quarter"], row["unit"]) for row in rows}
