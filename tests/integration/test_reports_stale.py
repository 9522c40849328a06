"""Live cards that a fold only marks: whoever reads finds them rendered, whoever folds and renders meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from services.kernel.process.settings import Settings
from services.kernel.store.db import Connection
from services.reports.facts.facts import UnitQuarter
from services.reports.fold import live_cards
from services.reports.fold.fold import Fold
from services.reports.fold.live_cards import LiveCards
from services.reports.fold.reference import Reference
from services.reports.fold.sql import queries
from services.reports.reading.live_cards import listing
from services.reports.scoring import cards as scoring_cards
from tests.integration.test_reports_fold import EVERYTHING, QUARTER, UNIT, busy, card, dump, fold_all, made, pool
from tests.support.reports_log import MadeLog
from tests.support.reports_reading import read, render_all

__all__ = ["made", "pool"]


async def stale(pool: asyncpg.Pool) -> set[tuple[str, str]]:
    return {(row["quarter"], row["unit"]) for row in await pool.fetch("SELECT quarter, unit FROM reports.stale")}


async def test_a_batch_marks_and_a_reader_renders(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    assert await stale(pool) == {(QUARTER, UNIT)}
    assert await pool.fetchval("SELECT count(*) FROM reports.card") == 0
    found = await card(pool)
    assert (found["score"], found["log"]["size"]) == ("94.00", len(made.entries))
    assert await stale(pool) == set()
    made.golden()
    await fold_all(pool, made)
    assert await stale(pool) == {(QUARTER, UNIT)}
    [row] = (await read(pool, listing, QUARTER, EVERYTHING)).parsed()
    assert row["exposure"]["inspections"] == 2


async def test_a_card_of_which_nothing_is_left_is_none_once_rendered(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.golden()
    await fold_all(pool, made)
    await render_all(pool)
    made.void(UNIT, inspection)
    await fold_all(pool, made)
    assert (await card(pool))["band"] == "insufficient"
    assert await pool.fetchval("SELECT count(*) FROM reports.card") == 0


async def test_what_was_marked_anew_meanwhile_stays_stale(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)

    class Slow(LiveCards):
        """Another process folds while this one has read the facts and not yet written the card."""

        async def _known(self, connection: Connection) -> Reference:
            made.golden()
            await fold_all(pool, made)
            return await super()._known(connection)

    assert await Slow(pool).some()
    assert await stale(pool) == {(QUARTER, UNIT)}
    assert await pool.fetchval("SELECT count(*) FROM reports.card") == 0
    assert (await card(pool))["exposure"]["inspections"] == 2


@pytest.mark.parametrize("seed", [5, 6])
async def test_when_cards_are_rendered_does_not_matter(
    pool: asyncpg.Pool, made: MadeLog, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(made, seed)
    monkeypatch.setattr(live_cards, "_AT_ONCE", 2)
    chance, fold = random.Random(seed), Fold(pool)
    first = 0
    for size in [*sorted(chance.sample(range(1, len(made.entries)), 20)), len(made.entries)]:
        await fold.apply(made.covered(first, size))
        first = size
        for _ in range(chance.randrange(3)):
            await fold.cards.some()
    live = await dump(pool)
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == live
    assert live["stale"] == [] and live["card"]


async def test_the_old_cards_are_read_while_a_rebuild_runs(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    assert await stale(pool)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def log() -> AsyncIterator[Sequence[bytes]]:
        begun.set()
        await go_on.wait()
        yield made.entries

    rebuilding = asyncio.create_task(Fold(pool).rebuild_from(made.covered().checkpoint, log()))
    await begun.wait()
    async with asyncio.timeout(60):
        found = await card(pool)
    assert found["score"] == "94.00"
    go_on.set()
    await rebuilding
    assert await card(pool) == found


async def test_a_reader_comes_between_two_batches(pool: asyncpg.Pool, made: MadeLog) -> None:
    """However many batches wait, a reader of cards is not the last."""
    made.golden()
    cards = LiveCards(pool)
    fold = Fold(pool, cards=cards)
    await fold.apply(made.covered())
    batches = []
    for _ in range(5):
        first = len(made.entries)
        made.golden()
        batches.append(made.covered(first))

    async def go_on() -> None:
        for batch in batches:
            await fold.apply(batch)

    folding = asyncio.create_task(go_on())
    async with cards.fresh() as (connection, head):
        assert head["size"] < len(made.entries)
        assert not await connection.fetchval("SELECT EXISTS (SELECT FROM reports.stale)")
    await folding
    assert (await card(pool))["exposure"]["inspections"] == 6


async def test_what_is_marked_and_has_no_card_yet_is_marked_anew_by_what_touches_its_unit(
    pool: asyncpg.Pool, made: MadeLog
) -> None:
    """Another process has read the unit's name and not yet written the card."""
    made.golden()
    await fold_all(pool, made)

    class Slow(LiveCards):
        async def _known(self, connection: Connection) -> Reference:
            known = await super()._known(connection)
            made.amend(UNIT, "2026-01-01", name="UBND xã Tên Mới")
            await fold_all(pool, made)
            return known

    assert await Slow(pool).some()
    assert await stale(pool) == {(QUARTER, UNIT)}
    assert (await card(pool))["unit_name"] == "UBND xã Tên Mới"


async def test_who_renders_for_long_keeps_the_head(settings: Settings, pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)

    class Slow(LiveCards):
        async def _some(self, *of: Any) -> bool:
            await asyncio.sleep(0.6)
            return await super()._some(*of)

    short = {"idle_in_transaction_session_timeout": "300ms", "timezone": "UTC"}
    strict = await asyncpg.create_pool(settings.dsn("reports_app"), min_size=1, max_size=4, server_settings=short)
    try:
        async with Slow(strict).fresh() as (_, head):
            assert not head["stale"]
        made.golden()
        await fold_all(pool, made)
        await Fold(strict, cards=Slow(strict)).rebuild(made.covered())
    finally:
        await strict.close()
    assert (await card(pool))["exposure"]["inspections"] == 2


async def test_readers_wait_for_nobody_who_renders_what_they_need(pool: asyncpg.Pool, made: MadeLog) -> None:
    """A rebuild holds the head for long, and renders what is stale before it begins."""
    made.golden()
    await fold_all(pool, made)
    readers = LiveCards(pool)

    async def reads() -> bool:
        async with readers.fresh() as (_, head):
            return bool(head["stale"])

    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM reports.head FOR UPDATE")
        waiting = [asyncio.create_task(reads()) for _ in range(3)]
        await asyncio.sleep(0.3)
        await LiveCards(pool).all()
        async with asyncio.timeout(60):
            assert await asyncio.gather(*waiting) == [False] * 3


async def test_who_reads_one_card_waits_for_no_other(pool: asyncpg.Pool, made: MadeLog) -> None:
    busy(made, 7)
    made.golden()
    await fold_all(pool, made)
    before = await stale(pool)
    async with LiveCards(pool).fresh([QUARTER], UNIT) as (connection, head):
        assert head["size"] == len(made.entries)
        assert await connection.fetchval("SELECT count(*) FROM reports.card") == 1
    assert await stale(pool) == before - {(QUARTER, UNIT)}
    async with LiveCards(pool).fresh([QUARTER]):
        pass
    left = await stale(pool)
    assert left
    assert left == {one for one in before if one[0] != QUARTER}


async def test_a_card_that_cannot_be_rendered_keeps_no_other_one(
    pool: asyncpg.Pool, made: MadeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(made, 8)
    made.golden()
    made.register("xa-khac")
    made.golden("xa-khac")
    await fold_all(pool, made)
    broken = QUARTER, UNIT

    def render(facts: UnitQuarter, *rest: Any) -> dict[str, Any]:
        if (facts.quarter, facts.unit) == broken:
            raise ValueError("no such band")
        return live_render(facts, *rest)

    live_render = scoring_cards.render
    monkeypatch.setattr(scoring_cards, "render", render)
    monkeypatch.setattr(live_cards, "_AT_ONCE", 2)
    with pytest.raises(live_cards.Unrenderable, match=f"{broken[1]} in {broken[0]}: ValueError: no such band"):
        await LiveCards(pool).all()
    assert await stale(pool) == {broken}
    async with LiveCards(pool).fresh([QUARTER], "xa-khac") as (connection, _):
        shown = "SELECT count(*) FROM reports.card WHERE quarter = $1 AND unit = 'xa-khac'"
        assert await connection.fetchval(shown, QUARTER) == 1
    monkeypatch.undo()
    await LiveCards(pool).all()
    assert await stale(pool) == set()


async def test_many_cards_that_cannot_be_rendered_keep_no_other_one(
    pool: asyncpg.Pool, made: MadeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when they come first, and are more than are rendered at once."""
    broken = {(QUARTER, unit) for unit in ("xa-aa", "xa-ab", "xa-ac")}
    for unit in ("xa-aa", "xa-ab", "xa-ac", "xa-ad"):
        made.register(unit)
        made.golden(unit)
    made.golden()
    await fold_all(pool, made)
    tried: list[tuple[str, str]] = []

    def render(facts: UnitQuarter, *rest: Any) -> dict[str, Any]:
        tried.append((facts.quarter, facts.unit))
        if tried[-1] in broken:
            raise ValueError("no such band")
        return live_render(facts, *rest)

    live_render = scoring_cards.render
    monkeypatch.setattr(scoring_cards, "render", render)
    monkeypatch.setattr(live_cards, "_AT_ONCE", 2)
    cards = LiveCards(pool)
    with pytest.raises(live_cards.Unrenderable):
        while await cards.some():
            pass
    assert await stale(pool) == broken
    assert len(tried) == len(set(tried)) == 5
    with pytest.raises(live_cards.Unrenderable):
        async with cards.fresh([QUARTER]):
            pass
    made.golden("xa-ab")
    await fold_all(pool, made)
    broken.remove((QUARTER, "xa-ab"))
    assert await cards.some()
    with pytest.raises(live_cards.Unrenderable, match=r"xa-a[ac] in"):
        while await cards.some():
            pass
    assert await stale(pool) == broken


async def test_what_moved_is_another_text_with_every_size_and_root(pool: asyncpg.Pool) -> None:
    """Also where the row's own mark is the same: a cluster that begins anew counts its transactions again."""
    told = set[str]()
    async with pool.acquire() as connection, connection.transaction():
        for size, root in ((1, bytes(32)), (2, bytes(32)), (2, b"1" * 32)):
            await connection.execute("UPDATE reports.head SET size = $1, root = $2", size, root)
            told.add((await connection.fetchrow(queries.head))["moved"])
    assert len(told) == 3


async def test_who_reads_one_card_waits_for_no_reader_of_many(pool: asyncpg.Pool, made: MadeLog) -> None:
    busy(made, 9)
    made.golden()
    await fold_all(pool, made)
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(LiveCards):
        """Somebody who reads the whole quarter is not done for long."""

        async def _some(self, failed: Any, quarters: Any = None, unit: str | None = None) -> bool:
            if unit is None:
                begun.set()
                await go_on.wait()
            return await super()._some(failed, quarters, unit)

    cards = Slow(pool)

    async def reads(unit: str | None = None) -> int:
        async with cards.fresh([QUARTER], unit) as (connection, _):
            return int(await connection.fetchval("SELECT count(*) FROM reports.card WHERE quarter = $1", QUARTER))

    whole = asyncio.create_task(reads())
    await begun.wait()
    async with asyncio.timeout(60):
        assert await asyncio.gather(*(reads(UNIT) for _ in range(20))) == [1] * 20
    go_on.set()
    assert await whole > 1
    assert not [one for one in await stale(pool) if one[0] == QUARTER]
