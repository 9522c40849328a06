"""Opening an inspection on the phone: colleagues at a tap, a declaration that goes into the log and the minutes."""

from playwright.sync_api import Page, expect

from tests.support.browser import Person
from tests.support.form import (
    FAR,
    NAME,
    count,
    filed,
    fill_in_and_close,
    installed,
    open_inspection,
    record,
    reopen,
    start_inspection,
    stored,
)
from tests.support.instance import Instance
from tests.support.web_proxy import WebProxy

OTHER = "UBND phường Bình Minh"
PATIENCE = 3500  # ms, a little over how long the form waits for a slow network


def inspection_with(page: Page, order: str, team: str) -> str:
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_label("Thành viên khác của đoàn").fill(team)
    start_inspection(page, "tan hoa", NAME, order)
    return page.url.rsplit("/", 1)[1]


def test_colleagues_of_earlier_inspections_are_a_tap_away_also_offline(phone: Person, instance: Instance) -> None:
    page = phone.page
    inspection_with(page, "51/QĐ-SNV", "binh.td")
    page.goto(page.url.split("#")[0] + "#/")
    expect(page.locator("#list-open")).to_contain_text("51/QĐ-SNV")
    installed(page)
    phone.context.set_offline(True)
    reopen(page)
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    known = page.get_by_role("group", name="Người đã cùng kiểm tra").get_by_role("button")
    expect(known).to_have_text(["binh.td"])
    team = page.get_by_label("Thành viên khác của đoàn")
    expect(known).to_have_attribute("aria-pressed", "false")
    known.click()
    expect(team).to_have_value("binh.td")
    expect(known).to_have_attribute("aria-pressed", "true")
    known.click()
    expect(team).to_have_value("")
    known.press("Enter")
    box = known.bounding_box()
    assert box is not None and box["height"] >= 44
    assert phone.overflow() <= 0
    start_inspection(page, "tan hoa", NAME, "52/QĐ-SNV")
    phone.context.set_offline(False)
    lead = instance.client(instance.token("lead"))
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    shown = lead.get(f"/intake/v1/inspections/{page.url.rsplit('/', 1)[1]}").json()
    assert shown["team"] == ["an.kt", "binh.td"] and shown["impartial"] is True


def test_the_declaration_stands_in_the_log_and_in_the_minutes(phone: Person, instance: Instance) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "53/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    phone.context.set_offline(True)
    fill_in_and_close(page)
    phone.context.set_offline(False)
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    auditor = instance.client(instance.token("auditor"))
    assert auditor.get(f"/audit/v1/entries/{inspection}").json()["data"]["impartial"] is True
    lead = instance.client(instance.token("lead"))
    assert lead.get(f"/intake/v1/inspections/{inspection}/minutes").json()["impartial"] is True


def test_an_inspection_that_loads_slowly_takes_no_place_from_the_next(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "54/QĐ-SNV")
    slow = page.url.rsplit("/", 1)[1]
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    page.goto(page.url.split("#")[0] + "#/")
    open_inspection(page, "binh minh", OTHER, "55/QĐ-SNV")
    next_one = page.url.rsplit("/", 1)[1]
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    count(page, "B01", 3)  # a draft of the second
    net.fail("half-open", method="GET", part=f"/inspections/{slow}")
    page.evaluate("([slow, next]) => { location.hash = slow; setTimeout(() => { location.hash = next; }, 50); }", [
        f"#/inspection/{slow}", f"#/inspection/{next_one}",
    ])  # fmt: skip
    title = page.locator("#count-title")
    expect(title).to_have_text(OTHER)
    page.wait_for_timeout(PATIENCE)  # by now the first has been found among what the phone kept
    net.heal()
    expect(title).to_have_text(OTHER)
    expect(page.locator('[data-code="B01"] input[type=number]')).to_have_value("3")
    record(page, "A01", 2)
    expect(filed(page, "A01")).to_contain_text("Đã nhận", timeout=FAR)
    assert stored(instance, slow) == []
    assert stored(instance, next_one) == [("A01", 2), ("B01", 3)]
    page.goto(page.url.split("#")[0] + f"#/inspection/{slow}")
    page.goto(page.url.split("#")[0] + "#/open")  # before the first is shown: no error of one on the other
    expect(page.get_by_role("heading", level=1, name="Mở cuộc kiểm tra")).to_be_focused()
    expect(page.locator("#flash")).to_be_empty()
