"""Cases as plain forms: the same writes under the same rules; what is refused comes back as a page, as it was typed."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake.plain import endpoints
from services.intake.plain.entries import ASKED
from services.kernel.identity.authentication import COOKIE
from services.kernel.process.settings import Settings
from tests.support.intake import Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.photos import jpeg, scene

JPEG = jpeg(scene(64, 48))
SAID = "Có giấy mời họp 5/GM-UBND."
DISAGREES = {"/accepts": "false", "/private/text": SAID}
UPHELD = {"/outcome": "upheld", "/private/reason": "Chứng cứ rõ."}


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def finding(intake: Intake) -> str:
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    body = recording(inspection, code="A03", private={"narrative": "Bàn trống <b>."})
    await intake.put("inspector", f"findings/{finding}", body)
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return finding


async def page(intake: Intake, who: str, path: str, status: int = 200, language: str = "vi") -> str:
    headers = {"authorization": f"Bearer {intake.tokens[who]}", "accept": "text/html", "accept-language": language}
    answer = await intake.client.get(f"/intake/{path}", headers=headers)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


async def form_id(intake: Intake, who: str, finding: str, noun: str, query: str = "") -> str:
    """The write's id that a form was drawn with."""
    drawn = await page(intake, who, f"cases/{finding}{query}")
    found = re.search(rf'/{noun}#errors".*?name="id" value="([^"]+)"', drawn, re.DOTALL)
    assert found, noun
    return found[1]


async def send(
    intake: Intake, who: str, finding: str, noun: str, typed: dict[str, str], status: int = 303,
    site: str | None = "same-origin", language: str = "vi", files: Any = None,
) -> httpx.Response:  # fmt: skip
    headers = {"accept": "text/html", "accept-language": language}
    headers |= {"cookie": f"{COOKIE}={intake.tokens[who]}"} if who in intake.tokens else {}
    headers |= {"sec-fetch-site": site} if site else {}
    answer = await intake.client.post(
        f"/intake/cases/{finding}/{noun}", data=typed, headers=headers, files=files or None
    )
    assert answer.status_code == status, answer.text
    return answer


async def state(intake: Intake, finding: str) -> str:
    return str((await intake.get("lead", f"/intake/v1/findings/{finding}"))["state"])


async def test_a_case_is_answered_and_decided_by_forms_alone(intake: Intake, finding: str) -> None:
    assert f"/intake/cases/{finding}" in await page(intake, "head", "cases")
    shown = await page(intake, "head", f"cases/{finding}")
    assert "Bàn trống <b>." in shown and "Giải trình" in shown
    write = await form_id(intake, "head", finding, "reply")
    for _ in range(2):  # sent twice it is one write
        on = await send(intake, "head", finding, "reply", {"id": write, **DISAGREES})
        assert on.headers["location"] == f"/intake/cases/{finding}?done=reply#told"
    assert await state(intake, finding) == "replied"
    told = await page(intake, "head", f"cases/{finding}?done=reply")
    assert "Đã nhận: Giải trình." in told and SAID in told
    assert finding in await page(intake, "reviewer", "cases")
    write = await form_id(intake, "reviewer", finding, "decision")
    await send(intake, "reviewer", finding, "decision", {"id": write, **UPHELD})
    case = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert (case["state"], case["outcome"]) == ("decided", "upheld")
    assert case["private"]["decision"]["reason"] == UPHELD["/private/reason"]
    write = await form_id(intake, "head", finding, "appeal")
    await send(intake, "head", finding, "appeal", {"id": write, "/private/text": "Chưa xem\r\ngiấy mời."})
    case = await intake.get("head", f"/intake/v1/findings/{finding}")
    assert (case["state"], case["private"]["appeal"]["text"]) == ("appealed", "Chưa xem\ngiấy mời.")


async def test_a_remedy_is_planned_reported_and_verified(intake: Intake, finding: str) -> None:
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES})
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    plan = {"/feasible": "true", "/due": "7/9/2026", "/private/actions": "Phân công trực."}
    await send(intake, "head", finding, "remedy-plan", {"id": fresh(), **plan})
    more = {"/of": "remedy", "/until": "2026-09-24", "/private/reason": "Chờ thiết bị."}
    await send(intake, "head", finding, "extension-request", {"id": fresh(), **more})
    await send(intake, "reviewer", finding, "extension", {"id": fresh(), **more})
    done = {"/done_on": "01.09.2026", "/private/text": "Đã trực đủ."}
    await send(intake, "head", finding, "remedy-report", {"id": fresh(), **done})
    verdict = {"/outcome": "verified", "/private/reason": "Đạt."}
    await send(intake, "lead", finding, "remedy-verification", {"id": fresh(), **verdict})
    case = await intake.get("head", f"/intake/v1/findings/{finding}")
    assert (case["remedy"], case["private"]["remedy-plan"]["actions"]) == ("verified", "Phân công trực.")


@pytest.mark.parametrize(
    ("noun", "typed", "field", "words"),
    [
        ("reply", {"/private/text": SAID}, "reply-accepts", "Ý kiến của đơn vị: hãy chọn"),
        ("reply", {"/accepts": "false"}, "reply-private-text", "Nội dung giải trình: hãy nêu lý do"),
        ("reply", {"/accepts": "có", "/private/text": SAID}, "reply-accepts", "phải là true hoặc false"),
        ("reply", {**DISAGREES, "/private/text": SAID + "a" * 4_000}, "reply-private-text", "4"),
        ("extension-request", {"/of": "reply", "/until": "mai", "/private/reason": SAID}, "extension-request-until",
         "Đến hết ngày: phải là một ngày"),
        ("extension-request", {"/of": "reply", "/until": "31/2/2026", "/private/reason": SAID},
         "extension-request-until", "phải là một ngày"),
        ("extension-request", {"/of": "reply", "/until": "1/9/2026", "/private/reason": SAID},
         "extension-request-until", "Đến hết ngày:"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    intake: Intake, finding: str, noun: str, typed: dict[str, str], field: str, words: str
) -> None:
    before, write = await intake.rows(), fresh()
    answer = await send(intake, "head", finding, noun, {"id": write, **typed}, 422)
    shown = unescape(answer.text)
    assert re.search(rf'id="errors" role="alert".*?href="#{field}"[^>]*>[^<]*{re.escape(words)}', shown, re.DOTALL)
    assert f'aria-describedby="{field}-wrong' in shown and f'value="{write}"' in shown
    for said in (text for name, text in typed.items() if name.startswith("/private")):
        assert said in shown
    assert answer.headers["content-type"].startswith("text/html") and await intake.rows() == before
    english = await send(intake, "head", finding, noun, {"id": write, **typed}, 422, language="en")
    assert "Not sent: put these right" in english.text
    await send(intake, "head", finding, "reply", {"id": write, **DISAGREES})  # what was refused has used up no id


async def test_a_wrong_state_is_a_sentence_and_what_was_typed_is_shown(intake: Intake, finding: str) -> None:
    late = await form_id(intake, "head", finding, "reply")
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": True})
    before = await intake.rows()
    answer = await send(intake, "head", finding, "reply", {"id": late, **DISAGREES}, 409)
    assert re.search(r"<h2>Chưa gửi được</h2>\s*<p>[^<]{20,}</p>", answer.text) and f"data-kept>{SAID}" in answer.text
    assert 'data-problem="/problems/wrong-state"' in answer.text and await intake.rows() == before


async def test_a_form_sent_again_with_other_words_says_that_the_first_stand(intake: Intake, finding: str) -> None:
    sent = {"id": fresh(), **DISAGREES}
    await send(intake, "head", finding, "reply", sent)
    answer = await send(intake, "head", finding, "reply", sent | {"/private/text": "Lời khác."}, 409)
    assert "bản gửi trước được giữ" in answer.text and "Lời khác." in answer.text and SAID in answer.text
    assert sent["id"] not in re.findall(r'name="id" value="([^"]+)"', answer.text)


async def test_only_a_page_of_ours_and_only_who_may_sends_a_form(intake: Intake, finding: str) -> None:
    before = await intake.rows()
    for site in (None, "cross-site", "same-site", "none"):
        for noun in ASKED:
            answer = await send(intake, "head", finding, noun, {"id": fresh(), **DISAGREES}, 403, site)
            assert answer.headers["content-type"].startswith("text/html")
    for noun in ASKED:
        await send(intake, "nobody", finding, noun, {"id": fresh()}, 401)
        await send(intake, "other-head", finding, noun, {"id": fresh(), **DISAGREES}, 404)
        await send(intake, "auditor", finding, noun, {"id": fresh(), **DISAGREES}, 403)
    await send(intake, "head", finding, "decision", {"id": fresh(), **UPHELD}, 403)
    await send(intake, "parent-head", finding, "reply", {"id": fresh(), **DISAGREES}, 403)
    await send(intake, "reviewer", finding, "reply", {"id": fresh(), **DISAGREES}, 403)
    assert (
        "chưa giải trình" in (await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD}, 409)).text
    )
    await page(intake, "other-head", f"cases/{finding}", 404)
    assert await intake.rows() == before


async def test_files_come_with_a_reply(intake: Intake, finding: str) -> None:
    write = fresh()
    files = [("/files", ("anh.jpg", JPEG, "image/jpeg")), ("/files", ("", b"", "application/octet-stream"))]
    for _ in range(2):
        await send(intake, "head", finding, "reply", {"id": write, **DISAGREES}, files=files)
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert [(one["write"], one["n"], one["held"]) for one in shown["files"]] == [(write, 1, True)]
    assert f"/intake/v1/findings/{finding}/reply/{write}/files/1" in await page(intake, "reviewer", f"cases/{finding}")


@pytest.mark.parametrize(
    ("name", "raw", "kind", "words"),
    [
        ("a.txt", b"abc", "text/plain", "chỉ nhận"),
        ("a.jpg", b"abc", "image/jpeg", "Tệp kèm theo"),
        ("a.pdf", b"abc", "application/pdf", "không phải tệp PDF"),
        ("a.pdf", b"", "application/pdf", "phải có nội dung"),
        ("a.pdf", b"%PDF-" + bytes(10_000_000), "application/pdf", "tối đa 10 MB"),
        ("a.pdf", b"%PDF-" + bytes(25_000_000), "application/pdf", "quá 20 MB"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_come_is_named_before_anything_is_written(
    intake: Intake, finding: str, name: str, raw: bytes, kind: str, words: str
) -> None:
    before = await intake.rows()
    files = [("/files", (name, raw, kind))]
    answer = await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES}, 422, files=files)
    assert words in answer.text and SAID in answer.text and 'href="#reply-files"' in answer.text
    assert await intake.rows() == before


async def test_broken_forms_are_answered_by_the_page(intake: Intake, finding: str) -> None:
    headers = {
        "cookie": f"{COOKIE}={intake.tokens['head']}", "accept": "text/html", "sec-fetch-site": "same-origin",
    }  # fmt: skip
    path = f"/intake/cases/{finding}/reply"
    for kind, body, status in (
        ("multipart/form-data", b"x", 422), ("multipart/form-data; boundary=a", b"--b\r\n", 422),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 100), 422),
        ("application/x-www-form-urlencoded", b"", 422), ("application/x-www-form-urlencoded", b"%ff=%00", 422),
        ("application/x-www-form-urlencoded", b"a=" + b"1" * 600_000, 413), ("application/json", b"{}", 415),
    ):  # fmt: skip
        answer = await intake.client.post(path, content=body, headers=headers | {"content-type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), (
            kind,
            body,
        )
        assert 'id="errors"' in answer.text
    assert "id" in (await send(intake, "head", finding, "reply", {"id": "a/b", **DISAGREES}, 422)).text
    gone = await page(intake, "head", f"cases/{fresh()}", 404)
    assert "Không tìm thấy" in gone


async def test_a_form_s_own_address_leads_to_the_case(intake: Intake, finding: str) -> None:
    headers = {"authorization": f"Bearer {intake.tokens['head']}"}
    answer = await intake.client.get(f"/intake/cases/{finding}/reply?lang=en", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/intake/cases/{finding}?lang=en")
    assert (await intake.client.get(f"/intake/cases/{finding}/nothing", headers=headers)).status_code == 404
    english = await page(intake, "head", f"cases/{finding}?lang=en")
    assert "Send the reply" in english


async def test_nobody_signed_in_is_led_to_sign_in_and_back(intake: Intake, finding: str) -> None:
    for path in ("/intake/cases", f"/intake/cases/{finding}"):
        answer = await intake.client.get(path)
        assert answer.status_code == 303 and answer.headers["location"].startswith(
            "/intake/login?next=%2Fintake%2Fcases"
        )


async def test_lists_are_the_desk_s(intake: Intake, finding: str) -> None:
    assert finding in await page(intake, "head", "cases?list=todo&q=A03")
    assert finding not in await page(intake, "head", "cases?list=todo&q=B01")
    assert finding not in await page(intake, "other-head", "cases")
    assert finding in await page(intake, "parent-head", "cases?list=following")
    assert "không có danh sách" in await page(intake, "inspector", "cases")
    await page(intake, "head", "cases?list=nothing", 422)
    inspections = [fresh() for _ in range(11)]
    for inspection in inspections:
        one = fresh()
        await intake.put("inspector", f"inspections/{inspection}", opening())
        await intake.put("inspector", f"findings/{one}", recording(inspection, code="B01"))
        await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    first = await page(intake, "head", "cases?q=B01")
    found = re.search(r'href="\?(list=todo&[^"]*cursor=[^"]+)"', first)
    assert found and first.count("<h2>") == 10
    assert (await page(intake, "head", f"cases?{found[1]}")).count("<h2>") == 1


async def test_what_is_drawn_for_a_second_review_is_read_blind(intake: Intake, finding: str) -> None:
    other = await intake.token("reviewer", account="reviewer-2", key="second")
    assert other
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES})
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    pool = intake.service.pool
    await pool.execute(
        "INSERT INTO intake.second_review (finding, decided_at) VALUES ($1, now()) ON CONFLICT DO NOTHING", finding
    )
    listed = await page(intake, "second", "cases?list=second")
    assert f"/intake/cases/{finding}?blind=true" in listed and "Xác nhận vi phạm" not in listed
    blind = await page(intake, "second", f"cases/{finding}?blind=true")
    assert UPHELD["/private/reason"] not in blind and "/second-review#errors" in blind
    assert "/reopening#errors" not in blind
    sent = {"id": fresh(), "/outcome": "unfounded"}
    refused = await send(intake, "second", finding, "second-review", sent, 422)
    assert "Lý do: hãy ghi lý do" in refused.text and UPHELD["/private/reason"] not in refused.text
    await send(intake, "second", finding, "second-review", sent | {"/private/reason": "Không thấy."})
    assert await pool.fetchval("SELECT review FROM intake.second_review WHERE finding = $1", finding) is not None
    again = await send(
        intake, "second", finding, "second-review", {**sent, "id": fresh(), "/private/reason": "Không thấy."}, 409
    )
    assert 'id="errors"' in again.text


async def test_a_write_that_must_wait_keeps_what_was_typed(intake: Intake, finding: str) -> None:
    intake.service.standing.doubt()
    answer = await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES}, 503)
    assert SAID in answer.text and answer.headers["retry-after"]


def test_the_forms_and_their_routes_are_the_same() -> None:
    assert endpoints._ACTIONS.keys() == ASKED.keys()
