"""Every screen of the phone form at 360×800, as pictures in docs/screens: taken anew, or checked for being current.

`python -m tests.screens` takes them (`make screens`); with `--check` it says whether the form has changed since.
"""

import io
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from services.intake.faces import shell
from tests.support.browser import PHONE, Person, chromium, overflow
from tests.support.form import (
    NAME,
    PASSWORDS,
    count,
    draw_signature,
    excuse,
    filed,
    installed,
    open_inspection,
    record,
    settle,
)
from tests.support.instance import Instance, running
from tests.support.photos import jpeg, scene
from tests.support.web_proxy import WebProxy

FOLDER = Path(__file__).parents[1] / "docs/screens"
SHEET = FOLDER / "README.md"
BESIDE = ("login.html", "minutes.html")  # pages that the phone shows but does not keep


def version() -> str:
    """What the pictures depend on: the files the phone keeps, and the pages beside them."""
    seen = sha256()
    for body in (*shell.kept().values(), *((shell.OWN / "templates" / name).read_bytes() for name in BESIDE)):
        seen.update(sha256(body).digest())
    return seen.hexdigest()[:16]


class Album:
    """Takes pictures and writes the sheet that shows them in order."""

    def __init__(self) -> None:
        self.pictures: list[tuple[str, str]] = []

    def take(self, page: Page, name: str, words: str) -> None:
        """One screen whole, at the width of a phone; nothing may stick out of it."""
        assert overflow(page) <= 0, name
        page.wait_for_timeout(300)
        shown = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled")))
        file = f"{len(self.pictures) + 1:02d}-{name}.png"
        shown.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(FOLDER / file, optimize=True)
        self.pictures.append((file, words))

    def write(self) -> None:
        """The sheet, with the version that the pictures show; pictures of no screen any more go."""
        rows = "\n".join(f"### {words}\n![{words}]({file})\n" for file, words in self.pictures)
        SHEET.write_text(f"{HEAD}Phiên bản / version: `{version()}`\n\n{rows}")
        for picture in FOLDER.glob("*.png"):
            if picture.name not in {file for file, _ in self.pictures}:
                picture.unlink()


HEAD = """# Màn hình của ứng dụng hiện trường / Screens of the phone form

Mỗi màn hình ở 360×800, chụp từ Chromium thật với dữ liệu hư cấu (`make screens`; `make verify` báo khi ảnh đã cũ).
Every screen at 360×800, taken from a real Chromium with fictional data.

"""


def fault() -> str | None:
    """Why the pictures are not current, or None."""
    sheet = SHEET.read_text() if SHEET.exists() else ""
    missing = [line for line in sheet.split("](")[1:] if not (FOLDER / line.partition(")")[0]).exists()]
    if missing:
        return "a picture of docs/screens is missing"
    return None if f"`{version()}`" in sheet else "docs/screens shows an earlier form"


def main() -> None:
    """Take the pictures, or say whether they are current."""
    if "--check" in sys.argv:
        trouble = fault()
        if trouble:
            sys.exit(f"{trouble}: run make screens, look at the pictures, and commit them")
        return
    FOLDER.mkdir(exist_ok=True)
    album = Album()
    for walk in (_field, _troubles, _english):
        with chromium() as browser, tempfile.TemporaryDirectory(prefix="kc-") as folder:
            Path(folder).chmod(0o711)
            with running(Path(folder) / "data") as instance, WebProxy(instance.port).serving() as net:
                settle(instance)
                walk(album, browser, instance, net)
    album.write()


def _person(browser: Browser, net: WebProxy) -> Person:
    person = Person(browser, net.url, PHONE)
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    return person


def _field(album: Album, browser: Browser, instance: Instance, net: WebProxy) -> None:
    """A visit from signing in to the minutes."""
    page = Person(browser, net.url, PHONE).page
    page.goto(net.url + "/intake/login")
    album.take(page, "login", "Đăng nhập / Sign in")
    person = _person(browser, net)
    page = person.page
    installed(page)
    album.take(page, "list-empty", "Chưa có cuộc kiểm tra / Nothing yet")
    page.goto(net.url + "/intake/?unit=xa-tan-hoa")
    expect(page.get_by_label(NAME, exact=True)).to_be_checked()
    album.take(page, "open", "Mở cuộc kiểm tra, đơn vị chọn bằng mã QR / Opening, the unit chosen by its code")
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    album.take(page, "open-errors", "Còn thiếu gì thì nói rõ / What is missing is named")
    page.get_by_label("Ngẫu nhiên").check()
    page.get_by_label("Quyết định kiểm tra số").fill("12/QĐ–SNV")
    page.get_by_label("Quyết định kiểm tra số").blur()
    album.take(page, "open-mending", "Lỗi đã sửa thì mất / Errors go when mended")
    page.goto(net.url + "/intake/#/")
    open_inspection(page, "tan hoa", NAME, "12/QĐ-SNV")
    album.take(page, "count", "Đếm / Counting")
    page.get_by_role("button", name="Điểm danh").click()
    for _ in range(3):
        page.get_by_role("button", name="Một người đến muộn").click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(3)
    album.take(
        page, "roll", "Điểm danh: mỗi người đến muộn một lần bấm, kèm giờ / Roll call: a tap for each late arrival"
    )
    page.keyboard.press("Escape")
    count(page, "A03", 1)
    page.get_by_label("Mô tả (không bắt buộc)").last.fill("Bàn trống từ 7 giờ 30.")
    with page.expect_file_chooser() as camera:
        page.locator('[data-code="A03"]').get_by_role("button", name="Chụp ảnh").click()
    camera.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene())})
    expect(page.locator('[data-code="A03"] .photos img')).to_have_count(1)
    album.take(page, "finding", "Ghi nhận có mô tả, chứng cứ, ảnh / A finding with words, evidence, a photo")
    page.get_by_role("button", name="Ghi nhận", exact=True).click()
    expect(page.locator("#undo-bar")).to_contain_text("A03 × 1")
    album.take(page, "undo", "Vừa ghi nhận: mười giây để hoàn tác / Just recorded: ten seconds to undo")
    page.get_by_role("button", name="Gửi ngay", exact=True).click()
    expect(filed(page, "A03")).to_contain_text("trong nhật ký")
    expect(filed(page, "A01")).to_contain_text("trong nhật ký")
    album.take(page, "filed", "Đã nhận, biên nhận đã kiểm trên máy / Received, the receipt checked here")
    count(page, "A01", 1)
    album.take(page, "repeat", "Nhắc khi trùng mã trong ngày / A hint at a repeat")
    count_down = page.locator('[data-code="A01"]').get_by_role("button", name="Bớt một")
    count_down.click()
    inspection = page.url.rsplit("/", 1)[1]
    page.get_by_role("link", name="Kết thúc kiểm tra").click()
    form = page.locator("#close-form")
    expect(form.get_by_label("Trong đó đi muộn", exact=True)).to_have_value("3")
    form.get_by_label("Có mặt", exact=True).fill("42")
    album.take(page, "close-mismatch", "Quân số chưa khớp / The roll does not agree")
    excuse(page, "Nghỉ phép", "1")
    excuse(page, "Công tác", "1")
    form.get_by_label("Số người", exact=True).fill("45")
    form.get_by_label("Đại diện đơn vị (họ tên)").fill("Nguyễn Văn Ví Dụ")
    form.get_by_label("Chức vụ").fill("Phó Chủ tịch")
    page.get_by_text("Thêm cho biên bản").click()
    page.get_by_label("Yêu cầu với đơn vị").fill("Chấn chỉnh giờ giấc làm việc.")
    page.get_by_text("Xem trước biên bản").click()
    page.get_by_label("Đơn vị đã đọc lại và cùng ký").check()
    for who in ("Đại diện đơn vị ký", "Trưởng đoàn ký"):
        draw_signature(page, who)
    album.take(page, "close-signed", "Đọc lại rồi ký trên màn hình / Read back, then signed on the glass")
    page.get_by_role("button", name="Kết thúc và gửi").click()
    expect(page.get_by_role("link", name="Biên bản (PDF)")).to_be_visible(timeout=20_000)
    expect(filed(page, "Kết thúc kiểm tra")).to_contain_text("trong nhật ký")
    album.take(page, "closed", "Đã kết thúc: biên bản PDF, Word / Closed: the minutes")
    page.goto(net.url + "/intake/#/")
    expect(page.locator("#list-closed")).to_contain_text(NAME)
    album.take(page, "list", "Danh sách / The list")
    reviewer = instance.client(instance.token("reviewer"))
    issued = reviewer.get(f"/intake/v1/inspections/{inspection}/minutes").json()["content_sha256"]
    page.goto(f"{net.url}/intake/minutes/{inspection}/{issued}")
    album.take(page, "minutes-match", "Trang sau mã QR trên biên bản: trùng khớp / Behind the minutes' code: match")
    page.goto(f"{net.url}/intake/minutes/{inspection}/{'0' * 64}")
    album.take(page, "minutes-mismatch", "Không trùng khớp / No match")
    page.goto(f"{net.url}/intake/units/xa-tan-hoa/qr")
    album.take(page, "unit-code", "Mã của đơn vị, để in / A unit's code, to print")
    person.context.close()


def _troubles(album: Album, browser: Browser, instance: Instance, net: WebProxy) -> None:
    """No network, a refusal, a hand-over, a session that ended."""
    person = _person(browser, net)
    page = person.page
    installed(page)
    open_inspection(page, "tan hoa", NAME, "13/QĐ-SNV")
    net.fail("503", part="/findings/")
    record(page, "B01", 2)
    expect(page.locator("#queue-trouble")).to_contain_text("Mất kết nối")
    album.take(page, "offline", "Mất mạng: mọi mục vẫn còn trên máy / No network: everything is still here")
    page.locator("#queue-open").click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    album.take(page, "queue", "Dữ liệu chưa gửi, bấm vào dòng trạng thái / What is unsent, behind the status line")
    page.keyboard.press("Escape")
    page.goto(net.url + "/intake/#/handover")
    album.take(page, "handover", "Bàn giao không cần mạng / Handing over without a network")
    page.goto(net.url + "/intake/#/")
    net.heal()
    page.get_by_role("link", name=NAME).first.click()
    page.get_by_label("Đơn vị đã đọc lại").or_(page.locator("#count-title")).first.wait_for()
    expect(filed(page, "B01")).to_contain_text("Đã nhận")
    page.get_by_role("link", name="Kết thúc kiểm tra").click()
    page.get_by_label("Đơn vị từ chối ký").check()
    page.get_by_role("button", name="Kết thúc và gửi").click()
    album.take(page, "refusal", "Từ chối ký phải có lý do / A refusal to sign needs its reason")
    page.goto(net.url + "/intake/#/")
    person.context.clear_cookies()
    page.goto(net.url + "/intake/#/open")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.reload()
    page.wait_for_timeout(1000)
    album.take(page, "signed-out", "Hết phiên: đăng nhập lại, hàng chờ còn nguyên / Session ended: the queue stays")
    person.context.close()


def _english(album: Album, browser: Browser, instance: Instance, net: WebProxy) -> None:
    """The same in English."""
    person = _person(browser, net)
    page = person.page
    page.goto(net.url + "/intake/?lang=en")
    expect(page.get_by_role("heading", level=1, name="My inspections")).to_be_visible()
    album.take(page, "english-list", "Tiếng Anh: danh sách / English: the list")
    page.goto(net.url + "/intake/?lang=en#/open")
    album.take(page, "english-open", "Tiếng Anh: mở cuộc kiểm tra / English: opening")
    person.context.close()


if __name__ == "__main__":
    main()
