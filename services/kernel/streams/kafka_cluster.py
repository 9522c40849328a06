"""What is asked of the brokers beside records: a topic's identity, its making, and the consumers' hints."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.commit import OffsetCommitRequest, OffsetFetchRequest
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from services.kernel.streams.port import Position, StreamDown

PATIENCE = 5.0  # seconds for one request
_SETTLE = 0.1  # seconds between looks at a topic that is being made
_NO_ID = bytes(16)
DOWN = (KafkaError, OSError, TimeoutError)


class _Uuid(AbstractType[bytes]):  # type: ignore[misc]
    """Sixteen bytes."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


_NAME = CompactString("utf-8")
_NUMBERS: Array = CompactArray(Int32)


class _TopicResponse(Response):  # type: ignore[misc]
    """Metadata v12: the first that is asked by name and says the topic's id (brokers since 3.1)."""

    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(
            ("node", Int32), ("host", _NAME), ("port", Int32), ("rack", _NAME), ("tags", TaggedFields),
        )),
        ("cluster_id", _NAME),
        ("controller_id", Int32),
        ("topics", CompactArray(
            ("error_code", Int16), ("name", _NAME), ("topic_id", _Uuid), ("is_internal", Boolean),
            ("partitions", CompactArray(
                ("error_code", Int16), ("partition", Int32), ("leader", Int32), ("leader_epoch", Int32),
                ("replicas", _NUMBERS), ("isr", _NUMBERS), ("offline_replicas", _NUMBERS), ("tags", TaggedFields),
            )),
            ("authorized_operations", Int32), ("tags", TaggedFields),
        )),
        ("tags", TaggedFields),
    )  # fmt: skip


class _TopicQuestion(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _TopicResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", _NAME), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicRequest(Request[_TopicQuestion]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[_TopicQuestion]) -> _TopicQuestion:
        return request_struct_class([(_NO_ID, self._topic, {})], False, False, {})


class Cluster:
    """A control connection to the brokers, made when needed and dropped when it fails."""

    def __init__(self, brokers: str, name: str) -> None:
        self._brokers, self._name = brokers, f"kycuong-{name}"
        self._client: AIOKafkaClient | None = None
        self._opening = asyncio.Lock()

    async def identity(self, topic: str) -> str:
        """Cluster id and topic id, which a wiped disk changes; makes the topic when it is missing."""
        async with self._connected() as client:
            while (found := await self._look(client, topic)) is None:
                await self._make(topic, brokers=len(client.cluster.brokers()))
                await asyncio.sleep(_SETTLE)
            return found

    async def _look(self, client: AIOKafkaClient, topic: str) -> str | None:
        answer = await client.send(client.get_random_node(), _TopicRequest(topic))
        ((error_code, _, topic_id, *_),) = answer.topics
        error = for_code(error_code)
        if error is UnknownTopicOrPartitionError:
            return None
        if error is not NoError:
            raise error(topic)
        return f"{answer.cluster_id}.{topic_id.hex()}"

    async def _make(self, topic: str, brokers: int) -> None:
        """Create a topic of one partition, on three brokers where there are three."""
        admin = AIOKafkaAdminClient(
            bootstrap_servers=self._brokers, client_id=self._name, request_timeout_ms=int(PATIENCE * 1000)
        )
        try:
            await admin.start()
            new = NewTopic(topic, num_partitions=1, replication_factor=max(1, min(3, brokers)))
            answer = await _create(admin, new)
        finally:
            await admin.close()
        error = for_code(answer.topic_errors[0][1])
        if error not in (NoError, TopicAlreadyExistsError):
            raise error(topic)

    async def note(self, topic: str, consumer: str, position: Position) -> None:
        """Commit a consumer's offset under its group, for lag tools; the incarnation goes with it as metadata."""
        offset = (0, position.offset, position.incarnation)
        answer = await self._ask_group(consumer, OffsetCommitRequest(consumer, -1, "", -1, [(topic, [offset])]))
        ((_, error_code),) = answer.topics[0][1]
        if for_code(error_code) is not NoError:
            raise StreamDown(for_code(error_code).__name__)

    async def noted(self, topic: str, consumer: str) -> Position | None:
        """What `note` last committed."""
        answer = await self._ask_group(consumer, OffsetFetchRequest(consumer, [(topic, [0])]))
        if not answer.topics:  # a coordinator that is still loading answers for no topic
            raise StreamDown(f"the coordinator of {consumer} knows no offsets yet")
        ((_, offset, incarnation, error_code),) = answer.topics[0][1]
        if for_code(error_code) is not NoError:
            raise StreamDown(for_code(error_code).__name__)
        return Position(incarnation, offset) if offset >= 0 and incarnation else None

    async def _ask_group(self, group: str, request: Request[Any]) -> Any:
        async with self._connected() as client:
            try:
                return await client.send(await client.coordinator_lookup(CoordinationType.GROUP, group), request)
            except KafkaError as error:
                # on a fresh cluster the coordinator takes seconds to come up: no reason to drop the connection
                raise StreamDown(f"the coordinator of {group}: {type(error).__name__}") from error

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AIOKafkaClient]:
        client = None
        try:
            async with asyncio.timeout(PATIENCE):
                client = await self._open()
                yield client
        except DOWN as error:
            if client is self._client:  # another task may have opened a new one meanwhile
                await self.close()
            raise StreamDown(f"Kafka {self._brokers}: {type(error).__name__}: {error}") from error

    async def _open(self) -> AIOKafkaClient:
        async with self._opening:
            if self._client is None:
                client = AIOKafkaClient(
                    bootstrap_servers=self._brokers, client_id=self._name, request_timeout_ms=int(PATIENCE * 1000)
                )
                try:
                    await client.bootstrap()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    async def close(self) -> None:
        """Drop the connection; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(*DOWN):
                async with asyncio.timeout(0.5):
                    await client.close()


async def _create(admin: AIOKafkaAdminClient, topic: NewTopic) -> Any:
    try:
        return await admin.create_topics([topic])
    except AttributeError as error:
        # the admin client asks the controller for its number also where there is none: while one is being elected
        raise StreamDown("the brokers have no controller") from error
