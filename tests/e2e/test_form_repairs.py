"""What was refused, counted wrong, or done in another tab is put right on the phone without losing a word."""

from typing import Any

from playwright.sync_api import Page, Request, expect

from tests.support.browser import Person
from tests.support.form import (
    FAR,
    NAME,
    PASSWORDS,
    count,
    draw_signature,
    file_now,
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

WRONG, RIGHT = "khong-co-ai", "binh.td"


def sent(page: Page, part: str) -> list[Any]:
    """The bodies of the writes to addresses with `part` from now on."""
    bodies: list[Any] = []

    def note(request: Request) -> None:
        if request.method == "PUT" and part in request.url:
            bodies.append(request.post_data_json)

    page.on("request", note)
    return bodies


def close_without_the_colleague(page: Page) -> None:
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    for label in ("Biên chế được giao", "Có mặt", "Số người"):
        page.get_by_label(label, exact=True).fill("45")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký", exact=True).check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    page.get_by_role("button", name="Vẫn kết thúc").click()
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("Chờ gửi")


def refused_with_findings(phone: Person) -> str:
    """An inspection that was done offline and whose opening the server then refused."""
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_label("Thành viên khác của đoàn").fill(WRONG)
    start_inspection(page, "tan hoa", NAME, "61/QĐ-SNV")
    record(page, "A01", 2)
    close_without_the_colleague(page)
    phone.context.set_offline(False)
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("không có tài khoản này", timeout=FAR)
    return page.url.rsplit("/", 1)[1]


def test_a_corrected_opening_keeps_its_time_and_brings_all_that_waited_for_it(
    phone: Person, instance: Instance
) -> None:
    page = phone.page
    openings = sent(page, "/inspections/")
    inspection = refused_with_findings(phone)
    filed(page, "Mở cuộc kiểm tra").get_by_role("button", name="Sửa lại").press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    page.goto(page.url.split("#")[0] + "#/")  # left in the middle: nothing is orphaned
    expect(page.locator("#list-open, #list-closed").filter(has_text="61/QĐ-SNV")).to_have_count(1)
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()  # nor does a new one take its id
    expect(page.get_by_label("Quyết định kiểm tra số")).to_have_value("")
    page.goto(page.url.split("#")[0] + f"#/inspection/{inspection}")
    filed(page, "Mở cuộc kiểm tra").get_by_role("button", name="Sửa lại").press("Enter")
    page.get_by_label("Thành viên khác của đoàn").fill(RIGHT)
    page.wait_for_timeout(1100)  # times count whole seconds
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=FAR)
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    first, *_, last = [body for body in openings if "team" in body]
    assert (first["team"], last["team"]) == ([WRONG], [RIGHT])
    assert first["opened_at"] == last["opened_at"]
    assert stored(instance, inspection) == [("A01", 2)]


def test_a_refused_opening_is_discarded_with_all_that_was_done_under_it_or_not_at_all(phone: Person) -> None:
    page = phone.page
    refused_with_findings(phone)
    opening = filed(page, "Mở cuộc kiểm tra")
    opening.get_by_role("button", name="Bỏ", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("mất 2 mục đã ghi")
    dialog.get_by_role("button", name="Giữ lại").click()
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    opening.get_by_role("button", name="Bỏ", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Bỏ cả cuộc").click()
    expect(page.locator("#view-list")).to_be_visible()
    expect(page.locator("#list-open")).not_to_contain_text("61/QĐ-SNV")
    expect(page.locator("#queue-state [data-state=waiting]")).to_have_count(0)
    expect(page.locator("#queue-state [data-state=failed]")).to_have_count(0)


def test_a_refused_finding_never_takes_the_place_of_what_is_being_counted(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "62/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    inspection = page.url.rsplit("/", 1)[1]
    findings = sent(page, "/findings/")
    count(page, "A01", 1)
    net.spoil = lambda path, body: body.replace(b'"count":1', b'"count":0')  # a rule that only the server knows
    file_now(page)
    expect(filed(page, "A01")).to_contain_text("Bị từ chối", timeout=FAR)
    net.heal()
    count(page, "A01", 3)
    page.locator("#narrative-A01").fill("Ba người đến sau 8 giờ.")
    filed(page, "A01").get_by_role("button", name="Sửa lại").press("Enter")
    expect(page.locator("#flash")).to_contain_text("hãy bấm Ghi nhận trước")
    expect(page.locator("#narrative-A01")).to_have_value("Ba người đến sau 8 giờ.")
    file_now(page)
    expect(filed(page, "A01")).to_have_count(2)
    filed(page, "A01").filter(has_text="Bị từ chối").get_by_role("button", name="Sửa lại").press("Enter")
    page.locator("#narrative-A01").fill("Một người đến sau 8 giờ.")
    file_now(page)
    expect(filed(page, "A01").filter(has_text="Đã nhận")).to_have_count(2, timeout=FAR)
    assert stored(instance, inspection) == [("A01", 1), ("A01", 3)]
    refused, _, corrected = findings
    assert (refused["captured_at"], refused["elapsed_ms"]) == (corrected["captured_at"], corrected["elapsed_ms"])


def test_a_tap_too_many_takes_no_words_and_an_emptied_box_no_count(phone: Person) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "63/QĐ-SNV")
    count(page, "B01", 1)
    row, words = page.locator('[data-code="B01"]'), page.locator("#narrative-B01")
    words.fill("Không đeo thẻ ở bàn 2.")
    row.get_by_role("button", name="Bớt một").click()
    page.get_by_role("dialog").get_by_role("button", name="Giữ lại").click()
    expect(words).to_have_value("Không đeo thẻ ở bàn 2.")
    box = row.get_by_role("spinbutton")
    box.fill("")
    words.focus()
    expect(box).to_have_value("1")
    expect(words).to_have_value("Không đeo thẻ ở bàn 2.")
    reopen(page)
    expect(page.locator("#narrative-B01")).to_have_value("Không đeo thẻ ở bàn 2.")
    row.get_by_role("button", name="Bớt một").click()
    page.get_by_role("dialog").get_by_role("button", name="Bỏ", exact=True).click()
    expect(words).to_have_count(0)
    expect(page.locator("#count-bar")).to_be_hidden()


def test_what_another_tab_counted_is_not_written_over(phone: Person) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "64/QĐ-SNV")
    count(page, "A01", 1)
    phone.context.set_offline(False)
    other = phone.context.new_page()
    other.goto(page.url)
    expect(other.locator('[data-code="A01"] input[type=number]')).to_have_value("1")
    count(other, "B01", 2)
    expect(page.locator('[data-code="B01"] input[type=number]')).to_have_value("2")
    page.locator('[data-code="A01"]').get_by_role("button", name="Thêm một").click()
    expect(other.locator('[data-code="A01"] input[type=number]')).to_have_value("2")
    expect(other.locator('[data-code="B01"] input[type=number]')).to_have_value("2")
    file_now(other)
    expect(page.locator("#count-bar")).to_be_hidden()  # filed there: nothing is left to file here
    expect(filed(page, "A01")).to_have_count(1)


def test_a_closed_inspection_is_not_filled_in_twice_and_a_refused_closing_opens_it_again(
    phone: Person, net: WebProxy
) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "65/QĐ-SNV")
    net.spoil = lambda path, body: body.replace(b'"files_checked":0', b'"files_checked":-1')
    fill_in_and_close(page)
    page.go_back()  # to the form of the closing
    expect(page.locator("#view-count")).to_be_visible()
    expect(page.locator("#count-end")).to_contain_text("đã kết thúc")
    expect(page.locator("#close-form")).to_be_hidden()
    phone.context.set_offline(False)
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("Bị từ chối", timeout=FAR)
    expect(page.locator("#count-end")).not_to_contain_text("đã kết thúc")
    net.heal()
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    expect(page.locator("#close-form")).to_be_visible(timeout=FAR)
    page.get_by_label("Ý kiến của đơn vị").fill("Nhất trí.")
    expect(page.get_by_label("Biên chế được giao", exact=True)).to_have_value("45")  # as it was filled in before
    draw_signature(page, "Đại diện đơn vị ký")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    expect(filed(page, "Kết thúc kiểm tra")).to_have_count(1)


def test_a_unit_that_is_nobodys_is_told_at_its_field(phone: Person, net: WebProxy) -> None:
    page = phone.page
    page.goto(f"{net.url}/intake/?unit=xa-khong-con")
    expect(page.locator("#unit-count")).to_contain_text("2 đơn vị")
    page.get_by_label("Ngẫu nhiên").check()
    page.get_by_label("Quyết định kiểm tra số").fill("66/QĐ-SNV")
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary li")).to_have_text(
        ["Đơn vị này không có trong phạm vi của bạn, hoặc đã sáp nhập: hãy chọn đơn vị khác"]
    )
    expect(page.locator("#flash")).to_be_empty()


# Chromium looks at its quota again only after a while: what it does then is done at once, until the page is loaded anew
FULL = """() => {
    IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
}"""


def test_a_phone_that_has_become_full_still_sends_what_it_holds(phone: Person, instance: Instance) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "67/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    record(page, "A01", 2)
    page.evaluate(FULL)
    count(page, "B01", 1)
    expect(page.locator("#flash")).to_contain_text("CHƯA được giữ lại")
    phone.context.set_offline(False)
    expect(filed(page, "A01")).to_contain_text("Đã nhận", timeout=FAR)
    assert stored(instance, inspection) == [("A01", 2)]
    reopen(page)
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=FAR)
    assert stored(instance, inspection) == [("A01", 2)]


def test_whoever_signs_in_is_who_the_form_is_for_however_slow_the_network(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    page.goto(f"{net.url}/intake/desk/")
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url(lambda address: "/intake/login" in address)
    page.goto(f"{net.url}/intake/login?next=/intake/")
    page.get_by_label("Tài khoản", exact=True).fill("binh.td")
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORDS["binh.td"])
    net.delay = 4  # longer than the form waits before it takes what it kept
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.locator("[data-account]")).to_have_text("binh.td", timeout=2 * FAR)
