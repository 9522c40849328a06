"""The phone form on bad networks and on none: it starts, takes everything in, and each write arrives once."""

import gzip
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_pages import NAME, PASSWORDS, count, filed, open_inspection, settle
from tests.support.browser import PHONE, Person, chromium
from tests.support.instance import Instance, running
from tests.support.web_proxy import WebProxy

BUDGET = 60_000
FAR = 15_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="kc-") as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder) / "data") as instance:
            settle(instance)
            yield instance


@pytest.fixture
def net(instance: Instance) -> Iterator[WebProxy]:
    with WebProxy(instance.port).serving() as proxy:
        yield proxy


@pytest.fixture
def phone(browser: Browser, net: WebProxy) -> Iterator[Person]:
    """An inspector's phone, whose network is `net`; its page threw no error and broke no policy."""
    person = Person(browser, net.url, PHONE)
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    yield person
    person.context.close()
    assert person.script_errors == []


def installed(page: Page) -> None:
    """Wait until the phone can do without a network."""
    expect(page.locator("#ready")).to_contain_text("không có mạng", timeout=FAR)
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def record(page: Page, code: str, times: int = 1) -> None:
    count(page, code, times)
    page.get_by_role("button", name="Ghi nhận").click()


def stored(instance: Instance, inspection: str) -> list[tuple[str, int]]:
    """The findings of an inspection, as the server holds them."""
    lead = instance.client(instance.token("lead"))
    items = lead.get(f"/intake/v1/findings?inspection={inspection}&limit=200").json()["items"]
    return sorted((each["code"], each["count"]) for each in items)


def test_the_first_load_is_small_and_holds_nobody(instance: Instance) -> None:
    client = instance.client()
    worker = client.get("/intake/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    files = json.loads(re.search(r"const FILES = (\{.*?\});", worker.text, re.DOTALL)[1])  # type: ignore[index]
    total = 0
    for address in files:
        with client.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
            body = b"".join(answer.iter_raw())
        total += len(body)
        text = gzip.decompress(body) if answer.headers.get("content-encoding") == "gzip" else body
        assert not any(account.encode() in text for account in PASSWORDS), address
    assert total < BUDGET, total
    assert not [address for address in files if "/v1/" in address or "login" in address or "desk" in address]


def test_offline_it_starts_and_a_whole_inspection_arrives_once(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    page.reload()
    expect(page.locator("[data-account]")).to_have_text("an.kt")
    open_inspection(page, "tan hoa", NAME, "41/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    record(page, "A01", 2)
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    page.reload()  # also in the middle, with everything waiting
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    fill_in_and_close(page)
    net.seen.clear()
    phone.context.set_offline(False)
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=FAR)
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    assert len(net.writes()) == 3, net.writes()
    assert stored(instance, inspection) == [("A01", 2)]
    finding = next(path for path in net.writes("/findings/")).rsplit("/", 1)[1]
    index = int(filed(page, "A01").locator("[data-index]").get_attribute("data-index") or "-1")
    auditor = instance.client(instance.token("auditor"))
    receipt = auditor.get(f"/audit/v1/receipts/{finding}").text
    assert f"\nindex {index}\n" in receipt
    assert auditor.get(f"/audit/v1/entries/{finding}").json()["data"]["code"] == "A01"


def fill_in_and_close(page: Page) -> None:
    page.get_by_role("link", name="Kết thúc kiểm tra").click()
    form = page.locator("#close-form")
    for label, value in (("Được giao", "45"), ("Có mặt", "45"), ("Số người", "45")):
        form.get_by_label(label, exact=True).fill(value)
    form.get_by_label("Đơn vị đã đọc lại và cùng ký", exact=True).check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("Chờ gửi")


@pytest.mark.parametrize("fault", ["cut before commit", "cut after commit", "503", "portal", "half-open"])
def test_a_failing_network_loses_nothing_and_doubles_nothing(
    fault: str, phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "42/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    inspection = page.url.rsplit("/", 1)[1]
    net.fail(fault, part="/findings/", times=1)
    record(page, "B01", 2)
    if fault == "half-open":
        page.wait_for_timeout(300)
        expect(filed(page, "B01")).to_contain_text("Đang gửi")
        net.heal()
    expect(filed(page, "B01")).to_contain_text("Đã nhận", timeout=FAR)
    assert len(set(net.writes("/findings/"))) == 1
    assert len(net.writes("/findings/")) == 2
    statuses = [status for method, path, status in net.answered if method == "PUT" and "/findings/" in path]
    assert statuses == ([201, 200] if fault == "cut after commit" else [201])
    assert stored(instance, inspection) == [("B01", 2)]
    expect(filed(page, "B01")).to_contain_text("máy này đã kiểm biên nhận", timeout=FAR)


def test_a_portal_before_everything_is_no_server(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "43/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    net.rule = lambda method, path: "portal"
    installed(page)
    record(page, "B03")
    expect(filed(page, "B03")).to_contain_text("Chờ gửi")
    expect(page.locator("#queue-trouble")).to_contain_text("Mọi mục vẫn còn trên máy này")
    page.reload()  # the portal has no say in which page this is
    expect(filed(page, "B03")).to_contain_text("Chờ gửi")
    assert net.writes("/findings/") == []
    net.heal()
    expect(filed(page, "B03")).to_contain_text("Đã nhận", timeout=FAR)


def test_a_receipt_that_does_not_prove_the_write_is_told(phone: Person, net: WebProxy) -> None:
    page = phone.page
    net.rewrite = lambda path, body: body.replace(b"\nindex ", b"\nindex 1") if "/receipts/" in path else body
    open_inspection(page, "tan hoa", NAME, "44/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("KHÔNG khớp", timeout=FAR)
    expect(filed(page, "Mở cuộc kiểm tra")).not_to_contain_text("trong nhật ký")


def test_a_new_version_waits_to_be_asked_and_loses_no_word(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    caches = page.evaluate("caches.keys()")
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_label("Quyết định kiểm tra số").fill("45/QĐ-SNV")
    expect(page.locator("#saved")).to_contain_text("Đã lưu trên máy")
    net.rewrite = lambda path, body: (
        re.sub(rb'VERSION = "\w+"', b'VERSION = "another"', body) if path == "/intake/sw.js" else body
    )
    page.evaluate("navigator.serviceWorker.getRegistration('/intake/').then((kept) => kept.update()).then(() => null)")
    page.get_by_role("button", name="Dùng bản mới").click()
    page.wait_for_function("async () => (await caches.keys()).includes('kycuong-form-another')")
    expect(page.locator("#new-version")).to_be_empty()
    expect(page.get_by_label("Quyết định kiểm tra số")).to_have_value("45/QĐ-SNV")
    assert len(page.evaluate("caches.keys()")) == len(caches)


def test_the_units_code_opens_the_form_with_the_unit_chosen_also_offline(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    page.goto(net.url + "/intake/?unit=xa-tan-hoa")
    expect(page.get_by_label(NAME, exact=True)).to_be_checked()
    phone.context.set_offline(True)
    page.goto(net.url + "/intake/?unit=phuong-binh-minh")
    expect(page.get_by_label("UBND phường Bình Minh", exact=True)).to_be_checked()
    assert page.url == net.url + "/intake/#/open"
