"""The outbox relay: sends rows in id order, again when no receipt came, and never deletes one (receipts do)."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import asyncpg
from opentelemetry.trace import SpanKind

from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import BackOff, wait_for_event
from services.kernel.process.telemetry import links, meter, tracer
from services.kernel.store.db import TRANSIENT
from services.kernel.streams.embedded import QUERIES
from services.kernel.streams.port import Record, Stream, StreamDown

PAGE = 500  # rows a publish
IN_FLIGHT = 50_000  # rows sent and without receipt; with more, the log is away and more would only fill the stream
RESENT = 5_000  # of these, the oldest are sent again; the next ones follow as receipts come in
_MAX_BACK_OFF = 8  # times the interval
_PAUSES = 0.1, 5.0  # seconds between attempts
_PACE = 0.05  # seconds between two pages that were not full: a wake per commit would cost intake its core
_POLL = 0.25  # seconds
_REVIEW = 1.0  # seconds
_SOON = 0.1  # seconds
_METRICS = 5.0  # seconds
_STANDBY = 1.0  # seconds
# the outbox fills and empties faster than statistics follow, and a plan for an empty table reads a deep one whole
SESSION = {"application_name": "kycuong-relay", "enable_seqscan": "off", "enable_bitmapscan": "off", "jit": "off"}
log = logging.getLogger(__name__)

_depth = meter.create_gauge("kycuong.outbox.depth", unit="{row}", description="accepted events without a receipt")
_age = meter.create_gauge(
    "kycuong.outbox.oldest_age", unit="s", description="age of the oldest event without a receipt"
)
_resent = meter.create_counter("kycuong.outbox.resent", unit="{row}", description="events sent again")


class Waiting(NamedTuple):
    """What a row of the outbox is, without its bytes."""

    id: int
    unit: str
    barrier: bool = False
    refused: bool = False


@dataclass(slots=True)
class Ledger:
    """What was sent when. In memory only: a relay that starts anew sends everything once more, and the log dedupes."""

    resend_after: float
    top: int = 0
    """No row above it was sent yet."""
    sent: dict[int, tuple[float, int]] = field(default_factory=dict)
    """Last send and number of sends of rows without receipt."""
    barriers: dict[int, str] = field(default_factory=dict)
    """Barrier rows that wait for every older row to be gone, with their units."""

    def holds_back(self, row_id: int, unit: str) -> bool:
        """Whether a barrier of the same unit waits before this row: a unit's rows keep their order."""
        return any(unit == waiting and barrier < row_id for barrier, waiting in self.barriers.items())

    def note(self, ids: Collection[int], now: float) -> None:
        """Record a send that was acknowledged."""
        first = (now, 1)
        for row_id in ids:
            before = self.sent.get(row_id)
            self.sent[row_id] = first if before is None else (now, before[1] + 1)
            self.barriers.pop(row_id, None)

    def forget_gone(self, listed: Sequence[Waiting], whole: bool) -> None:
        """Drop rows that have their receipt: those missing in a listing of the oldest rows."""
        present = {row.id for row in listed if not row.refused}
        last = listed[-1].id if listed and not whole else None
        for book in (self.sent, self.barriers):
            for row_id in [i for i in book if i not in present and (last is None or i <= last)]:
                del book[row_id]

    def due(self, listed: Sequence[Waiting], now: float) -> list[int]:
        """Which of the oldest rows go now: committed late, a barrier whose time has come, sent too long ago."""
        due, oldest = [], listed[0].id if listed else None
        candidates = [row for row in listed if row.id <= self.top and not row.refused]
        self.barriers.update((row.id, row.unit) for row in candidates if row.barrier and row.id not in self.sent)
        for place, row in enumerate(candidates):
            last = self.sent.get(row.id)
            if last is not None:
                if place < RESENT and now - last[0] >= self._patience(last[1]):
                    due.append(row.id)
            elif (row.id == oldest) if row.barrier else not self.holds_back(row.id, row.unit):
                due.append(row.id)
        return due

    def _patience(self, times: int) -> float:
        return self.resend_after * min(_MAX_BACK_OFF, 1 << min(times - 1, 10))


class Relay:
    """The one active relay of an outbox: whoever holds the advisory lock; the others stand by."""

    def __init__(self, stream: Stream, topic: str, *, dsn: str, resend_after: float = 30.0) -> None:
        self._stream, self._topic, self._dsn = stream, topic, dsn
        self._ledger = Ledger(resend_after)
        self._review_every = min(_REVIEW, resend_after / 4)
        self._wake = asyncio.Event()
        self._review_at = self._not_before = self._metrics_at = 0.0

    def wake(self) -> None:
        """Say that rows were committed."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set; trouble with the database or the stream is waited out."""
        stopper = asyncio.create_task(self._wake_at(stop))
        try:
            while not stop.is_set():
                try:
                    async with self._session() as session:
                        if await session.fetchval(QUERIES.take_relay_lock, self._topic):
                            await self._lead(session, stop)
                except TRANSIENT as error:
                    # the session is gone and the lock with it; if another relay leads now, the worst is a second copy
                    log.warning("relay without its database: %s: %s", type(error).__name__, error)
                await wait_for_event(stop, _STANDBY)
        finally:
            stopper.cancel()
            await asyncio.gather(stopper, return_exceptions=True)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own: a pool resets what it lends, and the lock would go with it."""
        session = await asyncpg.connect(self._dsn, timeout=5, command_timeout=10, server_settings=SESSION)
        try:
            yield session
        finally:
            session.terminate()

    async def _lead(self, session: asyncpg.Connection, stop: asyncio.Event) -> None:
        again = BackOff(*_PAUSES, stop)
        while not stop.is_set():
            self._wake.clear()  # before looking, so what is committed while we look wakes us
            # where it fails nothing was noted as sent, so the same rows go again, in the same order
            async with again.attempt((StreamDown,), "relay waits for the stream"):
                if not await self._step(session):
                    await wait_for_event(stop, _PACE)
                    await self._idle()

    async def _idle(self) -> None:
        """Wait for a commit; other processes' commits do not wake us, so look now and then."""
        await wait_for_event(self._wake, _POLL)

    async def _step(self, session: asyncpg.Connection) -> bool:
        """Send what is due and one page of new rows; whether there may be more at once."""
        now = time.monotonic()
        if now >= self._review_at:
            await self._review(session)
        if now >= self._metrics_at:
            await self._measure(session)
        return len(self._ledger.sent) < IN_FLIGHT and await self._send_new(session)

    async def _send_new(self, session: asyncpg.Connection) -> bool:
        ledger = self._ledger
        rows = await session.fetch(QUERIES.outbox_after, ledger.top, PAGE)
        if not rows:
            return False
        for row in rows:
            if row["barrier"]:
                ledger.barriers[row["id"]] = row["unit"]
        await self._send(
            [row for row in rows if row["id"] not in ledger.barriers and not ledger.holds_back(row["id"], row["unit"])]
        )
        if rows[-1]["id"] - ledger.top != len(rows) or ledger.barriers:
            # an id was passed over: it may be committed in a moment; or a barrier waits for its turn
            self._review_soon()
        ledger.top = rows[-1]["id"]
        return len(rows) == PAGE

    async def _review(self, session: asyncpg.Connection) -> None:
        """Compare the oldest rows with what was sent: drop receipts, send what is due."""
        started = time.monotonic()
        rows = await session.fetch(QUERIES.outbox_oldest, IN_FLIGHT)
        listed = list(map(Waiting._make, rows))
        self._ledger.forget_gone(listed, whole=len(listed) < IN_FLIGHT)
        due = self._ledger.due(listed, started)
        again = sum(row_id in self._ledger.sent for row_id in due)
        for start in range(0, len(due), PAGE):
            await self._send(await session.fetch(QUERIES.outbox_rows, due[start : start + PAGE]))
        _resent.add(again)
        # a deep outbox is looked through less often, so that looking stays cheap
        now = time.monotonic()
        self._not_before = now + 20 * (now - started)
        self._review_at = max(now + self._review_every, self._not_before)
        if self._ledger.barriers:
            self._review_soon()

    def _review_soon(self) -> None:
        self._review_at = min(self._review_at, max(time.monotonic() + _SOON, self._not_before))

    async def _send(self, rows: Sequence[Any]) -> None:
        if not rows:
            return
        records = [Record(row["unit"], row["bytes"], _headers(row)) for row in rows]
        with tracer.start_as_current_span(
            f"send {self._topic}",
            kind=SpanKind.PRODUCER,
            links=links(record.headers.get("traceparent") for record in records),
            attributes={"messaging.batch.message_count": len(records)},
        ):
            await self._stream.publish(self._topic, records)
        failpoint("relay.after_publish")
        # a crash here leaves rows that the next relay sends again: the log knows their ids
        self._ledger.note([row["id"] for row in rows], time.monotonic())

    async def _measure(self, session: asyncpg.Connection) -> None:
        row = await session.fetchrow(QUERIES.outbox_depth)
        _depth.set(row["depth"])
        _age.set(row["age"])
        self._metrics_at = time.monotonic() + _METRICS


def _headers(row: Any) -> dict[str, str]:
    return {name: row[name] for name in ("traceparent", "tracestate") if row[name] is not None}
