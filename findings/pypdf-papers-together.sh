#!/usr/bin/env bash
# pypdf 7.1.1 with papers by typst 0.15.2 (the Python wheel), seen 2026-12-01.
#
# Papers that a screen reader can read and an archive takes (PDF/A-2a, PDF/UA-1) are put together into one file, or a page is taken out of one, with
# `PdfWriter.append` or `add_page`. All looks as before, and without a word it is neither any more: the tree of tags, the language, the title, and
# what says PDF/A are gone, for they hang on the document and not on its pages. The marks in the pages' streams stay and point to nothing. So
# Vietnamese is read aloud by the reader's own language, a table as a row of words.
# `PdfWriter(clone_from=…)` keeps all of it, also with something written over a page, so one paper that is only stamped shows no loss.
#
# Seen: as asserted below. Set what belongs together as one document, or send papers side by side (a ZIP, attachments).
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q typst==0.15.2 pypdf==7.1.1
"$place/venv/bin/python" - <<'PY'
import io

import typst
from pypdf import PdfReader, PdfWriter

SOURCE = """#set document(title: "Kết luận", date: datetime(year: 2026, month: 11, day: 30))
#set text(lang: "vi")
= Kết luận
#table(columns: 2, table.header[Đơn vị][Điểm], [UBND xã A], [91,50])
"""
OF_THE_WHOLE = ("/Lang", "/MarkInfo", "/Metadata", "/StructTreeRoot")


def raw(writer):
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def told(pdf):
    """What a paper says of itself, its language and title, and whether its pages' content is marked for a tree of tags."""
    reader = PdfReader(io.BytesIO(pdf))
    root, content = reader.trailer["/Root"], reader.pages[0].get_contents().get_data()
    return [one in root for one in OF_THE_WHOLE], root.get("/Lang"), (reader.metadata or {}).get("/Title"), b"/MCID" in content


def together(*papers):
    writer = PdfWriter()
    for paper in papers:
        writer.append(io.BytesIO(paper))
    return raw(writer)


def a_page(paper):
    writer = PdfWriter()
    writer.add_page(PdfReader(io.BytesIO(paper)).pages[0])
    return raw(writer)


for standard, says in (("a-2a", b"pdfaid:conformance"), ("ua-1", b"pdfuaid:part")):
    paper = typst.compile(SOURCE.encode(), format="pdf", pdf_standards=[standard], ignore_system_fonts=True)
    copy = raw(PdfWriter(clone_from=io.BytesIO(paper)))
    for whole in (paper, copy):
        assert told(whole) == ([True] * 4, "vi", "Kết luận", True), told(whole)
        assert says in PdfReader(io.BytesIO(whole)).trailer["/Root"]["/Metadata"].get_data()
    for name, made in {"together": together(paper, paper), "alone": together(paper), "a page": a_page(paper)}.items():
        print(standard, name, told(made))
        assert told(made) == ([False] * 4, None, None, True), told(made)
PY
