"""The minutes: what they say to whom, their hash, and that PDF and .docx say the same words."""

import io
import re
import unicodedata
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import ContentStream

from services.intake.faces import shell
from services.intake.minutes.content import (
    Closed,
    Member,
    Noted,
    content,
    content_hash,
    figures,
    first_content,
    units_edition,
)
from services.intake.minutes.files import HEADS, to_docx, to_pdf, to_pictures
from services.intake.minutes.printable import RANGES, unprintable
from services.intake.minutes.wording import DOTS, ERASED, Office, number, paper
from services.kernel.web.downloads import file_name

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
    [Noted("B01", "Không đeo thẻ", 1, 2, 2, False, narrative=None),
     Noted("A01", "Đi làm muộn", 1, 3, 0, False, at=datetime(2026, 9, 1, 0, 45, tzinfo=UTC),
           narrative="Ba người vào sau 07 giờ 30."),
     Noted("H04", "Nghi vòi vĩnh", 4, 1, 3, False, narrative="Nghe kể ở sảnh."),
     Noted("D02", "Hồ sơ quá hạn", 2, 1, 1, True, narrative="Hồ sơ số 7."),
     Noted("B01", "Không đeo thẻ", 1, 1, 0, True)],
    PRIVATE, datetime(2026, 9, 9, 16, 59, 59, tzinfo=UTC),
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
    for hidden in ("H04", "vòi vĩnh", "Nghe kể", "Hồ sơ số 7"):  # nor do the words of a withdrawn one stand
        assert hidden not in str(lines()), hidden


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
        "Người mở cuộc kiểm tra đã cam kết không có xung đột lợi ích với đơn vị.",
    ]  # fmt: skip
    assert said["attendance"] == [
        ["Biên chế được giao", "45"], ["Có mặt", "40"], ["Trong đó đi muộn", "3"],
        ["Vắng có lý do", "3 (nghỉ phép 1; đi họp 2)"], ["Vắng không lý do", "2"],
    ]  # fmt: skip
    assert said["checked"] == "Đã kiểm tra 45 người, 12.471 hồ sơ; không đeo thẻ: 2/45 người."
    assert said["findings"] == [
        ["A01", "Đi làm muộn", "1", "07:45", "3", "Ba người vào sau 07 giờ 30."],
        ["B01", "Không đeo thẻ (đã rút lại)", "1", "–", "1", "–"],
        ["B01", "Không đeo thẻ", "1", "–", "2", ERASED], ["D02", "Hồ sơ quá hạn (đã rút lại)", "2", "–", "1", "–"],
    ]  # fmt: skip
    assert said["right"] == "Đơn vị có quyền giải trình các ghi nhận trên đến hết ngày 09/09/2026."
    assert said["recipients"] == ["UBND xã Tân Hòa;", "Sở Nội vụ tỉnh An Sơn;", "Lưu: hồ sơ đoàn kiểm tra."]
    assert said["due"] == "Thời hạn khắc phục: chậm nhất ngày 15/09/2026."
    assert said["closing"].endswith("công nhận là đúng và cùng ký. Biên bản lập thành 03 bản có giá trị như nhau.")
    assert [one["name"] for one in said["signatures"]] == ["Người Dẫn Đầu", "Phạm Thị Thư", "Nguyễn Văn Ví Dụ"]
    assert said["refusal"] is None and said["short"] == "abab abab abab abab"


def test_what_came_after_the_closing_is_marked_and_nothing_else_changes_the_hash() -> None:
    said = content(CLOSED)
    added = content(
        replace(CLOSED, findings=[*CLOSED.findings, Noted("B03", "Trang phục", 1, 1, 0, False, added=True)])
    )
    assert [(one["code"], one["count"]) for one in added["findings"] if one.get("added")] == [("B03", 1)]
    assert not [one for one in said["findings"] if "added" in one]
    shown = paper(added, OFFICE, HASH, ADDRESS)["findings"]
    assert ["B03", "Trang phục (bổ sung sau khi lập biên bản)", "1", "–", "1", "–"] in shown


def test_a_paper_given_out_in_the_first_form_is_known_by_what_it_said() -> None:
    first = first_content(CLOSED)
    assert first["version"] == 1 and first == figures(CLOSED) | {
        name: first[name]
        for name in ("version", "inspection", "closing", "team", "impartial", "photos", "badges_missing", "private")
    }  # fmt: skip
    assert first["findings"][0] == {"code": "A01", "name": "Đi làm muộn", "count": 3, "withdrawn": False}
    assert content(CLOSED)["version"] == 2


def test_what_nobody_wrote_is_left_to_be_filled_in_by_hand() -> None:
    said = lines(replace(CLOSED, private={}, impartial=False), Office("Sở Nội vụ", None))
    assert said["number"] == "……/BB-ĐKT" and said["place_and_day"] == "Tân Hòa, ngày 01 tháng 9 năm 2026"
    of_no_commune = lines(replace(CLOSED, unit_name="Trạm Y tế", private={}), Office("Sở Nội vụ", None))
    assert of_no_commune["place_and_day"] == "…………, ngày 01 tháng 9 năm 2026"
    assert said["closing"].endswith("Biên bản lập thành …… bản có giá trị như nhau.")
    assert said["representative"] == DOTS and said["opinion"] == "Đơn vị không có ý kiến."
    assert "tại trụ sở UBND xã Tân Hòa, Đoàn" in said["opening"] and len(said["team"]) == 2
    assert [one["title"] for one in said["signatures"]] == ["TRƯỞNG ĐOÀN", "ĐẠI DIỆN ĐƠN VỊ"]


def test_a_team_without_a_leader_calls_nobody_so() -> None:
    members = [Member("Người Mở", False), Member("Người Thứ Hai", False)]
    said = lines(replace(CLOSED, members=members))
    assert said["team"][:2] == ["Thành viên: Người Mở", "Thành viên: Người Thứ Hai"]
    assert said["signatures"][0]["title"] == "ĐẠI DIỆN ĐOÀN KIỂM TRA" and said["signatures"][0]["name"] == "Người Mở"
    assert "Trưởng đoàn" not in str(said) and "TRƯỞNG ĐOÀN" not in str(said)


def test_an_account_called_after_its_role_is_named_once_and_a_name_written_down_wins() -> None:
    said = lines(replace(CLOSED, members=[Member("Trưởng đoàn kiểm tra", True), Member("Thành viên đoàn", False)]))
    assert said["team"][:2] == ["Trưởng đoàn kiểm tra", "Thành viên đoàn"]
    words = PRIVATE | {"minutes": PRIVATE["minutes"] | {"leader": "Lê Thị Dẫn"}}
    said = lines(replace(CLOSED, members=[Member("Trưởng đoàn kiểm tra", True)], private=words))
    assert said["team"][0] == "Trưởng đoàn: Lê Thị Dẫn" and said["signatures"][0]["name"] == "Lê Thị Dẫn"
    theirs = paper(units_edition(content(replace(CLOSED, private=words))), OFFICE, HASH, ADDRESS)
    assert "Lê Thị Dẫn" not in str(theirs)


def test_a_unit_of_a_name_that_others_have_is_told_by_the_one_above() -> None:
    said = lines(replace(CLOSED, unit_name="Trạm Y tế", parent_name="UBND xã Tân Hòa"))
    assert said["opening"].endswith("tại Trạm Y tế (UBND xã Tân Hòa).")
    assert said["recipients"][0] == "Trạm Y tế (UBND xã Tân Hòa);"


def test_where_nothing_can_be_answered_no_right_is_told() -> None:
    clean = [Noted("K00", "Không vi phạm", 0, 1, 0, False), Noted("A01", "Đi làm muộn", 1, 1, 0, True)]
    assert lines(replace(CLOSED, findings=clean))["right"] == ""


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
    tables = [cell for row in (*said["attendance"], *said["findings"], HEADS) for cell in row]
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
        "right",
    )
    signed = [one[part] for one in said["signatures"] for part in ("title", "name")]
    said_of_each = [said[part] for part in (*parts, "demands", "closing", "short")]
    for text in (*said_of_each, *said["opinion"].split("\n"), *said["team"], *said["recipients"], *tables, *signed):
        assert text in pdf and text in docx, text
    joined = re.sub(r"\s", "", pdf)
    assert HASH in joined and ADDRESS in joined and HASH in docx and ADDRESS in docx


def test_words_are_never_markup() -> None:
    hostile = '#panic("x") $x$ *đậm* @nhãn <b>&amp; \\ "ngoặc" {{ }} #{1+1} // -- ---'
    noted = [replace(CLOSED.findings[1], narrative=hostile)]
    said = lines(replace(CLOSED, unit_name=hostile, findings=noted, private=PRIVATE | {"opinion": hostile}))
    for words in (words_of_pdf(to_pdf(said)), words_of_docx(to_docx(said))):
        assert words.count(hostile) >= 4


def test_characters_that_no_xml_holds_cost_no_minutes() -> None:
    said = lines(replace(CLOSED, private=PRIVATE | {"opinion": "Nhất\ufffe trí\uffff."}))
    assert "Nhất trí." in words_of_docx(to_docx(said))


RUNS = {
    "dots": "." * 300, "dots apart": " . " * 20 + ". . . . " * 40, "ellipses": "…" * 200, "dashes": "-" * 300,
    "low lines": "_" * 300, "a path": "/srv/bien-ban/2026/quy-3" * 12, "letters": "a" * 300, "figures": "9" * 300,
    "an address": "https://dich-vu-cong.example/ho-so?ma=" + "A1b2" * 60,
}  # fmt: skip


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize(
    "field", ["opinion", "narrative", "demands", "place", "name", "department", "basis", "refusal"]
)
def test_no_run_leaves_the_page(run: str, field: str) -> None:
    private = PRIVATE | {"opinion": run if field == "opinion" else "", "refusal": run if field == "refusal" else ""}
    person = {"name": run if field == "name" else "Nguyễn Văn Ví Dụ"}
    written = {one: run for one in ("demands", "place") if one == field}
    private["minutes"] = PRIVATE["minutes"] | {"representative": person} | written
    noted = [replace(CLOSED.findings[1], narrative=run if field == "narrative" else "")]
    closed = replace(
        CLOSED, private=private, findings=noted, basis=run if field == "basis" else CLOSED.basis,
        roll=CLOSED.roll | {"signed": field != "refusal"},
    )  # fmt: skip
    office = replace(OFFICE, department=run) if field == "department" else OFFICE
    for page in to_pictures(lines(closed, office)):
        picture = Image.open(io.BytesIO(page)).convert("L")
        beyond = picture.crop((picture.width - 28, 0, picture.width, picture.height))  # 10 of the margin's 15 mm
        assert beyond.getextrema() == (255, 255), field


def test_headings_are_read_back_as_they_are_written() -> None:
    assert "Nơi nhận:" in words_of_pdf(to_pdf(lines()))


def test_whoever_signs_signs_on_the_page_that_holds_the_last_words() -> None:
    for lines_of_opinion in range(18, 32):  # the text ends just above, at and below the foot of a page
        said = lines(replace(CLOSED, private=PRIVATE | {"opinion": "Ý kiến.\n\n" * lines_of_opinion}))
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(to_pdf(said))).pages]
        signing = next(page for page in pages if "TRƯỞNG ĐOÀN" in page)
        assert "Việc kiểm tra kết thúc lúc" in signing
        for page in pages:  # no heading is the last of its page
            assert not re.search(r"(I|IV)\. [^.]+\s+Mã kiểm tra", page), page[-200:]


def test_word_keeps_the_last_words_with_the_signatures_and_headings_with_what_follows() -> None:
    document = Document(io.BytesIO(to_docx(lines())))
    stay = {one.text for one in document.paragraphs if one.paragraph_format.keep_with_next}
    assert lines()["closing"] in stay
    assert {"I. Thành phần", "III. Ý kiến của đơn vị", "IV. Yêu cầu của Đoàn kiểm tra"} <= stay
    xml = document.element.xml
    assert xml.count("<w:pBdr>") == 2 and "w:cantSplit" in xml and "w:tblHeader" in xml
    for page in (document.element.xml, words_of_pdf(to_pdf(lines()))):
        assert "Độc lập - Tự do - Hạnh phúc" in page and "Độc lập –" not in page


def test_word_says_who_made_it_and_in_which_language() -> None:
    about = Document(io.BytesIO(to_docx(lines()))).core_properties
    assert (about.author, about.last_modified_by) == ("SỞ NỘI VỤ TỈNH AN SƠN",) * 2
    assert about.language == "vi-VN" and about.created.year == 2026 and about.comments == ""
    raw = zipfile.ZipFile(io.BytesIO(to_docx(lines())))
    everything = "".join(raw.read(name).decode("utf-8", "ignore") for name in raw.namelist())
    assert "python-docx" not in everything and "en-US" not in everything


def test_every_letter_that_is_said_to_print_does_and_others_are_told() -> None:
    letters = [chr(code) for code in range(0x21, 0x10000) if not 0xD800 <= code < 0xE000]
    known = [one for one in letters if not unprintable(one) and unicodedata.category(one) not in ("Cn", "Cf", "Zs")]
    assert len(known) > 1100 and {"ữ", "Đ", "ñ", "Ж", "₫", "…"} <= set(known)
    assert boxes(" ".join(known)) == 0
    for letter in ("😀", "ក", "ꪀ", "ꨀ", "中", "ไ", "𞄀"):  # Khmer, Tai Viet, Cham, Han, Thai, Hmong
        assert unprintable(f"Ý kiến {letter}.") == letter and boxes(letter) > 0
    said = lines(replace(CLOSED, private=PRIVATE | {"opinion": "Tốt 😀😀 ក"}))
    assert "bản Word có đủ" in words_of_pdf(to_pdf(said)) and "bản Word có đủ" not in words_of_pdf(to_pdf(lines()))


def boxes(text: str) -> int:
    """How many glyphs of a text the fonts lack: number 0 of any font in the pages' own operators."""
    said = lines(replace(CLOSED, private=PRIVATE | {"opinion": text}))
    pages = PdfReader(io.BytesIO(to_pdf(said))).pages
    shown = (
        operands[0] if operator == b"TJ" else operands
        for page in pages
        for operands, operator in ContentStream(page.get_contents(), page.pdf).operations
        if operator in (b"Tj", b"TJ")
    )
    texts = (one for row in shown for one in row if isinstance(one, bytes | str))
    raws = (one if isinstance(one, bytes) else one.original_bytes for one in texts)
    return sum(raw[at : at + 2] == b"\0\0" for raw in raws for at in range(0, len(raw), 2))


def test_the_phone_knows_the_same_letters() -> None:
    script = (Path(shell.OWN) / "static/form/printable.js").read_text()
    ranges = re.search(r"/\[\^(.+)\]/gu", script)[1]
    assert ranges.encode().decode("unicode_escape") == RANGES


def test_a_file_is_called_as_an_office_files_it() -> None:
    assert file_name("BB", "401/BB-ĐKT", "UBND xã Tân Hòa", "2026-11-30", kind="pdf") == (
        "BB 401-BB-ĐKT UBND xã Tân Hòa 2026-11-30.pdf"
    )
    assert file_name("BB", None, 'a/b\\c:"d"\n\u202e', kind="docx") == "BB a-b-c-d.docx"
    assert len(file_name("x" * 500, kind="pdf")) < 130


def test_the_same_words_give_the_same_bytes() -> None:
    assert to_pdf(lines()) == to_pdf(lines()) and to_docx(lines()) == to_docx(lines())


@pytest.mark.parametrize(("withdrawn", "severity", "said"), [
    (False, 1, ["A01"]), (True, 1, ["A01", "K00"]), (False, 0, ["A01", "K00"]), (False, 4, ["K00"]),
])  # fmt: skip
def test_nothing_found_is_never_said_beside_what_was_found(withdrawn: bool, severity: int, said: list[str]) -> None:
    found = [Noted("K00", "Không vi phạm", 0, 1, 0, False), Noted("A01", "Đi muộn", severity, 2, 0, withdrawn)]
    closed = replace(CLOSED, findings=found)
    assert [one["code"] for one in figures(closed)["findings"]] == said
    assert [one["code"] for one in content(closed)["findings"]] == said
