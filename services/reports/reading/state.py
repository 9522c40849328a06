"""What a running reports service holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request

from services.kernel.feed.client import LogClient
from services.kernel.health import troubles
from services.kernel.process.clock import Clock
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool
from services.reports.fold.follower import Follower
from services.reports.fold.refit import Refit
from services.reports.reading.kept import KeptFiles
from services.reports.reading.known_then import KnownThen
from services.reports.reading.snapshot import Reader
from services.reports.reading.sql import queries
from services.reports.reading.taken import Taken


@dataclass(slots=True)
class State:
    """The typed state of the app; `loops` are its tasks."""

    pool: Pool
    clock: Clock
    reader: Reader
    follower: Follower
    refit: Refit
    loops: Sequence[asyncio.Task[None]]
    log: LogClient
    known_then: KnownThen
    settings: Settings
    taken: Taken
    files: KeptFiles = field(default_factory=KeptFiles)

    async def unready(self) -> list[str]:
        """Why the service is not ready; empty when it is."""
        unmigrated = "schema reports is not migrated: run kycuong migrate"
        found = await troubles(self.pool, queries.migrated, unmigrated, self.loops)
        if self.follower.progress.stopped is not None:
            found.append(f"the fold stopped: {self.follower.progress.stopped}")
        elif self.follower.progress.failing is not None:
            found.append(f"the fold fails again and again: {self.follower.progress.failing}")
        return found + self.refit.troubles()


def state_of(request: Request) -> State:
    """The service's typed state."""
    state: State = request.app.state.service
    return state
