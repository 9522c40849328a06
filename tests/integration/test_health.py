"""What makes a service not ready: its database, and its loops."""

import asyncio

from services.kernel.health import troubles
from services.kernel.store.db import columns, open_pool, snapshot


async def test_a_database_that_answers_and_loops_that_run_are_no_trouble(settings):
    loop = asyncio.create_task(asyncio.Event().wait(), name="relay")
    pool = await open_pool(settings.dsn("intake_app"), name="health")
    for statement in ("SELECT true", "SELECT 0", "SELECT 'x'"):
        assert await troubles(pool, statement, "it is empty", [loop]) == []
    for statement in ("SELECT NULL", "SELECT false", "SELECT 1 WHERE false"):
        assert await troubles(pool, statement, "it is empty", [loop]) == ["it is empty"]
    loop.cancel()
    await asyncio.wait({loop})
    await pool.close()
    ended, away = await troubles(pool, "SELECT true", "it is empty", [loop])
    assert "relay" in ended and "does not answer" in away


async def test_a_snapshot_stays_what_it_was_and_rows_go_in_as_columns(settings):
    pool = await open_pool(settings.dsn("intake_app"), name="snapshot")
    count = "SELECT count(*) FROM identity.unit"
    add = "INSERT INTO identity.unit (unit, registered_at) SELECT unit, now() FROM unnest($1::text[]) AS new(unit)"
    async with snapshot(pool) as connection:
        before = await connection.fetchval(count)
        await pool.execute(add, *columns([("xa-a",), ("xa-b",)], 1))
        await pool.execute(add, *columns([], 1))
        assert await connection.fetchval(count) == before
    assert await pool.fetchval(count) == before + 2
    await pool.close()
