"""The log is its own outbox: entries by index, then the checkpoint that covers them, and the current one again.

What is lost on the way is harmless: a reader that sees a checkpoint beyond its entries fetches them as bundles.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

from opentelemetry.trace import SpanKind

from services.audit import metrics
from services.audit.tree import queries
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import BackOff, honour_cancellation, wait_for_event
from services.kernel.process.telemetry import links, tracer
from services.kernel.store.db import TRANSIENT, Pool
from services.kernel.streams.port import Record, Stream, StreamDown

ENTRIES, REFUSALS = "entries", "refusals"
REPEAT = 10.0  # seconds after which the current checkpoint is sent again
CHUNK = 1000
BURST = 8192  # entries between two checkpoints; of more, readers fetch the bundles: that costs everyone less
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
AWAY: tuple[type[BaseException], ...] = (StreamDown, *TRANSIENT)
log = logging.getLogger(__name__)


class Publisher:
    """Sends what the log holds to one topic."""

    def __init__(self, pool: Pool, stream: Stream, topic: str) -> None:
        self._pool = pool
        self._stream = stream
        self._topic = topic
        self._sent_size = -1
        self._sent_at = -REPEAT
        self.news = asyncio.Event()

    async def run(self) -> None:
        """Publish until cancelled; a stream that is down is tried again."""
        again = BackOff(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            honour_cancellation()
            async with again.attempt(AWAY, "not publishing for now"):
                await self.step()
                await wait_for_event(self.news, max(0.05, self._sent_at + REPEAT - time.monotonic()))

    async def step(self) -> None:
        """Send refusals, entries and the newest checkpoint that were not yet sent."""
        self.news.clear()
        await self._send_refusals()
        checkpoint = await self._pool.fetchrow(queries.latest_checkpoint)
        if checkpoint is None:
            return
        await self._send_entries(checkpoint["size"])
        if checkpoint["size"] != self._sent_size or time.monotonic() - self._sent_at >= REPEAT:
            await self._stream.publish(self._topic, [Record("-", checkpoint["note"].encode(), {"kind": "checkpoint"})])
            self._sent_size, self._sent_at = checkpoint["size"], time.monotonic()

    async def _send_entries(self, size: int) -> None:
        first = await self._published(ENTRIES)
        if size - first > BURST:
            await self._pool.execute(queries.raise_published, ENTRIES, first := size)
            metrics.unpublished.set(0)
        while first < size:
            rows = await self._pool.fetch(queries.entries_from, first, min(first + CHUNK, size))
            with tracer.start_as_current_span(
                f"send {self._topic}", kind=SpanKind.PRODUCER, links=links(row["traceparent"] for row in rows)
            ):
                await self._stream.publish(self._topic, [_entry(row) for row in rows])
            failpoint("audit.after_publish")
            # a crash here leaves these entries sent but not noted: they are sent again, and skipped by index
            first += len(rows)
            await self._pool.execute(queries.raise_published, ENTRIES, first)
            metrics.unpublished.set(size - first)

    async def _send_refusals(self) -> None:
        after = await self._published(REFUSALS)
        while rows := await self._pool.fetch(queries.refusals_from, after, CHUNK):
            await self._stream.publish(self._topic, [_refusal(row) for row in rows])
            after = rows[-1]["seq"]
            await self._pool.execute(queries.raise_published, REFUSALS, after)

    async def _published(self, what: str) -> int:
        return int(await self._pool.fetchval(queries.published, what) or 0)


def _entry(row: Any) -> Record:
    headers = {"kind": "entry", "index": str(row["idx"])}
    for name in ("traceparent", "tracestate"):
        if row[name] is not None:
            headers[name] = row[name]
    return Record(row["unit"], row["bytes"], headers)


def _refusal(row: Any) -> Record:
    told = {name: row[name] for name in ("id", "unit", "unitseq", "reason")} | {"sha256": row["sha256"].hex()}
    value = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return Record(row["unit"] or "-", value, {"kind": "refusal"})
