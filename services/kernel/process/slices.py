"""Long work on the event loop, cut into slices: between any two of them everybody else has a turn."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Slices:
    """Does the long work of all requests, one slice of one of them at a time, each in its turn.

    However many come at once, the loop is held for one slice at most between two rounds of everything else. It is a
    short one: storing a batch asks the database four times, and each answer waits for the slice that is under way.
    """

    def __init__(self, seconds: float = 0.001, now: Callable[[], float] = time.perf_counter) -> None:
        self._seconds, self._now = seconds, now
        self._turn = asyncio.Lock()  # fair: whoever waits longest is next

    async def map(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """What `work` makes of each item, in order."""
        done: list[R] = []
        left = iter(items)
        more = True
        while more:
            async with self._turn:
                more = self._slice(work, left, done)
            await asyncio.sleep(0)
        return done

    def _slice(self, work: Callable[[T], R], left: Iterator[T], done: list[R]) -> bool:
        """Work until the slice's time is over; whether there may be more."""
        until = self._now() + self._seconds
        for item in left:
            done.append(work(item))
            if self._now() >= until:
                return True
        return False
