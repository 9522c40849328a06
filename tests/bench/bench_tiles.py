"""A full tile over HTTP, as another process serves it, beside the endpoint that does nothing at all."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles

from services.kernel.process.settings import Settings
from services.kernel.streams import open_stream
from tests.bench.limits import Limit, at_most
from tests.support.events import many
from tests.support.postgres import Cluster, running_cluster
from tests.support.processes import Service

TILES = 20
REQUESTS = 3_000
WARM_UP = 200


def measure() -> Iterator[Limit]:
    """Milliseconds a request, on one connection."""
    with running_cluster() as cluster, tempfile.TemporaryDirectory(prefix="kc-bench-") as folder:
        yield from asyncio.run(_measure(cluster, Path(folder) / "data"))


async def _measure(cluster: Cluster, data: Path) -> list[Limit]:
    async with cluster.database(data) as settings:
        await _fill(settings)
        audit = Service("audit", settings.folder, os.environ | {"KYCUONG_DATABASE_URL": settings.database_url})
        audit.launch()
        try:
            return await asyncio.to_thread(_ask, audit)
        finally:
            audit.discard()


async def _fill(settings: Settings) -> None:
    stream = open_stream(settings, "intake")
    await stream.start()
    await stream.publish(settings.topic("discipline.events"), list(many(TILES * 256, settings.origin)))
    await stream.stop()


def _ask(audit: Service) -> list[Limit]:
    audit.await_ready()
    connection = HTTPConnection("127.0.0.1", audit.port)
    while _get(connection, f"/audit/tile/0/{TILES - 1:03d}") != 200:
        time.sleep(0.05)
    empty, tile = _times(connection)
    connection.close()
    return [
        at_most(f"{name}, p{percent}", 2, took[percent - 1], " ms")
        for name, took in (("the empty endpoint", empty), ("full tile", tile))
        for percent in (50, 99)
    ]


def _times(connection: HTTPConnection) -> tuple[list[float], list[float]]:
    """The percentiles of both, asked in turn so that they meet the same machine."""
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP + REQUESTS):
        for path, times in zip(("/audit/healthz", f"/audit/tile/0/{number % TILES:03d}"), took, strict=True):
            began = time.perf_counter()
            assert _get(connection, path) == 200
            times.append((time.perf_counter() - began) * 1000)
    empty, tile = took
    return quantiles(empty[WARM_UP:], n=100), quantiles(tile[WARM_UP:], n=100)


def _get(connection: HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status
