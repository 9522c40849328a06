"""Pools close whatever ends the service that opened them."""

import asyncpg
import pytest

from services.kernel.store.db import opened_pool


async def test_a_pool_is_closed_when_what_was_opened_after_it_fails(settings):
    with pytest.raises(LookupError):
        async with opened_pool(settings.dsn("reports_app"), name="test") as pool:
            raise LookupError("the stream")
    with pytest.raises(asyncpg.InterfaceError):
        await pool.fetchval("SELECT 1")


async def test_a_connection_that_nobody_gives_back_holds_up_no_stop(settings):
    async with opened_pool(settings.dsn("reports_app"), name="test") as pool:
        held = await pool.acquire()
    with pytest.raises(asyncpg.InterfaceError):
        await held.fetchval("SELECT 1")
