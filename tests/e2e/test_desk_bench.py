"""The reviewer's two panes, and what a head sends besides a reply: keys, ready reasons, files, more time."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from services.domain.rulefiles import load_calendar
from services.kernel.quarters import local_date
from tests.e2e.test_desk_cases import case, inspected, state
from tests.support.axe import violations
from tests.support.browser import DESK, PHONE, overflow
from tests.support.case_world import fresh
from tests.support.form import UNIT, until
from tests.support.instance import Instance

WORDS = "Có giấy mời họp 5/GM-UBND"


def contested(instance: Instance, *codes: str) -> tuple[str, list[str]]:
    """An inspection whose findings the unit does not accept."""
    inspection, findings = inspected(instance, *codes)
    head = instance.client(instance.token("unit_head", UNIT))
    for finding in findings:
        body = {"accepts": False, "private": {"text": WORDS}}
        answer = head.put(f"/intake/v1/findings/{finding}/reply/{fresh()}", json=body)
        assert answer.status_code == 201, answer.text
    return inspection, findings


def test_keys_lead_from_case_to_case_choose_and_send(enter: Any, instance: Instance) -> None:
    inspection, [first, second, third] = contested(instance, "A03", "B04", "C01")
    page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}")
    expect(case(page, first).locator("h2")).to_be_focused()
    page.keyboard.press("j")
    expect(case(page, second).locator("h2")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(case(page, first).locator("h2")).to_be_focused()
    page.keyboard.press("3")
    expect(case(page, first).get_by_label("Chưa đủ chứng cứ")).to_be_checked()
    reason = case(page, first).get_by_label("Lý do", exact=True)
    reason.press_sequentially("jk3 là chữ, không phải phím")  # what is typed moves nothing
    expect(reason).to_have_value("jk3 là chữ, không phải phím")
    page.keyboard.press("Control+Enter")
    expect(case(page, second).locator("h2")).to_be_focused()
    page.get_by_role("button", name="Gửi ngay").click()
    until(lambda: state(instance, first) == "decided")
    assert [state(instance, finding) for finding in (second, third)] == ["replied", "replied"]
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("hồ sơ sau")
    dialog.get_by_label("Không dùng phím tắt một chữ").check()
    dialog.get_by_role("button", name="Đóng").click()
    case(page, second).locator("h2").focus()
    page.keyboard.press("j")
    expect(case(page, second).locator("h2")).to_be_focused()


def test_a_list_that_comes_late_leaves_the_address_to_the_page_one_has_gone_on_to(
    enter: Any, instance: Instance
) -> None:
    contested(instance, "A03")
    page = enter("tham.dinh", "/intake/desk/#/commend")
    expect(page.locator("#view-commend")).to_be_visible()
    late: list[Route] = []
    page.route("**/intake/v1/desk?list=*", lambda route: late.append(route))
    page.get_by_role("link", name="Chờ xử lý").click()
    until(lambda: page.wait_for_timeout(50) or late)
    page.get_by_role("link", name="Biểu dương").click()
    expect(page.locator("#view-commend")).to_be_visible()
    for route in late:
        route.continue_()
    expect(page.locator("#waiting-list [data-row]").first).to_be_attached()
    page.evaluate("() => new Promise(requestAnimationFrame).then(() => true)")
    assert page.url == f"{instance.url}/intake/desk/#/commend"


def test_one_reason_decides_many_and_ready_words_are_sent_as_they_stand(enter: Any, instance: Instance) -> None:
    inspection, findings = contested(instance, "A03", "B04", "C01")
    page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}")
    shown = case(page, findings[0])
    shown.get_by_label("Xác nhận vi phạm").check()
    shown.get_by_label("Lý do mẫu").select_option(index=1)
    expect(shown.get_by_label("Lý do", exact=True)).to_have_value(
        "Ghi nhận rõ ràng, có chứng cứ; giải trình của đơn vị không làm thay đổi sự việc."
    )
    shown.get_by_label("Cùng quyết định và lý do cho 2 ghi nhận khác").check()
    shown.get_by_role("button", name="Ra quyết định").click()
    assert [state(instance, finding) for finding in findings] == ["replied"] * 3  # all can still be taken back
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text("Đã quyết định A03")
    reviewer = instance.client(instance.token("reviewer"))
    for finding in findings:
        decided = reviewer.get(f"/intake/v1/findings/{finding}").json()
        assert (decided["outcome"], decided["private"]["decision"]["reason"][:16]) == ("upheld", "Ghi nhận rõ ràng")


def test_a_link_to_one_case_opens_it_on_desk_and_phone(enter: Any, instance: Instance) -> None:
    inspection, [_, second] = contested(instance, "A03", "B04")
    for viewport in (DESK, PHONE):
        page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}/{second}", viewport)
        expect(case(page, second)).to_contain_text(WORDS)
        listed = page.locator(f'[data-row="{second}"]')
        if viewport is DESK:
            expect(listed).to_have_attribute("aria-current", "true")
        else:
            expect(listed).to_be_hidden()
            page.get_by_role("link", name="← Danh sách").click()
            expect(page.locator("#waiting-list")).to_be_visible()
        assert overflow(page) <= 0


def test_the_list_is_searched_on_the_server_and_says_its_kind(enter: Any, instance: Instance) -> None:
    inspection, _ = contested(instance, "D05")
    contested(instance, "A03")
    page = enter("tham.dinh", "/intake/desk/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/v1/desk?" in request.url else None)
    page.get_by_label("Lọc theo đơn vị hoặc vi phạm").first.fill("tân hòa d05")
    expect(page.locator("#waiting-list > li")).to_have_count(1)
    expect(page.locator(f'#waiting-list [data-inspection="{inspection}"]')).to_be_visible()
    assert asked[-1].endswith("q=tan%20hoa%20d05")
    page.get_by_role("button", name="Khắc phục").click()
    expect(page.locator("#waiting-list")).to_contain_text("Không có hồ sơ nào chờ xử lý.")


def test_a_head_asks_for_more_time(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A03")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}", PHONE)
    shown = case(page, finding)
    shown.locator("[data-act=extension-request] > summary").click()
    form = shown.locator("form[data-noun=extension-request]")
    expect(form).to_contain_text("Đề nghị không làm dừng thời hạn")
    form.get_by_label("Đến hết ngày").fill("31/02/2027")
    form.get_by_role("button", name="Gửi đề nghị gia hạn").click()
    expect(form.locator(".error-summary")).to_contain_text("Không có ngày này")
    until_day = load_calendar().add_working_days(local_date(datetime.now(UTC)), 10)
    form.get_by_label("Đến hết ngày").fill(until_day.strftime("%d/%m/%Y"))
    form.get_by_label("Lý do", exact=True).fill("Chờ văn bản của huyện")
    assert overflow(page) <= 0
    form.get_by_role("button", name="Gửi đề nghị gia hạn").click()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text("Đã gửi đề nghị gia hạn")
    expect(shown.locator(".story")).to_contain_text("Diễn biến: 2 bước")
    page = enter("tham.dinh", "/intake/desk/")
    page.get_by_role("button", name="Xin gia hạn").click()
    page.locator(f'[data-row="{finding}"]').click()
    expect(case(page, finding)).to_contain_text("Chờ văn bản của huyện")


@pytest.mark.parametrize("width", [320, 360, 768, 1366])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_waits_fits_and_is_for_everybody(enter: Any, instance: Instance, width: int, language: str) -> None:
    contested(instance, "A03", "B04")
    inspected(instance, "A05")
    for account in ("chu.tich", "tham.dinh"):
        page = enter(account, f"/intake/desk/?lang={language}", {"width": width, "height": 800})
        if width == 768:
            page.emulate_media(color_scheme="dark")
        first = page.locator("#answer-list .case > summary, #waiting-list [data-row]").first
        first.click()
        expect(page.locator("form.case-form").first).to_be_visible()
        assert overflow(page) <= 0
        found = violations(page)
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []


def test_a_finding_is_withdrawn_by_the_lead_in_the_same_words(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A01")
    page = enter("binh.td", f"/intake/desk/#/mine/{inspection}")
    shown = case(page, finding)
    shown.locator("summary").first.click()
    shown.locator("[data-act=withdrawal] > summary").click()
    shown.get_by_label("Rút lại: lý do").fill("Ghi nhầm")
    shown.get_by_role("button", name="Rút lại ghi nhận").click()
    expect(page.locator("#flash")).to_contain_text("Đã rút lại ghi nhận A01")
    write_again = {"private": {"reason": "Ghi nhầm"}}
    answer = instance.client(instance.token("lead")).put(
        f"/intake/v1/findings/{finding}/withdrawal/{fresh()}", json=write_again
    )
    assert answer.status_code == 409
