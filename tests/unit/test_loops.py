"""A request to end is never lost, whatever happens at the same moment."""

import asyncio
import contextlib
from itertools import islice

import pytest

from services.kernel.process.loops import BackOff, honour_cancellation, unless, wait_for_event
from services.kernel.process.pauses import pauses


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


async def test_work_that_waits_has_ended_when_it_is_given_up() -> None:
    stop, ended = asyncio.Event(), []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)  # as one closes what it holds
            ended.append("work")

    waiting = asyncio.create_task(unless(stop, work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stop.set()
    assert await waiting is None
    assert ended == ["work"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_work_that_is_done_first_is_its_result_and_leaves_no_task() -> None:
    async def work() -> int:
        return 7

    assert await unless(asyncio.Event(), work()) == 7
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_error_of_the_work_is_the_caller_s() -> None:
    async def work() -> None:
        raise LookupError("no key")

    with pytest.raises(LookupError, match="no key"):
        await unless(asyncio.Event(), work())


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    assert list(islice(pauses(0.1, 1.0), 6)) == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


async def test_what_passes_is_waited_out_a_success_begins_anew_and_the_rest_is_raised() -> None:
    stop = asyncio.Event()
    stop.set()  # no pause is waited for
    again = BackOff(0.1, 1.0, stop)
    coming = []
    for trouble in (OSError(), OSError(), None, OSError()):
        async with again.attempt((OSError,), "the loop waits"):
            if trouble is not None:
                raise trouble
        coming.append(again.coming)
    assert coming == [0.2, 0.4, 0.1, 0.2]
    with pytest.raises(KeyError):
        async with again.attempt((OSError,), "the loop waits"):
            raise KeyError


async def test_a_pause_ends_when_it_is_time_to_stop() -> None:
    stop = asyncio.Event()
    waiting = asyncio.create_task(BackOff(60, 60, stop).wait())
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(60):
        await waiting
