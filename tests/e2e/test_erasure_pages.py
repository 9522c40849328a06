"""A reviewer asks on the case, an auditor approves: the words are gone from every page, and the card is the same."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.case_world import asking, closing, fresh, now, opening, registration
from tests.support.installation import installed
from tests.support.instance import Instance
from tests.support.postgres import Cluster
from tests.support.restore import PROGRAMS

UNIT = "xa-tan-hoa"
WORDS, PERSON = "Bàn trống từ 7 giờ 30", "Nguyễn Văn Ví Dụ"
PEOPLE = {"tham.dinh": "reviewer", "kiem.toan": "auditor", "ca.hai": "reviewer"}


@pytest.fixture(scope="module")
def instance(cluster: Cluster) -> Iterator[Instance]:
    with installed(cluster) as instance:
        yield instance


@pytest.fixture(scope="module")
def passwords(instance: Instance) -> dict[str, str]:
    put(instance, "admin", f"unit-changes/{fresh()}", registration(UNIT, None))
    made = {account: instance.member(account, role) for account, role in PEOPLE.items()}
    instance.appoint("ca.hai", "auditor")
    return made


def put(instance: Instance, role: str, path: str, body: dict[str, Any]) -> None:
    answer = instance.client(instance.token(role)).put(f"/intake/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text


@pytest.fixture
def finding(instance: Instance, passwords: dict[str, str]) -> str:
    """A decided finding with private parts of the team, the unit and the reviewer."""
    inspection, finding = fresh(), fresh()
    put(instance, "lead", f"inspections/{inspection}", opening() | {"team": []})
    body = {"inspection": inspection, "code": "A03", "count": 1, "captured_at": now(-1)}
    put(instance, "lead", f"findings/{finding}", body | {"private": {"narrative": WORDS, "persons": [PERSON]}})
    put(instance, "lead", f"inspections/{inspection}/closing/{fresh()}", closing())
    decision = {"outcome": "not_proven", "private": {"reason": "Chưa rõ."}}
    put(instance, "reviewer", f"findings/{finding}/decision/{fresh()}", decision)
    return finding


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance, passwords: dict[str, str]) -> Any:
    def enter(account: str, viewport: dict[str, int] = DESK, language: str = "vi") -> Page:
        people.append(person := Person(browser, instance.url, viewport))
        person.come_in(account, passwords[account], f"/intake/desk/?lang={language}")
        return person.page

    return enter


def picture(page: Page, name: str) -> None:
    """Kept for whoever wants to look: KYCUONG_PICTURES names a folder."""
    if folder := os.environ.get("KYCUONG_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def ask(page: Page, finding: str, label: str, reason: str) -> None:
    page.goto(page.url.split("?")[0] + "#/history")
    page.locator(f'[data-row="{finding}"]').click()
    case = page.locator(f'[data-finding="{finding}"]')
    case.get_by_text("Yêu cầu xóa nội dung không công khai").click()
    case.get_by_label(label, exact=True).check()
    picture(page, "ask")
    case.get_by_role("button", name="Gửi yêu cầu xóa").click()
    expect(case.locator(".error-summary")).to_contain_text("Hãy ghi lý do xóa")
    case.get_by_label("Lý do xóa").fill(reason)
    case.get_by_role("button", name="Gửi yêu cầu xóa").click()
    expect(page.locator("#flash")).to_contain_text("nội dung chưa bị xóa")


def test_two_people_erase_what_was_written(enter: Any, instance: Instance, finding: str) -> None:
    reviewer = enter("tham.dinh")
    ask(reviewer, finding, "Ghi nhận: mô tả, người liên quan", "Ghi nhầm người.")
    auditor = enter("kiem.toan")
    auditor.get_by_role("link", name="Yêu cầu xóa", exact=True).click()
    row = auditor.locator("[data-erasure]")
    expect(row).to_contain_text("Ghi nhận: mô tả, người liên quan")
    expect(row).to_contain_text("Ghi nhầm người.")
    picture(auditor, "waiting")
    row.get_by_role("button", name="Duyệt và xóa").click()
    picture(auditor, "sure")
    auditor.get_by_role("dialog").get_by_role("button", name="Chưa xóa").click()
    expect(row.get_by_role("button", name="Duyệt và xóa")).to_be_visible()
    row.get_by_role("button", name="Duyệt và xóa").click()
    auditor.get_by_role("dialog").get_by_role("button", name="Xóa", exact=True).click()
    expect(auditor.locator("#flash")).to_contain_text("Đã xóa nội dung không công khai")
    expect(auditor.locator("#erasures-list")).to_contain_text("Không có yêu cầu xóa nào chờ duyệt")
    auditor.get_by_label("Cả yêu cầu đã xử lý").check()
    expect(auditor.locator("[data-erasure]").first).to_contain_text("Đã xóa")
    reviewer.reload()
    case = reviewer.locator(f'[data-finding="{finding}"]')
    expect(case.locator(".erased")).to_have_count(2)
    expect(case).to_contain_text("Đã xóa theo yêu cầu ngày")
    expect(case).not_to_contain_text(WORDS)
    expect(case).not_to_contain_text(PERSON)
    expect(case).to_contain_text("Chưa rõ.")
    case.get_by_text("Yêu cầu xóa nội dung không công khai").click()
    expect(case.get_by_role("radio")).to_have_count(1)  # the decision's reason is all that is left to ask for
    picture(reviewer, "erased")


def test_an_auditor_refuses_with_a_reason_on_a_phone_and_in_english(
    enter: Any, instance: Instance, finding: str
) -> None:
    put(instance, "reviewer", f"erasures/{fresh()}", asking(finding))
    auditor = enter("kiem.toan", PHONE, "en")
    auditor.get_by_role("link", name="Erasures", exact=True).click()
    row = auditor.locator("[data-erasure]").first
    expect(row).to_contain_text("Finding: description")
    row.locator("summary", has_text="Refuse").click()
    picture(auditor, "phone")
    assert overflow(auditor) <= 0
    row.get_by_role("button", name="Refuse the request").click()
    expect(row.locator(".error-summary")).to_contain_text("Give the reason for the refusal")
    row.get_by_label("Reason for the refusal").fill("Còn là chứng cứ.")
    row.get_by_role("button", name="Refuse the request").click()
    expect(auditor.locator("#flash")).to_contain_text("the words stay as they are")
    auditor.get_by_label("Also requests already settled").check()
    expect(auditor.locator("[data-erasure]").first).to_contain_text("Còn là chứng cứ.")


def test_who_asked_is_offered_no_button(enter: Any, instance: Instance, finding: str) -> None:
    both = enter("ca.hai")
    ask(both, finding, "Ghi nhận: người liên quan", "Ghi nhầm người.")
    both.get_by_role("link", name="Yêu cầu xóa", exact=True).click()
    row = both.locator("[data-erasure]").first
    expect(row).to_contain_text("ca.hai yêu cầu lúc")
    expect(row).to_contain_text("cần một người giám sát nhật ký khác duyệt")
    expect(row.get_by_role("button")).to_have_count(0)
    erasure = row.get_attribute("data-erasure")  # in any order the other tests find nothing waiting
    put(instance, "auditor", f"erasures/{erasure}/refusal/{fresh()}", {"private": {"reason": "Còn là chứng cứ."}})


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "Đã mất khi máy chủ khôi phục dữ liệu"), ("en", "Lost when the server was restored")],
)
def test_what_a_restore_lost_is_said_in_words(
    enter: Any, instance: Instance, finding: str, language: str, words: str
) -> None:
    """As a rebuild from the log leaves the parts: without key and bytes, and with the day on which that was noticed."""
    lose(instance, finding)
    for width in (320, 360, 1366):
        page = enter("tham.dinh", {"width": width, "height": 700}, language)
        page.goto(page.url + "#/history")
        page.locator(f'[data-row="{finding}"]').click()
        case = page.locator(f'[data-finding="{finding}"]')
        expect(case.locator(".erased")).to_have_count(2)
        expect(case.locator(".erased").first).to_contain_text(words)
        expect(case).not_to_contain_text(WORDS)
        assert overflow(page) <= 0
        picture(page, f"lost-{language}-{width}")


def lose(instance: Instance, event: str) -> None:
    url = (instance.data / "secrets" / "database_url").read_text().strip()
    script = f"""
        CREATE TEMP TABLE gone AS SELECT event_id, grp FROM intake.vault_part WHERE event_id = '{event}';
        DELETE FROM intake.vault_part WHERE event_id = '{event}';
        INSERT INTO intake.vault_part (event_id, grp, lost_at) SELECT event_id, grp, now() FROM gone;
    """
    subprocess.run([PROGRAMS / "psql", url, "-qv", "ON_ERROR_STOP=1"], check=True, text=True, input=script)
