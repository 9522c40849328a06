"""Attendance: each who comes late by a tap with its time, and absences by the reasons that are used."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.axe import violations
from tests.support.browser import PHONE, Person, overflow
from tests.support.form import (
    FAR,
    NAME,
    PASSWORDS,
    count,
    excuse,
    file_now,
    filed,
    installed,
    open_inspection,
    reopen,
    stored,
)
from tests.support.instance import Instance
from tests.support.web_proxy import WebProxy

TIME = r"\d\d:\d\d"


def roll(page: Page) -> Locator:
    """The roll, opened by its button."""
    page.get_by_role("button", name=re.compile("^Điểm danh")).click()
    sheet = page.get_by_role("dialog", name="Điểm danh")
    expect(sheet).to_be_visible()
    return sheet


def one_more(sheet: Locator, times: int) -> None:
    for _ in range(times):
        sheet.get_by_role("button", name="Một người đến muộn").click()


def faults(page: Page) -> list[str]:
    assert overflow(page) <= 0
    found = violations(page)
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def test_late_arrivals_are_stamped_counted_and_recorded_only_when_somebody_says_so(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "311/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    inspection = page.url.rsplit("/", 1)[1]
    sheet = roll(page)
    one_more(sheet, 3)
    expect(sheet.get_by_role("status")).to_contain_text(re.compile(f"^3 người đến muộn, gần nhất {TIME}\\."))
    expect(sheet.get_by_role("listitem")).to_have_count(3)
    assert faults(page) == []
    reopen(page)  # the phone went to sleep at the door
    expect(page.locator('[data-code="A01"] input[type=number]')).to_have_value("3")
    expect(page.get_by_role("button", name="Điểm danh · 3")).to_be_visible()
    assert net.writes("/findings/") == []
    page.locator("#narrative-A01").fill("Ở cổng chính.")
    expect(page.locator("[data-times]")).to_contain_text(re.compile(f"^Đến muộn lúc {TIME}"))
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    expect(page.locator("#close-form").get_by_label("Trong đó đi muộn", exact=True)).to_have_value("3")
    page.locator("#close-back").click()
    file_now(page)
    expect(filed(page, "A01")).to_contain_text("Đã nhận", timeout=FAR)
    assert stored(instance, inspection) == [("A01", 3)]
    lead = instance.client(instance.token("lead"))
    [finding] = lead.get(f"/intake/v1/findings?inspection={inspection}").json()["items"]
    told = lead.get(f"/intake/v1/findings/{finding['id']}").json()["private"]["narrative"]
    assert re.fullmatch(rf"Ở cổng chính\.\nĐến muộn lúc {TIME}( \(\d\))?(, {TIME}( \(\d\))?)*\.", told), told
    expect(roll(page).get_by_role("status")).to_contain_text("Chưa ai được điểm. Trước đó đã ghi nhận A01 × 3.")


def test_an_arrival_is_taken_out_and_brought_back_with_its_time(phone: Person) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "312/QĐ-SNV")
    sheet = roll(page)
    expect(sheet.get_by_role("button", name="Một người đến muộn")).to_be_focused()
    one_more(sheet, 2)
    first = sheet.get_by_role("listitem").last.get_attribute("data-item")
    sheet.get_by_role("listitem").last.get_by_role("button", name=re.compile(f"^Bỏ {TIME}$")).press("Enter")
    expect(sheet.get_by_role("listitem")).to_have_count(1)
    undo = sheet.get_by_role("button", name="Hoàn tác")
    expect(undo).to_be_focused()
    undo.press("Enter")
    expect(sheet.get_by_role("listitem").last).to_have_attribute("data-item", str(first))
    expect(sheet.get_by_role("button", name="Một người đến muộn")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Điểm danh · 2")).to_be_focused()
    page.locator('[data-code="A01"]').get_by_role("button", name="Bớt một").click()
    expect(page.get_by_role("button", name="Điểm danh · 1")).to_be_visible()
    count(page, "A02", 1)
    file_now(page)
    expect(page.get_by_role("button", name="Điểm danh", exact=True)).to_be_visible()


def test_arrivals_that_were_recorded_come_back_with_their_times(phone: Person) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "313/QĐ-SNV")
    one_more(roll(page), 2)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    page.get_by_role("button", name="Hoàn tác", exact=True).click()
    expect(page.get_by_role("button", name="Điểm danh · 2")).to_be_visible()
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(page.locator("#undo-bar")).to_be_visible()
    one_more(roll(page), 2)  # later ones are a finding of their own
    page.keyboard.press("Escape")
    expect(page.locator('[data-code="A01"] input[type=number]')).to_have_value("2")
    expect(filed(page, "A01 ").filter(has_text="× 2")).to_have_count(1)


def test_only_used_reasons_are_shown_and_none_that_holds_something_is_folded_away(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "314/QĐ-SNV")
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    form, reasons = page.locator("#close-form"), page.locator("#close-reasons")
    present = form.get_by_label("Có mặt", exact=True)
    expect(present).to_have_value("45")
    for label in ("Nghỉ phép", "Đi họp", "Công tác", "Đi học", "Nghỉ ốm", "Thai sản"):
        expect(form.get_by_label(label, exact=True)).to_be_hidden()
    reasons.locator("summary").press("Enter")
    reasons.get_by_role("button", name="+ Nghỉ ốm").press("Enter")
    expect(form.get_by_label("Nghỉ ốm", exact=True)).to_have_value("1")
    expect(form.get_by_role("button", name="Thêm một, Nghỉ ốm")).to_be_focused()
    page.keyboard.press("Enter")
    expect(present).to_have_value("43")
    excuse(page, "Đi họp", "4")
    reasons.locator("summary").press("Enter")  # folded again
    for label, value in (("Nghỉ ốm", "2"), ("Đi họp", "4")):
        expect(form.get_by_label(label, exact=True)).to_have_value(value)
        expect(form.get_by_label(label, exact=True)).to_be_visible()
    assert faults(page) == []
    expect(page.locator("#saved")).to_contain_text("Đã lưu")
    reopen(page)
    expect(form.get_by_label("Đi họp", exact=True)).to_be_visible()
    expect(form.get_by_label("Công tác", exact=True)).to_be_hidden()
    form.get_by_role("button", name="Bỏ lý do: Đi họp").press("Enter")
    expect(form.get_by_label("Đi họp", exact=True)).to_be_hidden()
    expect(reasons.locator("summary")).to_be_focused()
    expect(present).to_have_value("43")
    expect(page.locator("#close-read")).to_contain_text("Vắng có lý do 2 (nghỉ ốm 2)")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (1366, 768)])
def test_the_roll_and_the_reasons_in_english_at_every_width(
    browser: Browser, net: WebProxy, width: int, height: int
) -> None:
    person = Person(browser, net.url, {"width": width, "height": height}, touch=width < 400)
    person.come_in("an.kt", PASSWORDS["an.kt"], "/intake/?lang=en")
    page = person.page
    expect(page.get_by_role("heading", level=1, name="My inspections")).to_be_visible()
    page.goto(net.url + "/intake/#/open")
    page.locator("#unit-search").fill("tan hoa")
    page.get_by_label(NAME, exact=True).check()
    page.get_by_label("At random").check()
    page.get_by_label("Number of the inspection order").fill(f"{width}/QĐ-SNV")
    page.get_by_label("I have no conflict of interest").check()
    page.get_by_role("button", name="Start the inspection").click()
    page.get_by_role("button", name="Roll call").click()
    sheet = page.get_by_role("dialog", name="Roll call")
    sheet.get_by_role("button", name="One more came late").click()
    expect(sheet.get_by_role("status")).to_contain_text("1 came late")
    assert faults(page) == []
    small = [
        box for box in (each.bounding_box() for each in sheet.get_by_role("button").all()) if box and box["height"] < 44
    ]
    assert small == []
    sheet.get_by_role("button", name="Close").click()
    expect(page.locator("[data-times]")).to_contain_text("Late at")
    page.get_by_role("link", name="Close the inspection").press("Enter")
    page.get_by_text("Add a reason").click()
    page.get_by_role("button", name="+ On duty elsewhere").click()
    expect(page.get_by_label("On duty elsewhere", exact=True)).to_have_value("1")
    assert faults(page) == []
    person.context.close()
    assert person.script_errors == []


def test_the_button_of_the_roll_costs_the_first_screen_no_code(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "315/QĐ-SNV")
    search, button = page.locator("#code-search").bounding_box(), page.locator("#count-roll").bounding_box()
    assert search is not None and button is not None
    assert (search["y"], search["height"]) == (button["y"], button["height"])
    assert search["width"] > 180 and page.viewport_size == PHONE
