"""Comparisons where they are shown: live behind the fold, frozen, at a size, after a rebuild."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.kernel.process.clock import SettableClock
from services.kernel.process.settings import Settings
from services.reports.editions.comparing import counts
from services.reports.editions.fitting import FitFailed, fitted
from services.reports.fold.fold import Fold, read_entries
from services.reports.fold.prefix import Prefix
from services.reports.fold.reference import load_reference
from services.reports.fold.refit import Refit
from services.reports.reading.editions import frozen_card, frozen_listing
from services.reports.reading.live_cards import listing
from services.reports.scoring.comparison.compare import compare
from services.reports.scoring.comparison.rules import Comparison, Least
from services.reports.scoring.comparison.tally import Seen, Stratum, Tally
from tests.integration.test_reports_fold import EVERYTHING, card, dump, fold_all, pool
from tests.support.reports_log import REF, MadeLog
from tests.support.reports_reading import TODAY, read

__all__ = ["pool"]
VERSIONS = Path(__file__).parents[2] / "services/reports/migrations/versions"
QUARTER = "2026-Q4"
DAY = "2026-10-05T08:00:00+07:00"
OTHER = "16367aacb67a4a017c8da8ab95682ccb"
UNITS = [f"xa-{name}" for name in ("an", "binh", "cat", "dong", "giang", "hoa", "kim", "lam", "mai")]


def visit(made: MadeLog, unit: str, late: int, persons: int = 40, at: str = DAY, **chosen: Any) -> str:
    """An inspection at which so many were late, which the head accepts."""
    inspection = made.open(unit, at, **chosen)
    found = [made.record(unit, inspection, "A01", late)] if late else []
    made.close(unit, inspection, persons=persons)
    for finding in found:
        made.reply(unit, inspection, finding, True)
    return inspection


@pytest.fixture
def made() -> MadeLog:
    """Nine communes, seen twice by two inspectors, and what a comparison leaves out; one with three persons in all."""
    made = MadeLog()
    made.genesis()
    for number, unit in enumerate(UNITS):
        made.register(unit)
        visit(made, unit, number % 4, at="2026-02-05T08:00:00+07:00", team=(REF, OTHER))
        visit(made, unit, number % 3, team=(REF,))
        visit(made, unit, number % 2 + 20 * (unit == "xa-mai"), selection="scheduled", kind="planned", team=(OTHER,))
        visit(made, unit, 30, selection="scheduled", kind="recheck")
        visit(made, unit, 30, selection="targeted")
    made.register("xa-nho")
    visit(made, "xa-nho", 1, persons=3)
    return made


async def live(pool: asyncpg.Pool) -> dict[str, Any]:
    """The live list's comparisons by unit."""
    rows = (await read(pool, listing, QUARTER, EVERYTHING)).parsed()
    return {row["unit"]: row["comparison"] for row in rows}


def refit(pool: asyncpg.Pool) -> Refit:
    return Refit(pool, SettableClock(TODAY))


async def test_live_frozen_and_at_a_size_are_the_same_figures(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.close_quarter(QUARTER, "flash")
    await fold_all(pool, made)
    assert set((await live(pool)).values()) == {None}
    assert await refit(pool).once()
    assert not await refit(pool).once()
    shown, size = await live(pool), len(made.entries)
    assert {one["size"] for one in shown.values()} == {size}
    mai = shown["xa-mai"]
    assert (mai["peer_group"], mai["units"], mai["window"]) == ("xa", 10, [QUARTER])
    assert (mai["observed"], mai["exposure"], mai["random_share"], mai["standing"]) == (22, 80, "0.50", "watch")
    assert mai["trend"]["previous"][1] | {"rate": None} == {
        "quarter": "2026-Q1", "observed": 0, "exposure": 40, "rate": None,
    }  # fmt: skip
    assert [unit for unit, one in shown.items() if one["standing"] == "insufficient"] == ["xa-nho"]
    for unit in shown:
        assert (await card(pool, unit, QUARTER))["comparison"] == shown[unit]
        frozen = json.loads(await read(pool, frozen_card, QUARTER, "flash", unit))
        assert frozen["comparison"] == {name: value for name, value in shown[unit].items() if name != "size"}
    rows = (await read(pool, frozen_listing, QUARTER, "flash")).parsed()
    assert {row["unit"] for row in rows if row["comparison"] is None} == {"xa-nho"}  # three persons were checked


async def test_rows_of_an_earlier_program_have_a_place_for_their_comparison(
    pool: asyncpg.Pool, made: MadeLog, settings: Settings
) -> None:
    await fold_all(pool, made)
    assert await refit(pool).once()
    shown = await live(pool)
    owner = await asyncpg.connect(settings.database_url)
    for old in (',"comparison":null', ',"survey":null,"comparison":null'):
        await owner.execute("UPDATE reports.card SET row = replace(row, $1 || '}', '}')", old)
        for migration in ("0006_surveys", "0010_rows"):
            text = (VERSIONS / f"{migration}.sql").read_text(encoding="utf-8")
            await owner.execute(text[text.index("UPDATE reports.card") :])
        assert await live(pool) == shown
    await owner.execute("UPDATE reports.card SET row = '{}'")
    await owner.close()
    made.rules("scoring", "2027.1", "2027-01-01", "2026-11-20T00:00:00Z")  # no card's bytes change
    await fold_all(pool, made)
    assert await live(pool) == shown


async def test_the_database_counts_as_the_facts_do(pool: asyncpg.Pool, made: MadeLog) -> None:
    late = visit(made, "xa-an", 0)
    for accepts, then in ((True, None), (False, "upheld"), (False, "excused"), (False, None), (None, None)):
        finding = made.record("xa-an", late, "A01", 99)
        if accepts is None:
            made.lapse("xa-an", late, finding)
        else:
            made.reply("xa-an", late, finding, accepts)
        if then:
            made.decide("xa-an", late, finding, then)
        if then == "upheld":
            made.appeal("xa-an", late, finding)
    made.withdraw("xa-an", late, made.record("xa-an", late, "A01"))
    for code in ("A03", "A05", "C04"):
        made.decide("xa-an", late, made.record("xa-an", late, code, 2), "upheld")
    made.void("xa-binh", visit(made, "xa-binh", 5))
    await fold_all(pool, made)
    prefix = Prefix(QUARTER)
    prefix.take(await read_entries(0, made.entries))
    units = sorted(prefix.units())
    async with pool.acquire() as connection:
        known = await load_reference(connection)
        found = await counts(connection, QUARTER, units, known.directory, known.rulebook)
    assert found == prefix.seen(units)
    assert found["xa-an"].quarters[QUARTER].observed == 40 + 40 + 2  # accepted, lapsed, and two absent
    rules = known.rulebook.comparison(QUARTER)
    assert rules is not None
    assert await fitted(rules, QUARTER, found) == compare(rules, QUARTER, found)


async def test_a_change_is_fitted_behind_the_fold_and_says_so(pool: asyncpg.Pool, made: MadeLog) -> None:
    await fold_all(pool, made)
    await refit(pool).once()
    first = len(made.entries)
    visit(made, "xa-an", 12)
    await fold_all(pool, made)
    behind = (await live(pool))["xa-an"]
    assert (behind["size"], behind["exposure"]) == (first, 80)
    assert await refit(pool).once()
    now = (await live(pool))["xa-an"]
    assert (now["size"], now["exposure"], now["observed"]) == (len(made.entries), 120, behind["observed"] + 12)
    made.add_key()
    await fold_all(pool, made)
    assert not await refit(pool).once()
    assert (await live(pool))["xa-an"] == now | {"size": len(made.entries)}  # nothing of it changed


async def test_a_rebuild_arrives_at_the_same_bytes(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.close_quarter(QUARTER, "flash")
    visit(made, "xa-an", 12)
    made.close_quarter(QUARTER, "official")
    await fold_all(pool, made)
    await refit(pool).once()
    before, shown = await dump(pool), await live(pool)
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == before
    await refit(pool).once()
    assert await live(pool) == shown


async def test_a_quarter_whose_rules_compare_nothing_starts_no_process(
    pool: asyncpg.Pool, made: MadeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(made, "xa-an", 2, at="2026-09-01T08:00:00+07:00")
    await fold_all(pool, made)
    monkeypatch.setattr(sys, "executable", "/dev/null")
    await pool.execute("DELETE FROM reports.fit WHERE quarter <> '2026-Q3'")
    assert await refit(pool).once()
    assert (await card(pool, "xa-an", "2026-Q3"))["comparison"] is None


async def test_where_no_group_is_large_enough_to_fit_no_process_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/dev/null")
    rules = Comparison({}, {}, Least(1, 1, 1))
    units = {unit: Seen("xa", {QUARTER: Tally(Stratum(2, 80, 3), inspectors=2)}) for unit in UNITS[:7]}
    told = await fitted(rules, QUARTER, units)
    assert [(one["units"], one["observed"], one["standing"]) for one in told.values()] == [(7, 3, "insufficient")] * 7
    with pytest.raises(OSError, match="/dev/null"):
        await fitted(rules, QUARTER, units | {"xa-lam": units["xa-an"]})


async def test_a_process_that_fails_is_said_and_freezes_nothing(
    pool: asyncpg.Pool, made: MadeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.close_quarter(QUARTER, "flash")
    with monkeypatch.context() as changed:
        changed.setattr(sys, "executable", "/bin/false")
        with pytest.raises(FitFailed, match=QUARTER):
            await fold_all(pool, made)
        assert await pool.fetchval("SELECT count(*) FROM reports.edition") == 0
    await fold_all(pool, made)
    assert await pool.fetchval("SELECT count(*) FROM reports.edition") == 1


async def test_a_quarter_that_is_never_fitted_keeps_no_other_waiting_and_is_told(
    pool: asyncpg.Pool, made: MadeLog, settings: Settings
) -> None:
    await fold_all(pool, made)
    admin = await asyncpg.connect(settings.database_url)
    await admin.execute("ALTER TABLE reports.comparison ADD CONSTRAINT never CHECK (quarter <> '2026-Q4')")
    behind = "SELECT array_agg(quarter) FROM reports.fit WHERE size < wanted AND quarter <= '2026-Q4'"
    fits = refit(pool)
    for _ in range(3):
        assert fits.troubles() == []
        assert await fits.once()
        assert await pool.fetchval(behind) == [QUARTER]
    [told] = fits.troubles()
    assert told.startswith(f"the comparison of {QUARTER} fails again and again: CheckViolationError")
    await admin.execute("ALTER TABLE reports.comparison DROP CONSTRAINT never")
    await admin.close()
    assert await fits.once()
    assert (fits.troubles(), await pool.fetchval(behind)) == ([], None)
