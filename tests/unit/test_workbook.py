"""A workbook's bytes are those that the library writes cell by cell, whatever a cell holds."""

from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from xlsxwriter.worksheet import Worksheet

from services.reports.exports import workbook as made
from services.reports.exports.document import list_sheet
from services.reports.exports.source import PART, Source
from services.reports.exports.tables import list_sheets
from tests.bench.bench_exports import CUT, OFFICE, listing


class ByTheBook(Worksheet):  # type: ignore[misc]
    """The library's own writing."""

    def put_number(self, *cell: Any) -> None:
        self.write_number(*cell)

    def reach(self, rows: int, cols: int) -> None:
        """It knows by itself."""


def test_cells_written_in_one_piece_are_those_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = listing(40)
    cards["cards"][3] |= {"unit_name": ' <UBND> & "xã" _x0041_\n ', "score": None, "comparison": None, "survey": None}
    cards["cards"][4]["comparison"] |= {"z": "-12345678.90", "rank": None, "expected": "0.00"}
    source, sheets = Source.of(cards, CUT), list_sheets(cards)
    quick = made.workbook(sheets, source, OFFICE.site)
    monkeypatch.setattr(made, "_Plain", ByTheBook)
    assert made.workbook(sheets, source, OFFICE.site) == quick


def test_a_workbook_was_made_when_its_cut_was() -> None:
    cards = listing(1)
    book = made.workbook(list_sheets(cards), Source.of(cards, datetime.fromisoformat("2026-10-16T08:00:00+07:00")), "/")
    with ZipFile(BytesIO(book)) as parts:
        assert b'W3CDTF">2026-10-16T01:00:00Z</dcterms:created>' in parts.read("docProps/core.xml")


def test_what_is_a_part_of_a_list_says_so_wherever_a_reader_looks_first() -> None:
    for part in (False, True):
        cards = listing(2) | ({"part": True} if part else {})
        source = Source.of(cards, CUT)
        assert any(words.startswith(PART) for _, words in source.notes("/") if isinstance(words, str)) is part
        assert any(PART in text for text in list_sheet(cards, source, OFFICE, {}).opening) is part
