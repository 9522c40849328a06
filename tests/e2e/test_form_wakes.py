"""What makes a waiting queue go on: the browser's own wake-up call, and a deadline for a server that never answers."""

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PHONE, Person
from tests.support.form import FAR, NAME, PASSWORDS, filed, installed, open_inspection, record, until
from tests.support.web_proxy import WebProxy

LONG = 600  # seconds that the server asks the phone to wait


def signed_in(browser: Browser, net: WebProxy, before: str = "") -> Person:
    person = Person(browser, net.url, PHONE)
    person.context.add_init_script(before)
    person.come_in("an.kt", PASSWORDS["an.kt"])
    return person


def form(known: list[dict[str, Any]]) -> list[str]:
    return [one["registrationId"] for one in known if one["scopeURL"].endswith("/intake/")]


def wake(page: Page, origin: str) -> None:
    """Let the browser fire the one-off sync event that the page registered, as it does when a network is back."""
    cdp = page.context.new_cdp_session(page)
    known: list[dict[str, Any]] = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda told: known.extend(told["registrations"]))
    cdp.send("ServiceWorker.enable")
    until(lambda: page.evaluate("navigator.serviceWorker.controller !== null") and form(known))
    cdp.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": origin, "registrationId": form(known)[0], "tag": "queue", "lastChance": False},
    )


def test_the_browsers_wake_up_call_sends_what_waits_long_before_its_pause_ends(browser: Browser, net: WebProxy) -> None:
    person = signed_in(browser, net)
    page = person.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, "61/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    net.retry_after = LONG
    net.fail("503", part="/findings/")
    record(page, "B01")
    expect(filed(page, "B01")).to_contain_text("Sẽ tự gửi lại")
    net.heal()
    tried = len(net.writes("/findings/"))
    page.wait_for_timeout(6_000)  # longer than the queue's own round: it keeps the pause it was told
    assert len(net.writes("/findings/")) == tried
    wake(page, net.url)
    expect(filed(page, "B01")).to_contain_text("Đã nhận", timeout=FAR)
    person.context.close()
    assert person.script_errors == []


def test_a_server_that_never_answers_is_given_up_and_asked_again(browser: Browser, net: WebProxy) -> None:
    # the page's own patience, a third of it: 30 seconds of silence become ten, which a slow machine has to show it
    person = signed_in(
        browser,
        net,
        "const wait = setTimeout; window.setTimeout = (act, ms) => wait(act, ms === 30000 ? 10000 : ms);",
    )
    page = person.page
    open_inspection(page, "tan hoa", NAME, "62/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    net.fail("half-open", part="/findings/", times=1)
    record(page, "B03")
    expect(filed(page, "B03")).to_contain_text("Đang gửi")
    expect(filed(page, "B03")).to_contain_text("Đã nhận", timeout=FAR)  # nobody touched anything, the fault still hangs
    assert len(net.writes("/findings/")) == 2
    assert not net.healed.is_set()
    person.context.close()
    assert person.script_errors == []
