"""What long-running loops need of asyncio."""

from __future__ import annotations

import asyncio
import contextlib


def honour_cancellation() -> None:
    """Raise CancelledError if this task was asked to end and the request got lost on the way.

    Python 3.11 loses one in `wait_for` when what is waited for is done at that moment, and a task group does when a
    part fails while all of them are being cancelled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
