"""The sequencer on a real database and stream: exactly once, whatever breaks."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.audit.errors import Fenced
from services.audit.sequencer import Sequencer
from services.kernel.flow.consumer import PositionMoved
from services.kernel.process.settings import Settings
from services.kernel.streams import Record, StreamReset
from tests.support.events import event_id, finding, many, record
from tests.support.log import Log, drain, open_log


@pytest_asyncio.fixture
async def log(settings: Settings) -> AsyncIterator[Log]:
    async with open_log(settings) as log:
        yield log


@pytest_asyncio.fixture
async def sequencer(log: Log) -> AsyncIterator[Sequencer]:
    made = log.sequencer(await log.crown())
    yield made
    await made.close()


def one(log: Log, number: int, unit: str, unitseq: int, **data: object) -> Record:
    return record(finding(number, unit, unitseq, origin=log.origin, **data), unit)


async def refusals(log: Log) -> list[tuple[str, str, int, str]]:
    rows = await log.pool.fetch("SELECT id, unit, unitseq, reason FROM audit.refusal ORDER BY seq")
    return [tuple(row) for row in rows]


async def test_events_become_entries_in_order_with_their_traces(log: Log, sequencer: Sequencer) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    first = finding(1, "xa-a00", 1, origin=log.origin)
    await log.publish([record(first, "xa-a00", traceparent=trace), *many(1000, log.origin, 1000)][:1])
    await log.publish(many(1000, log.origin, 0))
    assert await drain(sequencer) == 1001
    row = await log.pool.fetchrow("SELECT * FROM audit.entry WHERE idx = 0")
    assert (str(row["id"]), row["unit"], row["unitseq"], row["bytes"]) == (event_id(1), "xa-a00", 1, first)
    assert row["traceparent"] == trace
    # number 1 of the many has the id of the first, under another unit: a conflict, and its unit's next one waits
    assert [r[3] for r in await refusals(log)] == ["conflict"]
    assert await log.pool.fetchval("SELECT array_agg(unitseq) FROM audit.held WHERE unit = 'xa-001'") == [2]
    await log.check(999)


async def test_batches_across_tile_borders(log: Log, sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sequencer, "limit", 191)
    await log.publish(many(1400, log.origin))
    assert await drain(sequencer) == 1400
    await log.check(1400)


async def test_a_second_level_tile(log: Log, sequencer: Sequencer) -> None:
    for first in range(0, 66_000, 6000):
        await log.publish(many(6000, log.origin, first))
    assert await drain(sequencer) == 66_000
    await log.check(66_000)


async def test_the_same_records_again_change_nothing(log: Log, sequencer: Sequencer) -> None:
    await log.publish(many(300, log.origin))
    await log.publish(many(300, log.origin))
    assert await drain(sequencer) == 600
    assert await refusals(log) == []
    await log.check(300)


async def test_refusals_are_kept_and_nothing_of_them_enters(log: Log, sequencer: Sequencer) -> None:
    await log.publish([one(log, 1, "xa-a00", 1), one(log, 2, "xa-a00", 2)])
    await log.publish(
        [
            one(log, 1, "xa-a00", 1, count=4),
            one(log, 3, "xa-a00", 2),
            record(finding(4, "xa-b00", 1, origin="example.org/other"), "xa-b00"),
            Record("xa-c00", b'{"id":"nonsense"}', {"a": "\0"}),
            Record("xa-c00", b"\xff\x00", {}),
            one(log, 5, "xa-a00", 3),
        ]
    )
    assert await drain(sequencer) == 8
    assert await refusals(log) == [
        ("", "xa-c00", 0, "malformed"),
        ("", "xa-c00", 0, "malformed"),
        (event_id(1), "xa-a00", 1, "conflict"),
        (event_id(3), "xa-a00", 2, "stale"),
        (event_id(4), "xa-b00", 1, "foreign"),
    ]
    dead = await log.pool.fetch("SELECT stream_offset, bytes, headers, error FROM audit.dead_letter ORDER BY seq")
    assert [(row["stream_offset"], row["bytes"]) for row in dead] == [(5, b'{"id":"nonsense"}'), (6, b"\xff\x00")]
    assert json.loads(dead[0]["headers"]) == {"a": "\0"}
    assert all(row["error"] for row in dead)
    await log.check(3)


async def test_what_comes_too_early_is_held_across_restarts(log: Log, sequencer: Sequencer) -> None:
    await log.publish([one(log, 3, "xa-a00", 3), one(log, 2, "xa-a00", 2)])
    await drain(sequencer)
    await log.check(0)
    assert await log.pool.fetchval("SELECT count(*) FROM audit.held") == 2
    await sequencer.close()
    again = log.sequencer(await log.crown())
    await log.publish([one(log, 1, "xa-a00", 1)])
    await drain(again)
    await again.close()
    assert await log.pool.fetchval("SELECT count(*) FROM audit.held") == 0
    assert [row["unitseq"] for row in await log.pool.fetch("SELECT unitseq FROM audit.entry ORDER BY idx")] == [1, 2, 3]
    await log.check(3)


async def test_a_wiped_stream_begins_anew_and_nothing_doubles(log: Log, sequencer: Sequencer) -> None:
    await log.publish(many(100, log.origin))
    await drain(sequencer)
    await log.admin.execute("TRUNCATE stream.topic, stream.record, stream.consumer")
    await log.publish(many(150, log.origin))
    with pytest.raises(StreamReset):
        await drain(sequencer)
    assert await drain(sequencer) == 150
    await log.check(150)


async def test_twins_share_one_log(log: Log) -> None:
    """Two sequencers that both believe to rule, on one stream: one wins each batch, the other starts over."""
    epoch = await log.crown()
    twins = [log.sequencer(epoch), log.sequencer(epoch)]
    for first in range(0, 2000, 200):
        await log.publish(many(200, log.origin, first))
        outcomes = await asyncio.gather(*(twin.step(0) for twin in twins), return_exceptions=True)
        assert all(isinstance(o, int | PositionMoved | Fenced) for o in outcomes), outcomes
    for twin in twins:
        await _insist(twin)
        await twin.close()
    await log.check(2000)


async def test_a_paused_twin_can_never_append(log: Log) -> None:
    """The first holder sleeps at its commit while another takes over; it wakes to find itself fenced."""
    paused = log.sequencer(await log.crown("one"))
    await log.publish(many(10, log.origin))
    await drain(paused)
    following = log.sequencer(await log.crown("two"))
    await log.publish(many(10, log.origin, 10))
    with pytest.raises(Fenced):
        await paused.step(0)
    await log.check(10)
    await drain(following)
    with pytest.raises(Fenced):
        await paused.step(0)
    await paused.close()
    await following.close()
    await log.check(20)


async def _insist(sequencer: Sequencer) -> None:
    while True:
        try:
            await drain(sequencer)
        except PositionMoved:
            continue
        return
