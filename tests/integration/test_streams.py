"""The conformance suite of the stream port, run against both adapters on their real servers."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from services.kernel.process.settings import Settings
from services.kernel.streams import Delivered, Position, Reader, Record, Stream, StreamDown, StreamReset, open_stream
from tests.integration.stream_transports import (
    PATIENCE,
    Embedded,
    Transport,
    embedded,
    insist,
    on_kafka,
)
from tests.support.kafka import KafkaBroker


@pytest.fixture
def settings(stream_settings: Settings) -> Settings:
    return stream_settings


_FOR_EVER = 60  # seconds: what would wait for ever is given up


@pytest_asyncio.fixture
async def intake(transport: Transport) -> AsyncIterator[Stream]:
    async for stream in _opened(transport, "intake"):
        yield stream


@pytest_asyncio.fixture
async def audit(transport: Transport) -> AsyncIterator[Stream]:
    async for stream in _opened(transport, "audit"):
        yield stream


async def _opened(transport: Transport, name: str) -> AsyncIterator[Stream]:
    stream = transport.open(name)
    await stream.start()
    yield stream
    async with asyncio.timeout(_FOR_EVER):
        await stream.stop()


def record(n: int, who: str = "a") -> Record:
    return Record(
        f"đơn-vị-{n % 7}", f"{who}:{n}".encode() + bytes(range(256)), {"traceparent": f"00-{n:032x}-{1:016x}-01"}
    )


def names(batch: list[Delivered]) -> list[str]:
    return [one.record.value[:-256].decode() for one in batch]


async def read(reader: Reader, count: int, limit: int = 1000) -> list[Delivered]:
    """Exactly `count` records, or what came within the patience."""
    found: list[Delivered] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < count and time.monotonic() < deadline:
        found += await reader.fetch(min(limit, count - len(found)), 0.5)
    return found


async def test_records_come_in_order_without_gaps_and_verbatim(
    transport: Transport, intake: Stream, audit: Stream
) -> None:
    reader = await audit.reader(transport.topic, "sequencer")
    start = await reader.seek(None)
    for first in (0, 1, 301):
        await intake.publish(transport.topic, [record(n) for n in range(first, {0: 1, 1: 301, 301: 302}[first])])
    await intake.publish(transport.topic, [Record("-", b"", {})])
    found = await read(reader, 303, limit=100)
    assert start.offset == 0
    assert [one.offset for one in found] == list(range(303))
    assert [one.record for one in found] == [*(record(n) for n in range(302)), Record("-", b"", {})]
    assert await reader.fetch(10, 0) == []


async def test_publishers_side_by_side_keep_each_their_order(
    transport: Transport, intake: Stream, audit: Stream
) -> None:
    other = transport.open("intake")

    async def publish(stream: Stream, who: str) -> None:
        for first in range(0, 200, 10):
            await stream.publish(transport.topic, [record(n, who) for n in range(first, first + 10)])

    await asyncio.gather(publish(intake, "a"), publish(other, "b"), publish(intake, "c"))
    await other.stop()
    reader = await audit.reader(transport.topic, "sequencer")
    await reader.seek(None)
    found = await read(reader, 600)
    assert [one.offset for one in found] == list(range(600))
    for who in "abc":
        assert [name for name in names(found) if name.startswith(who)] == [f"{who}:{n}" for n in range(200)]


async def test_what_was_not_stored_is_delivered_again_and_all_of_it_from_zero(
    transport: Transport, intake: Stream, audit: Stream
) -> None:
    await intake.publish(transport.topic, [record(n) for n in range(50)])
    reader = await audit.reader(transport.topic, "sequencer")
    start = await reader.seek(None)
    first = await read(reader, 30)
    stored = Position(start.incarnation, 20)
    assert await reader.seek(stored) == stored
    assert await read(reader, 30) == [*first[20:], *(await _tail(audit, transport.topic, start, 30))]
    again = await audit.reader(transport.topic, "sequencer")
    assert await again.seek(Position(start.incarnation, 0)) == start
    assert names(await read(again, 50)) == [f"a:{n}" for n in range(50)]
    # two readers of one topic do not take records from each other
    assert await again.seek(Position(start.incarnation, 50)) == Position(start.incarnation, 50)
    assert await again.fetch(10, 0.1) == []


async def _tail(stream: Stream, topic: str, start: Position, offset: int) -> list[Delivered]:
    reader = await stream.reader(topic, "another")
    await reader.seek(Position(start.incarnation, offset))
    return await read(reader, 20)


async def test_a_waiting_reader_wakes_at_once_and_an_idle_one_after_its_wait(
    transport: Transport, intake: Stream, audit: Stream
) -> None:
    reader = await audit.reader(transport.topic, "sequencer")
    await reader.seek(None)
    await intake.publish(transport.topic, [record(0)])
    await read(reader, 1)
    for n in range(1, 5):
        waiting = asyncio.create_task(reader.fetch(10, 10 * _FOR_EVER))
        await asyncio.sleep(0.05)
        await intake.publish(transport.topic, [record(n)])
        async with asyncio.timeout(_FOR_EVER):
            assert names(await waiting) == [f"a:{n}"]
    async with asyncio.timeout(_FOR_EVER):
        assert await reader.fetch(10, 0.4) == []


async def test_a_fetch_that_is_cancelled_loses_nothing(transport: Transport, intake: Stream, audit: Stream) -> None:
    reader = await audit.reader(transport.topic, "sequencer")
    await reader.seek(None)
    found: list[Delivered] = []
    publishing = asyncio.create_task(_publish_slowly(intake, transport.topic, 60))
    while len(found) < 60:
        try:
            found += await asyncio.wait_for(insist(lambda: reader.fetch(7, 5)), 0.013)
        except TimeoutError:
            await asyncio.sleep(0)
        if len(found) < 60 and publishing.done():
            found += await insist(lambda: reader.fetch(7, 5))
    assert [one.offset for one in found] == list(range(60))
    await publishing


async def _publish_slowly(stream: Stream, topic: str, count: int) -> None:
    for n in range(count):
        await stream.publish(topic, [record(n)])
        await asyncio.sleep(0.005)


async def test_a_server_that_is_away_is_said_and_waited_out(
    transport: Transport, intake: Stream, audit: Stream
) -> None:
    reader = await audit.reader(transport.topic, "sequencer")
    await reader.seek(None)
    await intake.publish(transport.topic, [record(0)])
    assert names(await read(reader, 1)) == ["a:0"]
    await transport.away()
    late = transport.open("intake")
    async with asyncio.timeout(_FOR_EVER):  # a service starts also while the stream is down
        await late.start()
    for step in (
        lambda: intake.publish(transport.topic, [record(99)]),
        lambda: reader.fetch(10, 0.2),
        lambda: late.publish(transport.topic, [record(98)]),
        lambda: reader.seek(None),
    ):
        with pytest.raises(StreamDown):
            await asyncio.wait_for(step(), 60)
    await transport.back()
    await insist(lambda: late.publish(transport.topic, [record(1)]))
    await insist(lambda: intake.publish(transport.topic, [record(2)]))
    found: list[Delivered] = []
    while len(found) < 2:
        found += await insist(lambda: reader.fetch(10, 1))
    assert names(found) == ["a:1", "a:2"]
    await late.stop()


async def test_a_server_that_dies_under_load_loses_nothing_acknowledged(
    transport: Transport, intake: Stream, audit: Stream
) -> None:
    acknowledged: list[str] = []
    finished = asyncio.Event()

    async def publish() -> None:
        first = 0
        while not finished.is_set():
            batch = [record(n) for n in range(first, first + 20)]
            await insist(lambda batch=batch: intake.publish(transport.topic, batch))  # type: ignore[misc]
            acknowledged.extend(f"a:{n}" for n in range(first, first + 20))
            first += 20

    publishing = asyncio.create_task(publish())
    await asyncio.sleep(0.5)
    for _ in range(1 if isinstance(transport, Embedded) is False else 4):
        await transport.away()
        await asyncio.sleep(0.3)
        await transport.back()
        before = len(acknowledged)
        while len(acknowledged) < before + 200:
            await asyncio.sleep(0.05)
    finished.set()
    await publishing
    reader = await audit.reader(transport.topic, "sequencer")
    await insist(lambda: reader.seek(None))
    found: list[Delivered] = []
    async with asyncio.timeout(60):
        while not set(acknowledged) <= set(names(found)):  # a second without any may be a slow server's
            found += await insist(lambda: reader.fetch(1000, 1))
    while more := await insist(lambda: reader.fetch(1000, 1)):
        found += more
    assert [one.offset for one in found] == list(range(len(found)))
    # a batch that was sent twice may stand there twice; by first appearance everything is there, in order
    assert list(dict.fromkeys(names(found))) == acknowledged


async def test_a_wiped_server_is_a_new_incarnation(transport: Transport, intake: Stream, audit: Stream) -> None:
    reader = await audit.reader(transport.topic, "sequencer")
    start = await reader.seek(None)
    await intake.publish(transport.topic, [record(n) for n in range(30)])
    await read(reader, 30)
    stored = Position(start.incarnation, 30)
    await transport.wipe()
    # filled again beyond the old position before the reader looks: offsets alone would not tell
    await insist(lambda: intake.publish(transport.topic, [record(n, "b") for n in range(40)]))
    with pytest.raises(StreamReset):
        while True:
            assert await insist(lambda: reader.fetch(10, 0.5)) == []
    with pytest.raises(StreamReset):
        await reader.fetch(10, 0.1)
    for one in (reader, await audit.reader(transport.topic, "sequencer")):
        position = await insist(lambda one=one: one.seek(stored))  # type: ignore[misc]
        assert position.incarnation != start.incarnation
        assert position.offset == 0
        assert names(await read(one, 40)) == [f"b:{n}" for n in range(40)]


async def test_a_reader_of_a_server_wiped_while_idle_is_told(
    transport: Transport, intake: Stream, audit: Stream
) -> None:
    reader = await audit.reader(transport.topic, "sequencer")
    await reader.seek(None)
    await intake.publish(transport.topic, [record(0)])
    await read(reader, 1)
    await transport.wipe()
    async with asyncio.timeout(_FOR_EVER):
        with pytest.raises(StreamReset):
            while True:
                assert await insist(lambda: reader.fetch(10, 5)) == []


async def test_trimmed_records_are_passed_over(transport: Transport, intake: Stream, audit: Stream) -> None:
    await intake.publish(transport.topic, [record(n) for n in range(20)])
    reader = await audit.reader(transport.topic, "sequencer")
    start = await reader.seek(None)
    await transport.trim(before=12)
    assert await reader.seek(start) == Position(start.incarnation, 12)
    assert names(await read(reader, 8)) == [f"a:{n}" for n in range(12, 20)]
    await intake.publish(transport.topic, [record(n) for n in range(20, 40)])
    await transport.trim(before=30)  # below a reader that has not come so far
    found = await read(reader, 10)
    assert [one.offset for one in found] in (list(range(30, 40)), list(range(20, 30)))  # the second: read before


async def test_a_hint_comes_back_and_is_no_truth(transport: Transport, intake: Stream, audit: Stream) -> None:
    reader = await audit.reader(transport.topic, "sequencer")
    assert await reader.hinted() is None
    start = await reader.seek(None)
    await intake.publish(transport.topic, [record(n) for n in range(5)])
    await read(reader, 3)
    assert reader.lag == 2
    deadline = time.monotonic() + PATIENCE
    while await reader.hinted() != Position(start.incarnation, 3):
        assert time.monotonic() < deadline
        await reader.hint(Position(start.incarnation, 3))
        await asyncio.sleep(0.2)
    assert names(await read(reader, 2)) == ["a:3", "a:4"]
    assert reader.lag == 0


async def test_ten_thousand_records_come_whole(transport: Transport, intake: Stream, audit: Stream) -> None:
    batch = [Record("xa-tan-hoa", bytes(600), {"traceparent": "00-1-1-01"})] * 500
    reader = await audit.reader(transport.topic, "sequencer")
    await reader.seek(None)
    for _ in range(20):
        await intake.publish(transport.topic, batch)
    read_back = await read(reader, 10_000)
    assert len(read_back) == 10_000 and {one.record.value for one in read_back} == {bytes(600)}


# ---- of the embedded stream alone


async def test_kafka_delivers_what_is_no_text_and_what_is_behind_it(settings: Settings, kafka: KafkaBroker) -> None:
    async with on_kafka(settings, kafka) as transport:
        stream = transport.open("audit")
        reader = await stream.reader(transport.topic, "test")
        await insist(lambda: reader.seek(None))
        producer = AIOKafkaProducer(bootstrap_servers=kafka.address)
        await producer.start()
        await producer.send_and_wait(transport.topic, b"v", b"\xff\0", headers=[("h", b"\xfe"), ("none", None)])
        await producer.send_and_wait(transport.topic, None, b"no value")
        await producer.send_and_wait(transport.topic, b"no key")
        await producer.stop()
        found = await read(reader, 3)
        await stream.stop()
    assert [one.record for one in found] == [
        Record("\ufffd\0", b"v", {"h": "\ufffd", "none": ""}),
        Record("no value", b"", {}),
        Record("", b"no key", {}),
    ]


async def test_embedded_is_trimmed_once_every_known_consumer_has_passed(settings: Settings) -> None:
    topic = f"t{uuid4().hex}.audit.entries"
    audit = open_stream(settings, "audit")
    await audit.publish(topic, [record(n) for n in range(10)])
    readers = {}
    for name in ("intake", "reports"):
        stream = open_stream(settings, name)
        readers[name] = (stream, await stream.reader(topic, name))
        start = await readers[name][1].seek(None)
    slow = await readers["reports"][0].reader(topic, "reports")
    await slow.seek(None)
    await passed(readers["intake"][1], Position(start.incarnation, 10))
    assert (await readers["reports"][1].seek(None)).offset == 0, "reports has not passed"
    await passed(readers["reports"][1], Position(start.incarnation, 4))
    assert (await readers["intake"][1].seek(None)).offset == 4
    assert [one.offset for one in await slow.fetch(3, 0)] == [4, 5, 6], "what is left of what it asked for"
    for stream, _ in readers.values():
        await stream.stop()
    await audit.stop()


async def test_embedded_keeps_what_nobody_is_known_to_have_passed(settings: Settings) -> None:
    topic = f"t{uuid4().hex}.audit.entries"
    audit, reports = open_stream(settings, "audit"), open_stream(settings, "reports")
    await audit.publish(topic, [record(n) for n in range(10)])
    reader = await reports.reader(topic, "reports")
    start = await reader.seek(None)
    admin = await asyncpg.connect(settings.database_url)
    await admin.execute("DELETE FROM stream.consumer")
    await admin.close()
    await reader.hint(Position(start.incarnation, 10))
    await reader.hinted()
    assert len(await reader.fetch(20, 0)) == 10
    for stream in (audit, reports):
        await stream.stop()


async def passed(reader: Reader, position: Position) -> None:
    await reader.hint(position)
    assert await reader.hinted() == position


async def test_embedded_gives_each_service_the_least(settings: Settings) -> None:
    granted = {
        ("intake", "publish", "discipline.events"),
        ("intake", "read", "audit.entries"),
        ("audit", "publish", "audit.entries"),
        ("audit", "read", "discipline.events"),
        ("reports", "read", "audit.entries"),
    }
    found = set()
    for role in ("intake", "audit", "reports"):
        stream = open_stream(settings, role)
        for topic in ("discipline.events", "audit.entries", "discipline.events.x"):
            for deed in ("publish", "read"):
                if await _may(stream, role, deed, f"an-son.{topic}"):
                    found.add((role, deed, topic))
        await stream.stop()
    assert found == granted


async def _may(stream: Stream, role: str, deed: str, topic: str) -> bool:
    reader = await stream.reader(topic, role)
    try:
        await (reader.seek(None) if deed == "read" else stream.publish(topic, [record(0)]))
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def test_embedded_tables_are_closed_to_the_services(settings: Settings) -> None:
    for role in ("intake", "audit", "reports"):
        connection = await asyncpg.connect(settings.dsn(f"{role}_app"))
        for table in ("topic", "record", "consumer", "access"):
            for statement in (f"SELECT FROM stream.{table}", f"DELETE FROM stream.{table}", f"TRUNCATE stream.{table}"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        await connection.close()


async def test_embedded_notices_a_network_that_swallows_everything(settings: Settings) -> None:
    async with embedded(settings) as transport:
        stream = transport.open("intake")
        await stream.publish(transport.topic, [record(0)])
        transport._proxy.stall()
        async with asyncio.timeout(_FOR_EVER):
            with pytest.raises(StreamDown):
                await stream.publish(transport.topic, [record(1)])
        transport._proxy.heal()
        await insist(lambda: stream.publish(transport.topic, [record(2)]))
        await stream.stop()


async def test_embedded_that_lost_its_tail_begins_a_new_incarnation(settings: Settings) -> None:
    async with embedded(settings) as transport:
        intake, audit = transport.open("intake"), transport.open("audit")
        await intake.publish(transport.topic, [record(n) for n in range(10)])
        reader = await audit.reader(transport.topic, "sequencer")
        start = await reader.seek(None)
        await read(reader, 10)
        await transport.execute(
            'DELETE FROM stream.record WHERE "offset" >= 6; UPDATE stream.topic SET next_offset = 6'
        )
        with pytest.raises(StreamReset):
            await reader.fetch(10, 2)
        moved = await reader.seek(Position(start.incarnation, 10))
        assert (moved.incarnation, moved.offset) == (f"{start.incarnation}~1", 0)
        assert names(await read(reader, 6)) == [f"a:{n}" for n in range(6)]
        assert await reader.seek(Position(moved.incarnation, 6)) == Position(moved.incarnation, 6)
        await intake.stop()
        await audit.stop()
