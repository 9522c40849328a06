"""How fast one account may write: a token bucket each, in this process."""

import time
from collections.abc import Callable

from services.kernel.problems import TooFast

FLOOR = 200  # single writes a second that the contract promises to any account
_REMEMBERED = 10_000


class RateLimit:
    """`rate` writes a second on average, twice that at once."""

    def __init__(self, rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = max(rate, FLOOR)
        self._burst = 2 * self._rate
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, account: str) -> None:
        """Count one write; TooFast when the account's bucket is empty."""
        now = self._now()
        left, since = self._buckets.get(account, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._rate)
        if left < 1:
            self._buckets[account] = (left, now)
            raise TooFast(retry_after=1)
        if len(self._buckets) >= _REMEMBERED and account not in self._buckets:
            self._buckets.clear()
        self._buckets[account] = (left - 1, now)
