"""Ten thousand open cases listed for a reviewer and a head, beside the endpoint that tells only who asks, in one run.

`python -m tests.bench desk` measures it.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg

from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from tests.bench.limits import Limit, at_most
from tests.support.intake import NOW, Intake, fresh, opening, populate, running_intake

MANY, VISITS, UNITS, TIMES = 10_000, 2_500, 100, 300
BOUND = 4.0
EMPTY, WAITING, TODO = "/intake/v1/me", "/intake/v1/desk?list=waiting", "/intake/v1/desk?list=todo"
_VISITS = """
INSERT INTO intake.inspection
SELECT (jsonb_populate_record(null::intake.inspection, to_jsonb(visited) || jsonb_build_object(
    'unit', CASE n % $2::int WHEN 0 THEN unit ELSE 'xa-' || n % $2::int END, 'closed_at', opened_at,
    'id', '0199' || lpad(to_hex(n), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'state', 'closed'))).*
FROM (SELECT * FROM intake.inspection LIMIT 1) AS visited, generate_series(1, $1::int) AS n
"""
_FINDINGS = """
WITH found AS (
    INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer,
                                received_at, state, accepts)
    SELECT gen_random_uuid(), visited.id, unit, 'A03', catalogue, 2, 1, $2, '[]', opener, $2,
           CASE WHEN m % 5 < 3 THEN 'replied' ELSE 'recorded' END, CASE WHEN m % 5 < 3 THEN false END
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM intake.inspection WHERE state = 'closed') AS visited
    JOIN generate_series(1, $1::int) AS m ON m % (SELECT count(*) FROM intake.inspection WHERE state = 'closed') + 1 = n
    RETURNING id, state
)
INSERT INTO intake.deadline (finding, kind, n, due, first_due, begins, cause, lapse_after, state)
SELECT id, 'reply', 1, $3, $3, $2, id, $3, CASE state WHEN 'replied' THEN 'met' ELSE 'open' END FROM found
"""


async def asked(intake: Intake, who: str, path: str) -> float:
    """Seconds that an answer took."""
    headers = {"authorization": f"Bearer {intake.tokens[who]}"}
    began = time.perf_counter()
    (await intake.client.get(path, headers=headers)).raise_for_status()
    return time.perf_counter() - began


async def figures(settings: Settings) -> dict[str, list[float]]:
    """How long the lists and the empty endpoint take, in turns; the shortest first."""
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.put("inspector", f"inspections/{fresh()}", opening())
        pool = intake.service.pool
        await pool.execute(_VISITS, VISITS, UNITS)
        await pool.execute(_FINDINGS, MANY, NOW, NOW + timedelta(days=7))
        owner = await asyncpg.connect(settings.database_url)
        await owner.execute("ANALYZE")  # as autovacuum does by itself, a minute later
        await owner.close()
        for who, path in (("reviewer", WAITING), ("head", TODO)):
            assert len((await intake.get(who, path))["items"]) == 10
        took: dict[str, list[float]] = {path: [] for path in (EMPTY, WAITING, TODO)}
        for _ in range(TIMES):
            for who, path in (("reviewer", EMPTY), ("reviewer", WAITING), ("head", TODO)):
                took[path].append(await asked(intake, who, path))
        return {path: sorted(times) for path, times in took.items()}


async def run() -> dict[str, list[float]]:
    """The figures on a PostgreSQL of its own."""
    path = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    server = EmbeddedPostgres(Folder(path).prepare())
    try:
        await server.start()
        settings = Settings(data=path, database_url=server.url)
        await migrate(settings)
        return await figures(settings)
    finally:
        await server.stop()
        shutil.rmtree(path, ignore_errors=True)


def measure() -> Iterator[Limit]:
    """The lists' slowest of a hundred beside the empty endpoint's."""
    took = asyncio.run(run())
    middle, slowest = TIMES // 2, TIMES * 99 // 100 - 1
    for name, path in (("a reviewer's list", WAITING), ("a head's list", TODO)):
        p50 = f"p50 {took[path][middle] * 1e3:.1f} to {took[EMPTY][middle] * 1e3:.1f} ms"
        yield at_most(
            f"desk: {name} of {MANY:,} open cases to /me ({p50})", BOUND, took[path][slowest] / took[EMPTY][slowest]
        )
