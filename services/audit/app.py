"""The audit service: the log's loop, its endpoints and the explorer in one app."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from fastapi import FastAPI

from services.audit import endpoints, explorer, proofs
from services.audit.errors import GuardRefuses
from services.audit.guard import Guard, check_guard, create_log, guard_of, keys_of
from services.audit.keys import KeyRing
from services.audit.leader import Leader, Topics
from services.audit.readers import Readers
from services.audit.state import State
from services.audit.tree import queries
from services.audit.witnessing import Witnesses, policy_of
from services.kernel.process.clock import Clock, SystemClock
from services.kernel.process.loops import StartRefused, start_loop
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool, opened_pool
from services.kernel.streams import opened_stream
from services.kernel.web.app import service_app

SECRETS = ("log_key", "log_keys", "readers", "read_token", "db_audit_app")
STOP_WITHIN = 2.0  # seconds for the loop to end


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The app; its lifespan opens pool, key and stream, leads the log when it may, and stops all within 4 s."""
    settings = settings.of("audit", SECRETS)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, clock or SystemClock()) as state:
            app.state.service = state
            yield

    app = service_app("audit", "Kỷ Cương: audit", lifespan)
    app.include_router(endpoints.router)
    app.include_router(proofs.router)
    explorer.install(app)
    return app


@asynccontextmanager
async def running(settings: Settings, clock: Clock) -> AsyncIterator[State]:
    """Pool, key, guard, stream and loop, from start to stop."""
    keys, witnesses = await asyncio.to_thread(_opened, settings)
    try:
        dsn = settings.dsn("audit_app")
        async with opened_pool(dsn, name="audit") as pool, opened_stream(settings, "audit") as stream:
            guard = guard_of(settings.folder, keys)
            empty = (await pool.fetchrow(queries.read_head))["size"] == 0
            await asyncio.to_thread(create_log, settings.folder, keys, guard, empty=empty)
            await _refuse_to_tell(pool, settings)
            await _refuse_to_fork(pool, keys, guard, witnesses)
            topics = Topics(settings.topic("discipline.events"), settings.topic("audit.entries"))
            holder = f"{socket.gethostname()}:{uuid4().hex[:12]}"
            leader = Leader(pool, stream, topics, keys, guard, witnesses, source=settings.source, holder=holder)
            leading = start_loop(leader.run(), "audit-leader")
            state = State(settings, clock, pool, keys, leader, leading, Readers(settings.folder))
            try:
                yield state
            finally:
                state.stopping.set()
                leading.cancel()
                await asyncio.wait({leading}, timeout=STOP_WITHIN)
    finally:
        await witnesses.close()


def _opened(settings: Settings) -> tuple[KeyRing, Witnesses]:
    """The keys and the witnesses; StartRefused when either is not as it must be."""
    try:
        policy = policy_of(settings)
        return keys_of(settings), Witnesses.of(policy, fail_open=settings.witness_fail_open)
    except ValueError as fault:
        raise StartRefused(str(fault)) from fault


async def _refuse_to_tell(pool: Pool, settings: Settings) -> None:
    """StartRefused when anybody is to read entries while a round is open that no unit may know of."""
    if settings.log_public_entries and await pool.fetchval(queries.unannounced_open):
        raise StartRefused(
            "KYCUONG_LOG_PUBLIC_ENTRIES=true trong khi còn đợt kiểm tra đột xuất chưa kết thúc: hãy kết thúc đợt đó, "
            "hoặc bỏ thiết lập này / an unannounced round is open: close it, or leave this setting out"
        )


async def _refuse_to_fork(pool: Pool, keys: KeyRing, guard: Guard, witnesses: Witnesses) -> None:
    """StartRefused when what was published is ahead of the database, or differs from it: signing would fork the log."""
    try:
        await check_guard(pool, guard)
        await witnesses.agree(pool, keys.name, keys.verifiers)
    except GuardRefuses as refusal:
        raise StartRefused(str(refusal)) from None
