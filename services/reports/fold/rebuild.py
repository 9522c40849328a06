"""A rebuild: the whole log read again from entry 0 and folded in place of the projections, in one transaction."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

from services.kernel.feed.client import find_keys
from services.kernel.process.collector import spare_the_collector
from services.kernel.process.settings import Settings
from services.kernel.progress import Progress, quiet
from services.kernel.store.db import open_pool
from services.reports.fold.feed import log_client, read_log
from services.reports.fold.fold import Fenced, Fold

_ATTEMPTS = 5
_PAUSE = 1.0
log = logging.getLogger(__name__)


async def rebuild(settings: Settings, progress: Progress = quiet) -> int:
    """Fold the log anew; the size the projections then stand at.

    The service may go on running: readers see the old projections until the new ones are there, and its fold notices
    that the position moved. Unfoldable when a frozen edition would come out differently; then nothing changes.
    """
    spare_the_collector()
    pool = await open_pool(settings.dsn("reports_app"), name="reports-rebuild", size=2)
    client = log_client(settings)
    try:
        await find_keys(settings.folder, settings.audit_url)
        for _ in range(_ATTEMPTS):
            checkpoint = await client.checkpoint()
            try:
                async with aclosing(read_log(client, checkpoint.size)) as entries:
                    await Fold(pool).rebuild_from(checkpoint, entries, progress)
            except Fenced:
                log.info("the service went ahead of size %d meanwhile; reading again", checkpoint.size)
                await asyncio.sleep(_PAUSE)
                continue
            return checkpoint.size
        raise Fenced("the log grows faster than it can be read again; rebuild when it is quieter")
    finally:
        await client.close()
        await pool.close()
