"""What the reader of a page chose to see, read off its address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from services.domain import words
from services.kernel.quarters import quarter_of
from services.reports.pages.collation import vietnamese_key
from services.reports.pages.unit_list import ALL, LONGEST_SEARCH
from services.reports.reading.access import FROZEN
from services.reports.scoring.method import GROUPS


def _deduction_of(group: str) -> Callable[[Mapping[str, Any]], Decimal]:
    return lambda row: Decimal(row["deductions"][group])


SORTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "name": lambda row: vietnamese_key(row["unit_name"]),
    "visits": lambda row: row["exposure"]["inspections"],
    "persons": lambda row: row["exposure"]["persons_checked"],
    "score": lambda row: Decimal(row["score"] or 0),
    "pending": lambda row: row["pending"]["findings"],
    **{group: _deduction_of(group) for group in GROUPS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The parts of an address; each falls back to its first meaning when it is unknown."""

    quarter: str
    group: str | None
    edition: str
    sort: str
    descending: bool
    search: str
    page: str

    @classmethod
    def of(cls, request: Request, today: date) -> Choice:
        """Read the choice off the address."""
        query = request.query_params
        return cls(
            quarter=query.get("quarter") or quarter_of(today),
            group=next((group for group in words.GROUPS if group == query.get("group")), None),
            edition=_edition(query.get("edition")),
            sort=query.get("sort", "") if query.get("sort") in SORTS else "name",
            descending=query.get("dir") == "desc",
            search=query.get("q", "").strip()[:LONGEST_SEARCH],
            page=query.get("page", "1"),
        )

    def query(self, **changes: str | None) -> str:
        """The address's query with some parts changed; what is None is left out."""
        parts = {"quarter": self.quarter, "group": self.group, "edition": self.edition, "q": self.search or None}
        parts |= changes
        return "?" + urlencode({name: value for name, value in parts.items() if value is not None})

    def order(self) -> dict[str, str]:
        """The query's part that keeps the table's order; empty for the first one."""
        if (self.sort, self.descending) == ("name", False):
            return {}
        return {"sort": self.sort, "dir": "desc" if self.descending else "asc"}

    def turn(self, page: int | str) -> str:
        """The address's query of another page in the same order."""
        return self.query(**self.order(), page=str(page))

    def sorted_by(self, sort: str) -> str:
        """The address's query with the table by a column; by the other end when it is so already."""
        down = self.sort == sort and not self.descending
        return self.query(sort=sort, dir="desc" if down else "asc", page=ALL if self.page == ALL else None)

    def card(self) -> str:
        """What of the query a unit's page needs."""
        return self.query(group=None, q=None)


def _edition(text: str | None) -> str:
    return text if text and re.fullmatch(FROZEN, text) else "live"
