"""Tells before the working calendar ends: a metric, a line in the log each day, a notice on the desk."""

import asyncio
import logging
from datetime import date

from services.intake.writing.service import Service
from services.kernel.process.loops import wait_for_event
from services.kernel.process.telemetry import meter
from services.kernel.quarters import local_date
from services.kernel.store.db import TRANSIENT, Connection

EVERY = 600.0  # seconds between looks
WARN = 60  # days
log = logging.getLogger(__name__)
_days_left = meter.create_gauge(
    "kycuong.calendar.days_left", unit="d", description="days until the working calendar ends; alarm at 60"
)


async def run(service: Service, stop: asyncio.Event) -> None:
    """Look at the calendar in force until stopped."""
    told: date | None = None
    while not stop.is_set():
        try:
            today = local_date(service.clock.now())
            async with service.pool.acquire() as connection:
                ends = await ending(service, connection, today)
            if ends is not None and told != today:
                told = today
                log.warning(
                    "the working calendar ends on %s, in %d days, and no deadline can be given past it: publish "
                    "another with `kycuong calendar publish FILE`", ends.isoformat(), (ends - today).days,
                )  # fmt: skip
        except TRANSIENT as error:
            log.warning("the calendar waits for the database: %s", type(error).__name__)
        await wait_for_event(stop, EVERY)


async def ending(service: Service, connection: Connection, today: date) -> date | None:
    """The last day of a calendar that ends within 60 days; None while it is longer, or the database is not whole."""
    if not service.standing.open:
        return None
    ends = (await service.calendar(connection)).ends
    left = (ends - today).days
    _days_left.set(left)
    return ends if left <= WARN else None
