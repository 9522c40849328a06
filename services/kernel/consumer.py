"""The consumer loop: position, effect and dead letters in one transaction, so each record takes effect exactly once."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Awaitable, Callable

from opentelemetry.trace import SpanKind

from services.kernel.db import TRANSIENT, Connection, Pool, transaction
from services.kernel.failpoints import failpoint
from services.kernel.streams.embedded import QUERIES
from services.kernel.streams.port import Delivered, Position, Reader, Stream, StreamDown, StreamReset
from services.kernel.telemetry import links, meter, tracer

LIMIT = 1000  # records a transaction
_WAIT = 1.0  # seconds
_PAUSE, _MAX_PAUSE = 0.05, 5.0  # seconds
_TRANSIENT: tuple[type[BaseException], ...] = (StreamDown, *TRANSIENT)
log = logging.getLogger(__name__)

_lag = meter.create_gauge("kycuong.stream.lag", unit="{record}", description="records not yet consumed")
_dead = meter.create_counter("kycuong.stream.dead_letters", unit="{record}", description="records put aside")

Process = Callable[[Connection, list[Delivered]], Awaitable[None]]
"""Gives a batch its effect, inside the transaction that moves the position."""


class Fenced(Exception):
    """Vị trí đọc đã được một tiến trình khác dời đi; tiến trình này đọc lại từ đó.

    Another consumer moved the position; this one reads it again and goes on from there.
    """


class Poison(Exception):
    """Một bản ghi không bao giờ xử lý được; nó được cất nguyên trạng cùng lỗi của nó.

    One record can never be processed; it is put aside as it came, with its error.
    """

    def __init__(self, offset: int, error: str) -> None:
        super().__init__(f"record {offset}: {error}")
        self.offset, self.error = offset, error


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
        """Compare and set, the transaction's first statement; raises Fenced when another position is stored by now."""
        if stored is None:
            found = await connection.fetchval(self._first, topic, moved.incarnation, moved.offset)
        else:
            found = await connection.fetchval(
                self._move, topic, stored.incarnation, stored.offset, moved.incarnation, moved.offset
            )
        if found is None:
            raise Fenced

    async def bury(
        self, connection: Connection, topic: str, incarnation: str, delivered: Delivered, error: str
    ) -> None:
        """Put a record aside."""
        record = delivered.record
        headers = json.dumps(record.headers)
        await connection.execute(
            self._bury, topic, incarnation, delivered.offset, record.key, record.value, headers, error
        )
        _dead.add(1)


class Consumer:
    """Reads one topic for a service: transient trouble moves nothing, poison goes aside, a twin is fenced."""

    def __init__(
        self, pool: Pool, stream: Stream, topic: str, *, name: str, schema: str, process: Process, limit: int = LIMIT
    ) -> None:
        self._pool, self._stream, self._topic, self._name = pool, stream, topic, name
        self._positions = Positions(schema)
        self._process, self._limit = process, limit
        self._pause = _PAUSE

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; a batch that was begun is finished."""
        reader = await self._stream.reader(self._topic, self._name)
        try:
            while not stop.is_set():
                try:
                    await self._follow(reader, stop)
                except (Fenced, StreamReset) as event:
                    log.warning("%s reads its position again: %s", self._name, type(event).__name__)
                except _TRANSIENT as error:
                    log.warning("%s waits: %s: %s", self._name, type(error).__name__, error)
                    self._pause = min(2 * self._pause, _MAX_PAUSE)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._pause)
        finally:
            await reader.close()

    async def _follow(self, reader: Reader, stop: asyncio.Event) -> None:
        """Read on from the stored position until something is in the way."""
        stored = await self._positions.load(self._pool, self._topic)
        incarnation = (await reader.seek(stored)).incarnation
        while not stop.is_set():
            batch = await reader.fetch(self._limit, _WAIT)
            _lag.set(reader.lag, {"consumer": self._name})
            if batch:
                stored = await self._take(stored, Position(incarnation, batch[-1].offset + 1), batch)
                await reader.hint(stored)
            self._pause = _PAUSE

    async def _take(self, stored: Position | None, moved: Position, batch: list[Delivered]) -> Position:
        """Move the position and give the batch its effect, leaving out what turns out to be poison."""
        poison: dict[int, str] = {}
        with tracer.start_as_current_span(
            f"process {self._topic}",
            kind=SpanKind.CONSUMER,
            links=links(one.record.headers.get("traceparent") for one in batch),
            attributes={"messaging.batch.message_count": len(batch)},
        ):
            while True:
                try:
                    await self._commit(stored, moved, batch, poison)
                except Poison as found:
                    if found.offset in poison:
                        raise
                    log.error("%s puts a record aside: %s", self._name, found)
                    poison[found.offset] = found.error
                else:
                    return moved

    async def _commit(
        self, stored: Position | None, moved: Position, batch: list[Delivered], poison: dict[int, str]
    ) -> None:
        async with transaction(self._pool) as connection:
            await self._positions.move(connection, self._topic, stored, moved)
            for one in batch:
                if one.offset in poison:
                    await self._positions.bury(connection, self._topic, moved.incarnation, one, poison[one.offset])
            await self._process(connection, [one for one in batch if one.offset not in poison])
            # a crash here leaves the position where it was and no effect: the batch is read again
            failpoint("consumer.before_commit")
        # a crash here leaves position and effect together: the batch is not read again
