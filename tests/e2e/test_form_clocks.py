"""A phone's clock that is set while nobody tells it the time: what it cannot have meant is put right, and signed so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Person
from tests.support.form import FAR, NAME, filed, installed, open_inspection, record, reopen, stored
from tests.support.instance import Instance
from tests.support.web_proxy import WebProxy

HOUR = 3600
CLOCK = """const real = Date.now;
Date.now = () => real() + 1000 * (Number(localStorage.getItem("test-clock")) || 0);"""


def set_clock(page: Page, seconds: int) -> None:
    """As somebody does in the phone's settings, while the page is open or not."""
    page.evaluate("seconds => localStorage.setItem('test-clock', seconds)", str(seconds))


def watch(page: Page) -> None:
    installed(page)
    page.add_init_script(CLOCK)
    reopen(page)


def told(instance: Instance, page: Page) -> dict[str, Any]:
    """The data of the newest finding's event."""
    reviewer, auditor = instance.client(instance.token("reviewer")), instance.client(instance.token("auditor"))
    inspection = page.url.rsplit("/", 1)[1]
    found = reviewer.get(f"/intake/v1/findings?inspection={inspection}").json()["items"][0]["id"]
    receipt = auditor.get(f"/audit/v1/receipts/{found}?wait=30")
    assert receipt.status_code == 200
    data: dict[str, Any] = auditor.get(f"/audit/v1/entries/{found}").json()["data"]
    return data


def about_now(text: str) -> bool:
    return abs(datetime.fromisoformat(text) - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("off", [-3 * 365 * 24 * HOUR, -2 * HOUR, 2 * HOUR, 400 * 24 * HOUR])
@pytest.mark.parametrize("reload", [False, True])
def test_a_clock_set_while_offline_is_put_right_before_it_is_sent(
    phone: Person, net: WebProxy, instance: Instance, off: int, reload: bool
) -> None:
    page = phone.page
    watch(page)
    open_inspection(page, "tan hoa", NAME, "91/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã", timeout=FAR)
    phone.context.set_offline(True)
    set_clock(page, off)
    if reload:
        reopen(page)
        expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    record(page, "B01", 2)
    record(page, "A01", 1)
    expect(filed(page, "A01")).to_be_visible()
    phone.context.set_offline(False)
    expect(filed(page, "B01")).to_contain_text("trong nhật ký", timeout=3 * FAR)
    expect(filed(page, "A01")).to_contain_text("trong nhật ký", timeout=FAR)
    assert stored(instance, page.url.rsplit("/", 1)[1]) == [("A01", 1), ("B01", 2)]
    data = told(instance, page)
    assert about_now(data["captured_at"]) and data["flags"] == ["clock_skew"]
    assert datetime.fromisoformat(data["device_at"]) != datetime.fromisoformat(data["captured_at"])
    (mine,) = [
        each
        for each in instance.client(instance.token("lead")).get("/intake/v1/devices").json()["items"]
        if each["device"] == device_of(page)
    ]
    assert (mine["missing_count"], mine["broken"], mine["forked"], mine["waiting"]) == (0, [], [], 0)


def device_of(page: Page) -> str:
    found: str = page.evaluate(
        """async () => (await (await import("/intake/static/shared/store.js")).everything("items"))
            .filter(({ kind }) => kind === "device").map(({ key }) => key).at(-1)"""
    )
    return found


def test_an_opening_made_by_a_wrong_clock_lands_on_its_own_day(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    watch(page)
    phone.context.set_offline(True)
    set_clock(page, 2 * HOUR)
    open_inspection(page, "tan hoa", NAME, "92/QĐ-SNV")
    record(page, "B01", 1)
    expect(filed(page, "B01")).to_be_visible()
    phone.context.set_offline(False)
    expect(filed(page, "B01")).to_contain_text("trong nhật ký", timeout=3 * FAR)
    inspection = page.url.rsplit("/", 1)[1]
    lead = instance.client(instance.token("lead"))
    assert about_now(lead.get(f"/intake/v1/inspections/{inspection}").json()["opened_at"])
    assert about_now(told(instance, page)["captured_at"])


def test_what_was_refused_for_its_time_is_mended_by_both_ways_on(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    watch(page)
    open_inspection(page, "tan hoa", NAME, "93/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("trong nhật ký", timeout=FAR)
    refused = """async ([inspection, codes]) => {
        const { everything, keepAll } = await import("/intake/static/shared/store.js");
        const { uuid7 } = await import("/intake/static/shared/uuid7.js");
        const account = (await everything("items"))[0].account;
        const body = (code) => ({ inspection, code, count: 1, captured_at: "2099-01-01T08:00:00+07:00" });
        const problem = { status: 422, slug: "invalid", title: "", message: "", errors: [] };
        await keepAll(codes.map((code, n) => { const key = uuid7(); return ["items", {
            key, account, n: Date.now() + n, kind: "finding", inspection, path: `/intake/v1/findings/${key}`,
            body: body(code), label: { code, count: 1, captured_at: body(code).captured_at }, state: "failed", tries: 1,
            notBefore: 0, problem, answer: null }]; }));
    }"""
    page.evaluate(refused, [inspection, ["B01", "B03"]])  # as a form kept it that mended nothing
    reopen(page)
    filed(page, "B01").get_by_role("button", name="Gửi lại").click()
    expect(filed(page, "B01")).to_contain_text("trong nhật ký", timeout=FAR)
    filed(page, "B03").get_by_role("button", name="Sửa lại").click()
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    page.get_by_role("button", name="Gửi ngay", exact=True).click()
    expect(filed(page, "B03")).to_contain_text("trong nhật ký", timeout=FAR)
    assert stored(instance, inspection) == [("B01", 1), ("B03", 1)]
    assert about_now(told(instance, page)["captured_at"])


def test_what_the_server_has_as_it_was_sent_first_is_shown_and_never_doubled_unasked(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    watch(page)
    open_inspection(page, "tan hoa", NAME, "94/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    record(page, "B01", 2)
    expect(filed(page, "B01")).to_contain_text("trong nhật ký", timeout=FAR)
    page.evaluate("""async () => {
        const { everything, keep } = await import("/intake/static/shared/store.js");
        const item = (await everything("items")).find(({ label }) => label.code === "B01");
        const body = { inspection: item.inspection, code: "B01", count: 5, captured_at: item.label.captured_at };
        await keep("items", { ...item, body, state: "waiting", tries: 0, answer: null, index: undefined, handed: true,
            label: { ...item.label, count: 5 } });
    }""")  # as if the answer to the first had been lost, and a colleague had altered what was handed over
    reopen(page)
    row = filed(page, "B01").filter(has_text="Bị từ chối")
    expect(row).to_contain_text("nội dung gửi lần trước", timeout=FAR)
    expect(row.locator(".notice")).to_contain_text("× 2")
    row.get_by_role("button", name="Giữ bản đã nhận").click()
    expect(page.locator("#flash")).to_contain_text("nội dung gửi lần trước")
    expect(filed(page, "B01")).to_contain_text("× 2")
    assert stored(instance, inspection) == [("B01", 2)]
