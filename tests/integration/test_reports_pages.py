"""What the pages tell the head of a unit, how units of one name are told apart, and that a page has one log size."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.kernel.process.settings import Settings
from services.reports.reading.alerts import alerts as read_alerts
from services.reports.reading.live_cards import card as read_card
from services.reports.reading.live_cards import listing
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Reader
from tests.support.reports_http import House, province_house

QUARTER = "2026-Q3"


async def front(house: House, unit: str | None = "xa-tan-hoa", role: str = "unit_head") -> str:
    return (await house.ask(f"/reports/?quarter={QUARTER}&lang=vi", role, unit)).text


async def test_nothing_waits_only_when_no_reply_is_due_and_every_notice_was_seen(settings: Settings) -> None:
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        inspection = made.open("xa-tan-hoa")
        found = [made.record("xa-tan-hoa", inspection, code) for code in ("A05", "B01", "C04", "D02")]  # one severity 4
        made.withdraw("xa-tan-hoa", inspection, found[3])
        await house.grow(first)
        assert "data-replies" not in await front(house)  # told at the closing, never before
        steps = (
            (lambda: made.close("xa-tan-hoa", inspection), 2),
            (lambda: made.acknowledge("xa-tan-hoa", inspection), 2),
            (lambda: made.reply("xa-tan-hoa", inspection, found[0], True), 1),
            (lambda: made.lapse("xa-tan-hoa", inspection, found[1]), 0),
        )
        for act, waiting in steps:
            first = len(made.entries)
            act()
            await house.grow(first)
            page = await front(house)
            assert (f'data-replies="{waiting}"' in page) == bool(waiting)
            assert not (waiting and "Không có việc nào chờ đơn vị" in page)
        assert "data-replies" not in await front(house, "phuong-dao")


async def test_units_of_one_name_are_told_apart_on_every_page(settings: Settings) -> None:
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        made.register("tram-2", "Trạm Y tế", "dvsn", "phuong-dao")
        made.register("tram-3", "trạm y tế", "dvsn", "phuong-dao")
        made.golden("tram-2")
        await house.grow(first)
        page = await front(house, None, "reviewer")
        for beside in ("UBND xã Tân Hòa", "=HYPERLINK(1), tram-2", "=HYPERLINK(1), tram-3"):
            assert f'<small class="beside">{beside}</small>' in page
        assert page.count('class="beside"') == 3
        card = await house.ask(f"/reports/units/tram-2?quarter={QUARTER}", "reviewer")
        assert "<p data-beside>=HYPERLINK(1), tram-2</p>" in card.text
        inbox = await house.ask("/reports/inbox", "reviewer")
        assert "Trạm Y tế (UBND xã Tân Hòa)" in inbox.text
        assert (await house.ask(f"/reports/v1/scorecards/{QUARTER}/tram-2", "reviewer")).json()[
            "unit_name"
        ] == "Trạm Y tế"


class Growing:
    """A pool in front of which the log never rests: before a connection is given, another inspection is folded."""

    def __init__(self, house: House, pool: asyncpg.Pool) -> None:
        self._house = house
        self._pool = pool
        self.sizes: list[int] = []

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        first = len(self._house.made.entries)
        self._house.made.golden("xa-tan-hoa")
        await self._house.grow(first)
        self.sizes.append(len(self._house.made.entries))
        async with self._pool.acquire() as connection:
            yield connection


@pytest.mark.parametrize("page", ["/reports/", "/reports/units/xa-tan-hoa", "/reports/inbox"])
async def test_a_page_shows_figures_of_one_size_of_the_log_while_entries_arrive(settings: Settings, page: str) -> None:
    async with province_house(settings) as house:
        state = house.app.state.service
        growing = Growing(house, state.pool)
        state.reader = Reader(growing, state.clock)  # type: ignore[arg-type]
        shown = await house.ask(f"{page}?quarter={QUARTER}&lang=en", "unit_head", "xa-tan-hoa")
        assert shown.status_code == 200
        [size] = growing.sizes
        said = re.findall(r"omputed (?:[a-z]+\s+)+([0-9,]+)", shown.text)
        assert said and {int(one.replace(",", "")) for one in said} == {size}


async def test_what_was_read_of_a_snapshot_stays_while_entries_arrive(settings: Settings) -> None:
    async with province_house(settings) as house:
        async with house.app.state.service.reader.snapshot() as snapshot:
            first, size = len(house.made.entries), snapshot.head.size
            before = await read_card(snapshot, QUARTER, "xa-tan-hoa", Scope(None))
            house.made.golden("xa-tan-hoa")
            await house.grow(first)
            assert await read_card(snapshot, QUARTER, "xa-tan-hoa", Scope(None)) == before
            rows = (await listing(snapshot, QUARTER, Scope(None))).parsed()
            alerts = await read_alerts(snapshot, Scope(None), unit=None, only_open=False, limit=50, cursor=None)
            own = next(row for row in rows if row["unit"] == "xa-tan-hoa")
            assert own["exposure"] == before["exposure"]
            assert (before["log"]["size"], alerts["log"]["size"], len(alerts["items"])) == (size, size, 3)
        async with house.app.state.service.reader.snapshot() as later:
            after = await read_card(later, QUARTER, "xa-tan-hoa", Scope(None))
        assert (after["log"]["size"], after["exposure"]["inspections"]) == (len(house.made.entries), 2)


def explanation(page: str) -> str:
    """A card's inspections, step by step, as its page tells them."""
    return page[page.index("Từng cuộc kiểm tra") : page.index("Cách kiểm lại")]


async def test_a_frozen_card_keeps_its_explanation_after_newer_rules(settings: Settings) -> None:
    frozen = f"/reports/units/xa-tan-hoa?quarter={QUARTER}&lang=vi&edition="
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        before = (await house.ask(f"{frozen}official", "reviewer")).text
        rules = json.loads(next(raw for raw in made.entries if b"scoring.published" in raw))["data"]["rules"]
        dearer = rules | {"points": rules["points"] | {"1": 2}, "base_persons": 45}
        made.rules("scoring", "2026.9", "2026-07-01", "2026-09-20T00:00:00Z", rules=dearer)
        await house.grow(first)
        after, live = [(await house.ask(f"{frozen}{one}", "reviewer")).text for one in ("official", "live")]
        assert explanation(after) == explanation(before)
        assert 'class="steps"' in explanation(after) and "Quy tắc tính điểm 2026.1" in after
        assert "Quy tắc tính điểm 2026.9" in live and explanation(live) != explanation(after)
