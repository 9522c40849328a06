"""The verified feed: what the stream brings, what it loses, what it makes up, and a log that lies."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from services.kernel.feed import entries as module
from services.kernel.feed.client import find_keys
from services.kernel.feed.entries import CHUNK, Covered, EntryFeed, LogDiffers, Refusal
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Signer
from services.kernel.process.settings import Settings
from services.kernel.streams import Record, Stream
from tests.integration.stream_transports import Embedded, Transport, embedded, insist
from tests.support.tinylog import TOKEN, TinyLog, serving


@pytest.fixture
def settings(stream_settings: Settings) -> Settings:
    return stream_settings


@pytest_asyncio.fixture
async def log() -> AsyncIterator[TinyLog]:
    async with serving(TinyLog()) as log:
        yield log


@pytest_asyncio.fixture
async def plain(settings: Settings) -> AsyncIterator[Embedded]:
    async with embedded(settings) as transport:
        yield transport


@pytest.fixture
def topic(plain: Embedded) -> str:
    return plain.settings.topic("audit.entries")


@pytest_asyncio.fixture
async def audit(plain: Embedded) -> AsyncIterator[Stream]:
    stream = plain.open("audit")
    yield stream
    await stream.stop()


@asynccontextmanager
async def feeding(transport: Transport, log: TinyLog, *, after: int = 0) -> AsyncIterator[EntryFeed]:
    """A feed that has already dealt with the first `after` entries."""
    stream = transport.open("reports")
    feed = EntryFeed(
        stream, transport.settings.topic("audit.entries"), "reports",
        audit_url=log.url, read_token=TOKEN, keys=lambda: [log.signer.verifier],
    )  # fmt: skip
    tree = CompactRange()
    tree.extend(map(leaf_hash, log.entries[:after]))
    await feed.start(tree)
    try:
        yield feed
    finally:
        await feed.close()
        await stream.stop()


async def settled(feed: EntryFeed) -> None:
    """Let the feed ask the log at its start, so that later questions are the test's."""
    assert await feed.next(0.3) is None


async def covered(feed: EntryFeed, patience: float = 60) -> Covered:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = await feed.next(0.5)
        if isinstance(found, Covered):
            return found
        assert found is None
    raise AssertionError("nothing was covered in time")


def agrees(found: Covered, log: TinyLog, first: int, end: int) -> None:
    tree = CompactRange()
    tree.extend(map(leaf_hash, log.entries[:end]))
    assert (found.first, found.entries) == (first, log.entries[first:end])
    assert len(found.traces) == end - first
    assert (found.checkpoint.size, found.checkpoint.root) == (end, tree.root())
    assert (found.range.size, found.range.hashes) == (end, tree.hashes)


async def test_entries_come_with_the_checkpoint_that_covers_them(
    transport: Transport, log: TinyLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SILENCE", 3600.0)  # it is told, and need not ask
    topic = transport.settings.topic("audit.entries")
    audit = transport.open("audit")
    async with feeding(transport, log) as feed:
        assert await feed.next(1.5) is None
        log.grow(3)
        await audit.publish(topic, log.records(0, 3))
        assert await feed.next(0.5) is None, "nothing is handed on before it is signed"
        await audit.publish(topic, [log.signed()])
        found = await covered(feed)
        agrees(found, log, 0, 3)
        assert found.traces == ["trace-0", "trace-1", "trace-2"]
        log.grow(300)
        # more entries than are signed: the rest waits for its own checkpoint
        signed = log.signed()
        log.grow(5)
        await audit.publish(topic, [*log.records(3, 308), signed])
        agrees(await covered(feed), log, 3, 303)
        await audit.publish(topic, [log.signed(), log.signed()])
        agrees(await covered(feed), log, 303, 308)
        assert await feed.next(0.3) is None
        assert log.asked["entries"] == 0
    await audit.stop()


async def test_what_was_dealt_with_before_is_skipped(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    log.grow(20)
    async with feeding(plain, log, after=20) as feed:
        await settled(feed)
        log.grow(4)
        await audit.publish(topic, [*log.records(0, 24), *log.records(10, 22), log.signed()])
        agrees(await covered(feed), log, 20, 24)
        assert log.asked["entries"] == 0


async def test_a_gap_is_filled_from_the_log(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(1000)
        await audit.publish(topic, [*log.records(0, 300), *log.records(310, 1000), log.signed()])
        found = await covered(feed)
        agrees(found, log, 0, 1000)
        assert found.traces[299] == "trace-299"
        assert found.traces[300] is None
        assert 0 < log.asked["entries"] <= 3


async def test_lost_records_are_noticed_by_the_repeated_checkpoint(
    plain: Embedded, audit: Stream, topic: str, log: TinyLog
) -> None:
    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(7)  # neither the entries nor their checkpoint arrive
        assert await feed.next(0.5) is None
        await audit.publish(topic, [log.signed()])
        agrees(await covered(feed), log, 0, 7)


async def test_silence_is_broken_by_asking(plain: Embedded, log: TinyLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENCE", 1.0)
    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(7)
        agrees(await covered(feed), log, 0, 7)


async def test_readers_converge_while_the_stream_is_down(transport: Transport, log: TinyLog) -> None:
    topic = transport.settings.topic("audit.entries")
    async with feeding(transport, log) as feed:
        assert await feed.next(1.5) is None
        await transport.away()
        for end in (5, 600):
            log.grow(end - len(log.entries))
            found = await covered(feed)
            agrees(found, log, end - len(found.entries), end)
        await transport.back()
        log.grow(10)
        audit = transport.open("audit")
        await insist(lambda: audit.publish(topic, [*log.records(600, 610), log.signed()]))
        agrees(await covered(feed), log, 600, 610)
        await audit.stop()


async def test_readers_go_on_after_the_stream_was_wiped(transport: Transport, log: TinyLog) -> None:
    topic = transport.settings.topic("audit.entries")
    audit = transport.open("audit")
    log.grow(5)
    await audit.publish(topic, [*log.records(0, 5), log.signed()])
    async with feeding(transport, log) as feed:
        agrees(await covered(feed), log, 0, 5)
        await transport.wipe()
        log.grow(5)
        await insist(lambda: audit.publish(topic, [*log.records(7, 10), log.signed()]))
        agrees(await covered(feed), log, 5, 10)
    await audit.stop()


async def test_a_stream_that_lies_is_passed_by(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(50)
        records = log.records(0, 50)
        records[30] = Record("u", b'{"n":"forged"}', records[30].headers)
        await audit.publish(topic, [*records, log.signed()])
        agrees(await covered(feed), log, 0, 50)
        log.grow(2)
        await audit.publish(topic, [*log.records(50, 52), log.signed()])
        agrees(await covered(feed), log, 50, 52)


async def test_nonsense_on_the_stream_is_passed_over(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    other = Signer.generate(log.signer.name)
    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(2)
        nonsense = [
            Record("-", b"", {}),
            Record("-", b"", {"kind": "entry"}),
            Record("-", b"", {"kind": "entry", "index": "x"}),
            Record("-", b"", {"kind": "entry", "index": "99999"}),
            Record("-", b"\xff", {"kind": "checkpoint"}),
            Record("-", log.note(signer=other).encode(), {"kind": "checkpoint"}),
            Record("-", log.note(signer=Signer.generate("another/log")).encode(), {"kind": "checkpoint"}),
            Record("-", b"[]", {"kind": "refusal"}),
            Record("-", b"{", {"kind": "refusal"}),
            Record("-", b"", {"kind": "surprise"}),
        ]
        await audit.publish(topic, [*nonsense, *log.records(0, 2), *nonsense])
        assert await feed.next(0.5) is None
        await audit.publish(topic, [log.signed()])
        agrees(await covered(feed), log, 0, 2)


async def test_a_log_that_does_not_match_its_signature_is_an_alarm(
    plain: Embedded, audit: Stream, topic: str, log: TinyLog
) -> None:
    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(300)
        log.lies[7] = b"forged"
        await audit.publish(topic, [log.signed()])
        for _ in range(2):
            with pytest.raises(LogDiffers):
                while True:
                    assert await feed.next(1) is None
        log.lies.clear()
        agrees(await covered(feed), log, 0, 300)


async def test_two_roots_for_one_size_are_an_alarm(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    log.grow(9)
    async with feeding(plain, log, after=9) as feed:
        await settled(feed)
        await audit.publish(topic, [Record("-", log.note(root=bytes(32)).encode(), {"kind": "checkpoint"})])
        with pytest.raises(LogDiffers):
            while True:
                assert await feed.next(1) is None
        log.grow(1)
        await audit.publish(topic, [*log.records(9, 10), log.signed()])
        agrees(await covered(feed), log, 9, 10)


async def test_a_log_that_is_away_is_waited_for(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    log.away = True
    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(600)
        await audit.publish(topic, [*log.records(0, 100), log.signed()])
        assert await feed.next(1.2) is None
        log.away = False
        log.partial = False
        log.grow(200)  # the partial bundle that covered 600 has given way to the full one
        agrees(await covered(feed), log, 0, 600)


async def test_refusals_are_handed_on(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    def refusal(**told: object) -> Record:
        return Record("u", json.dumps(told).encode(), {"kind": "refusal"})

    async with feeding(plain, log) as feed:
        await settled(feed)
        log.grow(2)
        stale = refusal(id="e1", unit="u", unitseq=4, reason="stale", sha256="00")
        malformed = refusal(id="e2", unit=None, unitseq=None, reason="malformed", sha256="00")
        await audit.publish(topic, [*log.records(0, 1), stale, *log.records(1, 2), malformed, log.signed()])
        assert await feed.next(2) == Refusal("e1", "u", 4, "stale")
        assert await feed.next(2) == Refusal("e2", "-", 0, "malformed")
        agrees(await covered(feed), log, 0, 2)


async def test_a_long_backlog_comes_in_proven_chunks(plain: Embedded, log: TinyLog) -> None:
    size = 3 * CHUNK + 5000
    log.grow(size)
    async with feeding(plain, log, after=100) as feed:
        at = 100
        while at < size:
            found = await covered(feed)
            assert len(found.entries) <= CHUNK
            agrees(found, log, at, found.checkpoint.size)
            at = found.checkpoint.size
        assert log.asked["entries"] < size / 256 + 10


async def test_a_lie_in_the_middle_of_a_backlog_is_found_before_it_is_handed_on(plain: Embedded, log: TinyLog) -> None:
    log.grow(3 * CHUNK)
    log.lies[CHUNK + 77] = b"forged"
    async with feeding(plain, log) as feed:
        agrees(await covered(feed), log, 0, CHUNK)
        with pytest.raises(LogDiffers):
            await feed.next(5)


async def test_a_feed_begins_near_where_it_was(plain: Embedded, audit: Stream, topic: str, log: TinyLog) -> None:
    log.grow(40)
    await audit.publish(topic, [*log.records(0, 40), log.signed()])
    async with feeding(plain, log) as feed:
        at = 0
        while at < 40:
            at = (await covered(feed)).checkpoint.size
        for _ in range(2):
            assert await feed.next(0.3) is None  # each says that what came before was dealt with
    assert await plain.count(topic) == 0, "the only consumer has passed everything"
    log.grow(2)
    await audit.publish(topic, [*log.records(40, 42), log.signed()])
    asked = log.asked["entries"]
    async with feeding(plain, log, after=40) as feed:
        agrees(await covered(feed), log, 40, 42)
    assert log.asked["entries"] - asked <= 1


async def test_the_key_comes_from_the_folder_or_once_from_the_log(settings: Settings, log: TinyLog) -> None:
    log.away = True
    looking = asyncio.create_task(find_keys(settings.folder, log.url))
    await asyncio.sleep(0.5)
    assert not looking.done()
    log.away = False
    assert (await asyncio.wait_for(looking, 60))() == [log.signer.verifier]
    assert settings.folder.vkey() == log.signer.vkey
    asked = log.asked["vkey"]
    log.signer = Signer.generate("kycuong.test/log")  # an impostor at the same address is not believed
    assert log.signer.verifier not in (await find_keys(settings.folder, log.url))()
    assert log.asked["vkey"] == asked
