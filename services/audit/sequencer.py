"""The sequencer: stream records become log entries, exactly once.

The kernel's consumer moves the position first, by compare-and-set, and writes the dead letters. In the same transaction
ids are compared, what is held or refused, entries and full tiles are written, and the tree head is moved, by
compare-and-set on size, root and epoch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import asyncpg

from services.audit import metrics
from services.audit.arrange import Arrangement, arrange, doubtful
from services.audit.errors import Fenced, LogCorrupt
from services.audit.records import Event, Malformed, Refusal, read_event
from services.audit.tree import queries, read_head
from services.kernel.flow.consumer import Consumer, DeadLetter
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.tiles import Edge, FullTile
from services.kernel.store.db import Connection, Pool
from services.kernel.streams.port import Delivered, Stream

Row = tuple[object, ...]
ENTRY = ("idx", "id", "unit", "unitseq", "bytes", "leaf", "traceparent", "tracestate")
HELD = ("id", "unit", "unitseq", "bytes", "traceparent", "tracestate")
REFUSAL = ("id", "unit", "unitseq", "reason", "sha256", "bytes")
SLICE = 256  # records read before others have their turn
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """A fetched batch, read: events to place, and what can never be one."""

    events: list[Event] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def add(self, records: Iterable[Delivered]) -> None:
        """Read envelopes; what is no event is set aside with its error."""
        for delivered in records:
            _, (key, value, headers) = delivered
            try:
                self.events.append(read_event(value, headers))
            except Malformed as fault:
                self.dead.append(DeadLetter(delivered, str(fault)))
                unit = fault.unit or key.replace("\0", "")
                self.refusals.append(Refusal(fault.id, unit, fault.unitseq, "malformed", value))


class Sequencer(Consumer[Batch]):
    """Reads one topic into the log while its epoch rules; `run` ends with Fenced, or LogCorrupt for a person to see.

    Between transactions it keeps the tree's edge and where each unit stands: whoever else moved them, the
    compare-and-set fails and all is read again.
    """

    limit = 8192  # larger ones keep the event loop from others for too long

    def __init__(self, pool: Pool, stream: Stream, topic: str, *, source: str, epoch: int) -> None:
        super().__init__(pool, stream, topic, name="audit", schema="audit")
        self._source = source
        self._epoch = epoch
        self._edge, self._tree = Edge(), CompactRange()
        self._units: dict[str, int] = {}
        self._holds = False
        self._appended = 0
        self._refusals: list[Refusal] = []
        self.grown = asyncio.Event()
        self.refused = asyncio.Event()

    async def resume(self, connection: Connection) -> None:
        """Read head and units as they are stored."""
        self._edge, self._tree = await read_head(connection, self._epoch)
        self._units = {row["unit"]: row["unitseq"] for row in await connection.fetch(queries.unit_positions)}
        self._holds = await connection.fetchval(queries.holds_any)

    async def read(self, records: list[Delivered]) -> Batch:
        """Envelopes and leaf hashes, a slice at a time: the batch before is being written by the same event loop."""
        batch = Batch()
        for first in range(0, len(records), SLICE):
            batch.add(records[first : first + SLICE])
            await asyncio.sleep(0)
        return batch

    async def process(self, connection: Connection, batch: Batch) -> Sequence[DeadLetter]:
        """Place a batch in the log. When its commit fails, `resume` reads the head that is stored."""
        try:
            async with connection.transaction():
                await self._place(connection, batch, doubtful(batch.events, self._units))
        except asyncpg.UniqueViolationError:
            # the next of its unit, under an id that is in the log already: look every id up
            self._holds = await connection.fetchval(queries.holds_any)  # what the first attempt released was not
            await self._place(connection, batch, [event.id for event in batch.events])
        return batch.dead

    async def _place(self, connection: Connection, batch: Batch, ids: list[str]) -> None:
        """Arrange and write a batch, of which these ids may be known."""
        plan = await self._arrange(connection, batch, ids)
        aside = {event.id for event in plan.held} | {refusal.id for refusal in plan.refusals}
        if not aside <= set(ids):
            # Set aside without a look at their ids. Above all nothing may wait under an id that is in the log: at its
            # release it could not be written.
            plan = await self._arrange(connection, batch, [event.id for event in batch.events])
        self._appended, self._refusals = len(plan.appended), batch.refusals + plan.refusals
        await self._write_aside(connection, plan)
        if plan.appended:
            await self._append(connection, plan)
        else:  # whoever rules no longer, or has not seen the log grow, may not hold or refuse anything either
            await self._move_head(connection, self._tree, self._tree)

    async def _arrange(self, connection: Connection, batch: Batch, ids: list[str]) -> Arrangement:
        """Place the batch's events by what the log holds."""
        known = {row["id"]: row["leaf"] for row in await connection.fetch(queries.known_leaves, ids)} if ids else {}
        waiting: list[Event] = []
        if self._holds:
            names = list({event.unit for event in batch.events})
            rows = await connection.fetch(queries.waiting, names, [event.id for event in batch.events])
            waiting = [_held(row, self._source) for row in rows]
        return arrange(batch.events, known=known, units=self._units, waiting=waiting, source=self._source)

    async def _write_aside(self, connection: Connection, plan: Arrangement) -> None:
        """Write what does not enter the log now: held, refused."""
        if plan.held:
            await _copy(connection, "held", HELD, [_held_row(event) for event in plan.held])
            self._holds = True
        if plan.released:
            await connection.execute(queries.release, plan.released)
            self._holds = await connection.fetchval(queries.holds_any)
        if self._refusals:
            await _copy(connection, "refusal", REFUSAL, [_refusal_row(refusal) for refusal in self._refusals])

    async def _append(self, connection: Connection, plan: Arrangement) -> None:
        """Write entries and full tiles, and move the head last. The tree grows while the entries are being written."""
        writing = asyncio.create_task(_add_entries(connection, self._tree.size, plan.appended))
        await asyncio.sleep(0)
        edge = self._edge.copy()
        filled = edge.extend([event.leaf for event in plan.appended])
        tree = edge.range()
        await writing
        await _add_tiles(connection, filled)
        await connection.execute(queries.raise_units, list(plan.units), list(plan.units.values()))
        await self._move_head(connection, self._tree, tree)
        self._edge, self._tree = edge, tree
        self._units.update(plan.units)

    async def _move_head(self, connection: Connection, old: CompactRange, new: CompactRange) -> None:
        moved = await connection.execute(
            queries.move_head, old.size, old.root(), self._epoch, new.size, new.root(), new.hashes
        )
        if moved != "UPDATE 1":
            raise Fenced(f"the tree head of {old.size} is no longer epoch {self._epoch}'s to move")

    def committed(self) -> None:
        """Wake signer and publisher, and count."""
        if self._appended:
            metrics.tree_size.set(self._tree.size)
            metrics.appended.add(self._appended)
            self.grown.set()
        for refusal in self._refusals:
            metrics.refusals.add(1, {"reason": refusal.reason})
            log.error(
                "refused (%s): event %s, unit %s, number %d", refusal.reason, refusal.id, refusal.unit, refusal.unitseq
            )
        if self._refusals:
            self.refused.set()


def _held(row: asyncpg.Record, source: str) -> Event:
    raw = row["bytes"]
    return Event(
        row["id"], row["unit"], row["unitseq"], source, raw, leaf_hash(raw), row["traceparent"], row["tracestate"]
    )


def _held_row(event: Event) -> Row:
    return event.id, event.unit, event.unitseq, event.raw, event.traceparent, event.tracestate


def _refusal_row(refusal: Refusal) -> Row:
    return refusal.id, refusal.unit, refusal.unitseq, refusal.reason, refusal.sha256, refusal.raw


async def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    await connection.copy_records_to_table(table, schema_name="audit", columns=columns, records=rows)


async def _add_entries(connection: Connection, first: int, events: Sequence[Event]) -> None:
    rows = [
        (first + i, e.id, e.unit, e.unitseq, e.raw, e.leaf, e.traceparent, e.tracestate) for i, e in enumerate(events)
    ]
    await _copy(connection, "entry", ENTRY, rows)


async def _add_tiles(connection: Connection, filled: Sequence[FullTile]) -> None:
    """Write full tiles once; one that is there already must hold the very same hashes."""
    if not filled:
        return
    places = [t.level for t in filled], [t.n for t in filled], [t.hashes for t in filled]
    added = await connection.fetch(queries.add_tiles, *places, [t.root for t in filled])
    if len(added) != len(filled) and await connection.fetchval(queries.same_tiles, *places) != len(filled):
        raise LogCorrupt("a full tile is stored with other hashes than the entries give")
