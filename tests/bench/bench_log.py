"""The log's speed and size: stream to integrated tree as `kycuong serve audit` does it, beside bare hashing."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg
from tlog_scales.signing import DummySigner
from tlog_scales.writer import TilesWriter

from services.audit.sequencer import Sequencer
from services.kernel.log.merkle import CompactRange
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from services.kernel.streams import open_stream
from tests.bench.limits import Limit, at_least, at_most
from tests.support.events import many
from tests.support.instance import PROGRAM, free_port

ENTRIES = 1_000_000
SMALL = 10_000
WINDOW = 100_000
COMPARED = 100_000
CHUNK = 5_000
PATIENCE = 240.0  # seconds for the whole backlog


@dataclass
class Figures:
    """Entries a second, seconds an entry, and bytes."""

    integrated: float
    last: float
    bare: float
    stranger: float
    memory_small: int
    memory: int


def measure() -> Iterator[Limit]:
    """Integrate a million events from the embedded stream, and the same events by hashlib and one file alone."""
    figures = asyncio.run(_measure())
    flat = figures.integrated / figures.last
    yield at_least("log: embedded stream to the integrated tree", 30_000, figures.integrated, " entries/s")
    yield at_least("log: beside hashing and syncing them to one file", 0.2, figures.integrated / figures.bare)
    yield at_most(f"log: an entry's cost at {ENTRIES:,} to that at {SMALL:,}", 1.3, flat)
    yield at_most(f"log: the process at {ENTRIES:,} entries", 150, figures.memory / 1e6, " MB")
    print(
        f"        bare {figures.bare:,.0f}/s; tlog-scales' writer, unsynced, {figures.stranger:,.0f}/s; "
        f"at the end {figures.last:,.0f}/s; at {SMALL:,} entries {figures.memory_small / 1e6:.0f} MB"
    )


async def _measure() -> Figures:
    path = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    path.chmod(0o711)
    folder = Folder(path / "data").prepare()
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        settings = Settings(data=folder.path, database_url=server.url)
        await migrate(settings)
        events = [record.value for record in many(COMPARED, settings.origin)]
        bare, stranger = _bare(events, path / "bare"), _stranger(events, path / "stranger")
        await _fill(settings)
        growth, memory = await _grow(settings)
        return Figures(_rate(growth, SMALL), _rate(growth, ENTRIES - WINDOW), bare, stranger, memory[0], memory[-1])
    finally:
        await server.stop()
        shutil.rmtree(path, ignore_errors=True)


def _bare(events: Sequence[bytes], place: Path) -> float:
    """Leaf and node hashes, the bytes in one file, a sync a batch of the sequencer's size."""
    tree, began = CompactRange(), time.perf_counter()
    with open(place, "wb", buffering=0) as file:
        for first in range(0, len(events), Sequencer.limit):
            batch = events[first : first + Sequencer.limit]
            tree.extend(sha256(b"\0" + event).digest() for event in batch)
            file.write(b"".join(len(event).to_bytes(2) + event for event in batch))
            os.fsync(file.fileno())
    return len(events) / (time.perf_counter() - began)


def _stranger(events: Sequence[bytes], place: Path) -> float:
    """The same through another project's writer, a commit a batch of the same size."""
    writer, signer = TilesWriter.create(place, "bench.example/log"), DummySigner("bench.example/log")
    began = time.perf_counter()
    for first in range(0, len(events), Sequencer.limit):
        for event in events[first : first + Sequencer.limit]:
            writer.add_leaf(event)
        writer.commit([signer], gc=False)
    return len(events) / (time.perf_counter() - began)


async def _fill(settings: Settings) -> None:
    """Put all events on the stream, which nobody reads yet."""
    stream = open_stream(settings, "intake")
    for first in range(0, ENTRIES, CHUNK):
        await stream.publish(settings.topic("discipline.events"), list(many(CHUNK, settings.origin, first)))
    await stream.stop()


Growth = list[tuple[float, int]]


async def _grow(settings: Settings) -> tuple[Growth, list[int]]:
    """When the tree had which size, and the peak memory of the process soon after the start and at the end."""
    growth: Growth = []
    memory: list[int] = []
    connection = await asyncpg.connect(settings.database_url)
    async with _serving(settings) as pid, asyncio.timeout(PATIENCE):
        while not growth or growth[-1][1] < ENTRIES:
            size = await connection.fetchval("SELECT size FROM audit.tree_head")
            growth.append((time.perf_counter(), size))
            if not memory and size >= SMALL:
                memory.append(_peak(pid))
            await asyncio.sleep(0.01)
        memory.append(_peak(pid))
    await connection.close()
    return growth, memory


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[int]:
    process = subprocess.Popen(
        [*PROGRAM, "serve", "audit", "--data", str(settings.data), "--port", str(free_port())],
        env=os.environ | {"KYCUONG_DATABASE_URL": settings.database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def _peak(pid: int) -> int:
    """The most memory a process has held, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def _rate(growth: Growth, first: int) -> float:
    """Entries a second while the tree grew by WINDOW from about `first` on."""
    start = next(sample for sample in growth if sample[1] >= first)
    end = next(sample for sample in growth if sample[1] >= min(ENTRIES, start[1] + WINDOW))
    return (end[1] - start[1]) / (end[0] - start[0])
