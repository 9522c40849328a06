"""A quarter of 5,000 units that are compared: its list and its CSV beside an empty endpoint, one after the other.

Both are measured as they are kept: asked for again, of a log that has not moved. Not measured are the first ones after
a change, which are made, and the CSV of the live list, which intake is told of before it is given out.

The server is a process of its own; the client takes gzip, as clients do, and unpacks nothing. Once more with ten times
as many findings, or as many as KYCUONG_BENCH_FINDINGS says.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import uvicorn

from services.kernel.feed.entries import Covered
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from services.kernel.process.clock import SettableClock
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool, open_pool
from services.reports.app import create_app
from services.reports.fold.fold import Fold
from services.reports.fold.live_cards import LiveCards
from services.reports.fold.refit import Refit
from tests.bench.bench_reports import database, visit
from tests.bench.limits import Limit, at_most
from tests.support.instance import free_port
from tests.support.reports_http import appoint
from tests.support.reports_log import CODES, ORIGIN, MadeLog

UNITS, VISITS, CALLS = 5_000, 3_334, 100
MANY = int(os.environ.get("KYCUONG_BENCH_FINDINGS", "100000"))
NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
LIST = "/reports/v1/scorecards/2026-Q4"
ASKED = {"empty": "/reports/healthz", "list": LIST, "CSV": f"{LIST}?format=csv&edition=flash"}
Took = Mapping[str, float]
"""Milliseconds, at the median."""


def measure() -> Iterator[Limit]:
    """By turns, so that what else runs meanwhile slows them alike."""
    few, many = asyncio.run(_measure())
    yield at_most(
        f"{UNITS:,} units: list, in units of the empty endpoint's {few['empty']:.2f} ms", 3, _times(few, "list")
    )
    yield at_most("CSV of a published edition, likewise", 10, _times(few, "CSV"))
    for what in ("list", "CSV"):
        name = f"{what} at {MANY:,} findings, in units of that at {3 * VISITS:,}"
        yield at_most(name, 1.3, _times(many, what) / _times(few, what))


def _times(took: Took, what: str) -> float:
    return took[what] / took["empty"]


async def _measure() -> tuple[Took, Took]:
    async with database() as (settings, _):
        pool = await open_pool(settings.dsn("reports_app"), name="bench")
        await _fold(pool, _province())
        await _fitted(pool)
        token = await appoint(settings, "reviewer")
        few = await _asked(settings, token)
        await _multiply(settings, MANY // (3 * VISITS))
        await LiveCards(pool).all()
        await _fitted(pool)
        many = await _asked(settings, token)
        await pool.close()
        return few, many


def _province() -> MadeLog:
    chance, made = random.Random(20261130), MadeLog(checked=False)
    made.genesis()
    units = [f"don-vi-{number:04d}" for number in range(UNITS)]
    for number, unit in enumerate(units):
        above = units[number // 6] if number % 3 else None
        made.register(unit, f"Đơn vị số {number}", chance.choice(["so", "xa", "phuong", "dvsn"]), above)
    codes = [code for code in CODES if code[0] != "K" or code == "K00"]
    for _ in range(VISITS):
        visit(made, chance, chance.choice(units), codes, months=(10, 11))
    return made


async def _fold(pool: Pool, made: MadeLog) -> None:
    """The log, its quarter's flash edition, and the publication of that, by the root that came out."""
    cut, tree, fold = made.close_quarter("2026-Q4", "flash"), CompactRange(), Fold(pool)
    await fold.rebuild(_covered(made, 0, tree))
    root = await pool.fetchval("SELECT cards_root FROM reports.edition")
    made.publish(cut, base64.b64encode(root).decode())
    await fold.apply(_covered(made, cut + 1, tree))
    await LiveCards(pool).all()


def _covered(made: MadeLog, first: int, tree: CompactRange) -> Covered:
    entries = made.entries[first:]
    tree.extend(map(leaf_hash, entries))
    return Covered(first, entries, [None] * len(entries), Checkpoint(ORIGIN, tree.size, tree.root()), tree.copy())


async def _fitted(pool: Pool) -> None:
    await pool.execute("UPDATE reports.fit SET wanted = (SELECT size FROM reports.head), size = 0")
    await Refit(pool, SettableClock(NOW)).once()
    assert await pool.fetchval("SELECT count(*) FROM reports.comparison") == UNITS


async def _multiply(settings: Settings, by: int) -> None:
    """Every visit so many times, with all that was found at it; the cards are to be rendered anew."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        for _ in range(by - 1):
            await connection.execute(_ONCE_MORE)
        await connection.execute("INSERT INTO reports.stale SELECT quarter, unit FROM reports.card")
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


_ONCE_MORE = """
CREATE TEMP TABLE made AS SELECT *, gen_random_uuid() AS other FROM reports.inspection
WHERE opened_index < (SELECT size FROM reports.head);
ALTER TABLE made ADD COLUMN was uuid;
UPDATE made SET was = id, id = other, opened_index = opened_index + (SELECT size FROM reports.head);
CREATE TEMP TABLE found AS SELECT finding.*, made.id AS other FROM reports.finding JOIN made ON inspection = made.was;
UPDATE found SET id = gen_random_uuid(), inspection = other;
ALTER TABLE made DROP COLUMN other, DROP COLUMN was;
ALTER TABLE found DROP COLUMN other;
INSERT INTO reports.inspection SELECT * FROM made;
INSERT INTO reports.finding SELECT * FROM found;
DROP TABLE made, found;
"""


async def _asked(settings: Settings, token: str) -> Took:
    async with _served(settings) as port:
        return await asyncio.to_thread(_ask, port, token)


def _ask(port: int, token: str) -> Took:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}

    def took(path: str) -> float:
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.read() and answer.status == 200, path
        return (time.perf_counter() - began) * 1_000

    for path in ASKED.values():  # the first after a change makes them
        took(path)
    times = [{what: took(path) for what, path in ASKED.items()} for _ in range(CALLS)]
    return {what: statistics.median(one[what] for one in times) for what in ASKED}


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[int]:
    port = free_port()
    told = {"DATA": str(settings.data), "DATABASE_URL": settings.database_url, "AUDIT_URL": settings.audit_url}
    environment = os.environ | {f"KYCUONG_{name}": value for name, value in told.items()}
    server = subprocess.Popen([sys.executable, "-m", __name__, str(port)], env=environment)
    try:
        while not await asyncio.to_thread(_up, port):
            assert server.poll() is None
            await asyncio.sleep(0.1)
        yield port
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait)


def _up(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", ASKED["empty"])
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    uvicorn.run(create_app(Settings(), SettableClock(NOW)), port=int(sys.argv[1]), log_level="warning")
