"""On the desk an answer is lost and the words are bettered: what stands is shown, and nothing is doubled unasked."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.case_world import closing, fresh, now, opening
from tests.support.form import NAME, PASSWORDS, UNIT
from tests.support.instance import Instance

FIRST, BETTERED = "Lời gửi lần đầu", "Lời đã sửa cho hay hơn"


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance) -> Any:
    def enter(account: str, tab: str, viewport: dict[str, int] = DESK) -> Page:
        people.append(person := Person(browser, instance.url, viewport))
        person.come_in(account, PASSWORDS[account], f"/intake/desk/#/{tab}")
        return person.page

    return enter


@pytest.fixture
def finding(instance: Instance) -> str:
    """A finding of a closed inspection that waits for the unit's reply."""
    inspection, finding = fresh(), fresh()
    lead = instance.client(instance.token("lead"))
    for path, body in (
        (f"inspections/{inspection}", opening() | {"team": []}),
        (f"findings/{finding}", {"inspection": inspection, "code": "A03", "count": 1, "captured_at": now(-1)}),
        (f"inspections/{inspection}/closing/{fresh()}", closing()),
    ):
        answer = lead.put(f"/intake/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
    return finding


def lose_the_first_answer(page: Page, part: str) -> list[str]:
    """The server takes the first write to `part`, and the page never hears so; the ids that were sent."""
    ids: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "PUT":
            ids.append(route.request.url.rsplit("/", 1)[1])
        if len(ids) == 1:
            assert route.fetch().status == 201
            route.abort()
        else:
            route.continue_()

    page.route(f"**/intake/v1/{part}/**", lose)
    return ids


def send(form: Locator, text: str) -> None:
    form.locator("textarea").fill(text)
    form.locator("button:not([type])").click()


def send_now(form: Locator, text: str) -> None:
    """The same for what could be taken back for ten seconds."""
    send(form, text)
    form.page.locator("#leaving").get_by_role("button", name="Gửi ngay").click()


def opened(page: Page, finding: str) -> Locator:
    row = page.locator(f'[data-row="{finding}"], [data-finding="{finding}"] > summary').first
    row.click()
    return page.locator(f'[data-finding="{finding}"]')


def standing(form: Locator) -> Locator:
    panel = form.locator("[data-standing]")
    expect(panel).to_be_focused()
    expect(panel).to_contain_text(FIRST)
    expect(panel).not_to_contain_text(BETTERED)
    return panel


def commend(page: Page) -> Locator:
    form = page.locator("#commend-form")
    page.locator("#commend-unit-search").fill("tan hoa")
    form.get_by_label(NAME, exact=True).check()
    form.get_by_label("K01").check()
    return form


@pytest.mark.parametrize("reload", [False, True])
def test_a_bettered_commendation_is_no_second_one_unless_asked(enter: Any, instance: Instance, reload: bool) -> None:
    page = enter("tham.dinh", "commend", PHONE)
    ids = lose_the_first_answer(page, "commendations")
    form = commend(page)
    send(form, FIRST)
    expect(form.locator(".error-summary")).to_contain_text("Không kết nối được máy chủ")
    if reload:
        form.locator("textarea").fill(BETTERED)  # else the page that opens again asks for the answer by itself
        page.reload()
        expect(page.locator("#commend-unit-picked")).to_contain_text(NAME)
    send(form, BETTERED)
    panel = standing(form)
    expect(panel).to_contain_text("Biểu dương")
    assert len(set(ids)) == 1 and overflow(page) <= 0
    expect(form.locator("textarea")).to_have_value(BETTERED)  # not lost either
    panel.get_by_role("button", name="Giữ nội dung đã nhận").click()
    expect(page.locator("#flash")).to_contain_text("Đã giữ")
    expect(form.locator("textarea")).to_have_value("")
    assert len(set(ids)) == 1
    form = commend(page)
    send(form, "Một việc khác")
    expect(page.locator("#flash")).to_contain_text("Đã ghi biểu dương")
    assert len(set(ids)) == 2  # after an answer a new form is a new write


def test_a_further_commendation_is_one_that_was_asked_for(enter: Any) -> None:
    page = enter("tham.dinh", "commend")
    ids = lose_the_first_answer(page, "commendations")
    form = commend(page)
    send(form, FIRST)
    expect(form.locator(".error-summary")).to_contain_text("Không kết nối được máy chủ")
    send(form, BETTERED)
    standing(form).get_by_role("button", name="Ghi thêm một biểu dương khác").click()
    page.get_by_role("dialog").get_by_role("button", name="Chưa").click()
    assert len(set(ids)) == 1
    standing_panel = form.locator("[data-standing]")
    standing_panel.get_by_role("button", name="Ghi thêm một biểu dương khác").click()
    page.get_by_role("dialog").get_by_role("button", name="Ghi thêm một biểu dương khác").click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi biểu dương")
    assert len(set(ids)) == 2


@pytest.mark.parametrize("taken", [True, False])
def test_a_commendation_whose_page_was_closed_without_an_answer_is_told_later_and_stands_once(
    enter: Any, taken: bool
) -> None:
    page = enter("tham.dinh", "commend")
    ids: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "PUT":
            ids.append(route.request.url.rsplit("/", 1)[1])
        if len(ids) == 1 and taken:
            assert route.fetch().status == 201
        if len(ids) == 1:
            route.abort()
        else:
            route.continue_()

    page.context.route("**/intake/v1/commendations/**", lose)
    form = commend(page)
    send(form, FIRST)
    expect(form.locator(".error-summary")).to_contain_text("Không kết nối được máy chủ")
    context, address = page.context, page.url
    context.new_page()  # the browser stays
    page.close()
    again = context.new_page()
    again.goto(address)
    expect(again.locator("#flash")).to_contain_text(f"Đã gửi: Biểu dương {NAME}.")
    assert len(ids) == 2 and len(set(ids)) == 1
    again.reload()
    expect(again.locator("#commend-form")).to_be_visible()
    assert len(ids) == 2


@pytest.mark.parametrize("reload", [False, True])
def test_the_unit_that_was_commended_is_named_whatever_is_searched_or_chosen_since(enter: Any, reload: bool) -> None:
    page = enter("tham.dinh", "commend")
    ids = lose_the_first_answer(page, "commendations")
    form = commend(page)
    page.locator("#commend-unit-search").fill("")  # its match is shown no more
    send(form, FIRST)
    expect(form.locator(".error-summary")).to_contain_text("Không kết nối được máy chủ")
    if reload:
        form.locator("textarea").fill(BETTERED)
        page.reload()
    expect(page.locator("#commend-unit-picked")).to_contain_text(NAME)
    page.locator("#commend-unit-search").fill("binh minh")
    form.get_by_label("UBND phường Bình Minh", exact=True).check()
    send(form, BETTERED)
    panel = standing(form)
    expect(panel).to_contain_text(NAME)
    expect(panel.get_by_text(NAME)).to_have_count(1)
    expect(panel).not_to_contain_text("Bình Minh")
    page.locator("#commend-unit-picked").get_by_role("button", name="Đổi").click()  # none is chosen
    panel.get_by_role("button", name="Giữ nội dung đã nhận").click()
    expect(page.locator("#flash")).to_contain_text("Đã giữ")
    expect(form.locator("textarea")).to_have_value("")  # else it were sent again, as another
    expect(page.locator("#commend-title")).to_be_focused()
    assert len(set(ids)) == 1


def test_a_bettered_reply_shows_the_one_that_the_reviewer_reads(enter: Any, instance: Instance, finding: str) -> None:
    page = enter("chu.tich", "answer")
    ids = lose_the_first_answer(page, f"findings/{finding}/reply")
    form = opened(page, finding).locator("form[data-noun=reply]")
    form.get_by_role("radio").last.check()
    send_now(form, FIRST)
    expect(form.locator(".error-summary")).to_contain_text("Không kết nối được máy chủ")
    send_now(form, BETTERED)
    panel = standing(form)
    expect(panel).to_contain_text("chỉ ghi được một lần")
    expect(panel.get_by_role("button")).to_have_count(1)
    panel.get_by_role("button", name="Giữ nội dung đã nhận").click()
    expect(page.locator("#flash")).to_contain_text("Đã giữ")
    assert len(set(ids)) == 1
    reviewer = instance.client(instance.token("reviewer"))
    assert reviewer.get(f"/intake/v1/findings/{finding}").json()["private"]["reply"]["text"] == FIRST


def test_a_bettered_decision_shows_the_one_that_stands(enter: Any, instance: Instance, finding: str) -> None:
    reply = {"accepts": False, "private": {"text": "Không đúng."}}
    head = instance.client(instance.token("unit_head", UNIT))
    assert head.put(f"/intake/v1/findings/{finding}/reply/{fresh()}", json=reply).status_code == 201
    page = enter("tham.dinh", "waiting")
    ids = lose_the_first_answer(page, f"findings/{finding}/decision")
    form = opened(page, finding).locator(f"#decide-{finding}")
    form.locator('[value="excused"]').check()
    send_now(form, FIRST)
    expect(form.locator(".error-summary")).to_contain_text("Không kết nối được máy chủ")
    form.locator('[value="upheld"]').check()
    send_now(form, BETTERED)
    panel = standing(form)
    expect(panel).to_contain_text("Có lý do chính đáng")
    panel.get_by_role("button", name="Giữ nội dung đã nhận").click()
    expect(page.locator("#flash")).to_contain_text("Đã giữ")
    assert len(set(ids)) == 1
    stands = instance.client(instance.token("reviewer")).get(f"/intake/v1/findings/{finding}").json()
    assert (stands["outcome"], stands["private"]["decision"]["reason"]) == ("excused", FIRST)


def test_what_was_done_elsewhere_meanwhile_is_told_with_the_way_to_see_it(
    enter: Any, instance: Instance, finding: str
) -> None:
    page = enter("chu.tich", "answer")
    form = opened(page, finding).locator("form[data-noun=reply]")
    form.get_by_role("radio").first.check()
    head = instance.client(instance.token("unit_head", UNIT))
    assert head.put(f"/intake/v1/findings/{finding}/reply/{fresh()}", json={"accepts": True}).status_code == 201
    send_now(form, BETTERED)
    summary = form.locator(".error-summary")
    expect(summary).to_contain_text("đã được giải trình")
    expect(summary.get_by_role("link", name="Tải lại để xem điều đã ghi")).to_be_visible()
