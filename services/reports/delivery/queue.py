"""The queue: what new notices send outside, taken by lease, tried by channel, recorded by sets."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag

from services.domain.notices import UNSILENCED
from services.kernel.identity.channels import Seal
from services.kernel.process.clock import Clock
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import BackOff, wait_for_event
from services.kernel.quarters import ICT, local_date, parse_instant, rfc3339
from services.kernel.store.db import TRANSIENT, Connection, Pool, columns, transaction
from services.kernel.store.sql import load_queries
from services.reports.delivery.port import Channel, Message, NotSent, Passing, Permanent, Receiver
from services.reports.delivery.waiting import pause
from services.reports.facts.directory import Directory
from services.reports.notices.notice import Notice
from services.reports.reading.snapshot import Reader

AT_ONCE = 256
OF_ONE_RECEIVER = 8  # at once: one that hangs takes no more of the room than this
LEASE = timedelta(seconds=30)  # longer than any attempt may last
TOO_OLD = timedelta(days=7)  # what a database restored from nothing folds again is told to nobody
_IDLE = 0.25  # seconds
_SETTLE = 0.02
_PAUSES = 0.2, 5.0
_DIGEST_FROM = timedelta(hours=8)  # of Monday, local
_DIGESTS_EVERY = timedelta(minutes=1)
CONFIRMATION, DIGEST = "confirmation", "digest"
queries = load_queries(Path(__file__).with_name("queries.sql"))
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery that this process tries now."""

    id: str
    notice: str
    channel: str
    via: str
    kind: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Come:
    """What came of an attempt."""

    taken: Taken
    state: str
    next_at: datetime
    why: str
    status: int | None
    gone: bool = False

    def row(self) -> tuple[object, ...]:
        """As it is recorded."""
        return (self.taken.id, self.taken.attempts, self.state, self.next_at, self.why, self.status)


class Queue:
    """Sends what the fold has queued; several processes may work at one queue."""

    def __init__(
        self, pool: Pool, reader: Reader, clock: Clock, seal: Seal, channels: Mapping[str, Channel], base: str
    ) -> None:
        self._pool, self._reader, self._clock, self._seal = pool, reader, clock, seal
        self._channels, self._base = channels, base
        self._under_way: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._come: list[Come] = []
        self._moved = asyncio.Event()
        self._digests_at: datetime | None = None

    async def announce(self, connection: Connection, notices: Sequence[Notice], directory: Directory) -> None:
        """Queue what goes outside of new notices, in the transaction that makes them."""
        now = self._clock.now()
        today = local_date(now)
        answers = [(unit, one) for unit in {n.unit for n in notices} for one in directory.answering(unit, today)]
        await connection.execute(
            queries.queue, [notice.id for notice in notices], *columns(answers, 2), now, rfc3339(now - TOO_OLD),
            sorted(UNSILENCED),
        )  # fmt: skip

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: take, try, record. What is under way at the end is left to its lease."""
        again = BackOff(*_PAUSES, stop)
        try:
            while not stop.is_set():
                async with again.attempt(TRANSIENT, "deliveries wait"):
                    await self._turn()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            for channel in self._channels.values():
                await channel.close()

    async def _turn(self) -> None:
        self._moved.clear()
        await self._record()
        room = AT_ONCE - len(self._under_way)
        taken = await self._take(room) if room > AT_ONCE // 4 else []
        for task in await self._tries(taken):
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if not taken:
            await wait_for_event(self._moved, _IDLE)
        await asyncio.sleep(_SETTLE)  # what comes together is recorded together

    async def _take(self, room: int) -> list[Taken]:
        now = self._clock.now()
        full = [channel for channel, count in self._busy.items() if count >= OF_ONE_RECEIVER]
        await self._pool.execute(queries.queue_confirmations, now)
        await self._queue_digests(now)
        rows = await self._pool.fetch(queries.claim, now, room, OF_ONE_RECEIVER, LEASE, full)
        if rows:
            failpoint("reports.deliveries_taken")
            # a crash here leaves them taken and unsent: they are taken again when the lease is over
        return [Taken(**row) for row in rows]

    async def _queue_digests(self, now: datetime) -> None:
        """Once a week, from Monday's morning on; what was queued for a week is queued no more, by whichever process.

        Looked for again and again: whoever was away on Monday, or asked for it since, has it then.
        """
        if self._digests_at is None or self._digests_at <= now:
            year, week, _ = (now.astimezone(ICT) - _DIGEST_FROM).isocalendar()
            await self._pool.execute(queries.queue_digests, now, f"{year}-W{week}")
            self._digests_at = now + _DIGESTS_EVERY

    async def _tries(self, taken: Sequence[Taken]) -> list[asyncio.Task[None]]:
        if not taken:
            return []
        messages, receivers = await self._messages(taken), await self._receivers(taken)
        tasks = []
        for one in taken:
            self._busy[one.channel] += 1
            tasks.append(asyncio.create_task(self._try(one, messages.get(one.id), receivers.get(one.channel))))
        return tasks

    async def _try(self, taken: Taken, message: Message | None, receiver: Receiver | None) -> None:
        """One attempt; whatever comes of it is put down to be recorded."""
        try:
            come = await self._outcome(taken, message, receiver)
        finally:
            self._busy[taken.channel] -= 1
            if not self._busy[taken.channel]:
                del self._busy[taken.channel]
        self._come.append(come)
        self._moved.set()

    async def _outcome(self, taken: Taken, message: Message | None, receiver: Receiver | None) -> Come:
        now = self._clock.now()
        if receiver is None:
            return Come(taken, "failed", now, "removed", None)
        if receiver.gone:
            return Come(taken, "failed", now, "gone", None)
        if message is None:
            return Come(taken, "failed", now, "withdrawn", None)
        channel = self._channels.get(taken.via)
        if channel is None:
            return Come(taken, "failed", now, "off", None)
        try:
            status = await channel.send(message, receiver)
            failpoint("reports.delivery_sent")
            # a crash here leaves it sent and not recorded: it is sent again under the same id
            return Come(taken, "sent", now, "sent", status)
        except Permanent as error:
            return Come(taken, "failed", now, error.why, error.status, gone=error.gone)
        except Passing as error:
            return self._later(taken, error, error.after)
        except Exception as error:
            log.error("a delivery by %s failed: %s", taken.via, error, exc_info=error)
            return self._later(taken, NotSent("program"), 0)

    def _later(self, taken: Taken, error: NotSent, asked: float) -> Come:
        wait, now = pause(taken.attempts, random.random(), asked), self._clock.now()
        state = "failed" if wait is None else "waiting"
        return Come(taken, state, now + (wait or timedelta()), error.why, error.status)

    async def _record(self) -> None:
        come, self._come = self._come, []
        if not come:
            return
        now = self._clock.now()
        try:
            async with transaction(self._pool) as connection:
                await connection.execute(queries.record, *columns([one.row() for one in come], 6), now)
                if gone := [one.taken.channel for one in come if one.gone]:
                    await connection.execute(queries.turn_off, gone, now)
        except BaseException:
            self._come = come + self._come  # it is recorded with the next ones
            raise

    async def _messages(self, taken: Sequence[Taken]) -> dict[str, Message]:
        """By delivery, what it says."""
        async with self._reader.without_cards() as snapshot:
            rows = await snapshot.connection.fetch(queries.messages, [one.notice for one in taken])
            notices = {row["id"]: row for row in rows}
            now = rfc3339(self._clock.now())
            unread = await snapshot.connection.fetch(
                queries.unread, [n.channel for n in taken if n.kind == DIGEST], now
            )
            waiting = {row["id"]: row for row in unread}
            directory, today = snapshot.directory, snapshot.today
        found: dict[str, Message] = {}
        for one in taken:
            if one.kind == CONFIRMATION:
                found[one.id] = _of_no_notice(one)
            elif one.kind == DIGEST and one.channel in waiting:
                row = waiting[one.channel]
                found[one.id] = _of_no_notice(one, row["notices"], row["due"], f"{self._base}reports/notices")
            elif one.notice in notices:
                row = notices[one.notice]
                found[one.id] = self._message(row, directory.label(row["unit"], today))
        return found

    def _message(self, row: Any, unit_name: str) -> Message:
        due = row["due"]
        return Message(
            id=row["id"], kind=row["kind"], unit=row["unit"], unit_name=unit_name, inspection=row["inspection"],
            finding=row["finding"], findings=row["listed"], created_at=row["created_at"], due=due,
            due_on=local_date(parse_instant(due)) if due else None, link=f"{self._base}reports/notices/{row['id']}",
        )  # fmt: skip

    async def _receivers(self, taken: Sequence[Taken]) -> dict[str, Receiver]:
        ids = list({one.channel for one in taken})
        found: dict[str, Receiver] = {}
        now = self._clock.now()
        for row in await self._pool.fetch(queries.receivers, ids, now):
            try:
                private = [self._seal.open(row["id"], part) for part in (row["sealed"], row["previous"]) if part]
            except InvalidTag:
                log.error("what is sealed of channel %s does not open with this folder's key", row["id"])
                continue
            if CONFIRMATION in {one.kind for one in taken if one.channel == row["id"]}:
                link = f"{self._base}intake/v1/addresses/{row['id']}/confirmation?secret="
                private = [one | {"link": link} for one in private]
            private += [one for one in private[-1].get("before", ()) if one["until"] > rfc3339(now)]
            found[row["id"]] = Receiver(id=row["id"], private=private, gone=row["gone"])
        return found


def _of_no_notice(taken: Taken, count: int = 0, due: str | None = None, link: str = "") -> Message:
    return Message(
        id=taken.id, kind=taken.kind, unit="-", unit_name="", inspection=None, finding=None, findings=count,
        created_at="", due=due, due_on=local_date(parse_instant(due)) if due else None, link=link,
    )  # fmt: skip
