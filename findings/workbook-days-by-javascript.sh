#!/usr/bin/env bash
# XlsxWriter 3.3.1, read by SheetJS (xlsx 0.18.5, the newest on npm) and ExcelJS 4.4.0 in Node, seen 2026-11-30.
#
# A cell of 30 November 2026, 00:00, and one of 08:00. A workbook knows no zone; both readers give a JavaScript Date, each another:
# - ExcelJS takes the wall clock for UTC: shown in Viet Nam, 08:00 is 15:00, and in America the day before.
# - SheetJS (`cellDates: true`) takes it for local time, as one would, and counts from the last days of 1899. Viet Nam's clocks were
#   07:06:30 ahead then, of which JavaScript tells whole minutes only, so that every moment comes 30 seconds early, also one of this
#   year. A cell that holds a day is midnight: the whole column has moved to the day before. In UTC, where a suite runs, and in Europe
#   and America, which had whole hours by then, nothing shows. The text that it formats itself (`w`) is right.
#
# Seen: as asserted below. Take the text, or the serial number and count days oneself.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q xlsxwriter==3.3.1
npm install --silent --no-audit --no-fund --prefix "$place" xlsx@0.18.5 exceljs@4.4.0 >/dev/null
cd "$place"
venv/bin/python - <<'PY'
from datetime import datetime

import xlsxwriter

book = xlsxwriter.Workbook("days.xlsx")
sheet = book.add_worksheet()
shown = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
for row, hour in enumerate((0, 8)):
    sheet.write_datetime(row, 0, datetime(2026, 11, 30, hour), shown)
book.close()
PY
cat > read.mjs <<'JS'
import ExcelJS from "exceljs";
import XLSX from "xlsx";

const two = (number) => String(number).padStart(2, "0");
const local = (date) =>
  `${date.getDate()}/${date.getMonth() + 1} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
const sheet = XLSX.readFile("days.xlsx", { cellDates: true }).Sheets.Sheet1;
const book = new ExcelJS.Workbook();
await book.xlsx.readFile("days.xlsx");
const cells = ["A1", "A2"];
console.log(JSON.stringify({
  sheetjs: cells.map((cell) => local(sheet[cell].v)),
  text: cells.map((cell) => sheet[cell].w),
  exceljs: cells.map((cell) => local(book.worksheets[0].getCell(cell).value)),
}));
JS
for zone in Asia/Ho_Chi_Minh UTC America/New_York; do
    echo "$zone $(TZ=$zone node read.mjs)" | tee -a read
done
diff - read <<'SEEN'
Asia/Ho_Chi_Minh {"sheetjs":["29/11 23:59:30","30/11 07:59:30"],"text":["30/11/2026 00:00","30/11/2026 08:00"],"exceljs":["30/11 07:00:00","30/11 15:00:00"]}
UTC {"sheetjs":["30/11 00:00:00","30/11 08:00:00"],"text":["30/11/2026 00:00","30/11/2026 08:00"],"exceljs":["30/11 00:00:00","30/11 08:00:00"]}
America/New_York {"sheetjs":["30/11 00:00:00","30/11 08:00:00"],"text":["30/11/2026 00:00","30/11/2026 08:00"],"exceljs":["29/11 19:00:00","30/11 03:00:00"]}
SEEN
