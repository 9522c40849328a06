"""The minutes of an inspection: what they say and to whom, as PDF and .docx, and the page behind their code."""

import hashlib
import io
import json
import zipfile
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio

from services.intake.minutes.content import content_hash
from services.kernel.quarters import local_date, parse_instant
from tests.support.intake import Intake, closing, fresh, opening, populate, recording, running_intake

HOSTILE = 'Ý kiến #panic("x") $x$ *đậm* @nhãn <b>&amp; \\ "ngoặc"'
SIGNATURE = {"w": 600, "h": 200, "strokes": [[10, 20, 300, 180, 500, 40], [5, 5]]}
WORDS: dict[str, Any] = {
    "opinion": HOSTILE,
    "minutes": {
        "number": "12/BB-ĐKT", "place": "trụ sở UBND xã", "secretary": "Phạm Thị Thư", "copies": 3,
        "representative": {"name": "Nguyễn Văn Ví Dụ", "post": "Phó Chủ tịch"},
        "demands": "Chấn chỉnh việc đeo thẻ.", "demands_due": "2026-09-15",
    },
    "signatures": {"unit": SIGNATURE, "leader": SIGNATURE},
    "fill": [{"event": "question", "node": "/present", "start": 1, "end": 2, "old": "44", "new": "43"}],
}  # fmt: skip


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.token("inspector", account="an.kt")
        yield intake


async def opened(intake: Intake) -> str:
    inspection = fresh()
    await intake.put("an.kt", f"inspections/{inspection}", opening(team=["colleague"]))
    for code, count in (("A01", 3), ("B01", 2), ("C04", 1)):
        await intake.put("an.kt", f"findings/{fresh()}", recording(inspection, code=code, count=count))
    return inspection


@pytest_asyncio.fixture
async def inspection(intake: Intake) -> str:
    """Closed, with everything the minutes can say; one finding is severity 4."""
    inspection = await opened(intake)
    await intake.put("an.kt", f"inspections/{inspection}/closing/{fresh()}", closing(private=WORDS))
    return inspection


async def fetch(intake: Intake, who: str, path: str, status: int = 200) -> Any:
    answer = await intake.client.get(path, headers={"authorization": f"Bearer {intake.tokens.get(who, who)}"})
    assert answer.status_code == status, answer.text
    return answer


def at(inspection: str, kind: str = "") -> str:
    return f"/intake/v1/inspections/{inspection}/minutes{kind}"


def document(docx: bytes) -> str:
    return zipfile.ZipFile(io.BytesIO(docx)).read("word/document.xml").decode()


async def page(intake: Intake, inspection: str, issued: str, status: int = 200) -> str:
    return (await fetch(intake, "nobody", f"/intake/minutes/{inspection}/{issued}?lang=vi", status)).text


async def test_they_say_what_the_form_of_the_decree_asks_for(intake: Intake, inspection: str) -> None:
    said = await intake.get("an.kt", at(inspection))
    assert said["unit_name"] and said["roll"]["present"] == 43 and said["badges_missing"] == 2
    assert [(one["code"], one["count"]) for one in said["findings"]] == [("A01", 3), ("B01", 2)]
    assert said["private"] == {name: WORDS[name] for name in ("opinion", "minutes", "signatures")}
    assert [one["name"] for one in said["team"]] == ["an.kt", "colleague"]
    words = document((await fetch(intake, "an.kt", at(inspection, ".docx"))).content)
    for text in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "12/BB-ĐKT", "07 giờ 30 phút, ngày 01 tháng 9 năm 2026", "đột xuất",
        "Nguyễn Văn Ví Dụ, Phó Chủ tịch", "Thành viên: an.kt", "Thành viên: colleague", "không đeo thẻ: 2/45",
        "Chấn chỉnh việc đeo thẻ.", "chậm nhất ngày 15/09/2026", "03 bản có giá trị như nhau", "cùng ký",
    ):  # fmt: skip
        assert text in words, text
    assert "C04" not in words
    assert "#panic(" in words and "$x$ *đậm* @nhãn &lt;b&gt;&amp;amp;" in words


async def test_a_file_is_the_same_each_time_and_known_by_its_hash(intake: Intake, inspection: str) -> None:
    for kind, start in ((".pdf", b"%PDF-"), (".docx", b"PK")):
        first = await fetch(intake, "an.kt", at(inspection, kind))
        again = await fetch(intake, "colleague", at(inspection, kind))
        assert first.content == again.content and first.content.startswith(start)
        digest = hashlib.sha256(first.content).hexdigest()
        told = (await fetch(intake, "nobody", f"/intake/v1/minutes/{digest}")).json()
        assert (told["match"], told["current"], told["kind"]) == (True, True, kind[1:])
        altered = hashlib.sha256(first.content + b" ").hexdigest()
        assert (await fetch(intake, "nobody", f"/intake/v1/minutes/{altered}")).json() == {"match": False}
    files = await intake.service.pool.fetchval("SELECT count(*) FROM intake.minutes_file")
    assert files == 2 and await intake.service.pool.fetchval("SELECT count(*) FROM intake.minutes_issue") == 1


async def test_the_unit_gets_the_same_paper_without_the_teams_names(intake: Intake, inspection: str) -> None:
    full, theirs = await intake.get("an.kt", at(inspection)), await intake.get("head", at(inspection))
    assert theirs["content_sha256"] == full["content_sha256"]
    assert theirs["private"]["signatures"] == {"unit": SIGNATURE}
    assert "an.kt" not in json.dumps(theirs) and "Phạm Thị Thư" not in json.dumps(theirs)
    words = document((await fetch(intake, "head", at(inspection, ".docx"))).content)
    assert "an.kt" not in words and "Phạm Thị Thư" not in words and "Nguyễn Văn Ví Dụ" in words


async def test_who_may_open_them_and_that_it_is_noted(intake: Intake, inspection: str) -> None:
    for who, status in (("nobody", 401), ("elsewhere", 404), ("other-head", 404), ("inspector", 404), ("admin", 403)):
        await fetch(intake, who, at(inspection), status)
    for who in ("an.kt", "colleague", "lead", "reviewer", "head", "parent-head"):
        await fetch(intake, who, at(inspection))
    refused = await fetch(intake, "auditor", at(inspection), 422)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/reason"]
    await fetch(intake, "auditor", at(inspection) + "?reason=Kiểm tra chéo")
    rows = await intake.service.pool.fetch("SELECT role, reason FROM intake.vault_read WHERE inspection IS NOT NULL")
    assert [row["role"] for row in rows] == [
        "inspector", "inspector", "lead", "reviewer", "unit_head", "unit_head", "auditor",
    ]  # fmt: skip
    assert rows[-1]["reason"] == "Kiểm tra chéo"


async def test_an_open_inspection_has_none_and_an_unknown_one_neither(intake: Intake) -> None:
    inspection = await opened(intake)
    assert (await fetch(intake, "an.kt", at(inspection, ".pdf"), 409)).json()["type"] == "/problems/wrong-state"
    await fetch(intake, "an.kt", at(fresh()), 404)
    await fetch(intake, "an.kt", at("x"), 404)


async def test_the_page_behind_the_code_says_match_and_shows_no_name(intake: Intake, inspection: str) -> None:
    issued = (await intake.get("an.kt", at(inspection)))["content_sha256"]
    shown = await page(intake, inspection, issued)
    assert 'data-verdict="match"' in shown and "Đi làm muộn" in shown and "45 người, 0 hồ sơ" in shown
    for hidden in ("an.kt", "Nguyễn Văn", "Phạm Thị", "panic", "C04"):
        assert hidden not in shown, hidden


@pytest.mark.parametrize("wrong", ["x", "%00", "0" * 63, "0" * 64 + "0", "A" * 64, "%ff" * 4, "٣" * 64])
async def test_what_is_no_hash_is_no_match_on_the_page_and_named_by_the_api(intake: Intake, wrong: str) -> None:
    assert 'data-verdict="mismatch"' in await page(intake, fresh(), wrong, 404)
    assert 'data-verdict="mismatch"' in await page(intake, "%00", "0" * 64, 404)
    problem = (await fetch(intake, "nobody", f"/intake/v1/minutes/{wrong}", 422)).json()
    assert problem["errors"][0]["pointer"] == "/sha256"


async def test_another_code_is_no_match(intake: Intake, inspection: str) -> None:
    issued = (await intake.get("an.kt", at(inspection)))["content_sha256"]
    for wrong in (issued[:-1] + ("0" if issued[-1] != "0" else "1"), "x", "0" * 64):
        assert 'data-verdict="mismatch"' in await page(intake, inspection, wrong, 404)
    assert 'data-verdict="mismatch"' in await page(intake, fresh(), issued, 404)


async def test_a_later_finding_makes_it_an_earlier_edition(intake: Intake, inspection: str) -> None:
    issued = (await intake.get("an.kt", at(inspection)))["content_sha256"]
    pdf = hashlib.sha256((await fetch(intake, "an.kt", at(inspection, ".pdf"))).content).hexdigest()
    await intake.put("an.kt", f"findings/{fresh()}", recording(inspection, code="B03", count=1))  # in the same instant
    # before anybody has opened the newer edition: paper and file are judged alike
    assert 'data-verdict="earlier"' in await page(intake, inspection, issued)
    assert (await fetch(intake, "nobody", f"/intake/v1/minutes/{pdf}")).json()["current"] is False
    newer = (await intake.get("an.kt", at(inspection)))["content_sha256"]
    assert newer != issued
    assert 'data-verdict="match"' in await page(intake, inspection, newer)
    assert 'data-verdict="earlier"' in await page(intake, inspection, issued)
    standing = await intake.service.pool.fetch("SELECT content FROM intake.minutes_issue WHERE salt IS NOT NULL")
    assert [row["content"] for row in standing] == [newer]


async def test_after_an_erasure_the_words_are_gone_and_the_old_hash_tells_nothing(
    intake: Intake, inspection: str
) -> None:
    before = await intake.get("an.kt", at(inspection))
    pdf = hashlib.sha256((await fetch(intake, "an.kt", at(inspection, ".pdf"))).content).hexdigest()
    asked = fresh()
    parts = {"event": before["closing"], "parts": ["opinion"], "private": {"reason": "Theo yêu cầu."}}
    await intake.put("reviewer", f"erasures/{asked}", parts)
    await intake.put("auditor", f"erasures/{asked}/approval/{fresh()}", {})
    assert await intake.service.pool.fetchval("SELECT count(*) FROM intake.minutes_issue WHERE salt IS NOT NULL") == 0
    assert 'data-verdict="earlier"' in await page(intake, inspection, before["content_sha256"])
    assert (await fetch(intake, "nobody", f"/intake/v1/minutes/{pdf}")).json()["current"] is False
    words = document((await fetch(intake, "an.kt", at(inspection, ".docx"))).content)
    assert "panic" not in words and "[đã xóa theo quy định]" in words


async def test_a_refusal_to_sign_stands_with_its_reason(intake: Intake) -> None:
    inspection = await opened(intake)
    private = {"refusal": "Không đồng ý số người đi muộn.", "minutes": WORDS["minutes"]}
    path = f"inspections/{inspection}/closing/{fresh()}"
    await intake.put("an.kt", path, closing(private=private, signed=False))
    words = document((await fetch(intake, "an.kt", at(inspection, ".docx"))).content)
    assert "từ chối ký" in words and "Không đồng ý số người đi muộn." in words
    issued = (await intake.get("an.kt", at(inspection)))["content_sha256"]
    assert "từ chối ký" in await page(intake, inspection, issued)


async def test_a_closing_that_says_nothing_has_minutes_too(intake: Intake) -> None:
    inspection = await opened(intake)
    await intake.put("an.kt", f"inspections/{inspection}/closing/{fresh()}", closing(private={}))
    words = document((await fetch(intake, "an.kt", at(inspection, ".docx"))).content)
    assert "……/BB-ĐKT" in words and "Đơn vị không có ý kiến." in words
    assert (await fetch(intake, "an.kt", at(inspection, ".pdf"))).content.startswith(b"%PDF-")


async def test_a_units_code_opens_the_form_with_the_unit(intake: Intake) -> None:
    shown = (await fetch(intake, "an.kt", "/intake/units/xa-tan-hoa/qr")).text
    assert "<svg" in shown and "intake/?unit=xa-tan-hoa" in shown
    await fetch(intake, "an.kt", "/intake/units/khong-co/qr", 404)
    await fetch(intake, "nobody", "/intake/units/xa-tan-hoa/qr", 401)
    for length, status in ((253, 200), (3000, 400)):  # no name is longer, and no code holds it
        named = {"authorization": f"Bearer {intake.tokens['an.kt']}", "host": "a" * length}
        assert (await intake.client.get("/intake/units/xa-tan-hoa/qr", headers=named)).status_code == status


async def test_how_the_form_was_filled_in_is_a_table_in_odks_columns(intake: Intake) -> None:
    inspection = await opened(intake)
    fill = [*WORDS["fill"], {"event": "question", "node": "/basis", "start": 3, "end": 4, "old": "", "new": "=1+1"}]
    await intake.put("an.kt", f"inspections/{inspection}/closing/{fresh()}", closing(private={"fill": fill}))
    path = f"/intake/v1/inspections/{inspection}/fill.csv"
    lines = (await fetch(intake, "reviewer", path)).text.splitlines()
    assert lines[0] == "event,node,start,end,latitude,longitude,accuracy,old-value,new-value,user,change-reason"
    assert lines[1:] == ["question,/present,1,2,,,,44,43,,", "question,/basis,3,4,,,,,'=1+1,,"]
    await fetch(intake, "head", path, 404)


async def test_codes_on_paper_lead_to_the_public_address_whatever_name_a_caller_used(settings: Any) -> None:
    public = settings.model_copy(update={"public_url": "https://kiem-tra.example"})
    async with running_intake(public) as intake:
        await populate(intake)
        await intake.token("inspector", account="an.kt")
        inspection = await opened(intake)
        await intake.put("an.kt", f"inspections/{inspection}/closing/{fresh()}", closing())
        headers = {"authorization": f"Bearer {intake.tokens['an.kt']}", "host": "elsewhere.example"}
        words = document((await intake.client.get(at(inspection, ".docx"), headers=headers)).content)
    assert f"https://kiem-tra.example/intake/minutes/{inspection}/" in words and "elsewhere" not in words


async def test_they_say_what_was_seen_when_and_until_when_the_unit_may_answer(intake: Intake) -> None:
    inspection = fresh()
    await intake.put("an.kt", f"inspections/{inspection}", opening())
    words = {"narrative": "Ba công chức vào cổng sau 07 giờ 30."}
    await intake.put("an.kt", f"findings/{fresh()}", recording(inspection, code="A05", count=3, private=words))
    await intake.put("an.kt", f"inspections/{inspection}/closing/{fresh()}", closing(private=WORDS))
    (said,) = (await intake.get("head", at(inspection)))["findings"]
    assert said["narrative"] == words["narrative"] and said["at"] == "2026-09-01T07:45:12+07:00"
    due = (await intake.get("head", f"/intake/v1/inspections/{inspection}"))["reply_due"]
    text = document((await fetch(intake, "head", at(inspection, ".docx"))).content)
    assert words["narrative"] in text and f"đến hết ngày {local_date(parse_instant(due)):%d/%m/%Y}" in text
    figures = await page(intake, inspection, (await intake.get("head", at(inspection)))["content_sha256"])
    assert words["narrative"] not in figures


async def test_a_paper_of_the_first_form_stands_while_what_it_says_is_so(intake: Intake, inspection: str) -> None:
    said = await intake.get("an.kt", at(inspection))
    salt, pool = b"s" * 32, intake.service.pool
    first = {name: value for name, value in said.items() if name not in ("content_sha256", "reply_due", "parent_name")}
    first |= {"version": 1, "findings": [
        {name: one[name] for name in ("code", "name", "count", "withdrawn")} for one in said["findings"]
    ]}  # fmt: skip
    old = content_hash(first, salt)
    shown = json.dumps({name: first[name] for name in ("unit_name", "basis", "findings")})
    await pool.execute("UPDATE intake.minutes_issue SET salt = NULL")
    await pool.execute(
        "INSERT INTO intake.minutes_issue VALUES ($1, $2, $3, $4, now())", old, inspection, salt, shown
    )  # fmt: skip
    new = (await intake.get("an.kt", at(inspection)))["content_sha256"]
    assert new != old and (await intake.get("colleague", at(inspection)))["content_sha256"] == new
    assert await pool.fetchval("SELECT count(*) FROM intake.minutes_issue WHERE salt IS NOT NULL") == 2
    rows = await pool.fetch("SELECT id::text FROM intake.finding WHERE code = 'A01'")
    await intake.put("lead", f"findings/{rows[0]['id']}/withdrawal/{fresh()}", {"private": {"reason": "Nhầm."}})
    await intake.get("an.kt", at(inspection))
    assert await pool.fetchval("SELECT count(*) FROM intake.minutes_issue WHERE salt IS NOT NULL") == 1


async def test_the_files_name_says_which_minutes_they_are(intake: Intake, inspection: str) -> None:
    unit = (await intake.get("an.kt", at(inspection)))["unit_name"]
    answer = await fetch(intake, "an.kt", at(inspection, ".pdf"))
    told = answer.headers["content-disposition"]
    name = f"BB 12-BB-ĐKT {unit} 2026-09-01.pdf"
    assert unquote(told.partition("filename*=UTF-8''")[2]) == name
    assert f'filename="bien-ban-{inspection}.pdf"' in told
