"""The phone form on slow links and such that break: a transfer has the time it needs, a photo goes on where it was."""

import re

from playwright.sync_api import Browser, Page, Request, expect

from tests.support.browser import PHONE, Person
from tests.support.form import FAR, NAME, PASSWORDS, count, filed, open_inspection, record, reopen
from tests.support.photos import jpeg, scene
from tests.support.web_proxy import WebProxy

MOST = 20_000  # bytes that get through at once
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def ranges(page: Page) -> list[tuple[int, int, int]]:
    """What the Content-Range of each part says that leaves from now on."""
    said: list[tuple[int, int, int]] = []

    def note(request: Request) -> None:
        named = RANGE.fullmatch(request.headers.get("content-range", ""))
        if named:
            said.append((int(named[1]), int(named[2]), int(named[3])))

    page.context.on("request", note)
    return said


def photograph(page: Page, code: str) -> None:
    count(page, code, 1)
    with page.expect_file_chooser() as camera:
        page.locator(f'[data-code="{code}"]').get_by_role("button", name="Chụp ảnh").click()
    raw = jpeg(scene(1600, 1200), quality=95)
    camera.value.set_files({"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": raw})
    expect(page.locator(f'[data-code="{code}"] .photos img')).to_have_count(1)
    page.get_by_role("button", name="Ghi nhận", exact=True).click()


def all_held(page: Page) -> None:
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true", timeout=4 * FAR)


def test_a_photo_gets_through_a_link_that_takes_only_a_little_at_once(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "81/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    said = ranges(page)
    net.most = MOST
    photograph(page, "A03")
    all_held(page)
    through = [(first, last) for first, last, _ in said if last - first < MOST]
    size = said[0][2]
    assert size > 2 * MOST and said[0][0] == 0
    assert max(through)[1] == size - 1
    assert sum(last - first + 1 for first, last in set(through)) == size  # nothing that was received left twice


def test_a_photo_goes_on_where_it_broke_off_also_on_a_page_that_was_closed(phone: Person, net: WebProxy) -> None:
    page = phone.page
    open_inspection(page, "tan hoa", NAME, "82/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    inspection = page.url.rsplit("/", 1)[1]
    net.most = MOST
    net.rule = lambda method, path: "cut before commit" if net_parts(net) >= 2 else None  # two come through
    photograph(page, "A03")
    expect(page.locator("#queue-trouble")).to_contain_text("Mọi mục vẫn còn trên máy này", timeout=2 * FAR)
    assert net_parts(net) == 2
    page.close()
    net.heal()
    phone.page = page = phone.context.new_page()
    said = ranges(page)
    page.goto(f"{net.url}/intake/#/inspection/{inspection}")
    all_held(page)
    assert said and said[0][0] > 0
    assert [status for method, path, status in net.answered if method == "PUT" and "/photos/" in path][-1] == 201


def net_parts(net: WebProxy) -> int:
    """How many parts of photos were received."""
    return [status for method, path, status in net.answered if method == "PUT" and "/photos/" in path].count(202)


def test_a_new_phone_waits_for_a_list_that_comes_slowly(browser: Browser, net: WebProxy) -> None:
    person = Person(browser, net.url, PHONE)
    person.sign_in("an.kt", PASSWORDS["an.kt"])
    page = person.page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate("indexedDB.deleteDatabase('kycuong-form')")
    net.rule = lambda method, path: "trickle" if "/intake/v1/units" in path else None
    page.goto(net.url + "/intake/#/open")
    page.locator("#unit-search").fill("tan hoa")
    expect(page.get_by_label(NAME, exact=True)).to_be_visible(timeout=2 * FAR)
    person.context.close()
    assert person.script_errors == []


def test_what_does_not_move_for_30_seconds_is_given_up_and_sent_again(phone: Person, net: WebProxy) -> None:
    page = phone.page
    page.clock.install()
    reopen(page)
    open_inspection(page, "tan hoa", NAME, "83/QĐ-SNV")
    expect(filed(page, "Mở cuộc kiểm tra")).to_contain_text("Đã nhận")
    net.fail("half-open", part="/findings/", times=1)
    with page.expect_request(lambda request: "/findings/" in request.url):  # "Đang gửi" stands before it is signed
        record(page, "B01", 2)
    expect(filed(page, "B01")).to_contain_text("Đang gửi")
    page.clock.fast_forward(20_000)  # and the seconds that this machine takes meanwhile
    expect(filed(page, "B01")).to_contain_text("Đang gửi")
    net.fail("cut before commit", part="/findings/")  # so that it stays unsent, whoever looks how late
    page.clock.fast_forward(31_000)  # also from a movement that was told only now
    expect(filed(page, "B01")).to_contain_text("Sẽ tự gửi lại")
    net.heal()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(filed(page, "B01")).to_contain_text("Đã nhận", timeout=FAR)
