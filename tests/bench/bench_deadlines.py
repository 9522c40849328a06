"""Deadlines told of and lapsing by the hundred thousand, beside writes in batches: all in one run, in one process.

`python -m tests.bench deadlines` measures it.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

from services.intake.cases import deadlines, reminders
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from tests.bench.limits import Limit, at_least
from tests.support.intake import NOW, Intake, closing, fresh, opening, populate, recording, running_intake

MANY, UNITS, BATCH, BATCHES = 100_000, 150, 5_000, 3
BOUND = 1.0
_SCENE = """
WITH visited AS (
    SELECT * FROM intake.inspection LIMIT 1
), found AS (
    INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer,
                                received_at, state)
    SELECT gen_random_uuid(), visited.id, 'xa-' || lpad((n % $2)::text, 3, '0'), 'A03', catalogue, 2, 1, $3, '[]',
           opener, $3, 'recorded'
    FROM visited, generate_series(1, $1::int) AS n
    RETURNING id
)
INSERT INTO intake.deadline (finding, kind, n, due, first_due, begins, cause, lapse_after, state)
SELECT id, 'reply', 1, $4, $4, $3, id, $4, 'open' FROM found
"""
_NUMBERS = """
INSERT INTO intake.unit_sequence SELECT 'xa-' || lpad(n::text, 3, '0'), 0 FROM generate_series(0, $1::int - 1) AS n
"""


async def batches(intake: Intake) -> float:
    """Findings accepted in a second, in batches."""
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    lines = [[(f"findings/{fresh()}", recording(inspection)) for _ in range(BATCH)] for _ in range(BATCHES)]
    began = time.monotonic()
    for some in lines:
        told = await intake.batch("inspector", some)
        if {one["status"] for one in told} != {201}:
            raise SystemExit(str(told[0]))
    took = time.monotonic() - began
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return BATCHES * BATCH / took


async def swept(intake: Intake, step: Callable[[], Awaitable[object]], days: int, table: str) -> float:
    """Deadlines swept in a second by a step, as the clock stands so many days later; each of them once."""
    pool = intake.service.pool
    counted = f"SELECT count(*) FROM intake.case_step WHERE type = '{table}'"
    before = await pool.fetchval(counted)
    intake.clock.set(NOW + timedelta(days=days))
    began = time.monotonic()
    await step()
    took = time.monotonic() - began
    done = await pool.fetchval(counted) - before
    if done < MANY:
        raise SystemExit(f"{done} of {MANY} {table}")
    return float(done / took)


async def figures(settings: Settings) -> dict[str, float]:
    """Rates a second: of batched writes, and of each step of the sweeper."""
    async with running_intake(settings) as intake:
        await populate(intake)
        for loop in intake.service.loops:
            loop.cancel()  # no relay sends again and again what no log takes
        rates = {"writes": await batches(intake)}
        service, pool = intake.service, intake.service.pool
        await pool.execute(_NUMBERS, UNITS)
        due = NOW + timedelta(days=8)
        await pool.execute("UPDATE intake.deadline SET state = 'met'")
        await pool.execute(_SCENE, MANY, UNITS, NOW, due)
        await pool.execute("ANALYZE intake.deadline, intake.finding")
        now = service.clock.now
        for name, step, days, kind in (
            ("reminders", lambda: reminders.remind(service, now()), 7, "finding.reminded"),
            ("lapses", lambda: deadlines.emit(service, now()), 9, "finding.lapsed"),
            ("escalations", lambda: reminders.escalate(service, now()), 30, "finding.escalated"),
        ):
            rates[name] = await swept(intake, step, days, kind)
    return rates


async def run() -> dict[str, float]:
    """The figures on a PostgreSQL of its own that syncs every commit."""
    path = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder = Folder(path).prepare()
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        settings = Settings(data=path, database_url=server.url, writes_per_second=1_000_000)
        await migrate(settings)
        return await figures(settings)
    finally:
        await server.stop()
        shutil.rmtree(path, ignore_errors=True)


def measure() -> Iterator[Limit]:
    """Each step of the sweeper beside batched writes."""
    rates = asyncio.run(run())
    for name in ("reminders", "lapses", "escalations"):
        measured = rates[name] / rates["writes"]
        note = f"deadlines: {MANY:,} {name} to batched writes ({rates[name]:,.0f}/s to {rates['writes']:,.0f}/s)"
        yield at_least(note, BOUND, measured)
