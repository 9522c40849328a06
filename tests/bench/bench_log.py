"""The log's speed: stream to integrated tree, and a full verification over HTTP, beside what bare hashing costs."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx

from services.audit.app import create_app
from services.audit.tree import queries
from services.audit.verifier.sources import HttpSource
from services.audit.verifier.verify import read_vkey, verify_source
from services.kernel.folder import Folder
from services.kernel.migrate import migrate
from services.kernel.postgres import EmbeddedPostgres
from services.kernel.settings import Settings
from services.kernel.streams import open_stream
from tests.bench.limits import Limit, at_least
from tests.support.events import finding, many, unit_of
from tests.support.instance import PROGRAM, free_port

ENTRIES = 100_000
CHUNK = 5_000


@dataclass
class Figures:
    """Entries a second."""

    integrated: float
    verified: float
    hashed: float


def measure() -> Iterator[Limit]:
    """Integrate 100,000 events from the embedded stream, then verify the log from another process's server."""
    figures = asyncio.run(_measure())
    yield at_least("log: embedded stream to the integrated tree", 10_000, figures.integrated, " entries/s")
    yield at_least("log verify over HTTP, in full", 50_000, figures.verified, " entries/s")
    yield at_least("log verify against hashlib alone", 0.01, figures.verified / figures.hashed, " of its speed")


async def _measure() -> Figures:
    path = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder = Folder(path / "data").prepare()
    path.chmod(0o711)
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        settings = Settings(data=folder.path, database_url=server.url)
        await migrate(settings)
        integrated = await _integrate(settings)
        return Figures(integrated, await _verify(settings), _hash_alone(settings))
    finally:
        await server.stop()
        shutil.rmtree(path, ignore_errors=True)


async def _integrate(settings: Settings) -> float:
    stream = open_stream(settings, "intake")
    for first in range(0, ENTRIES, CHUNK):
        await stream.publish(settings.topic("discipline.events"), list(many(CHUNK, settings.origin, first)))
    await stream.stop()
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        pool, began = app.state.service.pool, time.perf_counter()
        while (await pool.fetchrow(queries.read_head))["size"] < ENTRIES:
            await asyncio.sleep(0.02)
        took = time.perf_counter() - began
        while not await app.state.service.published(ENTRIES):
            await asyncio.sleep(0.1)
    return ENTRIES / took


async def _verify(settings: Settings) -> float:
    async with _served(settings) as url:
        source = HttpSource(url, settings.folder.read_token())
        began = time.perf_counter()
        verdict = await verify_source(source, read_vkey(settings.folder.vkey() or ""))
        took = time.perf_counter() - began
    assert verdict.ok, verdict.error
    assert verdict.size == ENTRIES
    return ENTRIES / took


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [*PROGRAM, "serve", "audit", "--data", str(settings.data), "--port", str(port)],
        env=os.environ | {"KYCUONG_DATABASE_URL": settings.database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            async with asyncio.timeout(20):
                while not await _ready(client):
                    await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}/audit/"
    finally:
        process.terminate()
        process.wait(10)


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/audit/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def _hash_alone(settings: Settings) -> float:
    """Leaf and node hashes of as many entries, by hashlib alone."""
    entry = b"\0" + finding(1, unit_of(1), 1, origin=settings.origin)
    began = time.perf_counter()
    for _ in range(ENTRIES):
        sha256(entry).digest()
        sha256(entry[:65]).digest()
    return ENTRIES / (time.perf_counter() - began)
