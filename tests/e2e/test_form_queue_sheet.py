"""The status line opened up: what is unsent, why, and what to do about it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.axe import violations
from tests.support.browser import Person, overflow
from tests.support.form import FAR, NAME, count, filed, installed, open_inspection, record, until
from tests.support.web_proxy import WebProxy


def opened(page: Page, name: str = "Dữ liệu chưa gửi") -> Locator:
    page.locator("#queue-open").click()
    sheet = page.get_by_role("dialog", name=name)
    expect(sheet).to_be_visible()
    return sheet


def test_the_line_opens_what_waits_and_the_focus_goes_in_and_comes_back(phone: Person) -> None:
    page = phone.page
    installed(page)
    expect(page.locator("#queue-open")).to_be_hidden()  # nothing was ever filled in here
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "321/QĐ-SNV")
    record(page, "A01", 2)
    count(page, "B01", 1)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(page.locator("#undo-bar")).to_be_focused()  # there the form takes the focus, and a key pressed before
    page.locator("#queue-open").press("Enter")
    sheet = page.get_by_role("dialog", name="Dữ liệu chưa gửi")
    expect(sheet.get_by_role("heading")).to_be_focused()
    for words in ("Mở cuộc kiểm tra", "A01 ", NAME, "B01 "):
        expect(sheet.get_by_role("listitem").filter(has_text=words).first).to_contain_text("Chờ gửi")
    expect(sheet.locator('[data-state="held"]')).to_contain_text("còn hoàn tác được")
    assert [each for each in violations(page) if each["impact"] in ("serious", "critical")] == []
    assert overflow(page) <= 0
    for control in [*sheet.get_by_role("button").all(), *sheet.get_by_role("link").all(), page.locator("#queue-open")]:
        box = control.bounding_box()
        assert box is not None and box["height"] >= 44, control
    with page.expect_download() as download:
        sheet.get_by_role("button", name="Lưu dữ liệu chưa gửi ra tệp").click()
    assert b'"A01"' in download.value.path().read_bytes()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page.locator("#queue-open")).to_be_focused()
    page.locator("#queue-open").press("Enter")
    phone.context.set_offline(False)
    expect(sheet).to_contain_text("Mọi mục đã được gửi.", timeout=2 * FAR)  # it follows what happens meanwhile
    expect(sheet.get_by_role("heading")).to_be_focused()
    sheet.get_by_role("button", name="Đóng").click()
    expect(page.locator("#queue-open")).to_be_focused()


def test_a_refused_item_is_seen_sent_again_and_led_to(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_label("Thành viên khác của đoàn").fill("khong-co-ai")
    page.locator("#unit-search").fill("tan hoa")
    page.get_by_label(NAME, exact=True).check()
    page.get_by_label("Ngẫu nhiên").check()
    page.get_by_label("Quyết định kiểm tra số").fill("322/QĐ-SNV")
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    record(page, "A01")
    phone.context.set_offline(False)
    expect(page.locator("#queue-state")).to_contain_text("Bị từ chối: 1", timeout=FAR)
    sheet = opened(page)
    refused = sheet.locator('[data-state="failed"]')
    expect(refused).to_contain_text("Thành viên đoàn")
    net.seen.clear()
    refused.get_by_role("button", name="Gửi lại").click()
    until(lambda: len(net.writes("/inspections/")) == 1)
    expect(refused).to_be_visible(timeout=FAR)
    page.evaluate("location.hash = '#/'")  # as the phone's own back does
    expect(sheet).to_have_count(0)
    sheet = opened(page)
    sheet.locator('[data-state="failed"]').get_by_role("link", name="Xem và sửa").click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_focused()
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Bị từ chối")
    expect(sheet).to_have_count(0)


@pytest.mark.parametrize("width", [320, 360, 1366])
def test_the_line_stays_one_line_with_its_button(phone: Person, width: int) -> None:
    page = phone.page
    page.set_viewport_size({"width": width, "height": 700})
    open_inspection(page, "tan hoa", NAME, f"{width + 1}/QĐ-SNV")
    expect(page.locator("#queue-state")).to_have_text("Đã gửi hết", timeout=FAR)
    line, button = page.locator(".status-line").bounding_box(), page.locator("#queue-open").bounding_box()
    title = page.locator(".count-head").bounding_box()
    assert line is not None and button is not None and title is not None
    assert line["height"] <= 32 and button["height"] >= 44
    assert button["y"] + button["height"] <= title["y"]  # it lies over nothing else


def test_in_english(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, "323/QĐ-SNV")
    record(page, "B01")
    expect(page.locator("#queue-state")).to_have_text("Đã gửi hết", timeout=FAR)
    page.goto(net.url + "/intake/?lang=en")
    expect(page.locator("#queue-state")).to_have_text("All sent", timeout=FAR)
    expect(page.get_by_role("button", name="See what is unsent")).to_be_visible()
    expect(opened(page, "What is unsent")).to_contain_text("Everything has been sent.")
