"""Tables as a workbook: numbers are numbers, one table a sheet, the same bytes for the same edition. Pure."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import CellNumberTuple, CellStringTuple, Worksheet

from services.reports.exports.columns import Column, Kind, Table
from services.reports.exports.source import Source

_NO_GUESSING = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_NOTE = 90
_SURE = 70  # characters of a note that stand in a line whatever the font
_LINE = 15  # points
_MANY = 12
_WIDTHS: dict[Kind, int] = {"text": 34, "code": 16, "integer": 12, "number": 12, "boolean": 10, "date": 12}


class _Plain(Worksheet):  # type: ignore[misc]
    """A sheet without formats of rows or columns: most cells are written in one piece.

    The bytes are the library's own, as a test holds; its way of asking each cell for all that it might be took most of
    the time of a large workbook.
    """

    def put_number(self, row: int, col: int, number: float, cell_format: Any) -> None:
        """A number that is one, at a place that is told of by `reach`."""
        self.table[row][col] = CellNumberTuple(number, cell_format)

    def reach(self, rows: int, cols: int) -> None:
        """How far the cells go."""
        self._check_dimensions(rows - 1, cols - 1)

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        kind = cell.__class__
        if kind is CellNumberTuple:
            self.fh.write(f"<c{self._place(row, col, cell)}><v>{cell.number:.16G}</v></c>")
        elif kind is CellStringTuple:
            self.fh.write(f'<c{self._place(row, col, cell)} t="s"><v>{cell.string}</v></c>')
        else:
            super()._write_cell(row, col, cell)

    def _place(self, row: int, col: int, cell: Any) -> str:
        style = f' s="{cell.format._get_xf_index()}"' if cell.format else ""  # noqa: SLF001
        return f' r="{xl_rowcol_to_cell_fast(row, col)}"{style}'


def workbook(tables: Sequence[Table], source: Source, site: str) -> bytes:
    """A sheet of notes, a sheet for each table, and what the columns are called for programs."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **_NO_GUESSING})
    book.set_properties({
        "title": f"{source.title} – {source.edition_name}", "author": "Kỷ Cương",
        # without a time of its own the library writes the clock's; whatever the zone, it marks a time as UTC
        "created": source.cut.astimezone(UTC).replace(tzinfo=None, microsecond=0),
    })  # fmt: skip
    _Sheets(book).write(tables, source, site)
    book.close()
    return out.getvalue()


class _Sheets:
    """Writes the sheets of one workbook with its formats."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._bold = book.add_format({"bold": True, "valign": "top"})
        self._whole = book.add_format({"num_format": "#,##0"})
        self._day = book.add_format({"num_format": "dd/mm/yyyy"})
        self._decimals: dict[int, Any] = {}

    def write(self, tables: Sequence[Table], source: Source, site: str) -> None:
        """The notes first: what a reader opens says what it is."""
        self._notes(source, site)
        for table in tables:
            self._table(table)
        self._columns(tables)

    def _notes(self, source: Source, site: str) -> None:
        sheet = self._book.add_worksheet("Ghi chú")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, _NOTE)
        _on_paper(sheet)
        for at, (label, words) in enumerate(source.notes(site)):
            sheet.set_row(at, _LINE * (1 + len(str(words)) // _SURE))  # not every office program makes room by itself
            sheet.write_string(at, 0, label, self._bold)
            if isinstance(words, int):
                sheet.write_number(at, 1, words, self._book.add_format({"num_format": "#,##0", "align": "left"}))
            else:
                sheet.write_string(at, 1, words, self._wrapped)

    def _table(self, table: Table) -> None:
        sheet = self._book.add_worksheet(table.head, _Plain)
        for at, column in enumerate(table.columns):
            sheet.set_column(at, at, _WIDTHS[column.kind])
            sheet.write_string(0, at, column.head, self._head)
        writers = [(at, column.of, self._writer(sheet, column.kind)) for at, column in enumerate(table.columns)]
        for line, row in enumerate(table.rows, 1):
            for at, of, write in writers:
                value = of(row)
                if value is not None:
                    write(line, at, value)
        sheet.reach(len(table.rows) + 1, len(table.columns))
        sheet.freeze_panes(1, _frozen(table.columns))
        sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
        sheet.repeat_rows(0)
        _on_paper(sheet, wide=len(table.columns) > _MANY)

    def _writer(self, sheet: Any, kind: Kind) -> Callable[[int, int, Any], object]:
        """How a column's values are written; chosen once, for there are hundreds of thousands of cells."""
        number, whole, places = sheet.put_number, self._whole, self._places
        if kind == "integer":
            return lambda line, at, value: number(line, at, value, whole)
        if kind == "number":
            return lambda line, at, value: number(line, at, float(value), places(value))
        if kind == "boolean":
            return lambda line, at, value: sheet.write_boolean(line, at, value)
        if kind == "date":
            return lambda line, at, value: sheet.write_datetime(line, at, datetime.fromisoformat(value), self._day)
        return lambda line, at, value: sheet.write_string(line, at, str(value))

    def _places(self, value: str) -> Any:
        """As many decimals as were given."""
        places = len(value.partition(".")[2])
        if places not in self._decimals:
            self._decimals[places] = self._book.add_format({"num_format": "0." + "0" * places if places else "0"})
        return self._decimals[places]

    def _columns(self, tables: Sequence[Table]) -> None:
        sheet = self._book.add_worksheet("Các cột")
        sheet.set_column(0, 3, 28)
        _on_paper(sheet)
        heads = ("Trang", "Cột", "Tên trong CSV và gói dữ liệu", "Kiểu")
        sheet.write_row(0, 0, heads, self._head)
        lines = [(table.head, column.head, column.name, column.kind) for table in tables for column in table.columns]
        for at, line in enumerate(lines, 1):
            sheet.write_row(at, 0, line)
        sheet.freeze_panes(1, 0)


def _on_paper(sheet: Any, *, wide: bool = False) -> None:
    """One page wide, A4, or A3 where many columns would be too small to read, with its number."""
    sheet.set_landscape()
    sheet.set_paper(8 if wide else 9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P/&N")


def _frozen(columns: Sequence[Column]) -> int:
    """The columns that stay in sight: up to the unit's name, where there is one."""
    return next((at + 1 for at, column in enumerate(columns) if column.name == "unit_name"), 0)
