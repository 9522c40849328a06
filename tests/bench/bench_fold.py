"""The fold of a province of 5,000 units: what a batch costs early and late, what a rebuild does and holds in memory.

Processor time of this program and of PostgreSQL together, so that what else runs here matters less. 100,000 entries, or
as many as KYCUONG_BENCH_ENTRIES says.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from services.kernel.feed.entries import Covered
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from services.kernel.process.collector import spare_the_collector
from services.kernel.store.db import Pool, open_pool
from services.reports.fold.fold import Fold
from tests.bench.bench_reports import database
from tests.bench.limits import Limit, at_least, at_most
from tests.support.memory import place
from tests.support.reports_log import CODES, ORIGIN, MadeLog

ENTRIES = int(os.environ.get("KYCUONG_BENCH_ENTRIES", "100000"))
UNITS, CHUNK, FEW = 5_000, 5_000, 20_000
LATE = 200  # visits between one and the replies to it
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Figures:
    """Seconds of processor time, and megabytes."""

    entries: int = 0
    batches: list[float] = field(default_factory=list)
    rendered: float = 0
    rebuilt: float = 0
    read: float = 0
    resident: int = 0


def measure() -> Iterator[Limit]:
    """In a process of its own: its memory is what is measured too."""
    told = subprocess.run([sys.executable, "-m", __name__], check=True, stdout=subprocess.PIPE).stdout
    one = Figures(**orjson.loads(told))
    first, last = one.batches[2 : FEW // CHUNK], one.batches[-10:]
    early, late = sum(first) / len(first) / CHUNK, sum(last) / len(last) / CHUNK
    yield at_least(f"fold: entries a second of processor time, at {FEW:,}", 10_000, 1 / early)
    yield at_most(f"fold: a batch at {one.entries:,} entries in units of one at {FEW:,}", 1.2, late / early)
    yield at_most("fold: cards rendered afterwards, in units of the fold", 0.5, one.rendered / sum(one.batches))
    yield at_most("rebuild: in units of reading and hashing the same entries", 20, one.rebuilt / one.read)
    yield at_most(f"rebuild: memory of the parent at {one.entries:,} entries", 300, one.resident, " MB")


def province(entries: int) -> Iterator[bytes]:
    """A quarter's inspections, with findings that are answered and decided some days later."""
    chance, made = random.Random(20260930), MadeLog(checked=False)
    made.genesis()
    units = [f"don-vi-{number:04d}" for number in range(UNITS)]
    for number, unit in enumerate(units):
        made.register(
            unit,
            f"Đơn vị số {number}",
            chance.choice(["so", "xa", "phuong"]),
            units[number // 6] if number % 3 else None,
        )
    codes = [code for code in CODES if code[0] != "K" or code == "K00"]
    open_cases: list[tuple[str, str, list[str]]] = []
    for _ in range(entries):
        unit = chance.choice(units)
        inspection = made.open(unit, f"2026-0{chance.randrange(7, 10)}-{chance.randrange(1, 29):02d}T08:00:00+07:00")
        found = [made.record(unit, inspection, chance.choice(codes), chance.randrange(1, 4)) for _ in range(3)]
        made.close(unit, inspection, persons=chance.randrange(10, 90))
        open_cases.append((unit, inspection, found))
        if len(open_cases) > LATE:
            _go_on(made, chance, *open_cases.pop(chance.randrange(LATE)))
        yield from made.entries
        entries -= len(made.entries)
        made.entries.clear()
        made.traces.clear()
        if entries <= 0:
            return


def _go_on(made: MadeLog, chance: random.Random, unit: str, inspection: str, found: Sequence[str]) -> None:
    for finding in found[: chance.randrange(4)]:
        made.reply(unit, inspection, finding, False)
        made.decide(unit, inspection, finding, chance.choice(["upheld", "upheld", "excused"]))
    if chance.random() < 0.5:
        made.acknowledge(unit, inspection)


def _stretches(file: Path, size: int) -> Iterator[list[bytes]]:
    with file.open("rb") as lines:
        while some := [line[:-1] for _, line in zip(range(size), lines, strict=False)]:
            yield some


async def _measure() -> Figures:
    starting, loop = ThreadPoolExecutor(), asyncio.get_running_loop()
    loop.set_default_executor(starting)
    async with database(place()) as (settings, path):
        loop.set_default_executor(ThreadPoolExecutor())
        starting.shutdown()  # no thread is left, as in the program that rebuilds
        file = path / "entries"
        with file.open("wb") as out:
            out.writelines(raw + b"\n" for raw in province(ENTRIES))
        pool = await open_pool(settings.dsn("reports_app"), name="bench")
        figures = await _figures(pool, file, int(next(path.rglob("postmaster.pid")).read_text().split()[0]))
        await pool.close()
        return figures


async def _figures(pool: Pool, file: Path, server: int) -> Figures:
    spare_the_collector()
    told, fold, tree = Figures(), Fold(pool), CompactRange()
    for some in _stretches(file, CHUNK):
        first = tree.size
        began = time.process_time()
        tree.extend(map(leaf_hash, some))
        for raw in some:
            orjson.loads(raw)
        told.read += time.process_time() - began
        run = Covered(first, some, [None] * len(some), Checkpoint(ORIGIN, tree.size, tree.root()), tree.copy())
        began = _spent(server)
        await fold.apply(run)
        told.batches.append(_spent(server) - began)
    told.entries = tree.size
    began = _spent(server)
    await fold.cards.all()
    told.rendered = _spent(server) - began
    began = _spent(server)
    await Fold(pool).rebuild_from(Checkpoint(ORIGIN, tree.size, tree.root()), _log(file))
    told.rebuilt = _spent(server) - began
    told.resident = _held()
    return told


async def _log(file: Path) -> AsyncIterator[Sequence[bytes]]:
    for some in _stretches(file, 4_096):
        await asyncio.sleep(0)
        yield some


def _held() -> int:
    """Most megabytes so far: of this program alone, where `ru_maxrss` begins with what started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def _spent(server: int) -> float:
    """Processor time of this process, of those it started and that ended, and of PostgreSQL's so far."""
    return sum(os.times()[:4]) + sum(_times(stat) for stat in _stats() if server in stat[:2]) / _TICKS


def _stats() -> Iterator[tuple[int, int, list[int]]]:
    """Of every process its id, its parent, and its own and its ended children's times."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = file.read_text().rpartition(")")
        except OSError:  # it ended
            continue
        numbers = rest.split()
        yield int(head.split()[0]), int(numbers[1]), [int(number) for number in numbers[11:15]]


def _times(stat: tuple[int, int, list[int]]) -> int:
    return sum(stat[2])


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(asyncio.run(_measure())))
