"""What the pages tell the head of a unit, how units of one name are told apart, and that a page has one log size."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from html import unescape

import asyncpg
import pytest

from services.kernel.process.settings import Settings
from services.kernel.quarters import quarters_until
from services.reports.reading.alerts import alerts as read_alerts
from services.reports.reading.live_cards import card as read_card
from services.reports.reading.live_cards import listing
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Reader, Snapshot
from services.reports.reading.sql import queries
from services.reports.reading.totals import found_frozen, found_live, told_frozen, told_live, totals
from tests.support.reports_http import NOW, House, province_house
from tests.support.reports_reading import render_all

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
        await render_all(self._pool)
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


def everything_said_of_findings(house: House) -> None:
    """Each way a finding can stand, in one inspection, and an inspection that was voided."""
    made, unit = house.made, "xa-tan-hoa"
    visit = made.open(unit)
    found = [made.record(unit, visit, code, 2) for code in ["A01"] * 6 + ["A03"] * 6 + ["A05"]]
    made.close(unit, visit)
    light, heavy = found[:6], found[6:12]
    for group in (light, heavy):
        made.reply(unit, visit, group[0], True)
        made.reply(unit, visit, group[1], False)
        made.lapse(unit, visit, group[2])
        made.withdraw(unit, visit, group[3])
        for one, outcome in ((group[4], "upheld"), (group[5], "unfounded")):
            made.reply(unit, visit, one, False)
            made.decide(unit, visit, one, outcome)
    made.appeal(unit, visit, heavy[4])
    gone = made.open(unit)
    made.lapse(unit, gone, made.record(unit, gone, "A01"))
    made.close(unit, gone)
    made.void(unit, gone)


async def of_cards(snapshot: Snapshot, units: list[str]) -> Counter[tuple[str, str]]:
    """What the live cards themselves list."""
    cards = [await read_card(snapshot, QUARTER, unit, Scope(None)) for unit in units]
    return Counter(
        (card["unit"], item["code"]) for card in cards for visit in card["inspections"] for item in visit["items"]
    )


async def test_what_the_overview_counts_is_what_the_cards_list(settings: Settings) -> None:
    units = ["so-noi-vu", "xa-tan-hoa", "tram-y-te", "phuong-dao"]
    async with province_house(settings) as house:
        first = len(house.made.entries)
        everything_said_of_findings(house)
        house.made.close("phuong-dao", house.made.open("phuong-dao", "2026-02-05T07:30:00+07:00"))
        await house.grow(first)
        async with house.app.state.service.reader.snapshot() as snapshot:
            cards = await of_cards(snapshot, units)
            live = await found_live(snapshot, [QUARTER])
            assert {(one.unit, one.code): one.findings for one in live} == cards
            assert cards["xa-tan-hoa", "A01"] == 4  # accepted, lapsed and upheld, beside the golden one
            told = await told_live(snapshot, QUARTER, "A01")
            assert Counter(one.unit for one in told) == {unit: n for (unit, code), n in cards.items() if code == "A01"}
            [sums] = await totals(snapshot, [QUARTER], None)
            assert (sums.findings, sums.units, sums.inspections) == (cards.total(), 3, 4)
            assert (sums.replied, sums.lapsed) == (17, 2)  # the withdrawn ones are in neither
            own = await totals(snapshot, quarters_until(QUARTER, 4), ["phuong-dao"])
            assert [(one.quarter, one.units, one.findings) for one in own] == [
                ("2026-Q1", 1, 0), ("2026-Q2", 0, 0), (QUARTER, 1, 3),  # none is skipped
            ]  # fmt: skip
            [closing] = await snapshot.connection.fetch("SELECT closing::text FROM reports.edition")
            frozen = await found_frozen(snapshot, closing["closing"])
            assert Counter({(one.unit, one.code): one.times for one in frozen}) == Counter(
                {(unit, code): n for unit in units[1:] for code, n in (("A01", 3), ("A03", 1), ("B04", 2))}
            )
            entries = await told_frozen(snapshot, closing["closing"], "A01")
            assert [one.index for one in entries] == sorted(one.index for one in told)[:3]


async def test_the_letterhead_has_the_day_of_vietnam(settings: Settings) -> None:
    async with province_house(settings) as house:
        clock = house.app.state.service.clock
        clock.set(clock.now().replace(month=12, day=4, hour=20))
        head = (await house.ask(f"/reports/units/xa-tan-hoa?quarter={QUARTER}", "reviewer")).text
        assert "ngày 05 tháng 12 năm 2026" in head[: head.index("<h1")]


async def test_the_list_points_to_who_fell_and_a_code_leads_to_its_entries(settings: Settings) -> None:
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        earlier = made.open("phuong-dao", "2026-05-05T07:30:00+07:00")
        made.close("phuong-dao", earlier)
        await house.grow(first)
        page = await front(house, None, "reviewer")
        pointed = page[page.index('id="act-now"') : page.index('id="changed"')]
        assert "Giảm 6,00 điểm so với Quý\xa0II/2026 (100,00 → 94,00)" in pointed
        assert pointed.count("<li><div") == 1 and "/reports/units/phuong-dao?" in pointed
        assert page.index("/reports/units/phuong-dao", page.index('id="units"')) < page.index(
            "/reports/units/xa-tan-hoa", page.index('id="units"')
        )
        assert f"/reports/codes/A01?quarter={QUARTER}" in page
        code = (await house.ask(f"/reports/codes/A01?quarter={QUARTER}&lang=vi", "reviewer")).text
        assert code.count('href="/audit/entry?at=') == 3
        own = (await house.ask(f"/reports/codes/A01?quarter={QUARTER}", "unit_head", "phuong-dao")).text
        assert own.count('href="/audit/entry?at=') == 1 and "xa-tan-hoa" not in own
        official = await house.ask(f"/reports/codes/A01?quarter={QUARTER}&edition=official", "reviewer")
        assert official.text.count('href="/audit/entry?at=') == 3
        assert (await house.ask("/reports/codes/Z99", "reviewer")).status_code == 404


async def test_what_pends_stands_with_its_deadline_and_what_it_would_cost_as_the_api_says(settings: Settings) -> None:
    path = "2026-Q4/xa-tan-hoa"
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        visit = made.open("xa-tan-hoa", "2026-10-05T07:30:00+07:00")
        found = [made.record("xa-tan-hoa", visit, code) for code in ("A03", "A05", "B01", "B03")]
        made.close("xa-tan-hoa", visit)
        made.reply("xa-tan-hoa", visit, found[1], False)
        made.lapse("xa-tan-hoa", visit, found[2])
        await house.grow(first)
        page = (await house.ask("/reports/units/xa-tan-hoa?quarter=2026-Q4&lang=vi", "unit_head", "xa-tan-hoa")).text
        pending = page[page.index('id="pending"') : page.index("Điểm trừ theo nhóm")]
        told = (await house.ask(f"/reports/v1/scorecards/{path}/what-if", "unit_head", "xa-tan-hoa")).json()
        assert [one["code"] for one in told["findings"]] == ["A03", "A05", "B03"]  # B01 counts by its lapse
        for one in told["findings"]:
            assert f"<b>{one['if_upheld'].replace('.', ',')}</b>" in pending
        assert pending.count("hạn: hết") == 2 and pending.count("09/09/2026") == 2
        assert pending.count("Sở Nội vụ kết luận") == 1 and "#/answer" in pending
        lead = (await house.ask("/reports/units/xa-tan-hoa?quarter=2026-Q4", "inspector")).text
        assert 'id="pending"' not in lead  # whose findings they are, only their teams know


async def test_a_severity_4_pends_on_pages_once_released_as_its_card_says_and_never_before(settings: Settings) -> None:
    path, head = "2026-Q4/xa-tan-hoa", ("unit_head", "xa-tan-hoa")
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        visit = made.open("xa-tan-hoa", "2026-10-05T07:30:00+07:00")
        found = made.record("xa-tan-hoa", visit, "C04")
        made.close("xa-tan-hoa", visit)
        for pending in (0, 1):
            await house.grow(first)
            card = (await house.ask(f"/reports/v1/scorecards/{path}", *head)).json()
            page = (await house.ask("/reports/units/xa-tan-hoa?quarter=2026-Q4&lang=vi", *head)).text
            tasks = (await house.ask("/reports/closing?quarter=2026-Q4", "reviewer")).text
            assert card["pending"]["findings"] == page.count("C04 ·") == pending
            assert f'data-left="{pending}"' in tasks
            first = len(made.entries)
            made.release("xa-tan-hoa", visit, found)


async def test_the_heads_part_is_for_the_subtree_and_reviewers_and_in_no_published_card(settings: Settings) -> None:
    page = f"/reports/units/tram-y-te?quarter={QUARTER}&lang=vi"
    async with province_house(settings) as house:
        seen = {
            (role, unit): 'id="head-part"' in (await house.ask(page, role, unit)).text
            for role, unit in (
                ("reviewer", None), ("unit_head", "tram-y-te"), ("unit_head", "xa-tan-hoa"), ("lead", None),
                ("auditor", None), ("inspector", None),
            )
        }  # fmt: skip
        assert [one for one, shown in seen.items() if shown] == [
            ("reviewer", None), ("unit_head", "tram-y-te"), ("unit_head", "xa-tan-hoa"),
        ]  # fmt: skip
        assert 'id="head-part"' not in (await house.ask(f"{page}&edition=official", "reviewer")).text


async def test_a_successor_stands_beside_its_predecessors(settings: Settings) -> None:
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        made.register("xa-moi", "UBND xã Mới", "xa", since="2026-10-01")
        made.succeed("merge", ["xa-tan-hoa", "phuong-dao"], ["xa-moi"], "2026-10-01")
        made.close("xa-moi", made.open("xa-moi", "2026-10-05T07:30:00+07:00"))
        await house.grow(first)
        page = (await house.ask("/reports/units/xa-moi?quarter=2026-Q4&lang=vi", "reviewer")).text
        past = page[page.index("Đơn vị trước đây") : page.index('id="head-part"')]
        assert past.count("94,00") == 2 and "/reports/units/xa-tan-hoa?quarter=2026-Q3" in past
        assert "Chưa có so sánh với đơn vị cùng nhóm" in page  # in words, never an empty chart
        assert 'role="img"' not in page


async def test_no_link_of_a_units_page_leads_where_its_reader_may_not_go_or_nothing_is(settings: Settings) -> None:
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        made.register("xa-moi", "UBND xã Mới", "xa", since="2026-10-01")
        made.succeed("merge", ["xa-tan-hoa"], ["xa-moi"], "2026-10-01")
        made.close("xa-moi", made.open("xa-moi", "2026-10-05T07:30:00+07:00"))
        official = f"quarter={QUARTER}&edition=official"
        shown = (await house.ask(f"/reports/v1/scorecards/{QUARTER}?edition=official", "reviewer")).json()
        [cut] = [place for place, raw in enumerate(made.entries) if b"quarter.closed" in raw]
        made.publish(cut, shown["cards_root"])
        await house.grow(first)
        for page, role, unit in (
            ("units/xa-moi?quarter=2026-Q4", "reviewer", None),
            (f"units/phuong-dao?{official}", "unit_head", "xa-moi"),
            (f"units/phuong-dao?{official}", "admin", None),
            (f"?{official}", "admin", None),
        ):
            text = (await house.ask(f"/reports/{page}", role, unit)).text
            own = f"/reports/{page}".partition("?")[0]
            hrefs = re.findall('<a [^>]*href="((?:/reports/|[?])[^"]*)"', text)
            links = {unescape(one).partition("#")[0] for one in hrefs}
            asked = {(own + one if one.startswith("?") else one) for one in links if "/v1/" not in one}
            assert len(asked) > 2
            found = {one: (await house.ask(one, role, unit)).status_code for one in sorted(asked)}
            assert {one for one, status in found.items() if status >= 400} == set(), (role, unit)


async def test_a_compared_unit_is_told_in_plain_words_with_its_range(settings: Settings) -> None:
    told = {
        "peer_group": "xa", "units": 76, "window": [QUARTER], "observed": 7, "exposure": 214, "expected": "4.60",
        "rate": "2.8834", "interval": ["1.3352", "5.2002"], "z": "0.73", "standing": "within", "better": False,
        "fdr": False, "rank": None, "random_share": "0.75", "trend": {"previous": [], "improved": None},
    }  # fmt: skip
    async with province_house(settings) as house:
        await put_beside(house, "xa-tan-hoa", told)
        page = (await house.ask(f"/reports/units/xa-tan-hoa?quarter={QUARTER}&lang=vi", "unit_head", "xa-tan-hoa")).text
        words = re.sub(r"<[^>]+>|\s+", " ", page[page.index('id="peers"') :])
        assert "7 vi phạm trong 214 lượt kiểm tra; đơn vị cùng nhóm thường có khoảng 4,60" in re.sub(" +", " ", words)
        assert "2,9 trên 100 lượt (1,3–5,2)" in re.sub(" +", " ", words)
        assert 'aria-labelledby="range-title"' in page and "Trong mức chung của đơn vị cùng nhóm" in page
        assert re.findall(r"data-inspectors>(\d+)<", page) == ["1"]  # the team of its one visit
        await put_beside(house, "xa-tan-hoa", told | {"standing": "alarm"})
        listed = await front(house, None, "reviewer")
        assert (
            "Cao bất thường: 7 vi phạm; đơn vị cùng nhóm, với chừng ấy lượt kiểm tra, thường có khoảng 4,60" in listed
        )
        assert "standing=alarm" in listed  # a facet of its own
        narrowed = await house.ask(f"/reports/?quarter={QUARTER}&standing=alarm&lang=vi", "reviewer")
        assert "1 đơn vị: Cao bất thường" in narrowed.text


async def test_figures_name_their_denominators_and_say_in_words_what_is_not_there(settings: Settings) -> None:
    async with province_house(settings) as house:
        page = (await house.ask(f"/reports/figures?quarter={QUARTER}&lang=vi", "reviewer")).text
        assert "Chưa có so sánh với đơn vị cùng nhóm cho quý này" in page
        assert 'id="ranges-title"' not in page and "funnel" not in page  # never an empty chart
        assert "<b>100,0%</b> (43,9–100,0)" in page  # three replies of three in time, by kind
        assert "Không có vi phạm nào lặp lại." in page
        for told in ({"peer_group": "commune", "observed": 9, "exposure": 45, "expected": "1.00"},):
            told |= {
                "rate": "12.0000",
                "interval": ["6.0000", "19.0000"],
                "z": "4.00",
                "standing": "alarm",
                "window": [QUARTER],
            }
            await put_beside(
                house, "xa-tan-hoa", told | {"random_share": None, "units": 8, "rank": None, "better": False}
            )
        one = (await house.ask(f"/reports/figures?quarter={QUARTER}&lang=vi", "reviewer")).text
        assert 'id="ranges-title"' not in one  # a single unit is no picture
        frozen = (await house.ask(f"/reports/figures?quarter={QUARTER}&edition=official&lang=vi", "reviewer")).text
        assert "Nhu cầu tập huấn" not in frozen and "Điểm của các đơn vị đã kiểm tra" in frozen
        assert "Mức nhất quán" not in (await house.ask("/reports/figures?lang=vi", "unit_head", "xa-tan-hoa")).text
        assert "Mức nhất quán" not in (await house.ask("/reports/figures?lang=vi", "lead")).text


async def test_the_department_sees_how_decisions_stood_up_by_person_and_by_team(settings: Settings) -> None:
    """Two inspectors, one inspection together: 6 findings read twice, 5 alike; 5 decided again, 2 of them turned."""
    one, two = "1a" * 16, "2b" * 16
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        together = made.open("xa-tan-hoa", team=[two, one])
        found = [made.record("xa-tan-hoa", together, code) for code in ("A03", "A05", "B02", "D02", "E02", "H03")]
        made.close("xa-tan-hoa", together)
        alone = made.open("phuong-dao", team=[two])
        made.close("phuong-dao", alone)
        for number, finding in enumerate(found):
            made.reply("xa-tan-hoa", together, finding, False)
            made.decide("xa-tan-hoa", together, finding, "upheld")
            made.second_review(together, finding, "excused" if number == 0 else "upheld")
        for number, finding in enumerate(found[:5]):
            made.appeal("xa-tan-hoa", together, finding)
            made.decide("xa-tan-hoa", together, finding, "unfounded" if number < 2 else "upheld")
        none = unescape((await house.ask(f"/reports/figures?quarter={QUARTER}&lang=vi", "reviewer")).text)
        assert "chưa có hồ sơ nào thẩm định lần hai xong; chưa có hồ sơ nào quyết định lại." in none
        await house.grow(first)
        page = unescape((await house.ask(f"/reports/figures?quarter={QUARTER}&lang=vi", "reviewer")).text)
        table = page[page.index('id="judgements"') :]
        by_person, by_team = table[: table.index("Từng đoàn")], table[table.index("Từng đoàn") :]
        again = "<b>40,0%</b> (11,8–76,9)<br><small>2/5</small>"
        for told in ("<b>83,3%</b> (43,6–97,0)<br><small>5/6</small>", again):
            assert by_person.count(told) == 2 and by_team.count(told) == 1
        assert f"<code>{one[:8]}</code> <code>{two[:8]}</code>" in by_team
        assert "5/6 (83,3%; 43,6–97,0) hồ sơ được thẩm định độc lập lần hai cho cùng kết quả" in by_person
        row = by_person[by_person.index(f"<code>{two[:8]}</code>") :]
        assert re.findall(r'data-label="[^"]*">(\d+)</td>', row)[:2] == ["90", "6"]
        for role, unit in (("unit_head", "xa-tan-hoa"), ("lead", None), ("reviewer", "xa-tan-hoa"), ("auditor", None)):
            other = (await house.ask(f"/reports/figures?quarter={QUARTER}&lang=vi", role, unit)).text
            assert "Mức nhất quán" not in other and one[:8] not in other


async def test_the_self_check_is_told_in_words_to_whoever_sends_teams_or_publishes(settings: Settings) -> None:
    async with province_house(settings) as house:
        connection = await asyncpg.connect(settings.database_url)

        async def told(said: str, hours: int, differs: str | None = None) -> None:
            await connection.execute(
                "INSERT INTO reports.self_check VALUES ($1, $2, 31, $3) ON CONFLICT (quarter) DO UPDATE SET "
                "checked_at = excluded.checked_at, differs = excluded.differs",
                QUARTER, NOW - timedelta(hours=hours), differs,
            )  # fmt: skip
            for path in ("/reports/", "/reports/closing"):
                for edition in ("live", "official"):
                    page = (await house.ask(f"{path}?quarter={QUARTER}&edition={edition}&lang=vi", "reviewer")).text
                    assert page.count("data-self-check=") == 1 and f'data-self-check="{said}"' in page

        assert 'data-self-check="never"' in await front(house, None, "reviewer")
        await told("right", 5)
        page = await front(house, None, "lead")
        assert "khớp với số liệu đang lưu" in page and "đến mục 31" in page
        await told("late", 49)
        await told("differs", 5, "the live card of xa-tan-hoa is another")
        page = await front(house, None, "auditor")
        assert page.index("data-self-check") < page.index('id="act-now"')
        assert "Đã dừng công bố mọi bản của quý này" in page and "kycuong rebuild" in page
        for role, unit in (("unit_head", "xa-tan-hoa"), ("inspector", None), ("lead", "xa-tan-hoa")):
            assert "data-self-check" not in await front(house, unit, role)
        await connection.close()


async def test_only_reviewers_see_the_tasks_of_closing_and_what_stands_in_the_way(settings: Settings) -> None:
    path = "/reports/closing?quarter=2026-Q4&lang=vi"
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        visit = made.open("xa-tan-hoa", "2026-10-05T07:30:00+07:00")
        found = [made.record("xa-tan-hoa", visit, code) for code in ("A03", "A05", "B03")]
        made.close("xa-tan-hoa", visit)
        made.reply("xa-tan-hoa", visit, found[0], False)
        made.decide("xa-tan-hoa", visit, found[0], "upheld")
        made.appeal("xa-tan-hoa", visit, found[0])
        made.reply("xa-tan-hoa", visit, found[1], False)
        await house.grow(first)
        page = (await house.ask(path, "reviewer")).text
        assert 'data-left="3"' in page and "muộn nhất hết ngày <b>09/09/2026</b>" in re.sub(r"\s+", " ", page).replace(
            "hết ngày </b>", "hết ngày"
        )
        assert page.count("Chưa đến ngày") == 2 and "31/12/2026" in page and "15/01/2027" in page
        past = (await house.ask(f"/reports/closing?quarter={QUARTER}&lang=vi", "reviewer")).text
        assert 'data-left="0"' in past and "Đã chốt, chưa công bố" in past and "Chưa chốt" in past
        for role in ("unit_head", "lead", "auditor"):
            refused = await house.ask(path, role, "xa-tan-hoa" if role == "unit_head" else None)
            assert refused.status_code == 403


async def test_the_oldest_appeal_is_none_of_what_a_person_concerned_said(settings: Settings) -> None:
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        visit = made.open("xa-tan-hoa", "2026-10-05T07:30:00+07:00")
        appealed, reopened, answered = (made.record("xa-tan-hoa", visit, code) for code in ("A03", "A05", "B03"))
        made.close("xa-tan-hoa", visit)
        for finding in (appealed, reopened, answered):
            made.reply("xa-tan-hoa", visit, finding, False)
            made.answer("xa-tan-hoa", visit, finding)
        for finding in (appealed, reopened):
            made.decide("xa-tan-hoa", visit, finding, "upheld")
        made.reopen("xa-tan-hoa", visit, reopened)
        for finding in (appealed, reopened):
            made.answer("xa-tan-hoa", visit, finding)
        await house.grow(first)
        asked = (queries.in_the_way, "2026-Q4", [1, 2, 3])
        told = await house.app.state.service.pool.fetchrow(*asked)
        assert (told["contested"], told["oldest_appeal"]) == (1, None)
        first, index = len(made.entries), made.appeal("xa-tan-hoa", visit, appealed)
        made.answer("xa-tan-hoa", visit, appealed)
        await house.grow(first)
        told = await house.app.state.service.pool.fetchrow(*asked)
        assert (told["contested"], told["oldest_appeal"]) == (2, json.loads(made.entries[index])["time"])


async def test_two_quarters_stand_side_by_side(settings: Settings) -> None:
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        made.close("phuong-dao", made.open("phuong-dao", "2026-05-05T07:30:00+07:00"))
        await house.grow(first)
        page = (await house.ask(f"/reports/compare?quarter={QUARTER}&lang=vi", "reviewer")).text
        assert "So Quý\xa0III/2026 với Quý\xa0II/2026" in re.sub(r"\s+(?=Q|v)", " ", page)
        assert "1 đơn vị có điểm cả hai quý" in re.sub(r"\s+", " ", page) and "100,00" in page
        none = (await house.ask(f"/reports/compare?quarter={QUARTER}&with=2025-Q4&lang=vi", "reviewer")).text
        assert "Không có đơn vị nào có điểm ở cả hai quý." in none
        frozen = (await house.ask(f"/reports/compare?quarter={QUARTER}&edition=official&lang=vi", "reviewer")).text
        assert "chưa có bản công bố để so" in frozen
        assert (await house.ask("/reports/compare?quarter=2026-Q3&with=x", "reviewer")).status_code == 200


async def test_good_practice_is_everybodys_once_published_and_before_that_the_scopes(settings: Settings) -> None:
    path = f"/reports/practice?quarter={QUARTER}&lang=vi"
    async with province_house(settings) as house:
        made, first = house.made, len(house.made.entries)
        made.commend("xa-tan-hoa", "K02")
        made.commend("phuong-dao", "K01")
        await house.grow(first)
        own = (await house.ask(path, "unit_head", "xa-tan-hoa")).text
        assert "K02" in own and "K01" not in own and "chưa có bản công bố" in own
        everything = (await house.ask(path, "reviewer")).text
        assert everything.count('href="/audit/entry?at=') == 2
        first = len(made.entries)
        cut = made.close_quarter(edition="flash")
        await house.grow(first)
        shown = (await house.ask(f"/reports/v1/scorecards/{QUARTER}?edition=flash", "reviewer")).json()
        first = len(made.entries)
        made.publish(cut, shown["cards_root"])
        made.commend("phuong-dao", "K03")
        await house.grow(first)
        told = (await house.ask(path, "unit_head", "xa-tan-hoa")).text
        assert "K02" in told and "K01" in told and "K03" not in told  # that one stands in no published edition yet
        others = f"/reports/units/phuong-dao?quarter={QUARTER}&amp;edition=flash"
        assert told.count('href="/audit/entry?at=') == 1 and others in told  # an entry of another unit is not for him
        shown = (await house.ask(others.replace("&amp;", "&"), "unit_head", "xa-tan-hoa")).text
        assert 'href="/audit/v1/receipts/' in shown and 'href="/audit/entry?at=' not in shown
        listed = f"/reports/codes/A01?quarter={QUARTER}&edition=flash&lang=en"
        told = (await house.ask(listed, "unit_head", "phuong-dao")).text
        assert told.count('href="/audit/entry?at=') == 1 and "/units/xa-tan-hoa" in told
        told = (await house.ask(listed, "admin")).text
        assert 'href="/audit/entry?at=' not in told and "Choose an entry" not in told and "/units/xa-tan-hoa" in told
        told = (await house.ask(path, "admin")).text  # published cards are open to every role
        assert "K02" in told and "K01" in told and "K03" not in told


async def put_beside(house: House, unit: str, comparison: dict[str, object]) -> None:
    """What the fit would put beside a live card."""
    connection = await asyncpg.connect(house.settings.database_url)
    try:
        await connection.execute("DELETE FROM reports.fit")
        await connection.execute("DELETE FROM reports.comparison")
        await connection.execute("INSERT INTO reports.fit VALUES ($1, 0, 9)", QUARTER)
        body = json.dumps(comparison, separators=(",", ":"))
        await connection.execute("INSERT INTO reports.comparison VALUES ($1, $2, $3)", QUARTER, unit, body)
    finally:
        await connection.close()
