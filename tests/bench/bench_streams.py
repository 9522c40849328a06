"""Records a second through each stream, published in batches and read back: more than intake ever sends."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.kafka.broker import Broker, KafkaUnavailable, free_port, libraries
from services.kernel.process.settings import Settings
from services.kernel.streams import Record, open_stream
from tests.bench.limits import Limit, at_least
from tests.support.postgres import Cluster, running_cluster

RECORDS, BATCH = 10_000, 500
LEAST = 10_000  # records a second


def measure() -> Iterator[Limit]:
    """The table in PostgreSQL, and Kafka where it can be had."""
    with running_cluster() as cluster, tempfile.TemporaryDirectory(prefix="kc-bench-") as folder:
        yield from asyncio.run(_measure(cluster, Path(folder) / "embedded", None))
        try:
            broker = Broker(Path(folder) / "kafka", free_port(), free_port(), libraries())
        except KafkaUnavailable as missing:
            print(f"        no Kafka: {missing}")
            return
        try:
            broker.start()
            yield from asyncio.run(_measure(cluster, Path(folder) / "on-kafka", broker.address))
        finally:
            broker.kill()


async def _measure(cluster: Cluster, data: Path, kafka: str | None) -> list[Limit]:
    async with cluster.database(data, kafka=kafka) as settings:
        published, fetched = await _rates(settings)
    kind = "kafka" if kafka else "embedded"
    return [
        at_least(f"stream ({kind}): published", LEAST, published, " records/s"),
        at_least(f"stream ({kind}): read back", LEAST, fetched, " records/s"),
    ]


async def _rates(settings: Settings) -> tuple[float, float]:
    topic, batch = settings.topic("discipline.events"), [Record("xa-tan-hoa", bytes(600), {})] * BATCH
    intake, audit = open_stream(settings, "intake"), open_stream(settings, "audit")
    for stream in (intake, audit):
        await stream.start()
    reader = await audit.reader(topic, "sequencer")
    await reader.seek(None)
    await intake.publish(topic, batch)  # the first makes the topic
    began = time.perf_counter()
    for _ in range(RECORDS // BATCH):
        await intake.publish(topic, batch)
    published, seen = time.perf_counter(), 0
    while seen < RECORDS + BATCH:
        seen += len(await reader.fetch(2_000, 1.0))
    fetched = time.perf_counter()
    for stream in (intake, audit):
        await stream.stop()
    return RECORDS / (published - began), (RECORDS + BATCH) / (fetched - published)
