"""Reply deadlines that passed unanswered: each becomes an event, so that no fold needs a clock."""

import asyncio
import logging
from datetime import datetime

from services.intake.cases.store import QUERIES
from services.intake.writing.events import Event, Numbers, system_event
from services.intake.writing.service import Service
from services.intake.writing.storing import lock_units, store_writes
from services.kernel.envelope import derived_id
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import wait_for_event
from services.kernel.quarters import rfc3339
from services.kernel.store.db import TRANSIENT, Connection, transaction

TYPE = "kycuong.finding.lapsed.v1"
EVERY = 5.0  # seconds between looks
_AT_ONCE = 500
log = logging.getLogger(__name__)


async def run(service: Service, stop: asyncio.Event) -> None:
    """Look for lapsed deadlines until stopped."""
    while not stop.is_set():
        try:
            await look(service)
        except TRANSIENT as error:
            log.warning("lapses wait for the database: %s", type(error).__name__)
        except Exception as error:
            log.error("lapses failed, and are looked for again", exc_info=error)
        await wait_for_event(stop, EVERY)


async def look(service: Service) -> None:
    """Emit what has lapsed, if the database is whole and the clock is believed: an event stands for good."""
    if not service.standing.open or service.time.doubt() is not None:
        return
    # while a demo's past is being told, its deadlines lapse by the story's clock (batch.post), not by today's
    if service.settings.folder.load_begun is None:
        await emit(service, service.clock.now())


async def emit(service: Service, now: datetime) -> int:
    """Emit an event for every finding whose reply deadline has lapsed by `now`; returns how many."""
    total = 0
    while True:
        async with transaction(service.pool) as connection:
            count = await _emit_some(connection, service, now)
            failpoint("intake.before_lapse")
            # a crash here leaves the findings unlapsed; the next look finds them again, and makes the same events
        if count is None:
            return total
        total += count
        service.wake()


async def _emit_some(connection: Connection, service: Service, now: datetime) -> int | None:
    due = await connection.fetch(QUERIES.lapsing, now, _AT_ONCE)
    if not due:
        return None
    numbers = Numbers(await lock_units(connection, {row["unit"] for row in due}))
    lapsed = await connection.fetch(QUERIES.lapse, [row["id"] for row in due])
    events = [
        _event(service, numbers, row["id"], row["inspection"], row["unit"], row["reply_due"])
        for row in sorted(lapsed, key=lambda row: (row["reply_due"], row["id"]))
    ]
    if events:
        await store_writes(connection, [], events, numbers, service.clock.now())
    return len(events)


def _event(service: Service, numbers: Numbers, finding: str, inspection: str, unit: str, due: datetime) -> Event:
    data = {"finding": finding, "inspection": inspection, "due": rfc3339(due)}
    return system_event(
        service.settings.source,
        derived_id(finding, TYPE, 1),
        TYPE,
        f"finding/{finding}",
        due,
        unit,
        numbers.next(unit),
        data,
    )
