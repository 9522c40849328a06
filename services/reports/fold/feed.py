"""Where reports reads the log: the installation's stream and audit service, checked with the log's own key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from services.kernel.feed.client import LogClient, find_keys
from services.kernel.feed.entries import EntryFeed
from services.kernel.log.note import Verifier
from services.kernel.process.settings import Settings
from services.kernel.streams import Stream

CONSUMER = "reports"
_AT_ONCE = 4_096  # entries


async def open_feed(settings: Settings, stream: Stream) -> EntryFeed:
    """The fold's feed of this installation's log; waits until the log's key is known."""
    return EntryFeed(
        stream,
        settings.topic("audit.entries"),
        CONSUMER,
        audit_url=settings.audit_url,
        read_token=settings.folder.read_token(),
        keys=await find_keys(settings.folder, settings.audit_url),
    )


def log_client(settings: Settings) -> LogClient:
    """The installation's log, read when somebody asks for what the projections do not hold."""
    keys = settings.folder.vkeys
    return LogClient(settings.audit_url, settings.folder.read_token(), lambda: [Verifier.parse(key) for key in keys()])


async def read_log(log: LogClient, size: int) -> AsyncGenerator[list[bytes], None]:
    """The log's first entries in order, a stretch at a time; the next one is on its way while one is used.

    LogUnreachable when the audit service does not answer. That they are what was signed, their reader checks.
    """
    stretches = [(first, min(size, first + _AT_ONCE)) for first in range(0, size, _AT_ONCE)]
    coming = [asyncio.create_task(log.entries(*stretch, size)) for stretch in stretches[:1]]
    try:
        for after in [*stretches[1:], None]:
            if not coming:
                return
            entries = await coming.pop()
            if after is not None:
                coming.append(asyncio.create_task(log.entries(*after, size)))
            yield entries
    finally:
        for task in coming:
            task.cancel()
