"""Beside the form: other sections without a network, one language everywhere, no claim about phones that is not so."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Person, overflow
from tests.support.form import FAR, NAME, filed, installed, open_inspection, record, reopen, until
from tests.support.instance import Instance
from tests.support.photos import jpeg
from tests.support.web_proxy import WebProxy


@pytest.mark.parametrize("section", ["/intake/desk/", "/reports/", "/audit/"])
def test_without_a_network_a_section_says_so_and_leads_back_to_the_form(
    phone: Person, net: WebProxy, section: str
) -> None:
    page = phone.page
    installed(page)
    until(lambda: page.evaluate("navigator.serviceWorker.getRegistration('/').then((kept) => Boolean(kept?.active))"))
    net.rule = lambda method, path: "cut before commit"
    page.get_by_role("navigation").locator(f'a[href="{section}"]').first.click()
    expect(page.get_by_role("heading", level=1, name="Phần này cần mạng")).to_be_visible()
    expect(page.get_by_role("link", name="Mở Kiểm tra")).to_have_css("text-decoration-line", "none")  # in our style
    assert overflow(page) <= 0
    page.get_by_role("link", name="Mở Kiểm tra").click()
    expect(page.locator("[data-account]")).to_have_text("an.kt")
    page.go_back()
    net.heal()
    page.get_by_role("link", name="Thử lại").click()
    expect(page.get_by_role("heading", name="Phần này cần mạng")).to_have_count(0)
    assert page.url.startswith(net.url + section)


def language(page: Page) -> str:
    return str(page.evaluate("document.documentElement.lang"))


def test_the_language_is_one_whichever_page_it_was_chosen_on(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    page.locator("[data-language]").click()
    until(lambda: language(page) == "en" and "lang=" not in page.url)
    page.goto(net.url + "/intake/desk/")
    assert language(page) == "en"
    page.locator("[data-language]").click()
    until(lambda: language(page) == "vi")
    page.goto(net.url + "/intake/")
    until(lambda: language(page) == "vi")
    reopen(page)
    until(lambda: language(page) == "vi")
    page.goto(net.url + "/audit/?lang=en")
    page.goto(net.url + "/intake/")
    until(lambda: language(page) == "en")
    net.rule = lambda method, path: "cut before commit"
    page.goto(net.url + "/intake/desk/")
    expect(page.get_by_role("heading", level=1, name="This part needs a network")).to_be_visible()


def test_a_phone_whose_last_item_has_a_photo_says_in_the_end_that_nothing_waits(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "95/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã", timeout=FAR)
    page.locator('details:has([data-code="A03"])').evaluate("group => { group.open = true; }")
    page.locator('[data-code="A03"]').get_by_role("button", name="Thêm một").click()
    with page.expect_file_chooser() as camera:
        page.locator('[data-code="A03"]').get_by_role("button", name="Chụp ảnh").click()
    camera.value.set_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    expect(page.locator('[data-code="A03"] .photos img')).to_have_count(1)
    record(page, "A01")
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true", timeout=FAR)
    phones = instance.client(instance.token("lead")).get("/intake/v1/devices").json()["items"]
    assert phones[0]["last_n"] >= 2
    assert {each["waiting"] for each in phones} == {0}
