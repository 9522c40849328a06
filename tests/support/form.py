"""The phone form as an inspector uses it, and the people of a small installation, for the suites that drive pages."""

import time
from collections.abc import Callable
from contextlib import suppress

import uuid_utils
from playwright.sync_api import Error, Locator, Page, expect

from tests.support.browser import PATIENCE
from tests.support.instance import Instance

UNIT, NAME = "xa-tan-hoa", "UBND xã Tân Hòa"
PASSWORDS: dict[str, str] = {}
PEOPLE = (
    ("an.kt", "inspector", None),
    ("binh.td", "lead", None),
    ("chu.tich", "unit_head", UNIT),
    ("tham.dinh", "reviewer", None),
)
FAR = 2 * PATIENCE  # ms: what waits for the log, or for the next round of the queue


def settle(instance: Instance) -> None:
    """Two units, and people with passwords."""
    admin = instance.client(instance.token("admin"))
    for unit, name, staff in ((UNIT, NAME, 45), ("phuong-binh-minh", "UBND phường Bình Minh", 52)):
        answer = admin.put(f"/intake/v1/unit-changes/{uuid_utils.uuid7()}", json={
            "change": "register", "unit": unit, "name": name, "group": unit.split("-")[0], "parent": None,
            "staff": staff, "valid_from": "2025-07-01",
        })  # fmt: skip
        assert answer.status_code == 201, answer.text
    for account, role, post in PEOPLE:
        PASSWORDS[account] = instance.member(account, role, post)


def open_inspection(page: Page, typed: str, name: str, basis: str) -> None:
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    start_inspection(page, typed, name, basis)


def start_inspection(page: Page, typed: str, name: str, basis: str) -> None:
    """The form of a new inspection, but for the team."""
    page.locator("#unit-search").fill(typed)
    page.get_by_label(name, exact=True).check()
    page.get_by_label("Ngẫu nhiên").check()
    page.get_by_label("Quyết định kiểm tra số").fill(basis)
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.locator("#code-groups > details").first).to_be_visible()


def count(page: Page, code: str, times: int) -> None:
    row = page.locator(f'[data-code="{code}"]')
    page.locator(f'details:has([data-code="{code}"])').evaluate("group => { group.open = true; }")
    for _ in range(times):
        row.get_by_role("button", name="Thêm một").click()
    expect(row.locator("input[type=number]")).to_have_value(str(times))


def excuse(page: Page, reason: str, count: str) -> None:
    """Say that some are absent for a reason that is not shown yet."""
    folded = page.locator("#close-reasons")
    folded.evaluate("reasons => { reasons.open = true; }")
    folded.get_by_role("button", name=reason).click()
    if count != "1":
        page.locator("#close-form").get_by_label(reason, exact=True).fill(count)


def reopen(page: Page) -> None:
    """Load the form anew once what was typed is on the disk: its last milliseconds may be lost with a page."""
    expect(page.locator("#saved[aria-busy=true]")).to_have_count(0)
    page.reload()


def filed(page: Page, text: str) -> Locator:
    return page.locator("#count-filed li", has_text=text)


def until(true: Callable[[], bool]) -> None:
    """Ask again until it holds: the page's policy forbids the browser's own way of waiting for an expression."""
    deadline = time.monotonic() + FAR / 1000
    while time.monotonic() < deadline:
        with suppress(Error):  # the page is just being loaded anew
            if true():
                return
        time.sleep(0.05)
    raise AssertionError("it never came true")


def installed(page: Page) -> None:
    """Wait until the phone can do without a network."""
    expect(page.locator("#ready")).to_contain_text("không có mạng", timeout=FAR)
    until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))


def record(page: Page, code: str, times: int = 1) -> None:
    count(page, code, times)
    file_now(page)


def file_now(page: Page) -> None:
    """Record what is counted and give up the seconds in which it could be undone."""
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    page.get_by_role("button", name="Gửi ngay", exact=True).click()
    expect(page.locator("#undo-bar")).to_be_hidden()  # the queue holds it
    expect(page.locator("#count-bar")).to_be_hidden()


def record_clean(page: Page) -> None:
    """Say, and say again when asked, that nothing was found."""
    page.get_by_role("button", name="Không vi phạm").click()
    page.get_by_role("button", name="Đúng, ghi nhận").click()
    page.get_by_role("button", name="Gửi ngay", exact=True).click()
    expect(page.locator("#undo-bar")).to_be_hidden()


def stored(instance: Instance, inspection: str) -> list[tuple[str, int]]:
    """The findings of an inspection, as the server holds them."""
    lead = instance.client(instance.token("lead"))
    items = lead.get(f"/intake/v1/findings?inspection={inspection}&limit=200").json()["items"]
    return sorted((each["code"], each["count"]) for each in items)


def fill_in_and_close(page: Page) -> None:
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    form = page.locator("#close-form")
    for label, value in (("Biên chế được giao", "45"), ("Có mặt", "45"), ("Số người", "45")):
        form.get_by_label(label, exact=True).fill(value)
    form.get_by_label("Đơn vị đã đọc lại và cùng ký", exact=True).check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("Chờ gửi")


def draw_signature(page: Page, who: str) -> Locator:
    """Draw two strokes into a box, as a finger does."""
    pad = page.get_by_role("img", name=who)
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    for line in (((0.1, 0.7), (0.3, 0.2), (0.5, 0.8), (0.8, 0.3)), ((0.1, 0.85), (0.9, 0.85))):
        x, y = line[0]
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        for x, y in line[1:]:
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=12)
        page.mouse.up()
    return pad
