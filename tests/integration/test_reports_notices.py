"""Notices over a real database and HTTP: whose they are, read marks that outlast a rebuild, pages, refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from services.kernel.process.settings import Settings
from services.reports.fold.fold import Fold
from tests.support.reports_http import House, publish, running, until
from tests.support.reports_log import MadeLog

UNIT, BELOW, OTHER = "xa-tan-hoa", "tram-y-te", "phuong-dao"
PATH = "/reports/v1/notices"


@pytest_asyncio.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """A province whose heads are in post before anything happens, and whose log has nothing but units."""
    made = MadeLog(checked=False)
    made.genesis()
    made.register(UNIT)
    made.register(BELOW, parent=UNIT)
    made.register(OTHER)
    async with running(settings) as (app, client):
        house = House(settings, app, client, made)
        for unit in (UNIT, BELOW, OTHER):
            await house.ask("/reports/v1/alerts", "unit_head", unit)
        await house.ask("/reports/v1/alerts", "reviewer")
        await house.grow(0)
        yield house


async def grown(house: House, first: int) -> None:
    await house.grow(first)


def visit(made: MadeLog, unit: str, *codes: str) -> tuple[str, list[str]]:
    inspection = made.open(unit)
    found = [made.record(unit, inspection, code) for code in codes]
    made.close(unit, inspection)
    return inspection, found


async def inbox(house: House, role: str, unit: str | None = None, query: str = "") -> list[dict[str, Any]]:
    answer = await house.ask(PATH + query, role, unit)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def put(house: House, path: str, role: str, unit: str | None = None) -> httpx.Response:
    await house.ask(PATH, role, unit)
    token = house._tokens[role, unit]
    return await house.client.put(path, headers={"Authorization": f"Bearer {token}"})


async def test_the_head_of_the_unit_has_one_notice_and_nobody_else_has_it(house: House) -> None:
    first = len(house.made.entries)
    inspection, _ = visit(house.made, UNIT, "A01", "A02", "K04")
    await grown(house, first)
    [notice] = await inbox(house, "unit_head", UNIT)
    about = (notice["kind"], notice["unit"], notice["inspection"], notice["finding"])
    assert about == ("findings", UNIT, inspection, None)
    assert (notice["findings"], notice["read_at"], notice["due"]) == (2, None, "2026-09-09T16:59:59.999Z")
    for role, unit in (("unit_head", BELOW), ("unit_head", OTHER), ("reviewer", None), ("lead", None)):
        assert await inbox(house, role, unit) == []
        assert (await put(house, f"{PATH}/{notice['id']}/read", role, unit)).status_code == 404
    for role in ("inspector", "auditor", "admin"):
        assert (await house.ask(PATH, role)).status_code == 403


async def test_a_read_notice_is_open_again_when_a_finding_joins_it(house: House) -> None:
    first = len(house.made.entries)
    inspection, _ = visit(house.made, UNIT, "A01")
    await grown(house, first)
    [notice] = await inbox(house, "unit_head", UNIT, "?open=true")
    read = await put(house, f"{PATH}/{notice['id']}/read", "unit_head", UNIT)
    assert (read.status_code, read.json()["read_at"]) == (200, "2026-11-23T03:00:00.000Z")
    assert (await put(house, f"{PATH}/{notice['id']}/read", "unit_head", UNIT)).json() == read.json()
    assert await inbox(house, "unit_head", UNIT, "?open=true") == []
    first = len(house.made.entries)
    house.made.record(UNIT, inspection, "A02")
    await grown(house, first)
    [again] = await inbox(house, "unit_head", UNIT, "?open=true")
    assert (again["id"], again["findings"], again["read_at"]) == (notice["id"], 2, None)
    assert await inbox(house, "unit_head", UNIT, f"?after={notice['place']}") == [again]


async def test_what_was_withdrawn_is_in_no_inbox_and_a_clean_check_makes_no_notice(house: House) -> None:
    first = len(house.made.entries)
    visit(house.made, UNIT, "K04")
    inspection, [finding] = visit(house.made, UNIT, "A01")
    house.made.withdraw(UNIT, inspection, finding)
    await grown(house, first)
    assert await inbox(house, "unit_head", UNIT) == []
    first = len(house.made.entries)
    house.made.record(UNIT, inspection, "A02")
    await grown(house, first)
    assert [notice["inspection"] for notice in await inbox(house, "unit_head", UNIT)] == [inspection]


async def test_pages_go_on_from_a_place_and_what_is_none_is_refused(house: House) -> None:
    first = len(house.made.entries)
    visits = [visit(house.made, UNIT, "A01")[0] for _ in range(5)]
    await grown(house, first)
    seen, after = [], ""
    while True:
        page = (await house.ask(f"{PATH}?limit=2{after}", "unit_head", UNIT)).json()
        seen += [notice["inspection"] for notice in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == visits
    refused = await house.ask(f"{PATH}?after=x", "unit_head", UNIT)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/after")
    assert (await put(house, f"{PATH}/nothing/read", "unit_head", UNIT)).status_code == 404


async def test_a_rebuild_and_other_checkpoints_make_the_same_notices_and_leave_the_read_marks(house: House) -> None:
    made, first = house.made, len(house.made.entries)
    for unit in (UNIT, OTHER):
        inspection, [finding, other] = visit(made, unit, "A01", "F04")
        made.reply(unit, inspection, finding, False)
        made.decide(unit, inspection, finding, "upheld")
        made.decide(unit, inspection, other, "referred")
        made.record(unit, inspection, "B04")
        made.withdraw(unit, inspection, finding)
    for size in range(first, len(made.entries)):  # one entry a checkpoint, then all of them in one run
        await publish(house.settings, made.upto(size + 1), size)
        await until(house.client, size + 1)
    decision, notice = await inbox(house, "unit_head", UNIT)  # the late finding has moved the notice it joined
    assert (decision["kind"], notice["kind"], notice["findings"]) == ("decision", "findings", 1)
    await put(house, f"{PATH}/{notice['id']}/read", "unit_head", UNIT)
    before = await everything(house)
    pool = house.app.state.service.pool
    await Fold(pool).rebuild(made.covered())
    assert await everything(house) == before


async def everything(house: House) -> list[list[str]]:
    pool = house.app.state.service.pool
    return [
        [row["all"] for row in await pool.fetch(f'SELECT t::text AS "all" FROM reports.{table} t ORDER BY 1')]
        for table in ("notice", "notice_read")
    ]


async def test_a_whole_case_is_told_step_by_step_and_a_voiding_is_its_end(house: House) -> None:
    made, first = house.made, len(house.made.entries)
    inspection, [finding, grave] = visit(made, UNIT, "B04", "F04")
    made.reply(UNIT, inspection, finding, False)
    made.decide(UNIT, inspection, finding, "upheld")
    made.appeal(UNIT, inspection, finding)
    made.decide(UNIT, inspection, finding, "upheld")
    made.remedied(UNIT, inspection, finding)
    made.refuse(UNIT, inspection, finding, "2026-10-09T16:59:59.999Z")
    made.overdue(UNIT, inspection, finding, 2)
    made.release(UNIT, inspection, grave)
    for size in range(first, len(made.entries)):
        await publish(house.settings, made.upto(size + 1), size)
        await until(house.client, size + 1)
    told = await inbox(house, "unit_head", UNIT)
    kinds = ["findings", "decision", "decision", "remedy", "overdue", "release"]
    assert [notice["kind"] for notice in told] == kinds
    assert (told[0]["findings"], told[3]["due"]) == (2, "2026-10-09T16:59:59.999Z")
    assert [notice["kind"] for notice in await inbox(house, "reviewer")] == ["appeal", "remedy", "overdue"]
    first = len(made.entries)
    made.correct(UNIT, inspection, 40)
    made.void(UNIT, inspection)
    await grown(house, first)
    kinds = [notice["kind"] for notice in await inbox(house, "unit_head", UNIT)]
    assert kinds == ["decision", "decision", "remedy", "overdue", "release", "correction", "voiding"]
    before = await everything(house)
    await Fold(house.app.state.service.pool).rebuild(made.covered())
    assert await everything(house) == before


async def test_a_violation_in_two_of_four_visits_within_four_quarters_is_a_pattern(house: House) -> None:
    made = house.made

    async def upheld(at: str, code: str) -> str:
        first = len(made.entries)
        inspection = made.open(UNIT, f"{at}T07:30:00+07:00")
        finding = made.record(UNIT, inspection, code)
        made.close(UNIT, inspection)
        made.reply(UNIT, inspection, finding, False)
        made.decide(UNIT, inspection, finding, "upheld")
        await grown(house, first)
        return inspection

    for at, code in (("2025-05-01", "B04"), ("2026-02-01", "A03"), ("2026-05-01", "B04"), ("2026-07-01", "A01")):
        await upheld(at, code)
    assert "pattern" not in {notice["kind"] for notice in await inbox(house, "reviewer")}
    await upheld("2026-09-01", "B04")  # the first B04 lies before the four quarters; of the four visits in them two
    [told] = [notice for notice in await inbox(house, "unit_head", UNIT) if notice["kind"] == "pattern"]
    assert (told["unit"], told["due"]) == (UNIT, None)
    assert [notice["kind"] for notice in await inbox(house, "reviewer")] == ["pattern"]
    gone = await upheld("2026-09-02", "A03")  # in two of five
    assert [notice["kind"] for notice in await inbox(house, "reviewer")] == ["pattern"]
    first = len(made.entries)
    made.void(UNIT, gone)
    await grown(house, first)
    await upheld("2026-09-03", "A03")  # the other one counts nowhere any more: again in two of five
    first = len(made.entries)
    again = made.open(UNIT, "2026-09-04T07:30:00+07:00")  # a voiding and what follows it in one run
    finding = made.record(UNIT, again, "A01")
    made.close(UNIT, again)
    made.reply(UNIT, again, finding, True)
    made.void(UNIT, again)
    await grown(house, first)
    assert [notice["kind"] for notice in await inbox(house, "reviewer")] == ["pattern"]
    await upheld("2026-09-05", "A01")  # in two of six that stand
    assert [notice["kind"] for notice in await inbox(house, "reviewer")] == ["pattern"]
    await upheld("2026-09-06", "A01")  # in three of seven
    await upheld("2026-09-07", "A01")  # in four of eight
    assert [notice["kind"] for notice in await inbox(house, "reviewer")] == ["pattern"] * 2
    before = await everything(house)
    await Fold(house.app.state.service.pool).rebuild(made.covered())
    assert await everything(house) == before
