"""Frozen editions: the forms of their cards, what opens them, and which rules a quarter is judged by."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.kernel.envelope import canonical
from services.kernel.problems import NotFound
from services.reports.facts.facts import Unfoldable
from services.reports.fold.fold import Fold
from services.reports.reading.editions import editions, frozen_card, frozen_listing
from tests.integration.test_reports_fold import QUARTER, UNIT, card, dump, fold_all, made, pool
from tests.support.reports_log import MadeLog
from tests.support.reports_reading import read
from tests.support.telemetry import Heard, latest

__all__ = ["made", "pool"]
WRONG = base64.b64encode(bytes(32)).decode()
SEVERE = "C04"  # of severity 4


async def frozen(pool: asyncpg.Pool, edition: str = "official", unit: str = UNIT) -> dict[str, Any]:
    return dict(json.loads(await read(pool, frozen_card, QUARTER, edition, unit)))


async def root_of(pool: asyncpg.Pool, edition: str = "official") -> str:
    return str((await read(pool, frozen_listing, QUARTER, edition)).frozen.cards_root)


async def opened(pool: asyncpg.Pool, edition: str = "official") -> bool:
    """Whether somebody who is no reviewer reads the list and a card of it."""
    try:
        await read(pool, frozen_listing, QUARTER, edition, reviewer=False)
    except NotFound:
        with pytest.raises(NotFound):
            await read(pool, frozen_card, QUARTER, edition, UNIT, reviewer=False)
        return False
    await read(pool, frozen_card, QUARTER, edition, UNIT, reviewer=False)
    return True


async def test_each_form_of_cards_is_kept_and_a_rebuild_keeps_both(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    made.register("xa-yen-tinh")
    made.commend("xa-yen-tinh")
    made.close_quarter(edition="flash", cards=None)
    made.close_quarter(edition="official")
    await fold_all(pool, made)
    first, second = await frozen(pool, "flash", "xa-yen-tinh"), await frozen(pool, unit="xa-yen-tinh")
    assert (first["score"], first["bonus"]) == (None, "1.00")
    assert not {"comparison", "survey"} & first.keys()
    assert (second["score"], second["bonus"], second["comparison"], second["survey"]) == (None, None, None, None)
    scored = await frozen(pool)
    assert (scored["score"], scored["bonus"]) == ("94.00", "0.00")
    assert await card(pool) == scored | {"edition": "live", "log": (await card(pool))["log"]}
    before = await dump(pool)
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == before


FIRST = json.loads((Path(__file__).parents[1] / "vectors/first-program.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("again", [False, True], ids=["folded", "rebuilt"])
async def test_what_the_first_program_froze_comes_out_byte_for_byte(pool: asyncpg.Pool, again: bool) -> None:
    """A log that the first program wrote, with the cards it froze: severity 4, referred, bonus without a score."""
    made = MadeLog()
    made.entries = [entry.encode() for entry in FIRST["entries"]]
    made.traces = [None] * len(made.entries)
    await fold_all(pool, made)
    if again:
        await Fold(pool).rebuild(made.covered())
    assert [edition["size"] for edition in FIRST["editions"].values()] == [43, 44]
    for kind, edition in FIRST["editions"].items():
        listing = await read(pool, frozen_listing, "2026-Q4", kind)
        assert listing.frozen.cards_root == edition["cards_root"]
        assert listing.head.json() == {"size": edition["size"], "root": edition["root"]}
        for unit, body in edition["cards"].items():
            assert await read(pool, frozen_card, "2026-Q4", kind, unit) == body.encode()
    assert json.loads(FIRST["editions"]["official"]["cards"]["xa-yen-tinh"])["bonus"] == "1.00"
    made.publish(42, FIRST["editions"]["flash"]["cards_root"])  # and today's program publishes it
    await fold_all(pool, made)
    await read(pool, frozen_listing, "2026-Q4", "flash", reviewer=False)


async def test_an_unknown_form_of_cards_stops_the_fold(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    before = await dump(pool)
    made.checked = False
    at = made.close_quarter(cards="card-json/3")
    with pytest.raises(Unfoldable, match=f"entry {at} .*card-json/3.*newer program"):
        await fold_all(pool, made)
    assert await dump(pool) == before


async def test_an_unknown_method_of_scoring_stops_the_fold(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    made.checked = False
    at = made.rules("scoring", "2026.9", "2026-10-01", "2026-10-01T00:00:00Z", method="card/9")
    with pytest.raises(Unfoldable, match=f"entry {at} .*card/9"):
        await fold_all(pool, made)


async def test_an_edition_opens_by_its_own_root(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    cut = made.close_quarter()
    await fold_all(pool, made)
    assert not await opened(pool)
    made.publish(cut, await root_of(pool))
    await fold_all(pool, made)
    assert await opened(pool)
    listing = json.loads((await read(pool, frozen_listing, QUARTER, "official", reviewer=False)).text())
    published = json.loads(made.entries[-1])
    assert listing["published_at"] == published["time"]
    assert listing["closing"] == json.loads(made.entries[cut])["id"] == published["data"]["closing"]
    assert listing["cards_root"] == published["data"]["cards_root"]
    before = await dump(pool)
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == before and await opened(pool)


async def test_an_edition_published_with_another_root_stays_closed_and_alarms_until_it_is_put_right(
    pool: asyncpg.Pool, made: MadeLog, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "services.reports.editions.frozen")
    made.golden()
    cut = made.close_quarter()
    wrong = made.publish(cut, WRONG)
    await fold_all(pool, made)
    assert not await opened(pool)
    assert f"entry {wrong} publishes" in caplog.text
    assert latest(heard, "kycuong.reports.publications_refused") == 1
    [edition] = await read(pool, editions, QUARTER, reviewer=True)
    assert edition.json()["refused"] is True and await read(pool, editions, None, reviewer=False) == []
    await Fold(pool).rebuild(made.covered())
    assert not await opened(pool)
    made.publish(cut, await root_of(pool))
    await fold_all(pool, made)
    assert await opened(pool)
    assert latest(heard, "kycuong.reports.publications_refused") == 0
    [edition] = await read(pool, editions, QUARTER, reviewer=False)
    assert edition.json()["refused"] is False


async def test_a_wrong_publication_after_the_right_one_shuts_nothing(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    cut = made.close_quarter()
    await fold_all(pool, made)
    made.publish(cut, await root_of(pool))
    since = json.loads(made.entries[-1])["time"]
    made.publish(cut, WRONG)
    await fold_all(pool, made)
    assert await opened(pool)
    [edition] = await read(pool, editions, None, reviewer=False)
    assert (edition.published_at, edition.json()["refused"]) == (since, False)


async def test_each_edition_has_its_own_publication(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    flash = made.close_quarter(edition="flash")
    made.golden()
    made.close_quarter()
    await fold_all(pool, made)
    made.publish(flash, await root_of(pool))  # the root of the other edition
    await fold_all(pool, made)
    assert (await opened(pool, "flash"), await opened(pool)) == (False, False)
    made.publish(flash, await root_of(pool, "flash"))
    await fold_all(pool, made)
    assert (await opened(pool, "flash"), await opened(pool)) == (True, False)
    assert [one.kind for one in await read(pool, editions, QUARTER, reviewer=True)] == ["flash", "official"]


@pytest.mark.parametrize("data", [{"closing": "x"}, {"closing": None}, {"cards_root": "?"}, {"cards_root": None}])
async def test_a_publication_that_is_none_stops_the_fold(
    pool: asyncpg.Pool, made: MadeLog, data: dict[str, Any]
) -> None:
    made.close_quarter()
    made.checked = False
    whole = {"quarter": QUARTER, "edition": "official", "closing": made.new_id(), "cards_root": WRONG}
    at = made.append("quarter.published", f"quarter/{QUARTER}", "-", whole | data)
    with pytest.raises(Unfoldable, match=f"entry {at} "):
        await fold_all(pool, made)


def doubled(made: MadeLog) -> dict[str, Any]:
    """Rules by which a severity 1 costs two points."""
    rules = json.loads(next(raw for raw in made.entries if b"scoring.published" in raw))["data"]["rules"]
    return {"rules": rules | {"points": rules["points"] | {"1": 2}}}


@pytest.mark.parametrize(
    ("since", "at", "rules", "score"),
    [
        ("2026-07-01", "2026-09-30T16:59:59Z", "2026.9", "90.00"),  # the last minute of the quarter
        ("2026-07-01", "2026-09-30T17:00:00Z", "2026.1", "94.00"),  # midnight in Vietnam: the quarter is over
        ("2026-07-01", "2026-11-29T00:00:00Z", "2026.1", "94.00"),
        ("2026-10-01", "2026-08-01T00:00:00Z", "2026.1", "94.00"),
    ],
)
async def test_rules_published_after_a_quarter_never_change_it(
    pool: asyncpg.Pool, made: MadeLog, since: str, at: str, rules: str, score: str
) -> None:
    made.golden()
    await fold_all(pool, made)
    made.rules("scoring", "2026.9", since, at, **doubled(made))
    made.rules("catalogue", "2026.9", since, at)
    await fold_all(pool, made)
    shown = await card(pool)
    assert (shown["rules"], shown["catalogue"], shown["score"]) == (rules, rules, score)
    await Fold(pool).rebuild(made.covered())
    assert await card(pool) == shown


async def test_rules_of_the_logs_beginning_count_from_their_first_day(pool: asyncpg.Pool) -> None:
    made = MadeLog()
    made.now = made.now.replace(month=11)  # a province that begins in November tells of its third quarter
    made.genesis()
    made.register(UNIT)
    made.golden()
    await fold_all(pool, made)
    assert ((await card(pool))["rules"], (await card(pool))["score"]) == ("2026.1", "94.00")


async def test_severity_4_and_what_was_referred_are_in_no_count(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    found = {outcome: made.record(UNIT, inspection, SEVERE) for outcome in ("referred", "upheld", "unfounded", None)}
    light, kept, taken = (made.record(UNIT, inspection, "A03") for _ in range(3))
    made.record(UNIT, inspection, "K00")
    made.close(UNIT, inspection)
    for outcome, finding in found.items():
        if outcome:
            made.decide(UNIT, inspection, finding, outcome)
    made.withdraw(UNIT, inspection, made.record(UNIT, inspection, SEVERE))
    made.decide(UNIT, inspection, light, "referred")  # as the first program let a reviewer do
    made.decide(UNIT, inspection, taken, "unfounded")
    await fold_all(pool, made)
    shown = await card(pool)
    assert (shown["pending"]["findings"], shown["overturned"], shown["withdrawn"]) == (1, 1, 0)
    assert (shown["inspections"][0]["items"], shown["gates"], shown["score"]) == ([], [], "100.00")
    assert kept


async def test_inspections_of_one_day_go_by_their_opening_in_the_log(pool: asyncpg.Pool, made: MadeLog) -> None:
    late = made.open(UNIT, "2026-09-02T09:00:00+07:00")
    second = made.open(UNIT, "2026-09-01T15:00:00+07:00")
    third = made.open(UNIT, "2026-09-01T08:00:00+07:00")  # earlier in the day, later in the log
    for inspection in (third, late, second):
        made.close(UNIT, inspection)
    for code in ("H04", "H03"):
        made.decide(UNIT, second, made.record(UNIT, second, code), "upheld")
    await fold_all(pool, made)
    shown = await card(pool)
    assert [one["id"] for one in shown["inspections"]] == [second, third, late]
    assert shown["gates"] == ["H03", "H04"]


async def test_a_card_is_there_for_every_unit_of_the_quarter_and_for_no_other(
    pool: asyncpg.Pool, made: MadeLog
) -> None:
    made.register("xa-den-muon", since="2026-09-30")
    made.register("xa-quy-sau", since="2026-10-01")
    made.register("xa-di-som")
    made.close_unit("xa-di-som", "2026-07-01")
    made.register("xa-het-truoc")
    made.close_unit("xa-het-truoc", "2026-06-30")
    made.register("xa-het-ma-co-diem")
    made.close_unit("xa-het-ma-co-diem", "2026-06-30")
    made.commend("xa-het-ma-co-diem")
    made.register("xa-het-ma-co-kiem-tra")
    made.close_unit("xa-het-ma-co-kiem-tra", "2026-06-30")
    made.close("xa-het-ma-co-kiem-tra", made.open("xa-het-ma-co-kiem-tra"))
    made.close_quarter()
    await fold_all(pool, made)
    there = sorted([UNIT, "xa-den-muon", "xa-di-som", "xa-het-ma-co-diem", "xa-het-ma-co-kiem-tra"])
    listing = await read(pool, frozen_listing, QUARTER, "official")
    assert [row["unit"] for row in listing.parsed()] == there
    assert canonical(await frozen(pool)) == await read(pool, frozen_card, QUARTER, "official", UNIT)
    for unit in ("xa-quy-sau", "xa-het-truoc"):
        with pytest.raises(NotFound):
            await card(pool, unit)
    for unit in there:
        assert (await card(pool, unit))["unit"] == unit
