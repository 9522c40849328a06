"""An administrator makes a token for a spreadsheet, sees it once, and ends it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.axe import violations
from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.instance import Instance


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, people: list[Person], browser: Browser, instance: Instance) -> Page:
    account = f"quan.tri.{request.param['width']}"
    people.append(person := Person(browser, instance.url, request.param))
    person.come_in(account, instance.member(account, "admin", None), "/intake/desk/#/tokens")
    expect(person.page.get_by_role("heading", name="Mã truy cập cho Excel, Power BI và công cụ")).to_be_visible()
    return person.page


def test_a_token_is_made_copied_and_ended_by_keyboard(page: Page, instance: Instance) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name = page.get_by_label("Tên nơi dùng")
    name.fill("Excel phòng TTr")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    name.fill("excel.phong-ttr")
    expect(page.locator(".error-summary")).to_contain_text("Đã sửa hết")
    page.route("**/intake/v1/tokens", lambda route: (route.fetch(), route.abort()), times=1)  # made; the answer is lost
    name.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    name.press("Enter")
    expect(page.locator("#token-said")).to_be_focused()
    row = page.locator("#tokens-list tr").filter(has_text="excel.phong-ttr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("chưa dùng lần nào")
    token = page.get_by_label("Mã truy cập", exact=True).input_value()
    assert instance.client(token).get("/reports/v1/editions").status_code == 200
    page.get_by_role("button", name="Sao chép").press("Enter")
    expect(page.locator("#token-made").get_by_role("status")).to_have_text("Đã sao chép")
    assert page.evaluate("navigator.clipboard.readText()") == token
    assert overflow(page) <= 0
    assert violations(page) == []
    page.reload()
    expect(row).not_to_contain_text("chưa dùng lần nào")
    assert token not in page.content()
    row.get_by_role("button", name="Thu hồi").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Thu hồi").press("Enter")
    expect(page.locator("#flash")).to_contain_text("Đã thu hồi mã của excel.phong-ttr.")
    expect(row).to_have_count(0)
    expect(page.locator("#tokens-title")).to_be_focused()
    assert instance.client(token).get("/reports/v1/editions").status_code == 401


def test_the_page_says_how_a_spreadsheet_pulls_with_this_servers_address(page: Page, instance: Instance) -> None:
    expect(page.locator("#token-addresses code")).to_have_count(2)
    [latest, editions] = page.locator("#token-addresses code").all_inner_texts()
    assert latest.startswith(instance.url) and latest.endswith("/latest?format=csv")
    assert instance.client(instance.token("reviewer")).get(editions).status_code == 200
