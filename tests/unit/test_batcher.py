import asyncio

import pytest

from services.kernel.flow.batcher import Batcher
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


async def test_a_single_item_does_not_wait_for_the_thousands_submitted_before_it():
    order = []

    async def commit(items):
        await asyncio.sleep(0)
        order.append(list(items))
        return items

    batcher = Batcher(commit, max_size=50)
    many = asyncio.create_task(batcher.submit_many([f"many {n}" for n in range(5_000)]))
    await asyncio.sleep(0)
    assert await batcher.submit("alone") == "alone"
    assert not many.done() and "alone" in order[0]
    assert await many == [f"many {n}" for n in range(5_000)]
    await batcher.close()


async def test_those_who_submit_many_share_each_batch_and_keep_their_own_order():
    batches = []

    async def commit(items):
        batches.append(list(items))
        return items

    batcher = Batcher(commit, max_size=60)
    first, second = object(), object()
    parts = [
        ("a", first, range(100)),
        ("b", second, range(100)),
        ("a", first, range(100, 130)),
        ("few", None, range(3)),
    ]
    await asyncio.gather(*(batcher.submit_many([(who, n) for n in part], lane) for who, lane, part in parts))
    assert [item for item in batches[0] if item[0] == "few"] == [("few", n) for n in range(3)]
    assert {who: sum(item[0] == who for item in batches[1]) for who in "ab"} == {"a": 30, "b": 30}
    settled = [item for batch in batches for item in batch]
    assert [n for who, n in settled if who == "a"] == list(range(130))
    assert [n for who, n in settled if who == "b"] == list(range(100))
    await batcher.close()


async def test_many_single_items_leave_a_part_of_each_batch_to_the_others():
    batches = []

    async def commit(items):
        batches.append(list(items))
        return items

    batcher = Batcher(commit, max_size=50)
    singles = [asyncio.create_task(batcher.submit("one")) for _ in range(400)]
    await asyncio.gather(batcher.submit_many(["many"] * 40), *singles)
    assert batches[0].count("many") == 10
    await batcher.close()


async def test_where_commits_are_slow_the_thousands_go_in_smaller_batches():
    sizes = []

    async def commit(items):
        sizes.append(len(items))
        await asyncio.sleep(len(items) / 1_000)  # 1,000 a second at most
        return items

    batcher = Batcher(commit, max_size=500, max_age=0)
    await batcher.submit_many(["many"] * 1_000)
    assert sizes[0] == 500 and max(sizes[1:]) <= 150  # what takes 0.15 s
    await batcher.close()


async def test_one_bad_item_among_hundreds_costs_few_commits():
    sizes = []

    async def commit(items):
        sizes.append(len(items))
        if 77 in items:
            raise RuntimeError("the transaction rolled back")
        return items

    batcher = Batcher(commit)
    results = await batcher.submit_many(range(500))
    assert [n for n, result in enumerate(results) if isinstance(result, RuntimeError)] == [77]
    assert [result for n, result in enumerate(results) if n != 77] == [n for n in range(500) if n != 77]
    assert len(sizes) <= 2 * 10
    await batcher.close()


async def test_what_many_submit_never_fills_the_queue_for_a_single_item():
    async def commit(items):
        await asyncio.sleep(0)
        return items

    batcher = Batcher(commit, max_size=5, max_queue=10)
    many = asyncio.create_task(batcher.submit_many(range(100)))
    await asyncio.sleep(0)
    assert await batcher.submit("alone") == "alone"
    assert len(await many) == 100
    await batcher.close()
