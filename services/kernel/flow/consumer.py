"""The consumer: position, effect and dead letters in one transaction, so each record takes effect exactly once."""

import asyncio
import json
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opentelemetry.trace import SpanKind

from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import BackOff, honour_cancellation
from services.kernel.process.telemetry import links, meter, tracer
from services.kernel.store.db import TRANSIENT, Connection, Pool, transaction
from services.kernel.streams.embedded import QUERIES
from services.kernel.streams.port import Delivered, Position, Reader, Stream, StreamDown, StreamReset

WAIT = 0.5  # seconds to wait for the next record
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between attempts
AWAY: tuple[type[BaseException], ...] = (StreamDown, *TRANSIENT)
log = logging.getLogger(__name__)

_lag = meter.create_gauge("kycuong.stream.lag", unit="{record}", description="Records of a topic not yet in effect")
_dead = meter.create_counter("kycuong.stream.dead_letters", unit="{record}", description="Records put aside")


class PositionMoved(Exception):
    """Vị trí đọc đã được một tiến trình khác dời đi; tiến trình này đọc lại từ đó.

    Another process moved the position; this one reads it again and goes on from there.
    """


_AGAIN: tuple[type[BaseException], ...] = (PositionMoved, StreamReset, *AWAY)
Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that can never be processed, and why."""

    delivered: Delivered
    error: str


class Positions:
    """A service's stored positions and dead letters, in its own schema (tables `stream_position`, `dead_letter`)."""

    def __init__(self, schema: str) -> None:
        if not re.fullmatch("[a-z_]+", schema):
            raise ValueError(f"not a schema: {schema}")
        self._load = QUERIES.load_position.format(schema=schema)
        self._first = QUERIES.first_position.format(schema=schema)
        self._move = QUERIES.move_position.format(schema=schema)
        self._bury = QUERIES.bury.format(schema=schema)

    async def load(self, connection: Connection | Pool, topic: str) -> Position | None:
        """Where the service stands in a topic; None before its first record."""
        row = await connection.fetchrow(self._load, topic)
        return None if row is None else Position(row["incarnation"], row["next_offset"])

    async def move(self, connection: Connection, topic: str, stored: Position | None, moved: Position) -> None:
        """Compare and set, the transaction's first statement; PositionMoved when another one is stored by now."""
        if stored is None:
            found = await connection.fetchval(self._first, topic, moved.incarnation, moved.offset)
        else:
            found = await connection.fetchval(
                self._move, topic, stored.incarnation, stored.offset, moved.incarnation, moved.offset
            )
        if found is None:
            raise PositionMoved(f"{topic} is no longer at {stored}")

    async def bury(self, connection: Connection, topic: str, incarnation: str, letters: Sequence[DeadLetter]) -> None:
        """Put records aside as they came, each with its error."""
        rows = [(topic, incarnation, *_row(letter)) for letter in letters]
        await connection.executemany(self._bury, rows)


def _row(letter: DeadLetter) -> tuple[int, bytes, bytes, str, str]:
    record = letter.delivered.record
    # the key as bytes: one with a NUL in it is no text to PostgreSQL
    return letter.delivered.offset, record.key.encode(), record.value, json.dumps(record.headers), letter.error


@dataclass(slots=True)
class _Fetched(Generic[Batch]):
    """Records as they came, and as the consumer reads them."""

    records: list[Delivered]
    batch: Batch


@dataclass(slots=True)
class _State(Generic[Batch]):
    """Where a consumer stands between transactions; dropped at any doubt and read again."""

    reader: Reader
    stored: Position | None
    incarnation: str
    behind: int = 0
    ahead: asyncio.Task[_Fetched[Batch]] | None = None

    async def drop(self) -> None:
        """Forget what was fetched ahead."""
        if self.ahead is not None:
            self.ahead.cancel()
            await asyncio.gather(self.ahead, return_exceptions=True)


class Consumer(ABC, Generic[Batch]):
    """Reads one topic for a service: transient trouble moves nothing, of two twins one wins each batch."""

    limit = 1000
    """Records a transaction."""

    def __init__(self, pool: Pool, stream: Stream, topic: str, *, name: str, schema: str) -> None:
        self._pool, self._stream, self._topic, self._name = pool, stream, topic, name
        self._positions = Positions(schema)
        self._reader: Reader | None = None
        self._state: _State[Batch] | None = None

    async def resume(self, connection: Connection) -> None:
        """Read what `process` must know: at the start, and again after anything went wrong."""
        return

    @abstractmethod
    async def read(self, records: list[Delivered]) -> Batch:
        """What can be made of records alone, done while the database is busy with the batch before."""

    @abstractmethod
    async def process(self, connection: Connection, batch: Batch) -> Sequence[DeadLetter]:
        """Give a batch its effect, inside the transaction that moves the position; returns what can never have one."""

    def committed(self) -> None:
        """Called when the last batch's transaction is in the database."""
        return

    async def run(self) -> None:
        """Consume until cancelled; errors that time does not mend are raised."""
        again = BackOff(FIRST_PAUSE, LONGEST_PAUSE)
        try:
            while True:
                honour_cancellation()
                async with again.attempt(_AGAIN, f"{self._name} reads on soon"):
                    await self.step(WAIT)
        finally:
            await self.close()

    async def step(self, wait: float) -> int:
        """Process one batch and return how many records it had. Any error leaves the state to be read anew."""
        state, self._state = self._state or await self._resume(), None
        try:
            fetched = await self._next(state, wait)
            records = fetched.records
            self._measure(state.behind + len(records))
            if records:
                state.stored = await self._take(state, fetched)
                await state.reader.hint(state.stored)
                self._measure(state.behind)
            self._state = state
        finally:
            if self._state is None:
                await state.drop()
        return len(records)

    async def close(self) -> None:
        """Leave the stream."""
        state, self._state = self._state, None
        if state is not None:
            await state.drop()
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _next(self, state: _State[Batch], wait: float) -> _Fetched[Batch]:
        """The next records. Behind a full batch there are probably more: they are fetched while it is processed."""
        ahead, state.ahead = state.ahead, None
        fetched = await (ahead or self._fetch(state.reader, wait))
        state.behind = state.reader.lag
        if len(fetched.records) == self.limit:
            state.ahead = asyncio.create_task(self._fetch(state.reader, 0))
        return fetched

    async def _fetch(self, reader: Reader, wait: float) -> _Fetched[Batch]:
        records = await reader.fetch(self.limit, wait)
        return _Fetched(records, await self.read(records))

    async def _resume(self) -> _State[Batch]:
        """Read the position from the database, and seek."""
        if self._reader is None:
            self._reader = await self._stream.reader(self._topic, self._name)
        async with transaction(self._pool) as connection:
            stored = await self._positions.load(connection, self._topic)
            await self.resume(connection)
        return _State(self._reader, stored, (await self._reader.seek(stored)).incarnation)

    async def _take(self, state: _State[Batch], fetched: _Fetched[Batch]) -> Position:
        """One batch, in one transaction; returns the position after it."""
        records = fetched.records
        moved = Position(state.incarnation, records[-1].offset + 1)
        with tracer.start_as_current_span(
            f"process {self._topic}",
            kind=SpanKind.CONSUMER,
            links=links(one.record.headers.get("traceparent") for one in records),
            attributes={"messaging.batch.message_count": len(records)},
        ):
            async with transaction(self._pool) as connection:
                await self._positions.move(connection, self._topic, state.stored, moved)
                dead = await self.process(connection, fetched.batch)
                if dead:
                    await self._positions.bury(connection, self._topic, moved.incarnation, dead)
                failpoint("consumer.before_commit")
                # a crash here leaves the position where it was and no effect: the batch is fetched again
            failpoint("consumer.after_commit")
            # a crash here leaves position and effect together, whatever the stream's hint says
        _dead.add(len(dead), {"consumer": self._name})
        self.committed()
        return moved

    def _measure(self, waiting: int) -> None:
        _lag.set(waiting, {"consumer": self._name})
