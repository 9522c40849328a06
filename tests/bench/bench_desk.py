"""Ten thousand waiting cases listed for a reviewer, beside the endpoint that tells only who asks: all in one run.

`python -m tests.bench desk` measures it.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from tests.bench.limits import Limit, at_most
from tests.support.intake import NOW, Intake, fresh, opening, populate, running_intake

MANY, VISITS, TIMES = 10_000, 2_500, 100
BOUND = 4.0
PATH = "/intake/v1/desk?list=waiting"
_VISITS = """
INSERT INTO intake.inspection
SELECT (jsonb_populate_record(null::intake.inspection, to_jsonb(visited) || jsonb_build_object(
    'id', '0199' || lpad(to_hex(n), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'state', 'closed'))).*
FROM (SELECT * FROM intake.inspection LIMIT 1) AS visited, generate_series(1, $1::int) AS n
"""
_FINDINGS = """
WITH found AS (
    INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer,
                                received_at, state, accepts)
    SELECT gen_random_uuid(), visited.id, unit, 'A03', catalogue, 2, 1, $2, '[]', opener, $2, 'replied', false
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM intake.inspection WHERE state = 'closed') AS visited
    JOIN generate_series(1, $1::int) AS m ON m % (SELECT count(*) FROM intake.inspection WHERE state = 'closed') + 1 = n
    RETURNING id
)
INSERT INTO intake.deadline (finding, kind, n, due, first_due, begins, cause, lapse_after, state)
SELECT id, 'reply', 1, $2, $2, $2, id, $2, 'met' FROM found
"""


async def asked(intake: Intake, path: str) -> list[float]:
    """Seconds that answers took, the shortest first."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await intake.get("reviewer", path)
        took.append(time.perf_counter() - began)
    return sorted(took)


async def figures(settings: Settings) -> dict[str, list[float]]:
    """How long the list and the empty endpoint take, in turns."""
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.put("inspector", f"inspections/{fresh()}", opening())
        pool = intake.service.pool
        await pool.execute(_VISITS, VISITS)
        await pool.execute(_FINDINGS, MANY, NOW)
        owner = await asyncpg.connect(settings.database_url)
        await owner.execute("ANALYZE")  # as autovacuum does by itself, a minute later
        await owner.close()
        assert len((await intake.get("reviewer", PATH))["items"]) == 20
        return {path: await asked(intake, path) for path in ("/intake/v1/me", PATH)}


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
    """The list's slowest of a hundred beside the empty endpoint's."""
    empty, listed = asyncio.run(run()).values()
    note = f"desk: {MANY:,} waiting cases listed to /me (p50 {listed[50] * 1e3:.1f} to {empty[50] * 1e3:.1f} ms)"
    yield at_most(note, BOUND, listed[98] / empty[98])
