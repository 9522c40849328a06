"""Intake's app: the write side, with its loops: relay, receipts, lapsed deadlines, the calendar's end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from services.domain.calendar import WorkingCalendar
from services.domain.catalogue import Catalogue
from services.domain.deadlines import Deadlines
from services.domain.rulefiles import load_catalogues, load_deadlines
from services.domain.units import Directory
from services.intake.calendars import watch as calendar_watch
from services.intake.calendars.store import CalendarKeeper
from services.intake.cases import deadlines as lapses
from services.intake.channels import endpoints as channels
from services.intake.channels.key import require_channel_key
from services.intake.concerned import endpoints as concerned
from services.intake.directory import endpoints as directory
from services.intake.directory.store import DirectoryKeeper
from services.intake.erasures import endpoints as erasures
from services.intake.evidence import endpoints as photo_endpoints
from services.intake.evidence import file_endpoints
from services.intake.evidence import parts as photo_parts
from services.intake.evidence.imaging import Darkroom
from services.intake.faces import pages
from services.intake.findings import desk
from services.intake.findings import endpoints as findings
from services.intake.handover import endpoints as handover
from services.intake.handover.keys import Keys
from services.intake.inspections import endpoints as inspections
from services.intake.minutes import endpoints as minutes
from services.intake.nouns import NOUNS, keepers
from services.intake.people import endpoints as people
from services.intake.people import local_sign_in as sessions
from services.intake.people import sweeps
from services.intake.people.known_devices import KnownDevices
from services.intake.people.local_sign_in import Logins
from services.intake.phones import endpoints as phones
from services.intake.plain import endpoints as plain
from services.intake.reading.kept import KeptAnswers
from services.intake.replay import genesis, opening, receipts
from services.intake.rounds import drawing
from services.intake.rounds import endpoints as rounds
from services.intake.rounds.opening import refuse_public_log
from services.intake.vault.key import open_vault
from services.intake.vault.sealing import Vault
from services.intake.writing import openapi as schemas
from services.intake.writing import routes as endpoints
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Stamps
from services.intake.writing.rate import RateLimit
from services.intake.writing.senders import Senders
from services.intake.writing.service import Service, service_of
from services.intake.writing.sql import QUERIES
from services.intake.writing.standing import Standing
from services.intake.writing.timekeeping import Timekeeper
from services.intake.writing.writes import Writes
from services.kernel.flow.batcher import Batcher
from services.kernel.flow.relay import Relay
from services.kernel.health import healthz, readiness, troubles
from services.kernel.identity.roles import PUBLIC
from services.kernel.process.clock import Clock, SystemClock
from services.kernel.process.collector import spare_the_collector
from services.kernel.process.folder import Folder
from services.kernel.process.loops import start_loop
from services.kernel.process.settings import Settings
from services.kernel.store.db import Connection, opened_pool
from services.kernel.streams import opened_stream
from services.kernel.web.app import service_app

NAME = "intake"
_FACES = (
    desk, people, directory, rounds, inspections, findings, erasures, phones, photo_endpoints, file_endpoints,
    handover, minutes, concerned, sessions, channels, plain,
)  # fmt: skip
SECRETS = ("vault_kek", "channel_key", "handover_key", "known_devices", "read_token", "db_intake_app")
STOP_WITHIN = 3.0  # seconds
log = logging.getLogger(__name__)


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The app of one process."""
    settings = settings.of(NAME, SECRETS)
    clock = clock or SystemClock()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _running(settings, clock) as service:
            app.state.service = service
            yield

    app = service_app(NAME, "Kỷ Cương: tiếp nhận (intake)", lifespan)
    app.router.routes.extend(_routes())
    schemas.describe(app, NOUNS)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """What intake answers, whatever the folder: describing it takes 40 ms, and once a process is enough."""
    faces = FastAPI(openapi_url=None)
    endpoints.install(faces, NOUNS)
    for face in _FACES:
        face.install(faces)
    pages.install(faces)
    faces.get("/intake/healthz", openapi_extra=PUBLIC)(healthz)
    faces.get("/intake/readyz", openapi_extra=PUBLIC, response_class=Response)(_readyz)
    return faces.routes


@asynccontextmanager
async def _running(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    dsn = settings.dsn("intake_app")
    async with opened_pool(dsn, name=NAME) as pool, opened_stream(settings, NAME) as stream:
        vault = await open_vault(pool, settings.folder)
        await require_channel_key(pool, settings.folder)
        relay = Relay(stream, settings.topic("discipline.events"), dsn=dsn)
        service = _service(settings, clock, pool, relay, vault, load_catalogues(), load_deadlines())
        stop = asyncio.Event()
        try:
            await genesis.require_unchanged(pool)
            await genesis.require_own(pool, settings.folder)
            await refuse_public_log(pool, settings)
            await opening.begin(service)
            service.loops = [
                start_loop(relay.run(stop), "relay"),
                start_loop(receipts.run(service, stream, stop), "receipts"),
                start_loop(lapses.run(service, stop), "lapses"),
                start_loop(drawing.run(service, stop), "draws"),
                start_loop(photo_parts.sweep_often(service, stop), "sweep"),
                start_loop(calendar_watch.run(service, stop), "calendar"),
                start_loop(sweeps.run(service, stop), "sessions"),
            ]
            spare_the_collector()
            yield service
        finally:
            await service.senders.close()
            await service.batcher.close()
            await service.writes.close()
            stop.set()
            relay.wake()
            await _stop(service.loops)


def _service(
    settings: Settings, clock: Clock, pool: object, relay: Relay, vault: Vault, catalogues: Sequence[Catalogue],
    lengths: Sequence[Deadlines],
) -> Service:  # fmt: skip
    import asyncpg

    assert isinstance(pool, asyncpg.Pool)  # noqa: S101 - narrows asyncpg's untyped return
    senders, standing, time, kept = Senders(pool), Standing(), Timekeeper(clock), keepers(settings)
    writes = Writes(
        pool, vault, clock, settings.origin, settings.source, catalogues, senders,
        keepers=kept, standing=standing, lengths=lengths, time=time, demo=lambda: settings.demo, wake=relay.wake,
    )  # fmt: skip
    parts = _parts(settings.folder, kept)
    units, calendars = parts[DirectoryKeeper], parts[CalendarKeeper]

    async def known(connection: Connection, stamps: Stamps) -> tuple[Directory, WorkingCalendar]:
        return await units.at(connection, stamps.directory), await calendars.at(connection, stamps.calendars)

    return Service(
        settings=settings, pool=pool, clock=clock, vault=vault, catalogues=catalogues, lengths=lengths, nouns=NOUNS,
        writes=writes,
        batcher=Batcher(writes.commit, max_size=500, max_age=0.001), rate=RateLimit(settings.writes_per_second),
        senders=senders, standing=standing, time=time, directory=units.current,
        calendar=calendars.current, known=known, parts=parts, let_lapse=lapses.sweep, wake=relay.wake,
    )  # fmt: skip


def _parts(folder: Folder, kept: Sequence[Keeper]) -> dict[type, Any]:
    own = (Logins(KnownDevices.of(folder)), Keys.of(folder), Darkroom(), KeptAnswers())
    return {type(part): part for part in (*own, *kept)}


async def _stop(loops: list[asyncio.Task[None]]) -> None:
    if not loops:
        return
    _, running = await asyncio.wait(loops, timeout=STOP_WITHIN)
    for task in running:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


async def _readyz(request: Request) -> Response:
    """The database is reachable, migrated and not behind the log, and every loop is alive."""
    service = service_of(request)
    standing, told = service.standing, dict[str, object]()
    reasons = await troubles(service.pool, QUERIES.stamps, "schema intake is empty", service.loops)
    if doubt := service.time.doubt():
        told["clock"] = {"vi": doubt[0], "en": doubt[1]}  # it goes on: only what the clock decides for good waits
    if not standing.open:
        vietnamese, english = standing.why
        reasons.append(english)
        told |= {"log": {"done": standing.done, "until": standing.until}, "detail": {"vi": vietnamese, "en": english}}
    return readiness(reasons, **told)
