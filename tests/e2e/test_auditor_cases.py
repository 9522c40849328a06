"""The auditor's cases: everything to read, what is not public for a reason that is noted, and nothing to change."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.axe import violations
from tests.support.browser import DESK, PHONE, Person, overflow
from tests.support.case_world import PICTURE, closing, fresh, now, opening, registration
from tests.support.instance import Instance, running
from tests.support.photos import listed
from tests.support.restore import PROGRAMS

UNIT, OTHER = "xa-tan-hoa", "xa-dong-phong"
WORDS, REPLY, DECIDED, WHY = (
    "Bàn trống từ 7 giờ 30",
    "Đi họp theo giấy mời",
    "Giấy mời đề ngày khác",
    "Giám sát theo KH 12/KH-SNV",
)
PEOPLE = (
    ("giam.sat", "auditor", None),
    ("giam.sat.xa", "auditor", OTHER),
    ("chu.tich", "unit_head", UNIT),
    ("tham.dinh", "reviewer", None),
)


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with tempfile.TemporaryDirectory(prefix="kc-") as folder:
        Path(folder).chmod(0o711)  # the embedded server's own user walks through it
        with running(Path(folder) / "data", warm=True) as instance:
            yield instance


@pytest.fixture(scope="module")
def passwords(instance: Instance) -> dict[str, str]:
    for unit in (UNIT, OTHER):
        put(instance, "admin", f"unit-changes/{fresh()}", registration(unit, None))
    return {account: instance.member(account, role, unit) for account, role, unit in PEOPLE}


def put(instance: Instance, role: str, path: str, body: dict[str, Any], unit: str | None = None) -> None:
    answer = instance.client(instance.token(role, unit)).put(f"/intake/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def case(instance: Instance, passwords: dict[str, str]) -> tuple[str, str]:
    """An inspection and its finding with a photo, replied to and decided; beside it one kept from the unit."""
    inspection, finding = fresh(), fresh()
    put(instance, "lead", f"inspections/{inspection}", opening() | {"team": []})
    body = {"inspection": inspection, "code": "A03", "count": 1, "captured_at": now(-1), "photos": [listed(PICTURE)]}
    put(instance, "lead", f"findings/{finding}", body | {"private": {"narrative": WORDS}})
    put(
        instance,
        "lead",
        f"findings/{fresh()}",
        {"inspection": inspection, "code": "H01", "count": 1, "captured_at": now(-1)},
    )
    photo = instance.client(instance.token("lead")).put(
        f"/intake/v1/findings/{finding}/photos/1", content=PICTURE, headers={"content-type": "image/jpeg"}
    )
    assert photo.status_code == 201, photo.text
    put(instance, "lead", f"inspections/{inspection}/closing/{fresh()}", closing())
    put(
        instance,
        "unit_head",
        f"findings/{finding}/reply/{fresh()}",
        {"accepts": False, "private": {"text": REPLY}},
        UNIT,
    )
    put(
        instance,
        "reviewer",
        f"findings/{finding}/decision/{fresh()}",
        {"outcome": "upheld", "private": {"reason": DECIDED}},
    )
    return inspection, finding


@pytest.fixture
def enter(people: list[Person], browser: Browser, instance: Instance, passwords: dict[str, str]) -> Any:
    def enter(account: str, view: str = "cases", viewport: dict[str, int] = DESK, language: str = "vi") -> Page:
        people.append(person := Person(browser, instance.url, viewport))
        person.come_in(account, passwords[account], f"/intake/desk/?lang={language}#/{view}")
        return person.page

    return enter


def openings(instance: Instance) -> list[tuple[str, str | None, str | None]]:
    """The reading log of the auditor's: what of a finding, and why."""
    url = (instance.data / "secrets" / "database_url").read_text().strip()
    asked = """SELECT coalesce(json_agg(json_build_array(finding, part, reason) ORDER BY read_at), '[]')
               FROM intake.vault_read WHERE account = 'giam.sat'"""
    told = subprocess.run([PROGRAMS / "psql", url, "-qtAc", asked], check=True, text=True, capture_output=True).stdout
    return [tuple(row) for row in json.loads(told)]


def opened(page: Page, finding: str) -> Locator:
    case = page.locator(f'#cases-list [data-finding="{finding}"]')
    case.locator("> summary").click()
    return case


def test_it_is_seen_without_a_reason_and_read_with_one(enter: Any, instance: Instance, case: tuple[str, str]) -> None:
    page = enter("giam.sat")
    shown = opened(page, case[1])
    expect(shown).to_contain_text("Xác nhận vi phạm")
    expect(shown).to_contain_text("Đơn vị không thống nhất")
    expect(shown.get_by_text("Chưa mở: nội dung không công khai")).to_have_count(2)
    for words in (WORDS, REPLY, DECIDED):
        expect(shown).not_to_contain_text(words)
    for name in ("Ghi nhận", "Máy chủ nhận", "Hạn giải trình", "Giải trình", "Quyết định"):
        row = shown.locator("dl.pairs dt", has_text=name).first.locator("+ dd")
        expect(row).to_contain_text(re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d"))
    before = len(openings(instance))
    shown.get_by_role("button", name="Mở nội dung không công khai").click()
    expect(shown.locator(".error-summary")).to_be_focused()
    expect(shown.locator(".error-summary")).to_contain_text("Hãy ghi lý do mở")
    assert len(openings(instance)) == before  # nothing was opened
    shown.get_by_label("Lý do mở nội dung không công khai").fill(WHY)
    shown.get_by_label("Lý do mở nội dung không công khai").press("Tab")
    page.keyboard.press("Enter")
    expect(shown.locator("[data-opened]")).to_be_focused()
    for words in (WORDS, REPLY, DECIDED):
        expect(shown).to_contain_text(words)
    assert openings(instance)[before:] == [(case[1], None, WHY)]
    page.route("**/photos/1", lambda route: route.abort(), times=1)
    shown.get_by_role("button", name="Xem ảnh 1").click()
    expect(shown.get_by_role("alert").filter(has_text="Không kết nối được máy chủ")).to_be_visible()
    shown.get_by_role("button", name="Xem ảnh 1").click()
    picture = shown.get_by_role("img", name="Ảnh 1")
    expect(picture).to_be_focused()
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 64
    assert openings(instance)[before + 1 :] == [(case[1], "photo.1", WHY)]
    with page.expect_download() as download:
        shown.get_by_role("button", name="Biên bản (PDF)").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    assert WHY not in page.url


def test_nothing_there_changes_anything(enter: Any, instance: Instance, case: tuple[str, str]) -> None:
    page = enter("giam.sat")
    shown = opened(page, case[1])
    shown.get_by_label("Lý do mở nội dung không công khai").fill(WHY)
    shown.get_by_role("button", name="Mở nội dung không công khai").click()
    expect(shown.locator("[data-opened]")).to_be_visible()
    expect(shown.get_by_role("button")).to_have_count(2)  # the photo and the minutes
    assert {name.strip() for name in shown.get_by_role("button").all_inner_texts()} == {"Xem ảnh 1", "Biên bản (PDF)"}
    expect(shown.locator("form, textarea, input")).to_have_count(0)
    auditor = instance.client(instance.token("auditor", account="giam.sat"))
    for path, body in (
        (f"findings/{case[1]}/withdrawal/{fresh()}", {"private": {"reason": "x"}}),
        (f"findings/{case[1]}/decision/{fresh()}", {"outcome": "excused", "private": {"reason": "x"}}),
        (f"inspections/{case[0]}/acknowledgement/{fresh()}", {}),
    ):
        assert auditor.put(f"/intake/v1/{path}", json=body).status_code == 403


def test_the_list_is_chosen_by_state_and_by_inspection(enter: Any, case: tuple[str, str]) -> None:
    page = enter("giam.sat")
    rows = page.locator("#cases-list [data-finding]")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Đã quyết định").click()
    expect(page.get_by_role("button", name="Đã quyết định")).to_have_attribute("aria-pressed", "true")
    expect(rows).to_have_count(1)
    opened(page, case[1]).get_by_role("link", name="mọi ghi nhận của cuộc này").click()
    expect(page.locator("#cases-only")).to_contain_text("Chỉ cuộc kiểm tra ngày")
    expect(rows).to_have_count(2)
    expect(page.locator('[data-code="H01"]')).to_be_visible()  # kept from the unit, not from who watches
    page.get_by_role("link", name="Hiện tất cả").click()
    expect(rows).to_have_count(1)  # as was chosen


def test_it_comes_in_pages(enter: Any, case: tuple[str, str]) -> None:
    page = enter("giam.sat")
    expect(page.locator("#cases-list [data-finding]")).to_have_count(2)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/findings?" in request.url else None)
    page.route(
        "**/findings?limit=30", lambda route: route.continue_(url=route.request.url.replace("limit=30", "limit=1"))
    )
    page.reload()
    expect(page.locator("#cases-count")).to_contain_text("mới nhất")
    page.get_by_role("button", name="Hiện thêm").click()
    expect(page.locator("#cases-list [data-finding]")).to_have_count(2)
    assert "cursor=" in asked[-1]


def test_only_who_watches_has_it(enter: Any, case: tuple[str, str]) -> None:
    for account in ("chu.tich", "tham.dinh"):
        page = enter(account)
        expect(page.locator("[data-tab][aria-current]")).to_have_count(1)
        expect(page.locator('[data-tab="cases"], #view-cases')).to_have_count(0)
    elsewhere = enter("giam.sat.xa")
    expect(elsewhere.locator("#cases-list")).to_contain_text("Không có hồ sơ nào.")  # appointed to another unit


@pytest.mark.parametrize("width", [320, 360, 1366])
def test_it_fits_and_is_for_everybody_in_english_too(enter: Any, case: tuple[str, str], width: int) -> None:
    for language in ("vi", "en"):
        page = enter("giam.sat", viewport=PHONE | {"width": width}, language=language)
        shown = opened(page, case[1])
        expect(shown.locator("form")).to_be_visible()
        assert overflow(page) <= 0
        faults = violations(page)
        assert [each["id"] for each in faults if each["impact"] in ("serious", "critical")] == []
    expect(shown).to_contain_text("Private part, not opened")
    shown.get_by_label("Reason for opening the private part").fill(WHY)
    shown.get_by_role("button", name="Open the private part").click()
    expect(shown.locator("[data-opened]")).to_contain_text(WHY)
    assert overflow(page) <= 0
