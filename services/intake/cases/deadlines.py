"""Deadlines that passed unmet: each becomes an event, so that no fold needs a clock."""

import asyncio
import logging
from datetime import datetime

from services.domain import case
from services.domain.calendar import WorkingCalendar
from services.domain.deadlines import Deadline, Kind, Standing
from services.intake.cases import moves, reminders
from services.intake.cases.store import QUERIES, note_logged
from services.intake.findings.passing import overdue, passed
from services.intake.findings.state import Finding
from services.intake.findings.store import load_findings, store_passed
from services.intake.writing.accepted import Passed
from services.intake.writing.events import Event, Numbers, passed_event
from services.intake.writing.service import Service
from services.intake.writing.storing import lock_units, store_writes
from services.intake.writing.world import World
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import wait_for_event
from services.kernel.store.db import TRANSIENT, Connection, transaction

TYPE = "kycuong.finding.lapsed.v1"
EVERY = 5.0  # seconds between looks
_AT_ONCE = 1_000
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
        await sweep(service, service.clock.now())


async def sweep(service: Service, now: datetime) -> None:
    """Emit what has lapsed by `now`; tell those above of it, and units of what soon will."""
    await emit(service, now)
    await reminders.escalate(service, now)
    await reminders.remind(service, now)


async def emit(service: Service, now: datetime) -> int:
    """Emit an event for every deadline that has passed unmet by `now`; returns how many."""
    total = 0
    await _note_unnoticed(service)
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
    findings = await load_findings(connection, list({row["finding"] for row in due}))
    world = _world(service, now, await service.calendar(connection))
    lapsed = [
        (finding, clock)
        for row in due
        if (finding := findings[row["finding"]])
        and (clock := finding.running(Kind(row["kind"])))
        and clock.n == row["n"]
    ]
    events = [
        _lapse(service, numbers, finding, clock, world)
        for finding, clock in sorted(lapsed, key=lambda one: (one[1].due, one[0].id))
    ]
    await store_passed(connection, lapsed)
    await store_writes(connection, [], [one for one in events if one is not None], numbers, service.clock.now())
    return len(lapsed)


async def _note_unnoticed(service: Service) -> None:
    async with transaction(service.pool) as connection:
        rows = await connection.fetch(QUERIES.logged_unnoticed, _AT_ONCE)
        if rows:
            causes, calendar = [row["cause"] for row in rows], await service.calendar(connection)
            await note_logged(connection, causes, service.time.floor, calendar, service.lengths)
        # a crash here leaves them as they were: the next look notices them


def _world(service: Service, now: datetime, calendar: WorkingCalendar) -> World:
    world = World(origin=service.settings.origin, now=now, rights_at=now, catalogues=[], lengths=service.lengths)
    world.calendar = calendar
    return world


def _lapse(service: Service, numbers: Numbers, finding: Finding, clock: Deadline, world: World) -> Event | None:
    """What a deadline that passes does to its finding, and the event that tells of it."""
    told = overdue(finding, clock) if clock.kind == Kind.REMEDY else _unanswered(finding, clock, world)
    if told is None:
        return None
    unit = finding.unit
    return passed_event(service.settings.source, told, f"finding/{finding.id}", unit, numbers.next(unit))


def _unanswered(finding: Finding, clock: Deadline, world: World) -> Passed | None:
    state = case.step(finding.severity, finding.state, case.Command.LAPSE, finding.released)
    if not isinstance(state, case.State):
        clock.state = Standing.ENDED  # answered meanwhile
        return None
    moves.lapse(finding, state, world)
    return passed(finding, TYPE, clock.due, clock.n, {})
