"""With real fingers at 360 px: nothing moves under a tap, so the first one counts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import PHONE, Person
from tests.support.form import NAME, PASSWORDS, count, open_inspection
from tests.support.web_proxy import WebProxy


@pytest.fixture
def touched(browser: Browser, net: WebProxy) -> Iterator[Page]:
    """The form on a phone that is touched, not clicked."""
    person = Person(browser, net.url, PHONE, touch=True)
    person.come_in("an.kt", PASSWORDS["an.kt"])
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    yield person.page
    person.context.close()
    assert person.script_errors == []


def tap(target: Locator) -> None:
    """One tap where it stands, as a finger does: it waits for nothing and is not repeated."""
    box = target.bounding_box()
    assert box is not None
    target.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_order_number_s_fault_takes_no_tap_from_the_button(touched: Page) -> None:
    touched.get_by_role("link", name="Mở cuộc kiểm tra mới").tap()
    basis, start = (
        touched.get_by_label("Quyết định kiểm tra số"),
        touched.get_by_role("button", name="Bắt đầu kiểm tra"),
    )
    start.scroll_into_view_if_needed()
    basis.press_sequentially("12/QĐ–SNV")
    tap(start)
    expect(touched.locator(".error-summary")).to_be_focused()
    expect(touched.locator(".error-summary")).to_contain_text("gạch nối")


def test_a_field_left_by_the_keyboard_says_at_once_what_is_wrong(touched: Page) -> None:
    touched.get_by_role("link", name="Mở cuộc kiểm tra mới").tap()
    basis = touched.get_by_label("Quyết định kiểm tra số")
    expect(basis).to_be_visible()  # a key waits for nothing, and the form is hidden at first
    basis.press_sequentially("12/QĐ–SNV")
    basis.press("Tab")
    expect(touched.locator(".wrong-words")).to_contain_text("gạch nối")
    expect(touched.locator(".error-summary")).to_have_count(0)


def test_the_minutes_number_s_fault_takes_no_tap_from_the_next_field(touched: Page) -> None:
    open_inspection(touched, "tan hoa", NAME, "301/QĐ-SNV")
    touched.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    touched.get_by_text("Thêm cho biên bản").tap()
    copies = touched.get_by_role("button", name="Thêm một, Số bản")
    copies.scroll_into_view_if_needed()
    touched.get_by_label("Số biên bản").press_sequentially("12–BB")
    tap(copies)
    expect(touched.get_by_label("Số bản", exact=True)).to_have_value("1")
    expect(touched.locator(".wrong-words")).to_contain_text("gạch nối")


def test_a_count_that_was_typed_takes_no_tap_from_the_next_code(touched: Page) -> None:
    open_inspection(touched, "tan hoa", NAME, "302/QĐ-SNV")
    first, second = touched.locator('[data-code="A01"]'), touched.locator('[data-code="A02"]')
    more = second.get_by_role("button", name="Thêm một")
    more.scroll_into_view_if_needed()
    first.get_by_role("spinbutton").select_text()
    first.get_by_role("spinbutton").press_sequentially("3")
    tap(more)
    expect(second.get_by_role("spinbutton")).to_have_value("1")
    expect(touched.locator("#count-sum")).to_contain_text("2 mục, 4 lượt")
    expect(first.get_by_label("Mô tả (không bắt buộc)")).to_be_visible()


def test_a_note_that_folds_again_takes_no_tap_from_the_next_code(touched: Page) -> None:
    open_inspection(touched, "tan hoa", NAME, "303/QĐ-SNV")
    count(touched, "A01", 1)
    note = touched.locator("#narrative-A01")
    note.focus()
    grown = note.bounding_box()
    more = touched.locator('[data-code="A02"]').get_by_role("button", name="Thêm một")
    more.scroll_into_view_if_needed()
    tap(more)
    expect(touched.locator('[data-code="A02"]').get_by_role("spinbutton")).to_have_value("1")
    folded = note.bounding_box()
    assert grown is not None and folded is not None and folded["height"] < grown["height"]


def test_a_figure_that_fills_itself_again_takes_no_tap_from_what_lies_under_it(touched: Page) -> None:
    open_inspection(touched, "tan hoa", NAME, "304/QĐ-SNV")
    touched.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    present = touched.get_by_label("Có mặt", exact=True)
    expect(present).to_have_value("45")
    present.select_text()
    present.press("Backspace")
    signed = touched.get_by_label("Đơn vị từ chối ký")
    signed.scroll_into_view_if_needed()
    tap(signed)
    expect(signed).to_be_checked()
    expect(present).to_have_value("45")
