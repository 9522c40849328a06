"""A quarter: where to go first, what changed, and a list that can be narrowed and sorted by link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.quarters import local_date, quarter_of, quarters_until
from services.reports.facts.directory import Directory
from services.reports.pages import attention, overview, sparkline
from services.reports.pages.choice import SORTS, Choice
from services.reports.pages.facets import Facet, facets
from services.reports.pages.files import File, files_of
from services.reports.pages.frame import opened_with_past, render
from services.reports.pages.paper import code_of_list
from services.reports.pages.self_checked import SelfChecked, self_checked
from services.reports.pages.unit_list import Pages, matching
from services.reports.pages.waiting import Waiting, waiting
from services.reports.reading import access
from services.reports.reading.before import by_unit, list_before
from services.reports.reading.editions import editions
from services.reports.reading.listing import LIVE, Frozen, Listing
from services.reports.reading.live_cards import quarters
from services.reports.reading.names import beside_names
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State
from services.reports.reading.totals import Found, Total, found_frozen, found_live, totals
from services.reports.scoring.cards import bands
from services.reports.scoring.method import GROUPS

COLUMNS = (
    ("first", "Cần xem trước", "Look here first"),
    ("name", "Đơn vị", "Unit"),
    ("score", "Điểm", "Score"),
    ("delta", "So quý trước", "Change"),
    ("rate", "So cùng nhóm", "Peers"),
    ("visits", "Số cuộc", "Visits"),
    ("persons", "Lượt người", "Persons"),
    ("pending", "Chờ kết luận", "Pending"),
)
_SEEN_BACK = 6
_HELD_AGAINST = 2  # quarters: this one and the one before
_FIRST = 5


Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a quarter's page is made of, read at one size of the log."""

    listing: Listing
    everything: Sequence[Mapping[str, Any]]
    """Rows of every kind of unit, each against the quarter before."""
    rows: Sequence[Mapping[str, Any]]
    """Those of the chosen kind."""
    earlier: str | None
    """The edition of the quarter before that they are held against."""
    glance: Mapping[str, Any]
    """What stands above the list."""
    waits: Waiting | None
    checked: SelfChecked | None
    offered: Sequence[str]
    frozen: Sequence[Frozen]
    directory: Directory


async def quarter_page(request: Request, state: State, caller: Caller) -> Response:
    """The dashboard."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    async with opened_with_past(state, caller, choice, _HELD_AGAINST) as (snapshot, missing):
        seen = await _read(snapshot, caller, now, choice)
    return render(
        request,
        state,
        caller,
        "quarter.html",
        choice=choice,
        listing=seen.listing,
        today=now,
        waiting=seen.waits,
        checked=seen.checked,
        quarters=seen.offered,
        frozen=seen.frozen,
        reviews=access.reviews(caller, now),
        live_open=bool(caller.grants_for(Action.LIVE_CARDS, now)),
        files=_files(seen, choice, caller, now),
        printed=code_of_list(request, state, seen.listing),
        **seen.glance,
        rows=seen.rows,
        previous=quarters_until(choice.quarter, 2)[0],
        earlier=seen.earlier,
        missing=missing,
        sparkline=sparkline,
        groups=GROUPS,
        **_listed(seen, choice),
    )


async def _glance(
    snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, listing: Listing, rows: Sequence[Row]
) -> Mapping[str, Any]:
    """What became of the quarter, what changed since the one before, what was found; summed up once a change."""

    async def made() -> Mapping[str, Any]:
        units = {row["unit"] for row in rows}
        found = [one for one in await _found(snapshot, listing) if one.unit in units]
        sums = await _totals(snapshot, caller, now, choice, sorted(units))
        return {
            "figures": figures(rows),
            "moved": attention.moved(rows),
            "changes": overview.changes(sums),
            "totals": sums,
            "violations": overview.violations(found),
            "heat": overview.heat(rows, found),
        }

    sight = access.sight(caller, now, choice.edition)
    against = snapshot.all_rendered(quarters_until(choice.quarter, 2)[0])
    key = (snapshot.moved, snapshot.today, choice.quarter, choice.edition, choice.group, sight, against)
    return await snapshot.kept.sums(key, made)


def _listed(seen: Shown, choice: Choice) -> dict[str, Any]:
    """The units: first those to act on now, then a page of all that were asked for."""
    rows = [row for row in seen.rows if choice.admits(row)]
    found = matching(ordered(rows, choice.sort, choice.descending), choice.search)
    pages = Pages.of(found, choice.page)
    pointed = attention.act_now(seen.rows)
    named = [row["unit"] for row in (*pages.shown, *pages.waiting, *pointed[:_FIRST])]
    return {
        "found": found,
        "pages": pages,
        "columns": COLUMNS,
        "compares": any(row["comparison"] for row in seen.rows),
        "pointed": pointed,
        "first": pointed[:_FIRST],
        "facets": _facets(seen, choice),
        "beside": beside_names(seen.directory, named, choice.quarter),
    }


async def _read(snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice) -> Shown:
    listing = await access.listing_of(snapshot, caller, now, quarter=choice.quarter, edition=choice.edition, group=None)
    earlier = await list_before(snapshot, caller, now, choice.quarter, choice.edition)
    everything = attention.against(listing.parsed(), by_unit(earlier))
    rows = [row for row in everything if choice.group in (None, row["group"])]
    return Shown(
        listing=listing,
        everything=everything,
        rows=rows,
        earlier=earlier.edition if earlier else None,
        glance=await _glance(snapshot, caller, now, choice, listing, rows),
        waits=await waiting(snapshot, caller, now, choice.quarter, rows) if choice.edition == LIVE else None,
        checked=await self_checked(snapshot, caller, now),
        offered=await offered_quarters(snapshot, choice.quarter),
        frozen=await editions(snapshot, choice.quarter, reviewer=access.reviews(caller, now)),
        directory=snapshot.directory,
    )


async def _found(snapshot: Snapshot, listing: Listing) -> list[Found]:
    if listing.frozen is None:
        return await found_live(snapshot, [listing.quarter])
    return await found_frozen(snapshot, listing.frozen.closing)


async def _totals(
    snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, units: Sequence[str]
) -> list[Total]:
    """Of the last quarters, as the log tells them now: nothing beside a frozen edition."""
    if choice.edition != LIVE:
        return []
    whole = choice.group is None and access.live_scope(caller, now).posts is None
    return await totals(snapshot, quarters_until(choice.quarter, _SEEN_BACK), None if whole else units)


def _facets(seen: Shown, choice: Choice) -> list[Facet]:
    return facets(seen.everything, choice, compared=any(row["comparison"] for row in seen.everything))


async def offered_quarters(snapshot: Snapshot, chosen: str) -> list[str]:
    """The quarters to choose from: those with something in them, this one and the chosen one."""
    return sorted({*await quarters(snapshot), quarter_of(snapshot.today), chosen}, reverse=True)


def _files(seen: Shown, choice: Choice, caller: Caller, now: datetime) -> list[File]:
    frozen = seen.listing.frozen
    published = frozen is not None and frozen.published_at is not None
    return files_of(
        caller, now, quarter=choice.quarter, edition=choice.edition, published=published, group=choice.group
    )


def ordered(rows: Sequence[Mapping[str, Any]], sort: str, descending: bool) -> list[Mapping[str, Any]]:
    """Rows by a column, then by name; units without a figure of that column come last."""
    by_name = sorted(rows, key=SORTS["name"])
    found = sorted(by_name, key=SORTS[sort], reverse=descending)
    if sort in _ABSENT:
        found.sort(key=_ABSENT[sort])
    return found


_ABSENT: Mapping[str, Any] = {
    "score": lambda row: row["score"] is None,
    "delta": lambda row: row["delta"] is None,
    "rate": lambda row: row["comparison"] is None or row["comparison"]["rate"] is None,
}


def figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures above the list; every one with what it is out of."""
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
