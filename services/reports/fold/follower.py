"""The loop that keeps the projections behind the log: read a covered run, fold it, again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from opentelemetry.metrics import CallbackOptions, Observation

from services.kernel.feed.client import LogUnreachable, OtherLog
from services.kernel.feed.entries import Covered, EntryFeed, LogDiffers
from services.kernel.process.loops import wait_for_event
from services.kernel.process.telemetry import meter
from services.kernel.store.db import TRANSIENT
from services.kernel.streams import StreamDown
from services.reports.facts.facts import Unfoldable
from services.reports.fold.fold import Fenced, Fold

_WAIT = 0.25
_PASSING = (*TRANSIENT, StreamDown, LogUnreachable)
_BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """What readiness and metrics say of the loop.

    `stopped` is why it will go no further, `failing` what it keeps trying again though time alone will not mend it.
    """

    size: int = 0
    stopped: str | None = None
    failing: str | None = None
    failures: int = 0


class Follower:
    """Drives one fold from one feed until told to stop, or until an entry that it must not skip."""

    def __init__(self, fold: Fold, open_feed: Callable[[], Awaitable[EntryFeed]]) -> None:
        self._fold = fold
        self._open_feed = open_feed
        self.progress = Progress()
        meter.create_observable_gauge("kycuong.reports.size", [self._observe_size], description="entries folded")
        meter.create_observable_gauge(
            "kycuong.reports.stopped", [self._observe_stopped], description="1: the fold met what it cannot fold"
        )

    def _observe_size(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self.progress.size)]

    def _observe_stopped(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(int(self.progress.stopped is not None))]

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the log; trouble of the moment is tried again, an unfoldable entry ends the loop for good."""
        while not stop.is_set():
            try:
                await self._follow(stop)
            except (Unfoldable, LogDiffers, OtherLog) as error:
                self.progress.stopped = f"{type(error).__name__}: {error}"
                log.error("the fold stopped, serving size %d: %s", self.progress.size, error)
                return
            except Fenced:
                log.warning("another fold moved the position; reading it again")
            except Exception as error:
                await self._back_off(stop, error)

    async def _back_off(self, stop: asyncio.Event, error: Exception) -> None:
        pause = _BACKOFF[min(self.progress.failures, len(_BACKOFF) - 1)]
        self.progress.failures += 1
        if isinstance(error, _PASSING):
            log.warning("the fold waits %.1f s after %s: %s", pause, type(error).__name__, error)
        else:
            self.progress.failing = f"{type(error).__name__}: {error}"
            log.error("the fold fails, and tries again in %.1f s", pause, exc_info=error)
        await wait_for_event(stop, pause)

    async def _follow(self, stop: asyncio.Event) -> None:
        """From the stored position on, until something goes wrong."""
        position = await self._fold.position()
        self.progress.size = position.size
        feed = await _unless(stop, self._open_feed())
        if feed is None:
            return
        try:
            await feed.start(position)
            while not stop.is_set():
                item = await feed.next(_WAIT)
                if isinstance(item, Covered):
                    await self._fold.apply(item)
                    self.progress.size = item.checkpoint.size
                self.progress.failures, self.progress.failing = 0, None
        finally:
            await feed.close()


async def _unless(stop: asyncio.Event, opening: Awaitable[EntryFeed]) -> EntryFeed | None:
    """The feed once it is open (the log's key may have to be waited for), or None when told to stop first."""
    opened = asyncio.ensure_future(opening)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({opened, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return opened.result() if opened.done() else None
    finally:
        stopped.cancel()
        opened.cancel()
