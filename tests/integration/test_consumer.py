"""The consumer loop: exactly-once effects with a twin, poison, transient trouble, a lost answer, a wiped stream."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from services.kernel.flow.consumer import Consumer, DeadLetter, PositionMoved, Positions
from services.kernel.process.settings import Settings
from services.kernel.store.db import Connection, Pool, open_pool, transaction
from services.kernel.streams import Delivered, Position, Record, Stream
from tests.integration.stream_transports import Transport, insist
from tests.support.proxy import proxied

TABLES = """
DROP SCHEMA IF EXISTS follow CASCADE;
CREATE SCHEMA follow;
CREATE TABLE follow.effect (place bigint GENERATED ALWAYS AS IDENTITY, value text NOT NULL, by text NOT NULL);
GRANT USAGE ON SCHEMA follow TO kycuong_audit_app;
GRANT SELECT, INSERT ON follow.effect TO kycuong_audit_app;
"""
Check = Callable[[list[Delivered]], Sequence[DeadLetter]]


class Follower(Consumer[list[Delivered]]):
    """Writes each record down: not idempotent, so a second effect would be seen. `check` may find fault in a batch."""

    limit = 7

    def __init__(self, pool: Pool, stream: Stream, topic: str, check: Check | None = None, by: str = "one") -> None:
        super().__init__(pool, stream, topic, name="audit", schema="audit")
        self._check, self._by = check, by
        self.resumed = self.commits = 0

    async def resume(self, connection: Connection) -> None:
        self.resumed += 1

    async def read(self, records: list[Delivered]) -> list[Delivered]:
        return records

    async def process(self, connection: Connection, batch: list[Delivered]) -> Sequence[DeadLetter]:
        dead = self._check(batch) if self._check else []
        aside = [letter.delivered for letter in dead]
        rows = [(one.record.value.decode(), self._by) for one in batch if one not in aside]
        await connection.executemany("INSERT INTO follow.effect (value, by) VALUES ($1, $2)", rows)
        return dead

    def committed(self) -> None:
        self.commits += 1


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


@asynccontextmanager
async def consuming(
    transport: Transport, pool: Pool, check: Check | None = None, by: str = "one"
) -> AsyncIterator[Follower]:
    stream = transport.open("audit")
    follower = Follower(pool, stream, transport.topic, check, by)
    running = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        running.cancel()
        await asyncio.wait({running}, timeout=60)
        assert running.cancelled(), running
        await stream.stop()


async def position(pool: Pool, topic: str) -> Position:
    stored = await Positions("audit").load(pool, topic)
    assert stored is not None
    return stored


async def effects(pool: Pool, count: int, patience: float = 60) -> list[str]:
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
    async with consuming(transport, pool, by="one"), consuming(transport, pool, by="two"):
        for first in range(0, 600, 30):
            await publish(intake, transport.topic, first, first + 30)
        assert await effects(pool, 600) == numbers(0, 600)
    assert (await position(pool, transport.topic)).offset == 600


async def test_a_position_moves_only_from_what_is_stored(pool: Pool) -> None:
    positions, topic = Positions("audit"), uuid4().hex
    at = [Position("a", n) for n in range(4)]

    async def move(stored: Position | None, moved: Position) -> None:
        async with transaction(pool) as connection:
            await positions.move(connection, topic, stored, moved)

    assert await positions.load(pool, topic) is None
    with pytest.raises(PositionMoved):
        await move(at[0], at[1])
    await move(None, at[1])
    for stale in (None, at[0], at[2], Position("b", 1)):
        with pytest.raises(PositionMoved):
            await move(stale, at[3])
    await move(at[1], Position("b", 2))
    assert await positions.load(pool, topic) == Position("b", 2)
    with pytest.raises(ValueError, match="not a schema"):
        Positions("audit; drop")


async def test_poison_goes_aside_raw_with_its_error_and_the_rest_takes_effect(
    transport: Transport, intake: Stream, pool: Pool
) -> None:
    def check(batch: list[Delivered]) -> list[DeadLetter]:
        return [DeadLetter(one, "not UTF-8") for one in batch if b"\xff" in one.record.value]

    bad = [Record("đơn-vị", b"\xff\x00" + bytes([n]), {"traceparent": "t", "odd": "\0"}) for n in range(2)]
    await publish(intake, transport.topic, 0, 3)
    await intake.publish(transport.topic, bad)
    await publish(intake, transport.topic, 3, 6)
    async with consuming(transport, pool, check):
        assert await effects(pool, 6) == numbers(0, 6)
    rows = await pool.fetch("SELECT * FROM audit.dead_letter WHERE topic = $1 ORDER BY seq", transport.topic)
    stored = await position(pool, transport.topic)
    assert stored.offset == 8
    assert [(row["incarnation"], row["stream_offset"], row["bytes"], row["error"]) for row in rows] == [
        (stored.incarnation, 3 + n, record.value, "not UTF-8") for n, record in enumerate(bad)
    ]
    assert {(row["key"].decode(), row["headers"]) for row in rows} == {("đơn-vị", json.dumps(bad[0].headers))}


@pytest.mark.parametrize("trouble", [OSError("away"), asyncpg.DeadlockDetectedError("again"), TimeoutError()])
async def test_transient_trouble_moves_nothing_and_is_tried_again(
    transport: Transport, intake: Stream, pool: Pool, trouble: Exception
) -> None:
    seen: list[int] = []

    def check(batch: list[Delivered]) -> list[DeadLetter]:
        seen.append(batch[0].offset)
        if len(seen) <= 3:
            raise trouble
        return []

    await publish(intake, transport.topic, 0, 5)
    async with consuming(transport, pool, check) as follower:
        assert await effects(pool, 5) == numbers(0, 5)
    assert seen == [0, 0, 0, 0]
    assert (follower.resumed, follower.commits) == (4, 1)


async def test_an_unknown_error_ends_the_loop_and_moves_nothing(
    transport: Transport, intake: Stream, pool: Pool
) -> None:
    def check(batch: list[Delivered]) -> list[DeadLetter]:
        raise KeyError("a bug")

    await publish(intake, transport.topic, 0, 1)
    stream = transport.open("audit")
    with pytest.raises(KeyError):
        await asyncio.wait_for(Follower(pool, stream, transport.topic, check).run(), 60)
    await stream.stop()
    assert await Positions("audit").load(pool, transport.topic) is None


async def test_the_lag_is_measured(
    transport: Transport, intake: Stream, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []
    monkeypatch.setattr(Follower, "_measure", lambda self, waiting: measured.append(waiting))
    await publish(intake, transport.topic, 0, 20)
    async with consuming(transport, pool):
        await effects(pool, 20)
    # before and after each batch of at most seven; a broker may hand over fewer at once
    assert (max(measured), measured[-1]) == (20, 0)
    assert measured == sorted(measured, reverse=True)


async def test_a_commit_whose_answer_was_lost_has_its_effect_once(
    transport: Transport, intake: Stream, pool: Pool, settings: Settings
) -> None:
    """The database's connections are cut again and again while batches commit: failed, or failed but stored."""
    async with proxied(settings.database_url) as (proxy, url):
        shaky = await open_pool(settings.model_copy(update={"database_url": url}).dsn("audit_app"), name="shaky")
        async with consuming(transport, shaky):
            for first in range(0, 300, 20):
                await publish(intake, transport.topic, first, first + 20)
                proxy.cut()
                await asyncio.sleep(0.01)
                proxy.heal()
                await asyncio.sleep(0.02 * (first % 7))
            assert await effects(pool, 300) == numbers(0, 300)
        shaky.terminate()


async def test_a_wiped_stream_is_consumed_from_its_new_start(transport: Transport, intake: Stream, pool: Pool) -> None:
    async with consuming(transport, pool):
        await publish(intake, transport.topic, 0, 20)
        assert await effects(pool, 20) == numbers(0, 20)
        before = await position(pool, transport.topic)
        await transport.wipe()
        await publish(intake, transport.topic, 20, 30)
        assert await effects(pool, 30) == numbers(0, 30)
    after = await position(pool, transport.topic)
    assert (before.offset, after.offset) == (20, 10)
    assert before.incarnation != after.incarnation
