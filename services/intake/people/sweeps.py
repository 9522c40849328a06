"""What nobody needs any more goes: sessions and tokens whose time is over."""

import asyncio
import logging

from services.intake.people.sql import QUERIES
from services.intake.writing.service import Service
from services.kernel.process.loops import wait_for_event
from services.kernel.store.db import TRANSIENT

EVERY = 300.0  # seconds
_AT_ONCE = 1_000
log = logging.getLogger(__name__)


async def run(service: Service, stop: asyncio.Event) -> None:
    """Sweep until stopped."""
    while not stop.is_set():
        try:
            while service.time.doubt() is None and await sweep(service) == _AT_ONCE:
                pass
        except TRANSIENT as error:
            log.warning("the sweep waits for the database: %s", type(error).__name__)
        except Exception as error:
            log.error("the sweep failed, and is tried again", exc_info=error)
        await wait_for_event(stop, EVERY)


async def sweep(service: Service) -> int:
    """Remove some sessions that are over; how many. A token without a row is refused as one whose time is over."""
    return len(await service.pool.fetch(QUERIES.sweep_sessions, _AT_ONCE))
