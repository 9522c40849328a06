"""Photos on a real phone's browser: small, upright, without a trace of the place; nothing let go before all is held."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import uuid_utils
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import PHONE, Person, overflow
from tests.support.form import file_now, reopen, until
from tests.support.installation import installed
from tests.support.instance import Instance
from tests.support.photos import PLACE, corners, exif, is_black, jpeg, scene, segments
from tests.support.postgres import Cluster
from tests.support.web_proxy import WebProxy

UNIT, NAME = "xa-tan-hoa", "UBND xã Tân Hòa"
BLOBS = """async () => {
    const { everything } = await import("/intake/static/shared/store.js");
    return (await everything("photos")).map((kept) => kept.blob.size);
}"""


EARLIER = """() => new Promise((done, failed) => {
    const removing = indexedDB.deleteDatabase("kycuong-form");  // signing in has opened the form once
    removing.onerror = () => failed(removing.error);
    removing.onsuccess = () => {
        const opening = indexedDB.open("kycuong-form", 1);
        opening.onerror = () => failed(opening.error);
        opening.onupgradeneeded = () => {
            for (const store of ["items", "drafts", "lists"]) {
                opening.result.createObjectStore(store, { keyPath: "key" });
            }
        };
        opening.onsuccess = () => {
            const kept = opening.result.transaction("drafts", "readwrite");
            const id = "01990402-7a1b-7c2d-8e3f-4a5b6c7d8e02";
            const value = { id, unit: null, search: "", fields: { basis: "77/QĐ-SNV" } };
            kept.objectStore("drafts").put({ key: "an.kt/open", value });
            kept.oncomplete = () => { opening.result.close(); done(); };
        };
    };
})"""


class Field:
    """An installation behind a proxy, an inspector's phone, and the reviewer's client."""

    def __init__(self, instance: Instance, proxy: WebProxy, browser: Browser) -> None:
        self.instance, self.proxy, self.browser = instance, proxy, browser
        admin = instance.client(instance.token("admin"))
        answer = admin.put(f"/intake/v1/unit-changes/{uuid_utils.uuid7()}", json={
            "change": "register", "unit": UNIT, "name": NAME, "group": "xa", "parent": None, "staff": 45,
            "valid_from": "2025-07-01",
        })  # fmt: skip
        assert answer.status_code == 201, answer.text
        self.password = instance.member("an.kt", "inspector")
        self.judge = instance.member("tham.dinh", "reviewer")
        self.reviewer = instance.client(instance.token("reviewer"))

    def finding(self) -> dict[str, Any]:
        """The newest finding, as the server holds it."""
        found: dict[str, Any] = self.reviewer.get("/intake/v1/findings").json()["items"][0]
        return found


@pytest.fixture(scope="module")
def field(browser: Browser, cluster: Cluster) -> Iterator[Field]:
    with installed(cluster) as instance, WebProxy(instance.port).serving() as proxy:
        yield Field(instance, proxy, browser)


@pytest.fixture
def page(field: Field) -> Iterator[Page]:
    """An inspection just opened on a phone that was signed in."""
    field.proxy.heal()
    person = Person(field.browser, field.proxy.url, PHONE, touch=True)
    person.come_in("an.kt", field.password, "/intake/#/open")
    page = person.page
    page.locator("#unit-search").fill("tan hoa")
    page.get_by_label(NAME, exact=True).check()
    page.get_by_label("Ngẫu nhiên").check()
    page.get_by_label("Quyết định kiểm tra số").fill("12/QĐ-SNV")
    declaration = page.locator("[name=impartial]")
    if declaration.count():
        declaration.check()
    page.get_by_role("button", name="Bắt đầu kiểm tra").click()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_visible()
    yield page
    person.context.close()
    assert person.script_errors == []


def no_picture_is_kept(page: Page) -> None:
    until(lambda: page.evaluate(BLOBS) == [])


def count(page: Page, code: str) -> None:
    page.locator(f'details:has([data-code="{code}"])').evaluate("group => { group.open = true; }")
    page.locator(f'[data-code="{code}"]').get_by_role("button", name="Thêm một").click()


def shoot(page: Page, code: str, raw: bytes, number: int = 1) -> None:
    """Take a photo: the camera is a file here, as on any computer."""
    with page.expect_file_chooser() as camera:
        page.locator(f'[data-code="{code}"]').get_by_role("button", name="Chụp ảnh").click()
    camera.value.set_files({"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": raw})
    expect(page.locator(f'[data-code="{code}"] .photos img')).to_have_count(number)


def record(page: Page) -> None:
    file_now(page)


def test_a_photo_of_12_megapixels_goes_out_small_upright_and_without_its_place(field: Field, page: Page) -> None:
    raw = jpeg(scene(4000, 3000), exif=exif(6), quality=97)
    assert PLACE.encode() in raw and len(raw) > 1_000_000
    field.proxy.photos.clear()
    bodies: list[bytes] = []
    page.on("request", lambda asked: asked.method == "PUT" and bodies.append(asked.post_data_buffer or b""))
    count(page, "A03")
    shoot(page, "A03", raw)
    assert overflow(page) <= 0
    record(page)
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true")
    (outgoing,) = field.proxy.photos
    assert 10_000 < len(outgoing) < 400_000
    assert PLACE.encode() not in outgoing and 0xE1 not in segments(outgoing)
    assert corners(outgoing) == ("white", "red", "lime", "blue")  # the phone was held upright
    (manifest,) = [json.loads(body)["photos"] for body in bodies if b'"photos"' in body]
    assert manifest == [{"sha256": hashlib.sha256(outgoing).hexdigest(), "bytes": len(outgoing), "type": "image/jpeg"}]
    finding = field.finding()
    assert (finding["photos"], finding["photos_held"], finding["complete"]) == (1, [1], True)
    image = field.reviewer.get(f"/intake/v1/findings/{finding['id']}/photos/1")
    assert corners(image.content) == ("white", "red", "lime", "blue")
    no_picture_is_kept(page)


def test_a_blocked_photo_leaves_the_finding_incomplete_and_stays_on_the_phone(field: Field, page: Page) -> None:
    count(page, "A03")
    shoot(page, "A03", jpeg(scene(1200, 900)))
    shoot(page, "A03", jpeg(scene(900, 1200)), 2)
    reopen(page)  # the draft brings both back
    expect(page.locator('[data-code="A03"] .photos img')).to_have_count(2)
    field.proxy.rule = lambda method, path: "cut before commit" if path.endswith("/photos/2") else None
    record(page)
    state = page.locator(".photo-state")
    expect(state).to_contain_text("1/2")
    expect(state).to_have_attribute("data-complete", "false")
    finding = field.finding()
    assert (finding["photos"], finding["photos_held"], finding["complete"]) == (2, [1], False)
    assert len(page.evaluate(BLOBS)) == 2  # also the one that was received: not all are held
    reopen(page)
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "false")
    field.proxy.heal()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true")
    assert field.finding()["photos_held"] == [1, 2] and field.finding()["complete"]
    no_picture_is_kept(page)


def test_what_is_covered_on_the_phone_never_leaves_it(field: Field, page: Page) -> None:
    field.proxy.photos.clear()
    count(page, "A03")
    shoot(page, "A03", jpeg(scene(1200, 900)))
    page.get_by_role("button", name="Che ảnh 1").click()
    sheet = page.get_by_role("dialog", name="Che ảnh 1")
    picture = sheet.get_by_role("img", name="Ảnh 1")
    expect(picture).to_have_js_property("complete", True)
    assert overflow(page) <= 0
    finger(page, picture, (0.05, 0.05), (0.22, 0.22))  # the red corner
    expect(sheet.locator(".cover")).to_have_count(1)
    sheet.get_by_role("button", name="Thêm ô che").click()
    second = sheet.get_by_role("button", name="Ô che 2")
    expect(second).to_be_focused()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-label", "Ô che 2: trái 35%, trên 70%, rộng 30%, cao 30%")
    sheet.get_by_role("button", name="Thêm ô che").click()
    expect(sheet.get_by_role("button", name="Ô che 3")).to_be_focused()
    page.keyboard.press("Delete")
    expect(sheet.locator(".cover")).to_have_count(2)
    sheet.get_by_role("button", name="Che và giữ ảnh").click()
    expect(sheet).to_have_count(0)
    record(page)
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true")
    (outgoing,) = field.proxy.photos
    assert is_black(outgoing, 0.1, 0.1) and is_black(outgoing, 0.5, 0.9)
    assert not is_black(outgoing, 0.9, 0.1) and not is_black(outgoing, 0.5, 0.5)
    no_picture_is_kept(page)  # the picture as it was taken is gone from the phone, too


def finger(page: Page, picture: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw with a finger from one place of a picture to another, by shares of its sides."""
    box = picture.bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    way = [(start[0] + (end[0] - start[0]) * n / 4, start[1] + (end[1] - start[1]) * n / 4) for n in range(5)]
    points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in way]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
    for point in points[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    touch.detach()


def test_a_photo_still_being_made_small_goes_with_its_finding(field: Field, page: Page) -> None:
    count(page, "A03")
    with page.expect_file_chooser() as camera:
        page.locator('[data-code="A03"]').get_by_role("button", name="Chụp ảnh").click()
    raw = jpeg(scene(4000, 3000), quality=97)
    camera.value.set_files({"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": raw})
    record(page)  # at once: the thumbnail is not there yet
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true")
    finding = field.finding()
    assert (finding["photos"], finding["photos_held"], finding["complete"]) == (1, [1], True)
    no_picture_is_kept(page)


def test_a_photo_whose_answer_was_lost_is_sent_again_and_kept_once(field: Field, page: Page) -> None:
    lost: list[str] = []

    def once(method: str, path: str) -> str | None:
        if method == "PUT" and "/photos/" in path and not lost:
            lost.append(path)
            return "cut after commit"
        return None

    field.proxy.rule = once
    count(page, "A03")
    shoot(page, "A03", jpeg())
    record(page)
    expect(page.locator(".photo-state")).to_have_attribute("data-complete", "true")
    told = [status for method, path, status in field.proxy.answered if method == "PUT" and path == lost[0]]
    assert told == [201, 200]


def test_a_photo_is_taken_back_before_filing_and_a_broken_file_is_told(field: Field, page: Page) -> None:
    count(page, "A03")
    shoot(page, "A03", jpeg())
    row = page.locator('[data-code="A03"]')
    row.get_by_role("button", name="Bớt một").click()  # a tap too many takes no photo away
    expect(page.get_by_role("dialog")).to_contain_text("1 ảnh đã chụp bị xóa")
    page.get_by_role("dialog").get_by_role("button", name="Giữ lại").click()
    expect(row.locator('input[type="number"]')).to_have_value("1")
    with page.expect_file_chooser() as camera:
        row.get_by_role("button", name="Chụp ảnh").click()
    camera.value.set_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(page.locator("#flash")).to_contain_text("Không đọc được tệp ảnh")
    row.get_by_role("button", name="Bỏ ảnh 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Bỏ", exact=True).click()
    expect(row.locator(".photos img")).to_have_count(0)
    no_picture_is_kept(page)
    record(page)
    expect(page.locator("#count-filed li", has_text="A03").first).to_contain_text("Đã nhận")
    assert field.finding()["photos"] == 0 and field.finding()["complete"]


def test_a_code_counted_down_to_nothing_takes_its_photo_along_once_that_is_confirmed(field: Field, page: Page) -> None:
    count(page, "A03")
    shoot(page, "A03", jpeg())
    row = page.locator('[data-code="A03"]')
    row.get_by_role("button", name="Bớt một").click()
    page.get_by_role("dialog").get_by_role("button", name="Bỏ", exact=True).click()
    expect(row.get_by_role("spinbutton")).to_have_value("0")
    expect(row.get_by_role("spinbutton")).to_be_visible()
    expect(row.locator(".photos")).to_have_count(0)
    no_picture_is_kept(page)


def test_what_an_earlier_form_kept_is_there_after_the_upgrade(field: Field) -> None:
    person = Person(field.browser, field.instance.url, PHONE)
    person.sign_in("an.kt", field.password)
    person.page.goto(
        field.instance.url + "/intake/static/desk/desk.css"
    )  # no script of ours: the store is made as it was
    person.page.evaluate(EARLIER)
    person.page.goto(field.instance.url + "/intake/#/open")
    expect(person.page.locator("#basis")).to_have_value("77/QĐ-SNV")
    no_picture_is_kept(person.page)
    person.context.close()


def test_the_reviewer_sees_the_photo_and_that_another_is_missing(field: Field, page: Page) -> None:
    count(page, "A03")
    shoot(page, "A03", jpeg(scene(1200, 900)))
    shoot(page, "A03", jpeg(scene(900, 1200)), 2)
    field.proxy.rule = lambda method, path: "cut before commit" if path.endswith("/photos/2") else None
    record(page)
    expect(page.locator(".photo-state")).to_contain_text("1/2")
    finding = field.finding()["id"]
    head = field.instance.client(field.instance.token("unit_head", UNIT))
    reply = head.put(f"/intake/v1/findings/{finding}/reply/{uuid_utils.uuid7()}", json={"accepts": False})
    assert reply.status_code == 201, reply.text
    desk = Person(field.browser, field.instance.url, PHONE)
    desk.come_in("tham.dinh", field.judge, "/intake/desk/")
    case = desk.page.locator(f'[data-finding="{finding}"]')
    desk.page.locator(f'[data-row="{finding}"]').click()
    expect(case.locator(".photos img")).to_have_count(1)
    expect(case).to_contain_text("Còn thiếu ảnh của ghi nhận")
    seen = case.locator(".photos img").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert seen == 1200 and desk.overflow() <= 0
    desk.context.close()
    assert desk.script_errors == []
