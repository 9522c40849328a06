"""Long work in slices: others have their turn in between, and two long works take turns."""

import asyncio

from services.kernel.process.slices import Slices


class Time:
    """A clock that moves one second for each item worked on."""

    now = 0.0

    def __call__(self):
        return self.now

    def work(self, item):
        self.now += 1
        return item


async def test_between_two_slices_everything_else_has_a_turn():
    time, turns = Time(), 0
    slices = Slices(10, time)

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    assert await slices.map(time.work, range(100)) == list(range(100))
    beside.cancel()
    assert turns >= 9  # ten slices of ten


async def test_two_long_works_go_slice_by_slice_in_turn():
    time, seen = Time(), []
    slices = Slices(5, time)

    def work(item):
        seen.append(item[0])
        return time.work(item)

    both = [slices.map(work, [(name, n) for n in range(20)]) for name in "ab"]
    assert [len(done) for done in await asyncio.gather(*both)] == [20, 20]
    assert "".join(seen) == ("a" * 5 + "b" * 5) * 4


async def test_nothing_to_do_is_done():
    assert await Slices().map(str, []) == []


async def test_an_error_ends_one_work_and_frees_the_turn():
    slices = Slices()
    results = await asyncio.gather(slices.map(int, ["x"]), slices.map(int, ["7"]), return_exceptions=True)
    assert isinstance(results[0], ValueError) and results[1] == [7]
