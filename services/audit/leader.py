"""Who sequences: one process at a time, under a lease with an epoch; the others stand by."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from services.audit import metrics
from services.audit.errors import Fenced, GuardRefuses, LogCorrupt
from services.audit.guard import Guard
from services.audit.keys import KeyRing
from services.audit.publisher import Publisher
from services.audit.sequencer import Sequencer
from services.audit.signer import CheckpointSigner
from services.audit.tree import queries
from services.audit.witnessing import Witnesses, Witnessing
from services.kernel.process.loops import honour_cancellation
from services.kernel.store.db import TRANSIENT, Pool, transaction
from services.kernel.streams.port import Stream

LEASE = timedelta(seconds=3)
RENEW = 1.0  # seconds
STANDBY = 0.5  # seconds between attempts to take the lease
REFUSED = 2.0  # seconds between looks at a guard that refuses
HELD_ALARM = 60.0  # seconds
FATAL = (LogCorrupt, asyncpg.IntegrityConstraintViolationError)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topics:
    """The topic read and the topic written."""

    events: str
    entries: str


class Leader:
    """Takes the lease, and while it holds it sequences, signs and publishes."""

    def __init__(
        self,
        pool: Pool,
        stream: Stream,
        topics: Topics,
        keys: KeyRing,
        guard: Guard,
        witnesses: Witnesses,
        *,
        source: str,
        holder: str,
    ) -> None:
        self._pool = pool
        self._stream = stream
        self._topics = topics
        self._keys = keys
        self._guard = guard
        self._witnesses = witnesses
        self._source = source
        self._holder = holder
        self._epoch: int | None = None
        self.trouble: str | None = None
        self.published = asyncio.Event()

    async def run(self) -> None:
        """Lead whenever nobody else does, until cancelled or until the log turns out corrupt (see `trouble`)."""
        try:
            while not await self._attempt():
                pass
        finally:
            await self._step_down()

    async def _attempt(self) -> bool:
        """One try at leading; True when there must be no other."""
        try:
            self._epoch = await self.take_lease()
            if self._epoch is None:
                await asyncio.sleep(STANDBY)
            else:
                await self._reign(self._epoch)
        except Exception as error:
            honour_cancellation()  # a part that fails while all are being cancelled hides the cancellation
            return await self._recover(_first_cause(error))
        return False

    async def _recover(self, error: Exception) -> bool:
        """Stop for good, or pause: every next reign reads and checks everything anew, so trying again is safe."""
        if isinstance(error, FATAL):
            self._complain(f"the log is corrupt: {error}")
            return True
        if isinstance(error, GuardRefuses):
            self._complain(f"refusing to sign: {error}")
            await asyncio.sleep(REFUSED)
        else:
            log.warning("the log pauses: %s: %s", type(error).__name__, error, exc_info=_unexpected(error))
            await asyncio.sleep(STANDBY)
        return False

    def _complain(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.critical("%s", trouble)
        self.trouble = trouble

    async def take_lease(self) -> int | None:
        """The new epoch, or None while another holds the lease."""
        async with transaction(self._pool) as connection:
            epoch: int | None = await connection.fetchval(queries.take_lease, self._holder, LEASE)
            if epoch is not None:
                await connection.execute(queries.crown, epoch)
        return epoch

    async def _reign(self, epoch: int) -> None:
        """Sequence, sign and publish until something ends it; all of it or none of it runs."""
        alone = not self._witnesses.policy.witnesses
        signer = CheckpointSigner(self._pool, self._keys, self._guard, epoch=epoch, publish=alone)
        witnessing = Witnessing(self._pool, self._witnesses, epoch=epoch)
        sequencer = Sequencer(self._pool, self._stream, self._topics.events, source=self._source, epoch=epoch)
        publisher = Publisher(self._pool, self._stream, self._topics.entries)
        async with asyncio.TaskGroup() as group:
            renewing = group.create_task(self._renew(epoch))
            await self._witnesses.agree(self._pool, self._keys.name, self._keys.verifiers)
            await signer.start()
            self.trouble = None
            log.info("leading the log in epoch %d", epoch)
            parts: list[Coroutine[Any, Any, None]] = [
                sequencer.run(),
                signer.run(sequencer.grown),
                publisher.run(),
                witnessing.run(),
                _offer(signer, witnessing, publisher),
                self._announce(witnessing.published),
                _forward(sequencer.refused, publisher.news),
                self._watch(),
            ]
            for part in parts:
                group.create_task(part)
            await renewing

    async def _announce(self, published: asyncio.Event) -> None:
        """Tell those who wait for receipts of each new public checkpoint."""
        while True:
            await published.wait()
            published.clear()
            self.published.set()
            self.published = asyncio.Event()

    async def _renew(self, epoch: int) -> None:
        """Keep the lease; Fenced once it is lost. A renewal that takes too long ends the reign."""
        while True:
            async with asyncio.timeout(LEASE.total_seconds()):
                kept = await self._pool.execute(queries.renew_lease, self._holder, epoch, LEASE)
            if kept != "UPDATE 1":
                raise Fenced(f"the lease of epoch {epoch} is lost")
            await asyncio.sleep(RENEW)

    async def _watch(self) -> None:
        """Measure what waits, and alarm once when something has waited too long."""
        alarmed = False
        while True:
            held = await self._pool.fetchrow(queries.held_state)
            checkpoint = await self._pool.fetchrow(queries.latest_checkpoint)
            metrics.held.set(held["held"])
            metrics.held_age.set(held["age"])
            metrics.checkpoint_age.set(checkpoint["age"])
            if held["age"] > HELD_ALARM and not alarmed:
                metrics.held_alarms.add(1)
                log.error(
                    "%d events wait for an earlier one of their unit, the oldest for %.0f s", held["held"], held["age"]
                )
            alarmed = held["age"] > HELD_ALARM
            await asyncio.sleep(5)

    async def _step_down(self) -> None:
        """Give the lease back, so that the next one need not wait for it to run out."""
        if self._epoch is not None:
            try:
                await self._pool.execute(queries.drop_lease, self._holder, self._epoch, timeout=1)
            except Exception as error:
                log.info("the lease was not given back, it runs out by itself: %r", error)


async def _offer(signer: CheckpointSigner, witnessing: Witnessing, publisher: Publisher) -> None:
    """Each checkpoint that is signed and kept goes to the stream at once, and to the witnesses."""
    while True:
        await signer.signed.wait()
        signer.signed.clear()
        publisher.news.set()
        if signer.latest is not None:
            witnessing.offer(*signer.latest)


async def _forward(source: asyncio.Event, target: asyncio.Event) -> None:
    while True:
        await source.wait()
        source.clear()
        target.set()


def _first_cause(error: Exception) -> Exception:
    """The gravest of the errors that ended a reign together."""
    leaves = list(_leaves(error))
    return next((leaf for leaf in leaves if isinstance(leaf, (*FATAL, GuardRefuses))), leaves[0])


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error


def _unexpected(error: Exception) -> Exception | None:
    return None if isinstance(error, (Fenced, *TRANSIENT)) else error
