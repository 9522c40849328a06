"""What a phone queues is signed, chained and sealed; what was deleted shows; a colleague can carry the queue."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PHONE, Person
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
from tests.support.photos import jpeg, scene
from tests.support.web_proxy import WebProxy

WORDS = "CANARY-loi-mo-ta"
DUMP = """() => new Promise((done, failed) => {
  const opening = indexedDB.open("kycuong-form");
  opening.onerror = () => failed(opening.error);
  opening.onsuccess = async () => {
    const said = [];
    const text = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value)
      ? new TextDecoder().decode(value) : typeof value === "object" && value !== null && !(value instanceof CryptoKey)
        ? Object.entries(value).map(([name, each]) => name + " " + text(each)).join(" ") : String(value);
    for (const store of opening.result.objectStoreNames) {
      const asked = opening.result.transaction(store).objectStore(store).getAll();
      await new Promise((read) => { asked.onsuccess = read; });
      said.push(store, ...asked.result.map(text));
    }
    opening.result.close();
    done(said.join("\\n"));
  };
})"""
DELETE = """async (code) => {
  const { drop, everything } = await import("/intake/static/shared/store.js");
  const item = (await everything("items")).find(({ label }) => label.code === code);
  await drop("items", item.key);
}"""
ADD_TEN = """async () => {
  const { Queue } = await import("/intake/static/form/queue.js");
  const { uuid7 } = await import("/intake/static/shared/uuid7.js");
  const queue = new Queue("an.kt", () => {});
  await queue.load();
  for (let i = 0; i < 10; i += 1) {
    const id = uuid7();
    const path = `/intake/v1/findings/${id}`;
    await queue.add({ id, kind: "finding", inspection: null, path, body: { count: i }, label: {} });
  }
}"""
SHARING = """(outcome) => {
  navigator.canShare = ({ files }) => files.every((file) => file.name.endsWith(".txt"));
  navigator.share = async ({ files: [file] }) => {
    if (outcome !== "shared") throw new DOMException("", outcome);
    window.shared = { name: file.name, type: file.type, text: await file.text() };
  };
}"""
NUMBERS = """async () => {
  const { everything } = await import("/intake/static/shared/store.js");
  const signed = (await everything("items")).filter(({ body }) => body?.device);
  return signed.map(({ body }) => body.device.n).sort((a, b) => a - b);
}"""


def device(instance: Instance, account: str = "an.kt") -> dict[str, Any]:
    """The newest phone of an account, as the reviewer sees it."""
    items = instance.client(instance.token("reviewer")).get("/intake/v1/devices").json()["items"]
    return next(one for one in items if one["account"] == account)


def whole(instance: Instance) -> tuple[Any, ...]:
    shown = device(instance)
    return shown["missing"], shown["broken"], shown["forked"]


@pytest.fixture
def colleague(browser: Browser, net: WebProxy) -> Iterator[Person]:
    """The phone of somebody who is not in the team."""
    person = Person(browser, net.url, PHONE)
    person.sign_in("binh.td", PASSWORDS["binh.td"])
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    yield person
    person.context.close()
    assert person.script_errors == []


def offline_inspection(phone: Person, order: str) -> Page:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    open_inspection(page, "tan hoa", NAME, order)
    return page


def test_what_was_queued_offline_comes_as_one_whole_chain(phone: Person, instance: Instance) -> None:
    page = offline_inspection(phone, "71/QĐ-SNV")
    record(page, "A01", 2)
    record(page, "B01")
    fill_in_and_close(page)
    phone.context.set_offline(False)
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    shown = device(instance)
    assert (shown["last_n"], shown["missing_count"], shown["broken"], shown["forked"]) == (4, 0, [], [])
    assert shown["waiting"] == 0


def test_an_item_deleted_from_the_phone_is_missed_by_the_server(phone: Person, instance: Instance) -> None:
    page = offline_inspection(phone, "72/QĐ-SNV")
    record(page, "A01")
    record(page, "A02")
    expect(filed(page, "A02")).to_contain_text("Chờ gửi")
    page.evaluate(DELETE, "A01")
    reopen(page)
    expect(filed(page, "A02")).to_contain_text("Chờ gửi")
    phone.context.set_offline(False)
    expect(filed(page, "A02")).to_contain_text("Đã nhận", timeout=FAR)
    assert whole(instance) == ([2], [], [])


def test_two_tabs_make_one_chain(phone: Person, net: WebProxy) -> None:
    page = phone.page
    twin = phone.context.new_page()
    twin.goto(net.url + "/intake/")
    expect(twin.get_by_role("heading", level=1)).to_be_visible()
    for tab in (page, twin):
        tab.evaluate(
            "import('/intake/static/form/queue.js').then(() => null)"
        )  # the form itself keeps it in one file with others
    phone.context.set_offline(True)
    page.evaluate(f"window.adding = ({ADD_TEN})(); null")
    twin.evaluate(ADD_TEN)
    page.evaluate("window.adding")
    numbers = page.evaluate(NUMBERS)
    assert numbers == list(range(1, 21))


def test_a_raw_look_at_the_phones_store_shows_no_word(phone: Person) -> None:
    page = offline_inspection(phone, "73/QĐ-SNV")
    count(page, "A03", 1)
    page.get_by_label("Mô tả (không bắt buộc)").fill(WORDS)
    page.get_by_label("Người liên quan (không bắt buộc)").fill("Ông CANARY")
    expect(page.locator("#saved")).to_contain_text("Đã lưu")
    draft = page.evaluate(DUMP)
    file_now(page)
    expect(filed(page, "A03")).to_contain_text("Chờ gửi")
    queued = page.evaluate(DUMP)
    for dump in (draft, queued):
        assert "items" in dump and "chain/an.kt" in dump
        assert "CANARY" not in dump and "73/QĐ-SNV" not in dump and NAME not in dump


def test_a_colleague_outside_the_team_carries_the_queue_and_it_stays_its_signers(
    phone: Person, colleague: Person, instance: Instance, tmp_path: Path
) -> None:
    page = offline_inspection(phone, "74/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    count(page, "A03", 1)
    page.get_by_label("Mô tả (không bắt buộc)").fill(WORDS)
    with page.expect_file_chooser() as camera:
        page.locator('[data-code="A03"]').get_by_role("button", name="Chụp ảnh").click()
    camera.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene())})
    expect(page.locator('[data-code="A03"] .photos img')).to_have_count(1, timeout=FAR)
    file_now(page)
    expect(filed(page, "A03")).to_contain_text("Chờ gửi")
    page.goto(page.url.split("#")[0] + "#/handover")
    with page.expect_download() as download:
        page.get_by_role("button", name="Tạo tệp bàn giao").click()
    expect(page.locator("#flash")).to_contain_text("Tệp có 3 mục")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.suffix == ".txt" and WORDS not in file.read_text() and inspection not in file.read_text()

    other = colleague.page
    installed(other)
    colleague.context.set_offline(True)
    other.get_by_role("link", name="Không có mạng?").click()
    other.get_by_label("Tệp của đồng nghiệp").set_input_files(file)
    taken = other.locator("#handover-taken li")
    expect(taken).to_contain_text("Chờ gửi")
    other.get_by_label("Tệp của đồng nghiệp").set_input_files(file)
    expect(other.locator("#flash")).to_contain_text("đã nhận tệp này rồi")
    expect(taken).to_have_count(1)
    colleague.context.set_offline(False)
    expect(taken).to_contain_text("3 đã nhận, 0 lỗi", timeout=FAR)
    reviewer = instance.client(instance.token("reviewer"))
    [finding] = reviewer.get(f"/intake/v1/findings?inspection={inspection}").json()["items"]
    assert (finding["filer"], finding["complete"]) == ("an.kt", True)

    page.goto(page.url.split("#")[0] + f"#/inspection/{inspection}")
    expect(filed(page, "A03")).to_contain_text("Đã bàn giao")
    phone.context.set_offline(False)
    expect(filed(page, "A03")).to_contain_text("trong nhật ký", timeout=FAR)
    expect(filed(page, "A03")).to_contain_text("Đủ 1 ảnh", timeout=FAR)
    assert stored(instance, inspection) == [("A03", 1)]
    assert whole(instance) == ([], [], [])


def test_the_share_sheet_takes_the_file_and_where_it_will_not_it_is_downloaded(
    phone: Person, colleague: Person, tmp_path: Path
) -> None:
    page = offline_inspection(phone, "75/QĐ-SNV")
    record(page, "A01")
    inspection = page.url
    page.goto(page.url.split("#")[0] + "#/handover")
    made = page.get_by_role("button", name="Tạo tệp bàn giao")
    page.evaluate(f"({SHARING})('AbortError')")
    made.click()
    page.goto(inspection)
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")  # closing the sheet hands nothing over
    page.goto(page.url.split("#")[0] + "#/handover")
    page.evaluate(f"({SHARING})('NotAllowedError')")
    with page.expect_download() as download:
        made.click()
    assert download.value.suggested_filename.endswith(".txt")
    page.evaluate(f"({SHARING})('shared')")
    made.click()
    until(lambda: page.evaluate("Boolean(window.shared)"))
    shared = page.evaluate("window.shared")
    assert shared["type"] == "text/plain" and shared["name"].startswith("kycuong-ban-giao-")
    expect(page.locator("#flash")).to_contain_text("Tệp có 2 mục")
    page.goto(inspection)
    expect(filed(page, "A01")).to_contain_text("Đã bàn giao")
    file = tmp_path / shared["name"]
    file.write_text(shared["text"])
    colleague.page.get_by_role("link", name="Không có mạng?").click()
    colleague.page.get_by_label("Tệp của đồng nghiệp").set_input_files(file)
    expect(colleague.page.locator("#handover-taken li")).to_contain_text("2 đã nhận, 0 lỗi", timeout=FAR)


def test_a_file_whose_inspection_the_server_refuses_is_tried_seldom_and_can_be_discarded(
    phone: Person, colleague: Person, net: WebProxy, tmp_path: Path
) -> None:
    page = phone.page
    installed(page)
    phone.context.set_offline(True)
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.get_by_label("Thành viên khác của đoàn").fill("khong-co-ai")
    start_inspection(page, "tan hoa", NAME, "78/QĐ-SNV")
    record(page, "A01", 2)
    page.goto(page.url.split("#")[0] + "#/handover")
    with page.expect_download() as download:
        page.get_by_role("button", name="Tạo tệp bàn giao").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    other = colleague.page
    installed(other)
    other.get_by_role("link", name="Không có mạng?").click()
    other.get_by_label("Tệp của đồng nghiệp").set_input_files(file)
    taken = other.locator("#handover-taken li").first
    expect(taken).to_contain_text("0 đã nhận, 2 lỗi", timeout=FAR)
    other.wait_for_timeout(8000)  # more than one round of the queue
    carried = [path for method, path in net.seen if path.endswith("/handovers")]
    assert 1 <= len(carried) <= 3, carried  # after 2 and 4 seconds
    colleague.context.set_offline(True)
    other.reload()
    expect(taken).to_contain_text("0 đã nhận, 2 lỗi")  # it is on the disk: how often it was tried, too
    other.get_by_role("button", name="Bỏ tệp này").click()
    other.get_by_role("dialog").get_by_role("button", name="Bỏ", exact=True).click()
    expect(taken).to_contain_text("Chưa nhận tệp nào")


def test_a_phone_that_the_server_does_not_know_yet_hands_nothing_over(browser: Browser, net: WebProxy) -> None:
    net.fail("cut before commit", part="/devices/")
    phone = Person(browser, net.url, PHONE)
    phone.sign_in("an.kt", PASSWORDS["an.kt"])
    page = offline_inspection(phone, "79/QĐ-SNV")
    page.goto(page.url.split("#")[0] + "#/handover")
    page.get_by_role("button", name="Tạo tệp bàn giao").click()
    expect(page.locator("#flash")).to_contain_text("chưa kịp đăng ký khóa")
    phone.context.close()
    assert phone.script_errors == []


def test_a_file_that_is_none_or_damaged_is_told_in_words(colleague: Person, tmp_path: Path) -> None:
    page = colleague.page
    page.get_by_role("link", name="Không có mạng?").click()
    none = tmp_path / "thu.txt"
    none.write_text("Kính gửi…")
    page.get_by_label("Tệp của đồng nghiệp").set_input_files(none)
    expect(page.locator("#flash")).to_contain_text("không phải tệp bàn giao")
    broken = tmp_path / "kycuong-ban-giao.txt"
    head = json.dumps({"key": "0" * 16, "items": 2, "made_at": "2026-11-25T10:00:00+07:00"})
    broken.write_text(f"kycuong-handover/1\n{head}\nAAAA\n")
    page.get_by_label("Tệp của đồng nghiệp").set_input_files(broken)
    expect(page.locator("#handover-taken li")).to_contain_text("hệ thống khác", timeout=FAR)
    page.get_by_role("button", name="Bỏ tệp này").click()
    page.get_by_role("dialog").get_by_role("button", name="Bỏ", exact=True).click()
    expect(page.locator("#handover-taken li")).to_contain_text("Chưa nhận tệp nào")
