"""Reports while the log grows: lineage of alerts, pages of alerts, a fold that must stop, a restart."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from services.kernel.process.settings import Settings
from services.reports.fold.sql import queries
from tests.support.reports_http import House, province, province_house, publish, running, until
from tests.support.reports_log import MadeLog

QUARTER = "2026-Q3"
CARDS = f"/reports/v1/scorecards/{QUARTER}"


@pytest_asyncio.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """A province of the test's own."""
    async with province_house(settings) as house:
        yield house


async def test_after_a_succession_the_alert_follows_the_lineage(house: House) -> None:
    made = house.made
    before = len(made.entries)
    made.register("xa-moi", "UBND xã Mới", "xa", since="2026-11-01")
    made.register("xa-mai-sau", "UBND xã Mai Sau", "xa", since="2027-01-01")
    made.succeed("merge", ["xa-tan-hoa"], ["xa-moi"], "2026-11-01")
    made.succeed("rename", ["phuong-dao"], ["xa-mai-sau"], "2027-01-01")  # not yet
    await house.grow(before)

    async def seen(unit: str) -> list[str]:
        return [item["unit"] for item in (await house.ask("/reports/v1/alerts", "unit_head", unit)).json()["items"]]

    assert await seen("xa-moi") == ["xa-tan-hoa"]
    assert await seen("xa-tan-hoa") == ["tram-y-te"]  # the station still hangs there, the commune's own passed on
    assert await seen("xa-mai-sau") == []
    assert await seen("phuong-dao") == ["phuong-dao"]
    asked = (await house.ask("/reports/v1/alerts?unit=xa-moi", "unit_head", "xa-moi")).json()
    assert [item["unit"] for item in asked["items"]] == ["xa-tan-hoa"]
    assert (await house.ask(f"{CARDS}/xa-tan-hoa", "unit_head", "xa-moi")).json()["score"] == "94.00"


async def test_pages_of_alerts(house: House) -> None:
    made = house.made
    before = len(made.entries)
    for _ in range(9):
        made.golden("so-noi-vu")
    await house.grow(before)
    whole = (await house.ask("/reports/v1/alerts", "reviewer")).json()
    assert (len(whole["items"]), whole["next"]) == (12, None)
    assert [item["created_at"] for item in whole["items"]] == sorted(
        (item["created_at"] for item in whole["items"]), reverse=True
    )
    found: list[dict[str, Any]] = []
    path = "/reports/v1/alerts?limit=5"
    for length in (5, 5, 2):
        page = (await house.ask(path, "reviewer")).json()
        assert len(page["items"]) == length
        found += page["items"]
        path = f"/reports/v1/alerts?limit=5&cursor={page['next']}"
    assert page["next"] is None
    assert found == whole["items"]


async def test_readiness_says_where_the_fold_stopped(house: House) -> None:
    client, made = house.client, house.made
    good = len(made.entries)
    assert (await client.get("/reports/readyz")).status_code == 200
    assert (await client.get("/reports/healthz")).json() == {"status": "ok"}
    made.checked = False
    made.append("finding.praised", "finding/x", "xa-tan-hoa", {})
    await publish(house.settings, made, good)
    await refused(house, f"entry {good} (kycuong.finding.praised.v1)")
    assert (await house.ask(CARDS, "reviewer")).json()["log"]["size"] == good


async def test_a_restart_goes_on_where_it_was(settings: Settings) -> None:
    made = province()
    await publish(settings, made)
    async with running(settings) as (_, client):
        await until(client, len(made.entries))
    before = len(made.entries)
    made.golden("so-noi-vu")
    await publish(settings, made, before)
    async with asyncio.timeout(60), running(settings) as (_, client):
        await until(client, len(made.entries))


async def test_two_roots_signed_for_one_size_stop_the_fold(house: House) -> None:
    """The log contradicting its own signature is the gravest alarm there is."""
    made, good = house.made, len(house.made.entries)
    other = MadeLog(signer=made.signer)
    other.entries = [*made.entries[:-1], made.entries[-1].replace(b"official", b"flash")]
    await publish(house.settings, other, good)
    await refused(house, f"two roots are signed for size {good}")


async def test_a_database_that_refuses_what_it_should_take_is_told_and_mended(house: House) -> None:
    admin = await asyncpg.connect(house.settings.database_url)
    try:
        await admin.execute("REVOKE UPDATE ON reports.head FROM kycuong_reports_app")
        before = len(house.made.entries)
        house.made.golden("so-noi-vu")
        await publish(house.settings, house.made, before)
        await refused(house, "InsufficientPrivilegeError")
        await admin.execute("GRANT UPDATE ON reports.head TO kycuong_reports_app")
    finally:
        await admin.close()
    await until(house.client, len(house.made.entries))
    assert (await house.client.get("/reports/readyz")).status_code == 200


async def break_card(house: House, quarter: str, unit: str) -> None:
    """A card is stale, and no program can make it."""
    admin = await asyncpg.connect(house.settings.database_url)
    try:
        async with admin.transaction():
            await admin.execute(
                "UPDATE reports.finding SET catalogue = 'x' FROM reports.inspection "
                "WHERE finding.inspection = inspection.id AND (inspection.quarter, inspection.unit) = ($1, $2)",
                quarter, unit,
            )  # fmt: skip
            await admin.execute(queries.mark_stale, [quarter], [unit])
    finally:
        await admin.close()


async def test_what_is_frozen_and_what_is_told_wait_for_no_live_card(house: House) -> None:
    """One that cannot be rendered keeps nobody from what shows none."""
    house.made.close_quarter(QUARTER, "official")
    await house.grow(len(house.made.entries) - 1)
    await break_card(house, QUARTER, "xa-tan-hoa")
    assert (await house.ask(CARDS, "reviewer")).status_code == 503
    for path in (
        f"{CARDS}?edition=official", f"{CARDS}/xa-tan-hoa?edition=official", "/reports/v1/editions",
        "/reports/v1/alerts", "/reports/v1/notices", "/reports/notices", "/reports/inbox",
    ):  # fmt: skip
        assert (await house.ask(path, "reviewer")).status_code == 200, path


async def refused(house: House, why: str) -> None:
    """Wait until readiness says why not."""
    deadline = time.monotonic() + 60
    while (ready := await house.client.get("/reports/readyz")).status_code == 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    assert why in ready.text


async def test_a_cut_whose_comparison_is_not_fitted_is_told_until_it_is(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = len(house.made.entries)
    for name in ("mot", "hai", "ba", "bon"):
        house.made.register(f"xa-{name}")  # with the province's four enough to be compared
    await house.grow(known)
    before = len(house.made.entries)
    house.made.close_quarter("2026-Q4", "flash")
    with monkeypatch.context() as changed:
        changed.setattr(sys, "executable", "/bin/false")
        await publish(house.settings, house.made, before)
        await refused(house, "the process that compares 2026-Q4 ended with 1")
        for _ in range(20):  # and meanwhile it never says that all is well
            await asyncio.sleep(0.1)
            assert (await house.client.get("/reports/readyz")).status_code == 503
        assert (await house.ask(CARDS, "reviewer")).json()["log"]["size"] == before
    await until(house.client, len(house.made.entries))
    assert (await house.client.get("/reports/readyz")).status_code == 200


@pytest.mark.parametrize("nothing", ["%00", "a%00b", "%ff", "x"])
async def test_what_is_no_quarter_or_unit_is_not_found_also_while_a_card_is_stale(house: House, nothing: str) -> None:
    await break_card(house, QUARTER, "xa-tan-hoa")
    api, pages = "/reports/v1/scorecards", "/reports"
    for path in (
        f"{api}/{QUARTER}/{nothing}", f"{api}/{QUARTER}{nothing}", f"{api}/{QUARTER}{nothing}/xa-tan-hoa",
        f"{api}/{QUARTER}{nothing}/latest", f"{api}/{QUARTER}/xa{nothing}/what-if", f"{api}/{nothing}/xa-x/what-if",
        f"{api}/{QUARTER}{nothing}?format=csv", f"{api}/{QUARTER}/{nothing}?format=csv", f"{api}/{nothing}/at/3",
        f"{api}/{QUARTER}/{nothing}/proof", f"{pages}/?quarter={QUARTER}{nothing}", f"{pages}/codes/{nothing}",
        *(f"{pages}/{page}?quarter={nothing}" for page in ("figures", "compare", "practice", "closing")),
        f"{pages}/units/{nothing}?quarter=2026-Q1", f"{pages}/units/xa-tan-hoa?quarter={nothing}",
        f"{pages}/codes/A01?quarter={nothing}",
    ):  # fmt: skip
        for wanted in ("application/json", "text/html"):
            assert (await house.ask(path, "reviewer", accept=wanted)).status_code == 404, path
    beside = f"{pages}/compare?quarter=2026-Q1&with={nothing}"
    assert (await house.ask(beside, "reviewer")).status_code == 200


async def test_a_card_that_cannot_be_made_keeps_from_nothing_that_does_not_show_it(house: House) -> None:
    made, first = house.made, len(house.made.entries)
    inspection = made.open("xa-tan-hoa", "2026-10-05T07:30:00+07:00")
    made.record("xa-tan-hoa", inspection, "A01")
    made.close("xa-tan-hoa", inspection)
    made.close_quarter(QUARTER, "official")
    await house.grow(first)
    await break_card(house, "2026-Q4", "xa-tan-hoa")
    quarter, frozen = f"?quarter={QUARTER}", f"?quarter={QUARTER}&edition=official"
    pages = ("/", "/units/xa-tan-hoa", "/figures", "/codes/A01", "/compare")
    for page in (
        *(f"{one}{quarter}" for one in pages), *(f"{one}{frozen}" for one in pages), f"/closing{quarter}",
        "/practice?quarter=2026-Q4", f"/v1/scorecards/{QUARTER}", "/v1/scorecards/2026-Q4/tram-y-te",
    ):  # fmt: skip
        assert (await house.ask(f"/reports{page}", "reviewer")).status_code == 200, page
    for page in (
        *(f"{one}?quarter=2026-Q4" for one in pages), "/closing?quarter=2026-Q4",
        "/v1/scorecards/2026-Q4", "/v1/scorecards/2026-Q4?format=csv", "/v1/scorecards/2026-Q4/xa-tan-hoa",
        "/v1/scorecards/2026-Q4/xa-tan-hoa/what-if",
    ):  # fmt: skip
        for language, said in (("vi", "Phiếu điểm Quý IV/2026 của UBND xã Tân Hòa"), ("en", "UBND xã Tân Hòa")):
            told = await house.ask(f"/reports{page}", "reviewer", **{"accept-language": language})
            assert (told.status_code, told.headers["retry-after"]) == (503, "60"), page
            assert said in told.text and "KeyError" not in told.text


async def test_pages_show_what_can_be_shown_and_name_the_card_that_cannot_be_made(house: House) -> None:
    made, first = house.made, len(house.made.entries)
    for unit in ("tram-y-te", "xa-tan-hoa"):
        inspection = made.open(unit, "2026-10-05T07:30:00+07:00")
        made.close(unit, inspection)
    await house.grow(first)
    pages = [f"/reports/{page}?quarter=2026-Q4" for page in ("units/xa-tan-hoa", "", "compare")]
    assert "data-missing" not in (await house.ask(pages[0], "reviewer")).text
    await break_card(house, QUARTER, "xa-tan-hoa")
    for page in pages:
        for language, said in (
            ("vi", "Phiếu điểm Quý III/2026 của UBND xã Tân Hòa"),
            ("en", "The card of UBND xã Tân Hòa"),
        ):
            told = await house.ask(page, "reviewer", **{"accept-language": language})
            assert (told.status_code, "data-missing" in told.text) == (200, True), page
            assert said in told.text.replace("\xa0", " "), page
    other = (await house.ask("/reports/units/tram-y-te?quarter=2026-Q4&lang=vi", "reviewer")).text
    assert "data-missing" not in other and "UBND xã Tân Hòa" not in other  # of this unit nothing lacks
    assert "có phiếu của đơn vị khác chưa lập được" in other
    assert "Chưa lập được" in (await house.ask(f"{pages[0]}&lang=vi", "reviewer")).text
    beside = await house.ask("/reports/compare?quarter=2026-Q4&with=2026-Q2", "reviewer")
    assert (beside.status_code, "data-missing" in beside.text) == (200, False)
    assert (await house.ask("/reports/units/xa-tan-hoa?quarter=2026-Q3", "reviewer")).status_code == 503


async def test_who_may_not_see_a_card_is_told_so_also_when_it_cannot_be_made(house: House) -> None:
    await break_card(house, QUARTER, "xa-tan-hoa")
    for path in (f"{CARDS}/xa-tan-hoa", CARDS, f"{CARDS}/xa-tan-hoa/what-if", f"{CARDS}/xa-tan-hoa?format=csv"):
        assert (await house.ask(path, "admin")).status_code == 403, path
    for page in ("/", "/units/xa-tan-hoa", "/figures", "/codes/A01", "/compare", "/closing"):
        assert (await house.ask(f"/reports{page}?quarter={QUARTER}", "admin")).status_code == 403, page
