"""One fault at a time while the log sequences, signs or publishes: what it is called, what it leaves, that it goes on.

Each statement is lost twice: on its way to the database (failed), and once the database is done with it, so that only
the answer is missing (failed but persisted). After each the log goes on, and the whole of it is verified.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from services.audit.errors import Fenced, LogCorrupt
from services.audit.leader import FATAL
from services.audit.sequencer import Sequencer
from services.kernel.flow.consumer import AWAY, PositionMoved
from services.kernel.log.note import Checkpoint
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.kernel.streams import Record, StreamDown, open_stream
from tests.support.events import finding, many, record
from tests.support.log import Log, drain, open_log
from tests.support.losses import LosingProxy, losing
from tests.support.proxy import FaultProxy, proxied

UNIT = "xa-zzz"


@dataclass
class Bench:
    """A log whose parts reach database and stream through proxies that can be cut, or lose a statement."""

    log: Log
    faulty: Log
    cuts: list[FaultProxy]
    database: LosingProxy
    stream: LosingProxy
    epoch: int
    sequencer: Sequencer
    patch: pytest.MonkeyPatch

    async def restart(self) -> None:
        """Begin a new reign, as a leader does after a grave error."""
        await self.sequencer.close()
        self.epoch = await self.log.crown()
        self.sequencer = self.faulty.sequencer(self.epoch)


@pytest_asyncio.fixture
async def bench(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(open_log(settings))
        urls, cuts, losses = [], [], []
        for _ in ("database", "stream"):
            lossy, url = await stack.enter_async_context(losing(settings.database_url))
            cut, url = await stack.enter_async_context(proxied(url))
            urls.append(url)
            cuts.append(cut)
            losses.append(lossy)
        pool = await open_pool(settings.model_copy(update={"database_url": urls[0]}).dsn("audit_app"), name="faulty")
        stack.callback(pool.terminate)
        stream = open_stream(settings.model_copy(update={"database_url": urls[1]}), "audit")
        stack.push_async_callback(stream.stop)
        faulty, epoch = replace(log, pool=pool, stream=stream), await log.crown()
        made = Bench(log, faulty, cuts, *losses, epoch, faulty.sequencer(epoch), monkeypatch)
        yield made
        await made.sequencer.close()


Act = Callable[[Bench], Awaitable[object]]


@dataclass(frozen=True)
class Fault:
    """How it breaks and is mended, what the sequencer raises, and whether a person or a new reign must mend it."""

    breaks: Act
    mends: Act
    raises: type[BaseException] | tuple[type[BaseException], ...]
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


async def cut_stream(bench: Bench) -> None:
    bench.cuts[1].cut()


async def cut_all(bench: Bench) -> None:
    for cut in bench.cuts:
        cut.cut()


async def heal(bench: Bench) -> None:
    for cut in bench.cuts:
        cut.heal()


async def other_epoch(bench: Bench) -> None:
    await bench.log.crown("two")


TILE = "INSERT INTO audit.tile (level, n, hashes, root) VALUES (0, 1, repeat('x', 8192)::bytea, sha256(''))"
ENTRY = (
    "INSERT INTO audit.entry (idx, id, unit, unitseq, bytes, leaf)"
    " VALUES (300, gen_random_uuid(), 'xa-zzz', 1, '', sha256(''))"
)

FAULTS = {
    "the database is away": Fault(cut_all, heal, AWAY),
    "the stream is away": Fault(cut_stream, heal, StreamDown),
    "the disk is full": failing("53100"),
    "a deadlock": failing("40P01"),
    "a serialization failure": failing("40001"),
    "the statement takes too long": failing("57014"),
    "the server shuts down": failing("57P01"),
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
    assert await log.pool.fetchval("SELECT count(*) FROM audit.entry WHERE unit <> 'xa-zzz'") == 300
    await fault.mends(bench)
    if fault.restart:
        await bench.restart()
    await _insist(bench.sequencer)
    await log.check(600)


SEQUENCING = {
    "the fetch": ("stream", r"FROM stream\.fetch"),
    "the start of the transaction": ("database", r"^BEGIN"),
    "the move of the position": ("database", r"(UPDATE|INSERT INTO) audit\.stream_position"),
    "the look-up of ids": ("database", r"FROM audit\.entry WHERE id = ANY"),
    "what is held": ("database", r'^(COPY|INSERT INTO) "?audit"?\."?held'),
    "what is refused": ("database", r'^(COPY|INSERT INTO) "?audit"?\."?refusal'),
    "the entries": ("database", r'^(COPY|INSERT INTO) "?audit"?\."?entry'),
    "the full tiles": ("database", r"INSERT INTO audit\.tile"),
    "the units' numbers": ("database", r"INSERT INTO audit\.unit_position"),
    "the move of the head": ("database", r"UPDATE audit\.tree_head SET size"),
    "what is unreadable": ("database", r"INSERT INTO audit\.dead_letter"),
    "the commit": ("database", r"^COMMIT"),
}
BOTH = pytest.mark.parametrize("answer", [False, True], ids=["lost", "answer lost"])


def mixed(log: Log) -> list[Record]:
    """A batch that fills a tile, and of which one event is refused, one held, and one no event at all."""
    return [
        record(finding(0, "xa-000", 1, origin=log.origin, count=9), "xa-000"),
        *many(300, log.origin, 300),
        record(finding(5002, UNIT, 2, origin=log.origin), UNIT),
        Record(UNIT, b"{", {}),
    ]


async def aside(log: Log) -> list[int]:
    """How many are held, refused, unreadable."""
    tables = "audit.held", "audit.refusal", "audit.dead_letter"
    return [await log.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


@BOTH
@pytest.mark.parametrize("name", SEQUENCING)
async def test_a_loss_while_sequencing(bench: Bench, name: str, answer: bool) -> None:
    """Only a commit whose answer is lost has stored the batch; it takes effect once each time, without a new reign."""
    log, (where, statement) = bench.log, SEQUENCING[name]
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    await log.publish(mixed(log))
    proxy = bench.stream if where == "stream" else bench.database
    proxy.lose(statement, answer=answer)
    with pytest.raises(StreamDown if where == "stream" else AWAY) as caught:
        await bench.sequencer.step(0)
    assert proxy.came.is_set() and not isinstance(caught.value, FATAL)
    persisted = answer and name == "the commit"
    assert (await log.size(), await aside(log)) == ((600, [1, 2, 1]) if persisted else (300, [0, 0, 0]))
    await _insist(bench.sequencer)
    assert await aside(log) == [1, 2, 1]
    await log.publish([record(finding(5001, UNIT, 1, origin=log.origin), UNIT)])
    await _insist(bench.sequencer)
    assert await aside(log) == [0, 2, 1]
    await log.check(602)


async def _insist(sequencer: Sequencer) -> None:
    """Go on as `run` does."""
    for _ in range(20):
        try:
            await drain(sequencer)
        except (PositionMoved, *AWAY):
            continue
        return
    raise AssertionError("no progress")


Breaks = Callable[[Bench], object]


@dataclass(frozen=True)
class Unsigned:
    """How signing breaks, what it raises, and what guard and database then hold."""

    breaks: Breaks
    raises: type[BaseException] | tuple[type[BaseException], ...]
    guarded: int
    kept: int


def losing_statement(words: str, *, answer: bool = False) -> Breaks:
    return lambda bench: bench.database.lose(words, answer=answer)


def full_disk(bench: Bench) -> None:
    """Whatever is written for the guard goes to a device that is full."""
    opened = os.open

    def full(path: Any, flags: int, *mode: int, **more: Any) -> int:
        guards = Path(path).name.startswith(".checkpoint.")
        return opened("/dev/full", os.O_WRONLY) if guards else opened(path, flags, *mode, **more)

    bench.patch.setattr(os, "open", full)


def failing_fsync(number: int) -> Breaks:
    """The n-th fsync from now on fails, as a dying disk's does."""

    def arm(bench: Bench) -> None:
        left, fsync = [number], os.fsync

        def fail(handle: int) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise OSError(5, "Input/output error")
            fsync(handle)

        bench.patch.setattr(os, "fsync", fail)

    return arm


SIGNING = {
    "the head is not read": Unsigned(losing_statement("FROM audit\\.tree_head"), AWAY, 300, 300),
    "the entries are not read": Unsigned(losing_statement("AS entries\\s+FROM audit\\.entry"), AWAY, 300, 300),
    "the guard finds the disk full": Unsigned(full_disk, OSError, 300, 300),
    "the guard is not synced, and not renamed": Unsigned(failing_fsync(1), OSError, 300, 300),
    "the guard is renamed, its folder not synced": Unsigned(failing_fsync(2), OSError, 400, 300),
    "the checkpoint is lost": Unsigned(losing_statement("INTO audit\\.checkpoint"), AWAY, 400, 300),
    "the checkpoint is kept, the answer lost": Unsigned(
        losing_statement("INTO audit\\.checkpoint", answer=True), AWAY, 400, 400
    ),
}


@pytest.mark.parametrize("name", SIGNING)
async def test_a_fault_while_signing(bench: Bench, name: str) -> None:
    """The guard is never behind what is kept; the next reign signs the same tree, whatever this one left."""
    fault, log = SIGNING[name], bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    signer = await bench.faulty.checkpoint_signer(bench.epoch)
    await log.publish(many(100, log.origin, 300))
    await drain(bench.sequencer)
    fault.breaks(bench)
    with pytest.raises(fault.raises) as caught:
        await signer.step()
    assert not isinstance(caught.value, FATAL)
    assert await guarded_and_kept(log) == (fault.guarded, fault.kept)
    bench.patch.undo()
    await bench.restart()
    await bench.faulty.checkpoint_signer(bench.epoch)
    assert await guarded_and_kept(log) == (400, 400)
    await log.check(400)


async def guarded_and_kept(log: Log) -> tuple[int, int]:
    """The sizes of the guard's checkpoint and of the newest one kept, which are of one tree."""
    guard = log.guard.read()
    kept = await log.pool.fetchrow("SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
    assert guard is not None
    if guard.size == kept["size"]:
        assert Checkpoint.open(kept["note"], log.signer.verifier) == guard
    return guard.size, kept["size"]


PUBLISHING = {
    "the refusals": ("stream", r"stream\.publish", 0),
    "the entries": ("stream", r"stream\.publish", 1),
    "the checkpoint": ("stream", r"stream\.publish", 2),
    "which refusals are to be sent": ("database", r"FROM audit\.refusal", 0),
    "which entries are to be sent": ("database", r"FROM audit\.entry", 0),
    "that the refusals were sent": ("database", r"INTO audit\.published", 0),
    "that the entries were sent": ("database", r"INTO audit\.published", 1),
}


@BOTH
@pytest.mark.parametrize("name", PUBLISHING)
async def test_a_loss_while_publishing(bench: Bench, name: str, answer: bool) -> None:
    """What is not known to have arrived is sent again: who skips known indexes misses nothing and sees no disorder."""
    log, (where, statement, skip) = bench.log, PUBLISHING[name]
    await log.publish([*many(300, log.origin), *mixed(log)])
    await drain(bench.sequencer)
    await log.sign()
    publisher = bench.faulty.publisher()
    proxy = bench.stream if where == "stream" else bench.database
    proxy.lose(statement, answer=answer, skip=skip)
    with pytest.raises(StreamDown if where == "stream" else AWAY):
        await publisher.step()
    assert proxy.came.is_set()
    await publisher.step()
    told = await log.told()
    entries = [(int(one.headers["index"]), one.value) for one in told if one.headers["kind"] == "entry"]
    stored = await log.pool.fetch("SELECT idx, bytes FROM audit.entry ORDER BY idx")
    assert list(dict(entries).items()) == [tuple(row) for row in stored]
    twice = answer if name == "the entries" else name == "that the entries were sent" and not answer
    assert len(entries) == (1200 if twice else 600)
    refused = [one.value for one in told if one.headers["kind"] == "refusal"]
    assert len(set(refused)) == 2
    assert Checkpoint.open(told[-1].value.decode(), log.signer.verifier).size == 600
    await log.check(600)


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


SLEEPING = {
    "at the start of its transaction": r"^BEGIN",
    "before it moves the position": r"(UPDATE|INSERT INTO) audit\.stream_position",
    "before it writes entries": r'^(COPY|INSERT INTO) "?audit"?\."?entry',
    "before it moves the head": r"UPDATE audit\.tree_head SET size",
}


@pytest.mark.parametrize("name", SLEEPING)
async def test_a_sequencer_that_wakes_up_in_another_reign_appends_nothing(bench: Bench, name: str) -> None:
    """Paused in the middle of its work, it holds a batch, perhaps locks too; another takes over, or waits for it."""
    log = bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    await log.publish(many(100, log.origin, 300))
    bench.database.hold(SLEEPING[name])
    asleep = asyncio.create_task(bench.sequencer.step(0))
    await bench.database.came.wait()
    following = log.sequencer(await log.crown("two"))
    taking = asyncio.create_task(drain(following))
    await asyncio.wait([taking], timeout=0.3)
    bench.database.released.set()
    with pytest.raises((Fenced, PositionMoved)):
        await asleep
    assert await taking == 100
    await log.publish(many(100, log.origin, 400))
    for _ in range(2):
        with pytest.raises(Fenced):
            await bench.sequencer.step(0)
    assert await log.size() == 400
    await drain(following)
    await following.close()
    await log.check(500)


async def test_a_sequencer_of_an_earlier_reign_neither_holds_nor_refuses(bench: Bench) -> None:
    """Though nothing of the batch would be appended, and the head would stay."""
    log = bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    await log.crown("two")
    early = record(finding(5002, UNIT, 2, origin=log.origin), UNIT)
    for records in ([early], [Record(UNIT, b"{", {})]):
        await log.publish(records)
        with pytest.raises(Fenced):
            await bench.sequencer.step(0)
    assert await aside(log) == [0, 0, 0]
    await log.check(300)


async def test_a_sequencer_paused_at_its_commit_still_rules(bench: Bench) -> None:
    """The head's row is its own until the commit, so whoever would follow waits, and goes on from what it wrote."""
    log = bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    await log.publish(many(100, log.origin, 300))
    bench.database.hold("^COMMIT")
    asleep = asyncio.create_task(bench.sequencer.step(0))
    await bench.database.came.wait()
    crowning = asyncio.create_task(log.crown("two"))
    done, _ = await asyncio.wait([crowning], timeout=0.3)
    assert not done
    bench.database.released.set()
    assert await asleep == 100
    following = log.sequencer(await crowning)
    await log.publish(many(100, log.origin, 400))
    with pytest.raises(Fenced):
        await bench.sequencer.step(0)
    assert await drain(following) == 100
    await following.close()
    await log.check(500)


async def test_two_writers_of_one_epoch_share_each_batch_out(bench: Bench) -> None:
    """One of them sleeps with a batch in its hands that its twin has written since."""
    log = bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    await log.publish(many(100, log.origin, 300))
    bench.database.hold(SLEEPING["before it moves the position"])
    asleep = asyncio.create_task(bench.sequencer.step(0))
    await bench.database.came.wait()
    twin = log.sequencer(bench.epoch)
    assert await drain(twin) == 100
    bench.database.released.set()
    with pytest.raises(PositionMoved):
        await asleep
    await log.publish(many(100, log.origin, 400))
    await _insist(bench.sequencer)
    assert await log.size() == 500
    await log.publish(many(100, log.origin, 500))
    await _insist(twin)
    await twin.close()
    await log.check(600)


SIGNERS_ASLEEP = {
    "before it reads the head": "FROM audit\\.tree_head",
    "before it reads the entries": "AS entries\\s+FROM audit\\.entry",
    "before it keeps the checkpoint": "INTO audit\\.checkpoint",
}


@pytest.mark.parametrize("grown", [0, 100], ids=["same size", "grown"])
@pytest.mark.parametrize("name", SIGNERS_ASLEEP)
async def test_a_signer_that_wakes_up_in_another_reign_keeps_nothing(bench: Bench, name: str, grown: int) -> None:
    """Its successor has signed meanwhile: it is fenced, which is no corruption, and may stand for the lease again."""
    log = bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    signer = await bench.faulty.checkpoint_signer(bench.epoch)
    await log.publish(many(100, log.origin, 300))
    await drain(bench.sequencer)
    bench.database.hold(SIGNERS_ASLEEP[name])
    asleep = asyncio.create_task(signer.step())
    await bench.database.came.wait()
    following = log.sequencer(await log.crown("two"))
    await log.publish(many(grown, log.origin, 400))
    await drain(following)
    await following.close()
    await log.sign()
    bench.database.released.set()
    outcome = (await asyncio.gather(asleep, return_exceptions=True))[0]
    assert isinstance(outcome, Fenced) or (grown == 0 and outcome is True), repr(outcome)
    assert await guarded_and_kept(log) == (400 + grown, 400 + grown)
    with pytest.raises(Fenced):
        await signer.step()
    await log.check(400 + grown)


async def test_what_is_held_is_not_forgotten_when_a_batch_is_placed_twice(bench: Bench) -> None:
    """An id used again is found only by writing it, which undoes the release of what was held, too."""
    log = bench.log
    await log.publish([*many(300, log.origin), record(finding(5002, UNIT, 2, origin=log.origin), UNIT)])
    await drain(bench.sequencer)
    reused = finding(0, "xa-yyy", 1, origin=log.origin)
    await log.publish([record(finding(5001, UNIT, 1, origin=log.origin), UNIT), record(reused, "xa-yyy")])
    await drain(bench.sequencer)
    assert await aside(log) == [0, 1, 0]
    await log.check(302)


async def test_what_waits_behind_a_refused_event_does_not_wait_under_a_known_id(bench: Bench) -> None:
    """Released, it could not be written beside the entry of its id: every batch of its unit would fail for ever."""
    log = bench.log
    await log.publish(many(300, log.origin))
    await drain(bench.sequencer)
    foreign, reused = finding(5001, UNIT, 1, origin="example.org/other"), finding(0, UNIT, 2, origin=log.origin)
    await log.publish([record(foreign, UNIT), record(reused, UNIT)])
    await drain(bench.sequencer)
    assert await aside(log) == [0, 2, 0]
    await log.publish([record(finding(5002, UNIT, 1, origin=log.origin), UNIT)])
    await drain(bench.sequencer)
    await log.check(301)


async def test_a_position_set_back_takes_effect_once_though_it_passes_what_is_unreadable(bench: Bench) -> None:
    """As after a restore of the position alone: entries and dead letters are there, and are recognised."""
    log = bench.log
    await log.publish([*many(300, log.origin), Record(UNIT, b"{", {})])
    # somebody slow, for whose sake the stream keeps its records
    await log.admin.execute("INSERT INTO stream.consumer (topic, consumer) SELECT topic, 'slow' FROM stream.topic")
    await drain(bench.sequencer)
    await log.admin.execute("UPDATE audit.stream_position SET next_offset = 0")
    await bench.restart()
    assert await drain(bench.sequencer) == 301
    assert (await aside(log))[2] == 1
    await log.check(300)
