"""The frame of every page: it fits the narrowest phone, follows the dark scheme, and says why one must sign in."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from services.kernel.identity.roles import Role
from tests.support.browser import DESK, Person, overflow
from tests.support.form import PASSWORDS, UNIT
from tests.support.instance import Instance

WIDTHS = (320, 360, 1366)
PAGES = (
    "/intake/", "/intake/desk/", "/reports/inbox?all=1", "/reports/notices?all=1", "/reports/deliveries",
    "/reports/", f"/reports/units/{UNIT}", "/audit/",
    "/audit/entry?at=0", f"/intake/units/{UNIT}/qr", "/nope", "/intake/minutes/check/x/y",
)  # fmt: skip


@pytest.fixture(scope="module")
def members(instance: Instance) -> dict[str, str]:
    posts = {Role.UNIT_HEAD: UNIT}
    return {role.value: instance.member(account(role), role, posts.get(role)) for role in Role}


def account(role: Role) -> str:
    return f"khung.{role.value.replace('_', '-')}"


@pytest.fixture
def come(people: list[Person], browser: Browser, instance: Instance) -> Any:
    def come(width: int = 360, **options: Any) -> Person:
        people.append(person := Person(browser, instance.url, {"width": width, "height": 800}, **options))
        return person

    return come


@pytest.mark.parametrize("role", list(Role))
def test_every_page_of_every_role_fits_in_both_languages(
    come: Any, instance: Instance, members: dict[str, str], role: Role
) -> None:
    person = come()
    page: Page = person.page
    person.come_in(account(role), members[role.value])
    for language in ("vi", "en"):
        for path in PAGES:
            page.goto(f"{instance.url}{path}{'&' if '?' in path else '?'}lang={language}")
            fits_at_every_width(page, (role, path, language))
        page.goto(f"{instance.url}/intake/desk/?lang={language}")
        for tab in page.locator("[data-tab]:visible").all():
            tab.click()
            fits_at_every_width(page, (role, tab.inner_text(), language))


def fits_at_every_width(page: Page, what: object) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow(page) <= 0, (width, what)


def test_a_phone_has_one_bar_above_and_the_sections_at_the_thumb(come: Any, members: dict[str, str]) -> None:
    person = come(320)
    person.come_in("khung.lead", members["lead"], "/intake/desk/")
    bar = person.page.locator(".top").bounding_box()
    nav = person.page.get_by_role("navigation", name="Các phần").bounding_box()
    assert bar is not None and nav is not None
    assert bar["height"] <= 48
    assert round(nav["y"] + nav["height"]) == 800
    for link in person.page.get_by_role("navigation", name="Các phần").get_by_role("link").all():
        box = link.bounding_box()
        assert box is not None and box["height"] >= 44 and box["width"] >= 44
    tabs = person.page.get_by_role("navigation", name="Các việc").bounding_box()
    assert tabs is not None and tabs["height"] < 80  # one row that scrolls


def test_dark_words_stand_on_light_and_the_other_way_round(browser: Browser, instance: Instance) -> None:
    for scheme, dark in (("light", False), ("dark", True)):
        context = browser.new_context(color_scheme=scheme, locale="vi-VN")  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{instance.url}/intake/login")
        page.wait_for_load_state()
        paper, ink = page.evaluate(
            "() => { const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]; }"
        )
        assert (brightness(paper) < 60, brightness(ink) > 200) == (dark, dark)
        context.close()


def brightness(colour: str) -> float:
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3


def test_the_sign_in_page_says_why_and_remembers_who(come: Any, instance: Instance) -> None:
    person = come()
    page: Page = person.page
    page.goto(f"{instance.url}/intake/login")
    expect(page.locator("#why")).to_be_hidden()  # nobody was here before
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    person.context.clear_cookies()
    page.goto(f"{instance.url}/intake/desk/#/mine")
    expect(page.locator("#why")).to_have_text("Phiên đăng nhập đã hết. Hãy đăng nhập lại để tiếp tục.")
    expect(page.get_by_label("Tài khoản", exact=True)).to_have_value("an.kt")
    expect(page.get_by_label("Mật khẩu", exact=True)).to_be_focused()
    page.get_by_label("Mật khẩu", exact=True).fill("sai")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.get_by_label("Mật khẩu", exact=True)).to_be_focused()
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORDS["an.kt"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/intake/desk/#/mine")
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.locator("#why")).to_have_text("Đã đăng xuất khỏi máy này.")


def test_a_sign_in_that_must_wait_says_how_long(come: Any, instance: Instance) -> None:
    page: Page = come().page
    page.route("**/intake/login", lambda route: route.fulfill(
        status=429, headers={"Retry-After": "250", "Content-Type": "application/problem+json"},
        body='{"type":"/problems/too-fast","title":"x","status":429,"detail":"Hãy chờ."}',
    ) if route.request.method == "POST" else route.continue_())  # fmt: skip
    page.goto(f"{instance.url}/intake/login")
    page.get_by_label("Tài khoản", exact=True).fill("an.kt")
    page.get_by_label("Mật khẩu", exact=True).fill("sai")
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.locator(".error-summary")).to_contain_text("Hãy thử lại sau 5 phút")
    expect(page.locator("#wait")).to_contain_text("nữa")


def test_a_heading_that_has_the_focus_is_in_no_box(come: Any, instance: Instance) -> None:
    person = come(DESK["width"])
    person.come_in("tham.dinh", PASSWORDS["tham.dinh"], "/intake/desk/")
    expect(person.page.locator("#waiting-count")).to_contain_text("mục")  # the desk has opened
    person.page.get_by_role("link", name="Đã xử lý").press("Enter")
    heading = person.page.locator("#history-title")
    expect(heading).to_be_focused()
    assert heading.evaluate("node => getComputedStyle(node).outlineStyle") == "none"
    assert heading.evaluate("node => getComputedStyle(node).boxShadow") == "none"
