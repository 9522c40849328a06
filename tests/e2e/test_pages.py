"""The pages as people use them: a phone at 360×800 inspects, the head answers, the reviewer decides, the card shows."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect
from playwright.sync_api import Request as PageRequest

from services.kernel.quarters import local_date, quarter_of
from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.form import (
    NAME,
    PASSWORDS,
    UNIT,
    count,
    excuse,
    file_now,
    filed,
    open_inspection,
    record_clean,
    until,
)
from tests.support.instance import Instance


def enter(people: list[Person], browser: Browser, instance: Instance, account: str, viewport: dict[str, int]) -> Page:
    person = Person(browser, instance.url, viewport)
    people.append(person)
    person.sign_in(account, PASSWORDS[account])
    return person.page


def fits(page: Page) -> None:
    assert overflow(page) <= 0, page.url


def test_from_the_phone_to_the_card(people: list[Person], browser: Browser, instance: Instance) -> None:
    phone = enter(people, browser, instance, "an.kt", PHONE)
    fits(phone)
    open_inspection(phone, "tan hoa", NAME, "12/QĐ-SNV")
    count(phone, "A01", 3)
    count(phone, "A03", 1)
    phone.locator("#narrative-A03").fill("Vắng từ 7 giờ 30, bàn trống")
    count(phone, "B04", 2)
    fits(phone)
    phone.reload()  # nothing typed is lost
    expect(phone.locator('[data-code="A01"] input[type="number"]')).to_have_value("3")
    expect(phone.locator("#narrative-A03")).to_have_value("Vắng từ 7 giờ 30, bàn trống")
    file_now(phone)
    for code in ("A01", "A03", "B04"):
        expect(filed(phone, code)).to_contain_text("Đã nhận")
    link = filed(phone, "A03").get_by_role("link").get_attribute("href")
    receipt = phone.request.get(f"{instance.url}{link}?wait=30")
    assert receipt.status == 200
    assert receipt.text().startswith("c2sp.org/tlog-proof@v1\n")
    close(phone)
    head_answers(enter(people, browser, instance, "chu.tich", PHONE))
    reviewer_decides(enter(people, browser, instance, "tham.dinh", DESK))
    card_shows(people[-1].page, instance)


def close(page: Page) -> None:
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    form = page.locator("#close-form")
    expect(form.get_by_label("Biên chế được giao", exact=True)).to_have_value("45")
    form.get_by_label("Có mặt", exact=True).fill("43")
    expect(form.get_by_label("Trong đó đi muộn", exact=True)).to_have_value("3")  # as recorded
    expect(page.locator("#close-sum")).to_contain_text("Lệch 1 người")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary li")).to_have_count(2)  # the persons checked, and the signature
    excuse(page, "Công tác", "1")
    expect(page.locator("#close-sum")).to_contain_text("Khớp")
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_label("Đơn vị đã đọc lại và cùng ký", exact=True).check()
    fits(page)
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("Đã nhận")


def head_answers(page: Page) -> None:
    page.goto(page.url.split("/intake")[0] + "/intake/desk/")
    fits(page)
    code = page.get_by_role("link", name=f"Mã QR của {NAME}")
    expect(code).to_have_attribute("href", f"/intake/units/{UNIT}/qr")
    page.get_by_role("button", name="Xác nhận đã xem").click()
    expect(page.locator("#flash")).to_contain_text("đơn vị đã xem")
    for code, view, words in (
        ("A01", "Thống nhất", ""),
        ("B04", "Thống nhất", ""),
        ("A03", "Không thống nhất", "Có giấy mời họp 5/GM-UBND"),
    ):
        case = page.locator(f'#answer-list [data-code="{code}"]')
        case.locator("> summary").click()
        form = case.locator("form[data-noun=reply]")
        form.get_by_label(re.compile(f"^{view}")).check()
        form.get_by_label("Giải trình").fill(words)
        fits(page)
        form.get_by_role("button", name="Gửi giải trình").click()
        page.locator("#leaving").get_by_role("button", name="Gửi ngay").click()
        expect(page.locator("#flash")).to_contain_text(f"Đã nhận giải trình cho ghi nhận {code}")
    expect(page.locator('#answer-list [data-code="A03"]')).to_contain_text("Đã giải trình")
    expect(page.locator("#answer-list > li")).to_contain_text("2 chờ khắc phục")  # what was accepted is to be put right

    def months_later(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.body().replace(b'"state":"open"', b'"state":"lapsed"'))

    page.route("**/intake/v1/desk?list=todo*", months_later)
    page.reload()
    expect(page.locator("#answer-list > li")).to_contain_text("Quá hạn khắc phục: hạn đã hết ngày")
    page.unroute("**/intake/v1/desk?list=todo*")


def reviewer_decides(page: Page) -> None:
    page.goto(page.url.split("/intake")[0] + "/intake/desk/")
    expect(page.locator("#waiting-list [data-row]")).to_have_count(1)  # what is contested, and nothing else
    case = page.locator("#waiting-case [data-finding]")
    expect(case).to_have_attribute("data-code", "A03")
    expect(case).to_contain_text("Vắng từ 7 giờ 30, bàn trống")
    expect(case).to_contain_text("Có giấy mời họp 5/GM-UBND")
    case.get_by_role("button", name="Ra quyết định").click()
    expect(case.locator(".error-summary")).to_be_focused()
    case.get_by_label("Xác nhận vi phạm").check()
    case.get_by_label("Lý do", exact=True).fill("Giấy mời đề ngày khác")
    case.get_by_role("button", name="Ra quyết định").click()
    page.locator("#leaving").get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text("Xác nhận vi phạm")
    page.get_by_role("link", name="Đã xử lý").click()
    expect(page.locator('#history-list [data-code="A03"]')).to_contain_text("Xác nhận vi phạm")


def card_shows(page: Page, instance: Instance) -> None:
    quarter = quarter_of(local_date(datetime.now(UTC)))

    def shown() -> bool:
        page.goto(f"{instance.url}/reports/units/{UNIT}?quarter={quarter}")
        return "94,00" in page.locator("main").inner_text()

    until(shown)
    expect(page.locator("main")).to_contain_text("Tốt")


def test_a_lost_answer_and_a_lost_network_keep_every_item_and_double_none(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    page = enter(people, browser, instance, "an.kt", PHONE)
    open_inspection(page, "binh minh", "UBND phường Bình Minh", "13/QĐ-SNV")
    lost: list[int] = []

    def lose_first_answer(route: Route) -> None:
        if route.request.method == "PUT" and not lost:
            lost.append(route.fetch().status)  # the server has it; the phone never hears so
            route.abort()
        else:
            route.continue_()

    page.route("**/intake/v1/findings/*", lose_first_answer)
    count(page, "B01", 2)
    file_now(page)
    expect(filed(page, "B01")).to_contain_text("Đã nhận")
    assert lost == [201]

    twin = page.context.new_page()  # a second tab wakes up at the same moment
    twin.goto(instance.url + "/intake/")
    expect(twin.get_by_role("heading", level=1)).to_be_visible()
    puts: list[str] = []
    page.context.on("requestfinished", lambda request: puts.append(request.url) if request.method == "PUT" else None)
    page.context.set_offline(True)
    count(page, "B03", 1)
    file_now(page)
    expect(filed(page, "B03")).to_contain_text("Chờ gửi")
    expect(page.locator("#queue-trouble")).to_contain_text("Mọi mục vẫn còn trên máy này")
    page.context.set_offline(False)
    expect(filed(page, "B03")).to_contain_text("Đã nhận")
    page.wait_for_timeout(6_000)  # longer than the pause between two rounds
    assert len(puts) == 1, puts

    inspection = page.url.rsplit("/", 1)[1]
    stored = page.request.get(f"{instance.url}/intake/v1/findings?inspection={inspection}").json()["items"]
    assert sorted((each["code"], each["count"]) for each in stored) == [("B01", 2), ("B03", 1)]


def test_a_refused_item_says_why_and_is_put_right_under_its_own_id(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    page = enter(people, browser, instance, "an.kt", PHONE)
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".error-summary li")).to_have_count(4)
    page.locator("#unit-search").fill("tan hoa")
    page.get_by_label(NAME, exact=True).check()
    page.get_by_label("Theo lịch").check()
    page.get_by_label("Quyết định kiểm tra số").fill("14/QĐ-SNV")
    page.get_by_label("Thành viên khác của đoàn").fill("khong-co-ai")
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.context.set_offline(True)
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Chờ gửi")
    page.context.set_offline(False)
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("không có tài khoản này")
    inspection = page.url.rsplit("/", 1)[1]
    page.get_by_role("button", name="Sửa lại").press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("Thành viên khác của đoàn").fill("binh.td")
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    assert page.url.endswith(inspection)
    record_clean(page)
    expect(filed(page, "K00")).to_contain_text("Đã nhận")


def test_a_phone_a_day_ahead_sends_corrected_times_and_says_so(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    person = Person(browser, instance.url, PHONE)
    people.append(person)
    person.page.clock.set_system_time(datetime.now(UTC) + timedelta(days=1))
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    sent: list[Any] = []

    def note(request: PageRequest) -> None:
        if request.method == "PUT" and "/inspections/" in request.url:
            sent.append(request.post_data_json)

    person.page.on("request", note)
    open_inspection(person.page, "tan hoa", NAME, "17/QĐ-SNV")
    expect(filed(person.page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    opened, device = (datetime.fromisoformat(sent[0][name]) for name in ("opened_at", "device_at"))
    assert abs(opened - datetime.now(UTC)) < timedelta(minutes=1)
    assert timedelta(hours=23) < device - opened < timedelta(hours=25)
    assert sent[0]["opened_at"].endswith("+07:00")


def test_a_session_that_ends_keeps_the_queue_for_its_own_account(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    page = enter(people, browser, instance, "an.kt", PHONE)
    open_inspection(page, "binh minh", "UBND phường Bình Minh", "15/QĐ-SNV")
    page.context.clear_cookies()
    count(page, "A02", 1)
    file_now(page)
    expect(page.locator("#queue-trouble")).to_contain_text("Phiên đăng nhập đã hết")
    people[-1].sign_in("binh.td", PASSWORDS["binh.td"])  # a colleague on the same phone
    expect(page.locator("#queue-trouble")).to_contain_text("1 mục chưa gửi của tài khoản khác")
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url(lambda address: "/intake/login" in address)
    people[-1].sign_in("an.kt", PASSWORDS["an.kt"])
    page.get_by_role("link", name="UBND phường Bình Minh").first.click()
    expect(filed(page, "A02")).to_contain_text("Đã nhận")


def test_the_desk_withdraws_commends_and_closes_a_quarter(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    page = enter(people, browser, instance, "binh.td", DESK)
    page.get_by_role("link", name="Kiểm tra", exact=True).click()
    open_inspection(page, "binh minh", "UBND phường Bình Minh", "16/QĐ-SNV")
    count(page, "F02", 1)
    file_now(page)
    expect(filed(page, "F02")).to_contain_text("Đã nhận")
    page.get_by_role("link", name="Xử lý hồ sơ").click()
    inspection = page.locator("#mine-list > li", has_text="16/QĐ-SNV")
    inspection.locator("summary").first.click()
    expect(inspection).to_contain_text("đã cam kết không có xung đột lợi ích")
    case = inspection.locator('[data-code="F02"]')
    case.locator("> summary").click()
    case.locator("[data-act=withdrawal] > summary").click()
    case.get_by_role("button", name="Rút lại ghi nhận").click()
    expect(case.locator(".error-summary")).to_be_focused()
    case.get_by_label("Rút lại: lý do").fill("Ghi nhầm phòng")
    page.reload()  # the words typed for a write survive, as its id does
    inspection.locator("summary").first.click()
    case.locator("> summary").click()
    case.locator("[data-act=withdrawal] > summary").click()
    expect(case.get_by_label("Rút lại: lý do")).to_have_value("Ghi nhầm phòng")
    case.get_by_role("button", name="Rút lại ghi nhận").click()
    expect(case).to_contain_text("Đã rút lại")

    page = enter(people, browser, instance, "tham.dinh", DESK)
    page.get_by_role("link", name="Đơn vị", exact=True).click()
    page.get_by_role("link", name="Mã QR của UBND phường Bình Minh").click()
    expect(page.get_by_role("heading", level=1, name="UBND phường Bình Minh")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Biểu dương").click()
    page.locator("#commend-unit-search").fill("binh minh")
    page.get_by_role("radio", name="UBND phường Bình Minh").check()
    page.get_by_label("K02").check()
    page.get_by_role("button", name="Ghi biểu dương").click()
    expect(page.locator("#flash")).to_contain_text("Đã ghi biểu dương cho UBND phường Bình Minh")
    page.get_by_role("link", name="Chốt quý").click()
    page.locator("#quarter-choice").select_option(index=1)
    page.get_by_label("Sơ bộ").check()
    page.get_by_role("button", name="Chốt quý").click()
    page.get_by_role("dialog").get_by_role("button", name="Chưa chốt").click()
    expect(page.locator("#flash")).not_to_contain_text("Đã chốt")
    page.get_by_role("button", name="Chốt quý").click()
    page.get_by_role("dialog").get_by_role("button", name="Chốt quý").click()
    expect(page.locator("#flash")).to_contain_text("Đã chốt Quý")
    page.locator("#quarter-choice").select_option(index=1)
    page.get_by_label("Sơ bộ").check()
    page.get_by_role("button", name="Chốt quý").click()
    page.get_by_role("dialog").get_by_role("button", name="Chốt quý").click()
    expect(page.locator(".error-summary")).to_contain_text("đã được chốt")
    _publish(page)


def _publish(page: Page) -> None:
    """The reviewer publishes what was just closed: nobody else reads it before."""
    edition = page.locator("#editions-list > li", has_text="bản sơ bộ")
    expect(edition).to_contain_text("chưa công bố")
    edition.get_by_role("button", name=re.compile("^Công bố Quý")).click()
    root = edition.locator("code").inner_text()
    expect(page.get_by_role("dialog")).to_contain_text(root)
    page.get_by_role("dialog").get_by_role("button", name="Chưa công bố").click()
    expect(edition).to_contain_text("chưa công bố")
    edition.get_by_role("button", name=re.compile("^Công bố Quý")).click()
    page.get_by_role("dialog").get_by_role("button", name="Công bố", exact=True).click()
    expect(page.locator("#flash")).to_contain_text("Đã công bố Quý")
    expect(edition).to_contain_text("đã công bố lúc")
    expect(edition.get_by_role("button")).to_have_count(0)
    expect(edition.get_by_role("link")).to_be_focused()
    for width in (320, 360, 1366):
        page.set_viewport_size({"width": width, "height": 800})
        fits(page)
    page.reload()
    expect(edition).to_contain_text("đã công bố lúc")
    edition.get_by_role("link").click()
    expect(page.locator(".edition").first).to_contain_text("công bố lúc")


def test_sign_in_tells_nothing_about_accounts_and_goes_to_no_other_site(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    person = Person(browser, instance.url, PHONE)
    people.append(person)
    words = []
    for account in ("an.kt", "khong-co-ai"):
        person.page.goto(f"{instance.url}/intake/login?next=https://example.org/")
        person.page.get_by_label("Tài khoản", exact=True).fill(account)
        person.page.get_by_label("Mật khẩu", exact=True).fill("sai-mat-khau")
        person.page.get_by_role("button", name="Đăng nhập").click()
        expect(person.page.locator(".error-summary")).to_be_visible()
        expect(person.page.get_by_label("Mật khẩu", exact=True)).to_be_focused()
        words.append(person.page.locator(".error-summary").inner_text())
    assert words[0] == words[1]
    person.page.get_by_label("Tài khoản", exact=True).fill("an.kt")
    person.page.get_by_label("Mật khẩu", exact=True).fill(PASSWORDS["an.kt"])
    person.page.get_by_role("button", name="Đăng nhập").click()
    person.page.wait_for_url(instance.url + "/intake/")
    cookies = {cookie["name"]: cookie for cookie in person.context.cookies()}
    session = cookies["__Host-kycuong"]
    assert session["secure"] and session["httpOnly"] and session["sameSite"] == "Lax"


def test_a_tap_before_the_script_has_come_sends_nothing(browser: Browser, instance: Instance) -> None:
    """The script forgets whom this device knew before: without it one would act as the one who was here last."""
    person = Person(browser, instance.url, PHONE)
    slow: list[Route] = []
    person.page.route("**/login.js", lambda route: slow.append(route))
    person.page.goto(instance.url + "/intake/login", wait_until="commit")
    person.page.get_by_label("Mật khẩu", exact=True).press("Enter")
    button = person.page.get_by_role("button", name="Đăng nhập")
    expect(button).to_be_disabled()
    slow[0].continue_()
    expect(button).to_be_enabled()
    assert person.page.url.endswith("/intake/login")
    person.context.close()


def test_every_page_speaks_both_languages_and_fits_a_phone(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    page = enter(people, browser, instance, "tham.dinh", PHONE)
    for lang, title in (("en", "Case desk"), ("vi", "Xử lý hồ sơ")):
        page.goto(f"{instance.url}/intake/desk/?lang={lang}")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        assert page.locator("html").get_attribute("lang") == lang
        for tab in page.locator("[data-tab]").all():
            tab.click()
            fits(page)
    page.goto(f"{instance.url}/intake/desk/")  # the cookie keeps the choice
    expect(page.get_by_role("heading", level=1)).to_have_text("Xử lý hồ sơ")
    for target in page.locator("header nav a").all():
        address = target.get_attribute("href")
        assert address is not None
        assert page.request.get(instance.url + address).ok, address


def test_controls_have_names_and_the_skip_link_comes_first(
    people: list[Person], browser: Browser, instance: Instance
) -> None:
    page = enter(people, browser, instance, "an.kt", PHONE)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text(re.compile("Tới nội dung chính"))
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    expect(page.get_by_role("heading", level=1, name="Mở cuộc kiểm tra")).to_be_focused()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button")]
             .filter((each) => !each.closest("[aria-hidden]"))
             .filter((each) => !(each.labels?.length || each.getAttribute("aria-label") || each.textContent.trim()))
             .map((each) => each.outerHTML)"""
    )
    assert nameless == []
