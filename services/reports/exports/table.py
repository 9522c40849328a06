"""Tables as CSV: for programs, and in the dialect of a Vietnamese Excel. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from services.kernel.web.downloads import csv_cell
from services.reports.exports.columns import COMPARED, FIGURES, OF, STANDS_AT, SURVEYED, UNIT, Column, Row, Table
from services.reports.scoring.cards import TreeHead
from services.reports.scoring.masks import masked

Dialect = Literal["plain", "excel-vi"]
MARK = "\ufeff"
_LINE_END = "\r\n"
_LIKE_A_NUMBER = re.compile(r"[0-9][0-9.,eE+-]*")
_BEFORE, _AFTER = (*UNIT, *FIGURES), (*COMPARED, *SURVEYED)
_KEPT = 8_192  # lines


def csv_bytes(
    rows: Iterable[str], *, quarter: str, edition: str, rules: str | None, head: TreeHead, dialect: Dialect = "plain"
) -> bytes:
    """A quarter's list, its rows given as JSON text, with a UTF-8 mark and CRLF; no cell is a formula.

    A row's own cells are written once for each text: from one answer to the next, few rows change.
    """
    top = {"quarter": quarter, "edition": edition, "rules": rules, "log": head.json()}
    mark, first, last = _separator(dialect), _line(OF, top, dialect), _line(STANDS_AT, top, dialect)
    lines = [_heads((*OF, *_BEFORE, *STANDS_AT, *_AFTER), dialect)]
    for row in rows:
        before, after = _own_cells(row, dialect)
        lines.append(f"{first}{mark}{before}{mark}{last}{mark}{after}")
    return (MARK + _LINE_END.join(lines) + _LINE_END).encode()


def table_csv(table: Table, dialect: Dialect = "plain", *, marked: bool = True) -> bytes:
    """Any table; `marked`: with a UTF-8 mark, by which Excel knows the encoding."""
    lines = [_heads(table.columns, dialect), *(_line(table.columns, row, dialect) for row in table.rows)]
    return ((MARK if marked else "") + _LINE_END.join(lines) + _LINE_END).encode()


@lru_cache(maxsize=_KEPT)
def _own_cells(row: str, dialect: Dialect) -> tuple[str, str]:
    shown = masked(json.loads(row))
    return _line(_BEFORE, shown, dialect), _line(_AFTER, shown, dialect)


def _heads(columns: Sequence[Column], dialect: Dialect) -> str:
    return _written([column.head if dialect == "excel-vi" else column.name for column in columns], dialect)


def _line(columns: Sequence[Column], row: Row | Mapping[str, Any], dialect: Dialect) -> str:
    return _written([_cell(column, column.of(row), dialect) for column in columns], dialect)


def _written(cells: Sequence[str], dialect: Dialect) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=_separator(dialect), lineterminator=_LINE_END).writerow(cells)
    return out.getvalue().removesuffix(_LINE_END)


def _separator(dialect: Dialect) -> str:
    return ";" if dialect == "excel-vi" else ","


def _cell(column: Column, value: Any, dialect: Dialect) -> str:
    if value is None:
        return ""
    if column.kind == "number":
        return str(value).replace(".", ",") if dialect == "excel-vi" else str(value)
    if column.kind == "boolean":
        return "true" if value else "false"
    text = csv_cell(value)
    if dialect == "excel-vi" and column.kind == "code" and _LIKE_A_NUMBER.fullmatch(text):
        return f"'{text}"  # a code stays a text, where Excel would make a number or a day of it
    return text
