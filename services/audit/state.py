"""What the audit service holds while it runs, and the questions its endpoints ask of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from services.audit.keys import KeyRing
from services.audit.leader import Leader
from services.audit.readers import Readers
from services.audit.receipt import Receipt
from services.audit.tree import inclusion_proof, queries
from services.kernel.health import troubles
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import Action
from services.kernel.problems import Forbidden, Unavailable
from services.kernel.process.clock import Clock
from services.kernel.process.loops import wait_for_event
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool

POLL = 0.5  # seconds: a checkpoint signed by another process is noticed within it


@dataclass(slots=True)
class State:
    """The running service."""

    settings: Settings
    clock: Clock
    pool: Pool
    keys: KeyRing
    leader: Leader
    leading: asyncio.Task[None]
    readers: Readers
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _signed: int = 0

    async def checkpoint(self) -> Any:
        """The public checkpoint's row; Unavailable before the first."""
        return _there(await self.pool.fetchrow(queries.public_checkpoint))

    async def signed_checkpoint(self) -> Any:
        """The row of the newest checkpoint that is signed, whatever the witnesses say; Unavailable before the first."""
        row = _there(await self.pool.fetchrow(queries.latest_checkpoint))
        self._signed = max(self._signed, row["size"])
        return row

    async def published(self, size: int) -> bool:
        """Whether a signed checkpoint covers this many entries: tiles may be ahead of the public one (tlog-tiles)."""
        if size > self._signed:
            await self.signed_checkpoint()
        return size <= self._signed

    async def receipt(self, event_id: str, wait: float) -> Receipt | None:
        """The receipt of an event, waiting up to `wait` seconds for a checkpoint that covers it."""
        covered = await self.covered(event_id, wait)
        if covered is None:
            return None
        index, checkpoint = covered
        return Receipt(index, await inclusion_proof(self.pool, index, checkpoint["size"]), checkpoint["note"])

    async def covered(self, event_id: str, wait: float) -> tuple[int, Any] | None:
        """Where an event stands and the checkpoint that covers it, waiting up to `wait` seconds for one."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + wait
        while True:
            signed = self.leader.published
            covered = await self._covered(event_id)
            left = deadline - clock.time()
            if covered is not None or left <= 0 or self.stopping.is_set():
                return covered
            await wait_for_event(signed, min(left, POLL))

    async def _covered(self, event_id: str) -> tuple[int, Any] | None:
        index: int | None = await self.pool.fetchval(queries.index_of, event_id)
        if index is None:
            return None
        checkpoint = await self.checkpoint()
        return (index, checkpoint) if index < checkpoint["size"] else None

    async def may_read_bundles(self, request: Request) -> None:
        """Let a reader's token, an auditor, or (entries being public) anyone pass; else Unauthorized or Forbidden."""
        if self.settings.log_public_entries:
            return
        token = token_of(request)
        if token is not None and self.readers.accept(token):
            return
        caller = await authenticate(self.pool, token)
        now = self.clock.now()
        caller.require(Action.ENTRIES, now)
        if not caller.of_the_province(Action.ENTRIES, now):
            raise Forbidden((
                "Chỉ giám sát của toàn tỉnh mới tải được cả nhật ký; hãy xem từng mục trong phạm vi của mình.",
                "Only an auditor of the province takes the log in bulk; look at single entries of your own scope.",
            ))  # fmt: skip
        if any(post.valid_at(now) for post in caller.posts):
            raise Forbidden((
                "Người đứng đầu đơn vị không tải được cả nhật ký, vì có mục đơn vị chưa được biết; hãy xem từng mục.",
                "Who heads a unit does not take the log in bulk, for it holds what the unit may not know yet; look at "
                "single entries.",
            ))  # fmt: skip

    async def unready(self) -> list[str]:
        """Why the service is not ready; nothing when it is."""
        own = [self.leader.trouble] if self.leader.trouble else []
        unsigned = "no checkpoint has been signed yet"
        return own + await troubles(self.pool, queries.latest_checkpoint, unsigned, [self.leading])


def _there(row: Any) -> Any:
    if row is None:
        raise Unavailable
    return row
