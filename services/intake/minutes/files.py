"""The minutes set in type: a PDF by Typst, a .docx that the office can edit; the same words give the same bytes."""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt
from PIL import Image, ImageDraw

from services.intake.minutes.printable import unprintable

TEMPLATE = Path(__file__).parents[1] / "templates/minutes.typ"
PATIENCE = 20.0  # seconds
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_RUN = re.compile(r"\S{16,}")
_LEADERS = re.compile(r"(?:[^\w\s]+ +){6,}")  # signs apart: no line may begin with a full stop (UAX 14, LB13)
_PLACE = re.compile(r"[^\w\s]|\w{12}")  # behind a sign, and within what is one word to a reader only
_TO_THE_LETTER = ("signatures", "address", "hash")
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a document's properties know no zone; the same in each file
_COLUMNS = (1.3, 9.1, 1.5, 1.7, 2.9)  # cm
HEADS = ("Mã", "Nội dung, mô tả", "Mức", "Lúc", "Số lượng")
_one_at_a_time = asyncio.Semaphore(1)


async def as_file(paper: Mapping[str, Any], kind: str) -> bytes:
    """The file of a kind, `pdf` or `docx`; one is made at a time, so that a crowd waits in line."""
    async with _one_at_a_time, asyncio.timeout(PATIENCE):
        return await asyncio.to_thread(to_pdf if kind == "pdf" else to_docx, paper)


def to_pdf(paper: Mapping[str, Any]) -> bytes:
    """A PDF by Typst's own fonts, so that every machine makes the same one; the words go in as data."""
    raw: bytes = typst.compile(str(TEMPLATE), **_set(paper), format="pdf")
    return raw


def to_pictures(paper: Mapping[str, Any], ppi: int = 72) -> list[bytes]:
    """The PDF's pages as PNG."""
    pages = typst.compile(str(TEMPLATE), **_set(paper), format="png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def _set(paper: Mapping[str, Any]) -> dict[str, Any]:
    drawn = [{**one, "drawn": one["drawn"] and _svg(one["drawn"])} for one in paper["signatures"]]
    words = breakable({name: value for name, value in paper.items() if name not in _TO_THE_LETTER})
    signed = [{**one, "name": breakable(one["name"])} for one in drawn]
    boxes = unprintable(json.dumps(paper, ensure_ascii=False))
    address = {"address": paper["address"], "shown": breakable(paper["address"]), "qr": qr_svg(paper["address"])}
    data = {**words, **address, "signatures": signed, "hash": paper["hash"], "boxes": boxes}
    inputs = {"paper": json.dumps(data, ensure_ascii=False)}
    return {"root": str(TEMPLATE.parent), "ignore_system_fonts": True, "sys_inputs": inputs}


def breakable(said: Any) -> Any:
    """The same with places to break a line: Typst 0.15 lets runs of dots, dashes and paths leave the page."""
    if isinstance(said, str):
        said = _LEADERS.sub(lambda run: run[0].replace(" ", "\u200b "), said)
        return _RUN.sub(lambda run: _PLACE.sub("\\g<0>\u200b", run[0]), said)
    if isinstance(said, Mapping):
        return {name: breakable(value) for name, value in said.items()}
    return [breakable(one) for one in said] if isinstance(said, list | tuple) else said


def qr_svg(address: str) -> str:
    """The code that leads to an address, as a picture."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False)
    return out.getvalue().decode()


def _svg(signature: Mapping[str, Any]) -> str:
    paths = "".join(f'<path d="{_path(stroke)}"/>' for stroke in signature["strokes"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {signature["w"]} {signature["h"]}" fill="none" '
        f'stroke="#1a237e" stroke-width="{max(2, signature["h"] // 60)}" stroke-linecap="round" '
        f'stroke-linejoin="round">{paths}</svg>'
    )


def _path(stroke: list[int]) -> str:
    points = [f"{x} {y}" for x, y in zip(stroke[::2], stroke[1::2], strict=True)]
    return "M" + " L".join(points if len(points) > 1 else points * 2)


def to_docx(paper: Mapping[str, Any]) -> bytes:
    """A .docx in Times New Roman with real tables."""
    document, paper = Document(), _writable(paper)
    _describe(document, paper)
    _set_page(document, paper["short"])
    _letterhead(document, paper)
    _line(document, paper["title"], bold=True, size=15, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, paper["subtitle"], bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, paper["opening"])
    _who(document, paper)
    _results(document, paper)
    _words(document, paper)
    _sign(document, paper)
    _recipients(document, paper)
    _proof(document, paper)
    out = io.BytesIO()
    document.save(out)
    return _always_the_same(out.getvalue())


def _writable(said: Any) -> Any:
    """The same without the two characters that people may write and XML may not hold (XML 1.0, 2.2)."""
    if isinstance(said, str):
        return said.translate({0xFFFE: None, 0xFFFF: None})
    if isinstance(said, Mapping):
        return {name: _writable(value) for name, value in said.items()}
    return [_writable(one) for one in said] if isinstance(said, list | tuple) else said


def _describe(document: Any, paper: Mapping[str, Any]) -> None:
    """Who made it and in which language: the library would write its own name, 2013 and American English."""
    about = document.core_properties
    about.author = about.last_modified_by = paper["department"]
    about.title, about.subject, about.comments = f"{paper['title']} {paper['number']}", paper["subtitle"], ""
    about.created = about.modified = _MADE
    about.language, about.revision = "vi-VN", 1
    defaults = document.styles.element.find(qn("w:docDefaults")).find(f".//{qn('w:rPr')}")
    for old in defaults.findall(qn("w:lang")):
        defaults.remove(old)
    defaults.append(defaults.makeelement(qn("w:lang"), {qn("w:val"): "vi-VN", qn("w:eastAsia"): "vi-VN"}))
    _drop(document.part.rels, "stylesWithEffects")  # the library's template keeps a second set of styles in English,
    _drop(document.part.package.rels, "thumbnail")  # and a picture of another document
    for theme in document.settings.element.findall(qn("w:themeFontLang")):
        theme.set(qn("w:val"), "vi-VN")


def _drop(relations: Any, kind: str) -> None:
    for name in [name for name, one in relations.items() if one.reltype.endswith(kind)]:
        del relations[name]


def _set_page(document: Any, short: str) -> None:
    section, style = document.sections[0], document.styles["Normal"]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.top_margin, section.bottom_margin = Mm(20), Mm(20)
    section.footer.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _field(section.footer.paragraphs[0], f"Mã kiểm tra: {short}    Trang ", "PAGE")
    _field(section.footer.paragraphs[0], "/", "NUMPAGES")
    style.font.name, style.font.size = "Times New Roman", Pt(13)
    for script in ("w:eastAsia", "w:cs"):  # the name alone is that of Latin letters
        style.element.rPr.rFonts.set(qn(script), "Times New Roman")
    style.paragraph_format.space_after = Pt(4)


def _field(paragraph: Any, text: str, name: str) -> None:
    """Words, and behind them a number that the office program fills in."""
    paragraph.add_run(text).font.size = Pt(9)
    shown, whole = paragraph.add_run("1"), paragraph.paragraph_format.element
    shown.font.size = Pt(9)
    field = whole.makeelement(qn("w:fldSimple"), {qn("w:instr"): name})
    field.append(shown.font.element)
    whole.append(field)


def _line(
    place: Any,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int = 13,
    align: Any = None,
    stays: bool = False,
) -> Any:
    """A line, in the empty one that a new cell begins with or a new one; `stays`: on one page with the next."""
    empty = [one for one in place.paragraphs if not one.text and not one.runs]
    paragraph = empty[0] if empty else place.add_paragraph()
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)
    paragraph.alignment, paragraph.paragraph_format.keep_with_next = align, stays or None
    return paragraph


def _head(document: Any, text: str) -> None:
    _line(document, text, bold=True, stays=True)


def _rule(place: Any, indent: float) -> None:
    """A rule under what stands above it, `indent` cm in from both sides, as the letterhead has it (NĐ 30/2020)."""
    paragraph = _line(place, "", size=2)
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Cm(indent)
    form.line_spacing = Pt(4)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - the library has no borders
    borders = properties.makeelement(qn("w:pBdr"), {})
    line = {qn("w:val"): "single", qn("w:sz"): "6", qn("w:space"): "1", qn("w:color"): "000000"}
    borders.append(borders.makeelement(qn("w:bottom"), line))
    properties.insert_element_before(borders, "w:spacing", "w:ind", "w:jc", "w:rPr")


def _letterhead(document: Any, paper: Mapping[str, Any]) -> None:
    table = document.add_table(rows=1, cols=2)
    _set_widths(table, (6.5, 10))  # the second holds its first line whole
    left, right = table.rows[0].cells
    centre = WD_ALIGN_PARAGRAPH.CENTER
    _line(left, paper["department"], align=centre)
    _line(left, "ĐOÀN KIỂM TRA", bold=True, align=centre)
    _rule(left, 2.0)
    _line(left, f"Số: {paper['number']}", align=centre)
    _line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, align=centre)
    _line(right, "Độc lập - Tự do - Hạnh phúc", bold=True, align=centre)
    _rule(right, 2.0)
    _line(right, paper["place_and_day"], italic=True, align=centre)


def _who(document: Any, paper: Mapping[str, Any]) -> None:
    _head(document, "I. Thành phần")
    _line(document, "1. Đoàn kiểm tra:")
    for one in paper["team"]:
        document.add_paragraph(one, style="List Bullet")
    _line(document, f"2. Đại diện đơn vị được kiểm tra: {paper['representative']}")


def _results(document: Any, paper: Mapping[str, Any]) -> None:
    _head(document, "II. Kết quả kiểm tra")
    _line(document, "1. Tình hình nhân sự có mặt:", stays=True)
    _table(document, paper["attendance"], (6.5, 10))
    _line(document, f"2. {paper['checked']}")
    _line(document, "3. Ghi nhận:", stays=True)
    if paper["findings"]:
        _findings(document, paper["findings"])
    else:
        _line(document, "Không có ghi nhận nào.")
    if paper["photos"]:
        _line(document, f"Kèm theo {paper['photos']} ảnh, lưu trong hệ thống.")
    if paper["right"]:
        _line(document, paper["right"])


def _findings(document: Any, findings: list[list[str]]) -> None:
    table = _table(document, [list(HEADS), *(_row(one)[0] for one in findings)], _COLUMNS)
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
    _repeat(table.rows[0])
    for row, one in zip(table.rows[1:], findings, strict=True):
        if words := _row(one)[1]:
            row.cells[1].add_paragraph().add_run(words).italic = True


def _row(one: list[str]) -> tuple[list[str], str]:
    """A finding's cells, and what the inspector wrote, which goes under its name."""
    *cells, words = one
    return cells, "" if words == "–" else words


def _repeat(row: Any) -> None:
    """A table's head stands on each page that the table reaches."""
    row._tr.get_or_add_trPr().append(row._tr.makeelement(qn("w:tblHeader"), {}))  # noqa: SLF001 - no public way


def _table(document: Any, rows: list[list[str]], widths: tuple[float, ...]) -> Any:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    _set_widths(table, widths)
    return table


def _set_widths(table: Any, widths: tuple[float, ...]) -> None:
    """Widths in cm, of the columns and of each cell: office programs go by one or the other."""
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)


def _words(document: Any, paper: Mapping[str, Any]) -> None:
    _head(document, "III. Ý kiến của đơn vị")
    _line(document, paper["opinion"])
    if paper["demands"] or paper["due"]:
        _head(document, "IV. Yêu cầu của Đoàn kiểm tra")
        for text in filter(None, (paper["demands"], paper["due"])):
            _line(document, text)
    # whoever signs signs on the page that holds the last words
    _line(document, paper["closing"], stays=True)
    if paper["refusal"] is not None:
        _line(document, f"Lý do từ chối ký: {paper['refusal']}", stays=True)


def _sign(document: Any, paper: Mapping[str, Any]) -> None:
    row = document.add_table(rows=1, cols=len(paper["signatures"])).rows[0]
    row._tr.get_or_add_trPr().append(row._tr.makeelement(qn("w:cantSplit"), {}))  # noqa: SLF001 - no public way
    cells = row.cells
    for cell, one in zip(cells, paper["signatures"], strict=True):
        _line(cell, one["title"], bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        if one["drawn"] and not one["refused"]:
            picture = cell.add_paragraph()
            picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
            height = min(Mm(20), Mm(45) * one["drawn"]["h"] // one["drawn"]["w"])
            picture.add_run().add_picture(io.BytesIO(_png(one["drawn"])), height=height)
        else:
            words = "(từ chối ký)" if one["refused"] else "(ký, ghi rõ họ tên)"
            _line(cell, words + "\n\n\n", italic=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        _line(cell, one["name"], bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)


def _png(signature: Mapping[str, Any]) -> bytes:
    picture = Image.new("RGB", (signature["w"], signature["h"]), "white")
    draw = ImageDraw.Draw(picture)
    for stroke in signature["strokes"]:
        points = list(zip(stroke[::2], stroke[1::2], strict=True))
        draw.line(points if len(points) > 1 else points * 2, fill="#1a237e", width=max(2, signature["h"] // 60))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _recipients(document: Any, paper: Mapping[str, Any]) -> None:
    _line(document, "Nơi nhận:", bold=True, italic=True, size=12, stays=True)
    for one in paper["recipients"]:
        _line(document, f"- {one}", size=11)


def _proof(document: Any, paper: Mapping[str, Any]) -> None:
    out = io.BytesIO()
    segno.make(paper["address"], error="m", micro=False).save(out, kind="png", scale=4, border=2)
    document.add_paragraph().add_run().add_picture(io.BytesIO(out.getvalue()), width=Mm(28))
    _line(document, f"SHA-256: {paper['hash']}\n{paper['address']}", size=9)


def _always_the_same(raw: bytes) -> bytes:
    """The same archive without the time of its making."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return out.getvalue()
