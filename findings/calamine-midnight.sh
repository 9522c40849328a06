#!/usr/bin/env bash
# XlsxWriter 3.3.1, read by python-calamine 0.9.1 and openpyxl 3.1.5, seen 2026-11-30.
#
# A column of moments, all written by `write_datetime` and in one number format that shows hours. calamine, which one takes for its
# speed, gives a `datetime` for each of them, but a `date` for the one at midnight: it goes by the
# value and not by the format. `sorted` and every comparison with the others are a TypeError, from the first entry of a new day on, and
# `isinstance(cell, date)`, which is true of both, does not tell them apart. openpyxl gives a `datetime` for all, also in a column that
# shows days only.
#
# Seen: as asserted below. Make each cell a `datetime` by its class before comparing.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q xlsxwriter==3.3.1 python-calamine==0.9.1 openpyxl==3.1.5
cd "$place"
"$place/venv/bin/python" - <<'PY'
from datetime import date, datetime

import openpyxl
import xlsxwriter
from python_calamine import CalamineWorkbook

MOMENTS = [datetime(2026, 11, 30, 23, 59), datetime(2026, 12, 1), datetime(2026, 12, 1, 0, 1)]
book = xlsxwriter.Workbook("moments.xlsx")
sheet = book.add_worksheet()
hours = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
for row, moment in enumerate(MOMENTS):
    sheet.write_datetime(row, 0, moment, hours)
book.close()

by_openpyxl = [row[0] for row in openpyxl.load_workbook("moments.xlsx").active.iter_rows(values_only=True)]
by_calamine = [row[0] for row in CalamineWorkbook.from_path("moments.xlsx").get_sheet_by_index(0).to_python()]
print("openpyxl:", *map(repr, by_openpyxl))
print("calamine:", *map(repr, by_calamine))
assert by_openpyxl == MOMENTS and {type(cell) for cell in by_openpyxl} == {datetime}
assert [type(cell) for cell in by_calamine] == [datetime, date, datetime] and by_calamine[1] == date(2026, 12, 1)
try:
    sorted(by_calamine)
except TypeError as refusal:
    print("sorted:", refusal)
else:
    raise SystemExit("they can be compared now")
PY
