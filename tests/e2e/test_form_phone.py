"""The phone form on bad networks and on none: it starts, takes everything in, and each write arrives once."""

import json
import os
import re
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import brotli
import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.support.axe import violations
from tests.support.browser import PHONE, Person, executable
from tests.support.form import (
    FAR,
    NAME,
    PASSWORDS,
    count,
    file_now,
    filed,
    fill_in_and_close,
    installed,
    open_inspection,
    record,
    reopen,
    start_inspection,
    stored,
    until,
)
from tests.support.instance import Instance
from tests.support.web_proxy import WebProxy

BUDGET = 60_000


def test_the_first_load_is_small_and_holds_nobody(instance: Instance) -> None:
    client = instance.client()
    worker = client.get("/intake/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    files = json.loads(re.search(r"const FILES = (\{.*?\});", worker.text, re.DOTALL)[1])  # type: ignore[index]
    total = 0
    for address in files:
        with client.stream("GET", address, headers={"accept-encoding": "gzip, deflate, br, zstd"}) as answer:
            body = b"".join(answer.iter_raw())
        total += len(body)
        text = brotli.decompress(body) if answer.headers.get("content-encoding") == "br" else body
        assert not any(account.encode() in text for account in PASSWORDS), address
    assert total < BUDGET, total
    assert not [address for address in files if "/v1/" in address or "login" in address or "desk" in address]


def test_offline_it_starts_and_a_whole_inspection_arrives_once(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    reopen(page)
    expect(page.locator("[data-account]")).to_have_text("an.kt")
    open_inspection(page, "tan hoa", NAME, "41/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    record(page, "A01", 2)
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    reopen(page)  # also in the middle, with everything waiting
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    fill_in_and_close(page)
    net.seen.clear()
    phone.context.set_offline(False)
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=FAR)
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    assert len([path for path in net.writes() if "/devices/" not in path]) == 3, net.writes()
    assert stored(instance, inspection) == [("A01", 2)]
    finding = next(path for path in net.writes("/findings/")).rsplit("/", 1)[1]
    index = int(filed(page, "A01").locator("[data-index]").get_attribute("data-index") or "-1")
    auditor = instance.client(instance.token("auditor"))
    receipt = auditor.get(f"/audit/v1/receipts/{finding}").text
    assert f"\nindex {index}\n" in receipt
    assert auditor.get(f"/audit/v1/entries/{finding}").json()["data"]["code"] == "A01"


@pytest.mark.parametrize("fault", ["cut before commit", "cut after commit", "503", "portal", "half-open"])
def test_a_failing_network_loses_nothing_and_doubles_nothing(
    fault: str, phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "42/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    inspection = page.url.rsplit("/", 1)[1]
    net.fail(fault, part="/findings/")
    record(page, "B01", 2)
    expect(filed(page, "B01")).to_contain_text("Đang gửi" if fault == "half-open" else "Sẽ tự gửi lại")
    net.heal()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(filed(page, "B01")).to_contain_text("Đã nhận", timeout=FAR)
    assert len(set(net.writes("/findings/"))) == 1
    assert len(net.writes("/findings/")) > 1
    first, *again = [status for method, path, status in net.answered if method == "PUT" and "/findings/" in path]
    assert first == 201
    assert bool(again) == (fault == "cut after commit") and set(again) <= {200}
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
    reopen(page)  # the portal has no say in which page this is
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
    until(lambda: page.evaluate("async () => (await caches.keys()).includes('kycuong-form-another')"))
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


def test_of_five_items_one_is_poisoned_and_four_go_on(phone: Person, net: WebProxy, instance: Instance) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "46/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    for code in ("A01", "A02", "B01", "B03"):
        count(page, code, 1)
    expect(page.locator("#saved")).to_contain_text("Đã lưu")
    page.evaluate(KEEP_ROW, [inspection, "Z99"])  # a draft of a catalogue that no longer has the code
    reopen(page)
    expect(page.locator('[data-code="Z99"]')).to_be_visible()
    file_now(page)
    for code in ("A01", "A02", "B01", "B03"):
        expect(filed(page, code)).to_contain_text("Đã nhận", timeout=FAR)
    poisoned = filed(page, "Z99")
    expect(poisoned).to_contain_text("Bị từ chối")
    expect(poisoned.locator(".notice li")).not_to_be_empty()
    with page.expect_download() as download:
        poisoned.get_by_role("button", name="Tải ra tệp").click()
    [line] = Path(download.value.path()).read_text().splitlines()
    assert json.loads(line)["body"]["code"] == "Z99"
    assert [code for code, _ in stored(instance, inspection)] == ["A01", "A02", "B01", "B03"]


KEEP_ROW = """async ([inspection, code]) => {
  const { find, keep } = await import("/intake/static/shared/store.js");
  const { uuid7 } = await import("/intake/static/shared/uuid7.js");
  const { stamp } = await import("/intake/static/shared/clock.js");
  const key = `an.kt/count/${inspection}`;
  const { value } = await find("drafts", key);
  value[code] = { id: uuid7(), count: 1, at: stamp(), device: {}, narrative: "", persons: "" };
  await keep("drafts", { key, value });
}"""


def test_the_queue_as_a_file_is_a_batch_and_nothing_counts_twice(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "binh minh", "UBND phường Bình Minh", "47/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    record(page, "A01", 3)
    page.evaluate(AGE)  # it has waited since yesterday, and this browser promises no space
    reopen(page)
    expect(page.locator("#queue-trouble")).to_contain_text("chờ hơn một ngày")
    with page.expect_download() as download:
        page.get_by_role("button", name="Lưu dữ liệu chưa gửi ra tệp").first.click()
    colleague = instance.client(instance.token("inspector", account="an.kt"))
    answer = colleague.post(
        "/intake/v1/batch", content=Path(download.value.path()).read_bytes(),
        headers={"content-type": "application/x-ndjson"},
    )  # fmt: skip
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == [201, 201]
    phone.context.set_offline(False)
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=FAR)
    answered = [status for method, path, status in net.answered if method == "PUT" and "/devices/" not in path]
    assert answered == [200, 200]
    assert stored(instance, inspection) == [("A01", 3)]


AGE = """async () => {
  const { everything, keep } = await import("/intake/static/shared/store.js");
  for (const item of await everything("items")) {
    if (item.state === "waiting") await keep("items", { ...item, n: item.n - 25 * 3600 * 1000 });
  }
}"""


def test_two_tabs_that_wake_together_send_each_body_once(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "48/QĐ-SNV")
    twin = phone.context.new_page()
    twin.goto(net.url + "/intake/")
    installed(twin)
    phone.context.set_offline(True)
    for code in ("A01", "A02", "B01"):
        count(page, code, 1)
    file_now(page)
    expect(filed(page, "B01")).to_contain_text("Chờ gửi")
    net.delay = 0.1
    net.seen.clear()
    phone.context.set_offline(False)
    for tab in (page, twin):
        tab.evaluate("dispatchEvent(new Event('online'))")
        tab.evaluate("navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data: 'flush' }))")
    for code in ("A01", "A02", "B01"):
        expect(filed(page, code)).to_contain_text("Đã nhận", timeout=FAR)
    assert len(net.writes("/findings/")) == len(set(net.writes("/findings/"))) == 3


def test_two_hundred_items_over_a_slow_link_show_how_far_they_are(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "49/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    inspection = page.url.rsplit("/", 1)[1]
    net.delay = 0.01
    page.evaluate(MANY, [inspection, 200])
    reopen(page)
    expect(page.locator("#queue-progress")).to_contain_text(re.compile(r"Đang gửi \d+/200"), timeout=FAR)
    expect(page.locator('#count-filed [data-state="received"]')).to_have_count(201, timeout=2 * FAR)
    expect(page.locator("#queue-progress")).to_be_empty()
    lead = instance.client(instance.token("lead"))
    page_of = lead.get(f"/intake/v1/findings?inspection={inspection}&limit=200").json()
    assert len(page_of["items"]) == 200
    assert len(net.writes("/findings/")) == 200


MANY = """async ([inspection, many]) => {
  const { keep } = await import("/intake/static/shared/store.js");
  const { uuid7 } = await import("/intake/static/shared/uuid7.js");
  const { now, stamp } = await import("/intake/static/shared/clock.js");
  for (let n = 0; n < many; n++) {
    const id = uuid7();
    await keep("items", {
      key: id, account: "an.kt", n: now() + n, kind: "finding", inspection, path: `/intake/v1/findings/${id}`,
      body: { inspection, code: "B01", count: 1, captured_at: stamp() },
      label: { code: "B01", count: 1, captured_at: stamp() },
      state: "waiting", tries: 0, notBefore: 0, problem: null, answer: null,
    });
  }
}"""


def test_a_full_phone_says_so_and_claims_nothing(browser: Browser, net: WebProxy) -> None:
    person = Person(browser, net.url, PHONE)
    page = person.page
    page.goto(net.url + "/intake/login")
    devtools = person.context.new_cdp_session(page)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": net.url, "quotaSize": 1})
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.locator("#unit-search").fill("tan hoa")
    expect(page.locator("#flash")).to_contain_text("CHƯA được giữ lại")
    page.get_by_label(NAME, exact=True).check()
    page.get_by_label("Ngẫu nhiên").check()
    page.get_by_label("Quyết định kiểm tra số").fill("50/QĐ-SNV")
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    page.wait_for_timeout(500)
    expect(page.locator("#flash")).to_contain_text("CHƯA được giữ lại")
    expect(page.locator("#saved")).to_be_empty()
    expect(page.locator("#queue-state")).to_be_empty()
    expect(page.get_by_role("heading", level=1, name="Mở cuộc kiểm tra")).to_be_visible()
    assert net.writes() == []
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": net.url})
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    person.context.close()
    assert person.script_errors == []


def test_an_emptied_store_is_told(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "51/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Chờ gửi")
    page.evaluate(EMPTY)
    page.get_by_role("button", name="Thử gửi ngay").click()  # the open page still holds it, and puts it back
    until(lambda: page.evaluate(HOLDS_ONE))
    net.rule = lambda method, path: "503" if method == "PUT" else None
    phone.context.set_offline(False)
    expect(page.locator("#queue-trouble")).to_contain_text("Thử gửi ngay")
    reopen(page)
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Chờ gửi")
    page.goto(net.url + "/audit/")
    page.evaluate(EMPTY)
    page.goto(net.url + "/intake/")
    expect(page.locator("#queue-trouble")).to_contain_text("1 mục chưa gửi đã mất")


HOLDS_ONE = """async () => {
    if (!(await indexedDB.databases()).some(({ name }) => name === "kycuong-form")) return false;
    const database = await new Promise((done) => {
        const opening = indexedDB.open("kycuong-form");
        opening.onsuccess = () => done(opening.result);
    });
    try {
        if (!database.objectStoreNames.contains("items")) return false;
        const counting = database.transaction("items").objectStore("items").count();
        return await new Promise((done) => { counting.onsuccess = () => done(counting.result === 1); });
    } finally {
        database.close();
    }
}"""
EMPTY = "new Promise((done) => { indexedDB.deleteDatabase('kycuong-form').onsuccess = () => done(); })"


def test_a_second_finding_of_the_same_kind_today_is_hinted_at_never_refused(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "52/QĐ-SNV")
    record(page, "C01")
    expect(filed(page, "C01")).to_contain_text("Đã nhận")
    count(page, "C01", 1)
    expect(page.locator('[data-repeat="C01"]')).to_contain_text("đã ghi nhận 1 lần")
    file_now(page)
    expect(filed(page, "C01").first).to_contain_text("Đã nhận")
    expect(filed(page, "C01").last).to_contain_text("Đã nhận")
    expect(filed(page, "C01")).to_have_count(2)


def test_a_browser_killed_in_the_middle_comes_back_with_every_word(browser: Browser, net: WebProxy) -> None:
    with tempfile.TemporaryDirectory(prefix="kc-") as profile:
        with opened(browser, profile, net) as page:
            open_inspection(page, "tan hoa", NAME, "53/QĐ-SNV")
            address = page.url
            count(page, "A03", 1)
            page.locator("#narrative-A03").fill("Bàn trống từ 7 giờ 30")
            expect(page.locator("#saved")).to_contain_text("Đã lưu")
            page.evaluate("import('/intake/static/shared/drafts.js')")  # what was typed is on its way
            page.wait_for_timeout(300)
            os.kill(main_process(profile), signal.SIGKILL)
        with opened(browser, profile, net) as page:
            page.goto(address)
            expect(page.locator('[data-code="A03"] input[type="number"]')).to_have_value("1")
            expect(page.locator("#narrative-A03")).to_have_value("Bàn trống từ 7 giờ 30")


@contextmanager
def opened(browser: Browser, profile: str, net: WebProxy) -> Iterator[Page]:
    """The form, signed in, in a browser that keeps its profile."""
    context = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=executable(),
        args=["--no-sandbox"],
        viewport=PHONE,
        locale="vi-VN",
    )
    try:
        page = context.new_page()
        page.goto(net.url + "/intake/")
        page.wait_for_selector("#view-list:not([hidden]), #password")
        if page.locator("#password").count():  # a session of yesterday, or one that the kill took
            page.get_by_label("Tài khoản", exact=True).fill("an.kt")
            page.get_by_label("Mật khẩu", exact=True).fill(PASSWORDS["an.kt"])
            page.get_by_role("button", name="Đăng nhập").click()
        expect(page.get_by_role("heading", level=1, name="Cuộc kiểm tra của tôi")).to_be_visible()
        yield page
    finally:
        with suppress(Error):
            context.close()


def main_process(profile: str) -> int:
    """The browser process of a profile, of which all others are children."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().decode(errors="replace")
            if f"--user-data-dir={profile}" in words and "--type=" not in words and "chrom" in words.split("\0")[0]:
                return int(folder.name)
    raise AssertionError("no such browser")


def test_nothing_serious_for_those_who_do_not_see(phone: Person) -> None:
    page = phone.page
    faults = []

    def look(view: str) -> None:
        assert phone.overflow() <= 0, view
        found = violations(page)
        faults.extend(
            (view, each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        )

    look("list")
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.locator(".error-summary")).to_be_focused()
    look("opening with errors")
    page.get_by_role("link", name="← Danh sách").first.click()
    open_inspection(page, "tan hoa", NAME, "54/QĐ-SNV")
    record(page, "A01")
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=FAR)
    count(page, "A03", 1)
    look("counting")
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_be_focused()
    look("closing with errors")
    assert faults == []
    phone.script_errors.clear()  # the checker's own inline styles, refused by the policy


SMALL = """() => [...document.querySelectorAll(
    "button, summary, .button, .choice, input, select, textarea, .back a, .language")]
  .filter((node) => node.checkVisibility() && !["checkbox", "radio", "file"].includes(node.type))
  .map((node) => [node.getBoundingClientRect().height, node.id || node.textContent.trim().slice(0, 30)])
  .filter(([height]) => height < 43.5)"""


def test_every_control_is_big_enough_for_a_thumb(phone: Person) -> None:
    page = phone.page
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    expect(page.locator("#unit-count")).to_contain_text("đơn vị")
    page.locator("#unit-search").fill("xa")
    assert page.evaluate(SMALL) == []
    start_inspection(page, "tan hoa", NAME, "56/QĐ-SNV")
    count(page, "A03", 1)
    assert page.evaluate(SMALL) == []
    file_now(page)
    page.get_by_role("link", name="Kết thúc kiểm tra").press("Enter")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký", exact=True).check()
    page.get_by_text("Thêm cho biên bản").click()
    assert page.evaluate(SMALL) == []


def test_the_rounds_of_the_queue_take_nobody_s_focus(phone: Person) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, "57/QĐ-SNV")
    expect(page.locator("#queue-trouble")).to_contain_text("Thử gửi ngay")
    page.get_by_role("button", name="Thử gửi ngay").focus()
    page.evaluate(WATCH)
    page.wait_for_timeout(7000)  # more than a round
    expect(page.get_by_role("button", name="Thử gửi ngay")).to_be_focused()
    assert page.evaluate("window.announced") == 0
    page.goto(page.url.split("#")[0] + "#/")
    link = page.locator("#list-open").get_by_role("link", name=NAME).first
    link.focus()
    page.wait_for_timeout(7000)
    expect(link).to_be_focused()


WATCH = """() => {
  window.announced = 0;
  new MutationObserver((records) => { window.announced += records.length; })
    .observe(document.querySelector("#queue-state"), { childList: true, subtree: true });
}"""


def test_only_the_form_takes_its_files_from_the_phone(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    shared = (
        "GET",
        "/intake/static/desk/labels.js",
    )  # the desk's other scripts come from the server: all of one version
    net.seen.clear()
    page.goto(net.url + "/intake/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert shared not in net.seen
    page.goto(net.url + "/intake/desk/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert shared in net.seen
