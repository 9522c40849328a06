"""The sequencer: stream records become log entries, exactly once.

One transaction a batch: the position moves first (compare-and-set), then ids are compared, entries, full tiles, held
events, refusals and dead letters written, and last the tree head moves (compare-and-set on size, root and epoch).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import asyncpg
from opentelemetry.trace import SpanKind

from services.audit import metrics
from services.audit.arrange import Arrangement, arrange
from services.audit.errors import Fenced, LogCorrupt
from services.audit.loops import honour_cancellation
from services.audit.records import Event, Malformed, Refusal, read_event
from services.audit.tree import queries, read_head
from services.kernel.db import TRANSIENT, Connection, Pool, transaction
from services.kernel.failpoints import failpoint
from services.kernel.merkle import CompactRange, leaf_hash
from services.kernel.streams.port import Delivered, Position, Reader, Stream, StreamDown, StreamReset
from services.kernel.telemetry import links, tracer
from services.kernel.tiles import Edge, FullTile

CONSUMER = "audit"
BATCH = 2048  # records: larger ones keep the event loop from others for too long
WAIT = 0.5  # seconds to wait for the next record
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between attempts while the stream or the database is away
AWAY: tuple[type[BaseException], ...] = (StreamDown, *TRANSIENT)
Row = tuple[object, ...]
ENTRY = ("idx", "id", "unit", "unitseq", "bytes", "leaf", "traceparent", "tracestate")
HELD = ("id", "unit", "unitseq", "bytes", "traceparent", "tracestate")
REFUSAL = ("id", "unit", "unitseq", "reason", "sha256", "bytes")
DEAD_LETTER = ("topic", "incarnation", "stream_offset", "key", "bytes", "headers", "error")
log = logging.getLogger(__name__)


class PositionMoved(Exception):
    """Another sequencer has read these records: re-read the position and seek."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that is no event, as it came."""

    offset: int
    key: str
    raw: bytes
    headers: dict[str, str]
    error: str


@dataclass(slots=True)
class Batch:
    """A fetched batch, read: events to place, and what can never be one."""

    events: list[Event] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


@dataclass(slots=True)
class _State:
    """What the sequencer knows between transactions; dropped at any doubt and read again."""

    reader: Reader
    stored: Position
    reading: Position
    edge: Edge
    tree: CompactRange
    ahead: asyncio.Task[list[Delivered]] | None = None

    async def fetch(self, wait: float) -> list[Delivered]:
        """The next records. Behind a full batch there are probably more: they are fetched while it is written."""
        ahead, self.ahead = self.ahead, None
        records = await (ahead or self.reader.fetch(BATCH, wait))
        if len(records) == BATCH:
            self.ahead = asyncio.create_task(self.reader.fetch(BATCH, 0))
        return records

    async def drop(self) -> None:
        """Forget what was fetched ahead."""
        if self.ahead is not None:
            self.ahead.cancel()
            await asyncio.gather(self.ahead, return_exceptions=True)


class Sequencer:
    """Reads one topic into the log while its epoch rules."""

    def __init__(self, pool: Pool, stream: Stream, topic: str, *, source: str, epoch: int) -> None:
        self._pool = pool
        self._stream = stream
        self._topic = topic
        self._source = source
        self._epoch = epoch
        self._reader: Reader | None = None
        self._state: _State | None = None
        self.grown = asyncio.Event()
        self.refused = asyncio.Event()

    async def run(self) -> None:
        """Sequence until cancelled; Fenced when another epoch rules, LogCorrupt when a person must look."""
        pause = FIRST_PAUSE
        try:
            while True:
                honour_cancellation()
                try:
                    await self.step(WAIT)
                    pause = FIRST_PAUSE
                except (PositionMoved, StreamReset) as change:
                    log.info("the position changed: %s", change)
                except AWAY as trouble:
                    log.warning("not sequencing for now: %s: %s", type(trouble).__name__, trouble)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            await self.close()

    async def step(self, wait: float) -> int:
        """Sequence one batch and return how many records it had. Any error leaves the state to be read anew."""
        state, self._state = self._state or await self._resume(), None
        try:
            records = await state.fetch(wait)
            if records:
                await self._commit(state, records)
                await state.reader.hint(state.reading)
            self._state = state
        finally:
            if self._state is None:
                await state.drop()
        return len(records)

    async def close(self) -> None:
        """Leave the stream."""
        if self._state is not None:
            await self._state.drop()
            self._state = None
        if self._reader is not None:
            with contextlib.suppress(Exception):
                await self._reader.close()
            self._reader = None

    async def _resume(self) -> _State:
        """Read head and position from the database, and seek."""
        if self._reader is None:
            self._reader = await self._stream.reader(self._topic, CONSUMER)
        async with transaction(self._pool) as connection:
            await connection.execute(queries.make_position, self._topic)
            row = await connection.fetchrow(queries.read_position, self._topic)
            edge, tree = await read_head(connection, self._epoch)
        stored = Position(row["incarnation"], row["next_offset"])
        reading = await self._reader.seek(stored if stored.incarnation else None)
        return _State(self._reader, stored, reading, edge, tree)

    async def _commit(self, state: _State, records: Sequence[Delivered]) -> None:
        batch = read_batch(records)
        following = Position(state.reading.incarnation, records[-1].offset + 1)
        with tracer.start_as_current_span(
            f"process {self._topic}", kind=SpanKind.CONSUMER, links=links(e.traceparent for e in batch.events)
        ):
            async with transaction(self._pool) as connection:
                await self._move_position(connection, state.stored, following)
                plan = await self._arrange(connection, batch)
                edge, tree = await self._write(connection, state, batch, plan, following)
                failpoint("audit.before_commit")
                # a crash here leaves nothing of the batch: it is fetched again
            failpoint("audit.after_commit")
            # a crash here leaves the batch in the log; the position says so, whatever the stream's hint says
        state.stored = state.reading = following
        state.edge, state.tree = edge, tree
        self._tell(batch, plan, tree.size)

    async def _move_position(self, connection: Connection, stored: Position, following: Position) -> None:
        moved = await connection.execute(
            queries.move_position,
            self._topic,
            stored.incarnation,
            stored.offset,
            following.incarnation,
            following.offset,
        )
        if moved != "UPDATE 1":
            raise PositionMoved(f"{self._topic} is no longer at {stored}")

    async def _arrange(self, connection: Connection, batch: Batch) -> Arrangement:
        """Place the batch's events by what the log holds."""
        ids = [event.id for event in batch.events]
        names = list({event.unit for event in batch.events})
        known = {row["id"]: row["leaf"] for row in await connection.fetch(queries.known_leaves, ids)}
        units = {row["unit"]: row["unitseq"] for row in await connection.fetch(queries.unit_positions, names)}
        waiting = [_held(row, self._source) for row in await connection.fetch(queries.waiting, names, ids)]
        return arrange(batch.events, known=known, units=units, waiting=waiting, source=self._source)

    async def _write(
        self, connection: Connection, state: _State, batch: Batch, plan: Arrangement, following: Position
    ) -> tuple[Edge, CompactRange]:
        await self._write_aside(connection, batch, plan, following)
        if not plan.appended:
            return state.edge, state.tree
        edge = state.edge.copy()
        filled = edge.extend([event.leaf for event in plan.appended])
        tree = edge.range()
        await _add_entries(connection, state.tree.size, plan.appended)
        await _add_tiles(connection, filled)
        await connection.execute(queries.raise_units, list(plan.units), list(plan.units.values()))
        await self._move_head(connection, state.tree, tree)
        return edge, tree

    async def _move_head(self, connection: Connection, old: CompactRange, new: CompactRange) -> None:
        moved = await connection.execute(
            queries.move_head, old.size, old.root(), self._epoch, new.size, new.root(), new.hashes
        )
        if moved != "UPDATE 1":
            raise Fenced(f"the tree head of {old.size} is no longer epoch {self._epoch}'s to move")

    async def _write_aside(self, connection: Connection, batch: Batch, plan: Arrangement, following: Position) -> None:
        """Write what does not enter the log now: held, refused, unreadable."""
        if plan.released:
            await connection.execute(queries.release, plan.released)
        if plan.held:
            await _copy(connection, "held", HELD, [_held_row(event) for event in plan.held])
        if refusals := batch.refusals + plan.refusals:
            await _copy(connection, "refusal", REFUSAL, [_refusal_row(refusal) for refusal in refusals])
        if batch.dead:
            place = (self._topic, following.incarnation)
            await _copy(connection, "dead_letter", DEAD_LETTER, [(*place, *_dead_row(dead)) for dead in batch.dead])

    def _tell(self, batch: Batch, plan: Arrangement, size: int) -> None:
        """Wake signer and publisher, and count."""
        refusals = batch.refusals + plan.refusals
        if plan.appended:
            metrics.tree_size.set(size)
            metrics.appended.add(len(plan.appended))
            self.grown.set()
        for refusal in refusals:
            metrics.refusals.add(1, {"reason": refusal.reason})
            log.error(
                "refused (%s): event %s, unit %s, number %d", refusal.reason, refusal.id, refusal.unit, refusal.unitseq
            )
        if refusals:
            self.refused.set()
        metrics.dead_letters.add(len(batch.dead))


def read_batch(records: Iterable[Delivered]) -> Batch:
    """Read a batch's envelopes; what is no event is set aside with its error."""
    batch = Batch()
    for delivered in records:
        record = delivered.record
        try:
            batch.events.append(read_event(record.value, record.headers))
        except Malformed as fault:
            batch.dead.append(DeadLetter(delivered.offset, record.key, record.value, record.headers, str(fault)))
            unit = fault.unit or record.key.replace("\0", "")
            batch.refusals.append(Refusal(fault.id, unit, fault.unitseq, "malformed", record.value))
    return batch


def _held(row: asyncpg.Record, source: str) -> Event:
    raw = row["bytes"]
    return Event(
        row["id"], row["unit"], row["unitseq"], source, raw, leaf_hash(raw), row["traceparent"], row["tracestate"]
    )


def _held_row(event: Event) -> Row:
    return event.id, event.unit, event.unitseq, event.raw, event.traceparent, event.tracestate


def _refusal_row(refusal: Refusal) -> Row:
    return refusal.id, refusal.unit, refusal.unitseq, refusal.reason, refusal.sha256, refusal.raw


def _dead_row(dead: DeadLetter) -> Row:
    return dead.offset, dead.key.encode(), dead.raw, json.dumps(dead.headers), dead.error


async def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    await connection.copy_records_to_table(table, schema_name="audit", columns=columns, records=rows)


async def _add_entries(connection: Connection, first: int, events: Sequence[Event]) -> None:
    rows = [
        (first + i, e.id, e.unit, e.unitseq, e.raw, e.leaf, e.traceparent, e.tracestate) for i, e in enumerate(events)
    ]
    await _copy(
        connection, "entry", ("idx", "id", "unit", "unitseq", "bytes", "leaf", "traceparent", "tracestate"), rows
    )


async def _add_tiles(connection: Connection, filled: Sequence[FullTile]) -> None:
    """Write full tiles once; one that is there already must hold the very same hashes."""
    if not filled:
        return
    places = [t.level for t in filled], [t.n for t in filled], [t.hashes for t in filled]
    added = await connection.fetch(queries.add_tiles, *places, [t.root for t in filled])
    if len(added) != len(filled) and await connection.fetchval(queries.same_tiles, *places) != len(filled):
        raise LogCorrupt("a full tile is stored with other hashes than the entries give")
