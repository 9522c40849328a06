"""The transports under one conformance suite, each with its faults: away, back, wiped, trimmed."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from services.kernel.process.settings import Settings
from services.kernel.streams import Stream, StreamDown, open_stream
from tests.support.kafka import KafkaBroker
from tests.support.proxy import FaultProxy, proxied

T = TypeVar("T")
PATIENCE = 20.0


class Transport(ABC):
    """One adapter on its real server."""

    settings: Settings

    @property
    def topic(self) -> str:
        return self.settings.topic("discipline.events")

    def open(self, name: str) -> Stream:
        return open_stream(self.settings, name)

    @abstractmethod
    async def away(self) -> None:
        """The server is gone for the services, suddenly."""

    @abstractmethod
    async def back(self) -> None:
        """It is there again, with what it had."""

    @abstractmethod
    async def wipe(self) -> None:
        """It lost its disk, and is there again, empty."""

    @abstractmethod
    async def trim(self, before: int) -> None:
        """Records below an offset are gone, as old ones go."""


class Embedded(Transport):
    def __init__(self, settings: Settings, admin: str, proxy: FaultProxy) -> None:
        self.settings, self._admin, self._proxy = settings, admin, proxy

    async def away(self) -> None:
        self._proxy.cut()

    async def back(self) -> None:
        self._proxy.heal()

    async def wipe(self) -> None:
        self._proxy.cut()
        await self.execute("TRUNCATE stream.topic, stream.record, stream.consumer")
        self._proxy.heal()

    async def trim(self, before: int) -> None:
        await self.execute(
            f"""DELETE FROM stream.record r USING stream.topic t
                WHERE t.topic = '{self.topic}' AND r.incarnation = t.incarnation AND "offset" < {before}"""
        )

    async def count(self, topic: str) -> int:
        """How many records a topic holds."""
        connection = await asyncpg.connect(self._admin)
        try:
            found: int = await connection.fetchval(
                "SELECT count(*) FROM stream.record JOIN stream.topic USING (incarnation) WHERE topic = $1", topic
            )
            return found
        finally:
            await connection.close()

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class Kafka(Transport):
    def __init__(self, settings: Settings, broker: KafkaBroker) -> None:
        self.settings, self._broker = settings, broker

    async def away(self) -> None:
        self._broker.kill()

    async def back(self) -> None:
        await self._broker.restart()

    async def wipe(self) -> None:
        await self._broker.wipe()

    async def trim(self, before: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._broker.address)
        await admin.start()
        try:
            await admin.delete_records({TopicPartition(self.topic, 0): RecordsToDelete(before_offset=before)})
        finally:
            await admin.close()


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[Embedded]:
    """The embedded stream behind a proxy that can cut it off."""
    async with proxied(settings.database_url) as (proxy, url):
        yield Embedded(
            settings.model_copy(update={"database_url": url, "topic_prefix": f"t{uuid4().hex[:10]}."}),
            settings.database_url,
            proxy,
        )


@asynccontextmanager
async def on_kafka(settings: Settings, broker: KafkaBroker) -> AsyncIterator[Kafka]:
    """Kafka, with topics of this test's own."""
    yield Kafka(settings.model_copy(update={"kafka": broker.address, "topic_prefix": broker.prefix()}), broker)


@pytest_asyncio.fixture(params=["embedded", "kafka"])
async def transport(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Transport]:
    async with AsyncExitStack() as stack:
        if request.param == "kafka":
            broker = request.getfixturevalue("kafka")
            yield await stack.enter_async_context(on_kafka(settings, broker))
        else:
            yield await stack.enter_async_context(embedded(settings))


async def insist(step: Callable[[], Awaitable[T]]) -> T:
    """What a service does while the stream is down: the same again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await step()
        except StreamDown:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
