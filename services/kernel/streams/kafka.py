"""The stream on Apache Kafka (aiokafka): idempotent producer, reader by assign and seek, positions are the caller's."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord

from services.kernel.streams.kafka_cluster import DOWN, PATIENCE, Cluster
from services.kernel.streams.port import Delivered, Position, Record, StreamDown, StreamReset, is_of, resume
from services.kernel.streams.state import watched

SEND_PATIENCE = 8.0  # seconds for one publish; aiokafka itself would wait for ever
CHECK = 1.0  # seconds; an idle reader asks that often whether the topic is still the same
HINT_EVERY = 1.0  # seconds
_BATCH_BYTES = 512 * 1024
_LONG_POLL = 200  # milliseconds; a seek waits for the poll that is under way
_FETCH_BYTES = 4 * 1024 * 1024
_FAREWELL = 0.5  # seconds for each thing that is closed
log = logging.getLogger(__name__)
# the client writes a line each time it tries again, hundreds a second while a broker is away; what matters of it
# reaches the caller as StreamDown, with the reason
logging.getLogger("aiokafka").addHandler(logging.NullHandler())
logging.getLogger("aiokafka").propagate = False


class KafkaReader:
    """One consumer of one topic. No group assigns anything: fencing is the position's compare-and-set."""

    def __init__(
        self,
        brokers: str,
        cluster: Cluster,
        topic: str,
        consumer: str,
        *,
        on_close: Callable[["KafkaReader"], None],
    ) -> None:
        self._brokers, self._cluster, self._on_close = brokers, cluster, on_close
        self._topic, self._name = topic, consumer
        self._partition = TopicPartition(topic, 0)
        self._consumer: AIOKafkaConsumer | None = None
        self._position: Position | None = None
        self._hinting: asyncio.Task[None] | None = None
        self._hinted_at = -HINT_EVERY
        self._late_hint: Position | None = None

    async def seek(self, stored: Position | None) -> Position:
        """Find the topic's identity and bounds, and go to `stored` or to the start."""
        async with self._guard():
            identity = await self._cluster.identity(self._topic)
            consumer = await self._open()
            low = (await consumer.beginning_offsets([self._partition]))[self._partition]
            end = (await consumer.end_offsets([self._partition]))[self._partition]
            position = resume(identity, low, end, stored)
            # nothing is awaited between the two: an assigned partition without a position would look for one itself
            if not consumer.assignment():
                consumer.assign([self._partition])
            consumer.seek(self._partition, position.offset)
        self._position = position
        return position

    async def fetch(self, limit: int, wait: float) -> list[Delivered]:
        """Next records, after asking that the topic is still the one they are numbered in."""
        deadline = time.monotonic() + wait
        while True:
            with watched(self._name):
                position, consumer = await self._ready()
                left = deadline - time.monotonic()
                found = await self._next(consumer, position, limit, max(0.0, min(left, CHECK)))
            if found or left <= 0:
                return found

    async def _ready(self) -> tuple[Position, AIOKafkaConsumer]:
        """Where reading goes on, connecting again after a failure; StreamReset when that place is gone."""
        position = self._position
        if position is None:
            raise StreamReset
        if self._consumer is None and (await self.seek(position)).incarnation != position.incarnation:
            self._lost()
        if self._consumer is None or self._position is None:
            raise StreamDown("the reader was closed")
        return self._position, self._consumer

    def _lost(self) -> None:
        self._position = None
        raise StreamReset

    async def _next(self, consumer: AIOKafkaConsumer, position: Position, limit: int, wait: float) -> list[Delivered]:
        try:
            async with self._guard():
                found = await consumer.getmany(self._partition, timeout_ms=int(wait * 1000), max_records=limit)
                # asked after reading: had the topic been made anew in between, the answer would say so
                identity = await self._cluster.identity(self._topic)
        except OffsetOutOfRangeError:
            await self._go_on(position)
            return []
        except asyncio.CancelledError:
            consumer.seek(self._partition, position.offset)
            raise
        if not is_of(position.incarnation, identity):
            self._lost()
        records = found.get(self._partition, [])
        if records:
            self._position = Position(position.incarnation, records[-1].offset + 1)
        return [_delivered(record) for record in records]

    async def _go_on(self, position: Position) -> None:
        """Records were trimmed below us: pass over them; or the topic is shorter than it was: StreamReset."""
        if (await self.seek(position)).incarnation != position.incarnation:
            self._lost()

    @property
    def lag(self) -> int:
        if self._consumer is None or self._position is None or not self._consumer.assignment():
            return 0
        return max(0, (self._consumer.highwater(self._partition) or 0) - self._position.offset)

    async def hint(self, position: Position) -> None:
        """Commit the offset to the group, at most once a second and beside the reading."""
        self._late_hint = position
        busy = self._hinting is not None and not self._hinting.done()
        if not busy and time.monotonic() - self._hinted_at >= HINT_EVERY:
            self._hinting = asyncio.create_task(self._write_hint())

    async def _write_hint(self) -> None:
        hint, self._late_hint = self._late_hint, None
        self._hinted_at = time.monotonic()
        if hint is None:
            return
        try:
            await self._cluster.note(self._topic, self._name, hint)
        except StreamDown as error:
            log.info("hint of %s not written: %s", self._name, error)

    async def hinted(self) -> Position | None:
        """The consumer's last committed offset."""
        try:
            return await self._cluster.noted(self._topic, self._name)
        except StreamDown as error:
            log.info("hint of %s not read: %s", self._name, error)
            return None

    async def close(self) -> None:
        """Write the last hint and disconnect."""
        self._on_close(self)
        with contextlib.suppress(*DOWN, StreamDown):
            async with asyncio.timeout(_FAREWELL):
                if self._hinting is not None:
                    await self._hinting
                await self._write_hint()
        await self._drop()

    @asynccontextmanager
    async def _guard(self) -> AsyncIterator[None]:
        """Bounds a step in time; its failure drops the consumer and is raised as StreamDown."""
        try:
            async with asyncio.timeout(PATIENCE + CHECK):
                yield
        except OffsetOutOfRangeError:
            raise
        except StreamDown:
            await self._drop()
            raise
        except DOWN as error:
            await self._drop()
            raise StreamDown(f"Kafka {self._brokers}: {type(error).__name__}: {error}") from error

    async def _open(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._brokers,
                client_id=f"kycuong-{self._name}",
                enable_auto_commit=False,
                auto_offset_reset="none",  # a place that is gone is for resume() to judge, never for the client
                isolation_level="read_committed",
                max_partition_fetch_bytes=_FETCH_BYTES,
                fetch_max_wait_ms=_LONG_POLL,
                request_timeout_ms=int(PATIENCE * 1000),
            )
            self._consumer = consumer
            await consumer.start()
        return self._consumer

    async def _drop(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await _end(consumer.stop, consumer._client.close)  # noqa: SLF001


class KafkaStream:
    """The stream as one service uses it: one producer, a control connection, its readers."""

    def __init__(self, brokers: str, name: str) -> None:
        self._brokers, self._name = brokers, name
        self._cluster = Cluster(brokers, name)
        self._producer: AIOKafkaProducer | None = None
        self._identities: dict[str, str] = {}
        self._turn = asyncio.Lock()
        self._readers: set[KafkaReader] = set()

    async def start(self) -> None:
        """Nothing to do: connections open with their first use, so a broker that is down delays no start."""

    async def stop(self) -> None:
        """Disconnect."""
        await asyncio.gather(self._abandon(), *(reader.close() for reader in list(self._readers)))
        await self._cluster.close()

    async def reader(self, topic: str, consumer: str) -> KafkaReader:
        """A reader with a connection of its own."""
        reader = KafkaReader(self._brokers, self._cluster, topic, consumer, on_close=self._readers.discard)
        self._readers.add(reader)
        return reader

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Send in order and wait for every acknowledgement; after any error the producer is made anew."""
        if not records:
            return
        with watched(self._name):
            async with self._turn:
                await self._publish(topic, records)

    async def _publish(self, topic: str, records: Sequence[Record]) -> None:
        try:
            async with asyncio.timeout(SEND_PATIENCE):
                await self._send(topic, records)
        except (asyncio.CancelledError, StreamDown):
            await self._abandon()
            raise
        except Exception as error:
            # an idempotent producer that failed once may refuse for ever (OutOfOrderSequenceNumber), and one that
            # waits might deliver after the caller has sent again: end it, whatever the error was
            await self._abandon()
            raise StreamDown(f"Kafka {self._brokers}: {type(error).__name__}: {error}") from error

    async def _send(self, topic: str, records: Sequence[Record]) -> None:
        producer = await self._ready(topic)
        waiting: list[asyncio.Future[object]] = []
        batch = producer.create_batch()
        for record in records:
            if batch.append(timestamp=None, **_encoded(record)) is None:
                waiting.append(await producer.send_batch(batch, topic, partition=0))
                batch = producer.create_batch()
                batch.append(timestamp=None, **_encoded(record))
        if batch.record_count():
            waiting.append(await producer.send_batch(batch, topic, partition=0))
        await asyncio.gather(*waiting)

    async def _ready(self, topic: str) -> AIOKafkaProducer:
        """The producer; made anew when the topic was, for it would wait for partitions that are gone."""
        # a question of a millisecond, which a broker that is away fails at once, where a send would wait
        identity = await self._cluster.identity(topic)
        if self._identities.setdefault(topic, identity) != identity:
            await self._abandon()
        if self._producer is None:
            self._identities = {topic: identity}
            producer = AIOKafkaProducer(
                bootstrap_servers=self._brokers,
                client_id=f"kycuong-{self._name}",
                enable_idempotence=True,
                acks="all",
                max_batch_size=_BATCH_BYTES,
                request_timeout_ms=int(PATIENCE * 1000),
            )
            self._producer = producer
            await producer.start()
        return self._producer

    async def _abandon(self) -> None:
        """End the producer with what it still holds: the caller sends that again."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # stop() waits for batches that a dead broker never takes, and has no other way to give them up (aiokafka #1101)
        producer._message_accumulator.fail_all(KafkaConnectionError("abandoned"))  # noqa: SLF001
        await _end(producer.stop, producer.client.close)


async def _end(*closings: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Stop a producer or consumer, then its connections, half a second each at most.

    Each in a task of its own: aiokafka awaits tasks that it has cancelled, and that would look like our cancellation.
    """
    for close in closings:
        task = asyncio.create_task(close())
        await asyncio.wait({task}, timeout=_FAREWELL)
        if not task.done():
            task.cancel()
        elif not task.cancelled() and (error := task.exception()) is not None:
            log.debug("closing a Kafka client: %r", error)


def _encoded(record: Record) -> dict[str, object]:
    headers = [(name, value.encode()) for name, value in record.headers.items()]
    return {"key": record.key.encode(), "value": record.value, "headers": headers}


def _delivered(record: "ConsumerRecord[bytes, bytes]") -> Delivered:
    # whoever may write to the topic may write nonsense: what is no text must not keep the records behind it from us
    headers = {name: _text(value) for name, value in record.headers}
    return Delivered(record.offset, Record(_text(record.key), record.value or b"", headers))


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")
