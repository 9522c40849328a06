"""The injected clock: nothing else in the house asks the operating system for the time of day. Pure but for that."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

STEP = timedelta(minutes=1)
"""How far the wall clock may move against the steady one at once: what NTP and a leap second need."""
CONFIRM = timedelta(minutes=10)
"""How long a clock that jumped must stay before it is believed."""


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime: ...

    def ticks(self) -> float:
        """Seconds of a clock that nobody sets."""
        ...

    @property
    def jump(self) -> timedelta | None:
        """How far the machine's clock has jumped without being believed yet."""
        ...

    def adopt(self) -> None:
        """Believe the machine's clock at once."""
        ...


def _wall() -> datetime:
    return datetime.now(UTC)


def _ticks() -> float:
    """Seconds since the machine started, a suspension included where the system counts it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SystemClock:
    """The machine's clock, but for jumps: it goes on steadily until the wall clock has stayed where it jumped to.

    So a clock that is 40 days ahead for some seconds moves nothing; one that was set right is followed after a while.
    """

    def __init__(self, wall: Callable[[], datetime] = _wall, ticks: Callable[[], float] = _ticks) -> None:
        self._wall, self.ticks = wall, ticks
        self._believed = (wall(), ticks())
        self._claimed: tuple[datetime, float] | None = None
        self.jump: timedelta | None = None

    def now(self) -> datetime:
        """The wall clock's time, or what it would be had it not jumped."""
        wall, ticks = self._wall(), self.ticks()
        steady = _went_on(self._believed, ticks)
        if abs(wall - steady) <= STEP or self._stayed(wall, ticks):
            self._believed, self._claimed, self.jump = (wall, ticks), None, None
            return wall
        self.jump = wall - steady
        return steady

    def _stayed(self, wall: datetime, ticks: float) -> bool:
        if self._claimed is None or abs(wall - _went_on(self._claimed, ticks)) > STEP:
            self._claimed = (wall, ticks)
        return timedelta(seconds=ticks - self._claimed[1]) >= CONFIRM

    def adopt(self) -> None:
        """Believe the machine's clock at once."""
        self._believed, self._claimed, self.jump = (self._wall(), self.ticks()), None, None


def _went_on(since: tuple[datetime, float], ticks: float) -> datetime:
    return since[0] + timedelta(seconds=ticks - since[1])


class SettableClock:
    """A clock that stands where it was set: for tests, and for a demo folder's load."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._ticks = 0.0
        self.jump: timedelta | None = None

    def now(self) -> datetime:
        return self._now

    def ticks(self) -> float:
        """Seconds that have passed."""
        return self._ticks

    def set(self, instant: datetime) -> None:
        """Let time pass up to an instant; back to one before, none passes."""
        self._ticks += max(0.0, (instant - self._now).total_seconds())
        self._now = instant

    def turn(self, instant: datetime) -> None:
        """Turn the hands: no time passes."""
        self._now = instant

    def adopt(self) -> None:
        """It is always believed."""
