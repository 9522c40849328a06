"""One fan-out a process: what is new is read once for all who listen, however many they are."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from services.kernel.identity.authentication import load_callers
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.process.clock import Clock
from services.kernel.process.loops import BackOff, wait_for_event
from services.kernel.store.db import TRANSIENT, Pool
from services.kernel.store.sql import load_queries
from services.reports.reading.notices import item
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Reader, Snapshot
from services.reports.text import dump

BEAT = 15.0  # seconds between two comments, and two looks at who may still listen
COMMENT = b":\n"  # no empty line: httpx-sse 0.4.3 makes an event of each, see findings/
MOST_WAITING = 256  # events of one listener; a slower one is sent away and resumes
PACE = 0.02  # seconds between two readings: a wake per checkpoint would cost a query each
_PAGE = 1_000
_BEGINNING, _END = (-1, -1), 2**31 - 1
_PAUSES = 0.2, 5.0
_SESSION = {"application_name": "kycuong-inbox"}
Place = tuple[int, int]
log = logging.getLogger(__name__)
queries = load_queries(Path(__file__).with_name("queries.sql"))


@dataclass(slots=True, eq=False)
class Listener:
    """Whoever listens: what waits for him, and the place up to which he has it all."""

    digest: bytes
    caller: Caller
    scope: Scope
    place: Place = _BEGINNING
    waiting: deque[tuple[Place | None, bytes]] = field(default_factory=deque)
    more: asyncio.Future[None] | None = None
    gone: bool = False

    def put(self, place: Place | None, event: bytes) -> None:
        """Add an event, or a comment without place; one who does not take them is sent away."""
        if len(self.waiting) >= MOST_WAITING:
            self.leave()
        elif not self.gone:
            self.waiting.append((place, event))
            self._wake()

    def leave(self) -> None:
        """End the stream; what waits is not lost, for whoever comes again names his place."""
        self.gone = True
        self._wake()

    def _wake(self) -> None:
        if self.more is not None and not self.more.done():
            self.more.set_result(None)

    async def next(self) -> bytes | None:
        """What is to be sent now, in one piece; None when the stream is over."""
        while True:
            if self.gone:
                return None
            if piece := b"".join(self._taken()):
                return piece
            self.more = asyncio.get_running_loop().create_future()
            await self.more

    def _taken(self) -> Iterable[bytes]:
        while self.waiting:
            place, event = self.waiting.popleft()
            if place is None:
                yield event
            elif place > self.place:
                self.place = place
                yield event


class Hub:
    """Reads what is new when a fold says so, and hands it to those it is for."""

    def __init__(self, pool: Pool, reader: Reader, clock: Clock, dsn: str) -> None:
        self._pool, self._reader, self._clock, self._dsn = pool, reader, clock, dsn
        self._listeners: set[Listener] = set()
        self._place: Place | None = None
        self._new = asyncio.Event()
        self._closed = False

    async def join(self, listener: Listener, *, anew: bool) -> None:
        """Hand on what comes from now on; what was there before is `backlog`'s, and not for who begins anew."""
        if self._closed:
            listener.leave()
            return
        if self._place is None:
            size = await self._pool.fetchval(queries.size)
            self._place = self._place or (size - 1, _END)
        if anew:
            listener.place = self._place
        self._listeners.add(listener)

    def part(self, listener: Listener) -> None:
        """He has gone."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._place = None

    def close(self) -> None:
        """The process ends: every stream does, and whoever comes again finds another process."""
        self._closed = True
        for listener in self._listeners:
            listener.leave()

    async def backlog(self, listener: Listener) -> bytes:
        """A page of what came after the place that the listener has named; empty when he has it all."""
        async with self._reader.without_cards() as snapshot:
            account = [listener.caller.account]
            rows = await snapshot.connection.fetch(queries.news, *listener.place, account, _PAGE)
            sees = _Seeing(snapshot)
            events = [_event(row) for row in rows if sees(listener.scope, row["unit"])]
        if rows:
            listener.place = _place_of(rows[-1])
        return b"".join(events) or (COMMENT if rows else b"")

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: listen for folds, read once, hand on; a lost connection loses nothing, for places are read."""
        again = BackOff(*_PAUSES, stop)
        beat = asyncio.create_task(self._beat(stop))
        try:
            while not stop.is_set():
                async with again.attempt(TRANSIENT, "the live inbox waits"):
                    await self._listen(stop)
        finally:
            self.close()
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    async def _listen(self, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=10, server_settings=_SESSION)
        try:
            connection.add_termination_listener(lambda _: self._new.set())
            await connection.add_listener("kycuong_notices", lambda *_: self._new.set())
            self._new.set()
            while not stop.is_set() and not connection.is_closed():
                await wait_for_event(self._new, 1.0)
                if self._new.is_set():
                    self._new.clear()
                    await self._hand_on()
                    await asyncio.sleep(PACE)
        finally:
            connection.terminate()

    async def _hand_on(self) -> None:
        while self._listeners and self._place is not None:
            by_account: dict[str, list[Listener]] = defaultdict(list)
            for listener in self._listeners:
                by_account[listener.caller.account].append(listener)
            async with self._reader.without_cards() as snapshot:
                rows = await snapshot.connection.fetch(queries.news, *self._place, list(by_account), _PAGE)
                sees = _Seeing(snapshot)
            for row in rows:
                place, event = _place_of(row), _event(row)
                for listener in by_account[row["account"]]:
                    if sees(listener.scope, row["unit"]):
                        listener.put(place, event)
            if len(rows) < _PAGE:
                self._place = (snapshot.head.size - 1, _END)
                return
            self._place = _place_of(rows[-1])

    async def _beat(self, stop: asyncio.Event) -> None:
        """A comment to everybody, and the end of the streams of sessions that are over."""
        while not stop.is_set():
            await wait_for_event(stop, BEAT)
            for listener in list(self._listeners):
                listener.put(None, COMMENT)
            try:
                await self._send_away()
            except TRANSIENT as trouble:
                log.warning("who may still listen is looked up later: %s", type(trouble).__name__)

    async def _send_away(self) -> None:
        """One query for all: a session that ended, or whose appointments are others now, begins anew."""
        listeners = list(self._listeners)
        if not listeners:
            return
        callers = await load_callers(self._pool, [listener.digest for listener in listeners])
        now = self._clock.now()
        for listener in listeners:
            caller = callers.get(listener.digest)
            if caller is None or Scope.of(caller.grants_for(Action.NOTICES, now)) != listener.scope:
                listener.leave()


class _Seeing:
    """Which units a scope shows as of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._answering = snapshot.kept.answering(snapshot.reference, snapshot.today)

    def __call__(self, scope: Scope, unit: str) -> bool:
        return scope.sees(self._answering.get(unit, frozenset()))


def _place_of(row: Any) -> Place:
    return row["index"], row["number"]


def _event(row: Any) -> bytes:
    shown = item(row)
    return f"event: notice\nid: {shown['place']}\ndata: {dump(shown)}\n\n".encode()
