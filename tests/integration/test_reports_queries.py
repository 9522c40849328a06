"""What the database allows the reports role, and that the hot statements stay on their indexes at a province's size."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from services import reports
from services.domain.case import Outcome
from services.kernel.process.settings import Settings
from services.kernel.store.sql import load_queries
from services.reports.facts.standing import standing

SERVICE = Path(reports.__file__).parent
FILES = {path.parent: load_queries(path) for path in SERVICE.rglob("queries.sql")}
_FILL = """
INSERT INTO reports.card (quarter, unit, body, row)
SELECT (2016 + q / 4) || '-Q' || (1 + q % 4), 'xa-' || u, 'x', 'x'
FROM generate_series(0, 39) q, generate_series(1, 524) u;
INSERT INTO reports.stale (quarter, unit) SELECT quarter, unit FROM reports.card WHERE quarter > '2020';
INSERT INTO reports.inspection (id, unit, quarter, opened_on, opened_index, closed_at, persons_checked, files_checked)
SELECT gen_random_uuid(), unit, quarter, '2026-01-01', row_number() OVER (), 'x', 1, 0 FROM reports.card;
INSERT INTO reports.finding (id, inspection, code, catalogue, severity, count, index, lapsed, withdrawn)
SELECT gen_random_uuid(), id, 'A01', '2026.1', 1, 1, opened_index * 3 + n, false, false
FROM reports.inspection, generate_series(0, 2) n;
INSERT INTO reports.commendation (id, unit, quarter, code, index)
SELECT gen_random_uuid(), unit, quarter, 'K01', opened_index FROM reports.inspection;
INSERT INTO reports.alert (id, inspection, unit, created_at, acknowledged_at, body)
SELECT gen_random_uuid(), id, unit, '2026-01-01T00:00:' || opened_index, null, 'x' FROM reports.inspection;
INSERT INTO reports.notice (id, event, kind, account, unit, inspection, created_at, due, index, number)
SELECT gen_random_uuid(), id, 'findings', 'head', unit, id, '2026-01-01', '2026-01-08', opened_index, 0
FROM reports.inspection;
INSERT INTO reports.edition (closing, quarter, edition, size, root, cards_root, rules)
SELECT gen_random_uuid(), quarter, 'official', 1, '\\x00', '\\x00', null
FROM (SELECT DISTINCT quarter FROM reports.card) quarters, generate_series(1, 20);
INSERT INTO reports.publication (index, closing, cards_root, own, time)
SELECT row_number() OVER (), closing, '\\x00', true, '2026-10-16T02:00:00.000Z' FROM reports.edition;
INSERT INTO reports.edition_card (closing, unit, grp, body, row)
SELECT closing, 'xa-' || u, 'xa', '', '' FROM reports.edition, generate_series(1, 50) u;
ANALYZE;
"""
ID = "01990401-7a1b-7c2d-8e3f-4a5b6c7d8e01"
LAST = ("9", "ffffffff-ffff-ffff-ffff-ffffffffffff")
SOME = [f"xa-{number}" for number in range(1, 9)]
HOT: dict[str, tuple[Any, ...]] = {
    "card": ("2026-Q3", "xa-1"),
    "card_rows": ("2024-Q3",),
    "peer_scores": ("2024-Q3", "xa"),
    "alerts_of_units": (SOME, *LAST, True, 51),
    "all_alerts": (*LAST, False, 51),
    "inspections": ([ID],),
    "findings": ([ID],),
    "findings_of": ([ID],),
    "closed_inspections_of": (["2024-Q3"] * 8, SOME),
    "commendations_of": (["2024-Q3"] * 8, SOME),
    "cards_of_units": (["xa-1"],),
    "active_units": ("2024-Q3",),
    "found_live": (["2024-Q3"], [1, 2, 3]),
    "told_live": ("2024-Q3", "A01", [1, 2, 3]),
    "totals": (["2024-Q3"], [], [], False, [1, 2, 3]),
    "totals of kinds": (["2024-Q3"] * 6, SOME, ["xa"] * 8, True, [1, 2, 3]),
    "praised": ("2024-Q3",),
    "judged": ("2024-Q3", [1, 2, 3], ["unfounded"], "members"),
    "in_the_way": ("2024-Q3", [1, 2, 3]),
    "found_frozen": (ID,),
    "told_frozen": (ID, "A01"),
    "pending_of": ("2024-Q3", "xa-1", [1, 2, 3], ["findings"]),
    "heads_part": ("xa-1", ["2024-Q3"] * 4, [1, 2, 3]),
    "past_rows": (["xa-1"], ["2024-Q3"] * 4),
    "past_frozen": ([ID], ["xa-1"]),
    "edition": ("2024-Q3", "official"),
    "editions": ("2024-Q3",),
    "edition_rows": (ID,),
    "edition_card": (ID, "xa-1"),
}


@pytest_asyncio.fixture
async def filled(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """The app role's connection to forty quarters of 524 units."""
    admin = await asyncpg.connect(settings.database_url)
    await admin.execute(_FILL)
    await admin.close()
    connection = await asyncpg.connect(settings.dsn("reports_app"))
    yield connection
    await connection.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def statement_of(name: str) -> str:
    """The one statement of a name."""
    [statement] = [getattr(queries, name) for queries in FILES.values() if name in queries.names()]
    return str(statement)


async def test_hot_statements_stay_on_their_indexes(filled: asyncpg.Connection) -> None:
    scanned = {}
    for name, arguments in HOT.items():
        statement = statement_of(name.split()[0])
        raw = await filled.fetchval(f"EXPLAIN (FORMAT JSON, GENERIC_PLAN false) {statement}", *arguments)
        [explained] = json.loads(raw)
        whole = [node["Relation Name"] for node in nodes(explained["Plan"]) if node["Node Type"] == "Seq Scan"]
        if whole:
            scanned[name] = whole
    assert scanned == {}


NAMES = ("severity", "withdrawn", "outcome", "accepted", "lapsed", "contested")


async def test_statements_and_the_fold_say_alike_where_a_finding_stands(settings: Settings) -> None:
    cases = list(
        product((1, 2, 3, 4), (True, False), (None, *Outcome), (None, True, False), (True, False), (True, False))
    )
    connection = await asyncpg.connect(settings.dsn("reports_app"))
    try:
        for case in cases:
            said = await connection.fetchval("SELECT reports.standing($1::smallint, $2, $3, $4, $5, $6)", *case)
            assert said == standing(**dict(zip(NAMES, case, strict=True))), case
    finally:
        await connection.close()


async def test_the_app_role_may_do_its_work_and_no_more(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.dsn("reports_app"))
    try:
        for statement in (
            "INSERT INTO reports.head (size, root, peaks, reference_index) VALUES (0, '', '{}', 0)",
            "DELETE FROM reports.head",
            "UPDATE reports.reference_event SET unit = 'x'",
            "UPDATE reports.commendation SET unit = 'x'",
            "UPDATE reports.edition SET size = 0",
            "DELETE FROM reports.edition_card",
            "TRUNCATE reports.card",
            "CREATE TABLE reports.mine (x int)",
            "DROP TABLE reports.card",
            "SELECT * FROM intake.outbox",
            "SELECT * FROM audit.entry",
            "SELECT * FROM identity.session",
            "SELECT password_hash FROM identity.account",
            "INSERT INTO identity.appointment VALUES (gen_random_uuid(), 'x', 'admin', null, now(), null, null)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        assert await connection.fetchval("SELECT count(*) FROM identity.rights") == 0
    finally:
        await connection.close()


@pytest.mark.parametrize("folder", FILES, ids=lambda folder: folder.name)
async def test_every_statement_is_used_and_parses(settings: Settings, folder: Path) -> None:
    """A statement nobody names is dead; one that does not parse would only be met in the night."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in SERVICE.rglob("*.py"))
    connection = await asyncpg.connect(settings.dsn("reports_app"))
    try:
        for name in FILES[folder].names():
            assert re.search(rf"queries\.{name}\b", source), f"{name} is not used"
            await connection.prepare(getattr(FILES[folder], name))
    finally:
        await connection.close()


def test_every_capability_has_its_statements_beside_it() -> None:
    assert {folder.name for folder in FILES} == {
        "alerts", "delivery", "editions", "facts", "fold", "inbox", "notices", "reading",
    }  # fmt: skip
