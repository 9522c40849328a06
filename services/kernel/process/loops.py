"""What long-running loops need of asyncio."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from services.kernel.process.pauses import pauses

T = TypeVar("T")

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


def on_signals(stop: Callable[[], object]) -> None:
    """Call `stop` on SIGINT and SIGTERM, in place of whatever was called before."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def wait_for_event(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Work that may wait for long; None when it is time to stop first, and then the work has ended too."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


class BackOff:
    """One way to try again: a failure that passes is told and waited out, longer each time; a success begins anew."""

    def __init__(self, first: float, longest: float, stop: asyncio.Event | None = None) -> None:
        self._first, self._longest = first, longest
        self._stop = stop or asyncio.Event()
        self.reset()

    def reset(self) -> None:
        """An attempt succeeded."""
        self._pauses = pauses(self._first, self._longest)
        self.coming = next(self._pauses)

    async def wait(self) -> None:
        """An attempt failed: pause before the next one; `stop` ends it."""
        seconds, self.coming = self.coming, next(self._pauses)
        await wait_for_event(self._stop, seconds)

    @asynccontextmanager
    async def attempt(self, passing: tuple[type[BaseException], ...], says: str) -> AsyncIterator[None]:
        """One attempt: what passes by itself goes to the log and is waited out, anything else is raised."""
        try:
            yield
        except passing as trouble:
            log.warning("%s: %s: %s", says, type(trouble).__name__, trouble)
            await self.wait()
        else:
            self.reset()
