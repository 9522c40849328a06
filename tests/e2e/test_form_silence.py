"""Nothing on the phone changes or vanishes without a word: figures, pasted text, choices, what was just recorded."""

import json
from io import BytesIO
from typing import Any

import pytest
import uuid_utils
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import PHONE, Person
from tests.support.form import (
    FAR,
    NAME,
    PASSWORDS,
    count,
    draw_signature,
    excuse,
    file_now,
    filed,
    installed,
    open_inspection,
    record,
    record_clean,
    reopen,
    stored,
    until,
)
from tests.support.instance import Instance
from tests.support.photos import jpeg
from tests.support.traffic import now
from tests.support.web_proxy import WebProxy

CLOSE = "Kết thúc kiểm tra"
OTHER = "UBND phường Bình Minh"


def turn_wheel_over(page: Page, box: Locator) -> None:
    box.scroll_into_view_if_needed()
    box.focus()
    place = box.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    for distance in (120, -120, -240, 40):
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(60)  # the browser hands a wheel on in its own time


def closing(page: Page) -> Locator:
    page.get_by_role("link", name=CLOSE).press("Enter")
    form = page.locator("#close-form")
    expect(form.get_by_label("Biên chế được giao", exact=True)).to_have_value("45")
    return form


def test_a_wheel_changes_no_figure(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "201/QĐ-SNV")
    count(page, "A01", 2)
    tally = page.locator('[data-code="A01"]').get_by_role("spinbutton")
    turn_wheel_over(page, tally)
    expect(tally).to_have_value("2")
    expect(tally).to_be_focused()
    file_now(page)
    form = closing(page)
    for label in ("Biên chế được giao", "Có mặt", "Số người"):
        box = form.get_by_label(label, exact=True)
        box.fill("45")
        turn_wheel_over(page, box)
        expect(box).to_have_value("45")


def test_a_pasted_text_stays_whole_is_counted_and_refused_where_it_stands(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "202/QĐ-SNV")
    count(page, "A03", 1)
    note = page.locator("#narrative-A03")
    note.fill("ế" * 4012)
    expect(note).to_have_value("ế" * 4012)
    expect(page.locator('[data-code="A03"] .left').first).to_have_text("thừa 12 ký tự, hãy rút gọn")
    net.seen.clear()
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary")).to_contain_text("A03: dài 4.012 ký tự, nhiều nhất 4.000")
    expect(note).to_have_value("ế" * 4012)
    note.fill("ế" * 3999)
    expect(page.locator('[data-code="A03"] .left').first).to_have_text("còn 1 ký tự")
    expect(page.locator(".error-summary")).to_have_text("Đã sửa hết, hãy gửi lại.")
    assert net.writes("/findings/") == []
    file_now(page)
    form = closing(page)
    opinion = form.get_by_label("Ý kiến của đơn vị")
    opinion.fill("x" * 4001)
    form.get_by_label("Chức vụ").fill("Phó Chủ tịch")
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    told = page.locator(".error-summary li")
    expect(told).to_have_count(2)
    expect(told.first).to_contain_text("Ý kiến của đơn vị: dài 4.001 ký tự")
    expect(told.last).to_contain_text("chưa ghi họ tên")  # a post without its name was dropped
    expect(opinion).to_have_value("x" * 4001)


def test_every_text_field_tells_how_long_it_may_be_and_none_cuts(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "203/QĐ-SNV")
    count(page, "A03", 1)
    limits = "() => [...document.querySelectorAll('textarea, input[type=text], input:not([type])')]"
    assert page.evaluate(f"({limits})().filter((each) => each.maxLength >= 0).map((each) => each.id)") == []
    assert page.evaluate(
        f"({limits})().filter((each) => !each.dataset.most && each.name !== 'team').map((each) => each.id)"
    ) == []  # fmt: skip


def test_the_desk_keeps_a_pasted_text_too(browser: Browser, instance: Instance, net: WebProxy) -> None:
    reviewer = Person(browser, net.url, PHONE)
    reviewer.come_in("tham.dinh", PASSWORDS["tham.dinh"], "/intake/desk/#/commend")
    page = reviewer.page
    page.locator("#commend-unit-search").fill("tan hoa")
    page.get_by_label(NAME, exact=True).check()
    page.get_by_label("K01").check()
    page.locator("#commend-date").fill(now()[:10])
    page.locator("#commend-text").fill("x" * 4100)
    expect(page.locator("#commend-form .left")).to_have_text("thừa 100 ký tự, hãy rút gọn")
    page.locator("#commend-form button:not([type])").click()
    expect(page.locator("#commend-form .error-summary")).to_contain_text("thừa 100 ký tự")
    expect(page.locator("#commend-text")).to_have_value("x" * 4100)
    assert net.writes("/commendations/") == []
    reviewer.context.close()


def test_a_transparent_picture_is_kept_on_white(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "204/QĐ-SNV")
    count(page, "A03", 1)
    clear = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    with page.expect_file_chooser() as camera:
        page.locator('[data-code="A03"]').get_by_role("button", name="Chụp ảnh").click()
    raw = BytesIO()
    clear.save(raw, "PNG")
    camera.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": raw.getvalue()})
    expect(page.locator('[data-code="A03"] .photos img')).to_have_count(1)
    file_now(page)
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true", timeout=FAR)
    kept = Image.open(BytesIO(net.photos[-1])).convert("L")
    assert kept.getextrema()[0] > 250
    assert jpeg()[:2] == net.photos[-1][:2]  # as every other


def test_a_chosen_unit_stands_apart_and_never_among_the_matches_of_another_search(phone: Person, net: WebProxy) -> None:
    page = phone.page
    page.goto(net.url + "/intake/?unit=xa-tan-hoa")
    chosen = page.locator("#unit-picked")
    expect(chosen).to_contain_text(f"Đã chọn: {NAME}")
    page.goto(net.url + "/intake/#/")
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.locator("#unit-search").fill("binh minh")
    expect(page.locator("#unit-choices label")).to_have_text([OTHER])
    expect(page.locator("#unit-choices input:checked")).to_have_count(0)
    expect(page.locator("#open-sure")).to_contain_text(f"Kiểm tra tại {NAME}")
    page.get_by_label(OTHER, exact=True).check()
    expect(chosen).to_contain_text(OTHER)
    expect(page.locator("#open-sure")).to_contain_text(OTHER)
    chosen.get_by_role("button", name="Đổi").click()
    expect(chosen).to_be_hidden()
    expect(page.locator("#unit-search")).to_be_focused()
    reopen(page)
    expect(page.locator("#unit-count")).to_contain_text("2 đơn vị")
    expect(chosen).to_be_hidden()


@pytest.mark.parametrize("dash", ["–", "—", "−"])
def test_a_long_dash_in_the_order_number_is_told_before_anything_is_kept(
    dash: str, phone: Person, net: WebProxy
) -> None:
    page = phone.page
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    basis = page.get_by_label("Quyết định kiểm tra số")
    basis.fill(f"12/QĐ{dash}SNV")
    basis.blur()
    expect(page.locator(".wrong-words")).to_contain_text("hãy viết: 12/QĐ-SNV")
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.locator(".error-summary")).to_contain_text("gạch nối")
    assert "\\w" not in page.locator("#open-form").inner_text()
    assert net.writes("/inspections/") == []


def test_errors_go_as_they_are_put_right(phone: Person) -> None:
    page = phone.page
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    lines = page.locator(".error-summary li")
    expect(lines).to_have_count(4)
    page.locator("#unit-search").fill("tan hoa")
    page.get_by_label(NAME, exact=True).check()
    expect(lines).to_have_count(3)
    page.get_by_label("Ngẫu nhiên").check()
    expect(lines).to_have_count(2)
    page.get_by_label("Quyết định kiểm tra số").fill("12/QĐ")
    expect(lines).to_have_count(1)
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    expect(page.locator(".error-summary")).to_have_text("Đã sửa hết, hãy gửi lại.")
    expect(page.locator(".wrong-words")).to_have_count(0)
    expect(page.locator("[aria-invalid], .wrong")).to_have_count(0)


def test_the_sums_fault_belongs_to_the_sum_and_goes_with_it(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "205/QĐ-SNV")
    form = closing(page)
    form.get_by_label("Có mặt", exact=True).fill("43")
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    line = page.locator(".error-summary li")
    expect(line).to_contain_text("Lệch 2 người")
    expect(form.get_by_label("Biên chế được giao", exact=True)).not_to_have_attribute("aria-invalid", "true")
    line.get_by_role("link").click()
    expect(page.locator("#close-sum")).to_be_focused()
    excuse(page, "Nghỉ phép", "2")
    expect(page.locator(".error-summary")).to_have_text("Đã sửa hết, hãy gửi lại.")


def test_what_was_just_recorded_can_be_taken_back_and_nothing_of_it_left(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "206/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    inspection = page.url.rsplit("/", 1)[1]
    count(page, "A01", 3)
    page.locator("#narrative-A01").fill("Ba người đến sau 8 giờ.")
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    bar = page.locator("#undo-bar")
    expect(bar).to_contain_text("Đã ghi nhận A01 × 3")
    expect(bar).to_be_focused()
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    bar.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator('[data-code="A01"] input[type=number]')).to_have_value("3")
    expect(page.locator("#narrative-A01")).to_have_value("Ba người đến sau 8 giờ.")
    expect(filed(page, "A01")).to_have_count(0)
    assert net.writes("/findings/") == []
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(filed(page, "A01")).to_contain_text("Đã nhận", timeout=2 * FAR)  # by itself, once the seconds are over
    expect(bar).to_be_hidden()
    assert stored(instance, inspection) == [("A01", 3)]
    devices = instance.client(instance.token("lead")).get(f"/intake/v1/inspections/{inspection}").json()["devices"]
    assert {one["missing_count"] for one in devices if one["account"] == "an.kt"} == {0}  # no gap in the phone's chain


def test_a_tap_outlives_its_view_and_counts_where_it_was_made(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "219/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    here = page.evaluate("location.hash")
    page.evaluate("location.hash = '#/'")
    open_inspection(page, "binh minh", "UBND phường Bình Minh", "220/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    there = page.evaluate("location.hash")
    page.evaluate("hash => { location.hash = hash; }", here)
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    count(page, "A01", 1)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(page.locator("#undo-bar")).to_contain_text("Đã ghi nhận A01 × 1")
    net.fail("half-open", method="GET", part="/inspections/")  # the next view waits
    page.evaluate(
        """([code, there]) => {
          navigator.locks.request("kycuong-held", () => new Promise((done) => { globalThis.release = done; }));
          document.querySelector(`[data-code="${code}"] .stepper button:last-child`).click();
          location.hash = there;
        }""",
        ["A01", there],
    )
    expect(page.get_by_role("heading", level=1, name="UBND phường Bình Minh")).to_be_visible()
    page.evaluate("globalThis.release()")
    until(lambda: net.writes("/findings/"))  # what was recorded has left, and the tap goes on
    net.heal()
    expect(page.locator("#code-groups > details").first).to_be_visible(timeout=FAR)
    page.evaluate("hash => { location.hash = hash; }", here)
    expect(page.locator('[data-code="A01"] input[type=number]')).to_have_value("1", timeout=FAR)
    expect(page.locator("#flash")).to_be_empty()


@pytest.mark.parametrize("how", ["sent now", "by itself"])
def test_the_focus_stays_on_the_page_when_nothing_can_be_undone_any_more(how: str, phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "218/QĐ-SNV")
    count(page, "A01", 1)
    page.get_by_role("button", name="Ghi nhận", exact=True).press("Enter")
    bar = page.locator("#undo-bar")
    expect(bar).to_be_focused()
    if how == "sent now":
        bar.get_by_role("button", name="Gửi ngay").press("Enter")
    expect(bar).to_be_hidden(timeout=FAR)
    expect(page.locator("#count-title")).to_be_focused()


def test_a_page_closed_while_it_could_be_undone_loses_nothing(phone: Person, net: WebProxy, instance: Instance) -> None:
    page = phone.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, "207/QĐ-SNV")
    address = page.url
    count(page, "B01", 2)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(filed(page, "B01")).to_contain_text("Chờ gửi")
    page.close()
    again = phone.context.new_page()
    again.goto(address)
    expect(again.locator("#count-filed")).to_contain_text("B01")
    expect(filed(again, "B01")).to_contain_text("Đã nhận", timeout=2 * FAR)
    assert stored(instance, address.rsplit("/", 1)[1]) == [("B01", 2)]


# Chromium looks at its quota again only after a while: what it does then is done at once, until the page is loaded anew
FULL = """() => {
    IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
}"""


def test_a_phone_that_becomes_full_meanwhile_sends_it_all_the_same_and_once(phone: Person, instance: Instance) -> None:
    page = phone.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, "219/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    inspection = page.url.rsplit("/", 1)[1]
    count(page, "A01", 2)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    page.evaluate(FULL)
    expect(filed(page, "A01")).to_contain_text("Đã nhận", timeout=2 * FAR)
    assert stored(instance, inspection) == [("A01", 2)]
    reopen(page)  # there is room again
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=2 * FAR)
    expect(filed(page, "A01")).to_have_count(1)
    assert stored(instance, inspection) == [("A01", 2)]


def test_signing_out_sends_what_could_still_be_undone(phone: Person, instance: Instance) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "221/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã", timeout=FAR)
    count(page, "B01", 2)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(page.locator("#undo-bar")).to_be_visible()
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url(lambda address: "signed-out" in address)
    assert stored(instance, inspection) == [("B01", 2)]


def test_two_tabs_send_what_was_held_once(phone: Person, net: WebProxy, instance: Instance) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "208/QĐ-SNV")
    twin = phone.context.new_page()
    twin.goto(page.url)
    expect(twin.locator("#code-groups > details").first).to_be_visible()
    count(page, "B01", 2)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(twin.locator("#undo-bar")).to_contain_text("B01 × 2")
    expect(filed(twin, "B01")).to_contain_text("Đã nhận", timeout=2 * FAR)
    expect(page.locator("#undo-bar")).to_be_hidden()
    inspection = page.url.rsplit("/", 1)[1]
    assert stored(instance, inspection) == [("B01", 2)]
    assert len(set(net.writes("/findings/"))) == 1


def test_no_violation_is_asked_about_and_can_be_undone(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "209/QĐ-SNV")
    page.get_by_role("button", name="Không vi phạm").click()
    page.get_by_role("button", name="Chưa", exact=True).click()
    expect(filed(page, "K00")).to_have_count(0)
    page.get_by_role("button", name="Không vi phạm").click()
    page.get_by_role("button", name="Đúng, ghi nhận").click()
    expect(filed(page, "K00")).to_be_visible()
    expect(page.get_by_role("button", name="Không vi phạm")).to_have_count(0)
    page.get_by_role("button", name="Hoàn tác").click()
    expect(filed(page, "K00")).to_have_count(0)
    expect(page.get_by_role("button", name="Không vi phạm")).to_be_visible()
    count(page, "A01", 1)
    expect(page.get_by_role("button", name="Không vi phạm")).to_have_count(0)  # gone as soon as something is counted
    page.locator('[data-code="A01"]').get_by_role("button", name="Bớt một").click()
    expect(page.get_by_role("button", name="Không vi phạm")).to_be_visible()
    assert net.writes("/findings/") == []


@pytest.mark.parametrize("network", ["online", "offline"])
def test_a_violation_after_no_violation_withdraws_it_first(network: str, phone: Person, instance: Instance) -> None:
    page = phone.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, f"21{network == 'online':d}/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    phone.context.set_offline(network == "offline")
    record_clean(page)
    expect(page.locator("[data-clean]")).to_contain_text("Đã ghi “Không vi phạm”")
    expect(page.locator("#code-groups details[open]")).to_have_count(0)  # folded behind it, not gone
    reopen(page)
    expect(page.locator("#code-groups > details").first).to_be_visible()
    expect(page.locator("#code-groups details[open]")).to_have_count(0)
    count(page, "B01", 1)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("không thể cùng đúng")
    dialog.get_by_role("button", name="Để sau").click()
    expect(page.locator('[data-code="B01"] input[type=number]')).to_have_value("1")
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    page.get_by_role("button", name="Rút lại K00 và ghi").click()
    page.get_by_role("button", name="Gửi ngay", exact=True).click()
    form = closing(page)
    expect(page.locator("#close-read")).to_contain_text("B01")
    expect(page.locator("#close-read")).not_to_contain_text("K00")
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator("#count-end")).to_contain_text("đã kết thúc")
    phone.context.set_offline(False)
    expect(filed(page, "Rút lại K00")).to_contain_text("Đã nhận", timeout=FAR)
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    lead = instance.client(instance.token("lead"))
    items = lead.get(f"/intake/v1/findings?inspection={inspection}").json()["items"]
    assert {one["code"]: one["state"] for one in items} == {"K00": "withdrawn", "B01": "recorded"}
    listed = lead.get(f"/intake/v1/inspections/{inspection}/minutes").json()["findings"]
    assert [one["code"] for one in listed] == ["B01"]


def test_no_violation_that_another_tab_has_just_sent_is_withdrawn_and_not_only_undone(
    phone: Person, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "222/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã", timeout=FAR)
    page.get_by_role("button", name="Không vi phạm").click()
    page.get_by_role("button", name="Đúng, ghi nhận").click()
    expect(page.locator("#undo-bar")).to_be_visible()
    deaf = phone.context.new_page()  # what the first tab says of its sending comes too late here
    deaf.add_init_script("Object.defineProperty(BroadcastChannel.prototype, 'onmessage', { set() {} })")
    deaf.goto(page.url)
    expect(deaf.locator("#undo-bar")).to_be_visible()
    page.get_by_role("button", name="Gửi ngay", exact=True).click()
    expect(filed(page, "K00")).to_contain_text("Đã", timeout=FAR)
    count(deaf, "B01", 1)
    deaf.get_by_role("button", name="Ghi nhận", exact=True).click()
    deaf.get_by_role("button", name="Rút lại K00 và ghi").click()
    deaf.get_by_role("button", name="Gửi ngay", exact=True).click()
    lead = instance.client(instance.token("lead"))

    def states() -> dict[str, str]:
        found = lead.get(f"/intake/v1/findings?inspection={inspection}&limit=200").json()["items"]
        return {each["code"]: each["state"] for each in found}

    until(lambda: states() == {"K00": "withdrawn", "B01": "recorded"})


def test_what_another_tab_has_just_recorded_is_in_what_is_closed(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "219/QĐ-SNV")
    other = phone.context.new_page()
    other.goto(page.url)
    count(other, "B01", 2)
    form = closing(page)
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    draw_signature(page, "Đại diện đơn vị ký")
    expect(page.locator("#close-read")).to_contain_text("Không có ghi nhận nào")
    other.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(other.locator("#undo-bar")).to_contain_text("B01 × 2")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_contain_text("Nội dung đã đổi sau khi ký")
    expect(page.locator("#close-read")).to_contain_text("B01")
    expect(other.locator("#undo-bar")).to_be_hidden()
    assert net.writes("/closing/") == []


def test_a_count_that_cannot_be_stays_as_it_was_and_says_so(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "220/QĐ-SNV")
    count(page, "A01", 2)
    tally = page.locator('[data-code="A01"] input[type=number]')
    for typed in ("12000", "2.5", "-3"):
        tally.fill(typed)
        tally.blur()
        expect(page.locator("#flash")).to_contain_text("A01 vẫn là 2")
        expect(tally).to_have_value("2")
        page.locator("#flash").evaluate("area => area.replaceChildren()")


def test_the_closing_asks_about_no_violation_beside_a_colleagues_violation(phone: Person, instance: Instance) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "212/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    record_clean(page)
    expect(filed(page, "K00")).to_contain_text("Đã nhận", timeout=FAR)
    colleague = instance.client(instance.token("lead"))
    body = {"inspection": inspection, "code": "B03", "count": 1, "captured_at": now()}
    assert colleague.put(f"/intake/v1/findings/{uuid_utils.uuid7()}", json=body).status_code == 201
    form = closing(page)
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Có cả “Không vi phạm” và vi phạm")
    dialog.get_by_role("button", name="Bỏ K00 và kết thúc").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    listed = colleague.get(f"/intake/v1/inspections/{inspection}/minutes").json()["findings"]
    assert [one["code"] for one in listed] == ["B03"]


def test_figures_that_cannot_be_are_asked_about(phone: Person, instance: Instance) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "213/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    count(page, "B01", 1)
    page.locator('[data-code="B01"]').get_by_role("spinbutton").fill("450")
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("B01 × 450, trong khi biên chế của đơn vị là 45")
    dialog.get_by_role("button", name="Sửa lại").click()
    page.locator('[data-code="B01"]').get_by_role("spinbutton").fill("2")
    page.locator('[data-code="B01"]').get_by_role("spinbutton").blur()
    count(page, "A01", 2)
    file_now(page)
    form = closing(page)
    form.get_by_label("Trong đó đi muộn", exact=True).fill("0")
    form.get_by_label("Số người", exact=True).fill("450")
    form.get_by_text("Thêm cho biên bản").click()
    form.get_by_label("Yêu cầu với đơn vị").fill("Chấn chỉnh.")
    form.get_by_label("Hạn khắc phục").fill("2026-01-05")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    for words in ("Đã kiểm tra 450 người", "Đi muộn 0, nhưng đã ghi nhận A01 × 2", "Hạn khắc phục 05/01/2026 đã qua"):
        expect(dialog).to_contain_text(words)
    dialog.get_by_role("button", name="Sửa lại").click()
    expect(page.get_by_role("heading", level=1, name=CLOSE)).to_be_visible()
    form.get_by_label("Số người", exact=True).fill("1")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(dialog).to_contain_text("A01 × 2, nhưng chỉ kiểm tra 1 người")
    dialog.get_by_role("button", name="Đúng, tiếp tục").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)  # a question, never a refusal
    roll = instance.client(instance.token("reviewer")).get(f"/intake/v1/inspections/{inspection}").json()["roll"]
    assert (roll["late"], roll["persons_checked"]) == (0, 1)


def test_attendance_fills_itself_and_stays_what_somebody_says(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "214/QĐ-SNV")
    record(page, "A01", 3)
    record(page, "A03")
    form = closing(page)
    late, unexcused, present = (
        form.get_by_label(label, exact=True) for label in ("Trong đó đi muộn", "Vắng không lý do", "Có mặt")
    )
    for box, value in ((late, "3"), (unexcused, "1"), (present, "44")):
        expect(box).to_have_value(value)
    expect(form.get_by_text("tự tính")).to_have_count(3)
    excuse(page, "Nghỉ phép", "1")
    expect(present).to_have_value("43")
    expect(page.locator("#close-sum")).to_contain_text("Khớp.")
    present.fill("42")
    expect(page.locator("#close-present-own")).to_be_hidden()
    expect(page.locator("#close-sum")).to_contain_text("Lệch 1 người")
    form.get_by_role("button", name="Thêm một, Nghỉ phép").click()
    expect(present).to_have_value("42")
    reopen(page)
    expect(present).to_have_value("42")
    expect(late).to_have_value("3")
    present.fill("")
    present.blur()
    form.get_by_role("button", name="Bớt một, Nghỉ phép").click()
    expect(present).to_have_value("43")  # emptied, it fills itself again


def test_the_search_for_codes_puts_whole_words_first(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "215/QĐ-SNV")
    page.get_by_label("Tìm vi phạm").fill("the")
    rows = page.locator("#code-groups [data-code]:visible")
    expect(rows.first).to_contain_text("thẻ")
    page.get_by_label("Tìm vi phạm").fill("")
    expect(rows.first).to_have_attribute("data-code", "A01")


def test_six_codes_fit_the_first_screen_and_the_most_used_come_first(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "216/QĐ-SNV")
    shown = page.evaluate(
        """() => {
            const menu = document.querySelector(".top nav").getBoundingClientRect().top; // over the page
            return [...document.querySelectorAll("[data-code]")].map((row) => row.getBoundingClientRect())
                .filter(({ top, bottom, height }) => height > 0 && top >= 0 && bottom <= menu).length;
        }"""
    )
    assert shown >= 6, shown
    for code in ("D04", "D04", "B01"):
        record(page, code)
    reopen(page)
    expect(page.locator("#code-groups > details").first).to_contain_text("Hay gặp")
    assert page.locator("#code-groups > details").first.locator("[data-code]").evaluate_all(
        "(rows) => rows.map((row) => row.dataset.code)"
    ) == ["D04", "B01"]  # fmt: skip
    expect(page.locator('[data-code="D04"]')).to_have_count(1)
    expect(page.locator('[data-group="D"]')).to_contain_text("D04: ở “Hay gặp”")
    page.get_by_role("button", name="H. Người đứng đầu").click()
    expect(page.locator('[data-group="H"] [data-code]').first).to_be_in_viewport()


def test_the_end_says_until_when_the_unit_may_answer_and_what_comes_next(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "217/QĐ-SNV")
    record(page, "A01", 2)
    form = closing(page)
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_text("Xem trước biên bản").click()
    expect(page.locator("#close-preview table")).to_contain_text("Đi làm muộn")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    panel = page.locator("#count-end")
    expect(panel).to_contain_text("1 ghi nhận vi phạm")
    expect(panel).to_contain_text("giải trình đến hết ngày", timeout=FAR)
    for name in ("Biên bản (PDF)", "Biên bản (Word)", "Cuộc kiểm tra mới"):
        expect(panel.get_by_role("link", name=name)).to_be_in_viewport(timeout=FAR)


def test_the_status_is_one_line_that_covers_nothing(phone: Person) -> None:
    page = phone.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, "218/QĐ-SNV")
    expect(page.locator("#queue-state")).to_have_text("Đã gửi hết", timeout=FAR)
    phone.context.set_offline(True)
    count(page, "A01", 1)
    expect(page.locator("#saved")).to_contain_text("Đã lưu trên máy")
    line = page.locator(".status-line")
    assert line.evaluate("(line) => getComputedStyle(line).position") == "static"
    place = line.bounding_box()
    assert place is not None and place["height"] <= 32
    file_now(page)
    expect(page.locator("#queue-state")).to_have_text("Chờ gửi: 1")
    trouble = page.locator("#queue-trouble .notice")
    expect(trouble).to_have_count(1)
    box = trouble.bounding_box()
    assert box is not None and box["height"] < 160


@pytest.mark.parametrize(("width", "language"), [(320, "vi"), (360, "en"), (1366, "vi")])
def test_no_page_of_the_form_is_wider_than_its_window(
    width: int, language: str, browser: Browser, net: WebProxy
) -> None:
    person = Person(browser, net.url, {"width": width, "height": 700})
    person.come_in("an.kt", PASSWORDS["an.kt"])
    page = person.page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    open_inspection(page, "tan hoa", NAME, f"{width}/QĐ-SNV")
    address = page.url
    count(page, "A03", 1)
    for view, ready in (("", "#code-groups > details"), ("/close", "#close-form"), (None, "#open-form")):
        page.goto(
            f"{net.url}/intake/?lang={language}" + ("#/open" if view is None else f"#{address.split('#')[1]}{view}")
        )
        expect(page.locator(ready).first).to_be_visible()
        assert person.overflow() <= 0, (width, view)
        small: list[Any] = page.evaluate(SMALL)
        assert small == [], json.dumps(small, ensure_ascii=False)
    person.context.close()
    assert person.script_errors == []


SMALL = """() => [...document.querySelectorAll("main :is(button, summary, .button, .choice, textarea, input)")]
  .filter((node) => node.checkVisibility() && !["checkbox", "radio", "file"].includes(node.type))
  .map((node) => [node.getBoundingClientRect().height, node.id || node.textContent.trim().slice(0, 30)])
  .filter(([height]) => height < 43.5)"""
