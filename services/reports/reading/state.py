"""What a running reports service holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import Request

from services.kernel.process.clock import Clock
from services.kernel.store.db import TRANSIENT, Pool
from services.reports.fold.follower import Follower
from services.reports.reading.snapshot import Reader
from services.reports.reading.sql import queries


@dataclass(slots=True)
class State:
    """The typed state of the app; `loop` is the fold's task."""

    pool: Pool
    clock: Clock
    reader: Reader
    follower: Follower
    loop: asyncio.Task[None]

    async def troubles(self) -> list[str]:
        """Why the service is not ready; empty when it is."""
        found = []
        try:
            if not await self.pool.fetchval(queries.migrated):
                found.append("schema reports is not migrated: run kycuong migrate")
        except TRANSIENT as error:
            found.append(f"the database does not answer ({type(error).__name__})")
        if self.follower.progress.stopped is not None:
            found.append(f"the fold stopped: {self.follower.progress.stopped}")
        elif self.follower.progress.failing is not None:
            found.append(f"the fold fails again and again: {self.follower.progress.failing}")
        elif self.loop.done():
            found.append("the fold's loop ended: restart the service")
        return found


def state_of(request: Request) -> State:
    """The service's typed state."""
    state: State = request.app.state.service
    return state
