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
from services.reports.pages import attention
from services.reports.pages.collation import vietnamese_key
from services.reports.pages.unit_list import ALL, LONGEST_SEARCH
from services.reports.reading.access import FROZEN
from services.reports.reading.listing import LIVE
from services.reports.scoring.method import BAND_LABELS, GROUPS

FIRST = "first"
"""The order in which somebody should look: the worst first."""


def _deduction_of(group: str) -> Callable[[Mapping[str, Any]], Decimal]:
    return lambda row: Decimal(row["deductions"][group])


SORTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    FIRST: attention.first,
    "name": lambda row: vietnamese_key(row["unit_name"]),
    "visits": lambda row: row["exposure"]["inspections"],
    "persons": lambda row: row["exposure"]["persons_checked"],
    "score": lambda row: Decimal(row["score"] or 0),
    "delta": lambda row: row["delta"] or 0,
    "rate": lambda row: Decimal(row["comparison"]["rate"] or 0) if row["comparison"] else Decimal(0),
    "pending": lambda row: row["pending"]["findings"],
    **{group: _deduction_of(group) for group in GROUPS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The parts of an address; each falls back to its first meaning when it is unknown."""

    quarter: str
    group: str | None
    band: str | None
    standing: str | None
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
            band=next((band for band in BAND_LABELS if band == query.get("band")), None),
            standing=next((one for one in attention.STANDINGS if one == query.get("standing")), None),
            edition=_edition(query.get("edition")),
            sort=query.get("sort", "") if query.get("sort") in SORTS else FIRST,
            descending=query.get("dir") == "desc",
            search=query.get("q", "").strip()[:LONGEST_SEARCH],
            page=query.get("page", "1"),
        )

    def query(self, **changes: str | None) -> str:
        """The address's query with some parts changed; what is None is left out."""
        parts = {
            "quarter": self.quarter, "group": self.group, "band": self.band, "standing": self.standing,
            "edition": self.edition, "q": self.search or None,
        } | changes  # fmt: skip
        return "?" + urlencode({name: value for name, value in parts.items() if value is not None})

    def order(self) -> dict[str, str]:
        """The query's part that keeps the table's order; empty for the first one."""
        if (self.sort, self.descending) == (FIRST, False):
            return {}
        return {"sort": self.sort, "dir": "desc" if self.descending else "asc"}

    def turn(self, page: int | str) -> str:
        """The address's query of another page in the same order."""
        return self.query(**self.order(), page=str(page))

    def sorted_by(self, sort: str) -> str:
        """The address's query with the table by a column; by the other end when it is so already."""
        down = self.sort == sort and not self.descending
        return self.query(sort=sort, dir="desc" if down else "asc", page=ALL if self.page == ALL else None)

    def narrowed_to(self, facet: str, value: str | None) -> str:
        """The address's query with the list narrowed to one kind, band or standing, or no longer; in the same order."""
        return self.query(**self.order(), **{facet: value})

    def card(self) -> str:
        """What of the query a unit's page needs."""
        return self.query(group=None, band=None, standing=None, q=None)

    def across(self) -> str:
        """What of the query the other pages about the quarter need."""
        return self.query(band=None, standing=None, q=None)

    def of_quarter(self, quarter: str, edition: str) -> str:
        """The query of a unit's page in another quarter."""
        return "?" + urlencode({"quarter": quarter} | ({} if edition == LIVE else {"edition": edition}))

    @property
    def narrowed(self) -> bool:
        """Whether the list is searched or shows one band or standing only."""
        return bool(self.search or self.band or self.standing)

    def admits(self, row: Mapping[str, Any], *, but: str = "") -> bool:
        """Whether a row is of the chosen kind, band and standing; `but` names one of them not to ask."""
        return all(
            (
                but == "group" or self.group in (None, row["group"]),
                but == "band" or self.band in (None, row["band"]),
                but == "standing" or self.standing in (None, attention.standing(row)),
            )
        )


def _edition(text: str | None) -> str:
    return text if text and re.fullmatch(FROZEN, text) else "live"
