"""The embedded stream: a PostgreSQL table with gap-free offsets a topic, for the one-machine default."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from services.kernel.process.loops import wait_for_event
from services.kernel.store.db import TRANSIENT
from services.kernel.store.sql import load_queries
from services.kernel.streams.port import Delivered, Position, Record, StreamDown, StreamReset, is_of, resume
from services.kernel.streams.state import watched

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))
CHANNEL = "kycuong_stream"
POLL = 1.0  # seconds; a notice that was lost (or a dead connection) is found at the latest after it
HINT_EVERY, HINT_BUSY = 1.0, 10.0  # seconds; behind a backlog there is more urgent work than trimming
BUSY = 10_000  # records
_PATIENCE = 5.0  # seconds for one statement
_NO_HEADERS = "{}"
# the schema is gone or not there yet: it comes with a migration, so waiting is right here too
_DOWN = (*TRANSIENT, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedFunctionError, asyncpg.UndefinedTableError)
_FAREWELL = 0.5  # seconds for each thing that is closed
log = logging.getLogger(__name__)


class Link:
    """One connection that is opened when needed and dropped when it fails."""

    def __init__(self, dsn: str, name: str, *, listen: bool = False) -> None:
        self._dsn, self._name, self._listen = dsn, name, listen
        self.news = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def use(self) -> AsyncIterator[asyncpg.Connection]:
        """The connection, one user at a time; any failure drops it and is raised as StreamDown."""
        async with self._lock:
            try:
                async with asyncio.timeout(2 * _PATIENCE):
                    yield await self._open()
            except _DOWN as error:
                self.drop()
                raise StreamDown(f"the embedded stream: {type(error).__name__}: {error}") from error
            except BaseException:
                # cancelled in the middle of a statement, or a bug: the connection's state is not known
                self.drop()
                raise

    async def _open(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._dsn,
                timeout=_PATIENCE,
                command_timeout=_PATIENCE,
                server_settings={"application_name": f"kycuong-stream-{self._name}", "jit": "off"},
            )
            if self._listen:
                await self._connection.add_listener(CHANNEL, self._notice)
        return self._connection

    def _notice(self, *_: object) -> None:
        self.news.set()

    def drop(self) -> None:
        """Cut the connection without waiting for the server."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Close the connection, politely, for a moment."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=_FAREWELL)


class EmbeddedReader:
    """One consumer of one topic; its connection also listens for what is published."""

    def __init__(self, dsn: str, topic: str, consumer: str, *, on_close: Callable[["EmbeddedReader"], None]) -> None:
        self._topic, self._consumer, self._on_close = topic, consumer, on_close
        self._link = Link(dsn, consumer, listen=True)
        self._hints = Link(dsn, f"{consumer}-hint")  # of its own: trimming takes a while
        self._hinting: asyncio.Task[None] | None = None
        self._position: Position | None = None
        self._hinted_at = -HINT_EVERY
        self._late_hint: Position | None = None
        self._end = 0

    async def seek(self, stored: Position | None) -> Position:
        """Register the consumer and go to `stored` or to the start."""
        async with self._link.use() as connection:
            topic = await connection.fetchrow(QUERIES.open_topic, self._topic, self._consumer)
        self._position = resume(str(topic["incarnation"]), topic["low"], topic["end"], stored)
        return self._position

    async def fetch(self, limit: int, wait: float) -> list[Delivered]:
        """Next records; wakes with the publisher's notice."""
        deadline = time.monotonic() + wait
        while True:
            if self._position is None:
                raise StreamReset
            self._link.news.clear()  # before looking, so what is published while we look wakes us
            with watched(self._consumer):
                found = await self._next(self._position, limit)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            await wait_for_event(self._link.news, min(left, POLL))

    async def _next(self, position: Position, limit: int) -> list[Delivered]:
        async with self._link.use() as connection:
            head, *rows = await connection.fetch(QUERIES.fetch, self._topic, position.offset, limit)
        if not is_of(position.incarnation, str(head["incarnation"])) or head["end"] < position.offset:
            self._position = None
            raise StreamReset
        self._end = head["end"]
        if rows:
            self._position = Position(position.incarnation, rows[-1]["offset"] + 1)
        return [_delivered(row) for row in rows]

    @property
    def lag(self) -> int:
        return 0 if self._position is None else max(0, self._end - self._position.offset)

    async def hint(self, position: Position) -> None:
        """Note the position, at most once a second and beside the reading; the last one when the reader closes."""
        self._late_hint = position
        pause = HINT_EVERY if self.lag < BUSY else HINT_BUSY
        if time.monotonic() - self._hinted_at >= pause and (self._hinting is None or self._hinting.done()):
            self._hinting = asyncio.create_task(self._write_hint(), name=f"hint-{self._consumer}")

    async def _write_hint(self) -> None:
        hint, self._late_hint = self._late_hint, None
        self._hinted_at = time.monotonic()
        if hint is None:
            return
        try:
            async with self._hints.use() as connection:
                await connection.execute(QUERIES.hint, self._topic, self._consumer, hint.incarnation, hint.offset)
        except StreamDown as error:
            log.info("hint of %s not written: %s", self._consumer, error)

    async def hinted(self) -> Position | None:
        """The consumer's last hint."""
        if self._hinting is not None:
            await self._hinting
        try:
            async with self._link.use() as connection:
                row = await connection.fetchrow(QUERIES.hinted, self._topic, self._consumer)
        except StreamDown as error:
            log.info("hint of %s not read: %s", self._consumer, error)
            return None
        return Position(row["hint"], row["passed"]) if row["hint"] is not None else None

    async def close(self) -> None:
        """Write the last hint and close the connection."""
        self._on_close(self)
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_FAREWELL):
                if self._hinting is not None:
                    await self._hinting
                await self._write_hint()
        await asyncio.gather(self._link.close(), self._hints.close())


class EmbeddedStream:
    """The stream in PostgreSQL, as one database role may use it."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn, self._name = dsn, name
        self._link = Link(dsn, f"{name}-publish")
        self._readers: set[EmbeddedReader] = set()

    async def start(self) -> None:
        """Nothing to do: connections open with their first use."""

    async def stop(self) -> None:
        """Close every connection."""
        await asyncio.gather(self._link.close(), *(reader.close() for reader in list(self._readers)))

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Append in one transaction: all of the records or none, and when the answer was lost, perhaps all."""
        if not records:
            return
        keys = [record.key for record in records]
        values = [record.value for record in records]
        headers = [_text(record.headers) for record in records]
        with watched(self._name):
            await self._append(topic, keys, values, headers)

    async def _append(self, topic: str, keys: list[str], values: list[bytes], headers: list[str]) -> None:
        async with self._link.use() as connection:
            # a crash here leaves nothing; one after the commit leaves records that the caller will send again
            await connection.execute(QUERIES.publish, topic, keys, values, headers)

    async def reader(self, topic: str, consumer: str) -> EmbeddedReader:
        """A reader with a connection of its own."""
        reader = EmbeddedReader(self._dsn, topic, consumer, on_close=self._readers.discard)
        self._readers.add(reader)
        return reader


def _text(headers: dict[str, str]) -> str:
    return json.dumps(headers) if headers else _NO_HEADERS


def _delivered(row: Any) -> Delivered:
    _, _, offset, key, value, text = row
    return Delivered(offset, Record(key, value, {} if text == _NO_HEADERS else json.loads(text)))
