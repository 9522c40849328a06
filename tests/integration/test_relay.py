"""The outbox relay on real databases and streams: order, receipts that are lost, a twin, barriers, depth."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from services.kernel.flow.relay import SESSION, Relay
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool, open_pool
from services.kernel.streams import Reader, Stream, StreamReset
from services.kernel.streams.embedded import QUERIES
from tests.integration.stream_transports import Transport, embedded, insist

ROW = """INSERT INTO intake.outbox (event_id, unit, unitseq, bytes, traceparent, tracestate, barrier, accepted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now()) RETURNING id"""


@pytest.fixture
def settings(stream_settings: Settings) -> Settings:
    return stream_settings


@pytest_asyncio.fixture
async def outbox(settings: Settings) -> AsyncIterator[Pool]:
    """Intake's database, not behind the stream's proxy: only the stream fails here."""
    pool = await open_pool(settings.dsn("intake_app"), name="test", size=6)
    await pool.execute("DELETE FROM intake.outbox")
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def plain(settings: Settings) -> AsyncIterator[Transport]:
    async with embedded(settings) as transport:
        yield transport


async def accept(where: Pool | asyncpg.Connection, name: str, unit: str = "u", *, barrier: bool = False) -> int:
    """What intake does: one row."""
    row_id: int = await where.fetchval(ROW, uuid4(), unit, 1, name.encode(), None, None, barrier)
    return row_id


@asynccontextmanager
async def relaying(settings: Settings, transport: Transport, resend_after: float = 30.0) -> AsyncIterator[Relay]:
    stream, stop = transport.open("intake"), asyncio.Event()
    relay = Relay(stream, transport.topic, dsn=settings.dsn("intake_app"), resend_after=resend_after)
    running = asyncio.create_task(relay.run(stop))
    try:
        yield relay
    finally:
        stop.set()
        await asyncio.wait_for(running, 60)
        await stream.stop()


@asynccontextmanager
async def reading(transport: Transport) -> AsyncIterator["Log"]:
    stream = transport.open("audit")
    try:
        yield Log(stream, await stream.reader(transport.topic, "sequencer"))
    finally:
        await stream.stop()


class Log:
    """What arrived, as a sequencer sees it."""

    def __init__(self, stream: Stream, reader: Reader) -> None:
        self._reader = reader
        self._placed = False
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []

    async def _fetch(self, wait: float) -> None:
        if not self._placed:
            await self._reader.seek(None)
            self._placed = True
        try:
            batch = await self._reader.fetch(1000, wait)
        except StreamReset:
            self._placed = False
            return
        self.seen += [one.record.value.decode() for one in batch]
        self.headers += [one.record.headers for one in batch]

    async def until(self, count: int, patience: float = 60) -> list[str]:
        """Read on until so many have arrived."""
        deadline = time.monotonic() + patience
        while len(self.seen) < count and time.monotonic() < deadline:
            await insist(lambda: self._fetch(0.1))
        assert len(self.seen) >= count, self.seen[-5:]
        return self.seen

    async def during(self, seconds: float) -> list[str]:
        """What arrives in this time."""
        before, deadline = len(self.seen), time.monotonic() + seconds
        while time.monotonic() < deadline:
            await insist(lambda: self._fetch(0.1))
        return self.seen[before:]


async def receipts(outbox: Pool, *names: str) -> None:
    await outbox.execute("DELETE FROM intake.outbox WHERE bytes = ANY($1::bytea[])", [name.encode() for name in names])


async def test_rows_go_once_in_id_order_verbatim_and_stay(outbox: Pool, settings: Settings, plain: Transport) -> None:
    names = [f"n{n}" for n in range(1203)]
    await outbox.executemany(
        ROW, [(uuid4(), f"u{n % 5}", n, name.encode(), "tp", "ts", False) for n, name in enumerate(names)]
    )
    async with reading(plain) as log, relaying(settings, plain) as relay:
        assert await log.until(1203) == names
        await accept(outbox, "one more")
        relay.wake()
        await log.until(1204)
        assert await log.during(0.6) == []
    assert log.headers[0] == {"traceparent": "tp", "tracestate": "ts"}
    assert log.headers[-1] == {}
    assert await outbox.fetchval("SELECT count(*) FROM intake.outbox") == 1204


async def test_a_lost_receipt_is_made_up_by_sending_again(
    outbox: Pool, settings: Settings, transport: Transport
) -> None:
    async with reading(transport) as log, relaying(settings, transport, resend_after=1.0):
        for name in "abc":
            await accept(outbox, name)
        assert await log.until(3) == ["a", "b", "c"]
        await receipts(outbox, "b")  # those of a and c were lost
        assert (await log.until(5))[3:] == ["a", "c"]
        await receipts(outbox, "a", "c")
        assert await log.during(2.5) == []


async def test_what_a_wiped_stream_lost_is_sent_again(outbox: Pool, settings: Settings, transport: Transport) -> None:
    async with reading(transport) as log, relaying(settings, transport, resend_after=1.0):
        for n in range(20):
            await accept(outbox, f"n{n}")
        await log.until(20)
        await receipts(outbox, *(f"n{n}" for n in range(0, 20, 2)))
        log.seen.clear()
        await transport.wipe()
        await accept(outbox, "after")
        lost = [f"n{n}" for n in range(1, 20, 2)]
        await log.until(11)
        assert [name for name in dict.fromkeys(log.seen) if name != "after"] == lost


async def test_rows_wait_for_a_stream_that_is_away(outbox: Pool, settings: Settings, transport: Transport) -> None:
    async with reading(transport) as log, relaying(settings, transport):
        await accept(outbox, "before")
        await log.until(1)
        await transport.away()
        for n in range(50):
            await accept(outbox, f"n{n}")
        await asyncio.sleep(0.5)
        await transport.back()
        await log.until(51)
        assert list(dict.fromkeys(log.seen)) == ["before", *(f"n{n}" for n in range(50))]


async def test_back_off_grows_while_no_receipt_comes(outbox: Pool, settings: Settings, plain: Transport) -> None:
    async with reading(plain) as log, relaying(settings, plain, resend_after=0.4):
        await accept(outbox, "a")
        arrived = []
        for count in range(1, 5):
            await log.until(count)
            arrived.append(time.monotonic())
        gaps = [after - before for before, after in pairwise(arrived)]
        assert gaps[0] >= 0.3
        assert gaps[1] >= 0.7
        assert gaps[2] >= 1.4


async def test_one_relay_is_active_and_the_other_takes_over(outbox: Pool, settings: Settings, plain: Transport) -> None:
    async with reading(plain) as log, relaying(settings, plain), relaying(settings, plain):
        for n in range(30):
            await accept(outbox, f"n{n}")
        await log.until(30)
        assert await log.during(1.5) == [], "two active relays would have sent everything twice"
        admin = await asyncpg.connect(settings.database_url)
        killed = await admin.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND datname = current_database() AND granted"
        )
        assert killed == 1
        await admin.close()
        await accept(outbox, "later")
        deadline = time.monotonic() + 60
        while "later" not in log.seen:
            assert time.monotonic() < deadline
            await log.during(0.2)
        # whoever leads now did not know what was sent: at worst a second copy, in order
        assert list(dict.fromkeys(log.seen)) == [*(f"n{n}" for n in range(30)), "later"]


async def test_a_barrier_goes_only_when_every_older_row_is_gone(
    outbox: Pool, settings: Settings, plain: Transport
) -> None:
    async with reading(plain) as log, relaying(settings, plain):
        await accept(outbox, "decision")
        await accept(outbox, "close the quarter", "-", barrier=True)
        await accept(outbox, "same unit", "-")
        await accept(outbox, "other unit", "v")
        assert await log.until(2) == ["decision", "other unit"]
        assert await log.during(1.5) == []
        await receipts(outbox, "decision")
        assert (await log.until(4))[2:] == ["close the quarter", "same unit"]


async def test_a_refused_row_is_not_resent_and_holds_a_barrier(
    outbox: Pool, settings: Settings, plain: Transport
) -> None:
    async with reading(plain) as log, relaying(settings, plain, resend_after=0.5):
        await accept(outbox, "refused")
        await log.until(1)
        await outbox.execute("UPDATE intake.outbox SET refused = 'stale'")
        await accept(outbox, "close the quarter", "-", barrier=True)
        assert await log.during(2) == []
        await outbox.execute("DELETE FROM intake.outbox WHERE refused IS NOT NULL")
        await log.until(2)


async def test_a_row_that_commits_after_a_higher_one_is_sent(
    outbox: Pool, settings: Settings, plain: Transport
) -> None:
    async with reading(plain) as log, relaying(settings, plain), outbox.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        lower = await accept(slow, "lower")
        assert await accept(outbox, "higher") > lower
        assert await log.until(1) == ["higher"]
        await asyncio.sleep(0.3)
        await transaction.commit()
        assert await log.until(2) == ["higher", "lower"]


async def test_a_deep_outbox_is_sent_in_order_and_looked_through_by_its_index(
    outbox: Pool, settings: Settings, plain: Transport
) -> None:
    await outbox.execute(
        """INSERT INTO intake.outbox (event_id, unit, unitseq, bytes, accepted_at)
           SELECT gen_random_uuid(), 'u' || n % 500, n, convert_to(n::text, 'UTF8'), now()
           FROM generate_series(1, 100000) AS n"""
    )
    session = await asyncpg.connect(settings.dsn("intake_app"), server_settings=SESSION)
    for query, arguments in ((QUERIES.outbox_after, ("50000", "500")), (QUERIES.outbox_oldest, ("50000",))):
        for place, argument in enumerate(arguments, 1):
            query = query.replace(f"${place}", argument)
        plan = json.loads(await session.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}"))[0]
        assert plan["Plan"]["Plans"][0]["Node Type"] == "Index Scan", plan
    await session.close()
    async with relaying(settings, plain), reading(plain) as log:
        await log.until(50_000)
        assert log.seen == [str(n) for n in range(1, len(log.seen) + 1)]
        # no receipt comes, so no more is sent than may be in flight
        await log.during(1.0)
        assert 50_000 <= len(log.seen) <= 50_500
        await outbox.execute("DELETE FROM intake.outbox WHERE unitseq <= 50000")
        await log.until(100_000)


@pytest.mark.parametrize("moment", ["idle", "busy"])
async def test_the_relay_outlives_its_database(outbox: Pool, settings: Settings, plain: Transport, moment: str) -> None:
    async with reading(plain) as log, relaying(settings, plain):
        await accept(outbox, "a")
        await log.until(1)
        if moment == "busy":
            await outbox.executemany(ROW, [(uuid4(), "u", n, b"b", None, None, False) for n in range(2000)])
        admin = await asyncpg.connect(settings.database_url)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'kycuong_intake_app'"
        )
        await admin.close()
        await outbox.expire_connections()
        await insist_row(outbox, "c")
        deadline = time.monotonic() + 60
        while "c" not in log.seen:
            assert time.monotonic() < deadline
            await log.during(0.2)


async def insist_row(outbox: Pool, name: str) -> None:
    for _ in range(20):
        try:
            await accept(outbox, name)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError):
            await asyncio.sleep(0.05)
        else:
            return
