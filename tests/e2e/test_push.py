"""Being told on a device: asked for by a tap, pushed to sealed, shown by the worker, ended by the same switch.

The browser's own push service is far away: what it answers to a subscription is put in its place here, and its delivery
is the browser's own command. All between them is real.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, Page, expect

from services.kernel.identity.vapid import point, unpadded
from tests.e2e.test_desk_cases import inspected
from tests.support.browser import DESK, Person
from tests.support.form import PASSWORDS, until
from tests.support.installation import Model, installed
from tests.support.instance import Instance
from tests.support.postgres import Cluster
from tests.unit.test_delivery import opened

AUTH = b"0123456789abcdef"
SUBSCRIBED = """({endpoint, keys}) => {
    let held = null;
    PushManager.prototype.getSubscription = async () => held;
    PushManager.prototype.subscribe = async (asked) => held = {
        endpoint, asked, toJSON: () => ({ endpoint, expirationTime: null, keys }),
        unsubscribe: async () => { held = null; },
    };
}"""
LISTENING = """() => {  // this browser, without a screen, shows no notification: what the worker asks for is kept
    self.shown = [], self.opened = [];
    registration.showNotification = async (title, { body, tag, data }) => {
        self.shown.push({ title, body, tag, data });
    };
    clients.openWindow = async (address) => { self.opened.push(address); };
}"""
CLICKED = """async (data) => {
    const over = [];
    const notification = { data, close: () => over.push("closed") };
    const click = Object.assign(new Event("notificationclick"), { notification, waitUntil: (act) => over.push(act) });
    dispatchEvent(click);
    await Promise.all(over);
    return [over[0], self.opened];
}"""


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[str, list[bytes]]]:
    """A push service: its address, and the sealed messages that came there."""
    with _serving() as serving:
        yield serving


@contextmanager
def _serving() -> Iterator[tuple[str, list[bytes]]]:
    came: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/of-this-browser", came
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def instance(cluster: Cluster, settled: Model) -> Iterator[Instance]:
    key = ec.generate_private_key(ec.SECP256R1())
    number = unpadded(key.private_numbers().private_value.to_bytes(32, "big"))
    env = {"VAPID_KEY": number, "VAPID_SUBJECT": "mailto:a@so.example", "WEBHOOK_ALLOW": "127.0.0.1"}
    with installed(cluster, settled, **{f"KYCUONG_{name}": value for name, value in env.items()}) as instance:
        instance.public = unpadded(point(key.public_key()))  # type: ignore[attr-defined]
        yield instance


def deliver(page: Page, origin: str, message: bytes) -> None:
    """As the browser does once its push service brought a message, for the worker of the whole origin."""
    found: list[str] = []
    devtools = page.context.new_cdp_session(page)
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(
            one["registrationId"] for one in told["registrations"] if one["scopeURL"] == f"{origin}/"
        ),
    )
    devtools.send("ServiceWorker.enable")
    until(lambda: page.wait_for_timeout(50) or found)
    devtools.send(
        "ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": message.decode()}
    )
    devtools.detach()


def test_a_head_is_told_on_this_device_until_the_switch_is_turned_off(
    instance: Instance, browser: Browser, people: list[Person], service: tuple[str, list[bytes]]
) -> None:
    endpoint, came = service
    key = ec.generate_private_key(ec.SECP256R1())
    keys = {"p256dh": unpadded(point(key.public_key())), "auth": unpadded(AUTH)}
    people.append(person := Person(browser, instance.url, DESK))
    page = person.page
    page.add_init_script(f"({SUBSCRIBED})({json.dumps({'endpoint': endpoint, 'keys': keys})})")
    person.sign_in("chu.tich", PASSWORDS["chu.tich"])
    page.goto(f"{instance.url}/intake/desk/")
    toggle = page.get_by_role("switch", name="Báo trên máy này")
    expect(toggle).to_have_attribute("aria-checked", "false")
    toggle.click()  # nothing was asked before
    expect(page.locator("#push-state")).to_contain_text("chặn thông báo")
    person.context.grant_permissions(["notifications"])
    toggle.click()
    expect(toggle).to_have_attribute("aria-checked", "true")
    asked = page.evaluate("""async () => {
        const registration = await navigator.serviceWorker.getRegistration("/");
        return (await registration.pushManager.getSubscription()).asked;
    }""")
    assert asked == {"userVisibleOnly": True, "applicationServerKey": instance.public}  # type: ignore[attr-defined]

    inspected(instance, "A01", "A03")
    until(lambda: came)
    message = opened(came[0], key, AUTH)
    told = json.loads(message)
    assert told["findings"] == 2 and "A01" not in str(told)
    whole, workers = f"{instance.url}/", person.context.service_workers
    [worker] = [one for one in workers if one.evaluate("registration.scope") == whole]
    worker.evaluate(LISTENING)
    deliver(page, instance.url, message)
    until(lambda: worker.evaluate("self.shown.length"))
    assert worker.evaluate("self.shown") == [
        {"title": told["title"], "body": "2 ghi nhận. Mở để xem.", "tag": told["id"], "data": told["link"]}
    ]
    assert worker.evaluate(CLICKED, told["link"]) == ["closed", [f"{instance.url}/reports/notices/{told['id']}"]]
    assert worker.evaluate(CLICKED, "https://elsewhere.example/x")[1][1] == f"{instance.url}/x"  # never another's

    toggle.click()
    expect(toggle).to_have_attribute("aria-checked", "false")
    assert page.request.get(f"{instance.url}/intake/v1/push-subscriptions").json()["items"] == []

    toggle.click()
    expect(toggle).to_have_attribute("aria-checked", "true")
    page.evaluate("""() => {
        const held = { unsubscribe: async () => localStorage.setItem("ended", "by signing out") };
        PushManager.prototype.getSubscription = async () => held;
    }""")
    person.context.set_offline(True)
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.locator("#flash .bad")).to_be_visible()  # the session goes on, and with it being told
    assert page.evaluate("localStorage.getItem('ended')") is None
    assert page.url.startswith(f"{instance.url}/intake/desk/")
    person.context.set_offline(False)
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url("**/intake/login*")
    assert page.evaluate("localStorage.getItem('ended')") == "by signing out"


def test_who_is_told_nothing_is_offered_nothing(instance: Instance, browser: Browser, people: list[Person]) -> None:
    people.append(person := Person(browser, instance.url, DESK))
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    person.page.goto(f"{instance.url}/intake/")
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    expect(person.page.locator("#ready")).to_contain_text("không có mạng")
    expect(person.page.locator("#push")).to_be_empty()
