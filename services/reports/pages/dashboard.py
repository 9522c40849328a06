"""The dashboard: a quarter by peer group, a unit's card down to its log entries, the unit head's inbox."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from services.domain.codes import code_names, group_names
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import PUBLIC, Action, allows
from services.kernel.problems import NotFound, Problem, Unauthorized
from services.kernel.quarters import local_date, quarter_of
from services.kernel.web import destinations, pages
from services.reports.api import endpoints
from services.reports.facts import store
from services.reports.pages import acting, chart
from services.reports.pages.listed import ALL, LONGEST_SEARCH, Pages, matching
from services.reports.pages.wording import GROUPS_OF_UNITS, Group, vietnamese_key
from services.reports.reading.reads import LIVE, Listing, Scope
from services.reports.reading.state import State
from services.reports.scoring.card1 import GROUPS
from services.reports.scoring.cards import BAND_LABELS, bands
from services.reports.scoring.explained import explain

PAGES = pages.Pages(Path(__file__).parents[1])
BAND_TAGS = {"good": "good", "fair": "info", "average": "warn", "needs_correction": "bad", "insufficient": ""}
EDITIONS = {
    "live": ("Tạm tính", "Provisional"),
    "flash": ("Bản sơ bộ", "Preliminary"),
    "official": ("Bản chính thức", "Official"),
}


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
COLUMNS = (
    ("name", "Đơn vị", "Unit"),
    ("visits", "Số cuộc", "Inspections"),
    ("score", "Điểm", "Score"),
    ("persons", "Lượt người", "Persons"),
    ("pending", "Chờ kết luận", "Pending"),
)
Page = Callable[[Request, State, Caller], Awaitable[Response]]
PerRequest = Callable[[Request], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Add the pages and their assets."""
    for path, page, action in (
        ("/reports/", _quarter_page, Action.LIVE_CARDS),
        ("/reports/units/{unit}", _unit_page, Action.LIVE_CARDS),
        ("/reports/inbox", _inbox_page, Action.ALERTS),
    ):
        app.get(path, include_in_schema=False, openapi_extra=allows(action))(_signed_in(page))
    app.get("/reports", include_in_schema=False, openapi_extra=PUBLIC)(_to_dashboard)
    PAGES.mount(app)


async def _to_dashboard() -> Response:
    """The dashboard's address without its slash."""
    return RedirectResponse("/reports/", status_code=308)


def _signed_in(page: Page) -> PerRequest:
    """Ask whoever is not signed in to do so; say on a page what is refused."""

    @wraps(page)
    async def handle(request: Request) -> Response:
        state = endpoints.state_of(request)
        try:
            caller = await authenticate(state.pool, token_of(request))
        except Unauthorized:
            return pages.to_sign_in(request)
        try:
            return await page(request, state, caller)
        except Problem as problem:
            return _refused(request, state, caller, problem)

    del handle.__wrapped__  # FastAPI would read the page's own parameters
    handle.__annotations__ = {"request": Request, "return": Response}
    return handle


def _refused(request: Request, state: State, caller: Caller, problem: Problem) -> Response:
    choice = Choice.of(request, state)
    # an edition that cannot be opened still has its quarter's live cards
    closed = choice.edition != LIVE and problem.status == NotFound.status
    live = choice.query(edition=LIVE) if closed and caller.grants_for(Action.LIVE_CARDS, state.clock.now()) else None
    reader = pages.Reader.of(caller, state.clock.now())
    return PAGES.refusal(request, problem, reader=reader, template="refused.html", live=live, choice=choice)


def _render(
    request: Request, state: State, caller: Caller, template: str, *, status: int = 200, **context: Any
) -> Response:
    reader = pages.Reader.of(caller, state.clock.now())
    shared = {"band_labels": BAND_LABELS, "band_tags": BAND_TAGS, "unit_groups": GROUPS_OF_UNITS}
    shared |= {"editions": EDITIONS, "code_names": code_names(), "group_names": group_names()}
    return PAGES.render(request, template, reader=reader, status=status, **shared, **context)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader chose to see; each part falls back to its first meaning when it is unknown."""

    quarter: str
    group: Group | None
    edition: endpoints.Edition
    sort: str
    descending: bool
    search: str
    page: str

    @classmethod
    def of(cls, request: Request, state: State) -> Choice:
        """Read the choice off the address."""
        query = request.query_params
        return cls(
            quarter=query.get("quarter") or quarter_of(local_date(state.clock.now())),
            group=next((group for group in GROUPS_OF_UNITS if group == query.get("group")), None),
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


def _edition(text: str | None) -> endpoints.Edition:
    if text == "flash":
        return "flash"
    return "official" if text == "official" else "live"


async def _quarter_page(request: Request, state: State, caller: Caller) -> Response:
    """A quarter: figures, chart, and a table of units that can be sorted by link."""
    choice = Choice.of(request, state)
    reviews = endpoints.reviews(state, caller)
    listing = await endpoints.listing_of(state, caller, choice.quarter, choice.edition, choice.group)
    rows = listing.parsed()
    found = matching(ordered(rows, choice.sort, choice.descending), choice.search)
    return _render(
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
        today=state.clock.now(),
        waiting=await acting.waiting(state, caller, choice.quarter, rows) if choice.edition == LIVE else None,
        figures=figures(rows),
        chart=chart.chart(rows),
        frame=chart,
        groups=GROUPS,
        quarters=await _quarters(state, choice.quarter),
        frozen=await state.reader.editions(choice.quarter, reviewer=reviews),
        reviews=reviews,
        csv_path=_csv_path(listing, choice),
        beside=await state.reader.beside_names(choice.quarter, [row["unit"] for row in rows]),
    )


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


async def _quarters(state: State, chosen: str) -> list[str]:
    current = quarter_of(local_date(state.clock.now()))
    return sorted({*await state.reader.quarters(), current, chosen}, reverse=True)


async def _unit_page(request: Request, state: State, caller: Caller) -> Response:
    """A unit's card, each deduction with its log entry."""
    choice = Choice.of(request, state)
    unit = request.path_params["unit"]
    reviews = endpoints.reviews(state, caller)
    if choice.edition == LIVE:
        card = await state.reader.card(choice.quarter, unit, endpoints.live_scope(state, caller))
    else:
        card = json.loads(await state.reader.frozen_card(choice.quarter, choice.edition, unit, reviewer=reviews))
    async with state.reader.snapshot() as snapshot:
        named = await store.catalogues_of(snapshot.connection, card)
        explained = explain(card, snapshot.reference.rulebook, named)
    return _render(
        request,
        state,
        caller,
        "card.html",
        card=card,
        beside=(await state.reader.beside_names(choice.quarter, [unit])).get(unit),
        explained=explained,
        origin=str(request.base_url).rstrip("/"),
        choice=choice,
        quarters=await _quarters(state, choice.quarter),
        frozen=await state.reader.editions(choice.quarter, reviewer=reviews),
        reviews=reviews,
    )


async def _inbox_page(request: Request, state: State, caller: Caller) -> Response:
    """The alerts of the posts the reader heads, each with the way to its reply."""
    scope = Scope.of(caller.require(Action.ALERTS, state.clock.now()))
    only_open = request.query_params.get("all") is None
    page = await state.reader.alerts(
        scope, unit=None, only_open=only_open, limit=25, cursor=request.query_params.get("cursor")
    )
    names = await state.reader.unit_names({alert["unit"] for alert in page["items"]})
    roles = caller.roles(state.clock.now())
    replies = await state.reader.replies(page["items"], acting.posts(state, caller))
    ways = {key: destinations.case(roles, key, own=reply.own, open=reply.open) for key, reply in replies.items()}
    return _render(
        request,
        state,
        caller,
        "inbox.html",
        page=page,
        only_open=only_open,
        names=names,
        ways=ways,
    )
