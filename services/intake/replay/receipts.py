"""Receipts coming back: what the log holds needs no outbox row any more, and its reply period begins to count."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from services.domain.rulefiles import BadRuleFile
from services.domain.second import is_drawn
from services.intake.cases.store import draw_for_second_review, note_logged
from services.intake.replay.fold import UnknownEvent
from services.intake.replay.opening import Comparison, measure
from services.intake.replay.restoring import restore
from services.intake.replay.sql import QUERIES
from services.intake.rounds.store import note_plans
from services.intake.writing.service import Service
from services.intake.writing.standing import DIFFERS, UNKNOWN
from services.kernel.envelope import Envelope, is_uuid, read_envelope
from services.kernel.feed.client import Keys, OtherLog, find_keys
from services.kernel.feed.entries import Covered, EntryFeed, LogDiffers, Refusal
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import unless, wait_for_event
from services.kernel.process.telemetry import meter
from services.kernel.quarters import parse_instant
from services.kernel.store.db import TRANSIENT, Connection, columns, transaction
from services.kernel.streams import Stream

DECIDED = "kycuong.finding.decided.v1"
_WAIT, _SOON = 1.0, 0.1  # seconds
_AT_ONCE = 2_000  # entries a transaction
_DIFFERS, _FAILED = 30.0, 2.0  # seconds
log = logging.getLogger(__name__)
_refused = meter.create_counter("kycuong.outbox.refused", unit="{event}", description="events that the log refused")


async def run(service: Service, stream: Stream, stop: asyncio.Event) -> None:
    """Take receipts in until stopped; trouble with the database or the log is waited out."""
    while not stop.is_set():
        try:
            keys = await unless(stop, find_keys(service.settings.folder, service.settings.audit_url))
            if keys is not None:
                await _follow(service, stream, keys, stop)
        except TRANSIENT as error:
            log.warning("receipts wait for the database: %s", type(error).__name__)
            await wait_for_event(stop, _WAIT)
        except BadRuleFile as error:
            log.error("%s", error)
            service.standing.trouble = (str(error), str(error))
            await wait_for_event(stop, _DIFFERS)
        except UnknownEvent as error:
            log.error("the log holds %s, which this version does not know: install a newer one", error)
            service.standing.trouble = UNKNOWN
            await wait_for_event(stop, _DIFFERS)
        except OtherLog as error:
            log.error("%s", error)
            service.standing.trouble = error.words
            await wait_for_event(stop, _DIFFERS)
        except LogDiffers as error:
            if not service.standing.open:
                service.standing.trouble = DIFFERS
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
    service.standing.resume(row["size"], row["until"])
    comparison = Comparison(service, feed)
    try:
        await feed.start(CompactRange(row["size"], row["peaks"]))
        while not stop.is_set():
            if not service.standing.open:
                await comparison.step()
            news = await feed.next(_WAIT if service.standing.open else _SOON)
            if isinstance(news, Refusal):
                await note_refusal(service, news)
                if not service.standing.compared:
                    return  # begin again from what the database says: it may have been replaced by an older one
            elif news is not None and not await take_in(service, news):
                return  # another process was first: go on from where it stands
    finally:
        await feed.close()


async def take_in(service: Service, covered: Covered) -> bool:
    """Store one verified stretch of the log; False when another process has moved the position meanwhile."""
    if len(covered.entries) <= _AT_ONCE:
        return await _take_part(service, covered.entries, covered.range, covered.checkpoint.size)
    row = await service.pool.fetchrow(QUERIES.log_position)
    tree = CompactRange(row["size"], row["peaks"])
    if tree.size != covered.first:
        return False
    for start in range(0, len(covered.entries), _AT_ONCE):
        part = covered.entries[start : start + _AT_ONCE]
        tree.extend(map(leaf_hash, part))
        if not await _take_part(service, part, tree, covered.checkpoint.size):
            return False
    return True


async def _take_part(service: Service, entries: Sequence[bytes], tree: CompactRange, until: int) -> bool:
    """What of these entries waited for its receipt has it now; what the database does not know is rebuilt."""
    read = [(read_envelope(raw), raw) for raw in entries]
    own = [(event, raw) for event, raw in read if event.source == service.settings.source]
    async with transaction(service.pool) as connection:
        first, newest = tree.size - len(entries), _newest(own)
        drawn = await _drawn(connection, read, first)
        before = await connection.fetchrow(QUERIES.log_position)
        if await connection.fetchval(QUERIES.move_log_position, first, tree.size, tree.hashes, newest) is None:
            return False
        rows = await connection.fetch(QUERIES.delete_receipted, [event.id for event, _ in own])
        waited = {row["event_id"]: row["digest"] for row in rows}
        missing = [(event, raw) for event, raw in own if waited.get(event.id) != sha256(raw).digest()]
        if missing:
            _fall_behind(service, missing[0][0], until)
            await connection.execute(QUERIES.fall_behind, service.standing.until)
            await restore(connection, service, missing)
        await note_plans(connection, CompactRange(before["size"], before["peaks"]), read, service.settings.source)
        await _note_logged(connection, service, [event for event, _ in own])
        await _note_places(connection, read, first)
        await draw_for_second_review(connection, drawn)
        failpoint("intake.before_receipts")
        # a crash here leaves rows, state and position as they were; the same entries come again
    service.time.hear(newest)
    if missing:
        service.writes.forget()
    service.standing.done = tree.size
    measure(service)
    return True


def _newest(own: Sequence[tuple[Envelope, bytes]]) -> datetime | None:
    """When the last of these was made that a person caused: what the system makes bears the time of its cause."""
    return next((parse_instant(event.time) for event, _ in reversed(own) if "ref" in event.data["by"]), None)


def _fall_behind(service: Service, first: Envelope, until: int) -> None:
    """Refuse writes, and say once that the log holds what this database does not."""
    if service.standing.until is None:
        log.error(
            "this database is behind the log (the first entry that it lacks: unit %s, number %d): restored from an old "
            "backup? Writes are refused until all is rebuilt from the log", first.unit, first.unitseq,
        )  # fmt: skip
    service.standing.fall_behind(until)
    measure(service)


async def _drawn(connection: Connection, read: Sequence[tuple[Envelope, bytes]], first: int) -> list[tuple[str, str]]:
    """Of the findings that are decided here those whose tickets the log draws, each with its decision."""
    if not any(event.type == DECIDED for event, _ in read):
        return []
    row, drawn = await connection.fetchrow(QUERIES.log_position), list[tuple[str, str]]()
    tree = CompactRange(row["size"], row["peaks"])
    for event, raw in read if tree.size == first else ():
        tree.extend([leaf_hash(raw)])
        if event.type == DECIDED and is_drawn(tree.root()):
            drawn.append((event.data["finding"], event.id))
    return drawn


async def _note_places(connection: Connection, read: Sequence[tuple[Envelope, bytes]], first: int) -> None:
    """Where the events of cases stand in the log; also those of another origin, whose ids are in no case here."""
    places = [(event.id, index) for index, (event, _) in enumerate(read, start=first) if "finding" in event.data]
    if places:
        await connection.execute(QUERIES.note_places, *columns(places, 2))


async def _note_logged(connection: Connection, service: Service, own: Sequence[Envelope]) -> None:
    opening = [event.id for event in own if not event.data.keys().isdisjoint(("reply_due", "remedy_due"))]
    await note_logged(connection, opening, service.time.floor, await service.calendar(connection), service.lengths)


async def note_refusal(service: Service, refusal: Refusal) -> None:
    """Mark what the log will not append: it is not sent again, an operator looks."""
    if not is_uuid(refusal.id):
        log.error("the log refused a record that is no event (%s): not of this outbox", refusal.reason)
        return
    if await service.pool.fetchval(QUERIES.note_refusal, refusal.id, refusal.reason, refusal.unitseq) is None:
        return
    _refused.add(1, {"reason": refusal.reason})
    log.error("the log refused event %s of %s/%d: %s", refusal.id, refusal.unit, refusal.unitseq, refusal.reason)
    if refusal.reason == "stale":
        service.standing.doubt()  # a number that was given before: this database was restored from behind the log
