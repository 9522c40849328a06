"""The desk as heads and reviewers use it: what leaves can be taken back, nothing is lost, one goes on to the next."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.case_world import closing, fresh, now, opening, registration
from tests.support.form import FAR, PASSWORDS, UNIT, until
from tests.support.instance import Instance
from tests.support.web_proxy import WebProxy

BELOW = "tram-y-te-tan-hoa"
WORDS = "Có giấy mời họp 5/GM-UBND"
LEFT = "#leaving [data-leaving]"


@pytest.fixture(scope="module", autouse=True)
def station(instance: Instance) -> None:
    """A unit below the commune, with a head of its own."""
    write(
        instance,
        "admin",
        f"unit-changes/{fresh()}",
        registration(BELOW, UNIT) | {"name": "Trạm Y tế Tân Hòa", "group": "dvsn"},
    )
    PASSWORDS["tram.truong"] = instance.member("tram.truong", "unit_head", BELOW)


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance) -> Any:
    def enter(account: str, address: str, viewport: dict[str, int] = DESK, url: str = instance.url) -> Page:
        people.append(person := Person(browser, url, viewport))
        person.come_in(account, PASSWORDS[account], address)
        return person.page

    return enter


def write(instance: Instance, role: str, path: str, body: dict[str, Any]) -> None:
    answer = instance.client(instance.token(role)).put(f"/intake/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text


def inspected(instance: Instance, *codes: str, unit: str = UNIT, closed: bool = True) -> tuple[str, list[str]]:
    """An inspection with a finding of each code."""
    inspection, findings = fresh(), [fresh() for _ in codes]
    write(instance, "lead", f"inspections/{inspection}", opening() | {"unit": unit, "team": []})
    for finding, code in zip(findings, codes, strict=True):
        body = {"inspection": inspection, "code": code, "count": 1, "captured_at": now(-1)}
        write(instance, "lead", f"findings/{finding}", body)
    if closed:
        write(instance, "lead", f"inspections/{inspection}/closing/{fresh()}", closing())
    return inspection, findings


def state(instance: Instance, finding: str) -> str:
    lead = instance.client(instance.token("lead"))
    return str(lead.get(f"/intake/v1/findings/{finding}").json()["state"])


def case(page: Page, finding: str) -> Any:
    return page.locator(f'section:visible [data-finding="{finding}"]')


def reply(page: Page, finding: str, words: str = WORDS) -> None:
    """Fill in and send the reply to a case that is open or opened now."""
    shown = case(page, finding)
    shown.evaluate("node => { node.open = true; }")  # a click would close what the link has just opened
    shown.get_by_label("Không thống nhất").check()
    shown.get_by_label("Nội dung giải trình").fill(words)
    shown.get_by_role("button", name="Gửi giải trình").click()


def test_a_reply_can_be_taken_back_and_then_never_leaves(enter: Any, instance: Instance) -> None:
    inspection, [finding, _] = inspected(instance, "A01", "A03")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}")
    puts: list[str] = []
    page.on("request", lambda request: puts.append(request.url) if request.method == "PUT" else None)
    reply(page, finding)
    expect(page.locator(LEFT)).to_contain_text("A01: đơn vị không thống nhất. Gửi sau")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator(LEFT)).to_have_count(0)
    expect(case(page, finding).get_by_label("Nội dung giải trình")).to_have_value(WORDS)
    expect(case(page, finding).get_by_label("Nội dung giải trình")).to_be_focused()
    page.reload()
    expect(case(page, finding)).to_be_visible()
    assert (state(instance, finding), puts) == ("recorded", [])
    expect(case(page, finding).get_by_label("Nội dung giải trình")).to_have_value(WORDS)  # nor is a word of it lost


def test_it_leaves_by_itself_and_not_at_once(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "B01")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}")
    reply(page, finding)
    expect(page.locator(LEFT)).to_contain_text("Gửi sau")
    assert state(instance, finding) == "recorded"
    expect(page.locator("#flash")).to_contain_text("Đã nhận giải trình cho ghi nhận B01", timeout=FAR)
    assert state(instance, finding) == "replied"


@pytest.mark.parametrize("how", ["close", "reload", "leave", "sign out"])
def test_a_page_that_goes_in_between_sends_it(enter: Any, instance: Instance, how: str) -> None:
    inspection, [finding] = inspected(instance, "A02")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}")
    reply(page, finding)
    expect(page.locator(LEFT)).to_be_visible()
    if how == "close":
        page.close()
    elif how == "reload":
        page.reload()
        expect(page.locator("#view-answered")).to_be_visible()  # where it is by now
    elif how == "leave":
        page.goto(f"{instance.url}/audit/")
    else:
        page.get_by_role("button", name="Đăng xuất").click()
        page.wait_for_url("**/intake/login?signed-out")
    until(lambda: state(instance, finding) == "replied")


def test_what_could_not_leave_then_is_sent_when_the_desk_opens_again(
    enter: Any, instance: Instance, net: WebProxy
) -> None:
    inspection, [finding] = inspected(instance, "A04")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}", url=net.url)
    context = page.context
    context.new_page()  # the browser stays
    net.fail("cut before commit", part="/reply/")
    reply(page, finding)
    expect(page.locator(LEFT)).to_be_visible()
    page.close()
    until(lambda: any("/reply/" in path for _, path in net.seen))
    assert state(instance, finding) == "recorded"
    net.heal()
    again = context.new_page()
    again.goto(f"{net.url}/intake/desk/")
    expect(again.locator("#flash")).to_contain_text("Đã gửi: A04: đơn vị không thống nhất.", timeout=FAR)
    assert state(instance, finding) == "replied"
    head = instance.client(instance.token("unit_head", UNIT))
    assert head.get(f"/intake/v1/findings/{finding}").json()["private"]["reply"]["text"] == WORDS


def test_words_that_are_being_bettered_are_not_overtaken_by_the_first_ones(
    enter: Any, instance: Instance, net: WebProxy
) -> None:
    inspection, [finding] = inspected(instance, "A06")
    address = f"/intake/desk/#/answer/{inspection}"
    page = enter("chu.tich", address, url=net.url)
    net.fail("cut before commit", part="/reply/")
    reply(page, finding, "Lời đầu")
    page.get_by_role("button", name="Gửi ngay").click()
    expect(case(page, finding).locator(".error-summary")).to_contain_text("Không kết nối được máy chủ")
    text = case(page, finding).get_by_label("Nội dung giải trình")
    text.fill("Lời đã sửa")
    net.heal()
    other = page.context.new_page()
    other.goto(net.url + address)
    expect(case(other, finding)).to_be_visible()
    page.reload()
    expect(case(page, finding).locator("> summary")).to_be_focused()
    assert state(instance, finding) == "recorded"
    expect(text).to_have_value("Lời đã sửa")
    case(page, finding).get_by_role("button", name="Gửi giải trình").click()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text("Đã nhận giải trình cho ghi nhận A06")
    head = instance.client(instance.token("unit_head", UNIT))
    assert head.get(f"/intake/v1/findings/{finding}").json()["private"]["reply"]["text"] == "Lời đã sửa"


def test_a_refusal_that_comes_later_tears_nobody_from_what_he_types(enter: Any, instance: Instance) -> None:
    inspection, [first, second] = inspected(instance, "A01", "A05")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}")
    reply(page, first)
    expect(case(page, second).locator("> summary")).to_be_focused()
    page.keyboard.press("Enter")
    typed = case(page, second).get_by_label("Nội dung giải trình")
    typed.fill("Đang viết")
    decision = {"outcome": "unfounded", "private": {"reason": "Không có căn cứ."}}
    write(instance, "reviewer", f"findings/{first}/decision/{fresh()}", decision)
    page.locator(LEFT).get_by_role("button", name="Gửi ngay").evaluate("button => button.click()")
    expect(page.locator("#flash")).to_contain_text("A01: đơn vị không thống nhất.")
    expect(typed).to_be_focused()
    expect(typed).to_have_value("Đang viết")
    expect(case(page, first).get_by_label("Nội dung giải trình")).to_have_value(WORDS)


def test_the_focus_goes_on_to_the_next_case_and_at_the_end_to_the_heading(enter: Any, instance: Instance) -> None:
    inspection, [first, second] = inspected(instance, "B01", "B04")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}", PHONE)
    expect(case(page, first).locator("> summary")).to_be_focused()  # the link leads to it
    reply(page, first)
    expect(case(page, second).locator("> summary")).to_be_focused()
    assert overflow(page) <= 0
    page.get_by_role("button", name="Gửi ngay").press("Enter")
    expect(case(page, first)).to_contain_text("Đã giải trình")
    expect(case(page, second).locator("> summary")).to_be_focused()
    reply(page, second)
    expect(page.locator("#answer-title")).to_be_focused()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(case(page, second)).to_contain_text("Đã giải trình")
    expect(page.locator("#view-answer")).to_contain_text("Đã xem")  # a reply says as much
    assert page.evaluate("document.activeElement !== document.body")


def test_what_is_typed_in_the_next_case_stays_while_the_one_before_arrives(enter: Any, instance: Instance) -> None:
    inspection, [first, second] = inspected(instance, "D04", "D05")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}")
    reply(page, first)
    page.keyboard.press("Enter")
    typed = case(page, second).get_by_label("Nội dung giải trình")
    typed.fill("Đang viết")
    page.locator(LEFT).get_by_role("button", name="Gửi ngay").evaluate("button => button.click()")
    expect(page.locator("#flash")).to_contain_text("Đã nhận giải trình cho ghi nhận D04")
    expect(typed).to_be_focused()
    expect(typed).to_have_value("Đang viết")


def test_a_decision_can_be_taken_back_and_the_next_case_has_the_focus(enter: Any, instance: Instance) -> None:
    inspection, [first, second] = inspected(instance, "A03", "C01")
    for finding in (first, second):
        body = {"accepts": False, "private": {"text": WORDS}}
        answer = instance.client(instance.token("unit_head", UNIT)).put(
            f"/intake/v1/findings/{finding}/reply/{fresh()}", json=body
        )
        assert answer.status_code == 201, answer.text
    page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}")
    expect(page.locator("#waiting-list [data-row]")).to_have_count(2)
    expect(case(page, first).locator("h2")).to_be_focused()  # the link leads to it
    case(page, first).get_by_label("Chưa đủ chứng cứ").check()
    case(page, first).get_by_label("Lý do", exact=True).fill("Chưa rõ")
    case(page, first).get_by_role("button", name="Ra quyết định").click()
    expect(case(page, second).locator("h2")).to_be_focused()
    page.get_by_role("button", name="Hoàn tác").click()
    expect(case(page, first).get_by_label("Lý do", exact=True)).to_be_focused()
    assert state(instance, first) == "replied"
    case(page, first).get_by_role("button", name="Ra quyết định").click()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator(f'[data-row="{first}"]')).to_contain_text("Chưa đủ chứng cứ")
    assert state(instance, first) == "decided"


def test_each_reader_is_led_to_the_very_inspection_in_words_of_his_own(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A01", unit=BELOW)
    for account, words, tab, form in (
        ("tram.truong", "Xem và giải trình", "answer", True),
        ("chu.tich", "Theo dõi", "following", False),
        ("tham.dinh", "Xem hồ sơ", "waiting", False),
    ):
        page = enter(account, "/reports/inbox", PHONE)
        link = page.locator(f'a[href="/intake/desk/#/{tab}/{inspection}"]')
        until(lambda page=page, link=link: shows(page, link))
        expect(link).to_have_text(words)
        link.click()
        expect(page.locator(f"#view-{tab}")).to_be_visible()
        expect(page.locator(f"#view-{tab} [data-finding]")).to_have_count(1)
        expect(case(page, finding).locator("h2, summary").first).to_be_focused()
        expect(case(page, finding)).to_contain_text("Đơn vị chưa giải trình.")
        expect(case(page, finding).get_by_role("button", name="Gửi giải trình")).to_have_count(int(form))
        assert overflow(page) <= 0


def shows(page: Page, link: Locator) -> bool:
    """Whether the inbox lists it yet: it follows the log."""
    if link.count() == 0:
        page.reload()
    return link.count() == 1


def test_a_link_to_a_tab_of_others_shows_the_inspection_in_ones_own(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A01")
    page = enter("tham.dinh", f"/intake/desk/#/answer/{inspection}")
    expect(page.locator("#view-waiting")).to_be_visible()
    expect(case(page, finding)).to_be_visible()
    page.get_by_role("link", name="Hiện tất cả").click()
    expect(page.get_by_role("link", name="Hiện tất cả")).to_have_count(0)
    page.goto(f"{instance.url}/intake/desk/#/waiting/{fresh()}")
    expect(page.locator("#flash")).to_contain_text("ngoài phạm vi")


def test_what_is_decided_waits_for_nobody_and_counts_are_of_work(enter: Any, instance: Instance) -> None:
    open_, [waiting] = inspected(instance, "A01")
    over, [decided] = inspected(instance, "A02")
    decision = {"outcome": "not_proven", "private": {"reason": "Chưa rõ."}}
    write(instance, "reviewer", f"findings/{decided}/decision/{fresh()}", decision)
    page = enter("chu.tich", "/intake/desk/")
    expect(page.locator(f'#answer-list [data-inspection="{open_}"]')).to_contain_text("1 ghi nhận · 1 chờ giải trình")
    expect(page.locator(f'#answer-list [data-inspection="{open_}"] .due')).to_contain_text("ngày làm việc")
    expect(page.locator(f'#answer-list [data-inspection="{over}"]')).to_have_count(0)
    expect(page.locator("#count-answer")).to_have_text(re.compile(r"^\d+$"))
    expect(page.locator("#answer-list > li")).to_have_count(int(page.locator("#count-answer").inner_text()))
    page.goto(f"{instance.url}/intake/desk/#/answer/{over}")  # an old link leads to where it is now
    expect(page.locator("#view-answered")).to_be_visible()
    expect(page.locator(f'#answered-list [data-inspection="{over}"]')).to_contain_text("đã xong")
    page.get_by_role("button", name="Xác nhận đã xem").click()
    expect(page.locator(f'#answered-list [data-inspection="{over}"]')).to_contain_text("Đã xem")
    assert page.evaluate("document.activeElement !== document.body")
    assert state(instance, waiting) == "recorded"


def test_what_counts_without_a_decision_says_so_for_good(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A01")
    head = instance.client(instance.token("unit_head", UNIT))
    answer = head.put(f"/intake/v1/findings/{finding}/reply/{fresh()}", json={"accepts": True})
    assert answer.status_code == 201, answer.text
    row = head.get(f"/intake/v1/findings/{finding}").json()
    assert (row["settled"], row["state_label"]) == ("accepted", "Được tính (đơn vị thống nhất)")
    page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}")
    expect(case(page, finding)).to_contain_text("Được tính (đơn vị thống nhất)")
    page.goto(f"{instance.url}/intake/desk/?lang=en#/waiting/{inspection}")
    expect(case(page, finding)).to_contain_text("Counts (the unit agrees)")


def test_the_list_of_inspections_carries_its_state_and_is_filtered_by_it(enter: Any, instance: Instance) -> None:
    running, _ = inspected(instance, "A01", closed=False)
    waiting, _ = inspected(instance, "A01", "A02")
    clean, _ = inspected(instance)
    page = enter("binh.td", "/intake/desk/#/mine", PHONE)
    page.get_by_label("Hiện cả các cuộc khác").check()
    cards = {name: page.locator(f'#mine-list [data-inspection="{name}"]') for name in (running, waiting, clean)}
    expect(cards[waiting]).to_contain_text("2 ghi nhận · 2 chờ giải trình · còn")
    expect(cards[clean]).to_contain_text("Không có vi phạm")
    for chip, shown in (("Đang mở", running), ("Chờ giải trình", waiting), ("Xong", clean)):
        page.get_by_role("group", name="Lọc theo tình trạng").get_by_role("button", name=chip).click()
        expect(cards[shown]).to_be_visible()
        for other in {running, waiting, clean} - {shown}:
            expect(cards[other]).to_have_count(0)
        assert overflow(page) <= 0


def test_severity_four_is_in_no_count_of_the_units_head(instance: Instance) -> None:
    inspection, _ = inspected(instance, "A01", grave(instance))
    head, lead = instance.client(instance.token("unit_head", UNIT)), instance.client(instance.token("lead"))
    for path in (f"/intake/v1/inspections/{inspection}", f"/intake/v1/inspections?unit={UNIT}&limit=200"):
        shown = [
            one["found"]
            for client in (head, lead)
            for one in (client.get(path).json().get("items") or [client.get(path).json()])
            if one["id"] == inspection
        ]
        assert shown == [{"all": 1, "reply": 1, "decision": 0}, {"all": 2, "reply": 1, "decision": 1}]
    for client, found in ((head, False), (lead, True)):
        listed = client.get("/intake/v1/inspections?stage=decision&limit=200").json()["items"]
        assert (inspection in {one["id"] for one in listed}) == found


def grave(instance: Instance) -> str:
    codes = instance.client(instance.token("lead")).get("/intake/v1/catalogue").json()["codes"]
    return str(next(one["code"] for one in codes if one["severity"] == 4))


def test_a_commendation_for_a_quarter_that_is_officially_closed_is_asked_about(enter: Any, instance: Instance) -> None:
    page = enter("tham.dinh", "/intake/desk/#/quarter")
    page.locator("#quarter-choice").select_option(index=2)  # over for at least a quarter: it can be closed
    quarter = page.locator("#quarter-choice").input_value()
    write(instance, "reviewer", f"quarters/{quarter}/closing/{fresh()}", {"edition": "official"})
    expect(page.locator("#quarter-title")).to_be_visible()
    until(lambda: quarter in page.request.get(f"{instance.url}/reports/v1/editions").text())
    page.get_by_role("link", name="Biểu dương").click()
    page.locator("#commend-unit-search").fill("binh minh")
    page.get_by_role("radio", name="UBND phường Bình Minh").check()
    page.get_by_label("K01").check()
    expect(page.locator("#commend-date")).to_have_value(re.compile("./."))
    today = page.locator("#commend-date").input_value()
    page.locator("#commend-date").fill(f"15/{int(quarter[-1]) * 3 - 1:02d}/{quarter[:4]}")
    send = page.get_by_role("button", name="Ghi biểu dương")
    send.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("đã chốt chính thức")
    expect(dialog).to_contain_text("chỉ vào một bản ban hành lại")
    dialog.get_by_role("button", name="Xem lại ngày").click()
    expect(page.locator("#commend-unit-search")).to_be_visible()
    page.route("**/reports/v1/editions", lambda route: route.abort())
    send.click()
    expect(dialog).to_contain_text("Chưa đọc được các bản đã chốt")  # then it is said, too
    dialog.get_by_role("button", name="Xem lại ngày").click()
    page.unroute("**/reports/v1/editions")
    page.locator("#commend-date").fill(today)
    send.click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi biểu dương cho UBND phường Bình Minh")  # nothing to ask
