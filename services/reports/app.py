"""The reports service: the loops of the fold and of delivery, the endpoints and the dashboard in one app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.kernel.feed.client import LogClient
from services.kernel.feed.entries import EntryFeed
from services.kernel.identity.channels import Seal
from services.kernel.process.clock import Clock, SystemClock
from services.kernel.process.collector import spare_the_collector
from services.kernel.process.loops import start_loop
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool, opened_pool
from services.kernel.streams import Stream, opened_stream
from services.kernel.web.app import service_app
from services.kernel.web.reachable import networks
from services.reports.api import deliveries, editions, endpoints, notices
from services.reports.delivery.inbox.hub import Hub
from services.reports.delivery.mail.folder import FolderChannel
from services.reports.delivery.mail.sender import MailChannel
from services.reports.delivery.outward import Outward
from services.reports.delivery.port import Channel
from services.reports.delivery.push.sender import PushChannel
from services.reports.delivery.queue import Queue
from services.reports.delivery.webhook.sender import WebhookChannel
from services.reports.fold.feed import log_client, open_feed
from services.reports.fold.fold import Fold
from services.reports.fold.follower import Follower
from services.reports.fold.lacking import fill_lacking
from services.reports.fold.live_cards import LiveCards
from services.reports.fold.refit import Refit
from services.reports.fold.self_check import SelfCheck
from services.reports.pages import routes
from services.reports.reading.known_then import KnownThen
from services.reports.reading.snapshot import Reader
from services.reports.reading.state import State
from services.reports.reading.taken import Taken

SECRETS = ("channel_key", "read_token", "db_reports_app")
_STOP_WITHIN = 3.0


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The app; its lifespan opens the pool and the stream, runs the fold, and stops all within 4 s."""
    settings = settings.of("reports", SECRETS)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, clock or SystemClock()) as (state, inbox):
            app.state.service, app.state.inbox = state, inbox
            app.state.leave = inbox.close  # streams that never end by themselves
            yield

    app = service_app("reports", "Kỷ Cương: reports", lifespan)
    app.include_router(editions.router)  # `latest` is no unit
    app.include_router(endpoints.router)
    app.include_router(notices.router)
    app.include_router(deliveries.router)
    routes.install(app)
    return app


@asynccontextmanager
async def running(settings: Settings, clock: Clock) -> AsyncIterator[tuple[State, Hub]]:
    """Pool, stream and loop, from start to stop."""
    dsn = settings.dsn("reports_app")
    async with opened_pool(dsn, name="reports") as pool, opened_stream(settings, "reports") as stream:
        stop = asyncio.Event()
        cards = LiveCards(pool)
        reader = Reader(pool, clock, cards)
        inbox, queue = Hub(pool, reader, clock, dsn), _queue(settings, clock, pool, reader)
        log = log_client(settings)
        refit, taken = Refit(pool, clock), Taken(settings.intake_url or settings.audit_url)
        follower = Follower(Fold(pool, queue.announce, cards), lambda: _feed(settings, stream, pool, log))
        loops = [
            start_loop(follower.run(stop), "reports-fold"), start_loop(inbox.run(stop), "reports-inbox"),
            start_loop(queue.run(stop), "reports-deliveries"), start_loop(refit.run(stop), "reports-fits"),
            start_loop(SelfCheck(pool, log, clock, cards).run(stop), "reports-self-check"),
        ]  # fmt: skip
        spare_the_collector()
        try:
            yield State(pool, clock, reader, follower, refit, loops, log, KnownThen(log), settings, taken), inbox
        finally:
            await log.close()
            await taken.close()
            stop.set()
            await _ended(loops)


async def _feed(settings: Settings, stream: Stream, pool: Pool, log: LogClient) -> EntryFeed:
    """The log's feed, once what an earlier program did not keep is there: an edition is frozen of it."""
    feed = await open_feed(settings, stream)
    await fill_lacking(pool, log)
    return feed


def _queue(settings: Settings, clock: Clock, pool: Pool, reader: Reader) -> Queue:
    channels: dict[str, Channel] = {"webhook": WebhookChannel(Outward(networks(settings.webhook_allow)))}
    if mail := MailChannel.of(settings, clock) or FolderChannel.of(settings, clock):
        channels["address"] = mail
    if push := PushChannel.of(settings, Outward(networks(settings.webhook_allow))):
        channels["push"] = push
    base = settings.public_url or settings.audit_url
    return Queue(pool, reader, clock, Seal.of(settings.folder), channels, base)


async def _ended(loops: Sequence[asyncio.Task[None]]) -> None:
    """Let the fold finish its run; a transaction cut short is rolled back and read again."""
    _, late = await asyncio.wait(loops, timeout=_STOP_WITHIN)
    for task in late:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
