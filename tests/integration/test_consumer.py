"""The consumer loop: exactly-once effects with a twin, poison, transient trouble, a lost answer, a wiped stream."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from services.kernel.consumer import Consumer, Fenced, Poison, Positions
from services.kernel.db import Connection, Pool, open_pool, transaction
from services.kernel.settings import Settings
from services.kernel.streams import Delivered, Position, Record, Stream
from tests.integration.stream_transports import Transport, insist
from tests.support.proxy import proxied

TABLES = """
DROP SCHEMA IF EXISTS follow CASCADE;
CREATE SCHEMA follow;
CREATE TABLE follow.stream_position (
    topic text PRIMARY KEY, incarnation text NOT NULL, next_offset bigint NOT NULL CHECK (next_offset >= 0));
CREATE TABLE follow.dead_letter (
    topic text NOT NULL, incarnation text NOT NULL, record_offset bigint NOT NULL, key text NOT NULL,
    value bytea NOT NULL, headers text NOT NULL, error text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, incarnation, record_offset));
CREATE TABLE follow.effect (place bigint GENERATED ALWAYS AS IDENTITY, value text NOT NULL, by text NOT NULL);
GRANT USAGE ON SCHEMA follow TO kycuong_audit_app;
GRANT SELECT, INSERT, UPDATE ON follow.stream_position TO kycuong_audit_app;
GRANT SELECT, INSERT ON follow.dead_letter, follow.effect TO kycuong_audit_app;
"""
Process = Callable[[Connection, list[Delivered]], Awaitable[None]]


@pytest.fixture
def settings(stream_settings: Settings) -> Settings:
    return stream_settings


@pytest_asyncio.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    admin = await asyncpg.connect(settings.database_url)
    await admin.execute(TABLES)
    await admin.close()
    pool = await open_pool(settings.dsn("audit_app"), name="test")
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def intake(transport: Transport) -> AsyncIterator[Stream]:
    stream = transport.open("intake")
    yield stream
    await stream.stop()


def effect(by: str = "one") -> Process:
    """Writes each record down: not idempotent, so a second effect would be seen."""

    async def process(connection: Connection, batch: list[Delivered]) -> None:
        rows = [(one.record.value.decode(), by) for one in batch]
        await connection.executemany("INSERT INTO follow.effect (value, by) VALUES ($1, $2)", rows)

    return process


@asynccontextmanager
async def consuming(transport: Transport, pool: Pool, process: Process, limit: int = 7) -> AsyncIterator[Stream]:
    stream, stop = transport.open("audit"), asyncio.Event()
    consumer = Consumer(pool, stream, transport.topic, name="follower", schema="follow", process=process, limit=limit)
    running = asyncio.create_task(consumer.run(stop))
    try:
        yield stream
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)
        await stream.stop()


async def effects(pool: Pool, count: int, patience: float = 30.0) -> list[str]:
    """The effects in their order, once so many are there and no more come."""
    deadline = time.monotonic() + patience
    while await pool.fetchval("SELECT count(*) FROM follow.effect") < count and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    return [row["value"] for row in await pool.fetch("SELECT value FROM follow.effect ORDER BY place")]


async def publish(stream: Stream, topic: str, first: int, end: int) -> None:
    records = [Record("u", f"{n}".encode(), {}) for n in range(first, end)]
    await insist(lambda: stream.publish(topic, records))


def numbers(first: int, end: int) -> list[str]:
    return [str(n) for n in range(first, end)]


async def test_two_consumers_fence_each_other_and_every_effect_happens_once(
    transport: Transport, intake: Stream, pool: Pool
) -> None:
    async with consuming(transport, pool, effect("one")), consuming(transport, pool, effect("two")):
        for first in range(0, 600, 30):
            await publish(intake, transport.topic, first, first + 30)
        assert await effects(pool, 600) == numbers(0, 600)
    moved = await pool.fetchrow("SELECT * FROM follow.stream_position")
    assert moved["next_offset"] == 600


async def test_a_position_moves_only_from_what_is_stored(pool: Pool) -> None:
    positions = Positions("follow")
    at = [Position("a", n) for n in range(4)]

    async def move(stored: Position | None, moved: Position) -> None:
        async with transaction(pool) as connection:
            await positions.move(connection, "t", stored, moved)

    assert await positions.load(pool, "t") is None
    with pytest.raises(Fenced):
        await move(at[0], at[1])
    await move(None, at[1])
    for stale in (None, at[0], at[2], Position("b", 1)):
        with pytest.raises(Fenced):
            await move(stale, at[3])
    await move(at[1], Position("b", 2))
    assert await positions.load(pool, "t") == Position("b", 2)
    with pytest.raises(ValueError, match="not a schema"):
        Positions("follow; drop")


async def test_poison_goes_aside_raw_with_its_error_and_the_rest_takes_effect(
    transport: Transport, intake: Stream, pool: Pool
) -> None:
    write = effect()

    async def process(connection: Connection, batch: list[Delivered]) -> None:
        for one in batch:
            if b"\xff" in one.record.value:
                raise Poison(one.offset, "not UTF-8")
        await write(connection, batch)

    bad = [Record("đơn-vị", b"\xff\x00" + bytes([n]), {"traceparent": "t"}) for n in range(2)]
    await publish(intake, transport.topic, 0, 3)
    await intake.publish(transport.topic, bad)
    await publish(intake, transport.topic, 3, 6)
    async with consuming(transport, pool, process, limit=100):
        assert await effects(pool, 6) == numbers(0, 6)
    rows = await pool.fetch("SELECT * FROM follow.dead_letter ORDER BY record_offset")
    assert [(row["record_offset"], row["key"], row["value"], row["headers"], row["error"]) for row in rows] == [
        (3 + n, "đơn-vị", record.value, '{"traceparent": "t"}', "not UTF-8") for n, record in enumerate(bad)
    ]
    assert await pool.fetchval("SELECT next_offset FROM follow.stream_position") == 8


@pytest.mark.parametrize("trouble", [OSError("away"), asyncpg.DeadlockDetectedError("again"), TimeoutError()])
async def test_transient_trouble_moves_nothing_and_is_tried_again(
    transport: Transport, intake: Stream, pool: Pool, trouble: Exception
) -> None:
    write, left = effect(), [3]

    async def process(connection: Connection, batch: list[Delivered]) -> None:
        await write(connection, batch)
        left[0] -= 1
        if left[0] >= 0:
            raise trouble

    await publish(intake, transport.topic, 0, 5)
    async with consuming(transport, pool, process):
        assert await effects(pool, 5) == numbers(0, 5)
    assert left[0] < 0
    assert await pool.fetchval("SELECT count(*) FROM follow.dead_letter") == 0


async def test_an_unknown_error_ends_the_loop_and_moves_nothing(
    transport: Transport, intake: Stream, pool: Pool
) -> None:
    async def process(connection: Connection, batch: list[Delivered]) -> None:
        raise KeyError("a bug")

    await publish(intake, transport.topic, 0, 1)
    stream = transport.open("audit")
    consumer = Consumer(pool, stream, transport.topic, name="follower", schema="follow", process=process)
    with pytest.raises(KeyError):
        await asyncio.wait_for(consumer.run(asyncio.Event()), 20)
    await stream.stop()
    assert await pool.fetchval("SELECT count(*) FROM follow.stream_position") == 0


async def test_a_commit_whose_answer_was_lost_has_its_effect_once(
    transport: Transport, intake: Stream, pool: Pool, settings: Settings
) -> None:
    """The database's connections are cut again and again while batches commit: failed, or failed but stored."""
    async with proxied(settings.database_url) as (proxy, url):
        shaky = await open_pool(settings.model_copy(update={"database_url": url}).dsn("audit_app"), name="shaky")
        async with consuming(transport, shaky, effect(), limit=3):
            for first in range(0, 300, 20):
                await publish(intake, transport.topic, first, first + 20)
                proxy.cut()
                await asyncio.sleep(0.01)
                proxy.heal()
                await asyncio.sleep(0.02 * (first % 7))
            assert await effects(pool, 300) == numbers(0, 300)
        shaky.terminate()


async def test_a_wiped_stream_is_consumed_from_its_new_start(transport: Transport, intake: Stream, pool: Pool) -> None:
    async with consuming(transport, pool, effect()):
        await publish(intake, transport.topic, 0, 20)
        assert await effects(pool, 20) == numbers(0, 20)
        before = await pool.fetchrow("SELECT * FROM follow.stream_position")
        await transport.wipe()
        await publish(intake, transport.topic, 20, 30)
        assert await effects(pool, 30) == numbers(0, 30)
    after = await pool.fetchrow("SELECT * FROM follow.stream_position")
    assert (before["next_offset"], after["next_offset"]) == (20, 10)
    assert before["incarnation"] != after["incarnation"]
