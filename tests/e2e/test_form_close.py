"""Closing on the phone: read back, signed on the glass or refused, unaltered afterwards, colleagues not forgotten."""

import json
from typing import Any

import pytest
import uuid_utils
from playwright.sync_api import Page, expect

from tests.support.axe import violations
from tests.support.browser import Person, overflow
from tests.support.form import (
    FAR,
    NAME,
    draw_signature,
    excuse,
    file_now,
    filed,
    installed,
    open_inspection,
    record,
    record_clean,
    reopen,
)
from tests.support.instance import Instance
from tests.support.phone import Phone
from tests.support.traffic import now
from tests.support.web_proxy import WebProxy

CLOSE = "Kết thúc kiểm tra"


def begin(page: Page, order: str) -> str:
    """An inspection with three late and one without a badge, at its closing page; its id."""
    open_inspection(page, "tan hoa", NAME, order)
    inspection = page.url.rsplit("/", 1)[1]
    record(page, "A01", 3)
    record(page, "B01")
    expect(filed(page, "B01")).to_be_visible()
    page.get_by_role("link", name=CLOSE).press("Enter")
    form = page.locator("#close-form")
    for label, value in (("Biên chế được giao", "45"), ("Có mặt", "45"), ("Số người", "45")):
        form.get_by_label(label, exact=True).fill(value)
    form.get_by_label("Đại diện đơn vị (họ tên)").fill("Nguyễn Văn Ví Dụ")
    form.get_by_label("Chức vụ").fill("Phó Chủ tịch")
    return inspection


def private(instance: Instance, inspection: str) -> dict[str, Any]:
    reviewer = instance.client(instance.token("reviewer"))
    sealed: dict[str, Any] = reviewer.get(f"/intake/v1/inspections/{inspection}").json()["private"]
    return sealed


def test_signed_on_the_glass_kept_through_a_reload_and_printed(phone: Person, instance: Instance) -> None:
    page = phone.page
    inspection = begin(page, "81/QĐ-SNV")
    expect(page.locator("#close-badges")).to_contain_text("Không đeo thẻ: 1/45")
    read = page.locator("#close-read")
    for words in (NAME, "Nguyễn Văn Ví Dụ, Phó Chủ tịch", "A01", "× 3", "Có mặt 45"):
        expect(read).to_contain_text(words)
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    pad = draw_signature(page, "Đại diện đơn vị ký")
    expect(pad).to_have_attribute("data-strokes", "2")
    expect(draw_signature(page, "Trưởng đoàn ký")).to_have_attribute("data-strokes", "2")
    reopen(page)
    expect(page.get_by_role("img", name="Đại diện đơn vị ký")).to_have_attribute("data-strokes", "2")
    assert overflow(page) <= 0
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    sealed = private(instance, inspection)
    assert sealed["minutes"]["representative"] == {"name": "Nguyễn Văn Ví Dụ", "post": "Phó Chủ tịch"}
    assert {who: len(drawn["strokes"]) for who, drawn in sealed["signatures"].items()} == {"unit": 2, "leader": 2}
    assert all(len(stroke) < 200 for drawn in sealed["signatures"].values() for stroke in drawn["strokes"])
    nodes = {row["node"] for row in sealed["fill"]}
    assert {"/basis", "/A01/count", "/present"} <= nodes and "Nguyễn" not in json.dumps(sealed["fill"])
    with page.expect_download() as download:
        page.get_by_role("link", name="Biên bản (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_what_was_signed_is_not_altered_without_signing_again(phone: Person) -> None:
    page = phone.page
    begin(page, "82/QĐ-SNV")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    pad = draw_signature(page, "Đại diện đơn vị ký")
    page.get_by_text("Thêm cho biên bản").click()
    for label, before, after in (
        ("Số người", "45", "44"), ("Trong đó đi muộn", "3", "5"), ("Địa điểm", "", "Hội trường"),
        ("Thư ký (họ tên)", "", "Phạm Thị Thư"), ("Số bản", "", "3"), ("Ý kiến của đơn vị", "", "Nhất trí."),
    ):  # fmt: skip
        control = page.get_by_label(label, exact=True)
        control.fill(after)
        control.blur()
        page.get_by_role("button", name="Giữ nội dung cũ").click()
        expect(control).to_have_value(before)
    excuse(page, "Nghỉ ốm", "1")
    page.get_by_role("button", name="Giữ nội dung cũ").click()
    expect(page.get_by_label("Nghỉ ốm", exact=True)).to_be_hidden()
    expect(pad).to_have_attribute("data-strokes", "2")
    late = page.get_by_label("Trong đó đi muộn", exact=True)
    late.fill("4")
    expect(page.locator("#close-read")).to_contain_text("trong đó đi muộn 4")
    late.blur()
    page.get_by_role("button", name="Xóa chữ ký").click()
    expect(late).to_have_value("4")
    expect(pad).to_have_attribute("data-strokes", "0")
    draw_signature(page, "Đại diện đơn vị ký")
    page.get_by_role("button", name="Xóa nét cuối").first.click()
    expect(pad).to_have_attribute("data-strokes", "1")


def test_a_finding_after_the_signature_asks_for_another(phone: Person) -> None:
    page = phone.page
    begin(page, "83/QĐ-SNV")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    draw_signature(page, "Đại diện đơn vị ký")
    expect(page.locator("#saved")).to_contain_text("Đã lưu")
    page.locator("#close-back").click()
    record(page, "B03")
    expect(filed(page, "B03")).to_be_visible()
    page.get_by_role("link", name=CLOSE).press("Enter")
    expect(page.locator("#close-read")).to_contain_text("B03")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_contain_text("Nội dung đã đổi sau khi ký")


def test_a_refusal_needs_its_reason(phone: Person, instance: Instance) -> None:
    page = phone.page
    inspection = begin(page, "84/QĐ-SNV")
    page.get_by_label("Đơn vị từ chối ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_contain_text("lý do từ chối ký")
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("Lý do từ chối ký").fill("Không đồng ý số đi muộn.")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    assert private(instance, inspection)["refusal"] == "Không đồng ý số đi muộn."


def test_the_team_signs_also_where_the_unit_refuses(phone: Person, instance: Instance) -> None:
    page = phone.page
    inspection = begin(page, "90/QĐ-SNV")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    draw_signature(page, "Đại diện đơn vị ký")
    draw_signature(page, "Trưởng đoàn ký")
    page.get_by_label("Đơn vị từ chối ký").check()
    page.get_by_role("button", name="Xóa chữ ký").click()  # the minutes end in other words now
    reason = page.get_by_label("Lý do từ chối ký")
    reason.fill("Không đồng ý số đi muộn.")
    expect(page.locator("#close-read")).to_contain_text("từ chối ký: Không đồng ý số đi muộn.")
    expect(page.get_by_role("img", name="Đại diện đơn vị ký")).to_be_hidden()
    draw_signature(page, "Trưởng đoàn ký")
    reason.fill("Lý do khác.")
    reason.blur()
    page.get_by_role("button", name="Giữ nội dung cũ").click()
    expect(reason).to_have_value("Không đồng ý số đi muộn.")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    assert private(instance, inspection)["signatures"].keys() == {"leader"}
    # what was chosen before stands in the account of how the form was filled in
    choices = [(row["old"], row["new"]) for row in private(instance, inspection)["fill"] if row["node"] == "/signed"]
    assert choices == [("", "true"), ("true", "false")]


def test_what_was_signed_in_one_language_stands_in_the_other(phone: Person, net: WebProxy) -> None:
    page = phone.page
    installed(page)
    begin(page, "91/QĐ-SNV")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    draw_signature(page, "Đại diện đơn vị ký")
    page.wait_for_timeout(500)
    net.rule = lambda method, path: "portal" if "lang=en" in path else None  # the phone has both languages
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1, name="Close the inspection")).to_be_visible()
    assert "lang=" not in page.url
    page.get_by_role("button", name="Close and send").click()
    expect(filed(page, "Closing")).to_contain_text("Received", timeout=FAR)
    reopen(page)
    expect(filed(page, "Closing")).to_contain_text("Received")


def test_a_corrected_closing_keeps_its_end_its_signatures_and_how_it_was_filled_in(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    bodies: list[Any] = []
    page.on("request", lambda asked: bodies.append(asked.post_data_json) if "/closing/" in asked.url else None)
    installed(page)
    phone.context.set_offline(True)
    inspection = begin(page, "92/QĐ-SNV")
    page.get_by_text("Thêm cho biên bản").click()
    number = page.get_by_label("Số biên bản, ví dụ 12/BB-ĐKT")
    number.fill("Số 12 BB")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_contain_text("viết liền, có chữ số")  # told while the unit is there
    number.fill("12/BB-ĐKT")
    net.spoil = lambda path, body: body.replace(
        b'"files_checked":0', b'"files_checked":-1'
    )  # a rule that only the server knows
    draw_signature(page, "Trưởng đoàn ký")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Chờ gửi")
    page.wait_for_timeout(1100)  # times count whole seconds
    phone.context.set_offline(False)
    expect(filed(page, CLOSE)).to_contain_text("Bị từ chối", timeout=FAR)
    net.heal()
    filed(page, CLOSE).get_by_role("button", name="Sửa lại").press("Enter")
    expect(page.get_by_role("img", name="Trưởng đoàn ký")).to_have_attribute("data-strokes", "2")
    page.get_by_label("Ý kiến của đơn vị").fill("Nhất trí.")
    page.get_by_label("Ý kiến của đơn vị").blur()
    page.get_by_role("button", name="Xóa chữ ký").click()  # other words than what was signed
    draw_signature(page, "Trưởng đoàn ký")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    first, *_, last = bodies
    for name in ("closed_at", "elapsed_ms"):
        assert first[name] == last[name]
    nodes = [row["node"] for row in private(instance, inspection)["fill"]]
    assert "/present" in nodes and nodes.count("/private/opinion") == 1


def test_what_a_colleague_found_meanwhile_is_read_before_the_closing_goes_and_marked_after_it(
    phone: Person, instance: Instance
) -> None:
    page = phone.page
    inspection = begin(page, "93/QĐ-SNV")
    expect(page.locator("#close-read")).to_contain_text("B01")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    draw_signature(page, "Đại diện đơn vị ký")
    lead = instance.client(instance.token("lead", account="an.kt"))

    def found(code: str, seconds: int) -> None:
        body = {"inspection": inspection, "code": code, "count": 1, "captured_at": now(seconds)}
        answer = lead.put(f"/intake/v1/findings/{uuid_utils.uuid7()}", json=body)
        assert answer.status_code == 201, answer.text

    found("B03", 0)
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_contain_text("Nội dung đã đổi sau khi ký")
    expect(page.locator("#close-read")).to_contain_text("B03")
    page.get_by_role("button", name="Ký lại").first.click()
    draw_signature(page, "Đại diện đơn vị ký")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    found("B04", -60)
    listed = lead.get(f"/intake/v1/inspections/{inspection}/minutes").json()["findings"]
    assert [(one["code"], one.get("added", False)) for one in listed] == [
        ("A01", False), ("B01", False), ("B03", False), ("B04", True),
    ]  # fmt: skip


def test_a_clean_check_takes_two_taps(phone: Person) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "85/QĐ-SNV")
    record_clean(page)
    expect(filed(page, "K00")).to_contain_text("Đã nhận", timeout=FAR)
    page.get_by_role("link", name=CLOSE).press("Enter")
    expect(page.locator("#close-read")).to_contain_text("K00")


def test_a_position_is_noted_only_when_asked_and_a_no_is_noted_too(phone: Person, instance: Instance) -> None:
    page = phone.page
    inspection = begin(page, "86/QĐ-SNV")
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"latitude": 21.028511, "longitude": 105.804817, "accuracy": 12.4})
    page.get_by_text("Thêm cho biên bản").click()
    page.get_by_role("button", name="Ghi vị trí").click()
    expect(page.locator("#position-state")).to_contain_text("sai số 13 m")
    page.get_by_role("button", name="Không ghi").click()
    expect(page.locator("#position-state")).to_contain_text("Không ghi vị trí")
    page.get_by_role("button", name="Ghi vị trí").click()
    expect(page.locator("#position-state")).to_contain_text("sai số 13 m")
    page.get_by_label("Yêu cầu với đơn vị").fill("Chấn chỉnh việc đeo thẻ.")
    page.get_by_label("Trưởng đoàn (họ tên, để ký)").fill("Lê Thị Dẫn")
    due = page.get_by_label("Hạn khắc phục")
    assert len(due.input_value()) == 10 and due.input_value()[2] == "/"  # proposed, as people here write a day
    due.fill("31/02/2099")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_contain_text("Không có ngày này; hãy gõ như 15/12/2026")
    due.fill("5.3.2099")
    expect(page.locator("#close-form .day-echo")).to_have_text("Thứ Năm, 05/03/2099")
    expect(page.locator("#close-read")).to_contain_text("Chậm nhất ngày 05/03/2099.")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    sealed = private(instance, inspection)
    assert sealed["position"] == {"lat": 21028511, "lon": 105804817, "accuracy": 13}
    assert sealed["minutes"]["demands"] and sealed["minutes"]["demands_due"] == "2099-03-05"
    assert sealed["minutes"]["leader"] == "Lê Thị Dẫn"


def test_a_day_to_put_right_by_without_a_demand_is_not_dropped_in_silence(phone: Person, instance: Instance) -> None:
    page = phone.page
    inspection = begin(page, "97/QĐ-SNV")
    page.get_by_text("Thêm cho biên bản").click()
    page.get_by_label("Hạn khắc phục").fill("05/03/2099")
    page.get_by_text("Thêm cho biên bản").click()  # folded away again
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("Có hạn khắc phục mà chưa ghi yêu cầu")
    summary.get_by_role("link").click()
    expect(page.get_by_label("Yêu cầu với đơn vị")).to_be_focused()
    page.get_by_label("Yêu cầu với đơn vị").fill("Niêm yết lại.")
    expect(summary).to_contain_text("Đã sửa hết")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)
    assert private(instance, inspection)["minutes"]["demands_due"] == "2099-03-05"


def test_what_the_paper_cannot_print_is_said_before_anybody_signs(phone: Person) -> None:
    page = phone.page
    begin(page, "89/QĐ-SNV")
    boxes = page.locator("#close-boxes")
    expect(boxes).to_be_hidden()
    page.get_by_label("Ý kiến của đơn vị").fill("Nhất trí 👍 ភូមិ")
    expect(boxes).to_contain_text("không in được các ký tự này (in thành ô trống): 👍")
    page.get_by_label("Ý kiến của đơn vị").fill("Nhất trí")
    expect(boxes).to_be_hidden()


def test_a_colleagues_unsent_items_are_named_and_never_block(phone: Person, instance: Instance) -> None:
    page = phone.page
    colleague = instance.client(instance.token("inspector", account="hoa.kt"))
    device, known = Phone(), f"findings/{uuid_utils.uuid7()}"
    assert colleague.put(f"/intake/v1/devices/{device.id}", json={"key": device.public}).status_code == 201
    page.get_by_role("link", name="Mở cuộc kiểm tra mới").click()
    page.locator("#unit-search").fill("tan hoa")
    page.get_by_label(NAME, exact=True).check()
    page.get_by_label("Ngẫu nhiên").check()
    page.get_by_label("Quyết định kiểm tra số").fill("87/QĐ-SNV")
    page.get_by_label("Thành viên khác của đoàn").fill("hoa.kt")
    page.get_by_label("Tôi không có xung đột lợi ích").check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    body = {"inspection": page.url.rsplit("/", 1)[1], "code": "A01", "count": 1, "captured_at": now()}
    assert colleague.put(f"/intake/v1/{known}", json=device.sign(known, body, waiting=3)).status_code == 201
    page.get_by_role("link", name=CLOSE).press("Enter")
    for label, value in (("Biên chế được giao", "45"), ("Có mặt", "45"), ("Số người", "45")):
        page.locator("#close-form").get_by_label(label, exact=True).fill(value)
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    warning = page.get_by_role("dialog")
    expect(warning).to_contain_text(f"Máy {device.id[-4:]} của hoa.kt: 3 mục chưa gửi")
    page.get_by_role("button", name="Để sau").click()
    expect(page.get_by_role("heading", level=1, name=CLOSE)).to_be_visible()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    page.get_by_role("button", name="Vẫn kết thúc").click()
    expect(filed(page, CLOSE)).to_contain_text("Đã nhận", timeout=FAR)


def test_the_same_id_with_other_words_is_told_and_the_first_stays(
    phone: Person, net: WebProxy, instance: Instance
) -> None:
    page = phone.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, "88/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận", timeout=FAR)
    phone.context.set_offline(True)
    record(page, "A01", 2)
    expect(filed(page, "A01")).to_contain_text("Chờ gửi")
    key = filed(page, "A01").get_attribute("data-item")
    first = {"inspection": page.url.rsplit("/", 1)[1], "code": "A01", "count": 7, "captured_at": now()}
    twin = instance.client(instance.token("inspector", account="an.kt"))
    assert twin.put(f"/intake/v1/findings/{key}", json=first).status_code == 201
    phone.context.set_offline(False)
    expect(filed(page, "A01").first).to_contain_text("Bị từ chối", timeout=FAR)
    assert twin.get(f"/intake/v1/findings/{key}").json()["count"] == 7
    page.get_by_role("button", name="Sửa lại").press("Enter")
    file_now(page)
    expect(filed(page, "A01").filter(has_text="× 2")).to_contain_text("Đã nhận", timeout=FAR)
    expect(page.locator("#count-filed")).not_to_contain_text("Bị từ chối")
    reviewer = instance.client(instance.token("reviewer"))
    found = reviewer.get(f"/intake/v1/findings?inspection={first['inspection']}").json()["items"]
    assert sorted(one["count"] for one in found) == [2, 7]


def test_a_clock_a_day_ahead_is_flagged_and_deadlines_count_from_the_server(
    phone: Person, instance: Instance, net: WebProxy
) -> None:
    page = phone.page
    page.add_init_script("const real = Date.now; Date.now = () => real() + 24 * 3600 * 1000;")
    page.goto(net.url + "/intake/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    open_inspection(page, "tan hoa", NAME, "89/QĐ-SNV")
    inspection = page.url.rsplit("/", 1)[1]
    record(page, "A01")
    expect(filed(page, "A01")).to_contain_text("Đã nhận", timeout=FAR)
    key = filed(page, "A01").get_attribute("data-item")
    page.get_by_role("link", name=CLOSE).press("Enter")
    for label, value in (("Biên chế được giao", "45"), ("Có mặt", "45"), ("Số người", "45")):
        page.locator("#close-form").get_by_label(label, exact=True).fill(value)
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(filed(page, CLOSE)).to_contain_text("trong nhật ký", timeout=FAR)
    auditor = instance.client(instance.token("auditor"))
    data = auditor.get(f"/audit/v1/entries/{key}").json()["data"]
    assert "clock_skew" in data["flags"] and data["device_at"][:10] > data["captured_at"][:10]
    assert 0 <= data["elapsed_ms"] < 600_000
    shown = instance.client(instance.token("reviewer")).get(f"/intake/v1/inspections/{inspection}").json()
    days = page.evaluate("([due, end]) => (Date.parse(due) - Date.parse(end)) / 86400000", [shown["reply_due"], now()])
    assert 4 < days < 12  # five working days from the server's receipt, not from tomorrow


def test_a_fault_that_is_folded_away_is_unfolded(phone: Person) -> None:
    page = phone.page
    begin(page, "94/QĐ-SNV")
    page.get_by_text("Thêm cho biên bản").click()
    page.get_by_label("Số biên bản").fill("khong co so")
    page.get_by_text("Thêm cho biên bản").click()
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.locator(".error-summary")).to_be_visible(timeout=FAR)
    expect(page.get_by_label("Số biên bản")).to_be_visible()
    expect(page.get_by_label("Số biên bản")).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_closing_page_is_whole_in_both_languages_and_for_those_who_do_not_see(
    language: str, phone: Person, net: WebProxy
) -> None:
    page = phone.page
    inspection = begin(page, f"9{len(language)}{language[0] == 'e':d}/QĐ-SNV")
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    page.goto(f"{net.url}/intake/?lang={language}#/inspection/{inspection}/close")
    expect(page.locator("#view-close")).to_be_visible()
    page.locator("details.more").evaluate_all("all => all.forEach((more) => { more.open = true; })")
    found = violations(page)
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    if language == "en":
        shown = page.locator("#view-close").inner_text()
        assert "Read back before signing" in shown
        assert not [word for word in ("Đơn vị", "Chức vụ", "Vị trí", "Ký", "Xoá", "Không đeo") if word in shown]
    page.goto(f"{net.url}/intake/?lang=vi")
