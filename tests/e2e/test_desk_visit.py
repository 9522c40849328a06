"""What a head sends along with a reply, and what a lead puts right of a whole inspection."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import expect

from services.kernel.quarters import local_date
from tests.e2e.test_desk_cases import case, inspected, write
from tests.support.case_world import closing, fresh, now, opening
from tests.support.form import FAR, UNIT, until
from tests.support.instance import Instance
from tests.support.photos import is_black, jpeg, listed, scene

WORDS = "Có giấy mời họp 5/GM-UBND"
PAPER = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def test_a_reply_takes_documents_along(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A03")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}")
    shown = case(page, finding)
    shown.get_by_label("Không thống nhất").check()
    shown.get_by_label("Nội dung giải trình").fill(WORDS)
    files = shown.get_by_label("Tài liệu kèm theo")
    files.set_input_files({"name": "chương trình.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    expect(shown).to_contain_text("chỉ nhận JPEG, PNG, WebP, PDF")
    files.set_input_files({"name": "giấy mời.pdf", "mimeType": "application/pdf", "buffer": PAPER})
    expect(shown).to_contain_text("giấy mời.pdf")
    shown.get_by_role("button", name="Gửi giải trình").click()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text("Đã nhận giải trình")
    reviewer = instance.client(instance.token("reviewer"))
    until(lambda: [one["held"] for one in reviewer.get(f"/intake/v1/findings/{finding}").json()["files"]] == [True])
    page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}")
    with page.expect_download() as download:
        case(page, finding).get_by_role("link", name="Tài liệu 1 (PDF").click()
    assert download.value.path().read_bytes() == PAPER


def test_a_document_whose_upload_was_cut_is_sent_when_the_desk_opens_again(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A03")
    page = enter("chu.tich", f"/intake/desk/#/answer/{inspection}")
    shown = case(page, finding)
    shown.get_by_label(r"Thống nhất", exact=False).first.check()
    shown.get_by_label("Tài liệu kèm theo").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": PAPER}
    )
    expect(shown).to_contain_text("a.pdf")
    page.route("**/files/*", lambda route: route.abort())
    shown.get_by_role("button", name="Gửi giải trình").click()
    page.get_by_role("button", name="Gửi ngay").click()
    expect(page.locator("#flash")).to_contain_text("Tài liệu kèm theo chưa gửi hết", timeout=FAR)
    page.unroute("**/files/*")
    page.goto(f"{instance.url}/intake/desk/?again")
    reviewer = instance.client(instance.token("reviewer"))
    until(lambda: [one["held"] for one in reviewer.get(f"/intake/v1/findings/{finding}").json()["files"]] == [True])


def test_a_lead_corrects_figures_and_changes_the_team(enter: Any, instance: Instance) -> None:
    inspection, _ = inspected(instance, "A01")
    page = enter("binh.td", f"/intake/desk/#/mine/{inspection}")
    page.locator("[data-act=correction] > summary").click()
    form = page.locator(f"#correction-{inspection}")
    form.get_by_label("Đi muộn").fill("4")
    form.get_by_label("Có mặt", exact=True).fill("1")
    form.get_by_label("Lý do", exact=True).fill("Đếm nhầm")
    form.get_by_role("button", name="Đính chính").click()
    expect(form.locator(".error-summary")).to_be_focused()  # the sums must agree
    lead = instance.client(instance.token("lead"))
    roll = lead.get(f"/intake/v1/inspections/{inspection}").json()["roll"]
    form.get_by_label("Có mặt", exact=True).fill(str(roll["present"]))
    form.get_by_role("button", name="Đính chính").click()
    expect(page.locator("#flash")).to_contain_text("Đã đính chính số liệu")
    assert lead.get(f"/intake/v1/inspections/{inspection}").json()["roll"]["late"] == 4
    page.locator("[data-act=team] > summary").click()
    form = page.locator(f"#team-{inspection}")
    form.get_by_label("Vào đoàn").fill("an.kt")
    form.get_by_role("button", name="Đổi thành viên").click()
    expect(page.locator("#flash")).to_contain_text("Đã đổi thành viên đoàn")
    assert "an.kt" in lead.get(f"/intake/v1/inspections/{inspection}").json()["team"]


def test_an_inspection_is_voided_after_being_asked_and_stands_as_such(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A01")
    page = enter("binh.td", f"/intake/desk/#/mine/{inspection}")
    page.locator("[data-act=voiding] > summary").click()
    form = page.locator(f"#voiding-{inspection}")
    form.get_by_label("Lý do", exact=True).fill("Nhầm đơn vị")
    form.get_by_role("button", name="Hủy cuộc kiểm tra").click()
    page.get_by_role("dialog").get_by_role("button", name="Không hủy").click()
    lead = instance.client(instance.token("lead"))
    assert lead.get(f"/intake/v1/inspections/{inspection}").json()["state"] == "closed"
    form.get_by_role("button", name="Hủy cuộc kiểm tra").click()
    page.get_by_role("dialog").get_by_role("button", name="Hủy cuộc kiểm tra").click()
    expect(page.locator("#flash")).to_contain_text("Đã hủy cuộc kiểm tra")
    expect(page.locator("#mine-list")).to_contain_text("Đã hủy")
    assert lead.get(f"/intake/v1/findings/{finding}").json()["state"] == "voided"


def test_a_reviewer_gives_the_person_concerned_a_link_and_ends_it(enter: Any, instance: Instance) -> None:
    inspection, [finding] = inspected(instance, "A03")
    page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}")
    shown = case(page, finding)
    shown.locator("[data-act=person-links] > summary").click()
    shown.get_by_label("Hết hiệu lực sau ngày").fill(f"{local_date(datetime.now(UTC)) + timedelta(days=9):%d/%m/%Y}")
    shown.get_by_role("button", name="Tạo liên kết").click()
    made = shown.get_by_label("Liên kết (chỉ hiện lần này)")
    expect(made).to_be_focused()
    link = made.input_value()
    assert page.request.get(link).status == 200
    shown.get_by_role("button", name="Thu hồi liên kết").click()
    expect(page.locator("#flash")).to_contain_text("Liên kết đã hết hiệu lực")
    expect(shown.locator("[data-act=person-links] > summary")).to_be_focused()
    assert page.request.get(link).status == 404


def test_a_reviewer_covers_a_part_of_a_photo_and_sees_the_original_for_a_reason(enter: Any, instance: Instance) -> None:
    inspection, finding, raw = fresh(), fresh(), jpeg(scene(800, 600))
    write(instance, "lead", f"inspections/{inspection}", opening() | {"unit": UNIT, "team": []})
    body = {"inspection": inspection, "code": "A03", "count": 1, "captured_at": now(-1), "photos": [listed(raw)]}
    write(instance, "lead", f"findings/{finding}", body)
    lead = instance.client(instance.token("lead"))
    photo = f"/intake/v1/findings/{finding}/photos/1"
    assert lead.put(photo, content=raw, headers={"content-type": "image/jpeg"}).status_code == 201
    write(instance, "lead", f"inspections/{inspection}/closing/{fresh()}", closing())
    page = enter("tham.dinh", f"/intake/desk/#/waiting/{inspection}")
    shown = case(page, finding)
    shown.locator("[data-act=redaction-1] > summary").click()
    form = shown.locator("[data-noun=redactions]")
    form.get_by_role("button", name="Lưu bản đã che").click()
    expect(form.locator(".error-summary")).to_be_focused()
    picture = form.get_by_role("img", name="Ảnh 1")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None and box["height"] > 50
    page.mouse.move(box["x"] + 0.02 * box["width"], box["y"] + 0.02 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"], steps=4)
    page.mouse.up()
    expect(form.get_by_role("button", name="Ô che 1")).to_be_focused()
    form.get_by_role("button", name="Thêm ô che").click()
    page.keyboard.press("Shift+ArrowRight")
    form.get_by_role("button", name="Lưu bản đã che").click()
    expect(page.locator("#flash")).to_contain_text("Đã che ảnh 1")
    covered = lead.get(photo).content
    assert is_black(covered, 0.1, 0.1) and is_black(covered, 0.5, 0.5) and not is_black(covered, 0.9, 0.1)
    expect(shown).to_contain_text("Một phần ảnh đã được che")
    shown.locator("[data-act=original-1] > summary").click()
    shown.get_by_label("Lý do xem bản gốc").fill("Đối chiếu với giải trình")
    shown.get_by_role("button", name="Xem bản gốc").click()
    original = shown.get_by_role("img", name="Ảnh 1, bản gốc")
    expect(original).to_be_focused()
    expect(original).to_have_js_property("naturalWidth", 800)
