"""A short queue for what costs much: the trustworthy first, and who finds no place is told when to come again."""

import asyncio
import bisect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from services.kernel.problems import TooFast

_AGAIN = 5  # seconds


class Crowded(TooFast):
    """Nhiều người đang đăng nhập cùng lúc; hãy thử lại sau ít giây.

    Many people are signing in at the moment; try again in some seconds.
    """

    def __init__(self) -> None:
        super().__init__(_AGAIN, ("Nhiều người đang đăng nhập cùng lúc.", "Many people are signing in at the moment."))


class Turns:
    """So many at once, so many wait; of those who wait the lowest rank is next, and the highest gives way."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free, self._places = at_once, waiting
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrival = count()

    @asynccontextmanager
    async def take(self, rank: int) -> AsyncIterator[None]:
        """A turn; Crowded when the queue is full of others as good."""
        await self._enter(rank)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, rank: int) -> None:
        if self._free:
            self._free -= 1
            return
        mine = (rank, next(self._arrival), asyncio.get_running_loop().create_future())
        bisect.insort(self._waiting, mine)
        if len(self._waiting) > self._places:
            self._waiting.pop()[2].set_exception(Crowded())
        try:
            await mine[2]
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif mine[2].done() and not mine[2].cancelled() and mine[2].exception() is None:
                self._leave()  # it had just been given the turn
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.pop(0)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
