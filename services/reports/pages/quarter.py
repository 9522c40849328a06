"""A quarter by peer group: what waits for the reader, figures, chart, and a table that can be sorted by link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date, quarter_of
from services.reports.pages import chart
from services.reports.pages.choice import SORTS, Choice
from services.reports.pages.frame import render
from services.reports.pages.unit_list import Pages, matching
from services.reports.pages.waiting import waiting
from services.reports.reading import access
from services.reports.reading.editions import editions
from services.reports.reading.listing import LIVE, Listing
from services.reports.reading.live_cards import quarters
from services.reports.reading.names import beside_names
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State
from services.reports.scoring.cards import bands
from services.reports.scoring.method import GROUPS

COLUMNS = (
    ("name", "Đơn vị", "Unit"),
    ("visits", "Số cuộc", "Inspections"),
    ("score", "Điểm", "Score"),
    ("persons", "Lượt người", "Persons"),
    ("pending", "Chờ kết luận", "Pending"),
)


async def quarter_page(request: Request, state: State, caller: Caller) -> Response:
    """The dashboard."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    reviews = access.reviews(caller, now)
    async with state.reader.snapshot() as snapshot:
        listing = await access.listing_of(
            snapshot, caller, now, quarter=choice.quarter, edition=choice.edition, group=choice.group
        )
        rows = listing.parsed()
        waits = await waiting(snapshot, caller, now, choice.quarter, rows) if choice.edition == LIVE else None
        offered = await offered_quarters(snapshot, choice.quarter)
        frozen = await editions(snapshot, choice.quarter, reviewer=reviews)
        beside = beside_names(snapshot.directory, [row["unit"] for row in rows], choice.quarter)
    found = matching(ordered(rows, choice.sort, choice.descending), choice.search)
    return render(
        request,
        state,
        caller,
        "quarter.html",
        choice=choice,
        listing=listing,
        rows=rows,
        found=found,
        pages=Pages.of(found, choice.page),
        columns=COLUMNS,
        today=now,
        waiting=waits,
        figures=figures(rows),
        chart=chart.chart(rows),
        frame=chart,
        groups=GROUPS,
        quarters=offered,
        frozen=frozen,
        reviews=reviews,
        csv_path=_csv_path(listing, choice),
        beside=beside,
    )


async def offered_quarters(snapshot: Snapshot, chosen: str) -> list[str]:
    """The quarters to choose from: those with something in them, this one and the chosen one."""
    return sorted({*await quarters(snapshot), quarter_of(snapshot.today), chosen}, reverse=True)


def _csv_path(listing: Listing, choice: Choice) -> str:
    parts = {"format": "csv", "edition": choice.edition} | ({"group": choice.group} if choice.group else {})
    return f"/reports/v1/scorecards/{listing.quarter}?{urlencode(parts)}"


def ordered(rows: Sequence[Mapping[str, Any]], sort: str, descending: bool) -> list[Mapping[str, Any]]:
    """Rows by a column, then by name; units without a score come last when the column is the score."""
    by_name = sorted(rows, key=SORTS["name"])
    found = sorted(by_name, key=SORTS[sort], reverse=descending)
    if sort == "score":
        found.sort(key=lambda row: row["score"] is None)
    return found


def figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures above the chart; every one with what it is out of."""
    scores = [Decimal(row["score"]) for row in rows if row["score"] is not None]
    inspected = sum(1 for row in rows if row["exposure"]["inspections"])
    return {
        "units": len(rows),
        "inspected": inspected,
        "coverage": None if not rows else str(round(Decimal(100 * inspected) / len(rows), 1)),
        "inspections": sum(row["exposure"]["inspections"] for row in rows),
        "persons": sum(row["exposure"]["persons_checked"] for row in rows),
        "pending": sum(row["pending"]["findings"] for row in rows),
        "median": None if not scores else str(round(median(scores), 2)),
        "lowest": None if not scores else str(min(scores)),
        "highest": None if not scores else str(max(scores)),
        "bands": bands(rows),
    }
