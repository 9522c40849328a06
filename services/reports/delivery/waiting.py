"""When a delivery is tried again: after 5 seconds, then with longer pauses and jitter, at last never. Pure."""

from __future__ import annotations

from datetime import timedelta

_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
_JITTER = 0.2
_LONGEST = 86_400.0


def pause(attempts: int, jitter: float, asked: float = 0.0) -> timedelta | None:
    """How long to wait after so many attempts (`jitter` in [0, 1)), at least what the receiver asked; None: no more."""
    if attempts > len(_SECONDS):
        return None
    seconds = float(_SECONDS[attempts - 1])
    if attempts > 1:
        seconds *= 1 + _JITTER * jitter
    return timedelta(seconds=max(seconds, min(asked, _LONGEST)))
