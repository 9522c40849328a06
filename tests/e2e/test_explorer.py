"""The explorer in a real browser: the proof is checked there, and a tampered answer shows which step fails."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Route, expect

from services.audit.app import create_app
from services.kernel.identity.authentication import COOKIE
from services.kernel.log import merkle
from tests.support.audit_app import App
from tests.support.browser import DESK, PHONE, Person
from tests.support.events import erasure, event_id, finding, many, record
from tests.support.instance import free_port
from tests.support.log import open_log
from tests.support.postgres import Cluster

UNIT, GRAVE = "xa-tan-hoa", "xa-khac"
MANY = 1_200
RECORDED, ERASED, KEPT = MANY, MANY + 1, MANY + 2  # where the events of our own stand
SIZE = MANY + 3


@dataclass
class Served:
    """An audit service in a thread of its own, over a filled log, with tokens of an auditor and a head."""

    cluster: Cluster
    folder: Path
    url: str = ""
    vkey: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)
    server: uvicorn.Server | None = None

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with self.cluster.database(self.folder) as settings, open_log(settings) as log:
            await log.publish(many(MANY, log.origin))
            events = [
                finding(900_001, UNIT, 1, origin=log.origin),
                erasure(900_002, 900_001, UNIT, 2, "narrative", "persons", origin=log.origin),
                finding(900_003, UNIT, 3, origin=log.origin, severity=4),
            ]
            await log.publish([record(raw, UNIT) for raw in events])
            app = create_app(settings)
            port = free_port()
            self.server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
            self.url, self.vkey = f"http://127.0.0.1:{port}", log.signer.vkey
            serving = asyncio.create_task(self.server.serve())
            while not self.server.started:
                await asyncio.sleep(0.02)
            asked = App(app, log)
            await asked.reach(SIZE)
            await asked.unit(UNIT)
            await asked.case(event_id(900_001), UNIT, 1, "an")
            await asked.case(event_id(900_003), UNIT, 4, "an")
            self.tokens = {
                "auditor": await asked.token("auditor"),
                "head": await asked.token("unit_head", UNIT),
                "admin": await asked.token("admin"),
            }
            await log.admin.execute(
                "INSERT INTO audit.witness_state (name, size, cosigned_at, trouble) VALUES"
                " ('nhan-chung-mot', $1, now(), NULL), ('nhan-chung-hai', NULL, NULL, 'timed out')",
                SIZE,
            )
            await asked.client.aclose()
            self.ready.set()
            await serving


@pytest.fixture(scope="module")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(cluster, tmp_path_factory.mktemp("explorer") / "data")
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    assert served.ready.wait(60)
    yield served
    assert served.server is not None
    served.server.should_exit = True
    thread.join(10)


def enter(browser: Browser, served: Served, who: str | None, viewport: dict[str, int] = DESK) -> Person:
    """Somebody signed in by the session's own cookie, or nobody."""
    person = Person(browser, served.url, viewport)
    if who is not None:
        session = {"name": COOKIE, "value": served.tokens[who], "domain": "127.0.0.1", "path": "/", "secure": True}
        person.context.add_cookies([session])  # type: ignore[list-item]
    return person


def fits(person: Person) -> None:
    assert person.overflow() <= 0
    assert person.script_errors == []


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_anyone_sees_the_log_at_a_glance(browser: Browser, served: Served, viewport: dict[str, int]) -> None:
    person = enter(browser, served, None, viewport)
    page = person.page
    page.goto(f"{served.url}/audit/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nhật ký kiểm chứng được")
    newest = page.get_by_role("region", name="Mốc kiểm chứng mới nhất")
    expect(newest).to_contain_text("1.203")
    expect(newest).to_contain_text(served.vkey)
    chart = page.get_by_role("img", name="Số mục theo thời gian")
    expect(chart).to_be_visible()
    assert chart.locator(".line").evaluate("node => getComputedStyle(node).stroke") == "rgb(11, 79, 138)"
    figures = page.get_by_role("region", name="Số mục trong nhật ký theo thời gian")
    figures.get_by_text("Số liệu", exact=True).press("Enter")
    expect(figures.get_by_role("cell", name="1.203", exact=True)).to_be_visible()
    witnesses = page.get_by_role("region", name="Nhân chứng").get_by_role("listitem")
    expect(witnesses.filter(has_text="nhan-chung-mot")).to_contain_text("Đã ký nhật ký có 1.203 mục")
    expect(witnesses.filter(has_text="nhan-chung-hai")).to_contain_text("Lần cuối không ký")
    fits(person)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The verifiable log")
    fits(person)


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_an_entry_is_found_read_and_proved_in_the_browser(
    browser: Browser, served: Served, viewport: dict[str, int]
) -> None:
    person = enter(browser, served, "auditor", viewport)
    page = person.page
    page.goto(f"{served.url}/audit/")
    page.get_by_label("Tìm một mục").fill("812")
    page.get_by_role("button", name="Xem").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mục số 812: Ghi nhận của đoàn kiểm tra")
    expect(page.get_by_role("region", name="Nội dung")).to_contain_text("Mức độ")
    verdict = page.get_by_role("status").filter(has_text="khớp")
    expect(verdict).to_contain_text("Tất cả các bước đều khớp.")
    expect(verdict).to_contain_text("vị trí số 812 trong nhật ký có 1.203 mục")
    steps = page.get_by_role("list").filter(has=page.locator("[data-step]")).get_by_role("listitem")
    expect(steps).to_have_count(3 + len(merkle.inclusion_ranges(812, SIZE)))
    expect(steps.first).to_contain_text("Sửa một chữ thì kết quả ở bước này đã khác")
    expect(steps.last).to_contain_text("chữ ký")
    fits(person)
    page.get_by_text("Nội dung gốc, đúng từng byte").click()
    assert json.loads(page.locator("#raw").inner_text())["id"] == event_id(812)
    fits(person)
    page.get_by_role("link", name="Mục 813").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mục số 813")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("status").filter(has_text="All steps hold.")).to_be_visible()
    fits(person)


def flipped(text: str) -> str:
    """A base64 text with one bit of its last byte but one turned."""
    raw = bytearray(base64.b64decode(text))
    raw[-2] ^= 1
    return base64.b64encode(raw).decode()


def of_proof(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """A change of the proof's JSON."""

    def changed(body: bytes) -> bytes:
        answer = json.loads(body)
        change(answer)
        return json.dumps(answer).encode()

    return changed


def other_sibling(answer: dict[str, Any]) -> None:
    answer["proof"][1] = flipped(answer["proof"][1])


def other_signature(answer: dict[str, Any]) -> None:
    head, _, signature = answer["checkpoint"].rstrip("\n").rpartition(" ")
    answer["checkpoint"] = f"{head} {flipped(signature)}\n"


def other_origin(answer: dict[str, Any]) -> None:
    answer["checkpoint"] = "another.example/log" + answer["checkpoint"][answer["checkpoint"].index("\n") :]


def other_root(answer: dict[str, Any]) -> None:
    lines = answer["checkpoint"].split("\n")
    answer["checkpoint"] = "\n".join([*lines[:2], flipped(lines[2]), *lines[3:]])


def other_leaf_too(answer: dict[str, Any]) -> None:
    answer["leaf"] = answer["proof"][0]


ENTRY, PROOF = "**/audit/v1/entries/*", "**/audit/v1/proofs/inclusion*"
LEAF, PATH = "Tính mã băm của mục này", "So với mã gốc của mốc kiểm chứng"
SIGNATURE = "Kiểm chữ ký của nhật ký trên mốc kiểm chứng"
TAMPERINGS = {
    "a byte of the entry": (ENTRY, lambda body: body.replace(b'"count":3', b'"count":2'), LEAF),
    "the leaf's hash": (PROOF, of_proof(other_leaf_too), LEAF),
    "a hash of the path": (PROOF, of_proof(other_sibling), PATH),
    "a hash missing": (PROOF, of_proof(lambda answer: answer["proof"].pop()), PATH),
    "another place": (PROOF, of_proof(lambda answer: answer.update(index=813)), PATH),
    "another size": (PROOF, of_proof(lambda answer: answer.update(size=SIZE - 1)), PATH),
    "the checkpoint's root": (PROOF, of_proof(other_root), PATH),
    "the signature": (PROOF, of_proof(other_signature), SIGNATURE),
    "the checkpoint's origin": (PROOF, of_proof(other_origin), SIGNATURE),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampered_answer_shows_the_failing_step(browser: Browser, served: Served, what: str) -> None:
    where, change, named = TAMPERINGS[what]
    person = enter(browser, served, "auditor", PHONE)
    page = person.page

    def tamper(route: Route) -> None:
        answer = route.fetch()
        body = change(answer.body())
        assert body != answer.body()
        route.fulfill(response=answer, body=body)

    page.route(where, tamper)
    page.goto(f"{served.url}/audit/entry?at=812")
    failed = page.locator("li.failed")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text(named)
    expect(failed).to_contain_text("Không khớp")
    assert failed.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(251, 230, 228)"
    number = page.locator("[data-step]").count()
    expect(page.get_by_role("status").filter(has_text="bước")).to_contain_text(f"Không khớp ở bước {number}: {named}.")
    fits(person)
    page.unroute(where)
    page.get_by_role("button", name="Kiểm lại").click()
    expect(page.get_by_role("status").filter(has_text="Tất cả các bước đều khớp.")).to_be_visible()


def test_the_witnesses_of_the_checkpoint_are_listed(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "auditor", PHONE).page
    cosignature = base64.b64encode(b"\1\2\3\4" + (1_790_000_000).to_bytes(8) + bytes(64)).decode()

    def cosign(route: Route) -> None:
        answer = route.fetch()
        told = json.loads(answer.body())
        told["checkpoint"] += f"— witness.example/mot {cosignature}\n"
        route.fulfill(response=answer, body=json.dumps(told))

    page.route(PROOF, cosign)
    page.goto(f"{served.url}/audit/entry?at=5")
    expect(page.get_by_role("status").filter(has_text="Tất cả các bước đều khớp.")).to_be_visible()
    expect(page.locator("#cosigned li")).to_have_text(["witness.example/mot · 21/09/2026 21:13"])


def test_what_the_page_shows_must_be_what_is_proved(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "auditor").page

    def tamper(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("count&#34;:3", "count&#34;:2"))

    page.route("**/audit/entry?at=812", tamper)
    page.goto(f"{served.url}/audit/entry?at=812")
    expect(page.locator("li.failed")).to_contain_text("khác với nội dung vừa được kiểm")


def test_a_browser_without_ed25519_says_so(browser: Browser, served: Served) -> None:
    person = enter(browser, served, "auditor")
    page = person.page
    page.add_init_script("crypto.subtle.importKey = async () => { throw new DOMException('no', 'NotSupportedError'); }")
    page.goto(f"{served.url}/audit/entry?at=5")
    expect(page.locator("li.unchecked")).to_contain_text("không kiểm được chữ ký Ed25519")
    expect(page.get_by_role("status").filter(has_text="bước")).to_contain_text("chưa kiểm được trên trình duyệt này")
    expect(page.locator("li.failed")).to_have_count(0)


def test_a_page_over_a_plain_connection_says_that_nothing_was_checked(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "auditor").page
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    page.goto(f"{served.url}/audit/entry?at=5")
    expect(page.get_by_role("status").filter(has_text="https")).to_contain_text("chưa bước nào được kiểm")


def test_a_server_that_is_away_is_no_verdict(browser: Browser, served: Served) -> None:
    page = enter(browser, served, "auditor").page
    page.route(PROOF, lambda route: route.abort())
    page.goto(f"{served.url}/audit/entry?at=5")
    expect(page.get_by_role("status").filter(has_text="Chưa kiểm được")).to_contain_text("Không kết nối được máy chủ")


def test_an_erased_part_is_told_and_leads_to_the_entry_that_tells_of_it(browser: Browser, served: Served) -> None:
    head = enter(browser, served, "head", PHONE)
    page = head.page
    page.goto(f"{served.url}/audit/entry?at={event_id(900_001)}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mục số 1.200")
    notice = page.locator(".notice.warn").first
    expect(notice).to_contain_text("đã được xóa theo yêu cầu: mô tả, người liên quan.")
    fits(head)
    notice.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mục số 1.201: Xóa nội dung không công khai của một mục")
    expect(page.get_by_role("status").filter(has_text="Tất cả các bước đều khớp.")).to_be_visible()
    fits(head)
    page.get_by_role("region", name="Nội dung").get_by_role("link", name=event_id(900_001)).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mục số 1.200")


def test_lookups_need_no_script_and_follow_the_readers_rights(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()

    def look_up(at: str) -> int:
        page.goto(f"{served.url}/audit/")
        page.get_by_label("Tìm một mục").fill(at)
        with page.expect_navigation() as going:
            page.get_by_role("button", name="Xem").click()
        assert going.value is not None
        return going.value.status

    def sign_in(who: str) -> None:
        cookie = {"name": COOKIE, "value": served.tokens[who], "domain": "127.0.0.1", "path": "/", "secure": True}
        context.add_cookies([cookie])  # type: ignore[list-item]

    assert look_up("812") == 401
    sign_in_link = page.get_by_role("link", name="Đăng nhập")
    expect(sign_in_link).to_have_attribute("href", "/intake/login?next=%2Faudit%2Fentry%3Fat%3D812")
    expect(page.get_by_label("Tìm một mục")).to_have_value("812")
    sign_in("auditor")
    for at, heading in (("1.201", "Mục số 1.201"), (event_id(812).upper(), "Mục số 812"), (" 0 ", "Mục số 0")):
        assert look_up(at) == 200
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    assert (look_up(str(SIZE)), look_up("9" * 19), look_up(event_id(77_777))) == (404, 404, 404)
    for at in ("-1", "1.2", "<b>812</b>", "812 81"):
        assert look_up(at) == 422
        expect(page.get_by_role("status").first).to_contain_text("Hãy gõ số thứ tự của mục")
        expect(page.get_by_label("Tìm một mục")).to_have_value(at)
    sign_in("head")
    assert look_up(str(RECORDED)) == 200
    assert look_up(str(KEPT)) == 404, "severity 4 is kept from the unit"
    assert look_up("812") == 404, "another unit's"
    sign_in("admin")
    assert look_up("812") == 403
    context.close()


def test_the_script_agrees_with_the_kernel_on_every_small_tree(browser: Browser, served: Served) -> None:
    page = enter(browser, served, None).page
    page.goto(f"{served.url}/audit/")
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(40)]
    cases = []
    for size in range(1, 41):
        tree = merkle.CompactRange()
        tree.extend(leaves[:size])
        for index in range(size):
            path = merkle.inclusion_proof(index, size, lambda lv, ix: merkle.perfect_root(_below(leaves, lv, ix)))
            cases.append([index, size, [node.hex() for node in path], tree.root().hex()])
    wrong = page.evaluate(
        """async (cases) => {
            const { leafHash, nodeHash, sides, hex } = await import("/audit/assets/proof.js");
            const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
            const wrong = [];
            for (const [index, size, path, root] of cases) {
                let hash = await leafHash(new Uint8Array([index]));
                const where = sides(BigInt(index), BigInt(size), path.length) || [];
                for (const [step, side] of where.entries()) {
                    const sibling = bytes(path[step]);
                    hash = side === "left" ? await nodeHash(sibling, hash) : await nodeHash(hash, sibling);
                }
                const longer = sides(BigInt(index), BigInt(size), path.length + 1);
                if (hex(hash) !== root || longer !== null) wrong.push([index, size]);
            }
            return wrong;
        }""",
        cases,
    )
    assert (len(cases), wrong) == (820, [])


def _below(leaves: list[bytes], level: int, index: int) -> list[bytes]:
    return leaves[index << level : (index + 1) << level]
