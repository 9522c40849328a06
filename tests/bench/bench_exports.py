"""Exports: a quarter as files, beside a bare workbook of as many cells."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import xlsxwriter

from services.kernel.paper.editable import to_docx
from services.kernel.paper.typeset import to_pdf
from services.reports.exports.document import list_sheet
from services.reports.exports.package import data_package
from services.reports.exports.source import Office, Source
from services.reports.exports.table import csv_bytes
from services.reports.exports.tables import list_sheets, list_tables
from services.reports.exports.workbook import workbook
from services.reports.scoring.cards import TreeHead
from services.reports.text import dump
from tests.bench.limits import Limit, at_most

MANY, PROVINCE = 5_000, 524  # units
TIMES = 3
ROOT = "8B4EXlJTOKJbaSkkLnrZSbLQmMNhaz4+8r0aYGEd2hM="
OFFICE = Office(department="Sở Nội vụ tỉnh An Sơn", seat="An Sơn", site="https://kycuong.example/")
CUT = datetime(2026, 10, 15, 3, tzinfo=UTC)


def measure() -> Iterator[Limit]:
    """Every format of a quarter with all its columns full."""
    many, province = listing(MANY), listing(PROVINCE)
    source, sheets = Source.of(many, CUT), list_sheets(many)
    cells = sum(len(table.columns) * len(table.rows) for table in sheets)
    bare = _took(lambda: bare_workbook(cells))
    made = _took(lambda: workbook(sheets, source, OFFICE.site))
    yield at_most(f"XLSX of {MANY:,} units, {cells:,} cells", 2, made, " s")
    yield at_most(f"  beside a bare workbook of as many numbers ({bare:.2f} s)", 2.5, made / bare, " x")
    yield at_most(f"PDF of {PROVINCE} units", 10, _took(lambda: to_pdf(list_sheet(province, source, OFFICE, {}))), " s")
    yield at_most(
        f".docx of {PROVINCE} units", 10, _took(lambda: to_docx(list_sheet(province, source, OFFICE, {}))), " s"
    )
    package = _took(lambda: data_package(list_tables(many), source, OFFICE.site))
    yield at_most(f"data package of {MANY:,} units", 2, package, " s")
    rows, head = [dump(row) for row in many["cards"]], TreeHead(1, ROOT)
    cold = _took(lambda: csv_bytes(rows, quarter="2026-Q3", edition="live", rules="2026.3", head=head), times=1)
    warm = _took(lambda: csv_bytes(rows, quarter="2026-Q3", edition="live", rules="2026.3", head=head))
    yield at_most(
        f"CSV of {MANY:,} units, of which none is new (the first {cold * 1000:,.0f} ms)", 40, warm * 1000, " ms"
    )


def listing(units: int) -> dict[str, Any]:
    """A quarter's list as GET answers it, of so many units, each compared and surveyed."""
    return {
        "quarter": "2026-Q3", "edition": "official", "rules": "2026.3", "log": {"size": 123_456, "root": ROOT},
        "cards_root": ROOT, "cards": [row(number) for number in range(units)], "next": None,
    }  # fmt: skip


def row(number: int) -> dict[str, Any]:
    """One unit's."""
    return {
        "unit": f"xa-so-{number:04d}", "unit_name": f"UBND xã Tân Hòa {number}",
        "group": ("xa", "so", "phuong")[number % 3],
        "exposure": {"inspections": 2, "persons_checked": 40 + number % 60, "files_checked": 12}, "score": "94.25",
        "band": "good", "band_label": "Tốt", "gates": [], "bonus": "1.00",
        "deductions": dict.fromkeys("ABCDEFH", "1.25"), "pending": {"findings": 2, "score_if_upheld": "91.00"},
        "survey": [
            {"source": "SIPAS", "answered": 80, "satisfied": 71, "share": "88.75", "interval": ["80.0", "94.0"]}
        ],
        "comparison": {
            "peer_group": "commune", "units": 200, "window": ["2026-Q3"], "observed": 7, "exposure": 214,
            "expected": "4.60", "rate": "2.8834", "interval": ["1.3352", "5.2002"], "z": "-0.73", "standing": "within",
            "better": False, "fdr": False, "rank": {"expected": "6.2", "interval": [4, 8]}, "random_share": "0.75",
            "trend": {"previous": [], "improved": "0.87"},
        },
    }  # fmt: skip


def bare_workbook(cells: int) -> bytes:
    """As many numbers as that, and nothing else."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number in range(cells):
        sheet.write_number(number // 40, number % 40, number)
    book.close()
    return out.getvalue()


def _took(make: Callable[[], bytes], times: int = TIMES) -> float:
    """The median's seconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        assert make()
        took.append(time.perf_counter() - began)
    return statistics.median(took)
