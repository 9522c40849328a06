"""One fault at a time in the middle of sequencing: what it is called, what it leaves, and that the log goes on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio

from services.audit.errors import Fenced, LogCorrupt
from services.audit.leader import FATAL
from services.audit.sequencer import Sequencer
from services.kernel import consumer
from services.kernel.consumer import AWAY, PositionMoved
from services.kernel.db import open_pool
from services.kernel.settings import Settings
from services.kernel.streams import Delivered, StreamDown, open_stream
from tests.support.events import finding, many
from tests.support.log import Log, drain, open_log
from tests.support.proxy import FaultProxy, proxied


@dataclass
class Bench:
    """A log whose sequencer reaches database and stream through proxies that can be cut."""

    log: Log
    database: FaultProxy
    stream: FaultProxy
    sequencer: Sequencer
    restart: Callable[[], Awaitable[None]]
    patch: pytest.MonkeyPatch


@pytest_asyncio.fixture
async def bench(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(open_log(settings))
        database, url = await stack.enter_async_context(proxied(settings.database_url))
        stream_proxy, stream_url = await stack.enter_async_context(proxied(settings.database_url))
        pool = await open_pool(settings.model_copy(update={"database_url": url}).dsn("audit_app"), name="faulty")
        stack.callback(pool.terminate)
        stream = open_stream(settings.model_copy(update={"database_url": stream_url}), "audit")
        stack.push_async_callback(stream.stop)

        async def restart() -> None:
            made.sequencer = log.sequencer(await log.crown(), pool, stream)

        made = Bench(log, database, stream_proxy, log.sequencer(await log.crown(), pool, stream), restart, monkeypatch)
        yield made
        await made.sequencer.close()


Act = Callable[[Bench], Awaitable[object]]


@dataclass(frozen=True)
class Fault:
    """How it breaks and is mended, what the sequencer raises, and whether the batch was stored all the same."""

    breaks: Act
    mends: Act
    raises: type[BaseException] | tuple[type[BaseException], ...]
    persisted: bool = False
    restart: bool = False


async def nothing(bench: Bench) -> None:
    """There is nothing to mend."""


def sql(statement: str) -> Act:
    """As the database's administrator, triggers notwithstanding."""

    async def act(bench: Bench) -> None:
        async with bench.log.admin.transaction():
            await bench.log.admin.execute("SET LOCAL session_replication_role = replica")
            await bench.log.admin.execute(statement)

    return act


def failing(state: str) -> Fault:
    """The database answers the writing of entries with an error of this SQLSTATE."""
    breaks = f"""
        CREATE FUNCTION audit.break_it() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'broken by a test' USING ERRCODE = '{state}'; END $$;
        CREATE TRIGGER broken BEFORE INSERT ON audit.entry EXECUTE FUNCTION audit.break_it();
    """
    return Fault(sql(breaks), sql("DROP FUNCTION audit.break_it CASCADE"), AWAY)


def at(point: str, deed: Callable[[Bench], None]) -> Act:
    """Do something once, when the sequencer passes a failpoint."""

    async def arm(bench: Bench) -> None:
        def hook(name: str) -> None:
            if name == point:
                bench.patch.undo()
                deed(bench)

        bench.patch.setattr(consumer, "failpoint", hook)

    return arm


def cut_database(bench: Bench) -> None:
    bench.database.cut()


def lose_answer(bench: Bench) -> None:
    raise ConnectionResetError("the answer of the commit is lost")


async def cut_stream(bench: Bench) -> None:
    bench.stream.cut()


async def cut_all(bench: Bench) -> None:
    bench.database.cut()
    bench.stream.cut()


async def heal(bench: Bench) -> None:
    bench.database.heal()
    bench.stream.heal()


async def twin_takes_the_batch(bench: Bench) -> None:
    """Between the fetch and the commit, a twin of the same epoch commits the very same records."""
    state = bench.sequencer._state
    assert state is not None
    fetch = state.reader.fetch

    async def slow_fetch(limit: int, wait: float) -> list[Delivered]:
        records = await fetch(limit, wait)
        twin = bench.log.sequencer(await bench.log.pool.fetchval("SELECT epoch FROM audit.tree_head"))
        await drain(twin)
        await twin.close()
        bench.patch.undo()
        return records

    bench.patch.setattr(state.reader, "fetch", slow_fetch)


async def other_epoch(bench: Bench) -> None:
    await bench.log.crown("two")


TILE = "INSERT INTO audit.tile (level, n, hashes, root) VALUES (0, 1, repeat('x', 8192)::bytea, sha256(''))"
ENTRY = (
    "INSERT INTO audit.entry (idx, id, unit, unitseq, bytes, leaf)"
    " VALUES (300, gen_random_uuid(), 'xa-zzz', 1, '', sha256(''))"
)

FAULTS = {
    "the database is away": Fault(cut_all, heal, AWAY),
    "the connection is lost before the commit": Fault(at("consumer.before_commit", cut_database), heal, AWAY),
    "the answer of the commit is lost": Fault(at("consumer.after_commit", lose_answer), nothing, AWAY, persisted=True),
    "the stream is away": Fault(cut_stream, heal, StreamDown),
    "the disk is full": failing("53100"),
    "a deadlock": failing("40P01"),
    "a serialization failure": failing("40001"),
    "the statement takes too long": failing("57014"),
    "the server shuts down": failing("57P01"),
    "a twin takes the batch": Fault(twin_takes_the_batch, nothing, PositionMoved, persisted=True),
    "another epoch rules": Fault(other_epoch, nothing, Fenced, restart=True),
    "the head was moved behind our back": Fault(
        sql("UPDATE audit.tree_head SET size = 299"), sql("UPDATE audit.tree_head SET size = 300"), Fenced, restart=True
    ),
    "a full tile is there with other hashes": Fault(
        sql(TILE), sql("DELETE FROM audit.tile WHERE n = 1"), LogCorrupt, restart=True
    ),
    "an entry is there already": Fault(
        sql(ENTRY), sql("DELETE FROM audit.entry WHERE idx = 300"), asyncpg.UniqueViolationError, restart=True
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault(bench: Bench, name: str) -> None:
    fault, log = FAULTS[name], bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    await log.publish(many(300, log.origin, 300))
    await fault.breaks(bench)
    with pytest.raises(fault.raises) as caught:
        await bench.sequencer.step(0)
    assert isinstance(caught.value, FATAL) == (fault.restart and not isinstance(caught.value, Fenced))
    assert await log.pool.fetchval("SELECT count(*) FROM audit.entry WHERE unit <> 'xa-zzz'") == (
        600 if fault.persisted else 300
    )
    await fault.mends(bench)
    if fault.restart:
        await bench.restart()
    await _insist(bench.sequencer)
    await log.check(600)


async def _insist(sequencer: Sequencer) -> None:
    """Go on as `run` does."""
    for _ in range(20):
        try:
            await drain(sequencer)
        except (PositionMoved, *AWAY):
            continue
        return
    raise AssertionError("no progress")


async def test_a_full_tile_that_is_there_with_the_same_hashes_is_no_fault(bench: Bench) -> None:
    log = bench.log
    await log.publish(many(512, log.origin))
    await drain(bench.sequencer)
    tile = await log.admin.fetchrow("SELECT * FROM audit.tile WHERE n = 1")
    head = await log.admin.fetchrow("SELECT * FROM audit.tree_head")
    assert (tile["level"], head["size"]) == (0, 512)
    await sql("DELETE FROM audit.entry WHERE idx >= 256; DELETE FROM audit.unit_position")(bench)
    await sql("INSERT INTO audit.unit_position SELECT unit, max(unitseq) FROM audit.entry GROUP BY unit")(bench)
    root = tile and (await log.admin.fetchval("SELECT root FROM audit.tile WHERE n = 0"))
    await log.admin.execute("UPDATE audit.tree_head SET size = 256, root = $1, peaks = ARRAY[$1::bytea]", root)
    await bench.restart()
    await log.publish(many(512, log.origin))
    await _insist(bench.sequencer)
    await log.check(512)


async def test_an_unreadable_record_does_not_stop_the_others(bench: Bench) -> None:
    log = bench.log
    broken = finding(900, "xa-900", 1, origin=log.origin)[:-1]
    records = list(many(10, log.origin))
    await log.publish([*records[:5], records[0].__class__("xa-900", broken, {}), *records[5:]])
    await drain(bench.sequencer)
    assert await log.pool.fetchval("SELECT count(*) FROM audit.dead_letter") == 1
    await log.check(10)
