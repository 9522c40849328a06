"""Publication: a signed checkpoint becomes public once enough witnesses have cosigned it.

The order is sunlight's: committed, signed, guarded, kept, witnessed, published. Whoever reads by signed checkpoints
(alerts, live cards) does not wait for this.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.audit import metrics
from services.audit.errors import Fenced, GuardRefuses, LogCorrupt
from services.audit.tree import consistency_proof, queries, range_at
from services.audit.witness import Seen, WitnessAway, WitnessClient, WitnessDiffers
from services.kernel.log.cosignature import Cosignature, Cosigner, cosignatures
from services.kernel.log.note import Checkpoint, Verifier
from services.kernel.log.witness_policy import BadPolicy, Policy
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import BackOff, honour_cancellation, wait_for_event
from services.kernel.process.settings import Settings
from services.kernel.store.db import TRANSIENT, Pool

GRACE = 0.3  # seconds that a quorum waits for the other witnesses
LONGEST = 3.0  # seconds that a checkpoint waits for its quorum
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds between attempts without a quorum
LOOK = 5.0  # seconds after which what is unpublished is looked at again
IMPROVE = 30.0  # seconds between attempts to add a cosignature to what is public
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Whom the log asks, and whether it may do without them."""

    policy: Policy
    clients: tuple[WitnessClient, ...]
    fail_open: bool = False

    @classmethod
    def of(cls, policy: Policy, *, fail_open: bool) -> Witnesses:
        """The clients of those witnesses that have an address."""
        return cls(policy, tuple(WitnessClient(w) for w in policy.witnesses if w.url is not None), fail_open)

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(client.close() for client in self.clients))

    async def agree(self, pool: Pool, origin: str, keys: Sequence[Verifier]) -> None:
        """Hold the database against what each witness has cosigned; GuardRefuses when it is behind or differs.

        A witness that does not answer proves nothing: it is noted, and the log goes on.
        """
        kept = await pool.fetchrow(queries.latest_checkpoint)
        asked = [(client, client.shown(origin, keys)) for client in self.clients]
        if kept is not None:
            asked += [(client, client.named(kept["size"], kept["note"])) for client in self.clients]
        seen = await asyncio.gather(*(_told(client.name, question) for client, question in asked))
        for (client, _), tree in zip(asked, seen, strict=True):
            if tree is not None:
                await _hold_against(pool, client.name, tree)


async def _told(name: str, question: Coroutine[Any, Any, Seen | None]) -> Seen | None:
    try:
        return await question
    except (WitnessAway, WitnessDiffers) as trouble:
        metrics.witness_failures.add(1, {"witness": name})
        log.warning("witness %s was not compared with: %s", name, trouble)
        return None


async def _hold_against(pool: Pool, name: str, seen: Seen) -> None:
    size = (await pool.fetchrow(queries.read_head))["size"]
    if seen.size > size:
        raise GuardRefuses(
            f"nhân chứng {name} đã ký xác nhận {seen.size} sự kiện, cơ sở dữ liệu chỉ có {size}: hãy phục hồi bản "
            f"sao lưu mới hơn / witness {name} has cosigned {seen.size} entries, the database holds {size}: restore "
            "a newer backup"
        )
    if not await _holds(pool, seen):
        raise GuardRefuses(
            f"nhân chứng {name} đã ký xác nhận một cây khác ở cỡ {seen.size}: đây không phải cơ sở dữ liệu của nhật "
            f"ký; hãy phục hồi đúng bản / witness {name} has cosigned another tree of {seen.size}: this is not the "
            "database of the log; restore the right one"
        )


async def _holds(pool: Pool, seen: Seen) -> bool:
    """Whether the database's tree contains this one, as far as its root is known."""
    try:
        return seen.root is None or (await range_at(pool, seen.size)).root() == seen.root
    except LogCorrupt:
        return False


def policy_of(settings: Settings) -> Policy:
    """The policy that the settings or the folder name, else one that asks nobody; ValueError when it is broken."""
    default = settings.folder.path / "witness-policy"
    path = settings.witness_policy or default
    if settings.witness_policy is None and not default.exists():
        return Policy()
    try:
        return Policy.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadPolicy) as fault:
        raise ValueError(f"{path.name}: {fault}") from fault


class Witnessing:
    """Takes the newest kept checkpoint to the witnesses and publishes it, for one epoch."""

    def __init__(self, pool: Pool, witnesses: Witnesses, *, epoch: int) -> None:
        self._pool, self._witnesses, self._epoch = pool, witnesses, epoch
        self._policy = witnesses.policy
        self._latest: tuple[Checkpoint, str] | None = None
        self._asking: dict[WitnessClient, asyncio.Task[None]] = {}
        self._waiting_since: float | None = None
        self._improve_at = 0.0
        self.news = asyncio.Event()
        self.published = asyncio.Event()

    def offer(self, checkpoint: Checkpoint, note: str) -> None:
        """A checkpoint that is signed and kept; one that was not published yet is passed over for it."""
        self._latest = checkpoint, note
        self.news.set()

    async def run(self) -> None:
        """Publish what is offered until cancelled; without a quorum, try again with what is newest then."""
        again = BackOff(FIRST_PAUSE, LONGEST_PAUSE)
        try:
            while True:
                honour_cancellation()
                await wait_for_event(self.news, LOOK)
                self.news.clear()
                if await self._try():
                    again.reset()
                    continue
                await again.wait()
                self.news.set()
        finally:
            for task in self._asking.values():
                task.cancel()
            await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _try(self) -> bool:
        try:
            return await self.step()
        except TRANSIENT as trouble:
            log.warning("not publishing for now: %s: %s", type(trouble).__name__, trouble)
            return False

    async def step(self) -> bool:
        """Publish the newest offer, or what witnesses have said of it since; False when a quorum is missing."""
        if self._latest is None:
            return True
        checkpoint, note = self._latest
        had = await self._already(checkpoint, note)
        if had is not None and not self._may_improve(had):
            return self._settled()
        said = (had or {}) | await self._ask(checkpoint, note, set(had or ()))
        if had is not None and said.keys() == had.keys():
            return self._settled()
        if not self._policy.quorum_met(said):
            if not self._witnesses.fail_open:
                return self._unwitnessed(checkpoint, said)
            metrics.published_without_quorum.add(1)
            log.error("publishing %d entries without the quorum of witnesses, as set", checkpoint.size)
        failpoint("audit.after_witnesses")
        # a crash here leaves a checkpoint that witnesses know and nobody else: the next start offers the same or a
        # larger one of the same tree; a witness ahead of the public checkpoint is never ahead of the tree
        lines = [said[key].line for key in self._policy.cosigners if key in said]
        await self._publish(checkpoint.size, note + "".join(lines))
        return self._settled()

    async def _publish(self, size: int, note: str) -> None:
        if await self._pool.fetchval(queries.publish, size, note, self._epoch) is None:
            raise Fenced(f"epoch {self._epoch} no longer rules, or a larger checkpoint is public")
        failpoint("audit.after_publication")
        # a crash here leaves it public; whoever waits for a receipt asks again

    async def _already(self, checkpoint: Checkpoint, note: str) -> dict[Cosigner, Cosignature] | None:
        """Who cosigned the public note, when it is this checkpoint with all these signatures; else None."""
        public = await self._pool.fetchrow(queries.public_checkpoint)
        if public is None or public["size"] != checkpoint.size:
            return None
        if not set(note.splitlines()) <= set(public["note"].splitlines()):
            return None
        return cosignatures(public["note"], self._policy.cosigners)

    def _may_improve(self, had: Collection[Cosigner]) -> bool:
        """Whether to ask those again who have not cosigned what is public, which is done now and then."""
        if all(client.key in had for client in self._witnesses.clients) or time.monotonic() < self._improve_at:
            return False
        self._improve_at = time.monotonic() + IMPROVE
        return True

    def _settled(self) -> bool:
        self.published.set()
        self._waiting_since = None
        metrics.unwitnessed.set(0)
        return True

    def _unwitnessed(self, checkpoint: Checkpoint, said: Collection[Cosigner]) -> bool:
        self._waiting_since = self._waiting_since or time.monotonic()
        waited = time.monotonic() - self._waiting_since
        metrics.unwitnessed.set(waited)
        log.warning("a checkpoint of %d waits %.0f s for witnesses: %d said yes", checkpoint.size, waited, len(said))
        return False

    async def _ask(self, checkpoint: Checkpoint, note: str, had: Collection[Cosigner]) -> dict[Cosigner, Cosignature]:
        """Ask at once all who are not busy with an earlier one; a quorum waits only a moment for the rest."""
        said: dict[Cosigner, Cosignature] = {}
        for client in self._witnesses.clients:
            if client.key not in had and client not in self._asking:
                task = asyncio.create_task(self._ask_one(client, checkpoint, note, said))
                self._asking[client] = task
                task.add_done_callback(partial(self._answered, client))
        deadline = time.monotonic() + LONGEST
        waiting = set(self._asking.values())
        while waiting and time.monotonic() < deadline:
            done, waiting = await asyncio.wait(
                waiting, timeout=max(0.0, deadline - time.monotonic()), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
            if self._policy.quorum_met({*had, *said}):
                deadline = min(deadline, time.monotonic() + GRACE)
        # who is late finishes, so that its size is known the next time
        return dict(said)

    def _answered(self, client: WitnessClient, _: asyncio.Task[None]) -> None:
        del self._asking[client]

    async def _ask_one(
        self, client: WitnessClient, checkpoint: Checkpoint, note: str, said: dict[Cosigner, Cosignature]
    ) -> None:
        try:
            cosignature = await client.cosign(checkpoint, note, partial(consistency_proof, self._pool))
        except (WitnessAway, WitnessDiffers) as trouble:
            metrics.witness_failures.add(1, {"witness": client.name})
            log.log(logging.ERROR if isinstance(trouble, WitnessDiffers) else logging.WARNING, "%s", trouble)
            await self._pool.execute(queries.note_witness, client.name, None, None, str(trouble))
            return
        said[client.key] = cosignature
        await self._pool.execute(queries.note_witness, client.name, checkpoint.size, cosignature.time, None)
