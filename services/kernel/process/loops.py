"""What long-running loops need of asyncio."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class StartRefused(RuntimeError):
    """The service must not start as things are; the message says what to do."""


def honour_cancellation() -> None:
    """Raise CancelledError if this task was asked to end and the request got lost on the way.

    Python 3.11 loses one in `wait_for` when what is waited for is done at that moment, and a task group does when a
    part fails while all of them are being cancelled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def start_loop(loop: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run a service's loop as a task; one that ends by an error says so at once, not only when it is asked."""
    task = asyncio.create_task(loop, name=name)
    task.add_done_callback(_tell)
    return task


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("the loop %s ended with an error", task.get_name(), exc_info=task.exception())


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
