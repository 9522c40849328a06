#!/usr/bin/env bash
# python-docx 1.2.0, XlsxWriter 3.3.1, openpyxl 3.1.5 and python-calamine 0.9.1, seen 2026-11-30.
#
# What is typed into a form's box of several lines comes with CR LF between them; so says HTML, on every system. One such text through an
# office's files:
# - python-docx makes a break of each of the two, and reads both back: every second line is empty, and a letter grows past its page.
# - XlsxWriter keeps the carriage return as the format has it, `_x000D_` (ECMA-376, ST_Xstring), and calamine makes one of it again; openpyxl hands over the seven signs, which then stand in the next list. What openpyxl writes itself comes back.
# - A text that has such signs of its own, as a code or a file's name may, is the other half of the same rule: XlsxWriter escapes it and
#   both read it as written; openpyxl writes it as it is, reads it as it is, and to calamine "mẫu_x0041_b" is "mẫuAb".
# So each library agrees with itself, and a test that reads back what it wrote finds nothing.
#
# Seen: as asserted below. Make LF of CR LF where the form is read; try a file with another library than the one that wrote it.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q python-docx==1.2.0 xlsxwriter==3.3.1 openpyxl==3.1.5 python-calamine==0.9.1
cd "$place"
"$place/venv/bin/python" - <<'PY'
import openpyxl
import xlsxwriter
from docx import Document
from python_calamine import CalamineWorkbook

TYPED, CODE = "Chưa niêm yết.\r\nĐã nhắc.", "mẫu_x0041_b"


def by_xlsxwriter():
    book = xlsxwriter.Workbook("a.xlsx")
    sheet = book.add_worksheet()
    for row, text in enumerate((TYPED, CODE)):
        sheet.write_string(row, 0, text)
    book.close()
    return "a.xlsx"


def by_openpyxl():
    book = openpyxl.Workbook()
    for text in (TYPED, CODE):
        book.active.append([text])
    book.save("b.xlsx")
    return "b.xlsx"


def read(path):
    rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [row[0] for row in rows], [row[0] for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()]


seen = {}
for write in (by_xlsxwriter, by_openpyxl):
    for reader, told in zip(("openpyxl", "calamine"), read(write()), strict=True):
        seen[write.__name__, reader] = told
        print(write.__name__, "read by", reader, told)
assert seen == {
    ("by_xlsxwriter", "openpyxl"): ["Chưa niêm yết._x000D_\nĐã nhắc.", CODE],
    ("by_xlsxwriter", "calamine"): [TYPED, CODE],
    ("by_openpyxl", "openpyxl"): [TYPED, CODE],
    ("by_openpyxl", "calamine"): [TYPED, "mẫuAb"],
}
document = Document()
document.add_paragraph(TYPED)
document.save("c.docx")
told = Document("c.docx").paragraphs[0].text
print("python-docx", repr(told))
assert told == "Chưa niêm yết.\n\nĐã nhắc."
PY
