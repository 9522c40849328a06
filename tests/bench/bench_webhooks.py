"""Hooks sent a second to a local receiver, with one receiver in ten that takes the connection and says nothing."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from services.kernel.identity.channels import Seal
from tests.bench.limits import Limit, at_least
from tests.support.postgres import Cluster, running_cluster
from tests.support.reports_http import NOW, House, running
from tests.support.reports_log import MadeLog
from tests.support.sinks import silence

RECEIVERS, DEAD, VISITS = 100, 10, 50
UNIT = "xa-tan-hoa"
_ANSWER = b"HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n"


def measure() -> Iterator[Limit]:
    """Deliveries a second to those that answer."""
    folder = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    try:
        with running_cluster() as cluster, silence() as dead, _Sink() as sink:
            rate = asyncio.run(_measure(cluster, folder / "data", sink, dead))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    yield at_least(f"webhooks sent, {DEAD} of {RECEIVERS} receivers dead", 500, rate, "/s")


async def _measure(cluster: Cluster, folder: Path, sink: "_Sink", dead: int) -> float:
    async with cluster.database(folder, webhook_allow="127.0.0.1") as settings, running(settings) as (app, client):
        made = MadeLog(checked=False, now=NOW - timedelta(hours=1))
        made.genesis()
        made.register(UNIT)
        house = House(settings, app, client, made)
        await house.ask("/reports/v1/notices", "unit_head", UNIT)
        await house.grow(0)
        await _register(house, [dead] * DEAD + [sink.port] * (RECEIVERS - DEAD))
        first = len(made.entries)
        for _ in range(VISITS):
            inspection = made.open(UNIT)
            made.record(UNIT, inspection, "A01")
            made.close(UNIT, inspection)
        await house.grow(first)
        began, wanted = time.monotonic(), VISITS * (RECEIVERS - DEAD)
        while sink.count < wanted:
            await asyncio.sleep(0.02)
        return wanted / (time.monotonic() - began)


async def _register(house: House, ports: list[int]) -> None:
    seal, rows = Seal.of(house.settings.folder), []
    for port in ports:
        key = str(uuid4())
        private = {"url": f"http://127.0.0.1:{port}/", "secret": "whsec_" + "QUJD" * 8}
        rows.append((key, seal.close(key, private), NOW))
    database = await asyncpg.connect(house.settings.database_url)
    account = await database.fetchval("SELECT account FROM identity.account LIMIT 1")
    statement = """INSERT INTO identity.channel (id, kind, account, kinds, sealed, created_at)
                   VALUES ($1, 'webhook', $4, '{findings}', $2, $3)"""
    await database.executemany(statement, [(*row, account) for row in rows])
    await database.close()


class _Sink:
    """Answers every request at once, in a thread of its own."""

    def __enter__(self) -> "_Sink":
        self.count, self.port = 0, 0
        self._loop, ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,))
        self._thread.start()
        ready.wait()
        return self

    def _run(self, ready: threading.Event) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            try:
                await reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            self.count += 1
            writer.write(_ANSWER)
        writer.close()

    def __exit__(self, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
