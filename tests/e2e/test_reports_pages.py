"""The dashboard in a real browser, on a phone and at a desk: nothing wider than the window, nothing refused."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from services.kernel.identity.authentication import COOKIE
from services.kernel.process.clock import SettableClock
from services.reports.app import create_app
from tests.support.axe import violations
from tests.support.browser import DESK, PHONE, Person
from tests.support.instance import free_port
from tests.support.postgres import Cluster
from tests.support.reports_http import CLOSED_PORT, NOW, appoint, province, publish
from tests.support.reports_log import MadeLog

QUARTER = "2026-Q3"


@dataclass
class Served:
    """A reports service in a thread of its own, with tokens of a reviewer and a head."""

    cluster: Cluster
    folder: Path
    url: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)
    server: uvicorn.Server | None = None

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with self.cluster.database(self.folder) as settings:
            made = whole_province()
            await publish(settings, made)
            self.tokens["reviewer"] = await appoint(settings, "reviewer")
            self.tokens["head"] = await appoint(settings, "unit_head", "xa-tan-hoa")
            port = free_port()
            app = create_app(settings.model_copy(update={"audit_url": CLOSED_PORT}), SettableClock(NOW))
            self.server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
            self.url = f"http://127.0.0.1:{port}"
            serving = asyncio.create_task(self.server.serve())
            while not self.server.started:
                await asyncio.sleep(0.02)
            while app.state.service.follower.progress.size < len(made.entries):
                await asyncio.sleep(0.02)
            self.ready.set()
            await serving


def whole_province() -> MadeLog:
    """The province, then sixty wards seen since without a finding, and a ward with one that waits."""
    made = province()
    for number in range(1, 61):
        made.register(f"phuong-{number}", f"UBND phường Số {number}", "phuong")
        made.close(f"phuong-{number}", made.open(f"phuong-{number}"))
    waiting = made.open("phuong-dao", "2026-10-05T07:30:00+07:00")
    made.record("phuong-dao", waiting, "A03", 2)
    made.close("phuong-dao", waiting)
    return made


@pytest.fixture(scope="module")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(cluster, tmp_path_factory.mktemp("pages") / "data")
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    assert served.ready.wait(60)
    yield served
    assert served.server is not None
    served.server.should_exit = True
    thread.join(10)


def enter(browser: Browser, served: Served, who: str, viewport: dict[str, int]) -> Person:
    """Somebody already signed in, by the session's own cookie."""
    person = Person(browser, served.url, viewport)
    session = {"name": COOKIE, "value": served.tokens[who], "domain": "127.0.0.1", "path": "/", "secure": True}
    person.context.add_cookies([session])  # type: ignore[list-item]
    return person


def fits(person: Person) -> None:
    assert person.overflow() <= 0
    assert person.script_errors == []


def styled(page: Page) -> None:
    """Our stylesheet was found and allowed."""
    assert page.locator(".top").first.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(18, 53, 91)"


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_reviewer_reads_a_quarter_down_to_the_log_entry(
    browser: Browser, served: Served, viewport: dict[str, int]
) -> None:
    reviewer = enter(browser, served, "reviewer", viewport)
    page = reviewer.page
    page.goto(f"{served.url}/reports/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Phiếu điểm Quý IV/2026")
    page.get_by_label("Quý", exact=True).select_option(label="Quý III/2026")
    page.get_by_role("button", name="Xem").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Phiếu điểm Quý III/2026")
    styled(page)
    fits(reviewer)
    expect(page.locator("#act-now")).to_have_text("Nên đến trước")
    expect(page.locator(".heat tbody tr")).to_have_count(3)
    bar = page.locator(".bar rect").first
    assert bar.evaluate("node => getComputedStyle(node).fill") == "rgb(11, 79, 138)"
    page.get_by_role("link", name="Điểm", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Điểm")
    page.get_by_label("Tìm đơn vị").fill("tan hoa")
    page.get_by_role("button", name="Xem").click()
    expect(page.get_by_role("heading", name="1 đơn vị có tên khớp")).to_be_visible()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Điểm")
    fits(reviewer)
    page.get_by_role("link", name="UBND xã Tân Hòa").click()
    expect(page.locator(".score")).to_have_text("94,00")
    expect(page.locator("main")).to_contain_text("Đi làm muộn")
    expect(page.locator('a[href^="/audit/v1/receipts/"]')).to_have_count(3)
    expect(page.locator('a[href^="/audit/entry?at="]')).to_have_count(3)
    expect(page.locator(".steps li").first).to_contain_text(
        "1 điểm (mức 1) × 3 lượt người × hệ số 0,6667 (30 ÷ 45 người được kiểm tra) = 2,00 điểm trừ."
    )
    expect(page.locator(".sums li").first).to_have_text("Nhóm A · Giờ giấc: trừ 4,00, chưa chạm mức tối đa 20.")
    expect(page.locator(".visit")).to_contain_text("100 − 4,00 − 2,00 = 94,00")
    expect(page.get_by_role("button", name="In phiếu")).to_be_visible()
    fits(reviewer)
    page.get_by_label("Bản", exact=True).select_option(label="Bản chính thức")
    page.get_by_role("button", name="Xem").click()
    expect(page.locator(".page-head")).to_contain_text("Bản chính thức")
    expect(page.locator(".edition")).to_contain_text("không thay đổi nữa")
    fits(reviewer)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_head_reads_the_inbox_in_either_language(browser: Browser, served: Served, viewport: dict[str, int]) -> None:
    head = enter(browser, served, "head", viewport)
    page = head.page
    page.goto(f"{served.url}/reports/inbox")
    expect(page.get_by_role("link", name="Xem kết quả")).to_have_count(1)  # all replied to
    expect(page.get_by_role("link", name="Theo dõi")).to_have_count(1)  # of the station below, whose own head answers
    fits(head)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("link", name="Follow")).to_have_attribute(
        "href", re.compile("^/intake/desk/#/following/[0-9a-f-]{36}$")
    )
    fits(head)
    page.goto(f"{served.url}/reports/units/phuong-dao?quarter={QUARTER}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    expect(page.locator("main")).to_contain_text("There is nothing here")
    fits(head)


def answers_at_the_stream(page: Page) -> list[int]:
    """What the page is told from now on; at first that nobody answers, as by a proxy while the service starts anew."""
    told: list[int] = []
    page.on("response", lambda answer: told.append(answer.status) if "/alerts/stream" in answer.url else None)
    page.route("**/reports/v1/alerts/stream*", lambda route: route.fulfill(status=503), times=1)
    return told


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_head_reads_notices_and_has_read_what_was_opened(
    browser: Browser, served: Served, viewport: dict[str, int]
) -> None:
    head = enter(browser, served, "head", viewport)
    page = head.page
    page.goto(f"{served.url}/reports/notices?all=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thông báo")
    expect(page.locator("main")).to_contain_text("Có quyết định")
    fits(head)
    page.goto(f"{served.url}/reports/notices")
    unread = page.locator("[data-notices] li h2 a")
    before, way = unread.count(), unread.first.get_attribute("href")
    opened = page.request.get(f"{served.url}{way}", max_redirects=0)
    assert opened.status == 303 and opened.headers["location"].startswith("/intake/desk/#/answer")
    page.reload()
    expect(unread).to_have_count(before - 1)
    heard = answers_at_the_stream(page)
    page.clock.install()
    page.reload()
    while len(heard) < 2:  # the page comes again some seconds after it was refused
        page.clock.fast_forward(20_000)
        page.wait_for_timeout(50)
    assert heard == [503, 200]
    page.get_by_role("link", name="Đã gửi ra ngoài").click()
    expect(page.locator("main")).to_contain_text("Không có lần gửi nào.")
    fits(head)


def test_the_links_to_files_say_what_the_log_is_told(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "reviewer", DESK).page
    page.goto(f"{served.url}/reports/?quarter={QUARTER}&group=xa")
    link = page.get_by_role("link", name="Tải CSV")
    assert link.get_attribute("href") == f"/reports/v1/scorecards/{QUARTER}?format=csv&edition=live&group=xa"
    assert link.get_attribute("data-told") == f'{{"quarter": "{QUARTER}", "format": "csv", "edition": "live"}}'
    head = enter(browser, served, "head", DESK).page
    head.goto(f"{served.url}/reports/?quarter={QUARTER}")
    expect(head.get_by_role("link", name="Tải CSV")).to_have_count(0)  # only a reviewer takes it away unpublished


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_a_long_list_comes_in_pages_and_the_uninspected_are_folded(
    browser: Browser, served: Served, viewport: dict[str, int]
) -> None:
    reviewer = enter(browser, served, "reviewer", viewport)
    page = reviewer.page
    page.goto(f"{served.url}/reports/?quarter={QUARTER}")
    expect(page.locator(".units tbody tr")).to_have_count(50)
    assert page.locator(".units table").evaluate("table => table.scrollHeight") < 4500
    folded = page.locator("#uninspected").get_by_role("link", name="Sở Nội vụ")
    expect(folded).to_be_hidden()
    page.locator("#uninspected summary").press("Enter")
    expect(folded).to_be_visible()
    pages = page.get_by_role("navigation", name="Trang danh sách")
    pages.get_by_role("link", name="Sau").click()
    expect(page.locator(".units tbody tr")).to_have_count(13)
    expect(pages.locator("[aria-current=page]")).to_have_text("Trang 2")
    fits(reviewer)
    pages.get_by_role("link", name="Tất cả 63").click()
    expect(page.locator(".units tbody tr")).to_have_count(63)
    fits(reviewer)


def test_a_printed_list_is_whole_in_the_desks_layout_and_says_what_it_is(browser: Browser, served: Served) -> None:
    person = enter(browser, served, "reviewer", PHONE)
    page = person.page
    page.goto(f"{served.url}/reports/?quarter={QUARTER}")
    page.get_by_role("link", name="Bản in cả danh sách").click()
    expect(page.get_by_role("button", name="In danh sách")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".units tbody tr")).to_have_count(63)
    expect(page.get_by_role("columnheader", name="Xếp loại").last).to_be_visible()  # folded away on the phone's screen
    expect(page.locator(".page-head .print-only")).to_contain_text("Tạm tính · tính từ")
    expect(page.locator(".letterhead")).to_contain_text("SỞ NỘI VỤ")
    expect(page.locator(".letterhead")).to_contain_text("Độc lập - Tự do - Hạnh phúc")
    for words in ("Tải CSV", "Bấm tên cột để sắp xếp", "In danh sách", "Sắp xếp theo"):
        expect(page.get_by_text(words).first).to_be_hidden()
    page.goto(f"{served.url}/reports/?quarter={QUARTER}&page=2")
    expect(page.locator(".page-head .print-only")).to_contain_text("chỉ trang 2/2")


@pytest.mark.parametrize("width", [320, 360, 768, 1366])
def test_no_page_is_wider_than_its_window(browser: Browser, served: Served, width: int) -> None:
    person = enter(browser, served, "reviewer", {"width": width, "height": 800})
    for path in (
        "",
        "?quarter=2026-Q3",
        "?quarter=2026-Q3&page=all",
        "units/xa-tan-hoa?quarter=2026-Q3",
        "units/phuong-dao?quarter=2026-Q4",
        "figures?quarter=2026-Q3",
        "compare?quarter=2026-Q4&with=2026-Q3",
        "practice?quarter=2026-Q3",
        "closing?quarter=2026-Q4",
        "codes/A01?quarter=2026-Q3",
        "inbox?all=1",
    ):
        for lang in ("vi", "en"):
            person.page.goto(f"{served.url}/reports/{path}{'&' if '?' in path else '?'}lang={lang}")
            fits(person)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_everybody_can_read_the_figures(browser: Browser, served: Served, viewport: dict[str, int]) -> None:
    page = enter(browser, served, "reviewer", viewport).page
    for path in (
        "?quarter=2026-Q4",
        "units/phuong-dao?quarter=2026-Q4",
        "figures?quarter=2026-Q3",
        "closing?quarter=2026-Q4",
    ):
        page.goto(f"{served.url}/reports/{path}")
        found = violations(page)
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], path


def test_the_phones_short_table_sorts_by_what_it_folds_away(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "reviewer", PHONE).page
    page.goto(f"{served.url}/reports/?quarter=2026-Q4")
    expect(page.locator(".units").get_by_role("columnheader")).to_have_count(2)
    page.get_by_role("navigation", name="Sắp xếp").get_by_role("link", name="Chờ kết luận").click()
    expect(page.locator(".sorts [aria-current]")).to_contain_text("Chờ")
    expect(page.locator(".units tbody tr").first).to_contain_text("1 chờ")


def test_searching_works_without_a_script(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    cookie = {"name": COOKIE, "value": served.tokens["reviewer"], "domain": "127.0.0.1", "path": "/", "secure": True}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(f"{served.url}/reports/?quarter={QUARTER}")
    page.get_by_label("Tìm đơn vị").fill("NOI vụ")
    page.get_by_role("button", name="Xem").click()
    expect(page.locator("#uninspected").get_by_role("link", name="Sở Nội vụ")).to_be_visible()
    page.get_by_label("Tìm đơn vị").fill("<b>khong</b>")
    page.get_by_role("button", name="Xem").click()
    expect(page.get_by_role("heading", name="0 đơn vị có tên khớp “<b>khong</b>”")).to_be_visible()
    page.get_by_role("link", name="Bỏ tìm").click()
    expect(page.locator(".units tbody tr")).to_have_count(50)


def test_the_first_line_says_what_waits_for_the_reader(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "reviewer", DESK).page
    page.goto(f"{served.url}/reports/?quarter=2026-Q4")
    expect(page.locator("main .notice").first).to_contain_text("1 ghi nhận của 1 đơn vị còn chờ")
    expect(page.get_by_role("link", name="Hồ sơ chờ quyết định")).to_have_attribute("href", "/intake/desk/")
    expect(page.locator(".edition")).to_contain_text("Quý IV/2026 chưa được chốt bản nào.")
    page.goto(f"{served.url}/reports/units/phuong-dao?quarter=2026-Q4")
    expect(page.locator(".notice.warn")).to_contain_text("Nếu tất cả được xác nhận, điểm từ 100,00 thành 96,00.")
    head = enter(browser, served, "head", PHONE)
    head.page.goto(f"{served.url}/reports/?quarter={QUARTER}")
    expect(head.page.locator(".own")).to_contain_text("UBND xã Tân Hòa")
    expect(head.page.locator(".own .score")).to_have_text("94,00")
    expect(head.page.locator("main .notice").first).to_contain_text("1 thông báo chưa xem")
    expect(head.page.locator(".edition")).to_contain_text("Chưa có bản chốt nào được công bố")
    fits(head)


def test_an_edition_that_is_not_there_leads_back_to_the_live_one(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "reviewer", PHONE).page
    page.goto(f"{served.url}/reports/?quarter={QUARTER}&edition=official")
    expect(page.get_by_text("cards_root")).to_be_hidden()  # for who checks, not for who reads
    page.get_by_text("Mã kiểm chứng của bản này").click()
    expect(page.get_by_text("cards_root")).to_be_visible()
    page.get_by_label("Quý", exact=True).select_option(label="Quý IV/2026")
    page.get_by_role("button", name="Xem").click()
    expect(page.locator("main")).to_contain_text("chưa được chốt theo bản này")
    page.get_by_role("link", name="Xem bản tạm tính của Quý IV/2026").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Phiếu điểm Quý IV/2026")
    expect(page.locator(".edition")).to_contain_text("Bản tạm tính")


def cut_off(page: Page) -> list[str]:
    """The tables that are wider than their place."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.table-wrap')].filter(each => each.scrollWidth > each.clientWidth + 1)"
        ".map(each => each.textContent.trim().slice(0, 40))"
    )
    return found


def wide_tables(page: Page) -> list[str]:
    """The tables that hide a column behind a scroll; a matrix keeps its first column in sight."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.table-wrap:not(:has(.matrix))')]"
        ".filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent.trim().slice(0, 40))"
    )
    return found


def test_on_a_phone_every_figure_stands_beside_its_name(browser: Browser, served: Served) -> None:
    person = enter(browser, served, "reviewer", PHONE)
    for path in ("", "figures", "compare", "closing", "units/xa-tan-hoa", "codes/A01"):
        person.page.goto(f"{served.url}/reports/{path}?quarter=2026-Q3")
        fits(person)
        assert wide_tables(person.page) == [], path
    cell = person.page.locator(".stacked td").first
    assert cell.evaluate("node => getComputedStyle(node, '::before').content") == '"Ngày"'


def test_where_to_go_first_is_on_the_first_screen(browser: Browser, served: Served) -> None:
    for viewport in (PHONE, {"width": 1366, "height": 768}):
        page = enter(browser, served, "reviewer", viewport).page
        page.goto(f"{served.url}/reports/?quarter=2026-Q3")
        box = page.locator("#act-now").bounding_box()
        assert box is not None and box["y"] < viewport["height"] * 0.7
    head = enter(browser, served, "head", DESK).page
    head.goto(f"{served.url}/reports/?quarter=2026-Q3")
    expect(head.locator("#act-now")).to_have_text("Cần chú ý")  # who sends no team goes nowhere


def test_a_printed_list_has_a_code_that_leads_to_its_check(browser: Browser, served: Served, tmp_path: Path) -> None:
    page = enter(browser, served, "reviewer", DESK).page
    for path in ("", "units/xa-tan-hoa", "codes/A01", "figures"):
        page.goto(f"{served.url}/reports/{path}?quarter=2026-Q3&edition=official")
        expect(page.locator(".verify")).to_be_hidden()
        page.emulate_media(media="print")
        expect(page.locator(".letterhead")).to_be_visible()
        if path:  # on an upright sheet nothing is cut off: nobody scrolls paper
            page.set_viewport_size({"width": 680, "height": 960})
            assert cut_off(page) == [], path
        page.locator(".verify svg").screenshot(path=tmp_path / "code.png")
        [read] = zxingcpp.read_barcodes(Image.open(tmp_path / "code.png"), formats=zxingcpp.BarcodeFormat.QRCode)
        assert read.text == page.locator(".verify .address").inner_text()
        assert "&cards=" in read.text and read.text.startswith(served.url)
        page.emulate_media(media="screen")
    page.goto(read.text)
    expect(page.get_by_role("main")).to_contain_text("Mã gốc các phiếu trên giấy")


def test_on_paper_no_live_table_is_cut_off_and_at_a_small_desk_no_column_of_the_list(
    browser: Browser, served: Served
) -> None:
    page = enter(browser, served, "reviewer", {"width": 680, "height": 960}).page
    page.emulate_media(media="print")
    for path, shown in (("units/xa-tan-hoa", "#head-part"), ("figures", "#judgements")):
        for language in ("vi", "en"):
            page.goto(f"{served.url}/reports/{path}?quarter=2026-Q3&lang={language}")
            expect(page.locator(shown)).to_be_visible()
            # as long as an account's name may be, and a figure with its range
            page.locator("#head-part ~ .table-wrap tbody th").evaluate_all(
                "all => all.forEach(one => one.prepend('chu.tich.ubnd.xa-tan-hoa'))"
            )
            assert cut_off(page) == [], (path, language)
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 800})
    for language in ("vi", "en"):
        page.goto(f"{served.url}/reports/?quarter=2026-Q3&lang={language}")
        assert cut_off(page) == [], language
