"""A thousand open inboxes against as many bare streams of the same server, and how soon a notice reaches them."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import uvicorn
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from services.house import server_config
from tests.bench.limits import Limit, at_most
from tests.support.instance import free_port
from tests.support.postgres import running_cluster
from tests.support.reports_http import NOW, House, running
from tests.support.reports_log import MadeLog

CLIENTS = 1_000
UNIT = "xa-tan-hoa"
VISITS = 10


def measure() -> Iterator[Limit]:
    """Memory of a listener in bare streams, and p99 from a checkpoint's publication to each listener."""
    folder = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    try:
        with running_cluster() as cluster:
            bare, own, reached = asyncio.run(_measure(cluster, folder / "data"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    name = f"memory of {CLIENTS} inboxes, in bare streams of {bare / 1024:.0f} kB"
    yield at_most(name, 2, own / bare)
    p99 = statistics.quantiles(reached, n=100)[98]
    yield at_most(f"a notice to {CLIENTS} inboxes: p99 (median {statistics.median(reached):.2f} s)", 1, p99, " s")


async def _measure(cluster, folder):
    async with cluster.database(folder) as settings, running(settings) as (app, client):
        made = MadeLog(checked=False, now=NOW - timedelta(hours=1))
        made.genesis()
        made.register(UNIT)
        house = House(settings, app, client, made)
        await house.ask("/reports/v1/notices", "unit_head", UNIT)
        await house.grow(0)
        token = house._tokens["unit_head", UNIT]
        bare = FastAPI()
        bare.get("/reports/v1/alerts/stream")(_endless)
        async with _served(bare) as port:
            before = _memory()
            streams = await _listen(port, token)
            cost = (_memory() - before) / CLIENTS
            async with _served(app) as ours:  # while the others stay: what they gave back would serve these
                before = _memory()
                listening = await _listen(ours, token)
                own = (_memory() - before) / CLIENTS
                await _leave(streams)
                reached = await _reached(house, listening)
                app.state.inbox.close()
                await _leave(listening)
    return cost, own, reached


async def _endless() -> StreamingResponse:
    async def forever() -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(forever(), media_type="text/event-stream")


class _served:
    """An app on a free port."""

    def __init__(self, app: FastAPI) -> None:
        self._server = uvicorn.Server(server_config(app))
        self._server.config.port, self._server.config.lifespan = free_port(), "off"

    async def __aenter__(self) -> int:
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.02)
        return self._server.config.port

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        await asyncio.gather(self._task, return_exceptions=True)


def _memory() -> int:
    return int(psutil.Process().memory_info().rss)


Streams = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


async def _listen(port: int, token: str) -> Streams:
    """So many connections that have read the stream's first line."""
    request = f"GET /reports/v1/alerts/stream HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    streams: Streams = []
    for _ in range(CLIENTS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        streams.append((reader, writer))
    for reader, _ in streams:
        await reader.readuntil(b"retry: 2000")
    return streams


async def _leave(streams: Streams) -> None:
    for _, writer in streams:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for _, writer in streams), return_exceptions=True)


async def _reached(house: House, streams: Streams) -> list[float]:
    """Seconds from the publication of a closing in the stream until each listener has its notice."""
    waits: list[float] = []
    for _ in range(VISITS):
        first = len(house.made.entries)
        inspection = house.made.open(UNIT)
        house.made.record(UNIT, inspection, "A01")
        house.made.close(UNIT, inspection)
        began = time.monotonic()

        async def hear(reader: asyncio.StreamReader, began: float = began, word: bytes = inspection.encode()) -> float:
            await reader.readuntil(word)
            return time.monotonic() - began

        heard = asyncio.gather(*(hear(reader) for reader, _ in streams))
        await house.grow(first)
        waits += await heard
    return waits
