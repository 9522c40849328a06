"""The endpoints of reports over HTTP: who sees what, shapes, CSV, cursors, readiness, pages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.reports.exports.table import csv_bytes
from services.reports.reading.live_cards import card
from services.reports.reading.scope import Scope
from services.reports.scoring.cards import TreeHead
from services.reports.text import dump
from tests.support.postgres import Cluster
from tests.support.reports_http import NOW, House, appoint, province_house
from tests.support.reports_reading import read

QUARTER = "2026-Q3"
CARDS = f"/reports/v1/scorecards/{QUARTER}"
Ask = Callable[..., Awaitable[httpx.Response]]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One province that all of this module reads and none changes."""
    async with (
        cluster.database(tmp_path_factory.mktemp("house") / "data") as settings,
        province_house(settings) as house,
    ):
        yield house


@pytest.fixture
def ask(house: House) -> Ask:
    """Ask as somebody in a role."""
    return house.ask


def units(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [card["unit"] for card in answer.json()["cards"]]


EVERY_UNIT = ["phuong-dao", "so-noi-vu", "tram-y-te", "xa-tan-hoa"]


@pytest.mark.parametrize(
    ("role", "unit", "seen"),
    [
        ("reviewer", None, EVERY_UNIT),
        ("auditor", None, EVERY_UNIT),
        ("lead", None, EVERY_UNIT),
        ("lead", "xa-tan-hoa", ["tram-y-te", "xa-tan-hoa"]),
        ("inspector", None, EVERY_UNIT),
        ("inspector", "tram-y-te", ["tram-y-te"]),
        ("unit_head", "xa-tan-hoa", ["tram-y-te", "xa-tan-hoa"]),
        ("unit_head", "tram-y-te", ["tram-y-te"]),
        ("unit_head", "xa-khac", []),
    ],
)
async def test_each_role_sees_its_cards_and_no_other(ask: Ask, role: str, unit: str | None, seen: list[str]) -> None:
    assert units(await ask(CARDS, role, unit)) == seen
    for other in EVERY_UNIT:
        assert (await ask(f"{CARDS}/{other}", role, unit)).status_code == (200 if other in seen else 404)


async def test_an_admin_sees_no_live_card(ask: Ask) -> None:
    for path in (CARDS, f"{CARDS}/xa-tan-hoa", "/reports/v1/alerts"):
        refused = await ask(path, "admin")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")


async def test_without_a_token_nothing(house: House) -> None:
    for path in (CARDS, f"{CARDS}/xa-tan-hoa", "/reports/v1/alerts"):
        for headers in ({}, {"Authorization": "Bearer nothing"}):
            refused = await house.client.get(path, headers=headers)
            assert (refused.status_code, refused.json()["type"]) == (401, "/problems/unauthorized")


async def test_a_post_that_ended_sees_nothing(house: House) -> None:
    token = await appoint(house.settings, "unit_head", "xa-tan-hoa", until=NOW)
    assert (await house.client.get(CARDS, headers={"Authorization": f"Bearer {token}"})).status_code == 403


async def test_the_list(ask: Ask, house: House) -> None:
    made = house.made
    found = (await ask(CARDS, "reviewer")).json()
    assert [*found] == ["quarter", "edition", "rules", "log", "cards", "next"]
    assert (found["quarter"], found["edition"], found["rules"], found["next"]) == (QUARTER, "live", "2026.1", None)
    assert found["log"]["size"] == len(made.entries)
    golden = found["cards"][3]
    assert (golden["unit"], golden["unit_name"], golden["group"]) == ("xa-tan-hoa", "UBND xã Tân Hòa", "xa")
    assert (golden["score"], golden["band"]) == ("94.00", "good")
    assert golden["exposure"] == {"inspections": 1, "persons_checked": 45, "files_checked": 0}
    assert golden["deductions"] == {
        "A": "4.00", "B": "2.00", "C": "0.00", "D": "0.00", "E": "0.00", "F": "0.00", "H": "0.00",
    }  # fmt: skip
    quiet = found["cards"][1]
    assert (quiet["score"], quiet["band"], quiet["exposure"]["inspections"]) == (None, "insufficient", 0)


async def test_the_list_by_group(ask: Ask) -> None:
    assert units(await ask(f"{CARDS}?group=xa", "reviewer")) == ["xa-tan-hoa"]
    assert units(await ask(f"{CARDS}?group=other", "reviewer")) == []
    assert units(await ask(f"{CARDS}?group=xa&edition=official", "reviewer")) == ["xa-tan-hoa"]
    assert (await ask(f"{CARDS}?group=phuong", "reviewer")).json()["group"] == "phuong"
    for own, group in (("phuong-dao", "phuong"), ("xa-tan-hoa", "phuong")):  # what is his is all of the kind, or not
        part = (await ask(f"{CARDS}?group={group}", "unit_head", own)).json()
        assert ("group" in part) == (len(part["cards"]) == 1)


@pytest.mark.parametrize("query", ["group=thon", "edition=final", "format=ods"])
async def test_a_wrong_parameter_is_named(ask: Ask, query: str) -> None:
    refused = await ask(f"{CARDS}?{query}", "reviewer")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid")
    assert [error["pointer"] for error in refused.json()["errors"]] == [f"/{query.split('=')[0]}"]


@pytest.mark.parametrize(
    "path",
    [
        "/reports/v1/scorecards/2026-Q5", "/reports/v1/scorecards/2026", "/reports/v1/scorecards/%00",
        f"{CARDS}/khong-co", f"{CARDS}/%00", f"{CARDS}/X", "/reports/v1/scorecards/2020-Q1/xa-tan-hoa",
        f"{CARDS}?edition=flash", f"{CARDS}/khong-co?edition=official", f"{CARDS}/%00?edition=official",
        "/reports/v1/nothing",
    ],
)  # fmt: skip
async def test_what_is_not_there(ask: Ask, path: str) -> None:
    refused = await ask(path, "reviewer", **{"Accept-Language": "en"})
    assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")
    assert refused.json()["type"] == "/problems/not-found"


async def test_a_quarter_without_units_is_an_empty_list(ask: Ask) -> None:
    found = (await ask("/reports/v1/scorecards/2020-Q1", "reviewer")).json()
    assert (found["cards"], found["rules"]) == ([], None)


async def test_a_quarter_before_the_first_rules_has_cards_without_a_score(ask: Ask) -> None:
    found = (await ask("/reports/v1/scorecards/2025-Q3/xa-tan-hoa", "reviewer")).json()
    assert (found["rules"], found["catalogue"], found["score"], found["band"]) == (None, None, None, "insufficient")
    assert [group["group"] for group in found["groups"]] == list("ABCDEFH")
    assert units(await ask("/reports/v1/scorecards/2025-Q3", "reviewer")) == EVERY_UNIT
    for page in ("/reports/?quarter=2025-Q3", "/reports/units/xa-tan-hoa?quarter=2025-Q3", "/reports/?quarter=2020-Q1"):
        assert (await ask(page, "reviewer")).status_code == 200
    for page in (
        "/reports/?quarter=2025",
        "/reports/?quarter=2026-Q3&edition=flash",
        "/reports/units/x?quarter=2025-Q3",
    ):
        assert (await ask(page, "reviewer")).status_code == 404
    assert (await ask("/reports/inbox?cursor=x", "reviewer")).status_code == 422


async def test_writing_is_not_a_method_here(house: House) -> None:
    for path in (CARDS, f"{CARDS}/xa-tan-hoa", "/reports/v1/alerts"):
        refused = await house.client.put(path, json={})
        assert (refused.status_code, refused.json()["type"]) == (405, "/problems/method-not-allowed")


async def test_a_frozen_edition_is_the_reviewers_until_published(ask: Ask) -> None:
    for role in ("auditor", "lead", "inspector", "unit_head", "admin"):
        for path in (CARDS, f"{CARDS}/xa-tan-hoa"):
            assert (await ask(f"{path}?edition=official", role)).status_code == 404
    listing = (await ask(f"{CARDS}?edition=official", "reviewer")).json()
    assert (listing["edition"], len(listing["cards_root"]), len(listing["cards"])) == ("official", 44, 4)
    card = (await ask(f"{CARDS}/xa-tan-hoa?edition=official", "reviewer")).json()
    assert (card["edition"], card["log"], card["score"]) == ("official", listing["log"], "94.00")


async def test_what_cannot_be_told_to_the_log_is_not_given_out(ask: Ask) -> None:
    for path in (f"{CARDS}?format=csv", f"{CARDS}/xa-tan-hoa?format=csv", f"{CARDS}?edition=official&format=csv"):
        refused = await ask(path, "reviewer", **{"Accept-Language": "en"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert "could not be told to the log" in refused.json()["detail"]


async def test_csv(ask: Ask) -> None:
    listing = (await ask(CARDS, "reviewer")).json()
    body = csv_bytes(
        map(dump, listing["cards"]), quarter=QUARTER, edition="live", rules=listing["rules"],
        head=TreeHead(**listing["log"]),
    )  # fmt: skip
    assert body.startswith(b"\xef\xbb\xbf")
    text = body.decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n") == 5
    rows = {row["unit"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["phuong-dao"]["unit_name"] == "'=HYPERLINK(1)"
    golden = rows["xa-tan-hoa"]
    assert (golden["score"], golden["band_label"], golden["deduction_A"]) == ("94.00", "Tốt", "4.00")
    assert (rows["so-noi-vu"]["score"], rows["so-noi-vu"]["band"]) == ("", "insufficient")
    assert golden["log_root"] == listing["log"]["root"]


async def test_alerts_belong_to_the_post(ask: Ask) -> None:
    async def seen(role: str, unit: str | None = None, query: str = "") -> list[str]:
        answer = await ask(f"/reports/v1/alerts{query}", role, unit)
        assert answer.status_code == 200, answer.text
        return sorted(item["unit"] for item in answer.json()["items"])

    assert await seen("reviewer") == ["phuong-dao", "tram-y-te", "xa-tan-hoa"]
    assert await seen("unit_head", "xa-tan-hoa") == ["tram-y-te", "xa-tan-hoa"]
    assert await seen("unit_head", "tram-y-te") == ["tram-y-te"]
    assert await seen("unit_head", "so-noi-vu") == []
    assert await seen("unit_head", "xa-tan-hoa", "?unit=tram-y-te&open=true") == ["tram-y-te"]
    assert await seen("unit_head", "xa-tan-hoa", "?unit=&open=true") == ["tram-y-te", "xa-tan-hoa"]
    for unit in ("phuong-dao", "khong-co"):
        assert (await ask(f"/reports/v1/alerts?unit={unit}", "unit_head", "xa-tan-hoa")).status_code == 404
    for role in ("inspector", "lead", "auditor"):
        assert (await ask("/reports/v1/alerts", role)).status_code == 403


@pytest.mark.parametrize("cursor", ["x", "%00", "AAAA", "MjAyNiBub3QtYS11dWlk", "ô"])
async def test_a_cursor_of_others_is_refused(ask: Ask, cursor: str) -> None:
    refused = await ask(f"/reports/v1/alerts?cursor={cursor}", "reviewer")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/cursor")


async def test_the_openapi_document_names_every_path(house: House) -> None:
    document = (await house.client.get("/reports/openapi.json")).json()
    assert sorted(document["paths"]) == [
        "/reports/healthz", "/reports/readyz", "/reports/v1/alerts", "/reports/v1/alerts/stream",
        "/reports/v1/deliveries", "/reports/v1/deliveries/{id}/resend", "/reports/v1/editions", "/reports/v1/notices",
        "/reports/v1/notices/{id}/read", "/reports/v1/scorecards/{quarter}",
        "/reports/v1/scorecards/{quarter}/at/{size}", "/reports/v1/scorecards/{quarter}/at/{size}/{unit}",
        "/reports/v1/scorecards/{quarter}/latest", "/reports/v1/scorecards/{quarter}/{unit}",
        "/reports/v1/scorecards/{quarter}/{unit}/proof", "/reports/v1/scorecards/{quarter}/{unit}/what-if",
    ]  # fmt: skip
    schema = document["components"]["schemas"]["Card"]
    assert set(schema["properties"]) == set(
        json.loads(json.dumps(await _card(house))).keys()
    )  # what is said is what is sent


async def _card(house: House) -> dict[str, Any]:
    return dict(await read(house.app.state.service.pool, card, QUARTER, "xa-tan-hoa", Scope(None)))


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_the_dashboard_pages(ask: Ask, language: str) -> None:
    page = await ask(f"/reports/?quarter={QUARTER}&lang={language}", "reviewer")
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert ("Phiếu điểm Quý\u00a0III/2026" if language == "vi" else "Scorecards Q3\u00a02026") in page.text
    assert ("94,00" if language == "vi" else "94.00") in page.text
    assert 'href="/reports/units/xa-tan-hoa?quarter=2026-Q3&amp;edition=live"' in page.text
    assert f"/reports/v1/scorecards/{QUARTER}?format=csv&amp;edition=live" in page.text
    assert "=HYPERLINK(1)" in page.text
    assert '<option value="official">' in page.text


async def test_the_table_sorts_by_link(ask: Ask) -> None:
    def order(text: str) -> list[str]:
        table = text[text.index("units-caption") :]
        return [part.split("?")[0] for part in table.split('href="/reports/units/')[1:]]

    by_name = (await ask(f"/reports/?quarter={QUARTER}", "reviewer")).text
    assert order(by_name) == ["phuong-dao", "tram-y-te", "xa-tan-hoa", "so-noi-vu"]  # the uninspected one apart, last
    down = (await ask(f"/reports/?quarter={QUARTER}&sort=persons&dir=desc", "reviewer")).text
    assert order(down)[-1] == "so-noi-vu"
    up = (await ask(f"/reports/?quarter={QUARTER}&sort=score", "reviewer")).text
    assert order(up)[-1] == "so-noi-vu"
    assert 'aria-sort="ascending"' in up


async def test_a_units_page_shows_each_deduction_with_its_log_index(ask: Ask, house: House) -> None:
    card = (await ask(f"{CARDS}/xa-tan-hoa", "unit_head", "xa-tan-hoa")).json()
    page = (await ask(f"/reports/units/xa-tan-hoa?quarter={QUARTER}&lang=vi", "unit_head", "xa-tan-hoa")).text
    for item in card["inspections"][0]["items"]:
        assert f'/audit/v1/receipts/{item["finding"]}"' in page
        assert f">{item['index']}</a>" in page
    assert "Đi làm muộn" in page
    frozen = await ask(f"/reports/units/xa-tan-hoa?quarter={QUARTER}&edition=official", "reviewer")
    assert "Bản chính thức" in frozen.text
    missing = await ask(f"/reports/units/phuong-dao?quarter={QUARTER}", "unit_head", "xa-tan-hoa")
    assert (missing.status_code, "text/html" in missing.headers["content-type"]) == (404, True)


async def test_the_inbox_page(ask: Ask, house: House) -> None:
    page = await ask("/reports/inbox", "unit_head", "xa-tan-hoa")
    assert page.status_code == 200
    assert page.text.count('href="/intake/desk/') >= 2
    assert "UBND xã Tân Hòa" in page.text and "Trạm Y tế" in page.text
    assert (await ask("/reports/inbox", "auditor")).status_code == 403
    unknown = await house.client.get("/reports/inbox", follow_redirects=False)
    assert (unknown.status_code, unknown.headers["location"]) == (303, "/intake/login?next=%2Freports%2Finbox")
