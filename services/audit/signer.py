"""Checkpoints: verify what is stored, sign, guard, keep. A signature leaves the process only after all of that."""

from __future__ import annotations

import asyncio
import logging
import time

from services.audit.errors import Fenced, LogCorrupt
from services.audit.guard import Guard, check_guard
from services.audit.keys import KeyRing
from services.audit.tree import grow_edge, queries, read_head
from services.kernel.log.note import Checkpoint, sign_note
from services.kernel.log.tiles import Edge
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import wait_for_event
from services.kernel.store.db import Pool, transaction

PERIOD = 1.0  # seconds between checkpoints of a growing tree
LOOK = 5.0  # seconds between looks at the keys while nothing grows
log = logging.getLogger(__name__)


class CheckpointSigner:
    """Signs the tree of one epoch as it grows."""

    def __init__(self, pool: Pool, keys: KeyRing, guard: Guard, *, epoch: int, publish: bool = False) -> None:
        """With `publish`, what is kept is public in the same statement: no witness has to see it first."""
        self._publish = publish
        self._pool = pool
        self._keys = keys
        self._guard = guard
        self._epoch = epoch
        self._kept: Checkpoint | None = None
        self._edge = Edge()
        self._signed_at = -PERIOD
        self._signed_by: tuple[object, ...] = ()
        self.latest: tuple[Checkpoint, str] | None = None
        self.signed = asyncio.Event()

    async def start(self) -> None:
        """Check the database against itself and against the guard; GuardRefuses or LogCorrupt if it fails."""
        async with transaction(self._pool) as connection:
            edge, tree = await read_head(connection, self._epoch)
        self._kept = await check_guard(self._pool, self._guard)
        self._edge = edge
        await self._issue(tree.size, tree.root())

    async def run(self, grown: asyncio.Event) -> None:
        """Sign once a period while the tree grows, and when a key has come or gone, until cancelled."""
        while True:
            await wait_for_event(grown, LOOK)
            await asyncio.sleep(max(0.0, self._signed_at + PERIOD - time.monotonic()))
            grown.clear()
            await self.step()

    async def step(self) -> bool:
        """Sign the tree as it stands; whether there was anything new to sign."""
        head = await self._pool.fetchrow(queries.read_head)
        if head["epoch"] != self._epoch:
            raise Fenced(f"epoch {head['epoch']} rules, not {self._epoch}")
        if head["size"] == self._edge.size and self._keys.signers == self._signed_by:
            return False
        # Rehash what grew from the stored bytes: a flipped bit must not be signed.
        edge = await grow_edge(self._pool, self._edge, head["size"])
        if edge.range().root() != head["root"]:
            raise LogCorrupt(f"the stored entries do not give the root of the tree head of {head['size']}")
        await self._issue(head["size"], head["root"])
        self._edge = edge
        return True

    async def _issue(self, size: int, root: bytes) -> None:
        checkpoint = Checkpoint(self._keys.name, size, root)
        signers = self._keys.signers
        note = sign_note(checkpoint.text(), signers)
        # a crash here leaves a signature that nobody has seen
        self._signed_at = time.monotonic()
        self._kept = await asyncio.to_thread(self._guard.advance, note, self._kept)
        failpoint("audit.after_guard")
        # a crash here leaves the guard ahead of the kept checkpoints, never of the tree: the next start signs the same
        added = await self._pool.fetchval(queries.add_checkpoint, size, root, note, self._epoch, self._publish)
        if added is None:
            await self._accept_known(size, root)
        failpoint("audit.after_checkpoint")
        # a crash here leaves it kept, and readers of the stream may have it; it becomes public at the next start
        self._signed_by, self.latest = signers, (checkpoint, note)
        self.signed.set()

    async def _accept_known(self, size: int, root: bytes) -> None:
        """The checkpoint was not added: either it was kept before, the very same, or this epoch is over."""
        # who wakes up in a later epoch finds its successor's checkpoints: it is fenced, nothing is corrupt
        head = await self._pool.fetchrow(queries.read_head)
        if head["epoch"] != self._epoch:
            raise Fenced(f"epoch {head['epoch']} rules, not {self._epoch}")
        known = await self._pool.fetchrow(queries.latest_checkpoint)
        if known is not None and known["size"] == size and known["root"] == root:
            return
        if known is not None and known["size"] >= size:
            raise LogCorrupt(f"a checkpoint of {known['size']} is kept that the tree of {size} does not agree with")
        raise Fenced(f"epoch {self._epoch} no longer rules")


async def trust(pool: Pool, keys: KeyRing, guard: Guard) -> Checkpoint:
    """Accept the database's tree as it stands and make it the guard: an operator's decision after a restore.

    Checkpoints published before and beyond it can then no longer be proved consistent; raises LogCorrupt.
    """
    async with transaction(pool) as connection:
        _, tree = await read_head(connection)
    checkpoint = Checkpoint(keys.name, tree.size, tree.root())
    guard.overwrite(keys.sign(checkpoint.text()))
    log.warning("an operator trusts the tree of %d as it stands", tree.size)
    return checkpoint
