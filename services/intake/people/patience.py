"""How long whoever mistypes a password must wait: counted by account, by address, and by both together."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_REMEMBERED = 10_000  # of each kind
_FORGOTTEN = 3_600.0  # seconds after the last failure
_STEEPEST = 20  # doublings

Key = tuple[str, str]
"""What is counted: its kind, and which one."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many failures are free; each further one doubles the wait, from two seconds to the longest."""

    free: int
    longest: float


PACES = {
    "pair": Pace(3, 900.0),  # one account from one address
    "account": Pace(10, 300.0),  # from anywhere unknown
    "address": Pace(20, 60.0),  # whatever the account: an office may share it
    "device": Pace(5, 900.0),  # one account on a phone that it signed in on before
}


class Patience:
    """Failures and when the last one was; whoever fails longest ago is forgotten first."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failed: dict[str, OrderedDict[str, tuple[int, float]]] = {kind: OrderedDict() for kind in PACES}

    def wait(self, keys: Sequence[Key]) -> float:
        """The seconds that a try must still wait; 0 when it need not."""
        return max((self._left(*key) for key in keys), default=0.0)

    def failures(self, keys: Sequence[Key]) -> int:
        """How often it went wrong lately."""
        return sum(self._kept(*key)[0] for key in keys)

    def count(self, keys: Sequence[Key]) -> None:
        """Note a failure."""
        for kind, name in keys:
            failed = self._failed[kind]
            failures, _ = self._kept(kind, name)
            failed[name] = failures + 1, self._now()
            failed.move_to_end(name)
            if len(failed) > _REMEMBERED:
                failed.popitem(last=False)

    def forgive(self, keys: Sequence[Key]) -> None:
        """Forget these failures."""
        for kind, name in keys:
            self._failed[kind].pop(name, None)

    def _kept(self, kind: str, name: str) -> tuple[int, float]:
        failures, since = self._failed[kind].get(name, (0, 0.0))
        return (failures, since) if self._now() - since < _FORGOTTEN else (0, 0.0)

    def _left(self, kind: str, name: str) -> float:
        failures, since = self._kept(kind, name)
        over = failures - PACES[kind].free
        if over <= 0:
            return 0.0
        return max(0.0, since + min(PACES[kind].longest, 2.0 ** min(over, _STEEPEST)) - self._now())
