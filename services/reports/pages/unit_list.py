"""A quarter's list in pieces a person can read: searched by name, inspected units first, a page at a time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from services.domain.folding import plain

Row = Mapping[str, Any]
PAGE = 50
ALL = "all"
LONGEST_SEARCH = 100


def matching(rows: Sequence[Row], search: str) -> list[Row]:
    """The rows in whose name or id a word begins with each of the search's words; a name that has them together first.

    All rows when the search has no letter or digit.
    """
    wanted = plain(search)
    if not wanted:
        return list(rows)
    found = [(row, plain(row["unit_name"])) for row in rows if _has(row, wanted.split())]
    found.sort(key=lambda pair: f" {wanted} " not in f" {pair[1]} ")  # stable: the chosen order stays within both
    return [row for row, _ in found]


def _has(row: Row, words: Sequence[str]) -> bool:
    known = plain(f"{row['unit_name']} {row['unit']}").split()
    return all(any(one.startswith(word) for one in known) for word in words)


@dataclass(frozen=True, slots=True)
class Pages:
    """One page of the inspected units, how many there are, and the units without an inspection."""

    shown: Sequence[Row]
    first: int
    inspected: int
    page: int
    pages: int
    everything: bool
    waiting: Sequence[Row]

    def marks(self) -> list[int | None]:
        """The pages to offer: the first, the last, those around this one; None where some are left out."""
        offered = sorted({1, self.pages, *range(max(1, self.page - 1), min(self.pages, self.page + 1) + 1)})
        marks: list[int | None] = []
        for before, number in pairwise([0, *offered]):
            if number - before > 1:
                marks.append(number - 1 if number - before == 2 else None)  # a gap of one takes no less room
            marks.append(number)
        return marks

    @classmethod
    def of(cls, rows: Sequence[Row], page: str) -> Pages:
        """Cut ordered rows; a page that does not exist is the nearest one, `all` is everything."""
        inspected = [row for row in rows if row["exposure"]["inspections"]]
        waiting = [row for row in rows if not row["exposure"]["inspections"]]
        pages = max(1, -(-len(inspected) // PAGE))
        if page == ALL:
            return cls(inspected, 1, len(inspected), 1, pages, True, waiting)
        number = min(pages, max(1, int(page))) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        start = (number - 1) * PAGE
        return cls(inspected[start : start + PAGE], start + 1, len(inspected), number, pages, False, waiting)
