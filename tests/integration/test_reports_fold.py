"""The fold against a real PostgreSQL: cards, alerts, exactly once, atomic at checkpoints, rebuild, frozen editions."""

from __future__ import annotations

import asyncio
import base64
import json
import multiprocessing
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from services.kernel.envelope import canonical
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.problems import NotFound
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.reports.facts.facts import Unfoldable
from services.reports.fold import anew
from services.reports.fold.cores import Stopped
from services.reports.fold.fold import Fenced, Fold, read_entries
from services.reports.fold.part import part_of
from services.reports.fold.prefix import Prefix
from services.reports.reading.alerts import alerts as read_alerts
from services.reports.reading.editions import frozen_card, frozen_listing
from services.reports.reading.live_cards import card as read_card
from services.reports.reading.live_cards import listing
from services.reports.reading.scope import Scope
from services.reports.scoring.cards import render
from tests.support.reports_log import MadeLog
from tests.support.reports_reading import read, render_all
from tests.support.telemetry import Heard

UNIT = "xa-tan-hoa"
QUARTER = "2026-Q3"
EVERYTHING = Scope(None)
PROJECTIONS = (
    "head",
    "reference_event",
    "inspection",
    "finding",
    "commendation",
    "survey",
    "card",
    "stale",
    "alert",
    "notice",
    "counted",
    "edition",
    "edition_card",
    "publication",
)


@pytest_asyncio.fixture
async def pool(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(settings.dsn("reports_app"), name="reports-test", size=4)
    yield pool
    await pool.close()


@pytest.fixture
def made() -> MadeLog:
    made = MadeLog()
    made.genesis()
    made.register(UNIT, "UBND xã Tân Hòa")
    return made


async def card(pool: asyncpg.Pool, unit: str = UNIT, quarter: str = QUARTER) -> dict[str, Any]:
    return dict(await read(pool, read_card, quarter, unit, EVERYTHING))


async def alerts(pool: asyncpg.Pool, only_open: bool = False) -> list[dict[str, Any]]:
    page = await read(pool, read_alerts, EVERYTHING, unit=None, only_open=only_open, limit=200, cursor=None)
    return list(page["items"])


async def dump(pool: asyncpg.Pool, tables: tuple[str, ...] = PROJECTIONS) -> dict[str, list[str]]:
    """Everything the projections hold once every card is rendered, as text."""
    await render_all(pool)
    return {
        table: sorted(str(row["all"]) for row in await pool.fetch(f'SELECT t::text AS "all" FROM reports.{table} t'))
        for table in tables
    }


async def fold_all(pool: asyncpg.Pool, made: MadeLog, *sizes: int) -> None:
    """Fold a log by checkpoints of some sizes, then to its end; a new Fold each time, as after a restart."""
    for size in (*sizes, len(made.entries)):
        fold = Fold(pool)
        first = (await fold.position()).size
        if first < size:
            await fold.apply(made.covered(first, size))


async def test_the_golden_card(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.golden()
    await fold_all(pool, made)
    found = await card(pool)
    recorded = [index for index, raw in enumerate(made.entries) if b"finding.recorded.v1" in raw]
    assert list(found) == [
        "quarter", "unit", "unit_name", "group", "edition", "rules", "catalogue", "log", "exposure", "score", "band",
        "band_label", "gates", "bonus", "groups", "inspections", "pending", "overturned", "withdrawn",
        "comparison", "survey",
    ]  # fmt: skip
    tree = CompactRange()
    tree.extend(leaf_hash(entry) for entry in made.entries)
    assert found["log"] == {"size": len(made.entries), "root": base64.b64encode(tree.root()).decode()}
    assert (found["unit_name"], found["group"], found["edition"]) == ("UBND xã Tân Hòa", "xa", "live")
    assert (found["rules"], found["catalogue"]) == ("2026.1", "2026.1")
    assert found["exposure"] == {"inspections": 1, "persons_checked": 45, "files_checked": 0}
    assert (found["score"], found["band"], found["band_label"]) == ("94.00", "good", "Tốt")
    assert [(group["group"], group["cap"], group["deduction"]) for group in found["groups"]] == [
        ("A", 20, "4.00"), ("B", 10, "2.00"), ("C", 20, "0.00"), ("D", 20, "0.00"), ("E", 10, "0.00"),
        ("F", 10, "0.00"), ("H", 10, "0.00"),
    ]  # fmt: skip
    [seen] = found["inspections"]
    assert (seen["id"], seen["date"], seen["score"]) == (inspection, "2026-09-01", "94.00")
    assert [(item["code"], item["count"], item["severity"], item["factor"], item["points"], item["index"])
            for item in seen["items"]] == [
        ("A01", 3, 1, "0.6667", "2.00", recorded[0]),
        ("A03", 1, 2, "0.6667", "2.00", recorded[1]),
        ("B04", 2, 1, "1.0000", "2.00", recorded[2]),
    ]  # fmt: skip
    assert found["pending"] == {"findings": 0, "score_if_upheld": "94.00"}
    assert (found["overturned"], found["withdrawn"], found["bonus"], found["gates"]) == (0, 0, "0.00", [])


async def test_what_is_undecided_is_pending_and_nothing_counts_before_the_closing(
    pool: asyncpg.Pool, made: MadeLog
) -> None:
    inspection = made.open(UNIT)
    made.record(UNIT, inspection, "A03", 2)
    await fold_all(pool, made)
    assert (await card(pool))["band"] == "insufficient"
    made.close(UNIT, inspection, persons=30)
    await fold_all(pool, made)
    found = await card(pool)
    assert (found["score"], found["pending"]) == ("100.00", {"findings": 1, "score_if_upheld": "94.00"})


async def test_every_way_a_finding_ends(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    kept = {name: made.record(UNIT, inspection, code) for name, code in {
        "accepted": "A01", "lapsed": "B01", "contested": "B03", "upheld": "C01", "excused": "A03", "not_proven": "C02",
        "unfounded": "E02", "system_fault": "D06", "referred": "C04", "withdrawn": "F02", "grave pending": "E01",
        "clean": "K00", "self": "K04",
    }.items()}  # fmt: skip
    made.close(UNIT, inspection, persons=30)
    made.reply(UNIT, inspection, kept["accepted"], True)
    made.lapse(UNIT, inspection, kept["lapsed"])
    made.reply(UNIT, inspection, kept["contested"], False)
    made.reply(UNIT, inspection, kept["upheld"], False)
    for outcome in ("upheld", "excused", "not_proven", "unfounded", "system_fault", "referred"):
        made.decide(UNIT, inspection, kept[outcome], outcome)
    made.withdraw(UNIT, inspection, kept["withdrawn"])
    made.commend(UNIT)
    await fold_all(pool, made)
    found = await card(pool)
    assert [item["finding"] for item in found["inspections"][0]["items"]] == [
        kept["accepted"], kept["lapsed"], kept["upheld"]
    ]  # fmt: skip
    # A 1, B 1, C 6; pending B03 (1) and E01 (6); the commendation yields to the upheld severity 3
    assert (found["score"], found["bonus"]) == ("92.00", "0.00")
    assert found["pending"] == {"findings": 2, "score_if_upheld": "85.00"}
    assert (found["overturned"], found["withdrawn"]) == (4, 1)
    assert "C04" not in json.dumps(found)
    [alert] = await alerts(pool)
    assert {one["code"] for one in alert["findings"]}.isdisjoint({"C04", "F02", "K00", "K04"})
    assert len(alert["findings"]) == 9


async def test_redelivery_is_fenced_and_changes_nothing(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    fold = Fold(pool)
    covered = made.covered()
    await fold.apply(covered)
    before = await dump(pool)
    for again in (fold, Fold(pool)):
        with pytest.raises(Fenced):
            await again.apply(covered)
    assert await dump(pool) == before


async def test_two_folds_at_once_apply_a_run_once(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    expected = await dump(pool)
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == expected
    made.golden()
    covered = made.covered((await Fold(pool).position()).size)
    results = await asyncio.gather(Fold(pool).apply(covered), Fold(pool).apply(covered), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Fenced", "NoneType"]
    assert (await card(pool))["exposure"]["inspections"] == 2


def end(made: MadeLog, chance: random.Random, unit: str, inspection: str, finding: str) -> None:
    """One of the ways a finding ends, or none; some are put right, contested and remedied meanwhile."""
    if chance.random() < 0.1:
        made.put_right(unit, inspection, finding, "A03", chance.randrange(1, 5))
    ending = chance.randrange(6)
    if ending == 0:
        made.withdraw(unit, inspection, finding)
    elif ending == 1:
        made.lapse(unit, inspection, finding)
    elif ending > 2:
        made.reply(unit, inspection, finding, chance.random() < 0.5)
        made.decide(unit, inspection, finding, chance.choice(["upheld", "upheld", "excused", "referred"]))
        go_on(made, chance, unit, inspection, finding)


def go_on(made: MadeLog, chance: random.Random, unit: str, inspection: str, finding: str) -> None:
    """What may come after a decision."""
    if chance.random() < 0.3:
        made.remedied(unit, inspection, finding, chance.random() < 0.7)
        made.verify(unit, inspection, finding) if chance.random() < 0.7 else made.refuse(unit, inspection, finding)
    elif chance.random() < 0.3:
        made.overdue(unit, inspection, finding)
    if chance.random() < 0.3:
        made.appeal(unit, inspection, finding)
        if chance.random() < 0.7:
            made.decide(unit, inspection, finding, chance.choice(["upheld", "unfounded"]))


def busy(made: MadeLog, seed: int, units: int = 6, visits: int = 30, *, closings: bool = True) -> None:
    """A busy quarter: units renamed meanwhile, findings ended in every way, a flash and an official closing."""
    chance = random.Random(seed)
    names = [f"xa-{number:03d}" for number in range(units)]
    for unit in names:
        made.register(unit, group=chance.choice(["xa", "phuong"]), parent=UNIT if chance.random() < 0.3 else None)
    for number in range(visits):
        unit = chance.choice(names)
        inspection = made.open(unit, f"2026-0{chance.choice([5, 7, 8, 9])}-1{chance.randrange(9)}T08:00:00+07:00")
        codes = [
            chance.choice(["A01", "A03", "A06", "B01", "B04", "C01", "C04", "D01", "H03", "K00"]) for _ in range(4)
        ]
        found = [made.record(unit, inspection, code, chance.randrange(1, 5)) for code in codes]
        if chance.random() < 0.9:
            made.close(unit, inspection, persons=chance.randrange(80))
            for finding in found:
                end(made, chance, unit, inspection, finding)
        if chance.random() < 0.1:
            made.void(unit, inspection)
        if chance.random() < 0.2:
            made.acknowledge(unit, inspection)
        if chance.random() < 0.2:
            made.commend(unit, chance.choice(["K01", "K02", "K03"]))
        if chance.random() < 0.15:
            made.amend(unit, "2026-08-01", name=f"UBND đổi tên {number}")
        if closings and number in (visits // 2, visits - 3):
            made.close_quarter(QUARTER, "flash" if number == visits // 2 else "official")


async def in_memory(made: MadeLog, quarter: str) -> dict[str, Any]:
    """A quarter's cards folded beside the database."""
    prefix = Prefix(quarter)
    prefix.take(await read_entries(0, made.entries))
    reference = prefix.reference
    return {unit: render(facts, reference.directory, reference.rulebook) for unit, facts in prefix.units().items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_cards_folded_in_memory_are_those_of_the_database(pool: asyncpg.Pool, made: MadeLog, seed: int) -> None:
    busy(made, seed)
    await fold_all(pool, made)
    for quarter in ("2026-Q2", QUARTER):
        for unit, folded in (await in_memory(made, quarter)).items():
            shown = await card(pool, unit, quarter)
            assert {name: shown[name] for name in folded} == folded


@pytest.mark.parametrize(("seed", "many"), [(1, anew.MANY), (2, 1), (3, anew.MANY)])
async def test_the_cut_into_checkpoints_does_not_matter(
    pool: asyncpg.Pool, made: MadeLog, monkeypatch: pytest.MonkeyPatch, seed: int, many: int
) -> None:
    """Nor whether a rebuild is made here or by processes of its own."""
    monkeypatch.setattr(anew, "MANY", many)
    busy(made, seed)
    chance = random.Random(seed)
    await fold_all(pool, made, *sorted(chance.sample(range(1, len(made.entries)), 25)))
    live = await dump(pool)
    assert live["edition"] and live["edition_card"]
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == live


def interleaved(made: MadeLog, seed: int) -> MadeLog:
    """The same events, each unit's in its own order, the units otherwise mixed; what is of no unit comes first."""
    chance = random.Random(seed)
    queues: dict[str, list[bytes]] = {}
    for raw in made.entries:
        queues.setdefault(json.loads(raw)["unit"], []).append(raw)
    mixed = MadeLog(signer=made.signer)
    mixed.entries = queues.pop("-")
    while queues:
        unit = chance.choice(sorted(queues))
        mixed.entries.append(queues[unit].pop(0))
        if not queues[unit]:
            del queues[unit]
    mixed.traces = [None] * len(mixed.entries)
    return mixed


async def indexless_cards(pool: asyncpg.Pool) -> dict[tuple[str, str], Any]:
    await render_all(pool)
    cards = {(row["quarter"], row["unit"]): json.loads(row["body"]) for row in await pool.fetch("TABLE reports.card")}
    for shown in cards.values():
        for item in (item for visit in shown["inspections"] for item in visit["items"]):
            del item["index"]
    return cards


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_how_units_interleave_in_the_log_does_not_matter(pool: asyncpg.Pool, made: MadeLog, seed: int) -> None:
    busy(made, seed, closings=False)
    await fold_all(pool, made)
    expected = await indexless_cards(pool)
    assert any(item for shown in expected.values() for visit in shown["inspections"] for item in visit["items"])
    mixed = interleaved(made, seed)
    assert mixed.entries != made.entries
    await Fold(pool).rebuild(mixed.covered())
    assert await indexless_cards(pool) == expected


async def test_a_rebuild_heals_a_damaged_projection(pool: asyncpg.Pool, made: MadeLog) -> None:
    busy(made, 4)
    await fold_all(pool, made)
    live = await dump(pool)
    await pool.execute("UPDATE reports.card SET body = 'x', row = 'x'")
    await pool.execute("DELETE FROM reports.alert")
    assert await dump(pool) != live
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == live


async def test_a_rebuild_never_goes_back_behind_what_is_shown(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    before = await dump(pool)
    with pytest.raises(Fenced):
        await Fold(pool).rebuild(made.covered(0, len(made.entries) - 1))
    assert await dump(pool) == before


async def test_an_unknown_event_stops_the_fold_at_the_last_good_checkpoint(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    before = await dump(pool)
    made.golden()
    made.checked = False
    unknown = made.append("finding.praised", "finding/x", UNIT, {"by": {"role": "system"}})
    with pytest.raises(Unfoldable, match=f"entry {unknown} .*finding.praised.v1.*unknown event type"):
        await fold_all(pool, made)
    assert await dump(pool) == before


async def test_an_erasure_and_a_new_key_of_the_log_change_no_card_and_no_alert(
    pool: asyncpg.Pool, made: MadeLog
) -> None:
    inspection = made.golden()
    pending = made.record(UNIT, inspection, "A03")
    made.close_quarter("2026-Q3", "flash")
    await fold_all(pool, made)
    before, told, frozen = await card(pool), await alerts(pool), await dump(pool, ("edition", "edition_card"))
    made.erase(UNIT, pending, "narrative", "persons")
    made.add_key()
    made.erase("-", made.new_id(), "reason")
    await fold_all(pool, made)
    after = await card(pool)
    assert after["log"]["size"] == before["log"]["size"] + 3 == len(made.entries)
    assert after | {"log": None} == before | {"log": None}
    assert await alerts(pool) == told
    assert await dump(pool, ("edition", "edition_card")) == frozen
    await Fold(pool).rebuild(made.covered())
    assert await card(pool) == after


@pytest.mark.parametrize("break_it", ["unknown unit", "unknown code", "orphan", "no json", "missing field", "no id"])
async def test_a_contradictory_log_stops_the_fold(pool: asyncpg.Pool, made: MadeLog, break_it: str) -> None:
    made.golden()
    await fold_all(pool, made)
    before = await dump(pool)
    made.checked = False
    inspection = made.open(UNIT)
    if break_it == "unknown unit":
        made.open("xa-khong-co")
    elif break_it == "unknown code":
        data = {"code": "Z99", "catalogue": "2026.1", "severity": 1, "count": 1}
        data |= {"finding": made.new_id(), "inspection": inspection}
        made.append("finding.recorded", "finding/x", UNIT, data)
    elif break_it == "orphan":
        made.withdraw(UNIT, inspection, made.new_id())
    elif break_it == "no id":
        made.append("inspection.acknowledged", "inspection/x", UNIT, {"inspection": "x"})
    elif break_it == "missing field":
        made.append("inspection.closed", "inspection/x", UNIT, {"inspection": inspection})
    else:
        made.entries.append(b"{")
        made.traces.append(None)
    with pytest.raises(Unfoldable):
        await fold_all(pool, made)
    assert await dump(pool) == before


@pytest.mark.parametrize("apart", [True, False], ids=["in a later run", "in one run"])
@pytest.mark.parametrize("kind", ["finding", "commendation"])
async def test_an_id_that_another_log_holds_twice_is_told_in_words(
    pool: asyncpg.Pool, made: MadeLog, kind: str, apart: bool
) -> None:
    """Intake takes an id once; of any other log the entry is named, and nothing of the run is kept."""
    inspection, other = made.open(UNIT), made.open(UNIT)
    if kind == "finding":
        made.record(UNIT, inspection, "A01")
    else:
        made.commend(UNIT)
    if apart:
        await fold_all(pool, made)
    before, entry = await dump(pool), json.loads(made.entries[-1])
    data = entry["data"] | ({"inspection": other} if kind == "finding" else {})
    twice = made.append(f"{kind}.recorded", entry["subject"], UNIT, data, id=entry["id"])
    with pytest.raises(Unfoldable, match=f"entry {twice} .*{kind}.recorded.v1.*was recorded before"):
        await fold_all(pool, made)
    assert await dump(pool) == before


@pytest.mark.parametrize("kind", ["inspection.opened", "finding.recorded", "commendation.recorded"])
async def test_an_id_that_two_units_hold_stops_a_rebuild_in_words(pool: asyncpg.Pool, made: MadeLog, kind: str) -> None:
    """The two are folded apart, so that only the database can tell."""
    await fold_all(pool, made)
    before = await dump(pool)
    other = next(unit for unit in map("xa-{}".format, range(99)) if part_of(unit) != part_of(UNIT))
    made.register(other)
    given = made.open(UNIT), made.open(other)
    if kind != "inspection.opened":
        made.record(UNIT, given[0], "A01")
        made.commend(UNIT)
    first = next(json.loads(raw) for raw in reversed(made.entries) if kind.encode() in raw and UNIT.encode() in raw)
    visit = {"inspection": given[1]} if kind == "finding.recorded" else {}
    made.append(kind, first["subject"], other, first["data"] | visit, id=first["id"])
    with pytest.raises(Unfoldable, match=f"{kind}.v1.*was recorded before"):
        await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == before


async def test_a_process_that_dies_stops_a_rebuild_and_nothing_changes(
    pool: asyncpg.Pool, made: MadeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "MANY", 1)
    busy(made, 5)
    await fold_all(pool, made)
    before = await dump(pool)

    async def log() -> AsyncIterator[Sequence[bytes]]:
        yield made.entries

    def after_the_first_part(_done: int, _total: int) -> None:
        for child in multiprocessing.active_children():
            child.kill()
            child.join()

    with pytest.raises(Stopped, match="out of memory"):
        await Fold(pool).rebuild_from(made.covered().checkpoint, log(), after_the_first_part)
    assert await dump(pool) == before


async def test_a_fold_that_failed_can_go_on(pool: asyncpg.Pool, made: MadeLog) -> None:
    fold = Fold(pool)
    await fold.apply(made.covered())
    made.register("xa-moi")
    made.checked = False
    bad = made.append("no.such", "x/y", UNIT, {})
    with pytest.raises(Unfoldable):
        await fold.apply(made.covered(bad - 1))
    del made.entries[bad], made.traces[bad]
    made._seq[UNIT] -= 1
    made.golden("xa-moi")
    await fold.apply(made.covered(bad - 1))  # the same object: nothing of the failed run is remembered
    assert (await card(pool, "xa-moi"))["score"] == "94.00"


async def test_a_frozen_edition_is_the_log_up_to_its_closing_and_never_changes(
    pool: asyncpg.Pool, made: MadeLog
) -> None:
    made.golden()
    made.register("xa-yen-tinh", "UBND xã Yên Tĩnh", group="phuong")
    cut = made.close_quarter()
    late = made.open(UNIT)
    made.close(UNIT, late)
    await fold_all(pool, made)  # closing and later facts in one run
    frozen = await read(pool, frozen_card, QUARTER, "official", UNIT)
    assert canonical(json.loads(frozen)) == frozen
    tree = CompactRange()
    tree.extend(leaf_hash(entry) for entry in made.entries[: cut + 1])
    shown = json.loads(frozen)
    assert shown["log"] == {"size": cut + 1, "root": base64.b64encode(tree.root()).decode()}
    assert (shown["edition"], shown["score"], shown["exposure"]["inspections"]) == ("official", "94.00", 1)
    assert (await card(pool))["exposure"]["inspections"] == 2
    listing = await read(pool, frozen_listing, QUARTER, "official")
    assert [row["unit"] for row in listing.parsed()] == [UNIT, "xa-yen-tinh"]
    assert listing.parsed()[1]["band"] == "insufficient"
    cards = CompactRange()
    for unit in (UNIT, "xa-yen-tinh"):
        cards.append(leaf_hash(await read(pool, frozen_card, QUARTER, "official", unit)))
    assert listing.frozen.cards_root == base64.b64encode(cards.root()).decode()
    made.golden()
    made.amend(UNIT, "2026-07-01", name="Tên khác")
    made.close_quarter()  # a second closing of the same edition does not replace the first
    await fold_all(pool, made)
    assert await read(pool, frozen_card, QUARTER, "official", UNIT) == frozen
    assert (await card(pool))["unit_name"] == "Tên khác"


async def test_the_database_refuses_to_change_a_frozen_edition(
    pool: asyncpg.Pool, made: MadeLog, settings: Settings
) -> None:
    made.golden()
    made.close_quarter()
    await fold_all(pool, made)
    owner = await asyncpg.connect(settings.dsn("reports_owner"))
    try:
        for table in ("edition", "edition_card"):
            for statement in (f"DELETE FROM reports.{table}", f"UPDATE reports.{table} SET closing = closing"):
                for connection in (pool, owner):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)
    finally:
        await owner.close()


async def test_a_rebuild_that_disagrees_with_a_frozen_edition_stops(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    made.close_quarter()
    await fold_all(pool, made)
    before = await dump(pool)
    index = next(at for at, raw in enumerate(made.entries) if b"decided" in raw)
    made.entries[index] = made.entries[index].replace(b'"upheld"', b'"excused"')
    with pytest.raises(Unfoldable, match="frozen with other cards"):
        await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == before


async def test_a_closing_with_no_cards_still_freezes(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.close_quarter("2020-Q1", "flash")
    await fold_all(pool, made)
    listing = await read(pool, frozen_listing, "2020-Q1", "flash")
    assert json.loads(listing.text())["cards"] == []
    with pytest.raises(NotFound):
        await read(pool, frozen_listing, "2020-Q1", "official")


async def test_the_quarter_is_the_vietnamese_date_of_the_opening(pool: asyncpg.Pool, made: MadeLog) -> None:
    late = made.open(UNIT, "2026-06-30T17:30:00Z")  # 00:30 on 1 July in Vietnam
    early = made.open(UNIT, "2026-06-30T16:30:00Z")
    made.close(UNIT, late)
    made.close(UNIT, early)
    await fold_all(pool, made)
    assert [one["date"] for one in (await card(pool))["inspections"]] == ["2026-07-01"]
    assert [one["date"] for one in (await card(pool, quarter="2026-Q2"))["inspections"]] == ["2026-06-30"]


async def test_a_card_bears_the_name_of_the_last_valid_day_in_its_quarter(pool: asyncpg.Pool, made: MadeLog) -> None:
    for month in ("04", "07", "10"):
        inspection = made.open(UNIT, f"2026-{month}-10T08:00:00+07:00")
        made.close(UNIT, inspection)
    await fold_all(pool, made)
    made.amend(UNIT, "2026-09-30", name="Tên mới", group="phuong")
    made.amend(UNIT, "2026-10-01", staff=50)
    await fold_all(pool, made)
    names = {quarter: (await card(pool, quarter=quarter))["unit_name"] for quarter in ("2026-Q2", "2026-Q3", "2026-Q4")}
    assert names == {"2026-Q2": "UBND xã Tân Hòa", "2026-Q3": "Tên mới", "2026-Q4": "Tên mới"}
    assert (await card(pool))["group"] == "phuong"


async def test_points_stay_with_the_predecessor(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.register("xa-moi", since="2026-10-01")
    inspection = made.golden()
    made.succeed("merge", [UNIT], ["xa-moi"], "2026-10-01")
    late = made.record(UNIT, inspection, "A03")
    made.reply(UNIT, inspection, late, True)
    made.decide(UNIT, inspection, late, "upheld")
    await fold_all(pool, made)
    assert (await card(pool))["score"] == "92.00"
    with pytest.raises(NotFound):
        await card(pool, UNIT, "2026-Q4")
    with pytest.raises(NotFound):
        await card(pool, "xa-moi")
    assert (await card(pool, "xa-moi", "2026-Q4"))["band"] == "insufficient"


async def test_a_unit_ended_backdated_keeps_the_card_of_what_was_recorded(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    made.close_unit(UNIT, "2026-06-30")
    await fold_all(pool, made)
    found = await card(pool)
    assert (found["score"], found["unit_name"]) == ("94.00", "UBND xã Tân Hòa")
    assert [row["unit"] for row in (await read(pool, listing, QUARTER, EVERYTHING)).parsed()] == [UNIT]


async def test_an_alert_from_closing_to_acknowledgement_and_back(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    first = made.record(UNIT, inspection, "A01")
    await fold_all(pool, made)
    assert await alerts(pool) == []
    made.close(UNIT, inspection)
    await fold_all(pool, made)
    [alert] = await alerts(pool, only_open=True)
    closed_at = json.loads(made.entries[-1])["time"]
    assert (alert["unit"], alert["inspection"], alert["created_at"]) == (UNIT, inspection, closed_at)
    assert alert["findings"] == [{"id": first, "code": "A01", "severity": 1, "count": 1}]
    made.acknowledge(UNIT, inspection)
    await fold_all(pool, made)
    [seen] = await alerts(pool)
    assert (seen["id"], seen["acknowledged_at"]) == (alert["id"], json.loads(made.entries[-1])["time"])
    assert await alerts(pool, only_open=True) == []
    second = made.record(UNIT, inspection, "A03")
    await fold_all(pool, made)
    [reopened] = await alerts(pool, only_open=True)
    assert ([one["id"] for one in reopened["findings"]], reopened["acknowledged_at"]) == ([first, second], None)
    made.withdraw(UNIT, inspection, second)
    await fold_all(pool, made)
    [again] = await alerts(pool)
    assert again == seen  # what the acknowledgement covered is all that is left
    made.withdraw(UNIT, inspection, first)
    await fold_all(pool, made)
    assert await alerts(pool) == []


async def test_a_clean_check_makes_no_alert(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    made.record(UNIT, inspection, "K00")
    made.record(UNIT, inspection, "F04")
    made.close(UNIT, inspection)
    await fold_all(pool, made)
    assert await alerts(pool) == []
    found = await card(pool)
    assert (found["score"], found["pending"]["findings"]) == ("100.00", 0)


async def test_folding_links_the_traces_of_the_writes(pool: asyncpg.Pool, made: MadeLog, heard: Heard) -> None:
    spans, _ = heard
    made.trace = f"00-{'ab' * 16}-{'cd' * 8}-01"
    made.golden()
    await fold_all(pool, made)
    [span] = [span for span in spans.get_finished_spans() if span.name == "process audit.entries"]
    assert [f"{link.context.trace_id:032x}" for link in span.links] == ["ab" * 16]
