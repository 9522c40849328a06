"""What the dashboard's pages tell the head of a unit, and how units of one name are told apart."""

from __future__ import annotations

from services.kernel.process.settings import Settings
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
