"""The case desk says in words what of a phone's chain never came: to lead, reviewer, and the phone's own user."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support.axe import violations
from tests.support.browser import DESK, PHONE, Person
from tests.support.case_world import closing, fresh, now, opening, registration
from tests.support.installation import installed
from tests.support.instance import Instance
from tests.support.people import UNIT
from tests.support.phone import Phone
from tests.support.postgres import Cluster

PEOPLE = {"an.kt": "inspector", "truong.doan": "lead", "tham.dinh": "reviewer", "quan.tri": "admin"}


@pytest.fixture(scope="module")
def instance(cluster: Cluster) -> Iterator[Instance]:
    with installed(cluster) as instance:
        yield instance


@pytest.fixture(scope="module")
def passwords(instance: Instance) -> dict[str, str]:
    return {account: instance.member(account, role) for account, role in PEOPLE.items()}


@pytest.fixture(scope="module")
def phone(instance: Instance, passwords: dict[str, str]) -> Phone:
    """A phone whose third item was deleted before it was sent, with two more still unsent."""
    phone, inspection = Phone(), fresh()
    admin, own = instance.client(instance.token("admin")), instance.client(token(instance))
    send(admin, f"unit-changes/{fresh()}", registration(UNIT, None))
    send(own, f"devices/{phone.id}", {"key": phone.public})
    for path, body, sent in (
        (f"inspections/{inspection}", opening() | {"team": []}, True),
        (f"findings/{fresh()}", finding(inspection, "A01"), True),
        (f"findings/{fresh()}", finding(inspection, "A03"), False),
        (f"inspections/{inspection}/closing/{fresh()}", closing(), True),
    ):
        signed = phone.sign(path, body, waiting=2)
        if sent:
            send(own, path, signed)
    return phone


def token(instance: Instance) -> str:
    return instance.token("inspector", account="an.kt")


def send(client: Any, path: str, body: dict[str, Any]) -> None:
    answer = client.put(f"/intake/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text


def finding(inspection: str, code: str) -> dict[str, Any]:
    return {"inspection": inspection, "code": code, "count": 1, "captured_at": now(-1)}


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance, passwords: dict[str, str]) -> Any:
    def enter(account: str, tab: str, viewport: dict[str, int] = DESK, language: str = "vi") -> Any:
        people.append(person := Person(browser, instance.url, viewport))
        person.come_in(account, passwords[account], f"/intake/desk/?lang={language}#/{tab}")
        return person

    return enter


def picture(person: Person, name: str) -> None:
    """Kept for whoever wants to look: KYCUONG_PICTURES names a folder."""
    if folder := os.environ.get("KYCUONG_PICTURES"):
        person.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("account", list(PEOPLE))
def test_a_deleted_item_is_said_in_words(enter: Any, phone: Phone, account: str) -> None:
    person = enter(account, "phones", PHONE)
    row = person.page.locator(f'[data-device="{phone.id}"]:visible')
    expect(row).to_contain_text(f"Máy …{phone.id[-4:]} của an.kt")
    expect(row).to_contain_text("Thiếu mục số 3 (đã xóa hoặc chưa gửi).")
    expect(row).to_contain_text("còn 2 mục chưa gửi")
    picture(person, f"phones-{account}")
    assert person.overflow() == 0
    found = violations(person.page)
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_it_is_said_at_the_inspection_too(enter: Any, phone: Phone) -> None:
    person = enter("truong.doan", "mine")
    person.page.get_by_label("Cả các cuộc khác trong phạm vi của tôi").check()
    person.page.get_by_text("Ghi nhận và kết quả").click()
    notice = person.page.locator(f'[data-device="{phone.id}"]')
    expect(notice).to_contain_text("của an.kt: thiếu mục số 3 (đã xóa hoặc chưa gửi); còn 2 mục chưa gửi.")
    picture(person, "phones-inspection")


def test_a_slow_list_takes_nobody_s_place(enter: Any, phone: Phone) -> None:
    person = enter("truong.doan", "phones")
    expect(person.page.locator(f'[data-device="{phone.id}"]:visible')).to_be_visible()  # the desk has started
    slow: list[Route] = []
    person.page.route("**/inspections?*mine=true*", lambda route: slow.append(route))
    with person.page.expect_request("**/inspections?*mine=true*"):
        person.page.get_by_role("link", name="Kết quả kiểm tra").click()
    person.page.get_by_label("Cả các cuộc khác trong phạm vi của tôi").check()
    card = person.page.locator("[data-inspection]")
    expect(card).to_be_visible()
    with person.page.expect_event("requestfinished"):
        slow[0].continue_()
    person.page.evaluate("() => new Promise((shown) => setTimeout(shown, 200))")
    expect(card).to_be_visible()


def test_what_was_saved_is_said_to_be_though_the_list_cannot_be_read_again(enter: Any, phone: Phone) -> None:
    person = enter("tham.dinh", "waiting")
    person.page.get_by_role("button", name="Chưa cần quyết định").click()
    person.page.locator('[data-row][data-code="A01"]').click()
    case = person.page.locator('[data-finding][data-code="A01"]')
    case.get_by_label("Không có căn cứ").check()
    case.get_by_label("Lý do", exact=True).first.fill("Đã có giấy phép.")  # the decision's, before more time's
    person.page.route("**/intake/v1/desk?list=*", lambda route: route.abort())
    case.get_by_role("button", name="Ra quyết định").click()
    person.page.get_by_role("button", name="Gửi ngay").click()
    expect(person.page.locator("#flash")).to_contain_text("Đã lưu, nhưng chưa đọc lại được danh sách")
    expect(person.page.get_by_text("Chưa lưu được")).to_have_count(0)
    person.page.unroute("**/intake/v1/desk?list=*")
    person.page.locator("#flash").get_by_role("link", name="Tải lại trang").click()
    expect(person.page.locator('[data-row][data-code="A01"]')).to_have_count(0)


def test_in_english_no_word_is_left_in_vietnamese(enter: Any, phone: Phone) -> None:
    person = enter("tham.dinh", "phones", language="en")
    row = person.page.locator(f'[data-device="{phone.id}"]')
    expect(row).to_contain_text("Number 3 missing (deleted, or not sent yet).")
    words = person.page.locator("#view-phones").inner_text()
    assert not set(words) & set("ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")
