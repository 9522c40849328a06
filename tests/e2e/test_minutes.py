"""The paper and whoever holds it: the code leads to a page that says match or mismatch, a file is checked unsent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from services.intake.minutes.files import qr_svg
from tests.support.axe import violations
from tests.support.browser import PHONE, Person, overflow
from tests.support.form import NAME, PASSWORDS, UNIT
from tests.support.instance import Instance
from tests.support.traffic import fresh, now, opening

CLOSING: dict[str, Any] = {
    "assigned": 45, "present": 43, "excused": {"leave": 1, "duty": 1}, "unexcused": 0, "late": 3, "persons_checked": 45,
    "files_checked": 0, "signed": True,
}  # fmt: skip


class Office:
    """A closed inspection and a client of its inspector."""

    def __init__(self, instance: Instance) -> None:
        self.inspector: httpx.Client = instance.client(instance.token("inspector"))
        self.inspection = fresh()
        self.put(f"inspections/{self.inspection}", opening(UNIT))
        self.put(f"findings/{fresh()}", self.finding("A01", 3))
        self.put(f"inspections/{self.inspection}/closing/{fresh()}", CLOSING | {"closed_at": now()})

    def put(self, path: str, body: dict[str, Any]) -> None:
        answer = self.inspector.put(f"/intake/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text

    def finding(self, code: str, count: int) -> dict[str, Any]:
        return {"inspection": self.inspection, "code": code, "count": count, "captured_at": now(-1)}

    def minutes(self, kind: str = "") -> httpx.Response:
        return self.inspector.get(f"/intake/v1/inspections/{self.inspection}/minutes{kind}").raise_for_status()


@pytest.fixture(scope="module")
def office(instance: Instance) -> Office:
    return Office(instance)


@pytest.fixture
def page(browser: Browser, instance: Instance) -> Iterator[Page]:
    """Somebody's phone, signed in as nobody."""
    person = Person(browser, instance.url, PHONE)
    yield person.page
    person.context.close()
    assert person.script_errors == []


def test_whoever_scans_the_paper_reads_match_and_what_it_must_say(
    office: Office, page: Page, instance: Instance
) -> None:
    issued = office.minutes().json()["content_sha256"]
    page.goto(f"{instance.url}/intake/minutes/{office.inspection}/{issued}")
    expect(page.locator('[data-verdict="match"]')).to_contain_text("TRÙNG KHỚP")
    expect(page.locator("dl.facts")).to_contain_text(NAME)
    expect(page.get_by_text("A01")).to_be_visible()
    found = violations(page)
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    assert overflow(page) <= 0
    page.goto(page.url + "?lang=en")
    expect(page.locator('[data-verdict="match"]')).to_contain_text("MATCH")
    page.goto(f"{instance.url}/intake/minutes/{office.inspection}/{'0' * 64}?lang=vi")
    expect(page.locator('[data-verdict="mismatch"]')).to_contain_text("KHÔNG TRÙNG KHỚP")


def test_a_file_is_checked_without_leaving_the_phone(
    office: Office, page: Page, instance: Instance, tmp_path: Path
) -> None:
    issued = office.minutes().json()["content_sha256"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.goto(f"{instance.url}/intake/minutes/{office.inspection}/{issued}?lang=vi")
    file = tmp_path / "bien-ban.pdf"
    file.write_bytes(office.minutes(".pdf").content)
    page.get_by_label("Chọn tệp biên bản").set_input_files(file)
    expect(page.locator("#minutes-verdict")).to_contain_text("TRÙNG KHỚP: đúng tệp đã phát hành")
    file.write_bytes(file.read_bytes() + b"\n")
    page.get_by_label("Chọn tệp biên bản").set_input_files(file)
    expect(page.locator("#minutes-verdict")).to_contain_text("KHÔNG TRÙNG KHỚP")
    office.put(f"findings/{fresh()}", office.finding("B03", 1))
    file.write_bytes(office.minutes(".docx").content)
    page.get_by_label("Chọn tệp biên bản").set_input_files(file)
    expect(page.locator("#minutes-verdict")).to_contain_text("TRÙNG KHỚP: đúng tệp đã phát hành")
    page.reload()
    expect(page.locator('[data-verdict="earlier"]')).to_contain_text("BẢN CŨ")
    assert set(asked) == {"GET"}


def test_the_printed_code_leads_to_the_page(page: Page, instance: Instance, office: Office, tmp_path: Path) -> None:
    address = f"{instance.url}/intake/minutes/{office.inspection}/{office.minutes().json()['content_sha256']}"
    page.set_content(f"<body style='background:white'>{qr_svg(address)}")
    page.locator("svg").evaluate("code => { code.style.width = '330px'; code.style.height = '330px'; }")
    page.locator("svg.segno").screenshot(path=tmp_path / "code.png")
    [read] = zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert read.text == address


def test_a_units_code_is_printed_and_leads_to_its_form(browser: Browser, instance: Instance, tmp_path: Path) -> None:
    person = Person(browser, instance.url, PHONE)
    person.come_in("an.kt", PASSWORDS["an.kt"], f"/intake/units/{UNIT}/qr")
    person.page.locator("svg.segno").screenshot(path=tmp_path / "code.png")
    [read] = zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert read.text == f"{instance.url}/intake/?unit={UNIT}"
    assert person.overflow() <= 0
    person.context.close()
    assert person.script_errors == []
