"""Group commit: one batch in flight, the next one gathers meanwhile; a future for each item (tessera's queue shape)."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.kernel.problems import Unavailable

T = TypeVar("T")
R = TypeVar("R")
_KEPT = 5  # of a batch, one part in so many is kept for those who send many items at once
_BRIEF = 0.15  # seconds of a commit for their sake: a single item waits for the one under way and for its own
log = logging.getLogger(__name__)


class Batcher(Generic[T, R]):
    """Commits items in batches bounded by size and age.

    Single items go first; those who submit many share the rest of each batch evenly, so nobody waits for another's
    thousands; on a slow machine a batch holds fewer of them. What is submitted in one lane keeps its order.

    `commit` takes a batch and returns one result, or one exception, per item, in order. When it raises, nothing of the
    batch was stored, and its halves are committed, so one bad write never fails a stranger's.
    A full queue of single items answers 503 at once (back-pressure); who submits many waits for them.
    """

    def __init__(
        self,
        commit: Callable[[list[T]], Awaitable[Sequence[R | Exception]]],
        *,
        max_size: int = 500,
        max_age: float = 0.002,
        max_queue: int = 20_000,
    ) -> None:
        self._commit = commit
        self._max_size, self._max_age, self._max_queue = max_size, max_age, max_queue
        self._singles: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._lanes: dict[object, deque[tuple[T, asyncio.Future[R]]]] = {}
        self._some = asyncio.Event()
        self._closing = False
        self._loop: asyncio.Task[None] | None = None
        self._pace = max_size / _BRIEF  # items a second, of the last commit

    async def submit(self, item: T) -> R:
        """Commit one item with others; returns its result or raises its exception."""
        if len(self._singles) >= self._max_queue:
            raise Unavailable
        return await self._enqueue(self._singles, item)

    async def submit_many(self, items: Sequence[T], lane: object = None) -> list[R | BaseException]:
        """Commit items in order, after those submitted before in the same lane; a result or an exception for each."""
        if not items:
            return []
        waiting = self._lanes.setdefault(object() if lane is None else lane, deque())
        futures = [self._enqueue(waiting, item) for item in items]
        return await asyncio.gather(*futures, return_exceptions=True)

    def _enqueue(self, waiting: "deque[tuple[T, asyncio.Future[R]]]", item: T) -> "asyncio.Future[R]":
        if self._closing:
            raise Unavailable
        if self._loop is None:
            self._loop = asyncio.create_task(self._run(), name="batcher")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        waiting.append((item, future))
        self._some.set()
        return future

    async def close(self) -> None:
        """Refuse new items, finish those accepted, end the loop."""
        self._closing = True
        self._some.set()
        if self._loop is not None:
            await self._loop

    def _waiting(self) -> int:
        return len(self._singles) + sum(map(len, self._lanes.values()))

    async def _run(self) -> None:
        while not (self._closing and not self._waiting()):
            await self._some.wait()
            if self._max_age and self._waiting() < self._max_size and not self._closing:
                await asyncio.sleep(self._max_age)
            batch = self._take()
            if not self._waiting() and not self._closing:
                self._some.clear()
            await self._settle([pair for pair in batch if not pair[1].done()])

    def _take(self) -> list[tuple[T, "asyncio.Future[R]"]]:
        """The next batch: single items, then an even share of each lane."""
        kept = self._max_size // _KEPT if self._lanes else 0
        batch = [self._singles.popleft() for _ in range(min(len(self._singles), self._max_size - kept))]
        size = min(self._max_size, max(len(batch) + kept, int(self._pace * _BRIEF)))
        while self._lanes and (room := size - len(batch)):
            share = -(-room // len(self._lanes))
            for lane in list(self._lanes)[:room]:
                waiting, room = self._lanes.pop(lane), size - len(batch)
                batch += [waiting.popleft() for _ in range(min(share, room, len(waiting)))]
                if waiting:
                    self._lanes[lane] = waiting  # behind the others
        return batch

    async def _settle(self, batch: list[tuple[T, "asyncio.Future[R]"]]) -> None:
        if not batch:
            return
        began = asyncio.get_running_loop().time()
        try:
            results = await self._commit([item for item, _ in batch])
        except Exception as error:
            await self._settle_halves(batch, error)
            return
        self._pace = len(batch) / max(asyncio.get_running_loop().time() - began, 0.001)
        for (_, future), result in zip(batch, results, strict=True):
            _resolve(future, result)

    async def _settle_halves(self, batch: list[tuple[T, "asyncio.Future[R]"]], error: Exception) -> None:
        """Commit each half: one bad item is found in a few commits, not in one for each of its neighbours."""
        if len(batch) == 1:
            _resolve(batch[0][1], error)
            return
        log.warning("a batch of %d failed (%s); its halves go one by one", len(batch), type(error).__name__)
        middle = len(batch) // 2
        await self._settle(batch[:middle])
        await self._settle(batch[middle:])


def _resolve(future: "asyncio.Future[R]", result: R | Exception) -> None:
    if future.done():  # its client went away; the write stands, a retry finds it
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
