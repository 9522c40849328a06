"""A real Kafka broker for the suite: one a run, topics apart by a prefix; it can be killed, restarted and wiped."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.kafka.broker import Broker, KafkaUnavailable, libraries, new_id
from tests.support import memory
from tests.support.instance import free_port


class KafkaBroker:
    """The run's broker, as an asynchronous test handles it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        broker.format()
        self._new = broker.data.with_name("new")
        shutil.copytree(broker.data, self._new)

    @property
    def address(self) -> str:
        """What `KYCUONG_KAFKA` takes."""
        return self._broker.address

    def prefix(self) -> str:
        """A topic prefix no other test has."""
        return f"t{uuid4().hex[:10]}."

    def kill(self) -> None:
        """SIGKILL."""
        self._broker.kill()

    async def restart(self) -> None:
        """Start again on the same folder (kills it first if it runs)."""
        self._broker.kill()
        await asyncio.to_thread(self._broker.start)

    async def wipe(self) -> None:
        """Lose the disk: a new, empty cluster at the same address."""
        self._broker.wipe()
        self._format_anew()
        await asyncio.to_thread(self._broker.start)

    def _format_anew(self) -> None:
        """What formatting does, without the start of Java that it takes: a new folder differs in its two ids alone."""
        shutil.copytree(self._new, self._broker.data)
        told = self._broker.data / "meta.properties"
        lines, ids = re.subn(
            r"(?m)^((?:cluster|directory)\.id)=.*$", lambda line: f"{line[1]}={new_id()}", told.read_text()
        )
        assert ids == 2, lines
        told.write_text(lines)

    def ensure_running(self) -> None:
        """Undo what the test before may have left."""
        if not self._broker.running:
            self._broker.start()


@pytest.fixture(scope="session")
def kafka_process() -> Iterator[KafkaBroker]:
    """The run's broker process; skips where Kafka cannot be had, fails when `KYCUONG_REQUIRE_KAFKA=1`."""
    room = Path(tempfile.mkdtemp(prefix="kc-kafka-", dir=memory.place()))
    try:
        broker = Broker(room, free_port(), free_port(), libraries())
    except KafkaUnavailable as error:
        shutil.rmtree(room)
        if os.environ.get("KYCUONG_REQUIRE_KAFKA") == "1":
            pytest.fail(f"a real Kafka is required: {error}")
        pytest.skip(f"NOT TESTED ON KAFKA: {error}")
    try:
        at_hand = KafkaBroker(broker)
        broker.start()
        yield at_hand
    finally:
        broker.kill()
        shutil.rmtree(room, ignore_errors=True)


@pytest.fixture
def kafka(kafka_process: KafkaBroker) -> KafkaBroker:
    """A running broker."""
    kafka_process.ensure_running()
    return kafka_process
