"""Reports: a quarter of 524 units over HTTP beside an empty endpoint, and how fast the log is folded."""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import uvicorn

from services.kernel.feed.entries import Covered
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from services.reports.app import create_app
from services.reports.fold.fold import Fold
from tests.bench.limits import Limit, at_least, at_most
from tests.support.instance import free_port
from tests.support.reports_http import CLOSED_PORT, appoint
from tests.support.reports_log import CODES, ORIGIN, MadeLog

UNITS, VISITS = 524, 2_500
CHUNK = 5_000  # entries a checkpoint, as in a bulk load
CALLS = 200
QUARTER = "2026-Q3"
LIST = f"/reports/v1/scorecards/{QUARTER}"


@dataclass
class Figures:
    """Entries a second, and milliseconds an answer at the 99th percentile."""

    entries: int
    folded: float
    rebuilt: float
    answers: dict[str, float]


def measure() -> Iterator[Limit]:
    """Fold a province's quarter from a made log, fold it again from 0, then ask for it 200 times each way."""
    figures = asyncio.run(_measure())
    empty = figures.answers["empty"]
    yield at_least(f"fold: {figures.entries:,} entries by checkpoints", 5_000, figures.folded, " entries/s")
    yield at_least("fold: rebuild from 0", 5_000, figures.rebuilt, " entries/s")
    for what in ("list", "list in a scope", "card", "inbox"):
        name = f"{UNITS} units: p99 of the {what} (empty {empty:.1f} ms)"
        yield at_most(name, 50, figures.answers[what], " ms")


async def _measure() -> Figures:
    async with database() as (settings, _):
        made = province()
        (Folder(settings.data).log_dir / "vkey").write_text(made.signer.vkey + "\n")
        pool = await open_pool(settings.dsn("reports_app"), name="bench")
        folded, rebuilt = await _fold(pool, made)
        await pool.close()
        return Figures(len(made.entries), folded, rebuilt, await _ask(settings))


@asynccontextmanager
async def database(place: str | None = None) -> AsyncIterator[tuple[Settings, Path]]:
    """A migrated database of its own with its settings, in a new folder that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="kc-bench-", dir=place))
    path.chmod(0o711)
    folder = Folder(path / "data").prepare()
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        settings = Settings(data=folder.path, database_url=server.url, audit_url=CLOSED_PORT)
        await migrate(settings)
        yield settings, path
    finally:
        await server.stop()
        shutil.rmtree(path, ignore_errors=True)


def province() -> MadeLog:
    """524 units, two thirds of them below another, and a quarter's inspections with findings ended in every way."""
    chance = random.Random(20260930)
    made = MadeLog(checked=False)
    made.genesis()
    units = [f"don-vi-{number:03d}" for number in range(UNITS)]
    for number, unit in enumerate(units):
        group = chance.choice(["so", "xa", "phuong", "dvsn"])
        made.register(unit, f"Đơn vị số {number}", group, units[number // 6] if number % 3 else None)
    codes = [code for code in CODES if code[0] != "K" or code == "K00"]
    for _ in range(VISITS):
        visit(made, chance, chance.choice(units), codes)
    return made


def visit(made: MadeLog, chance: random.Random, unit: str, codes: list[str], months: Sequence[int] = (7, 8, 9)) -> None:
    """An inspection with findings that ended in every way."""
    inspection = made.open(unit, f"2026-{chance.choice(months):02d}-{chance.randrange(1, 29):02d}T08:00:00+07:00")
    found = [made.record(unit, inspection, chance.choice(codes), chance.randrange(1, 4)) for _ in range(3)]
    made.close(unit, inspection, persons=chance.randrange(10, 90))
    for finding in found[: chance.randrange(4)]:
        made.reply(unit, inspection, finding, False)
        made.decide(unit, inspection, finding, chance.choice(["upheld", "upheld", "excused"]))
    if chance.random() < 0.5:
        made.acknowledge(unit, inspection)


async def _fold(pool: asyncpg.Pool, made: MadeLog) -> tuple[float, float]:
    runs, tree = [], CompactRange()
    for first in range(0, len(made.entries), CHUNK):
        entries = made.entries[first : first + CHUNK]
        tree.extend(map(leaf_hash, entries))
        checkpoint = Checkpoint(ORIGIN, tree.size, tree.root())
        runs.append(Covered(first, entries, [None] * len(entries), checkpoint, tree.copy()))
    fold, began = Fold(pool), time.perf_counter()
    for run in runs:
        await fold.apply(run)
    folded = len(made.entries) / (time.perf_counter() - began)
    whole = Covered(0, made.entries, [None] * len(made.entries), runs[-1].checkpoint, runs[-1].range)
    began = time.perf_counter()
    await fold.rebuild(whole)
    return folded, len(made.entries) / (time.perf_counter() - began)


async def _ask(settings: Settings) -> dict[str, float]:
    reviewer = await appoint(settings, "reviewer")
    head = await appoint(settings, "unit_head", "don-vi-000")
    async with _served(settings) as client:
        return {
            "empty": await _p99(client, "/reports/healthz", reviewer),
            "list": await _p99(client, LIST, reviewer),
            "list in a scope": await _p99(client, LIST, head),
            "card": await _p99(client, f"{LIST}/don-vi-000", reviewer),
            "inbox": await _p99(client, "/reports/v1/alerts", head),
        }


async def _p99(client: httpx.AsyncClient, path: str, token: str) -> float:
    headers = {"Authorization": f"Bearer {token}"}
    (await client.get(path, headers=headers)).raise_for_status()
    took = []
    for _ in range(CALLS):
        began = time.perf_counter()
        (await client.get(path, headers=headers)).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(took, n=100)[98]


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            while not server.started:
                await asyncio.sleep(0.05)
            yield client
    finally:
        server.should_exit = True
        await serving
