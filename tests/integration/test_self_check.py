"""The nightly self-check: what is stored otherwise than the log says is found, told, and published no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from services.kernel.problems import NotFound
from services.kernel.process.clock import SettableClock
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.reports.fold.feed import log_client
from services.reports.fold.fold import Fold
from services.reports.fold.self_check import SelfCheck, differing
from services.reports.reading.editions import editions, frozen_card, frozen_listing
from tests.integration.test_old_folder import Old, old
from tests.integration.test_reports_fold import QUARTER, UNIT, busy, fold_all, made, pool
from tests.support.old_folder import LEFT
from tests.support.reports_http import served_log
from tests.support.reports_log import MadeLog
from tests.support.reports_reading import TODAY, read, render_all

__all__ = ["made", "old", "pool"]
NO_BONUS = Path(__file__).parents[2] / "services/reports/migrations/versions/0009_no_bonus_without_score.sql"


@pytest_asyncio.fixture
async def check(settings: Settings, pool: asyncpg.Pool, made: MadeLog) -> AsyncIterator[SelfCheck]:
    """A folded log with two editions, one of them published, and the check over its HTTP side."""
    busy(made, 7)
    made.survey(UNIT, 80, 71)
    await fold_all(pool, made)
    cut = next(n for n, raw in enumerate(made.entries) if b"quarter.closed.v1" in raw)
    made.publish(cut, (await read(pool, frozen_listing, QUARTER, "flash")).frozen.cards_root)
    await fold_all(pool, made)
    async with served_log(settings, made) as told:
        client = log_client(told)
        yield SelfCheck(pool, client, SettableClock(TODAY))
        await client.close()


async def tamper(settings: Settings, statement: str) -> None:
    """What only a database's administrator can do."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute(f"SET session_replication_role = replica; {statement}")
    finally:
        await connection.close()


async def test_what_the_log_says_is_found_as_it_is(pool: asyncpg.Pool, check: SelfCheck) -> None:
    assert await check.once() == {}
    assert await differing(pool) == {}
    rows = await pool.fetch("SELECT quarter, size, differs FROM reports.self_check")
    assert {row["quarter"] for row in rows} == {"2026-Q2", QUARTER}
    assert await read(pool, frozen_card, QUARTER, "flash", UNIT, reviewer=False)


async def test_what_an_earlier_program_stored_is_right(old: Old) -> None:
    settings = old.house.settings
    pool, client = await open_pool(settings.dsn("reports_app"), name="reports-test", size=2), log_client(settings)
    try:
        assert await SelfCheck(pool, client, SettableClock(LEFT)).once() == {}
        editions = await pool.fetchval("SELECT count(*) FROM reports.self_check JOIN reports.edition USING (quarter)")
    finally:
        await client.close()
        await pool.close()
    assert editions > 1


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE reports.card SET body = replace(body, '\"band\"', '\"bund\"') WHERE unit = 'xa-001'",
            "xa-001 is another",
        ),
        ("DELETE FROM reports.card WHERE unit = 'xa-001'", "xa-001 is missing"),
        (
            "UPDATE reports.card SET body = 'no card' WHERE unit = 'xa-001'",
            "xa-001 is another",
        ),
        (
            "UPDATE reports.edition_card SET body = body || ' '::bytea WHERE unit = 'xa-002'",
            "flash has other",
        ),
        (
            "UPDATE reports.edition_card SET row = replace(row, '\"band\":', '\"bund\":') WHERE unit = 'xa-002'",
            "flash has other",
        ),
        ("UPDATE reports.edition SET size = size + 1 WHERE edition = 'flash'", "flash has other"),
        (
            "UPDATE reports.card SET row = replace(row, '\"band\":', '\"bund\":') WHERE unit = 'xa-001'",
            "list says otherwise of xa-001",
        ),
    ],
)
async def test_what_was_changed_in_the_database_stops_its_publication(
    settings: Settings, pool: asyncpg.Pool, check: SelfCheck, statement: str, said: str
) -> None:
    await tamper(settings, statement)
    found = await check.once()
    assert said in found[QUARTER]
    assert await differing(pool) == found
    with pytest.raises(NotFound):
        await read(pool, frozen_card, QUARTER, "flash", UNIT, reviewer=False)
    with pytest.raises(NotFound):
        await read(pool, frozen_listing, QUARTER, "flash", reviewer=False)
    assert [one.published_at for one in await read(pool, editions, QUARTER, reviewer=True)] == [None, None]


async def test_once_it_is_right_again_it_is_published_again(
    settings: Settings, pool: asyncpg.Pool, made: MadeLog, check: SelfCheck
) -> None:
    await tamper(settings, "DELETE FROM reports.card WHERE unit = 'xa-001'")
    assert await check.once()
    await Fold(pool).rebuild(made.covered())
    assert await check.once() == {}
    assert await read(pool, frozen_card, QUARTER, "flash", UNIT, reviewer=False)


async def test_a_quarter_that_cannot_be_checked_keeps_no_other_waiting_and_is_tried_again(
    settings: Settings, pool: asyncpg.Pool, check: SelfCheck
) -> None:
    checked = "SELECT array_agg(quarter ORDER BY quarter) FROM reports.self_check"
    await tamper(settings, "ALTER TABLE reports.self_check ADD CONSTRAINT never CHECK (quarter <> '2026-Q2')")
    with pytest.raises(ExceptionGroup, match="2026-Q2: CheckViolation"):
        await check.once(TODAY - timedelta(hours=20))
    assert await pool.fetchval(checked) == [QUARTER]
    await tamper(settings, "ALTER TABLE reports.self_check DROP CONSTRAINT never")
    await check.once(TODAY - timedelta(hours=20))  # in the same night
    assert await pool.fetchval(checked) == ["2026-Q2", QUARTER]


async def test_a_bonus_that_the_first_program_stored_without_a_score_stops_nothing(
    settings: Settings, pool: asyncpg.Pool, made: MadeLog, check: SelfCheck
) -> None:
    made.register("xa-khen")
    made.commend("xa-khen")
    await fold_all(pool, made)
    await render_all(pool)
    right = await pool.fetchrow("SELECT body, row FROM reports.card WHERE unit = 'xa-khen'")
    assert '"score":null' in right["body"] and '"bonus":null' in right["body"]
    await tamper(
        settings,
        """UPDATE reports.card SET body = replace(body, '"bonus":null', '"bonus":"1.00"'),
        row = replace(row, '"bonus":null', '"bonus":"1.00"') WHERE unit = 'xa-khen'""",
    )
    assert "xa-khen is another" in (await check.once())[QUARTER]
    await tamper(settings, NO_BONUS.read_text(encoding="utf-8"))
    assert await pool.fetchrow("SELECT body, row FROM reports.card WHERE unit = 'xa-khen'") == right
    assert await check.once() == {}
