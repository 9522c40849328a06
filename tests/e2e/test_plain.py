"""A browser without scripts: one signs in by a plain form, reads what waits, and is told what else there is."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_desk_cases import inspected
from tests.support.form import NAME, PASSWORDS
from tests.support.instance import Instance


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    yield context.new_page()
    context.close()


def enter(page: Page, account: str, password: str) -> None:
    page.get_by_label("Tài khoản").fill(account)
    page.get_by_label("Mật khẩu", exact=True).fill(password)
    page.get_by_role("button", name="Đăng nhập").click()


def test_a_head_signs_in_and_reads_what_waits(page: Page, instance: Instance) -> None:
    inspected(instance, "A01")
    page.goto(f"{instance.url}/intake/desk/")  # leads to signing in, and back
    enter(page, "chu.tich", "sai mật khẩu")
    expect(page.get_by_text("Tài khoản hoặc mật khẩu không đúng")).to_be_visible()
    enter(page, " Chu.Tich ", PASSWORDS["chu.tich"])
    page.wait_for_url("**/intake/desk/")
    said = page.locator("noscript p")  # by its place: what looks for words or roles leaves noscript out
    expect(said).to_contain_text("Trình duyệt đang tắt JavaScript")
    said.locator("a", has_text="những việc đang chờ").click()
    expect(page.locator("[data-notices]")).to_contain_text(NAME)
    page.get_by_role("link", name=NAME).first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.go_back()
    said.locator("a", has_text="những việc đang chờ").click()
    expect(page.locator("[data-notices]")).to_contain_text(NAME)  # what one has gone to is still to be found
    page.locator("noscript form button").click()
    page.wait_for_url("**/intake/login?signed-out=")
    page.goto(f"{instance.url}/reports/notices")
    page.wait_for_url("**/intake/login?**")


def test_nobody_is_led_to_what_he_may_not_read(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.url}/intake/login")
    enter(page, "an.kt", PASSWORDS["an.kt"])
    said = page.locator("noscript p")
    expect(said).to_contain_text("cần JavaScript để gửi dữ liệu")  # the form can do nothing without
    page.goto(f"{instance.url}/intake/desk/")
    expect(said).to_contain_text("Trình duyệt đang tắt JavaScript")
    expect(said.locator('a[href^="/reports/notices"]')).to_have_count(0)


def test_nobody_is_led_elsewhere(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.url}/intake/login?next=https://elsewhere.example/")
    enter(page, "chu.tich", PASSWORDS["chu.tich"])
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.startswith(f"{instance.url}/") and "login" not in page.url
