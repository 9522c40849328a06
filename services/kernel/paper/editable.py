"""A paper as .docx, which the office can edit: real tables, its charts as pictures."""

from __future__ import annotations

import io
from copy import deepcopy
from datetime import datetime, time
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt

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
)
from services.kernel.paper.sheet import Grid, Part, Sheet
from services.kernel.paper.typeset import qr_png, to_picture

_CENTRE, _RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def to_docx(sheet: Sheet) -> bytes:
    """The paper as .docx in Times New Roman."""
    document = Document()
    made = datetime.combine(sheet.made_on, time())
    describe(document, author=sheet.department, title=sheet.title, subject=sheet.subtitle, made=made)
    _number_pages(set_page(document, wide=sheet.wide), sheet.mark)
    letterhead(document, [(sheet.department, True)], sheet.number, sheet.place_and_day, wide=sheet.wide)
    line(document, sheet.title, bold=True, size=14, align=_CENTRE)
    line(document, sheet.subtitle, bold=True, align=_CENTRE)
    for text in sheet.opening:
        line(document, text)
    for part in sheet.parts:
        _part(document, part, sheet.wide)
    _sign(document, sheet)
    _proof(document, sheet)
    out = io.BytesIO()
    document.save(out)
    return always_the_same(out.getvalue())


def _number_pages(section: Any, mark: str) -> None:
    """In the middle above the text, from the second page on (NĐ 30/2020)."""
    section.different_first_page_header_footer = True
    above = section.header.paragraphs[0]
    above.alignment = _CENTRE
    field(above, "", "PAGE", 13)
    for below in (section.footer.paragraphs[0], section.first_page_footer.paragraphs[0]):
        below.alignment = _RIGHT
        below.add_run(f"Mã kiểm tra: {mark}").font.size = Pt(9)


def _part(document: Any, part: Part, wide: bool) -> None:
    line(document, part.head, bold=True, stays=True)
    for text in part.text:
        line(document, text)
    if part.bars is not None:
        paragraph = document.add_paragraph()
        paragraph.add_run().add_picture(io.BytesIO(to_picture(part.bars)), width=Cm(15))
    if part.grid is not None:
        _grid(document, part.grid, 10 if wide else 11)


def _grid(document: Any, grid: Grid, size: int) -> None:
    table = document.add_table(rows=2 if grid.rows else 1, cols=len(grid.heads), style="Table Grid")
    set_widths(table, grid.widths)
    for at, (cell, text) in enumerate(zip(table.rows[0].cells, grid.heads, strict=True)):
        line(cell, text, bold=True, size=size, align=_CENTRE)
        if grid.rows:
            line(table.rows[1].cells[at], " ", size=size, align=_RIGHT if at in grid.figures else None)
    repeat(table.rows[0])
    if grid.rows:
        whole(table.rows[1])
        _fill(table, grid)


def _fill(table: Any, grid: Grid) -> None:
    """Rows copied from the first: cell by cell, the library looks each up in the whole table again."""
    pattern = table.rows[1]._tr  # noqa: SLF001 - no public way
    parent = pattern.getparent()
    parent.remove(pattern)
    for row in grid.rows:
        made = deepcopy(pattern)
        for place, text in zip(made.iter(qn("w:t")), row, strict=True):
            place.text = text
        parent.append(made)


def _sign(document: Any, sheet: Sheet) -> None:
    table = document.add_table(rows=1, cols=2)
    whole(table.rows[0])
    left, right = table.rows[0].cells
    line(left, "Nơi nhận:", bold=True, italic=True, size=12)
    for one in sheet.recipients:
        line(left, f"- {one}", size=11)
    line(right, sheet.signer, bold=True, align=_CENTRE)
    line(right, "(ký, ghi rõ họ tên)\n\n\n\n", italic=True, align=_CENTRE)


def _proof(document: Any, sheet: Sheet) -> None:
    document.add_paragraph().add_run().add_picture(io.BytesIO(qr_png(sheet.address)), width=Mm(28))
    line(document, "\n".join(("Quét mã để đối chiếu với nhật ký.", *sheet.proof, sheet.address)), size=9)
