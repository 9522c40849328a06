"""Receipts coming back: what the log holds needs no outbox row any more, and its reply period begins to count."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from services.intake.loading import QUERIES
from services.intake.service import Service
from services.kernel.db import TRANSIENT, Connection, transaction
from services.kernel.entries import Covered, EntryFeed, LogDiffers, Refusal
from services.kernel.envelope import Envelope, is_uuid, read_envelope
from services.kernel.failpoints import failpoint
from services.kernel.log_client import Keys, find_keys
from services.kernel.loops import wait_for_event
from services.kernel.merkle import CompactRange
from services.kernel.streams import Stream
from services.kernel.telemetry import meter

T = TypeVar("T")
_WAIT = 1.0  # seconds
_DIFFERS, _FAILED = 30.0, 2.0  # seconds
log = logging.getLogger(__name__)
_refused = meter.create_counter("kycuong.outbox.refused", unit="{event}", description="events that the log refused")
_behind = meter.create_gauge("kycuong.intake.behind", description="1 while the database is behind the log")


async def run(service: Service, stream: Stream, stop: asyncio.Event) -> None:
    """Take receipts in until stopped; trouble with the database or the log is waited out."""
    keys = await _unless(stop, find_keys(service.settings.folder, service.settings.audit_url))
    while keys is not None and not stop.is_set():
        try:
            await _follow(service, stream, keys, stop)
        except TRANSIENT as error:
            log.warning("receipts wait for the database: %s", type(error).__name__)
            await wait_for_event(stop, _WAIT)
        except LogDiffers as error:
            # nothing is receipted from such a log; it may have been a copy restored by mistake, so look again
            log.error("receipts wait: the log is not what was signed before: %s", error)
            await wait_for_event(stop, _DIFFERS)
        except Exception as error:
            log.error("receipts failed, and are read again", exc_info=error)
            await wait_for_event(stop, _FAILED)


async def _follow(service: Service, stream: Stream, keys: Keys, stop: asyncio.Event) -> None:
    settings = service.settings
    feed = EntryFeed(
        stream, settings.topic("audit.entries"), "intake",
        audit_url=settings.audit_url, read_token=settings.folder.read_token(), keys=keys,
    )  # fmt: skip
    row = await service.pool.fetchrow(QUERIES.log_position)
    try:
        await feed.start(CompactRange(row["size"], row["peaks"]))
        while not stop.is_set():
            news = await feed.next(_WAIT)
            if isinstance(news, Refusal):
                await note_refusal(service, news)
            elif news is not None and not await take_in(service, news):
                return  # another process was first: go on from where it stands
    finally:
        await feed.close()


async def take_in(service: Service, covered: Covered) -> bool:
    """Store one verified stretch of the log; False when another process has moved the position meanwhile."""
    own = [event for event in map(read_envelope, covered.entries) if event.source == service.settings.source]
    async with transaction(service.pool) as connection:
        reached = covered.checkpoint.size
        moved = await connection.fetchval(QUERIES.move_log_position, covered.first, reached, covered.range.hashes)
        if moved is None:
            return False
        await connection.execute(QUERIES.delete_receipted, [event.id for event in own])
        await _count_reply_periods(connection, service, own)
        await _compare(connection, service, own)
        failpoint("intake.before_receipts")
        # a crash here leaves rows and position as they were; the same entries come again
    return True


async def _count_reply_periods(connection: Connection, service: Service, own: Sequence[Envelope]) -> None:
    calendar = await service.writes.calendar.current(connection)
    lapse_after = calendar.window_over(service.clock.now())
    closings = [event.id for event in own if event.type == "kycuong.inspection.closed.v1"]
    if closings:
        await connection.execute(QUERIES.closings_logged, closings, lapse_after)
    later = [event.id for event in own if event.type == "kycuong.finding.recorded.v1" and "reply_due" in event.data]
    if later:
        await connection.execute(QUERIES.findings_logged, later, lapse_after)


async def _compare(connection: Connection, service: Service, own: Sequence[Envelope]) -> None:
    """Alarm when the log holds later events of a unit than this database ever gave numbers to."""
    reached = {event.unit: event.unitseq for event in own}
    rows = await connection.fetch(QUERIES.last_numbers, list(reached))
    given = {row["unit"]: row["last_seq"] for row in rows}
    ahead = [unit for unit, number in reached.items() if number > given.get(unit, 0)]
    if ahead and not service.behind:
        log.error(
            "this database is behind the log (units: %s): restored from an old backup? Writes are refused", ahead[:5]
        )
        service.behind = True
    _behind.set(int(service.behind))


async def note_refusal(service: Service, refusal: Refusal) -> None:
    """Mark what the log will not append: it is not sent again, an operator looks."""
    if not is_uuid(refusal.id):
        log.error("the log refused a record that is no event (%s): not of this outbox", refusal.reason)
        return
    if await service.pool.fetchval(QUERIES.note_refusal, refusal.id, refusal.reason) is None:
        return
    _refused.add(1, {"reason": refusal.reason})
    log.error("the log refused event %s of %s/%d: %s", refusal.id, refusal.unit, refusal.unitseq, refusal.reason)
    if refusal.reason == "stale":
        service.behind = True  # a number that was given before: this database was restored from behind the log


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Work that may wait for long, given up when it is time to stop."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    return None
