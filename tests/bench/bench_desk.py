"""Ten thousand open cases listed for a reviewer and a head, beside the empty endpoint and the one that tells who asks.

The server is a process of its own, asked over one connection, in turns, in a province of 524 units. Three times: the
cases spread over a hundred of them; the same beside a hundred thousand older ones that are closed; all in one unit.
Each list as long as nothing happens, and beside it, where there is no limit, when asked after each event.
"""

import asyncio
import http.client
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import uvicorn

from services.intake.app import create_app
from services.kernel.process.clock import SettableClock
from services.kernel.process.settings import Settings
from tests.bench.bench_reports import database
from tests.bench.limits import Limit, at_most
from tests.support.instance import free_port
from tests.support.intake import NOW, NOWHERE, fresh, opening, populate, running_intake

BOUND, TIMES, WARM_UP = 4.0, 300, 20
EMPTY, ME = "/intake/healthz", "/intake/v1/me"
LISTS = {
    "a reviewer's list": ("reviewer", "/intake/v1/desk?list=waiting"),
    "a head's": ("head", "/intake/v1/desk?list=todo"),
}
AFTER = " after an event"
ASKED = {"empty": ("reviewer", EMPTY), "me": ("reviewer", ME)}
for _what, _one in LISTS.items():
    ASKED |= {_what + AFTER: _one, _what: _one}  # so the second is asked when nothing has happened since
_EVENT = (
    "UPDATE intake.unit_sequence SET last_seq = last_seq + 1 WHERE unit = (SELECT min(unit) FROM intake.unit_sequence)"
)
Took = Mapping[str, Sequence[float]]
"""Seconds of every answer, the shortest first."""


@dataclass(frozen=True)
class Shape:
    """What lies in the database: visits of four findings each, three in five of which wait for a decision."""

    name: str
    units: int = 100
    open: int = 10_000
    closed: int = 0


SHAPES = (
    Shape("10,000 open cases"),
    Shape("10,000 beside 100,000 closed", closed=100_000),
    Shape("10,000 of one unit", units=1),
)
_VISITS = """
INSERT INTO intake.inspection
SELECT (jsonb_populate_record(null::intake.inspection, to_jsonb(visited) || jsonb_build_object(
    'unit', CASE n % $2::int WHEN 0 THEN unit ELSE 'xa-' || n % $2::int END, 'closed_at', opened_at,
    'id', $3 || lpad(to_hex(n), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'state', 'closed'))).*
FROM (SELECT * FROM intake.inspection WHERE state = 'open' LIMIT 1) AS visited, generate_series(1, $1::int) AS n
"""
_FINDINGS = """
WITH found AS (
    INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer,
                                received_at, state, accepts, outcome)
    SELECT gen_random_uuid(), visited.id, unit, 'A03', catalogue, 2, 1, $1, '[]', opener, $1, told,
           CASE WHEN told <> 'recorded' THEN false END, CASE told WHEN 'decided' THEN 'excused' END
    FROM intake.inspection AS visited, generate_series(0, 3) AS m,
         LATERAL (SELECT ('x' || right(visited.id::text, 6))::bit(24)::int AS n) AS place,
         LATERAL (SELECT CASE WHEN $4 THEN 'decided' WHEN (n + m) % 5 < 3 THEN 'replied' ELSE 'recorded' END) AS w(told)
    WHERE state = 'closed' AND visited.id::text LIKE $3 || '%'
    RETURNING id, state
)
INSERT INTO intake.deadline (finding, kind, n, due, first_due, begins, cause, lapse_after, state)
SELECT id, 'reply', 1, $2, $2, $1, id, $2, CASE state WHEN 'recorded' THEN 'open' ELSE 'met' END FROM found
"""


_UNITS = """
WITH told AS (INSERT INTO identity.unit SELECT 'xa-' || n, $1 FROM generate_series(1, $2::int) AS n RETURNING unit)
INSERT INTO identity.unit_version (unit, valid_from, name, grp, parent, staff, set_fields)
SELECT told.unit, valid_from, told.unit, grp, parent, staff, set_fields
FROM told, (SELECT * FROM identity.unit_version WHERE parent IS NOT NULL LIMIT 1) AS one
"""
_PROVINCE = 524  # units


async def _filled(settings: Settings, shape: Shape) -> dict[str, str]:
    """The tokens of who asks; the database analyzed, as autovacuum does by itself a minute later."""
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.put("inspector", f"inspections/{fresh()}", opening())
    owner = await asyncpg.connect(settings.database_url)
    await owner.execute(_UNITS, NOW, _PROVINCE)
    for many, since, over in ((shape.closed, "0198", True), (shape.open, "0199", False)):
        await owner.execute(_VISITS, many // 4, shape.units, since)
        await owner.execute(_FINDINGS, NOW, NOW + timedelta(days=7), since, over)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    return intake.tokens


def _ask(port: int, tokens: Mapping[str, str], happen: Callable[[], object]) -> Took:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    took: dict[str, list[float]] = {what: [] for what in ASKED}
    for _ in range(WARM_UP + TIMES):
        for what, (who, path) in ASKED.items():
            if what.endswith(AFTER):
                happen()
            headers = {"Authorization": f"Bearer {tokens[who]}", "Accept-Encoding": "gzip"}
            began = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            assert answer.read() and answer.status == http.client.OK, path
            took[what].append(time.perf_counter() - began)
    return {what: sorted(times[WARM_UP:]) for what, times in took.items()}


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[int]:
    port = free_port()
    told = {"DATA": str(settings.data), "DATABASE_URL": settings.database_url, "AUDIT_URL": NOWHERE}
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
        connection.request("GET", EMPTY)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


async def _measured(shape: Shape) -> Took:
    async with database() as (settings, _):
        tokens = await _filled(settings, shape)
        owner, loop = await asyncpg.connect(settings.database_url), asyncio.get_running_loop()
        async with _served(settings) as port:
            took = await asyncio.to_thread(
                _ask, port, tokens, lambda: asyncio.run_coroutine_threadsafe(owner.execute(_EVENT), loop).result()
            )
        await owner.close()
        return took


def measure() -> Iterator[Limit]:
    """The lists' slowest of a hundred beside those of the empty endpoint, and of the one that only tells who asks."""
    for shape in SHAPES:
        took = asyncio.run(_measured(shape))
        for name in LISTS:
            for beside in ("empty", "me"):
                kept, empty, after = (took[what][TIMES // 2] * 1e3 for what in (name, beside, name + AFTER))
                yield at_most(
                    f"desk: {name} of {shape.name}, p99 to that of {ASKED[beside][1]}"
                    f" (p50 {kept:.2f} to {empty:.2f} ms;{AFTER} {after:.2f} ms, {after / empty:.1f})",
                    BOUND, _p99(took[name]) / _p99(took[beside]),
                )  # fmt: skip


def _p99(times: Sequence[float]) -> float:
    return times[TIMES * 99 // 100 - 1]


if __name__ == "__main__":
    uvicorn.run(create_app(Settings(), SettableClock(NOW)), port=int(sys.argv[1]), log_level="warning")
