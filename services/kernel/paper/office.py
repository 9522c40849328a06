"""Parts of a .docx as offices lay papers out, which python-docx has no word for; and the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
FACE = "Times New Roman"


def writable(said: Any) -> Any:
    """The same without the two characters that people may write and XML may not hold (XML 1.0, 2.2)."""
    if isinstance(said, str):
        return said.translate({0xFFFE: None, 0xFFFF: None})
    if isinstance(said, Mapping):
        return {name: writable(value) for name, value in said.items()}
    return [writable(one) for one in said] if isinstance(said, list | tuple) else said


def describe(document: Any, *, author: str, title: str, subject: str, made: datetime) -> None:
    """Who made it and in which language: the library would write its own name, 2013 and American English."""
    about = document.core_properties
    about.author = about.last_modified_by = author
    about.title, about.subject, about.comments = title, subject, ""
    about.created = about.modified = made
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


def set_page(document: Any, *, wide: bool = False) -> Any:
    """A4 with the margins of NĐ 30/2020 in Times New Roman 13; its section."""
    section, style = document.sections[0], document.styles["Normal"]
    section.page_width, section.page_height = (Mm(297), Mm(210)) if wide else (Mm(210), Mm(297))
    section.left_margin, section.right_margin = Mm(20) if wide else Mm(30), Mm(15)
    section.top_margin, section.bottom_margin = Mm(20), Mm(20)
    style.font.name, style.font.size = FACE, Pt(13)
    for script in ("w:eastAsia", "w:cs"):  # the name alone is that of Latin letters
        style.element.rPr.rFonts.set(qn(script), FACE)
    style.paragraph_format.space_after = Pt(4)
    return section


def field(paragraph: Any, text: str, name: str, size: int = 9) -> None:
    """Words, and behind them a number that the office program fills in."""
    paragraph.add_run(text).font.size = Pt(size)
    shown, inner = paragraph.add_run("1"), paragraph.paragraph_format.element
    shown.font.size = Pt(size)
    simple = inner.makeelement(qn("w:fldSimple"), {qn("w:instr"): name})
    simple.append(shown.font.element)
    inner.append(simple)


def line(
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


def rule(place: Any, indent: float) -> None:
    """A rule under what stands above it, `indent` cm in from both sides, as the letterhead has it (NĐ 30/2020)."""
    paragraph = line(place, "", size=2)
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Cm(indent)
    form.line_spacing = Pt(4)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - the library has no borders
    borders = properties.makeelement(qn("w:pBdr"), {})
    drawn = {qn("w:val"): "single", qn("w:sz"): "6", qn("w:space"): "1", qn("w:color"): "000000"}
    borders.append(borders.makeelement(qn("w:bottom"), drawn))
    properties.insert_element_before(borders, "w:spacing", "w:ind", "w:jc", "w:rPr")


def letterhead(
    document: Any, left: Sequence[tuple[str, bool]], number: str, place_and_day: str, *, wide: bool = False
) -> None:
    """Who writes, under a rule, beside the nation's name and motto, with the place and the day."""
    head = document.add_table(rows=1, cols=2)
    set_widths(head, (10, 15.2) if wide else (5.5, 11))  # the second holds its first line whole
    own, nation = head.rows[0].cells
    centre = WD_ALIGN_PARAGRAPH.CENTER
    for text, bold in left:
        line(own, text, bold=bold, align=centre)
    rule(own, 3.5 if wide else 2.0)
    line(own, f"Số: {number}", align=centre)
    line(nation, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, align=centre)
    line(nation, "Độc lập - Tự do - Hạnh phúc", bold=True, align=centre)
    rule(nation, 4.5 if wide else 2.0)
    line(nation, place_and_day, italic=True, align=centre)


def repeat(row: Any) -> None:
    """A table's head stands on each page that the table reaches."""
    row._tr.get_or_add_trPr().append(row._tr.makeelement(qn("w:tblHeader"), {}))  # noqa: SLF001 - no public way


def whole(row: Any) -> None:
    """A row is not parted between two pages."""
    row._tr.get_or_add_trPr().append(row._tr.makeelement(qn("w:cantSplit"), {}))  # noqa: SLF001 - no public way


def set_widths(grid: Any, widths: Sequence[float]) -> None:
    """Widths in cm, of the columns and of each cell: office programs go by one or the other."""
    grid.autofit = False
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)


def always_the_same(raw: bytes) -> bytes:
    """The same archive without the time of its making."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return out.getvalue()
