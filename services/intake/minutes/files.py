"""The minutes set in type: a PDF by Typst, a .docx that the office can edit; the same words give the same bytes."""

import asyncio
import io
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm
from PIL import Image, ImageDraw

from services.intake.minutes.printable import unprintable
from services.kernel.paper.office import (
    always_the_same,
    describe,
    field,
    letterhead,
    line,
    repeat,
    set_page,
    set_widths,
    whole,
    writable,
)
from services.kernel.paper.typeset import breakable, compiled, qr_png, qr_svg

TEMPLATE = Path(__file__).parents[1] / "templates/minutes.typ"
PATIENCE = 20.0  # seconds
_TO_THE_LETTER = ("signatures", "address", "hash")
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - the library marks any time as UTC; the same in each file
_COLUMNS = (1.3, 9.1, 1.5, 1.7, 2.9)  # cm
HEADS = ("Mã", "Nội dung, mô tả", "Mức", "Lúc", "Số lượng")
_one_at_a_time = asyncio.Semaphore(1)


async def as_file(paper: Mapping[str, Any], kind: str) -> bytes:
    """The file of a kind, `pdf` or `docx`; one is made at a time, so that a crowd waits in line."""
    async with _one_at_a_time, asyncio.timeout(PATIENCE):
        return await asyncio.to_thread(to_pdf if kind == "pdf" else to_docx, paper)


def to_pdf(paper: Mapping[str, Any]) -> bytes:
    """A PDF by Typst's own fonts, so that every machine makes the same one; the words go in as data."""
    raw: bytes = compiled(TEMPLATE, _set(paper))
    return raw


def to_pictures(paper: Mapping[str, Any], ppi: int = 72) -> list[bytes]:
    """The PDF's pages as PNG."""
    pages = compiled(TEMPLATE, _set(paper), "png", ppi=ppi)
    return pages if isinstance(pages, list) else [pages]


def _set(paper: Mapping[str, Any]) -> dict[str, Any]:
    drawn = [{**one, "drawn": one["drawn"] and _svg(one["drawn"])} for one in paper["signatures"]]
    words = breakable({name: value for name, value in paper.items() if name not in _TO_THE_LETTER})
    signed = [{**one, "name": breakable(one["name"])} for one in drawn]
    boxes = unprintable(json.dumps(paper, ensure_ascii=False))
    address = {"address": paper["address"], "shown": breakable(paper["address"]), "qr": qr_svg(paper["address"])}
    return {**words, **address, "signatures": signed, "hash": paper["hash"], "boxes": boxes}


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
    document, paper = Document(), writable(paper)
    title = f"{paper['title']} {paper['number']}"
    describe(document, author=paper["department"], title=title, subject=paper["subtitle"], made=_MADE)
    _number_pages(set_page(document), paper["short"])
    own = [(paper["department"], False), ("ĐOÀN KIỂM TRA", True)]
    letterhead(document, own, paper["number"], paper["place_and_day"])
    line(document, paper["title"], bold=True, size=15, align=WD_ALIGN_PARAGRAPH.CENTER)
    line(document, paper["subtitle"], bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
    line(document, paper["opening"])
    _who(document, paper)
    _results(document, paper)
    _words(document, paper)
    _sign(document, paper)
    _recipients(document, paper)
    _proof(document, paper)
    out = io.BytesIO()
    document.save(out)
    return always_the_same(out.getvalue())


def _number_pages(section: Any, short: str) -> None:
    below = section.footer.paragraphs[0]
    below.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    field(below, f"Mã kiểm tra: {short}    Trang ", "PAGE")
    field(below, "/", "NUMPAGES")


def _head(document: Any, text: str) -> None:
    line(document, text, bold=True, stays=True)


def _who(document: Any, paper: Mapping[str, Any]) -> None:
    _head(document, "I. Thành phần")
    line(document, "1. Đoàn kiểm tra:")
    for one in paper["team"]:
        document.add_paragraph(one, style="List Bullet")
    line(document, f"2. Đại diện đơn vị được kiểm tra: {paper['representative']}")


def _results(document: Any, paper: Mapping[str, Any]) -> None:
    _head(document, "II. Kết quả kiểm tra")
    line(document, "1. Tình hình nhân sự có mặt:", stays=True)
    _table(document, paper["attendance"], (6.5, 10))
    line(document, f"2. {paper['checked']}")
    line(document, "3. Ghi nhận:", stays=True)
    if paper["findings"]:
        _findings(document, paper["findings"])
    else:
        line(document, "Không có ghi nhận nào.")
    if paper["photos"]:
        line(document, f"Kèm theo {paper['photos']} ảnh, lưu trong hệ thống.")
    if paper["right"]:
        line(document, paper["right"])


def _findings(document: Any, findings: list[list[str]]) -> None:
    table = _table(document, [list(HEADS), *(_row(one)[0] for one in findings)], _COLUMNS)
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
    repeat(table.rows[0])
    for row, one in zip(table.rows[1:], findings, strict=True):
        if words := _row(one)[1]:
            row.cells[1].add_paragraph().add_run(words).italic = True


def _row(one: list[str]) -> tuple[list[str], str]:
    """A finding's cells, and what the inspector wrote, which goes under its name."""
    *cells, words = one
    return cells, "" if words == "–" else words


def _table(document: Any, rows: list[list[str]], widths: tuple[float, ...]) -> Any:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    set_widths(table, widths)
    return table


def _words(document: Any, paper: Mapping[str, Any]) -> None:
    _head(document, "III. Ý kiến của đơn vị")
    line(document, paper["opinion"])
    if paper["demands"] or paper["due"]:
        _head(document, "IV. Yêu cầu của Đoàn kiểm tra")
        for text in filter(None, (paper["demands"], paper["due"])):
            line(document, text)
    # whoever signs signs on the page that holds the last words
    line(document, paper["closing"], stays=True)
    if paper["refusal"] is not None:
        line(document, f"Lý do từ chối ký: {paper['refusal']}", stays=True)


def _sign(document: Any, paper: Mapping[str, Any]) -> None:
    row = document.add_table(rows=1, cols=len(paper["signatures"])).rows[0]
    whole(row)
    cells = row.cells
    for cell, one in zip(cells, paper["signatures"], strict=True):
        line(cell, one["title"], bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        if one["drawn"] and not one["refused"]:
            picture = cell.add_paragraph()
            picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
            height = min(Mm(20), Mm(45) * one["drawn"]["h"] // one["drawn"]["w"])
            picture.add_run().add_picture(io.BytesIO(_png(one["drawn"])), height=height)
        else:
            words = "(từ chối ký)" if one["refused"] else "(ký, ghi rõ họ tên)"
            line(cell, words + "\n\n\n", italic=True, align=WD_ALIGN_PARAGRAPH.CENTER)
        line(cell, one["name"], bold=True, align=WD_ALIGN_PARAGRAPH.CENTER)


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
    line(document, "Nơi nhận:", bold=True, italic=True, size=12, stays=True)
    for one in paper["recipients"]:
        line(document, f"- {one}", size=11)


def _proof(document: Any, paper: Mapping[str, Any]) -> None:
    document.add_paragraph().add_run().add_picture(io.BytesIO(qr_png(paper["address"])), width=Mm(28))
    for text in (f"SHA-256: {paper['hash']}", paper["address"]):  # a break within a paragraph is lost on some readers
        line(document, text, size=9)
