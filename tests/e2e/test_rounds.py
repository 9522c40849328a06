"""A round from its plan to the visit: drawn on the desk, checked in the browser, opened on the phone from it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from services.kernel.process.folder import Folder
from services.kernel.quarters import local_date
from tests.support.axe import violations
from tests.support.browser import Person, overflow
from tests.support.case_world import fresh, registration
from tests.support.form import FAR, NAME, PASSWORDS, UNIT, filed, installed, reopen, until
from tests.support.instance import Instance
from tests.support.loops import apart
from tests.support.people import settings_of

DRAWN = "Đã rút thăm"
Enter = Callable[[str, int], Page]


@pytest.fixture(scope="module", autouse=True)
def communes(instance: Instance) -> None:
    """More communes to draw from, and a reviewer who plans."""
    for number in range(6):
        write(instance, "admin", f"unit-changes/{fresh()}", registration(f"xa-so-{number}", None) | {"group": "xa"})


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance) -> Enter:
    def enter(account: str, width: int) -> Page:
        people.append(person := Person(browser, instance.url, {"width": width, "height": 800}))
        person.come_in(account, PASSWORDS[account], "/intake/desk/#/rounds")
        expect(person.page.get_by_role("heading", name="Đợt kiểm tra")).to_be_visible()
        return person.page

    return enter


def write(instance: Instance, role: str, path: str, body: dict[str, Any]) -> None:
    answer = instance.client(instance.token(role)).put(f"/intake/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text


def typed(days: int) -> str:
    return f"{local_date(datetime.now(UTC) + timedelta(days=days)):%d/%m/%Y}"


@pytest.mark.parametrize(("width", "first"), [(1366, 0), (360, 60)])
def test_a_planner_plans_a_round_that_draws_itself_and_checks_it(enter: Enter, width: int, first: int) -> None:
    page = enter("tham.dinh", width)
    expect(page.locator("#coverage")).to_contain_text("mục tiêu 70%")
    page.get_by_text("Lập kế hoạch đợt kiểm tra").click()
    form = page.locator("#plan-form")
    form.get_by_role("button", name="Ghi kế hoạch").click()
    expect(form.locator(".error-summary")).to_contain_text("Hãy ghi số kế hoạch")
    form.get_by_label("Kế hoạch số").fill("15/KH-SNV")
    form.get_by_label("Từ ngày").fill(typed(first))
    form.get_by_label("Đến ngày").fill(typed(first + 30))
    form.locator("#plan-unit-search").fill("xa so 5")
    form.get_by_label("xa-so-5").click()
    expect(page.locator("#plan-named")).to_contain_text("xa-so-5")
    expect(page.locator("#plan-of-xa")).to_have_text("trong 6")
    form.get_by_label("Xã", exact=True).fill("2")
    assert overflow(page) <= 0
    fair(page)
    form.get_by_role("button", name="Ghi kế hoạch").click()
    page.get_by_role("dialog").get_by_role("button", name="Ghi kế hoạch").click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi kế hoạch", timeout=FAR)
    row = page.locator("#rounds-list > li").first
    expect(row.locator("summary").first).to_contain_text(DRAWN, timeout=FAR)
    row.locator("summary").first.click()
    expect(row).to_contain_text("Trúng thăm")
    assert overflow(page) <= 0
    checked(page)


def checked(page: Page) -> None:
    """Press until the log's checkpoint covers the draw, and read every step."""
    page.get_by_role("button", name="Tự kiểm lần rút thăm").click()
    expect(page.locator(".draw [role=status]")).to_contain_text("Mọi bước đều khớp", timeout=2 * FAR)
    expect(page.locator(".draw .steps li")).to_have_count(6)
    expect(page.locator('.draw .steps li[data-ok="true"]')).to_have_count(6)
    expect(page.locator(".draw tr.drawn")).to_have_count(2)
    expect(page.locator(".draw tbody tr")).to_have_count(6)
    assert overflow(page) <= 0
    fair(page)


def fair(page: Page) -> None:
    """Nothing that a screen reader or weak eyes stumble over."""
    assert violations(page) == []


def test_what_is_assigned_stands_on_the_phone_also_offline_and_opens_from_there(
    enter: Enter, phone: Person, instance: Instance
) -> None:
    planned = fresh()
    days = {"from": f"{local_date(datetime.now(UTC)):%Y-%m-%d}", "to": f"{local_date(datetime.now(UTC)):%Y-%m-%d}"}
    chosen = [{"unit": UNIT, "selection": "complaint"}]
    plan = {"basis": "16/KH-SNV", "kind": "unannounced", **days, "strata": [], "chosen": chosen}
    write(instance, "reviewer", f"rounds/{planned}", plan)
    desk = enter("tham.dinh", 1366)
    desk.locator("#rounds-list > li", has_text="16/KH-SNV").locator("summary").first.click()
    desk.get_by_text("Phân công", exact=True).first.click()
    form = desk.locator(f"#assignments-{planned}")
    form.get_by_label("Trưởng đoàn (tài khoản)").fill("an.kt")
    form.get_by_label("Thành viên khác").fill("binh.td")
    for label in ("Từ ngày", "Đến ngày"):
        form.get_by_label(label).fill(typed(0))
    form.get_by_role("button", name="Phân công", exact=True).click()
    expect(desk.locator("#flash")).to_contain_text("Đã phân công", timeout=FAR)

    page = phone.page
    reopen(page)
    task = page.locator("#list-assigned li")
    expect(task).to_contain_text("16/KH-SNV")
    installed(page)
    phone.context.set_offline(True)
    reopen(page)
    expect(task).to_contain_text(NAME)
    assert phone.overflow() <= 0
    fair(page)
    task.get_by_role("button", name="Bắt đầu").click()
    expect(page.get_by_label("Quyết định kiểm tra số")).to_have_value("16/KH-SNV")
    expect(page.get_by_label("Thành viên khác của đoàn")).to_have_value("binh.td")
    expect(page.get_by_label("Đột xuất")).to_be_checked()
    expect(page.get_by_label("Có phản ánh, kiến nghị")).to_be_checked()
    expect(page.locator("#unit-picked")).to_contain_text(NAME)
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    page.goto(page.url.split("#")[0] + "#/")
    expect(page.locator("#list-assigned")).to_be_hidden()  # it is begun, though nobody knows yet
    page.go_back()
    phone.context.set_offline(False)
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    shown = instance.client(instance.token("reviewer")).get(f"/intake/v1/rounds/{planned}").json()
    assert shown["assignments"][0]["inspection"] == page.url.rsplit("/", 1)[1]


def test_another_planner_tells_the_beacon_and_the_units_are_drawn(enter: Enter, instance: Instance) -> None:
    planned = fresh()
    today = local_date(datetime.now(UTC))
    beacon = {"name": "XSMB, giải đặc biệt", "date": f"{today + timedelta(days=1)}", "pattern": "^[0-9]{5}$"}
    plan = {"basis": "17/KH-SNV", "kind": "planned", "from": "2028-01-01", "to": "2028-02-01", "beacon": beacon}
    write(instance, "reviewer", f"rounds/{planned}", plan | {"strata": [{"group": "xa", "size": 1}]})
    a_day_passes(instance, planned, f"{today}")
    page = enter("binh.td", 360)
    row = page.locator("#rounds-list > li", has_text="17/KH-SNV")
    expect(row).to_contain_text("Chưa rút thăm")
    row.locator("summary").first.click()
    row.get_by_text("Ghi kết quả công khai", exact=True).first.click()
    form = page.locator(f"#beacon-{planned}")
    form.get_by_label("XSMB").fill("4821")
    form.get_by_role("button", name="Ghi kết quả công khai").click()
    expect(form.locator(".error-summary")).to_contain_text("không theo mẫu")
    form.get_by_label("XSMB").fill("48213")
    form.get_by_role("button", name="Ghi kết quả công khai").click()
    page.get_by_role("dialog").get_by_role("button", name="Ghi", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi kết quả công khai", timeout=FAR)
    until(lambda: shown(instance, planned)["drawn"] is not None)
    page.reload()
    expect(row).to_contain_text(DRAWN)
    row.locator("summary").first.click()
    page.get_by_role("button", name="Tự kiểm lần rút thăm").click()
    expect(page.locator(".draw [role=status]")).to_contain_text("Mọi bước đều khớp", timeout=2 * FAR)
    expect(page.locator(".draw .steps")).to_contain_text("48213")
    what_is_not_as_drawn_is_said(page, planned)


def what_is_not_as_drawn_is_said(page: Page, planned: str) -> None:
    """Candidates that the plan does not commit to, and a result whose bytes are not the log's."""

    def fewer(route: Route) -> None:
        told = route.fetch().json()
        for group in told["candidates"]:
            group["units"].pop()
        route.fulfill(json=told)

    def other(route: Route) -> None:
        route.fulfill(body=route.fetch().body().replace(b'"48213"', b'"48214"'), content_type="application/json")

    for address, tampered, words in (
        ("**/intake/v1/rounds/*", fewer, "Danh sách để rút thăm khác với kế hoạch"),
        ("**/audit/v1/entries/*", other, "Kết quả rút thăm không ở trong nhật ký đã ký"),
    ):
        page.route(address, tampered)
        page.reload()
        page.locator("#rounds-list > li", has_text="17/KH-SNV").locator("summary").first.click()
        page.get_by_role("button", name="Tự kiểm lần rút thăm").click()
        expect(page.locator(".draw [role=status]")).to_contain_text("Có bước không khớp", timeout=2 * FAR)
        expect(page.locator('.draw li[data-ok="false"]').first).to_contain_text(words)
        page.unroute(address)


def shown(instance: Instance, planned: str) -> dict[str, Any]:
    answer: dict[str, Any] = instance.client(instance.token("reviewer")).get(f"/intake/v1/rounds/{planned}").json()
    return answer


def a_day_passes(instance: Instance, planned: str, day: str) -> None:
    """As if the plan had been made before: the beacon's day has come."""
    settings = settings_of(Folder(instance.data))

    async def move() -> None:
        connection = await asyncpg.connect(settings.database_url)
        moved = "UPDATE intake.round SET beacon = beacon || jsonb_build_object('date', $2::text) WHERE id = $1"
        await connection.execute(moved, planned, day)
        await connection.close()

    apart(move())
