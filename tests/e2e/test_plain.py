"""A browser without scripts: one signs in by a plain form, reads what waits, and is told what else there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_desk_cases import inspected, state, write
from tests.support.case_world import fresh
from tests.support.form import NAME, PASSWORDS
from tests.support.instance import Instance


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    yield context.new_page()
    context.close()


def enter(page: Page, account: str, password: str) -> None:
    page.get_by_label("Tài khoản").fill(account)
    page.get_by_label("Mật khẩu", exact=True).fill(password)
    page.get_by_role("button", name="Đăng nhập").click()


def test_a_head_signs_in_and_reads_what_waits(page: Page, instance: Instance) -> None:
    inspected(instance, "A01")
    page.goto(f"{instance.url}/intake/desk/")  # leads to signing in, and back
    expect(page.locator("noscript p")).to_contain_text("sau khi đăng nhập, hồ sơ để giải trình hay quyết định")
    enter(page, "chu.tich", "sai mật khẩu")
    expect(page.get_by_text("Tài khoản hoặc mật khẩu không đúng")).to_be_visible()
    enter(page, " Chu.Tich ", PASSWORDS["chu.tich"])
    page.wait_for_url("**/intake/desk/")
    said = page.locator("noscript p")  # by its place: what looks for words or roles leaves noscript out
    expect(said).to_contain_text("Trình duyệt đang tắt JavaScript")
    said.locator("a", has_text="những việc đang chờ").click()
    expect(page.locator("[data-notices]")).to_contain_text(NAME)
    page.get_by_role("link", name=NAME).first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.go_back()
    said.locator("a", has_text="những việc đang chờ").click()
    expect(page.locator("[data-notices]")).to_contain_text(NAME)  # what one has gone to is still to be found
    page.locator("noscript form button").click()
    page.wait_for_url("**/intake/login?signed-out=")
    page.goto(f"{instance.url}/reports/notices")
    page.wait_for_url("**/intake/login?**")


def test_nobody_is_led_to_what_he_may_not_read(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.url}/intake/login")
    enter(page, "an.kt", PASSWORDS["an.kt"])
    said = page.locator("noscript p")
    expect(said).to_contain_text("cần JavaScript để gửi dữ liệu")  # the form can do nothing without
    page.goto(f"{instance.url}/intake/desk/")
    expect(said).to_contain_text("Trình duyệt đang tắt JavaScript")
    expect(said.locator('a[href^="/reports/notices"]')).to_have_count(0)


def test_nobody_is_led_elsewhere(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.url}/intake/login?next=https://elsewhere.example/")
    enter(page, "chu.tich", PASSWORDS["chu.tich"])
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.startswith(f"{instance.url}/") and "login" not in page.url


@pytest.fixture
def narrow(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN", viewport={"width": 360, "height": 800})
    yield context.new_page()
    context.close()


def find(page: Page, finding: str, action: str) -> None:
    """From the notice of a page without scripts to a case of the list, whose form is open."""
    page.locator("noscript p").locator("a", has_text="hồ sơ").click()
    page.locator(f'a[href^="/intake/cases/{finding}"]').click()
    expect(page.get_by_role("button", name=action)).to_be_visible()


def leave(page: Page) -> None:
    page.locator("noscript form button").click()
    page.wait_for_url("**/intake/login?signed-out=")


def test_a_head_answers_and_a_reviewer_decides(narrow: Page, instance: Instance, tmp_path: Path) -> None:
    _, [finding] = inspected(instance, "A03")
    paper = tmp_path / "giay-moi.pdf"
    paper.write_bytes(b"%PDF-1.7\n%%EOF\n")
    page = narrow
    page.goto(f"{instance.url}/intake/desk/")
    enter(page, "chu.tich", PASSWORDS["chu.tich"])
    find(page, finding, "Gửi giải trình")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Không thống nhất").check()
    page.get_by_role("button", name="Gửi giải trình").click()
    said = page.get_by_role("alert")
    expect(said).to_be_focused()
    expect(page).to_have_title(re.compile("^Chưa gửi được"))
    said.get_by_role("link", name="Nội dung giải trình: hãy nêu lý do").click()
    expect(page.get_by_label("Nội dung giải trình")).to_be_in_viewport()
    expect(page.get_by_label("Không thống nhất")).to_be_checked()  # what was chosen is kept
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Nội dung giải trình").fill("Có giấy mời họp 5/GM-UBND.")
    page.get_by_role("button", name="English").click()  # a switch of language sends nothing, and loses no word
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("Có giấy mời họp 5/GM-UBND.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Tiếng Việt").click()
    page.get_by_label("Tệp kèm theo").set_input_files(paper)
    page.get_by_role("button", name="Gửi giải trình").click()
    expect(page.get_by_role("status").filter(has_text="Đã nhận: Giải trình")).to_be_focused()
    expect(page.get_by_role("link", name="Tệp 1 (PDF)")).to_be_visible()
    assert state(instance, finding) == "replied"
    page.goto(f"{instance.url}/intake/desk/")
    leave(page)
    page.goto(f"{instance.url}/intake/desk/")
    enter(page, "tham.dinh", PASSWORDS["tham.dinh"])
    find(page, finding, "Ra quyết định")
    expect(page.get_by_text("Có giấy mời họp 5/GM-UBND.")).to_be_visible()
    page.get_by_label("Có lý do chính đáng").check()
    page.get_by_label("Lý do", exact=True).fill("Giấy mời hợp lệ.")
    page.get_by_role("button", name="Ra quyết định").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Đã nhận: Quyết định")).to_be_focused()
    expect(page.locator("[data-state=decided]")).to_contain_text("Có lý do chính đáng")


def test_a_case_in_english_and_a_late_answer(narrow: Page, instance: Instance) -> None:
    _, [finding] = inspected(instance, "B01")
    page = narrow
    page.goto(f"{instance.url}/intake/cases/{finding}?lang=en")
    enter(page, "chu.tich", PASSWORDS["chu.tich"])
    page.wait_for_url(f"**/intake/cases/{finding}**")
    page.goto(f"{instance.url}/intake/cases/{finding}?lang=en")
    page.get_by_label("Disagree, ask for a review").check()
    page.get_by_label("Reply", exact=True).fill("We were at a meeting.")
    write(instance, "lead", f"findings/{finding}/withdrawal/{fresh()}", {"private": {"reason": "Ghi nhầm."}})
    page.get_by_role("button", name="Send the reply").click()
    said = page.get_by_role("alert")
    expect(said).to_contain_text("The finding has been withdrawn.")
    expect(said).to_contain_text("We were at a meeting.")  # what was typed is not lost
    page.get_by_role("button", name="Tiếng Việt").click()
    expect(said).to_contain_text("Chưa gửi gì")
    expect(said).to_contain_text("We were at a meeting.")
    page.goto(page.url.partition("#")[0])  # the form's own address is no page: it leads to the case
    expect(page).to_have_url(re.compile(rf"/intake/cases/{finding}\?lang=vi$"))


def test_words_outlive_a_session(narrow: Page, instance: Instance, tmp_path: Path) -> None:
    _, [finding] = inspected(instance, "B02")
    paper = tmp_path / "giay-moi.pdf"
    paper.write_bytes(b"%PDF-1.7\n%%EOF\n")
    page = narrow
    page.goto(f"{instance.url}/intake/cases/{finding}")
    enter(page, "chu.tich", PASSWORDS["chu.tich"])
    page.get_by_label("Không thống nhất").check()
    page.get_by_label("Nội dung giải trình").fill("Có giấy mời họp " + "rất" * 200)
    page.get_by_label("Tệp kèm theo").set_input_files(paper)
    page.context.clear_cookies()
    page.get_by_role("button", name="Gửi giải trình").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("[data-kept]")).to_contain_text("Có giấy mời họp rấtrất")
    expect(page.locator("[data-lost]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="Đăng nhập để tiếp tục").click()
    enter(page, "chu.tich", PASSWORDS["chu.tich"])
    page.wait_for_url(f"**/intake/cases/{finding}")
    expect(page.get_by_role("button", name="Gửi giải trình")).to_be_visible()


def test_with_scripts_another_view_keeps_the_files_of_a_refused_form(browser: Browser, instance: Instance) -> None:
    _, [finding] = inspected(instance, "B03")
    context = browser.new_context(locale="vi-VN")
    page = context.new_page()
    page.goto(f"{instance.url}/intake/login")
    enter(page, "chu.tich", PASSWORDS["chu.tich"])
    page.wait_for_url("**/intake/desk/")
    page.goto(f"{instance.url}/intake/cases/{finding}")
    page.get_by_label("Không thống nhất").check()
    page.get_by_role("button", name="Gửi giải trình").click()
    expect(page.get_by_role("alert")).to_be_focused()
    paper = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    page.get_by_label("Tệp kèm theo").set_input_files(paper)
    outdoor = page.get_by_role("button", name="Chế độ ngoài trời")
    outdoor.click()
    expect(outdoor).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("alert")).to_contain_text("hãy nêu lý do")
    assert page.get_by_label("Tệp kèm theo").evaluate("each => each.files.length") == 1
    context.close()
