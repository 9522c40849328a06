"""A whole case on the pages: upheld, appealed, put right, refused, put right, verified; and a blind second review."""

import subprocess
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_desk_cases import case, inspected, state
from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.case_world import fresh
from tests.support.form import PASSWORDS, UNIT
from tests.support.instance import Instance
from tests.support.restore import PROGRAMS


@pytest.fixture(scope="module", autouse=True)
def another(instance: Instance) -> None:
    """A second reviewer."""
    PASSWORDS["tham.dinh.2"] = instance.member("tham.dinh.2", "reviewer", None)


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance) -> Any:
    def enter(account: str, address: str, viewport: dict[str, int] = DESK) -> Page:
        people.append(person := Person(browser, instance.url, viewport))
        person.sign_in(account, PASSWORDS[account])
        person.page.goto(instance.url + address)
        return person.page

    return enter


def form(page: Page, finding: str, noun: str) -> Any:
    """The form of a noun, unfolded."""
    fold = case(page, finding).locator(f"[data-act={noun}] > summary")
    shown = case(page, finding).locator(f"form[data-noun={noun}]")
    shown.or_(fold).first.wait_for()
    if fold.count():
        fold.click()
    return shown


def send(page: Page, shown: Any, said: str) -> None:
    shown.locator("button:not([type])").click()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text(said)


def decide(page: Page, finding: str, outcome: str) -> None:
    shown = form(page, finding, "decision")
    shown.get_by_label(outcome).check()
    shown.get_by_label("Lý do", exact=True).fill("Theo hồ sơ.")
    send(page, shown, "Đã quyết định")


def report(page: Page, finding: str) -> None:
    shown = form(page, finding, "remedy-report")
    shown.get_by_label("Khắc phục xong ngày").fill(date.today().strftime("%d/%m/%Y"))
    shown.get_by_label("Đã làm gì").fill("Đã bố trí người trực thay.")
    send(page, shown, "Đã nhận báo cáo khắc phục")


def verify(page: Page, finding: str, outcome: str) -> None:
    shown = form(page, finding, "remedy-verification")
    shown.get_by_label(outcome).check()
    shown.get_by_label("Lý do", exact=True).fill("Đã xem tài liệu.")
    send(page, shown, "Đã ghi kết quả khắc phục")


def remedy(instance: Instance, finding: str) -> str:
    return str(instance.client(instance.token("lead")).get(f"/intake/v1/findings/{finding}").json()["remedy"])


def test_a_whole_case_by_its_people(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A03")
    head_link, office_link = f"/intake/desk/#/answer/{inspection}", f"/intake/desk/#/waiting/{inspection}"
    head = enter("chu.tich", head_link, PHONE)
    reply = form(head, finding, "reply")
    reply.get_by_label("Không thống nhất").check()
    reply.get_by_label("Nội dung giải trình").fill("Có giấy mời họp.")
    send(head, reply, "Đã nhận giải trình")
    first = enter("tham.dinh", office_link)
    decide(first, finding, "Xác nhận vi phạm")
    assert (state(instance, finding), remedy(instance, finding)) == ("decided", "due")

    head = enter("chu.tich", head_link, PHONE)
    expect(head.locator("#view-answer")).to_be_visible()  # it waits for the unit again: to be put right
    appeal = form(head, finding, "appeal")
    appeal.get_by_label("Nội dung khiếu nại").fill("Giấy mời đề đúng ngày.")
    assert overflow(head) <= 0
    send(head, appeal, "Đã nhận khiếu nại")
    assert state(instance, finding) == "appealed"

    first = enter("tham.dinh", office_link)
    expect(case(first, finding)).to_contain_text("Giấy mời đề đúng ngày.")
    expect(case(first, finding).locator("form[data-noun=decision]")).to_have_count(0)  # another decides
    second = enter("tham.dinh.2", office_link)
    decide(second, finding, "Xác nhận vi phạm")

    head = enter("chu.tich", head_link)
    report(head, finding)
    second = enter("tham.dinh.2", "/intake/desk/")
    second.get_by_role("button", name="Khắc phục").click()
    second.locator(f'[data-row="{finding}"]').click()
    verify(second, finding, "Chưa đạt, yêu cầu làm lại")
    assert remedy(instance, finding) == "due"
    head = enter("chu.tich", head_link)
    expect(case(head, finding)).to_contain_text("Đã xem tài liệu.")
    report(head, finding)
    lead = enter("binh.td", f"/intake/desk/#/mine/{inspection}")  # a lead in scope may verify as well
    case(lead, finding).locator("summary").first.click()
    expect(case(lead, finding)).to_contain_text("Đã bố trí người trực thay.")
    second = enter("tham.dinh.2", office_link)
    verify(second, finding, "Đã khắc phục")
    assert remedy(instance, finding) == "verified"
    story = case(second, finding).locator(".story")
    story.locator("summary").click()
    expect(story.get_by_role("listitem")).to_have_count(9)
    expect(story).to_contain_text("của nhật ký")


def test_a_second_review_is_read_without_the_first_outcome(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A05")
    head = instance.client(instance.token("unit_head", UNIT))
    body = {"accepts": False, "private": {"text": "Có người trực."}}
    assert head.put(f"/intake/v1/findings/{finding}/reply/{fresh()}", json=body).status_code == 201
    reviewer = instance.client(instance.token("reviewer"))
    decision = {"outcome": "upheld", "private": {"reason": "BÍ MẬT CỦA LẦN ĐẦU"}}
    assert reviewer.put(f"/intake/v1/findings/{finding}/decision/{fresh()}", json=decision).status_code == 201
    draw(instance, finding)
    page = enter("tham.dinh.2", "/intake/desk/#/second")
    expect(page.locator("#count-second")).to_have_text("1")
    shown = case(page, finding)
    expect(shown).to_contain_text("Có người trực.")
    expect(page.locator("main")).not_to_contain_text("BÍ MẬT CỦA LẦN ĐẦU")
    expect(page.locator("#view-second")).not_to_contain_text("Xác nhận vi phạm: ")
    own = form(page, finding, "second-review")
    own.get_by_label("Chưa đủ chứng cứ").check()
    own.get_by_label("Lý do", exact=True).fill("Chưa rõ ca trực.")
    assert overflow(page) <= 0
    send(page, own, "Đã ghi thẩm định lần hai")
    expect(page.locator("#second-list")).to_contain_text("Không có hồ sơ nào được rút")
    page.goto(f"{instance.url}/intake/desk/#/history/{inspection}/{finding}")
    expect(case(page, finding)).to_contain_text("BÍ MẬT CỦA LẦN ĐẦU")  # now it may be read


def draw(instance: Instance, finding: str) -> None:
    """As the log would have drawn it."""
    url = (instance.data / "secrets" / "database_url").read_text().strip()
    script = f"""INSERT INTO intake.second_review (finding, decided_at)
                 SELECT finding, at FROM intake.case_step WHERE finding = '{finding}' AND type = 'finding.decided'
                 ON CONFLICT DO NOTHING"""
    subprocess.run([PROGRAMS / "psql", url, "-qv", "ON_ERROR_STOP=1", "-c", script], check=True)
