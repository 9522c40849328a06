"""The load against real services: what it says when it may not go on."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.demo.accounts import Office
from services.demo.batches import Batch
from services.demo.history import DEFAULT_SEED, story
from services.demo.load import LoadFailed, _Loading, _quiet, load
from services.domain.rulefiles import load_calendar, load_catalogues
from services.intake.cases import deadlines as lapses
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from tests.support.house import open_house

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


async def test_a_folder_that_is_no_demo_keeps_its_clock(settings: Settings) -> None:
    pool = await open_pool(settings.dsn("intake_app"), name="demo", size=2)
    try:
        async with open_house(settings) as house:
            office = Office(pool, settings.source)
            with pytest.raises(LoadFailed, match=r"lô của admin lúc 08:00 30/12/2021: 403 forbidden\..*đồng hồ"):
                await load(house.url, office.token, seed=1, now=NOW)
            assert await pool.fetchval("SELECT count(*) FROM identity.unit") == 0
    finally:
        await pool.close()


async def test_nobody_at_the_address(settings: Settings) -> None:
    pool = await open_pool(settings.dsn("intake_app"), name="demo", size=2)
    try:
        with pytest.raises(LoadFailed, match="Không nối được"):
            await load("http://127.0.0.1:9/", Office(pool, settings.source).token, seed=1, now=NOW)
    finally:
        await pool.close()


async def test_people_are_appointed_once_from_the_reform_on(settings: Settings) -> None:
    pool = await open_pool(settings.dsn("intake_app"), name="demo", size=2)
    try:
        async with open_house(settings):
            office = Office(pool, settings.source)
            one, two = [await office.token("inspector", None, "inspector") for _ in range(2)]
            assert one != two
            rows = await pool.fetch("SELECT account, role, unit, valid_from FROM identity.appointment")
            assert [(row["account"], row["role"], row["unit"]) for row in rows] == [("inspector", "inspector", None)]
            assert rows[0]["valid_from"] == datetime(2025, 6, 30, 17, tzinfo=UTC)
    finally:
        await pool.close()


async def test_deadlines_lapse_by_the_story_while_it_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Today's clock is months past April's deadlines, and yet a head of April must still be able to reply."""
    monkeypatch.setattr(lapses, "EVERY", 0.02)
    settings.folder.begin_load("a test")
    pool = await open_pool(settings.dsn("intake_app"), name="demo", size=2)
    try:
        async with open_house(settings) as house, house.client() as client:
            first_day = [batch for batch in _story() if batch.clock < datetime(2026, 4, 1, 12, tzinfo=UTC)]
            await _Loading(client, Office(pool, settings.source).token, 0, _quiet).file(first_day)
            await asyncio.sleep(0.5)
            assert await pool.fetchval(_LAPSED) == 0
            settings.folder.end_load()
            async with asyncio.timeout(60):
                while await pool.fetchval(_LAPSED) == 0:
                    await asyncio.sleep(0.05)
    finally:
        await pool.close()


_LAPSED = "SELECT count(*) FROM intake.finding WHERE state = 'lapsed'"


def _story() -> list[Batch]:
    return list(story(DEFAULT_SEED, NOW, load_catalogues()[0], load_calendar()))
