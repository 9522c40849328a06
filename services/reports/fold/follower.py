"""The loop that keeps the projections behind the log: read a covered run, fold it, again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from opentelemetry.metrics import CallbackOptions, Observation

from services.kernel.feed.client import LogUnreachable, OtherLog
from services.kernel.feed.entries import Covered, EntryFeed, LogDiffers
from services.kernel.process.loops import BackOff, unless
from services.kernel.process.telemetry import meter
from services.kernel.store.db import TRANSIENT
from services.kernel.streams import StreamDown
from services.reports.editions.fitting import FitFailed
from services.reports.facts.facts import Unfoldable
from services.reports.fold.fold import Fenced, Fold
from services.reports.fold.live_cards import Unrenderable

_WAIT = 0.25
_BRIEFLY = 0.01  # while there are cards to render
_PASSING = (*TRANSIENT, StreamDown, LogUnreachable)
_PAUSES = 0.2, 5.0  # seconds between attempts
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """What readiness and metrics say of the loop.

    `stopped` is why it will go no further, `failing` what it keeps trying again though time alone will not mend it.
    """

    size: int = 0
    stopped: str | None = None
    failing: str | None = None
    unrendered: str | None = None
    """The card that cannot be made, so that its quarter's list is not answered; all else is."""


class Follower:
    """Drives one fold from one feed until told to stop, or until an entry that it must not skip."""

    def __init__(self, fold: Fold, open_feed: Callable[[], Coroutine[Any, Any, EntryFeed]]) -> None:
        self._fold = fold
        self._open_feed = open_feed
        self.progress = Progress()
        self._applying = False
        meter.create_observable_gauge("kycuong.reports.size", [self._observe_size], description="entries folded")
        meter.create_observable_gauge(
            "kycuong.reports.stopped", [self._observe_stopped], description="1: the fold met what it cannot fold"
        )

        meter.create_observable_gauge(
            "kycuong.reports.unrendered", [self._observe_unrendered], description="1: a live card cannot be rendered"
        )

    def _observe_unrendered(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(int(self.progress.unrendered is not None))]

    def _observe_size(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self.progress.size)]

    def _observe_stopped(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(int(self.progress.stopped is not None))]

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the log; trouble of the moment is tried again, an unfoldable entry ends the loop for good."""
        again = BackOff(*_PAUSES, stop)
        while not stop.is_set():
            try:
                await self._follow(stop, again)
            except (Unfoldable, LogDiffers, OtherLog) as error:
                self.progress.stopped = f"{type(error).__name__}: {error}"
                log.error("the fold stopped, serving size %d: %s", self.progress.size, error)
                return
            except Fenced:
                log.warning("another fold moved the position; reading it again")
            except Exception as error:
                self._tell(error, again.coming)
                await again.wait()

    async def _rendered_some(self) -> bool:
        """Whether there are more; one that cannot be rendered waits for its facts to change, and keeps no entry."""
        try:
            more = await self._fold.cards.some()
        except Unrenderable as error:
            log.error("a card is not rendered, and its quarter's list not answered: %s", error, exc_info=error)
            self.progress.unrendered = str(error)
            return False
        if not more:
            self.progress.unrendered = None
        return more

    def _tell(self, error: Exception, pause: float) -> None:
        if isinstance(error, _PASSING) and not isinstance(error, FitFailed):
            log.warning("the fold waits %.1f s after %s: %s", pause, type(error).__name__, error)
        else:
            self.progress.failing = f"{type(error).__name__}: {error}"
            log.error("the fold fails, and tries again in %.1f s", pause, exc_info=error)

    async def _follow(self, stop: asyncio.Event, again: BackOff) -> None:
        """From the stored position on, until something goes wrong."""
        position = await self._fold.position()
        self.progress.size = position.size
        feed = await unless(stop, self._open_feed())
        if feed is None:
            return
        try:
            await feed.start(position)
            stale = True
            while not stop.is_set():
                item = await feed.next(_BRIEFLY if stale else _WAIT)
                if isinstance(item, Covered):
                    self._applying = True
                    await self._fold.apply(item)
                    self._applying = False
                    self.progress.size = item.checkpoint.size
                    stale = True
                elif stale:
                    stale = await self._rendered_some()
                if not self._applying:  # that nothing has come yet says nothing of the entries that failed
                    self.progress.failing = None
                again.reset()
        finally:
            await feed.close()
