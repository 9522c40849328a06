"""Draws what can be drawn: once a plan is in the log and its beacon is told, the log itself says which units."""

import asyncio
import json
import logging
from typing import Any

from services.domain import draw
from services.intake.rounds.store import QUERIES
from services.intake.writing.events import Event, Numbers, system_event
from services.intake.writing.service import Service
from services.intake.writing.storing import lock_units, store_writes
from services.kernel.envelope import NO_UNIT, derived_id
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import wait_for_event
from services.kernel.store.db import TRANSIENT, transaction

TYPE = "kycuong.round.drawn.v1"
EVERY = 1.0  # seconds between looks
log = logging.getLogger(__name__)


async def run(service: Service, stop: asyncio.Event) -> None:
    """Look for rounds to draw until stopped."""
    while not stop.is_set():
        try:
            if service.standing.open:
                await draw_due(service)
        except TRANSIENT as error:
            log.warning("draws wait for the database: %s", type(error).__name__)
        except Exception as error:
            log.error("draws failed, and are tried again", exc_info=error)
        await wait_for_event(stop, EVERY)


async def draw_due(service: Service) -> int:
    """Draw every round that can be drawn; returns how many."""
    if not await service.pool.fetch(QUERIES.rounds_to_draw):
        return 0
    async with transaction(service.pool) as connection:
        numbers = Numbers(await lock_units(connection, {NO_UNIT}))
        events = []
        for row in await connection.fetch(QUERIES.rounds_to_draw):
            drawn = _draw(row)
            await connection.execute(QUERIES.mark_drawn, row["id"], json.dumps(drawn))
            events.append(_event(service, numbers, row, drawn))
        if events:
            await store_writes(connection, [], events, numbers, service.clock.now())
        failpoint("intake.before_draw")
        # a crash here leaves the rounds undrawn; the next look finds them again, and makes the same events
    service.wake()
    return len(events)


def _draw(row: Any) -> list[dict[str, Any]]:
    strata, candidates = json.loads(row["strata"]), json.loads(row["candidates"])
    return draw.draw(row["root"], row["id"], row["value"], strata, candidates)


def _event(service: Service, numbers: Numbers, row: Any, drawn: list[dict[str, Any]]) -> Event:
    """Its time is that of what let the draw happen: the beacon, or without one the plan."""
    told = {
        "round": row["id"], "size": row["idx"] + 1, "root": row["root"].hex(), "beacon": row["value"], "drawn": drawn,
    }  # fmt: skip
    return system_event(
        service.settings.source, derived_id(row["id"], TYPE, 1), TYPE, f"round/{row['id']}", row["caused_at"], NO_UNIT,
        numbers.next(NO_UNIT), told,
    )  # fmt: skip
