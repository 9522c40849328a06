"""What a case goes through after its first decision, and a visit after its closing, on cards and alerts."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from services.kernel.process.settings import Settings
from services.reports.facts.effects import KNOWN
from services.reports.fold.fold import Fold
from services.reports.reading.alerts import awaiting_reply, replies
from services.reports.reading.editions import frozen_card, frozen_listing
from tests.integration.test_reports_fold import PROJECTIONS, QUARTER, UNIT, alerts, card, dump, fold_all, made, pool
from tests.support.reports_http import House, publish, running, until
from tests.support.reports_log import DUE, REF, MadeLog
from tests.support.reports_reading import read

__all__ = ["made", "pool"]
SEVERE = "C04"  # of severity 4


async def counts(pool: asyncpg.Pool) -> tuple[int, int, int]:
    """Findings pending, overturned, withdrawn."""
    shown = await card(pool)
    return shown["pending"]["findings"], shown["overturned"], shown["withdrawn"]


async def told(pool: asyncpg.Pool) -> list[tuple[str, int]]:
    """Code and count of what the one alert lists; empty without an alert."""
    listed = await alerts(pool)
    assert len(listed) < 2
    return [(one["code"], one["count"]) for alert in listed for one in alert["findings"]]


def upheld(made: MadeLog, code: str, count: int = 1) -> tuple[str, str]:
    """A closed inspection of 30 persons with an upheld finding."""
    inspection = made.open(UNIT)
    finding = made.record(UNIT, inspection, code, count)
    made.close(UNIT, inspection, persons=30)
    made.reply(UNIT, inspection, finding, False)
    made.decide(UNIT, inspection, finding, "upheld")
    return inspection, finding


SILENT = {
    "finding.extended": {"until": "2026-09-15", "reply_due": DUE}, "finding.reminded": {"due": DUE, "n": 1},
    "finding.escalated": {"of": "reply", "to": "parent", "due": DUE},
    "finding.answered": {}, "remedy.planned": {"feasible": True, "due": "2026-09-20"},
    "remedy.extension_requested": {"of": "remedy", "until": "2026-09-25"},
    "remedy.extended": {"until": "2026-09-25", "remedy_due": DUE}, "remedy.reminded": {"due": DUE, "n": 1},
    "inspection.team_changed": {"add": [], "remove": [], "team": []}, "deadlines.published": {"version": "2026.1"},
    "round.planned": {}, "round.beacon": {}, "round.drawn": {}, "round.assigned": {}, "round.closed": {},
    "data.exported": {},
}  # fmt: skip


async def test_what_touches_no_card_and_no_alert_stops_no_fold(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection, finding = upheld(made, "A03")
    await fold_all(pool, made)
    quiet = tuple(table for table in PROJECTIONS if table not in ("head", "notice"))
    before = await dump(pool, quiet)
    made.checked = False
    for kind, data in SILENT.items():
        noun = kind.split(".")[0]
        about = {"finding": finding, "inspection": inspection} if noun in ("finding", "remedy") else {"round": finding}
        unit = "-" if noun in ("round", "deadlines") else UNIT
        made.append(kind, f"{noun}/{finding}", unit, {"by": {"role": "system"}, **about, **data})
        assert f"kycuong.{kind}.v1" in KNOWN
    await fold_all(pool, made)
    assert await dump(pool, quiet) == before


async def test_how_decisions_stood_up_is_kept_and_touches_no_card(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection, finding = upheld(made, "A03")
    other = upheld(made, "B01")
    await fold_all(pool, made)
    quiet = tuple(table for table in PROJECTIONS if table not in ("head", "finding"))
    before = await dump(pool, quiet)
    made.second_review(inspection, finding, "excused")
    made.second_review(*other, "upheld")
    await fold_all(pool, made)
    assert await dump(pool, quiet) == before
    made.appeal(UNIT, inspection, finding)
    made.decide(UNIT, inspection, finding, "not_proven")
    await fold_all(pool, made)
    kept = await pool.fetch("SELECT outcome, first_outcome, again, second_outcome FROM reports.finding ORDER BY index")
    assert list(map(tuple, kept)) == [("not_proven", "upheld", True, "excused"), ("upheld", "upheld", False, "upheld")]


async def test_a_corrected_finding_counts_as_it_now_reads_and_is_answered_anew(
    pool: asyncpg.Pool, made: MadeLog
) -> None:
    inspection = made.open(UNIT)
    finding = made.record(UNIT, inspection, "A01", 9)
    made.close(UNIT, inspection, persons=30)
    made.reply(UNIT, inspection, finding, True)
    await fold_all(pool, made)
    assert ((await card(pool))["score"], await told(pool)) == ("91.00", [("A01", 9)])
    made.put_right(UNIT, inspection, finding, "A03", 2, due=DUE)
    await fold_all(pool, made)
    shown = await card(pool)
    assert (shown["score"], shown["pending"]) == ("100.00", {"findings": 1, "score_if_upheld": "94.00"})
    assert await told(pool) == [("A03", 2)]
    made.lapse(UNIT, inspection, finding)
    made.decide(UNIT, inspection, finding, "upheld")
    await fold_all(pool, made)
    [item] = (await card(pool))["inspections"][0]["items"]
    assert (item["code"], item["count"], item["severity"], item["points"]) == ("A03", 2, 2, "6.00")
    assert b'"finding.recorded' not in made.entries[item["index"]] and b"recorded.v1" in made.entries[item["index"]]


async def test_a_severity_4_is_counted_and_told_of_from_its_release_on(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    light = made.record(UNIT, inspection, "A01")
    severe = [made.record(UNIT, inspection, SEVERE) for _ in range(4)]
    made.close(UNIT, inspection, persons=30)
    made.acknowledge(UNIT, inspection)
    await fold_all(pool, made)
    assert await counts(pool) == (1, 0, 0) and await told(pool) == [("A01", 1)]
    assert await alerts(pool, only_open=True) == []
    for finding in severe[:3]:
        made.release(UNIT, inspection, finding)
    await fold_all(pool, made)
    assert await counts(pool) == (4, 0, 0)
    assert await told(pool) == [("A01", 1)] + [(SEVERE, 1)] * 3
    [again] = await alerts(pool, only_open=True)
    assert await read(pool, awaiting_reply, {UNIT}) == 4
    assert (await read(pool, replies, [again], {UNIT}))[inspection].open
    made.withdraw(UNIT, inspection, severe[0])
    made.decide(UNIT, inspection, severe[1], "unfounded")
    made.decide(UNIT, inspection, severe[2], "referred")
    made.reply(UNIT, inspection, light, True)
    made.acknowledge(UNIT, inspection)
    await fold_all(pool, made)
    assert await counts(pool) == (0, 1, 1)
    shown = await card(pool)
    assert (shown["score"], [one["code"] for one in shown["inspections"][0]["items"]]) == ("99.00", ["A01"])
    assert await alerts(pool, only_open=True) == []


async def test_a_released_severity_4_is_in_no_count_of_the_first_form(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    finding = made.record(UNIT, inspection, SEVERE)
    made.close(UNIT, inspection)
    made.release(UNIT, inspection, finding)
    made.close_quarter(edition="flash", cards=None)
    made.close_quarter()
    await fold_all(pool, made)
    for edition, pending in (("flash", 0), ("official", 1)):
        frozen = json.loads(await read(pool, frozen_card, QUARTER, edition, UNIT))
        assert (frozen["pending"]["findings"], frozen["score"]) == (pending, "100.00")
    before = await dump(pool)
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == before


@pytest.mark.parametrize("contest", ["appeal", "reopen"])
async def test_what_is_contested_is_pending_and_overturning_then_restoring_changes_nothing(
    pool: asyncpg.Pool, made: MadeLog, contest: str
) -> None:
    inspection, finding = upheld(made, "C01")
    await fold_all(pool, made)
    before = without_log(await card(pool))
    getattr(made, contest)(UNIT, inspection, finding)
    await fold_all(pool, made)
    shown = await card(pool)
    assert (shown["score"], shown["pending"]) == ("100.00", {"findings": 1, "score_if_upheld": "94.00"})
    made.decide(UNIT, inspection, finding, "not_proven")
    await fold_all(pool, made)
    assert ((await card(pool))["score"], await counts(pool)) == ("100.00", (0, 1, 0))
    made.reopen(UNIT, inspection, finding)
    made.decide(UNIT, inspection, finding, "upheld")
    await fold_all(pool, made)
    assert without_log(await card(pool)) == before


def without_log(shown: dict[str, Any]) -> dict[str, Any]:
    return shown | {"log": None}


async def test_reopening_what_was_never_replied_to_lets_the_unit_reply(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    finding = made.record(UNIT, inspection, "A03")
    made.close(UNIT, inspection)
    made.lapse(UNIT, inspection, finding)
    made.decide(UNIT, inspection, finding, "upheld")
    await fold_all(pool, made)
    assert await read(pool, awaiting_reply, {UNIT}) == 0
    made.reopen(UNIT, inspection, finding, due=DUE)
    await fold_all(pool, made)
    assert await read(pool, awaiting_reply, {UNIT}) == 1
    made.reply(UNIT, inspection, finding, False)
    await fold_all(pool, made)
    assert await read(pool, awaiting_reply, {UNIT}) == 0
    assert await counts(pool) == (1, 0, 0)


async def test_a_corrected_roll_is_another_exposure(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection, _ = upheld(made, "A03", 2)
    await fold_all(pool, made)
    [alert] = await alerts(pool)
    made.correct(UNIT, inspection, persons=60, files=4)
    await fold_all(pool, made)
    shown = await card(pool)
    assert shown["exposure"] == {"inspections": 1, "persons_checked": 60, "files_checked": 4}
    assert (shown["inspections"][0]["items"][0]["factor"], shown["score"]) == ("0.5000", "97.00")
    assert await alerts(pool) == [alert]


async def test_a_voided_inspection_counts_nowhere(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.register("xa-het-som")
    made.close_unit("xa-het-som", "2026-06-30")  # its card hangs on the inspection alone
    gone = made.open("xa-het-som")
    made.close("xa-het-som", gone)
    inspection, _ = upheld(made, "H03")
    made.record(UNIT, inspection, "A01")
    kept, _ = upheld(made, "A01")
    await fold_all(pool, made)
    assert (await card(pool))["exposure"]["inspections"] == 2
    assert (await card(pool, "xa-het-som"))["score"] == "100.00"
    assert len(await alerts(pool)) == 2
    made.void(UNIT, inspection)
    made.void("xa-het-som", gone)
    made.close_quarter()
    await fold_all(pool, made)
    shown = await card(pool)
    assert (shown["exposure"]["inspections"], shown["gates"], await counts(pool)) == (1, [], (0, 0, 0))
    assert [visit["id"] for visit in shown["inspections"]] == [kept]
    assert [alert["inspection"] for alert in await alerts(pool)] == [kept]
    listing = await read(pool, frozen_listing, QUARTER, "official")
    assert listing.rows.keys() == {UNIT}
    live = await dump(pool)
    assert not any("xa-het-som" in row for row in live["card"])
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == live


async def test_voiding_an_open_inspection_leaves_no_trace(pool: asyncpg.Pool, made: MadeLog) -> None:
    inspection = made.open(UNIT)
    made.record(UNIT, inspection, "A03")
    made.void(UNIT, inspection)
    await fold_all(pool, made)
    assert ((await card(pool))["band"], await alerts(pool)) == ("insufficient", [])


async def test_a_late_remedy_holds_the_band_and_one_in_time_gives_back_half(settings: Settings) -> None:
    made = MadeLog()
    made.genesis()
    made.register(UNIT)
    inspection = made.open(UNIT, "2026-10-01T08:00:00+07:00")
    grave, light = made.record(UNIT, inspection, "C01"), made.record(UNIT, inspection, "A03", 2)
    made.close(UNIT, inspection, persons=30)
    for finding in (grave, light):
        made.reply(UNIT, inspection, finding, False)
        made.decide(UNIT, inspection, finding, "upheld")
    made.overdue(UNIT, inspection, grave)
    made.remedied(UNIT, inspection, light)
    await publish(settings, made)
    async with running(settings) as (app, client):
        await until(client, len(made.entries))
        house = House(settings, app, client, made)
        path = f"/reports/v1/scorecards/2026-Q4/{UNIT}"
        page = f"/reports/units/{UNIT}?quarter=2026-Q4&lang="
        shown = (await house.ask(path, "reviewer")).json()
        assert (shown["rules"], shown["score"], shown["band"], shown["gates"]) == (
            "2026.3", "88.00", "fair", ["overdue"],
        )  # fmt: skip
        before = len(made.entries)
        made.verify(UNIT, inspection, light)
        made.appeal(UNIT, inspection, grave)
        await house.grow(before)
        shown = (await house.ask(path, "reviewer")).json()
        assert [(item["points"], item.get("remedied")) for item in shown["inspections"][0]["items"]] == [("3.00", True)]
        assert (shown["gates"], shown["pending"]) == ([], {"findings": 1, "score_if_upheld": "91.00"})
        for language, words in (("vi", "được trả lại một nửa"), ("en", "half is given back")):
            told = (await house.ask(page + language, "reviewer")).text
            assert words in told and "<b data-contested>1</b>" in told
        before = len(made.entries)
        made.decide(UNIT, inspection, grave, "upheld")
        await house.grow(before)
        for language, words in (("vi", "quá hạn khắc phục"), ("en", "a severity 3 whose remedy is overdue")):
            told = (await house.ask(page + language, "reviewer")).text
            assert words in told and "data-contested" not in told


async def test_a_restated_card_tells_of_a_later_survey_and_of_another_standing(settings: Settings) -> None:
    made = MadeLog()
    made.genesis()
    units = [UNIT, *(f"xa-{number}" for number in range(1, 12))]
    for unit in units:
        made.register(unit)
        for _ in range(2):
            visit = made.open(unit, "2026-10-05T08:00:00+07:00", team=(REF, "16367aacb67a4a017c8da8ab95682ccb"))
            late = made.record(unit, visit, "A01", 20 if unit == UNIT else 1)
            made.close(unit, visit)
            made.reply(unit, visit, late, unit != UNIT)
            if unit == UNIT:
                made.decide(unit, visit, late, "not_proven")
                changed = visit, late
    made.close_quarter("2026-Q4")
    made.reopen(UNIT, *changed)
    made.decide(UNIT, *changed, "upheld")
    made.survey(UNIT, 80, 71, quarter="2026-Q4")
    made.restate("2026-Q4")
    await publish(settings, made)
    async with running(settings) as (app, client):
        await until(client, len(made.entries))
        house = House(settings, app, client, made)
        page = f"/reports/units/{UNIT}?quarter=2026-Q4&edition=restated-1&lang="
        told = (await house.ask(f"{page}en", "reviewer")).text
        assert "Satisfaction surveys: – → <b>SIPAS 88.75% (71/80)</b>" in told
        assert "Against peers: Within limits → <b>Alarm</b>" in told
        told = (await house.ask(f"{page}vi", "reviewer")).text
        assert "So với đơn vị cùng nhóm: Trong mức chung → <b>Cao bất thường</b>" in told


async def test_a_restated_card_tells_what_changed_and_a_live_one_what_would(settings: Settings) -> None:
    made = MadeLog()
    made.genesis()
    made.register(UNIT)
    inspection, finding = upheld(made, "C01")
    made.close_quarter()
    made.appeal(UNIT, inspection, finding)
    made.restate()
    await publish(settings, made)
    async with running(settings) as (app, client):
        await until(client, len(made.entries))
        house = House(settings, app, client, made)
        page = f"/reports/units/{UNIT}?quarter={QUARTER}&lang="
        restated = (await house.ask(f"{page}vi&edition=restated-1", "reviewer")).text
        assert "Bản tính lại lần 1" in restated and "Khác với bản trước" in restated
        assert "94,00 → <b>100,00</b>" in restated and "0 → <b>1</b>" in restated
        official = (await house.ask(f"{page}en&edition=official", "reviewer")).text
        assert "What differs" not in official and "Restatement 1" in official
        live = (await house.ask(f"{page}en", "reviewer")).text
        assert "If a pending finding were upheld" in live and '<td class="figure"><b>94.00</b><br>' in live
        assert "If a pending finding were upheld" not in (await house.ask(f"{page}en", "inspector")).text
        told = (await house.ask(f"/reports/v1/scorecards/{QUARTER}/{UNIT}/what-if", "unit_head", UNIT)).json()
        [only] = told["findings"]
        assert only == {"id": finding, "code": "C01", "now": "100.00", "if_upheld": "94.00", "band_if_upheld": "good"}
        assert told["all_upheld"] == "94.00"
        listing = (await house.ask(f"/reports/v1/scorecards/{QUARTER}?edition=restated-1", "reviewer")).json()
        assert {"unit": UNIT, "field": "score", "was": "94.00", "is": "100.00"} in listing["differs"]
        assert (await house.ask(f"/reports/v1/scorecards/{QUARTER}?edition=restated-0", "reviewer")).status_code == 422
        quarter = await house.ask(f"/reports/?quarter={QUARTER}&edition=restated-1", "reviewer")
        assert quarter.status_code == 200
