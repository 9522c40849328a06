"""A request to end is never lost, whatever happens at the same moment."""

import asyncio
import contextlib

import pytest

from services.kernel.process.loops import honour_cancellation, wait_for_event


async def test_an_event_is_waited_for_at_most_so_long() -> None:
    event = asyncio.Event()
    await wait_for_event(event, 0.01)
    event.set()
    await wait_for_event(event, 60)


@pytest.mark.parametrize("turns", range(4))
async def test_an_event_set_in_the_same_moment_does_not_hide_the_cancellation(turns: int) -> None:
    """Whenever the cancellation comes, before or after the event's news arrived, a task that still waits ends by it."""
    event, passed = asyncio.Event(), []

    async def loop() -> None:
        await wait_for_event(event, 60)
        passed.append("the wait")
        await asyncio.sleep(60)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0.01)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)
    assert passed == (["the wait"] if turns else [])


async def test_a_cancellation_that_was_swallowed_is_honoured() -> None:
    async def loop() -> None:
        while True:
            honour_cancellation()
            with contextlib.suppress(asyncio.CancelledError):  # as wait_for of Python 3.11 does at times
                await asyncio.sleep(60)

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)
    honour_cancellation()
