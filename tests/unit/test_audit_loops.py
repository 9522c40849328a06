"""A request to end is never lost, whatever happens at the same moment."""

import asyncio
import contextlib

import pytest

from services.audit.loops import honour_cancellation, wait_for_event


async def test_an_event_is_waited_for_at_most_so_long() -> None:
    event = asyncio.Event()
    await wait_for_event(event, 0.01)
    event.set()
    await wait_for_event(event, 60)


async def test_an_event_set_in_the_same_moment_does_not_hide_the_cancellation() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(wait_for_event(event, 60))
    await asyncio.sleep(0)
    event.set()
    await asyncio.sleep(0)
    if not waiting.done():
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


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
