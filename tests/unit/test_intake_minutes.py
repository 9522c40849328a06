"""The minutes: what they say to whom, their hash, and that PDF and .docx say the same words."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from services.intake.minutes import Closed, Member, Noted, content, content_hash, figures, units_edition
from services.intake.minutes_files import to_docx, to_pdf
from services.intake.minutes_wording import DOTS, ERASED, Office, number, paper

OFFICE = Office("Sở Nội vụ tỉnh An Sơn", "An Sơn")
STROKES = {"w": 600, "h": 200, "strokes": [[10, 20, 300, 180, 500, 40], [5, 5]]}
PRIVATE: dict[str, Any] = {
    "opinion": "Đơn vị tiếp thu.\nĐề nghị xem lại giờ điểm danh.",
    "minutes": {
        "number": "12/BB-ĐKT", "place": "trụ sở UBND xã", "secretary": "Phạm Thị Thư", "copies": 3,
        "representative": {"name": "Nguyễn Văn Ví Dụ", "post": "Phó Chủ tịch"},
        "demands": "Chấn chỉnh việc đeo thẻ.", "demands_due": "2026-09-15",
    },
    "signatures": {"unit": STROKES, "leader": STROKES, "secretary": STROKES},
    "fill": [{"node": "/present"}], "position": {"lat": 1},
}  # fmt: skip
CLOSED = Closed(
    "0198f1c2-0000-7000-8000-000000000000", "0198f1c2-0000-7000-8000-000000000001", "UBND xã Tân Hòa", "unannounced",
    "12/QĐ-SNV", datetime(2026, 9, 1, 0, 30, tzinfo=UTC), datetime(2026, 9, 1, 2, 5, tzinfo=UTC),
    {"assigned": 45, "present": 40, "late": 3, "unexcused": 2, "excused": {"leave": 1, "meeting": 2, "duty": 0},
     "persons_checked": 45, "files_checked": 12471, "signed": True},
    True, [Member("Người Thứ Hai", False), Member("Người Dẫn Đầu", True)],
    [Noted("B01", "Không đeo thẻ", 1, 2, 2, False), Noted("A01", "Đi làm muộn", 1, 3, 0, False),
     Noted("H04", "Nghi vòi vĩnh", 4, 1, 3, False), Noted("D02", "Hồ sơ quá hạn", 2, 1, 1, True),
     Noted("B01", "Không đeo thẻ", 1, 1, 0, True)],
    PRIVATE,
)  # fmt: skip
HASH = "ab" * 32
ADDRESS = f"https://kiem-tra.example/intake/minutes/{CLOSED.inspection}/{HASH}"


def lines(closed: Closed = CLOSED, office: Office = OFFICE) -> dict[str, Any]:
    return paper(content(closed), office, HASH, ADDRESS)


def words_of_pdf(raw: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages).split())


def words_of_docx(raw: bytes) -> str:
    document = Document(io.BytesIO(raw))
    parts = (document.element, document.sections[0].footer.paragraphs[0].paragraph_format.element)
    runs = (node.text or "" for part in parts for node in part.iter() if node.tag.endswith("}t"))
    return " ".join(" ".join(runs).split())


def test_severity_4_is_neither_named_nor_counted_and_a_withdrawn_finding_is_shown_as_such() -> None:
    said = content(CLOSED)
    assert [(one["code"], one["count"], one["withdrawn"]) for one in said["findings"]] == [
        ("A01", 3, False), ("B01", 1, True), ("B01", 2, False), ("D02", 1, True),
    ]  # fmt: skip
    assert said["photos"] == 3 and said["badges_missing"] == 2
    assert "H04" not in str(lines()) and "vòi vĩnh" not in str(lines())


def test_how_the_form_was_filled_in_and_where_stays_out() -> None:
    assert content(CLOSED)["private"].keys() == {"opinion", "minutes", "signatures"}


def test_the_public_figures_hold_no_name_and_no_private_word() -> None:
    shown = str(figures(CLOSED))
    for hidden in ("Người", "Nguyễn", "Phạm", "tiếp thu", "Chấn chỉnh", "strokes"):
        assert hidden not in shown, hidden


def test_the_units_edition_hides_the_team_and_its_signatures_and_leaves_the_original_alone() -> None:
    said = content(CLOSED)
    theirs = units_edition(said)
    assert theirs["team"] == [{"name": None, "leads": False}, {"name": None, "leads": True}]
    assert theirs["private"]["signatures"].keys() == {"unit"} and "secretary" not in theirs["private"]["minutes"]
    assert said == content(CLOSED)
    shown = str(paper(theirs, OFFICE, HASH, ADDRESS))
    assert "Người" not in shown.replace("Người mở cuộc kiểm tra", "") and "Phạm" not in shown


@given(st.binary(min_size=32, max_size=32), st.integers(1, 9_999))
def test_another_figure_or_another_salt_is_another_hash(salt: bytes, count: int) -> None:
    said = content(CLOSED)
    assert content_hash(said, salt) == content_hash(content(CLOSED), salt)
    assert content_hash(said, salt) != content_hash(said, bytes([salt[0] ^ 1]) + salt[1:])
    other = content(replace(CLOSED, findings=[Noted("A01", "Đi làm muộn", 1, count + 3, 0, False)]))
    assert content_hash(other, salt) != content_hash(said, salt)


def test_the_lines_are_in_the_words_of_the_decree() -> None:
    said = lines()
    assert said["department"] == "SỞ NỘI VỤ TỈNH AN SƠN" and said["number"] == "12/BB-ĐKT"
    assert said["place_and_day"] == "An Sơn, ngày 01 tháng 9 năm 2026"
    assert said["opening"] == (
        "Hôm nay, 07 giờ 30 phút, ngày 01 tháng 9 năm 2026, tại trụ sở UBND xã, Đoàn kiểm tra thực hiện Quyết định "
        "số 12/QĐ-SNV tiến hành kiểm tra đột xuất, không báo trước việc chấp hành kỷ luật, kỷ cương hành chính tại "
        "UBND xã Tân Hòa."
    )
    assert said["team"] == [
        "Trưởng đoàn: Người Dẫn Đầu", "Thành viên: Người Thứ Hai", "Thư ký: Phạm Thị Thư",
        "Người mở cuộc kiểm tra đã khai không có xung đột lợi ích với đơn vị.",
    ]  # fmt: skip
    assert said["attendance"] == [
        ["Được giao", "45"], ["Có mặt", "40"], ["Trong đó đi muộn", "3"],
        ["Vắng có lý do", "3 (nghỉ phép 1; đi họp 2)"], ["Vắng không lý do", "2"],
    ]  # fmt: skip
    assert said["checked"] == "Đã kiểm tra 45 người, 12.471 hồ sơ; không đeo thẻ: 2/45 người."
    assert said["findings"][1] == ["B01", "Không đeo thẻ (đã rút lại)", "1"]
    assert said["due"] == "Thời hạn khắc phục: chậm nhất ngày 15/09/2026."
    assert said["closing"].endswith("công nhận là đúng và cùng ký. Biên bản lập thành 03 bản.")
    assert [one["name"] for one in said["signatures"]] == ["Người Dẫn Đầu", "Phạm Thị Thư", "Nguyễn Văn Ví Dụ"]
    assert said["refusal"] is None and said["short"] == "abab abab abab abab"


def test_what_came_after_the_closing_is_marked_and_nothing_else_changes_the_hash() -> None:
    said = content(CLOSED)
    added = content(
        replace(CLOSED, findings=[*CLOSED.findings, Noted("B03", "Trang phục", 1, 1, 0, False, added=True)])
    )
    assert [one for one in added["findings"] if one.get("added")] == [
        {"code": "B03", "name": "Trang phục", "count": 1, "withdrawn": False, "added": True}
    ]
    assert not [one for one in said["findings"] if "added" in one]
    shown = paper(added, OFFICE, HASH, ADDRESS)["findings"]
    assert ["B03", "Trang phục (bổ sung sau khi lập biên bản)", "1"] in shown


def test_what_nobody_wrote_is_left_to_be_filled_in_by_hand() -> None:
    said = lines(replace(CLOSED, private={}, impartial=False), Office("Sở Nội vụ", None))
    assert said["number"] == "……/BB-ĐKT" and said["place_and_day"] == "…………, ngày 01 tháng 9 năm 2026"
    assert said["representative"] == DOTS and said["opinion"] == "Đơn vị không có ý kiến."
    assert "tại trụ sở UBND xã Tân Hòa, Đoàn" in said["opening"] and len(said["team"]) == 2
    assert [one["title"] for one in said["signatures"]] == ["TRƯỞNG ĐOÀN", "ĐẠI DIỆN ĐƠN VỊ"]


def test_what_was_erased_is_said_to_be() -> None:
    said = lines(replace(CLOSED, private=dict.fromkeys(PRIVATE)))
    assert said["opinion"] == said["representative"] == ERASED and f"tại {ERASED}, Đoàn" in said["opening"]


def test_a_refusal_stands_with_its_reason_and_its_stroke_is_not_drawn() -> None:
    roll = {**CLOSED.roll, "signed": False}
    said = lines(replace(CLOSED, roll=roll, private=PRIVATE | {"refusal": "Không đồng ý số người."}))
    assert said["refusal"] == "Không đồng ý số người." and "từ chối ký" in said["closing"]
    assert [one["refused"] for one in said["signatures"]] == [False, False, True]
    without = lines(replace(CLOSED, roll=roll, private={}))
    assert without["refusal"] == "không nêu lý do"


@pytest.mark.parametrize(("month", "said"), [(1, "01"), (2, "02"), (3, "3"), (10, "10"), (12, "12")])
def test_only_january_and_february_have_a_nought(month: int, said: str) -> None:
    closed = replace(CLOSED, closed_at=datetime(2026, month, 5, 3, 0, tzinfo=UTC))
    assert lines(closed)["place_and_day"] == f"An Sơn, ngày 05 tháng {said} năm 2026"


def test_numbers_are_grouped_by_dots() -> None:
    assert [number(count) for count in (0, 999, 1_000, 12_471, 1_000_000)] == [
        "0", "999", "1.000", "12.471", "1.000.000",
    ]  # fmt: skip


def test_pdf_and_docx_say_the_same_words() -> None:
    said = lines()
    pdf, docx = words_of_pdf(to_pdf(said)), words_of_docx(to_docx(said))
    tables = [cell for row in (*said["attendance"], *said["findings"]) for cell in row]
    parts = (
        "department",
        "number",
        "place_and_day",
        "title",
        "subtitle",
        "opening",
        "representative",
        "checked",
        "due",
    )
    signed = [one[part] for one in said["signatures"] for part in ("title", "name")]
    said_of_each = [said[part] for part in (*parts, "demands", "closing", "short")]
    for text in (*said_of_each, *said["opinion"].split("\n"), *said["team"], *tables, *signed):
        assert text in pdf and text in docx, text
    joined = re.sub(r"\s", "", pdf)
    assert HASH in joined and ADDRESS in joined and HASH in docx and ADDRESS in docx


def test_words_are_never_markup() -> None:
    hostile = '#panic("x") $x$ *đậm* @nhãn <b>&amp; \\ "ngoặc" {{ }} #{1+1} // -- ---'
    said = lines(replace(CLOSED, unit_name=hostile, private=PRIVATE | {"opinion": hostile}))
    for words in (words_of_pdf(to_pdf(said)), words_of_docx(to_docx(said))):
        assert words.count(hostile) >= 2


def test_characters_that_no_xml_holds_cost_no_minutes() -> None:
    said = lines(replace(CLOSED, private=PRIVATE | {"opinion": "Nhất\ufffe trí\uffff."}))
    assert "Nhất trí." in words_of_docx(to_docx(said))


def test_the_same_words_give_the_same_bytes() -> None:
    assert to_pdf(lines()) == to_pdf(lines()) and to_docx(lines()) == to_docx(lines())
