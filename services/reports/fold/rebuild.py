"""A rebuild: the whole log read again from entry 0 and folded in place of the projections, in one transaction."""

from __future__ import annotations

import asyncio
import logging

from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.reports.fold.feed import read_whole
from services.reports.fold.fold import Fenced, Fold

_ATTEMPTS = 5
_PAUSE = 1.0
log = logging.getLogger(__name__)


async def rebuild(settings: Settings) -> int:
    """Fold the log anew; the size the projections then stand at.

    The service may go on running: readers see the old projections until the new ones are there, and its fold notices
    that the position moved. Unfoldable when a frozen edition would come out differently; then nothing changes.
    """
    pool = await open_pool(settings.dsn("reports_app"), name="reports-rebuild", size=2)
    try:
        for _ in range(_ATTEMPTS):
            covered = await read_whole(settings)
            try:
                await Fold(pool).rebuild(covered)
            except Fenced:
                log.info("the service went ahead of size %d meanwhile; reading again", covered.checkpoint.size)
                await asyncio.sleep(_PAUSE)
                continue
            return covered.checkpoint.size
        raise Fenced("the log grows faster than it can be read again; rebuild when it is quieter")
    finally:
        await pool.close()
