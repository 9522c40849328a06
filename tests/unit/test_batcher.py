import asyncio

import pytest

from services.kernel.batcher import Batcher
from services.kernel.problems import Unavailable


async def test_items_that_arrive_together_are_committed_together_in_order():
    batches = []

    async def commit(items):
        batches.append(list(items))
        await asyncio.sleep(0.01)
        return [item * 2 for item in items]

    batcher = Batcher(commit, max_size=50)
    results = await asyncio.gather(*(batcher.submit(n) for n in range(120)))
    assert results == [n * 2 for n in range(120)]
    assert [n for batch in batches for n in batch] == list(range(120))
    assert [len(batch) for batch in batches] == [50, 50, 20]
    await batcher.close()


async def test_one_commit_is_in_flight_at_a_time():
    running = 0

    async def commit(items):
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.002)
        running -= 1
        return items

    batcher = Batcher(commit, max_size=3, max_age=0)
    await asyncio.gather(*(batcher.submit(n) for n in range(20)))
    await batcher.close()


async def test_a_bad_item_fails_alone():
    async def commit(items):
        if "bad" in items:
            raise RuntimeError("the transaction rolled back")
        return items

    batcher = Batcher(commit)
    results = await batcher.submit_many(["a", "bad", "b"])
    assert results[0] == "a" and results[2] == "b"
    assert isinstance(results[1], RuntimeError)
    await batcher.close()


async def test_an_items_exception_is_its_own():
    async def commit(items):
        return [ValueError(item) if item == 1 else item for item in items]

    batcher = Batcher(commit)
    results = await batcher.submit_many([0, 1, 2])
    assert (results[0], results[2]) == (0, 2) and isinstance(results[1], ValueError)
    await batcher.close()


async def test_a_full_queue_answers_503():
    release = asyncio.Event()

    async def commit(items):
        await release.wait()
        return items

    batcher = Batcher(commit, max_size=1, max_age=0, max_queue=2)
    first = asyncio.create_task(batcher.submit(0))
    await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(batcher.submit(n)) for n in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await batcher.submit(3)
    release.set()
    assert await asyncio.gather(first, *waiting) == [0, 1, 2]
    await batcher.close()


async def test_closing_finishes_what_was_accepted_and_refuses_the_rest():
    async def commit(items):
        await asyncio.sleep(0.01)
        return items

    batcher = Batcher(commit)
    accepted = asyncio.create_task(batcher.submit("x"))
    await asyncio.sleep(0)
    await batcher.close()
    assert await accepted == "x"
    with pytest.raises(Unavailable):
        await batcher.submit("y")


async def test_a_client_that_went_away_does_not_stop_the_batch():
    async def commit(items):
        await asyncio.sleep(0.02)
        return items

    batcher = Batcher(commit)
    gone = asyncio.create_task(batcher.submit(1))
    stays = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    assert await stays == 2
    await batcher.close()
