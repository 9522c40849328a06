"""Leading and publishing: one ruler, nothing lost on audit.entries that a reader could not notice."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from services.audit import leader as leader_module
from services.audit import publisher as publisher_module
from services.audit.leader import Leader
from services.kernel.log.note import Checkpoint
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.kernel.streams import Record
from tests.support.events import event_id, finding, many, record
from tests.support.log import Log, drain, open_log
from tests.support.proxy import proxied

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest_asyncio.fixture
async def log(settings: Settings) -> AsyncIterator[Log]:
    async with open_log(settings) as log:
        yield log


@asynccontextmanager
async def leading(leader: Leader) -> AsyncIterator[Leader]:
    task = asyncio.create_task(leader.run())
    try:
        yield leader
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], patience: float = 60) -> None:
    """Wait until a condition (perhaps awaited) holds."""
    async with asyncio.timeout(patience):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.05)


async def signed(log: Log, size: int) -> bool:
    return bool(await log.pool.fetchval("SELECT max(size) FROM audit.checkpoint") == size)


def kinds(records: list[Record]) -> list[str]:
    return [record.headers["kind"] for record in records]


async def test_entries_then_the_checkpoint_that_covers_them(log: Log) -> None:
    raw = finding(900, "xa-900", 1, origin=log.origin)
    async with leading(log.leader()):
        await until(lambda: signed(log, 0))
        await log.publish([record(raw, "xa-900", traceparent=TRACE, tracestate="a=1")])
        await log.publish(many(9, log.origin))
        await until(lambda: signed(log, 10))
        await until(lambda: told(log, 12))
    records = await log.told()
    assert kinds(records) == ["checkpoint", *["entry"] * 10, "checkpoint"]
    assert [r.headers["index"] for r in records[1:11]] == [str(i) for i in range(10)]
    assert records[1] == Record(
        "xa-900", raw, {"kind": "entry", "index": "0", "traceparent": TRACE, "tracestate": "a=1"}
    )
    sizes = [Checkpoint.open(records[i].value.decode(), log.signer.verifier).size for i in (0, 11)]
    assert sizes == [0, 10]
    await log.check(10)


async def told(log: Log, count: int) -> bool:
    return len(await log.told()) >= count


async def test_the_current_checkpoint_comes_again_and_at_every_start(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "REPEAT", 0.3)
    await log.publish(many(3, log.origin))
    async with leading(log.leader()):
        await until(lambda: signed(log, 3))
        await until(lambda: told(log, 8))
    monkeypatch.setattr(publisher_module, "REPEAT", 60.0)
    before = await log.told()
    assert kinds(before).count("entry") == 3
    async with leading(log.leader("two")):
        await until(lambda: told(log, len(before) + 1))
    assert kinds((await log.told())[len(before) :]) == ["checkpoint"]
    await log.check(3)


async def test_a_wiped_stream_gets_the_current_checkpoint_and_what_comes(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was on it is lost, and not sent again: readers see the checkpoint, and fetch the gap as bundles."""
    monkeypatch.setattr(publisher_module, "REPEAT", 0.3)
    async with leading(log.leader()):
        await log.publish(many(50, log.origin))
        await until(lambda: signed(log, 50))
        await until(lambda: told(log, 51))
        await log.admin.execute("TRUNCATE stream.topic, stream.record, stream.consumer")
        await until(lambda: told(log, 1))
        assert set(kinds(await log.told())) == {"checkpoint"}
        await log.publish(many(60, log.origin))
        await until(lambda: signed(log, 60))
        await until(lambda: all_told(log, 60))
    entries = [r.headers["index"] for r in await log.told() if r.headers["kind"] == "entry"]
    assert entries == [str(i) for i in range(50, 60)]
    await log.check(60)


async def all_told(log: Log, size: int) -> bool:
    return f"\n{size}\n".encode() in b"".join(r.value for r in await log.told())


async def test_refusals_are_told_once_each_time(log: Log) -> None:
    raw = finding(1, "xa-001", 1, origin=log.origin)
    other = finding(1, "xa-001", 1, origin=log.origin, count=9)
    async with leading(log.leader()):
        await log.publish([record(raw, "xa-001"), record(other, "xa-001")])
        await until(lambda: refusals_told(log, 1))
        await log.publish([record(other, "xa-001")])
        await until(lambda: refusals_told(log, 2))
    first = next(r for r in await log.told() if r.headers["kind"] == "refusal")
    assert first.key == "xa-001"
    assert json.loads(first.value) == {
        "id": event_id(1),
        "unit": "xa-001",
        "unitseq": 1,
        "reason": "conflict",
        "sha256": __import__("hashlib").sha256(other).hexdigest(),
    }
    assert len([r for r in await log.told() if r.headers["kind"] == "refusal"]) == 2
    await log.check(1)


async def refusals_told(log: Log, count: int) -> bool:
    return kinds(await log.told()).count("refusal") >= count


async def test_a_publisher_that_died_after_sending_sends_again(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the stream's answer and the note of it: readers skip by index."""
    await log.publish(many(5, log.origin))
    sequencer = log.sequencer(await log.crown())
    await drain(sequencer)
    await sequencer.close()
    await log.sign()

    def die(name: str) -> None:
        if name == "audit.after_publish":
            raise ConnectionResetError(name)

    monkeypatch.setattr(publisher_module, "failpoint", die)
    with pytest.raises(ConnectionResetError):
        await log.publisher().step()
    monkeypatch.undo()
    await log.publisher().step()
    indexes = [r.headers.get("index") for r in await log.told()]
    assert indexes == [*map(str, range(5)), *map(str, range(5)), None]
    await log.check(5)


async def test_one_leads_and_the_other_takes_over_when_the_lease_runs_out(log: Log) -> None:
    assert await log.leader("one").take_lease() == 1
    assert await log.leader("two").take_lease() is None
    assert await log.leader("one").take_lease() == 2, "the same holder need not wait for itself"
    async with leading(log.leader("two")):
        await log.publish(many(10, log.origin))
        await until(lambda: signed(log, 10))
    await log.check(10)


async def test_a_leader_that_loses_the_lease_stands_back_and_nothing_doubles(log: Log) -> None:
    first, second = log.leader("one"), log.leader("two")
    async with leading(first), leading(second):
        for start in range(0, 500, 50):
            await log.publish(many(50, log.origin, start))
            await log.admin.execute("UPDATE audit.lease SET expires_at = '-infinity'")
            await asyncio.sleep(0.1)
        await until(lambda: signed(log, 500))
        assert (first.trouble, second.trouble) == (None, None)
    await log.check(500)


async def test_a_database_that_comes_back_is_led_again(log: Log, settings: Settings) -> None:
    async with proxied(settings.database_url) as (proxy, url):
        pool = await open_pool(settings.model_copy(update={"database_url": url}).dsn("audit_app"), name="faulty")
        async with leading(log.leader("one", pool)) as leader:
            await log.publish(many(10, log.origin))
            await until(lambda: signed(log, 10))
            proxy.cut()
            await log.publish(many(10, log.origin, 10))
            await asyncio.sleep(1)
            proxy.heal()
            await until(lambda: signed(log, 20))
            assert leader.trouble is None
        pool.terminate()
    await log.check(20)


async def test_it_ends_whenever_it_is_asked_to(log: Log) -> None:
    for attempt in range(24):
        task = asyncio.create_task(log.leader().run())
        await log.publish(many(5, log.origin, attempt * 5))
        await asyncio.sleep(0.013 * attempt)
        task.cancel()
        ended, _ = await asyncio.wait({task}, timeout=60)
        assert ended, f"still running after attempt {attempt}"
        assert task.cancelled()
    async with leading(log.leader()):
        await until(lambda: signed(log, 120))
    await log.check(120)


async def test_a_corrupt_log_stands_still_and_says_so(log: Log) -> None:
    async with leading(log.leader()) as leader:
        await log.publish(many(10, log.origin))
        await until(lambda: signed(log, 10))
        async with log.admin.transaction():
            await log.admin.execute("SET LOCAL session_replication_role = replica")
            await log.admin.execute("UPDATE audit.entry SET bytes = 'x' WHERE idx = 9")
        await log.admin.execute("UPDATE audit.lease SET epoch = epoch + 1, expires_at = '-infinity'")
        await until(lambda: leader.trouble is not None)
        assert "corrupt" in (leader.trouble or "")
        await log.publish(many(10, log.origin, 10))
        await asyncio.sleep(0.5)
        assert await log.size() == 10


async def test_what_waits_too_long_is_an_alarm(
    log: Log, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await log.publish([record(finding(2, "xa-002", 2, origin=log.origin), "xa-002")])
    sequencer = log.sequencer(await log.crown())
    await drain(sequencer)
    await sequencer.close()
    await log.admin.execute("UPDATE audit.held SET held_at = now() - interval '61 seconds'")
    alarms: list[int] = []
    monkeypatch.setattr(leader_module.metrics.held_alarms, "add", alarms.append)
    async with leading(log.leader()):
        await until(lambda: alarms == [1])
    assert "1 events wait for an earlier one" in caplog.text
    await log.check(0)


async def test_a_checkpoint_kept_of_another_root_stops_the_log(log: Log) -> None:
    await log.publish(many(10, log.origin))
    sequencer = log.sequencer(await log.crown())
    await drain(sequencer)
    await sequencer.close()
    try:
        await log.admin.execute("INSERT INTO audit.checkpoint (size, root, note) VALUES (10, sha256('x'), 'x')")
    except asyncpg.PostgresError as error:
        raise AssertionError("the test needs a forged checkpoint") from error
    async with leading(log.leader()) as leader:
        await until(lambda: leader.trouble is not None)
    assert "a checkpoint of 10 is kept" in (leader.trouble or "")
