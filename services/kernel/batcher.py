"""Group commit: one batch in flight, the next one gathers meanwhile; a future for each item (tessera's queue shape)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.kernel.problems import Unavailable

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger(__name__)


class Batcher(Generic[T, R]):
    """Commits items in batches bounded by size and age.

    `commit` takes a batch and returns one result, or one exception, per item, in order. When it raises, nothing of the
    batch was stored, and the items are committed one by one, so one bad write never fails a stranger's.
    A full queue answers 503 at once (back-pressure).
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
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._some = asyncio.Event()
        self._closing = False
        self._loop: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> R:
        """Commit one item with others; returns its result or raises its exception."""
        return await self._enqueue(item)

    async def submit_many(self, items: Sequence[T]) -> list[R | BaseException]:
        """Commit items in order; a result or an exception for each."""
        futures = [self._enqueue(item) for item in items]
        return await asyncio.gather(*futures, return_exceptions=True)

    def _enqueue(self, item: T) -> "asyncio.Future[R]":
        if self._closing or len(self._waiting) >= self._max_queue:
            raise Unavailable
        if self._loop is None:
            self._loop = asyncio.create_task(self._run(), name="batcher")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._some.set()
        return future

    async def close(self) -> None:
        """Refuse new items, finish those accepted, end the loop."""
        self._closing = True
        self._some.set()
        if self._loop is not None:
            await self._loop

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            await self._some.wait()
            if self._max_age and len(self._waiting) < self._max_size and not self._closing:
                await asyncio.sleep(self._max_age)
            batch, self._waiting = self._waiting[: self._max_size], self._waiting[self._max_size :]
            if not self._waiting and not self._closing:
                self._some.clear()
            await self._settle([pair for pair in batch if not pair[1].done()])

    async def _settle(self, batch: list[tuple[T, "asyncio.Future[R]"]]) -> None:
        if not batch:
            return
        try:
            results = await self._commit([item for item, _ in batch])
        except Exception as error:
            await self._retry_singly(batch, error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            _resolve(future, result)

    async def _retry_singly(self, batch: list[tuple[T, "asyncio.Future[R]"]], error: Exception) -> None:
        if len(batch) == 1:
            _resolve(batch[0][1], error)
            return
        log.warning("a batch of %d failed (%s); its items go one by one", len(batch), type(error).__name__)
        for pair in batch:
            await self._settle([pair])


def _resolve(future: "asyncio.Future[R]", result: R | Exception) -> None:
    if future.done():  # its client went away; the write stands, a retry finds it
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
