"""In the sun: one press, and every page is black on white in large letters; kept on the device, also offline."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from services.kernel.identity.roles import Role
from tests.support.axe import violations
from tests.support.browser import Person, overflow
from tests.support.case_world import closing, fresh, now, opening
from tests.support.form import (
    NAME,
    PASSWORDS,
    UNIT,
    count,
    installed,
    open_inspection,
)
from tests.support.instance import Instance

OUTDOOR = {"name": "kycuong_view", "value": "outdoor"}
PAGES = (
    "/intake/", "/intake/#/open", "/intake/#/handover", "/intake/desk/", "/reports/inbox?all=1", "/reports/",
    f"/reports/units/{UNIT}", "/audit/", "/audit/entry?at=0", f"/intake/units/{UNIT}/qr", "/nope",
    "/intake/minutes/check/x/y",
)  # fmt: skip
ENHANCED = {"runOnly": {"type": "rule", "values": ["color-contrast", "color-contrast-enhanced"]}}
SMALL = """() => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());) {
    const holder = text.parentElement;
    if (!text.data.trim() || !holder.checkVisibility() || holder.closest(".account, noscript, script, title")) continue;
    const scale = holder instanceof SVGElement ? holder.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(holder).fontSize) * scale;
    if (size < 17.99) found.push(`${size} ${text.data.trim()}`);
  }
  return found;
}"""
OPEN_ALL = """() => {
  const shown = [...document.querySelectorAll("details > summary")].filter((each) => each.checkVisibility());
  for (const each of shown) each.click();
}"""


@pytest.fixture(scope="module")
def members(instance: Instance) -> dict[Role, str]:
    posts = {Role.UNIT_HEAD: UNIT}
    passwords = {role: instance.member(f"nang.{role.value}", role, posts.get(role)) for role in Role}
    found(instance)
    return passwords


def found(instance: Instance) -> None:
    """A finding that waits for its reply, one that was decided, and an inspection still open."""
    lead, reviewer = instance.client(instance.token("lead")), instance.client(instance.token("reviewer"))
    for closed in (True, False):
        inspection, finding = fresh(), fresh()
        lead.put(f"/intake/v1/inspections/{inspection}", json=opening() | {"team": []}).raise_for_status()
        for write, code in ((finding, "A03"), (fresh(), "B04")):
            body = {"inspection": inspection, "code": code, "count": 1, "captured_at": now(-1)}
            lead.put(
                f"/intake/v1/findings/{write}", json=body | {"private": {"narrative": "Bàn trống"}}
            ).raise_for_status()
        if closed:
            lead.put(f"/intake/v1/inspections/{inspection}/closing/{fresh()}", json=closing()).raise_for_status()
            decision = {"outcome": "not_proven", "private": {"reason": "Chưa rõ."}}
            reviewer.put(f"/intake/v1/findings/{finding}/decision/{fresh()}", json=decision).raise_for_status()


@pytest.fixture
def come(people: list[Person], browser: Browser, instance: Instance) -> Any:
    def come(width: int = 320, *, outdoor: bool = True, **options: Any) -> Person:
        people.append(person := Person(browser, instance.url, {"width": width, "height": 800}, **options))
        if outdoor:
            person.context.add_cookies([OUTDOOR | {"url": instance.url}])  # type: ignore[list-item]
        return person

    return come


def readable(page: Page, what: object) -> None:
    """Contrast of 7:1, nothing under 18 px, and nothing beside the narrowest window."""
    assert page.evaluate("document.documentElement.hasAttribute('data-outdoor')"), what
    assert overflow(page) <= 0, what
    assert page.evaluate(SMALL) == [], what
    faults = violations(page, **ENHANCED)
    assert [(what, node["html"]) for fault in faults for node in fault["nodes"]] == []


def switch(page: Page, name: str = "Chế độ ngoài trời") -> Any:
    return page.get_by_role("button", name=name)


@pytest.mark.parametrize("role", list(Role))
def test_every_page_of_every_role_is_readable(
    come: Any, instance: Instance, members: dict[Role, str], role: Role
) -> None:
    person = come()
    page: Page = person.page
    person.come_in(f"nang.{role.value}", members[role])
    for path in PAGES:
        page.goto(f"{instance.url}{path}")
        page.wait_for_load_state("networkidle")
        readable(page, (role, path))
    page.goto(f"{instance.url}/intake/desk/")
    for tab in page.locator("[data-tab]:visible").all():
        tab.click()
        page.wait_for_load_state("networkidle")
        page.evaluate(OPEN_ALL)  # at once: a list that is drawn anew takes no pointer's aim away
        page.wait_for_load_state("networkidle")
        readable(page, (role, tab.inner_text()))
    person.context.add_cookies([{"name": "kycuong_lang", "value": "en", "url": instance.url}])
    for path in PAGES:
        page.goto(f"{instance.url}{path}")
        expect(page.locator("html[lang=en]")).to_have_count(1)
        assert overflow(page) <= 0, (role, path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_inspection_is_readable_from_opening_to_closing(come: Any, members: dict[Role, str], scheme: str) -> None:
    person = come()
    page: Page = person.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{person.url}/intake/login")
    readable(page, "sign-in")
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    open_inspection(page, "tan hoa", NAME, f"7{len(scheme)}/QĐ-SNV")
    count(page, "A01", 2)
    readable(page, "counting")
    page.get_by_role("button", name="Điểm danh").click()
    readable(page, "roll call")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    readable(page, "undo")
    page.get_by_role("button", name="Gửi ngay", exact=True).click()
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    for group in page.locator("#close-form details > summary").all():
        group.click()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_be_focused()
    readable(page, "closing")


def test_lines_and_the_ring_are_thicker(come: Any, members: dict[Role, str]) -> None:
    def drawn(outdoor: bool) -> list[float]:
        person = come(outdoor=outdoor)
        person.page.goto(f"{person.url}/intake/login")
        person.page.keyboard.press("Tab")
        person.page.keyboard.press("Tab")  # behind the way to the content
        return list(
            person.page.evaluate("""() => {
          const style = (node) => getComputedStyle(node);
          return [parseFloat(style(document.querySelector("#account")).borderWidth),
            parseFloat(style(document.activeElement).outlineWidth)];
        }""")
        )

    assert drawn(True) == [2, 5]
    assert drawn(False) == [1, 3]


def test_one_press_turns_it_on_in_place_and_the_device_remembers(
    come: Any, instance: Instance, members: dict[Role, str]
) -> None:
    person = come(outdoor=False)
    page: Page = person.page
    person.come_in("nang.reviewer", members[Role.REVIEWER], "/intake/desk/#/commend")
    page.locator("#commend-text").fill("Đang gõ dở")
    expect(switch(page)).to_have_attribute("aria-pressed", "false")
    switch(page).focus()
    page.keyboard.press("Space")
    expect(switch(page)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#commend-text")).to_have_value("Đang gõ dở")
    readable(page, "pressed")
    page.goto(f"{instance.url}/reports/?lang=en")  # another service, in the other language
    expect(switch(page, "Outdoor mode")).to_have_attribute("aria-pressed", "true")
    assert '<html lang="en" data-outdoor>' in page.request.get(f"{instance.url}/audit/").text()  # painted so at once
    switch(page, "Outdoor mode").click()
    page.reload()
    expect(switch(page, "Outdoor mode")).to_have_attribute("aria-pressed", "false")
    assert not page.evaluate("document.documentElement.hasAttribute('data-outdoor')")


def test_the_kept_form_is_so_before_anything_is_painted_also_without_a_network(come: Any) -> None:
    person = come(360, outdoor=False)
    page: Page = person.page
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    installed(page)
    page.add_init_script("""new MutationObserver((_, watching) => {
      if (!document.body) return;
      watching.disconnect();
      window.begunOutdoor = document.documentElement.hasAttribute("data-outdoor");
    }).observe(document, { childList: true, subtree: true })""")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("window.begunOutdoor") is False
    person.context.set_offline(True)
    switch(page).click()
    readable(page, "the form offline")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("window.begunOutdoor") is True
    expect(switch(page)).to_have_attribute("aria-pressed", "true")
    page.goto(f"{person.url}/audit/")
    expect(page.get_by_role("heading", level=1, name="Phần này cần mạng")).to_be_visible()
    assert page.evaluate("window.begunOutdoor") is True
    readable(page, "another section offline")


def test_it_needs_no_script(browser: Browser, come: Any, instance: Instance, members: dict[Role, str]) -> None:
    person = come(outdoor=False)
    person.come_in("nang.reviewer", members[Role.REVIEWER])
    context = browser.new_context(
        java_script_enabled=False, locale="vi-VN", storage_state=person.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"{instance.url}/reports/?group=xa")
    switch(page).click()
    expect(switch(page)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("html[data-outdoor]")).to_have_count(1)
    assert "group=xa" in page.url  # the page is the same one
    page.goto(f"{instance.url}/audit/")
    expect(page.locator("html[data-outdoor]")).to_have_count(1)
    switch(page).click()
    expect(page.locator("html[data-outdoor]")).to_have_count(0)
    context.close()
