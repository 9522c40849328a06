"""Cases as plain forms: the same writes under the same rules; what is refused comes back as a page, as it was typed."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from html import unescape
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.intake.evidence.imaging import Darkroom
from services.intake.plain import endpoints
from services.intake.plain.entries import ASKED
from services.kernel.identity.authentication import COOKIE
from services.kernel.process.settings import Settings
from services.kernel.web.pages import day
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
    shown = await page(intake, "lead", "cases")
    assert finding in shown and "Xác nhận khắc phục" in shown
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
    assert (
        re.search(r"đã được nhận lúc \d\d/\d\d/\d{4} \d\d:\d\d", answer.text)
        and "Hồ sơ hiện không nhận thêm" in answer.text
    )
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


async def test_files_of_a_refused_form_are_said_to_be_lost(intake: Intake, finding: str) -> None:
    files = [("/files", ("anh.jpg", JPEG, "image/jpeg"))]
    sent = {"id": fresh(), "/accepts": "false"}
    refused = (await send(intake, "head", finding, "reply", sent, 422, files=files)).text
    assert re.search(r'data-lost>\s*<a href="#reply-files">Tệp kèm theo: tệp đã chọn không được giữ lại', refused)
    assert re.search(r'id="reply-files-wrong">tệp đã chọn không được giữ lại', refused)
    english = (await send(intake, "head", finding, "reply", sent, 422, files=files, language="en")).text
    assert "the files chosen were not kept" in english
    nothing = [("/files", ("", b"", "application/octet-stream"))]
    assert "data-lost" not in (await send(intake, "head", finding, "reply", sent, 422, files=nothing)).text
    intake.service.standing.doubt()
    waits = await send(intake, "head", finding, "reply", {**sent, **DISAGREES}, 503, files=files)
    assert "data-lost" in waits.text and SAID in waits.text


async def test_words_outlive_the_session_that_they_were_typed_in(intake: Intake, finding: str) -> None:
    typed = {"id": fresh(), "/accepts": "false", "/private/text": f"<i>{SAID}"}
    files = [("/files", ("anh.jpg", JPEG, "image/jpeg"))]
    before = await intake.rows()
    for sent in (None, files):
        answer = await send(intake, "nobody", finding, "reply", typed, 401, files=sent)
        assert f"data-kept>&lt;i&gt;{SAID}" in answer.text and answer.headers["cache-control"] == "no-store"
        assert f'href="/intake/login?next=%2Fintake%2Fcases%2F{finding}"' in answer.text
        assert ("data-lost" in answer.text) == bool(sent)
    for site in (None, "cross-site"):
        assert SAID not in (await send(intake, "nobody", finding, "reply", typed, 403, site)).text
    second = await send(intake, "nobody", finding, "second-review", {"/private/reason": SAID}, 401)
    assert SAID in second.text and f"%2F{finding}%3Fblind%3Dtrue" in second.text
    gone = await send(intake, "other-head", finding, "reply", typed, 404)
    assert SAID in gone.text and f'href="/intake/cases/{finding}"' in gone.text
    assert await intake.rows() == before


async def test_another_language_or_view_keeps_what_was_typed_and_sends_nothing(intake: Intake, finding: str) -> None:
    typed = {"id": fresh(), "/accepts": "false", "/private/text": "", "/private/reason": "x"}
    unsent = await page(intake, "head", f"cases/{finding}")
    assert f'form="typed" formaction="/intake/cases/{finding}/reply?lang=en#errors"' in unsent
    assert unsent.count('id="typed" method="post" action=') == 1 and "data-language" not in unsent
    refused = (await send(intake, "head", finding, "reply", typed, 422)).text
    assert refused.count('form="typed"') == 3 and 'formaction="?lang=en#errors"' in refused
    assert 'id="typed" method="post" action=' in refused and "data-language" not in refused
    why = re.search(r'name="was" value="([^"]+)"', refused)
    assert why
    wrong = await send(intake, "head", finding, "reply?lang=en", typed | {"was": unescape(why[1]), "again": "1"}, 200)
    assert "Reply: say why the unit disagrees" in wrong.text and 'aria-invalid="true"' in wrong.text
    for broken in ("{}", "[1]", '{"detail": ["a"], "errors": [], "chosen": false}'):
        assert (await send(intake, "head", finding, "reply", typed | {"was": broken, "again": "1"}, 200)).text
    typed |= {"/private/text": SAID, "again": "1"}
    for query, words, shown in (
        ("lang=en", "Nothing was sent", "Reply"),
        ("view=outdoor", "Chưa gửi gì", "Giải trình"),
    ):
        drawn = await send(intake, "head", finding, f"reply?{query}", typed, 200)
        said = unescape(drawn.text)
        assert words in said and f">\n{SAID}</textarea>" in said and shown in said and f'value="{typed["id"]}"' in said
        assert "error-summary" not in said and 'class="notice" id="errors" role="status"' in said
        assert query.split("=")[1] in drawn.headers["set-cookie"]
    assert await state(intake, finding) == "recorded"
    signed_out = (await send(intake, "nobody", finding, "reply?lang=en", typed, 401)).text
    assert "Not sent" in signed_out and signed_out.count(SAID) == 2 and 'form="typed"' in signed_out
    await send(intake, "lead", finding, "withdrawal", typed, 405)
    await intake.put("lead", f"findings/{finding}/withdrawal/{fresh()}", {"private": {"reason": "Ghi nhầm."}})
    told = await send(intake, "head", finding, "reply", {name: typed[name] for name in typed if name != "again"}, 409)
    why = re.search(r'name="was" value="([^"]+)"', told.text)
    assert why and "đã được rút" in told.text
    late = (await send(intake, "head", finding, "reply?lang=en", typed | {"was": unescape(why[1])}, 200)).text
    assert "The finding has been withdrawn." in late
    assert "Nothing was sent" in late and late.count(SAID) == 2 and 'id="typed" method="post" hidden' in late


async def test_words_outlive_a_database_that_is_away(
    intake: Intake, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    typed = {"id": fresh(), "/accepts": "false", "/private/text": SAID}
    monkeypatch.setattr(intake.service, "pool", asyncpg.create_pool("postgresql://localhost"))  # it was never opened
    answer = await send(intake, "head", finding, "reply", typed, 503)
    monkeypatch.undo()
    assert f"data-kept>{SAID}" in answer.text and "Chưa gửi được" in answer.text and answer.headers["retry-after"]


async def test_a_reply_whose_files_failed_is_received_and_they_can_be_sent_again(
    intake: Intake, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, looked, reencode = fresh(), [], Darkroom.reencode

    async def once(self: Darkroom, *args: Any) -> bytes:
        looked.append(args)
        if len(looked) > 1:
            raise OSError
        return await reencode(self, *args)

    monkeypatch.setattr(Darkroom, "reencode", once)
    files = [("/files", ("anh.jpg", JPEG, "image/jpeg"))]
    refused = (await send(intake, "head", finding, "reply", {"id": write, **DISAGREES}, 503, files=files)).text
    assert await state(intake, finding) == "replied"
    assert "Nội dung đã được nhận" in refused and "Chưa gửi được" not in refused
    monkeypatch.undo()
    missing = f"{finding}/reply/{write}/files"
    drawn = await page(intake, "head", f"cases/{finding}")  # later, too
    assert all(f'action="/intake/cases/{missing}#errors"' in one for one in (refused, drawn))
    assert "data-kept" not in refused and "<textarea" not in refused
    assert f"/{write}/files" not in await page(intake, "reviewer", f"cases/{finding}")
    away = await intake.client.get(f"/intake/cases/{missing}?lang=en")
    assert (away.status_code, away.headers["location"]) == (303, f"/intake/cases/{finding}?lang=en")
    others = [("/files", ("khac.pdf", b"%PDF-1.7 khac", "application/pdf"))]
    none = [("/files", ("", b"", "application/octet-stream"))]  # as a browser says that none was chosen
    for chosen, words in ((others, "không phải tệp đã chọn lúc đầu"), (none, "hãy chọn các tệp còn thiếu")):
        wrong = (await send_missing(intake, "head", missing, chosen, 422)).text
        assert words in wrong and f'action="/intake/cases/{missing}#errors"' in wrong
    for who, status in (("reviewer", 403), ("parent-head", 403), ("other-head", 404), ("nobody", 401)):
        assert "data-lost" in (await send_missing(intake, who, missing, files, status)).text
    await send_missing(intake, "head", missing, files, 303)
    assert [one["held"] for one in (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["files"]] == [True]
    assert f"{missing}#errors" not in await page(intake, "head", f"cases/{finding}")


async def replied_without_its_file(intake: Intake, finding: str) -> str:
    """A reply that names a file which never came."""
    write = fresh()
    file = {"sha256": sha256(b"%PDF-1.7").hexdigest(), "bytes": 8, "type": "application/pdf"}
    body = {"accepts": False, "private": {"text": SAID}, "files": [file]}
    await intake.put("head", f"findings/{finding}/reply/{write}", body)
    return write


async def test_other_words_under_an_old_id_are_not_said_to_be_received(intake: Intake, finding: str) -> None:
    """Whether the write's files are missing or not, and also where the case takes another of it by now."""
    sent = {"id": await replied_without_its_file(intake, finding), **DISAGREES, "/private/text": "Lời khác."}
    refused = (await send(intake, "head", finding, "reply", sent, 409)).text
    assert "Nội dung đã được nhận" not in refused and "bản gửi trước được giữ" in refused and "Tệp còn thiếu" in refused
    assert "data-kept>Lời khác." in refused and 'name="/private/text" value="Lời khác."' in refused
    better = {"narrative": "Bàn trống.", "reason": "Đếm nhầm."}
    change = {"code": "A03", "count": 2, "captured_at": "2026-09-01T07:45:12+07:00", "private": better}
    await intake.put("lead", f"findings/{finding}/correction/{fresh()}", change)
    assert await state(intake, finding) == "recorded"
    offered = (await send(intake, "head", finding, "reply", sent, 409)).text
    assert ">\nLời khác.</textarea>" in offered and "nếu vẫn cần thì gửi lại" in offered and 'form="typed"' in offered
    emptied = (await send(intake, "head", finding, "reply", sent | {"/private/text": ""}, 422)).text
    assert "data-before" in emptied and "Nội dung đã được nhận" not in emptied


async def send_missing(intake: Intake, who: str, path: str, files: Any, status: int) -> httpx.Response:
    finding, noun = path.split("/", 1)
    return await send(intake, who, finding, noun, {}, status, files=files)


async def test_missing_files_come_in_any_order_and_one_by_one(intake: Intake, finding: str) -> None:
    write, papers = fresh(), [(f"{n}.pdf", f"%PDF-1.7 {n}".encode(), "application/pdf") for n in range(3)]
    files = [{"sha256": sha256(raw).hexdigest(), "bytes": len(raw), "type": kind} for _, raw, kind in papers]
    await intake.put("head", f"findings/{finding}/reply/{write}", {"accepts": False, "files": files})
    missing = f"{finding}/reply/{write}/files"
    for chosen, said in ((papers[2:], "Đã nhận: Giải trình. Còn thiếu 2 tệp"), (papers[1::-1], "Tình trạng mới")):
        await send_missing(intake, "head", missing, [("/files", one) for one in chosen], 303)
        assert said in await page(intake, "head", f"cases/{finding}?done=reply")
    shown = (await intake.get("head", f"/intake/v1/findings/{finding}"))["files"]
    assert [one["held"] for one in shown] == [True] * 3
    again = (await send_missing(intake, "head", missing, [("/files", papers[0])], 422)).text
    assert "không phải tệp đã chọn lúc đầu" in again


async def test_one_file_fills_every_place_that_names_it(intake: Intake, finding: str) -> None:
    write, paper = fresh(), ("a.pdf", b"%PDF-1.7", "application/pdf")
    file = {"sha256": sha256(paper[1]).hexdigest(), "bytes": len(paper[1]), "type": paper[2]}
    await intake.put("head", f"findings/{finding}/reply/{write}", {"accepts": False, "files": [file, file]})
    await send_missing(intake, "head", f"{finding}/reply/{write}/files", [("/files", paper)] * 2, 303)
    shown = (await intake.get("head", f"/intake/v1/findings/{finding}"))["files"]
    assert [one["held"] for one in shown] == [True] * 2


async def test_files_that_can_never_come_are_not_awaited(intake: Intake, finding: str) -> None:
    await replied_without_its_file(intake, finding)
    path = f"/intake/v1/findings/{finding}"
    case = await intake.get("head", path)
    assert [one["awaited"] for one in case["files"]] == [True]
    await intake.put("lead", f"findings/{finding}/withdrawal/{fresh()}", {"private": {"reason": "Ghi nhầm."}})
    voiding = f"inspections/{case['inspection']}/voiding/{fresh()}"
    await intake.put("reviewer", voiding, {"private": {"reason": "Sai đơn vị."}})
    case = await intake.get("head", path)
    assert (case["state"], [one["awaited"] for one in case["files"]]) == ("withdrawn", [False])


@pytest.mark.parametrize("charset", ["punycode", "undefined", "idna", "utf-7", "utf-16", "no-such", "rot13", "base64"])
async def test_a_form_is_utf_8_whatever_it_says(intake: Intake, finding: str, charset: str) -> None:
    parts = {"id": "a/b", **DISAGREES, "x": "+2AA-"}
    body = "".join(
        f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{said}\r\n' for name, said in parts.items()
    )
    headers = {
        "cookie": f"{COOKIE}={intake.tokens['head']}", "accept": "text/html", "sec-fetch-site": "same-origin",
        "content-type": f"multipart/form-data; boundary=b; charset={charset}",
    }  # fmt: skip
    path = f"/intake/cases/{finding}/reply"
    answer = await intake.client.post(path, content=f"{body}--b--\r\n".encode(), headers=headers)
    assert answer.status_code == 422 and SAID in answer.text


@pytest.mark.parametrize(("count", "words"), [(11, "nhiều nhất 10 tệp"), (130, "nhiều nhất 10 tệp")])
async def test_too_many_files_lose_no_words(intake: Intake, finding: str, count: int, words: str) -> None:
    before = await intake.rows()
    files = [("/files", (f"{n}.jpg", JPEG, "image/jpeg")) for n in range(count)]
    refused = (await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES}, 422, files=files)).text
    assert words in refused and SAID in refused and 'href="#reply-files"' in refused and "data-lost" in refused
    assert await intake.rows() == before


async def test_ten_files_come(intake: Intake, finding: str) -> None:
    files = [("/files", (f"{n}.pdf", b"%PDF-" + bytes([n]), "application/pdf")) for n in range(10)]
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES}, files=files)
    held = (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["files"]
    assert len(held) == 10 and all(one["held"] for one in held)


async def test_a_text_that_is_far_too_long_is_shown_again_as_far_as_it_is_read(intake: Intake, finding: str) -> None:
    before, sent = await intake.rows(), {"id": fresh(), **DISAGREES, "/private/text": SAID + "a" * 1_200_000}
    for files in (None, [("/files", ("anh.jpg", JPEG, "image/jpeg"))]):
        refused = await send(intake, "head", finding, "reply", sent, 413, files=files)
        assert SAID in refused.text and len(refused.text) < 600_000
    assert await intake.rows() == before


@pytest.mark.parametrize("typed", ["1/9/26", "1 9 2026", " 01-09-2026\t", "1.9.2026", "2026-09-01"])
def test_words_and_days_are_read_as_the_desk_reads_them(typed: str) -> None:
    body, errors = ASKED["remedy-report"].body({"/done_on": typed, "/private/text": "Cột\tmột\x0b\rCột hai\x00\r\n"})
    assert (body, errors) == ({"done_on": "2026-09-01", "private": {"text": "Cột một \nCột hai"}}, [])


@pytest.mark.parametrize("typed", ["20260901", "2026-W36-2", "1/9/026", "1//9/2026", "29/2/2026", "٢٠٢٦-٠٩-٠١"])
def test_what_is_no_day_on_the_desk_is_none_here(typed: str) -> None:
    _, errors = ASKED["remedy-report"].body({"/done_on": typed, "/private/text": SAID})
    assert [(one.pointer, "phải là một ngày" in one.vi) for one in errors] == [("/done_on", True)]


async def test_a_tab_in_a_text_is_no_fault(intake: Intake, finding: str) -> None:
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES, "/private/text": "Cột\tmột"})
    case = await intake.get("head", f"/intake/v1/findings/{finding}")
    assert case["private"]["reply"]["text"] == "Cột một"


async def test_nothing_is_received_because_an_address_says_so(intake: Intake, finding: str) -> None:
    for noun in ASKED:
        assert "Đã nhận:" not in await page(intake, "head", f"cases/{finding}?done={noun}")


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


async def test_a_remedy_that_is_overdue_is_said_so_in_the_list(intake: Intake, finding: str) -> None:
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES})
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    assert "quá hạn khắc phục" not in await page(intake, "head", "cases")
    await intake.service.pool.execute("UPDATE intake.deadline SET state = 'lapsed' WHERE finding = $1", finding)
    due = (await intake.get("head", f"/intake/v1/findings/{finding}"))["deadlines"][1]["due"]
    assert f"A03: quá hạn khắc phục, hạn đã hết ngày {day(due)}" in await page(intake, "head", "cases")


async def drawn(intake: Intake, finding: str, later: timedelta = timedelta()) -> None:
    """Have the decided finding wait for a second review, by the clock that readings are noted by."""
    assert await intake.token("reviewer", account="reviewer-2", key="second")
    at = intake.service.clock.now() + later
    await intake.service.pool.execute(
        "INSERT INTO intake.second_review (finding, decided_at) VALUES ($1, $2)", finding, at
    )


async def test_what_is_drawn_for_a_second_review_is_read_blind(intake: Intake, finding: str) -> None:
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES})
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    await drawn(intake, finding)
    pool = intake.service.pool
    listed = await page(intake, "second", "cases?list=second")
    assert f"/intake/cases/{finding}?blind=true" in listed and "Xác nhận vi phạm" not in listed
    await intake.get("second", f"/intake/v1/findings/{finding}?blind=", 422)
    await page(intake, "second", f"cases/{finding}?blind=", 422)  # said by mistake, it spends nobody's right to judge
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
    told = await page(intake, "second", f"cases/{finding}?done=second-review")
    assert "Đã nhận: Thẩm định lần hai." in told


async def test_who_has_read_the_decision_reviews_it_no_more(intake: Intake, finding: str) -> None:
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES})
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    await drawn(intake, finding)
    await page(intake, "second", f"cases/{finding}")
    await page(intake, "second", f"cases/{finding}?blind=true", 404)
    sent = {"id": fresh(), "/outcome": "unfounded", "/private/reason": "Không thấy."}
    refused = await send(intake, "second", finding, "second-review", sent, 409)
    assert 'data-problem="/problems/already-read"' in refused.text and "Không thấy." in refused.text


async def test_a_form_drawn_before_the_decision_tells_no_outcome(intake: Intake, finding: str) -> None:
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES})
    assert await intake.token("reviewer", account="reviewer-2", key="second")
    stale = await form_id(intake, "second", finding, "decision")
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    await drawn(intake, finding, timedelta(seconds=1))
    mine = {"id": stale, "/outcome": "unfounded", "/private/reason": "Có giấy mời."}
    refused = (await send(intake, "second", finding, "decision", mine, 409)).text
    assert UPHELD["/private/reason"] not in refused and "Xác nhận vi phạm" not in refused.split('id="second-review"')[0]
    assert "data-kept>Có giấy mời." in refused and "/second-review#errors" in refused
    await page(intake, "second", f"cases/{finding}?blind=true")


async def test_a_blind_reader_is_told_by_no_list_that_a_remedy_waits(intake: Intake, finding: str) -> None:
    """Only what was upheld is to be put right; who has read how it was decided finds it where it waits."""
    await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES})
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    await drawn(intake, finding)

    async def told(who: str, name: str) -> list[tuple[list[str], str | None]]:
        items = (await intake.get(who, f"/intake/v1/desk?list={name}"))["items"]
        return [(one["may"], one["waits_for"]) for item in items for one in item["findings"] if one["id"] == finding]

    untold = [(["reopening", "second-review"], None)]
    assert await told("second", "handled") == untold
    assert (await intake.get("second", f"/intake/v1/findings/{finding}?blind=true"))["may"] == untold[0][0]
    more = {"id": fresh(), "/of": "remedy", "/until": "2026-09-24", "/private/reason": "Chờ thiết bị."}
    await send(intake, "head", finding, "extension-request", more)
    assert await told("second", "extension") == await told("second", "waiting") == []
    assert [waits for _, waits in await told("reviewer", "extension")] == ["extension"]
    done = {"id": fresh(), "/done_on": "1/9/2026", "/private/text": "Đã trực đủ."}
    await send(intake, "head", finding, "remedy-report", done)
    for name in ("waiting", "verification", "extension", "following", "done"):
        assert await told("second", name) == []
    assert await told("second", "handled") == await told("second", "second") == untold
    assert [waits for _, waits in await told("reviewer", "verification")] == ["verification"]
    await intake.get("second", f"/intake/v1/findings/{finding}")
    assert [waits for _, waits in await told("second", "verification")] == ["verification"]


async def test_a_blind_reader_is_told_neither_of_a_remedy_s_files_nor_of_an_appeal(
    intake: Intake, finding: str
) -> None:  # fmt: skip
    paper = [("/files", ("anh.jpg", JPEG, "image/jpeg"))]
    reply, report = fresh(), fresh()
    await send(intake, "head", finding, "reply", {"id": reply, **DISAGREES}, files=paper)
    await send(intake, "reviewer", finding, "decision", {"id": fresh(), **UPHELD})
    await drawn(intake, finding)
    done = {"id": report, "/done_on": "1/9/2026", "/private/text": "Đã trực đủ."}
    await send(intake, "head", finding, "remedy-report", done, files=paper)
    await send(intake, "head", finding, "appeal", {"id": fresh(), "/private/text": "Chưa xem giấy mời."})
    blind = await intake.get("second", f"/intake/v1/findings/{finding}?blind=true")
    assert [one["write"] for one in blind["files"]] == [reply]
    assert report not in await page(intake, "second", f"cases/{finding}?blind=true")
    rows = (await intake.get("second", "/intake/v1/findings"))["items"]
    desk = (await intake.get("second", "/intake/v1/desk?list=second"))["items"][0]["findings"]
    for one in (blind, *rows, *desk):
        assert (one["state"], one["state_label"]) == ("decided", "Đã quyết định")
    whole = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert whole["state"] == "appealed" and {one["write"] for one in whole["files"]} == {reply, report}


async def test_a_write_that_must_wait_keeps_what_was_typed(intake: Intake, finding: str) -> None:
    intake.service.standing.doubt()
    answer = await send(intake, "head", finding, "reply", {"id": fresh(), **DISAGREES}, 503)
    assert SAID in answer.text and answer.headers["retry-after"]


def test_the_forms_and_their_routes_are_the_same() -> None:
    assert endpoints._ACTIONS.keys() == ASKED.keys()
