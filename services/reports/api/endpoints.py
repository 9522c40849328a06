"""The JSON and CSV endpoints of reports: live and frozen scorecards, alerts, health."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from services.domain.words import Group
from services.kernel.health import healthz, readiness
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import PUBLIC, Action, allows
from services.kernel.web.paging import Cursor, Limit, read_cursor
from services.reports.api import models
from services.reports.exports.table import csv_bytes
from services.reports.reading import access
from services.reports.reading.alerts import alerts as page_of_alerts
from services.reports.reading.editions import editions as frozen_editions
from services.reports.reading.editions import frozen_card
from services.reports.reading.listing import LIVE, Listing
from services.reports.reading.live_cards import card as live_card
from services.reports.reading.state import State, state_of
from services.reports.text import dump

router = APIRouter()


async def caller_of(request: Request) -> Caller:
    """Who asks; Unauthorized without a valid session."""
    return await authenticate(state_of(request).pool, token_of(request))


Service = Annotated[State, Depends(state_of)]
SignedIn = Annotated[Caller, Depends(caller_of)]
Edition = Annotated[str, Query(pattern=access.EDITION)]
FrozenEdition = Annotated[str, Query(pattern=access.FROZEN)]


@router.get(
    "/reports/v1/editions",
    openapi_extra=allows(Action.PUBLISHED_CARDS),
    responses={200: {"model": models.Editions}, **models.PROBLEMS},
)
async def editions(state: Service, caller: SignedIn, quarter: str | None = None) -> Response:
    """The published editions; for reviewers also those that are frozen and still closed, with what to publish."""
    reviewer = access.reviews(caller, state.clock.now())
    async with state.reader.snapshot() as snapshot:
        found = await frozen_editions(snapshot, quarter, reviewer=reviewer)
    return Response(dump({"items": [one.json() for one in found]}), media_type="application/json")


@router.get(
    "/reports/v1/scorecards/{quarter}",
    openapi_extra=allows(Action.LIVE_CARDS),
    responses={200: {"model": models.Listing, "content": {"text/csv": {}}}, **models.PROBLEMS},
)
async def scorecards(
    state: Service,
    caller: SignedIn,
    quarter: str,
    group: Group | None = None,
    edition: Edition = "live",
    format: Literal["json", "csv"] = "json",
    limit: Annotated[int | None, Query(ge=1, le=200, description="without it the list is whole")] = None,
    cursor: Cursor = None,
) -> Response:
    """A quarter's cards, one row a unit: live in the caller's scope, or a frozen edition."""
    after = read_cursor(cursor)
    async with state.reader.snapshot() as snapshot:
        listing = await access.listing_of(
            snapshot, caller, state.clock.now(), quarter=quarter, edition=edition, group=group
        )
    if limit is not None or after is not None:
        listing = listing.page(limit, after)
    if format == "csv":
        return as_csv(listing)
    return Response(listing.text(), media_type="application/json")


def as_csv(listing: Listing) -> Response:
    """A list as a file to open in a spreadsheet."""
    body = csv_bytes(
        listing.parsed(), quarter=listing.quarter, edition=listing.edition, rules=listing.rules, head=listing.head
    )
    name = f"scorecards-{listing.quarter}-{listing.edition}-{listing.head.size}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/reports/v1/scorecards/{quarter}/{unit}",
    openapi_extra=allows(Action.LIVE_CARDS),
    responses={200: {"model": models.Card}, **models.PROBLEMS},
)
async def scorecard(state: Service, caller: SignedIn, quarter: str, unit: str, edition: Edition = "live") -> Response:
    """One unit's card; a frozen one is sent as the bytes that were frozen."""
    async with state.reader.snapshot() as snapshot:
        if edition == LIVE:
            card = await live_card(snapshot, quarter, unit, access.live_scope(caller, state.clock.now()))
            return Response(dump(card), media_type="application/json")
        reviewer = access.reviews(caller, state.clock.now())
        body = await frozen_card(snapshot, quarter, edition, unit, reviewer=reviewer)
        return Response(body, media_type="application/json")


@router.get(
    "/reports/v1/alerts",
    openapi_extra=allows(Action.ALERTS),
    responses={200: {"model": models.Alerts}, **models.PROBLEMS},
)
async def alerts(
    state: Service,
    caller: SignedIn,
    unit: str | None = None,
    open: Annotated[bool, Query(description="only those not acknowledged")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The alerts of the posts the caller heads (reviewers: all), the latest first."""
    scope = access.alert_scope(caller, state.clock.now())
    async with state.reader.snapshot() as snapshot:
        page = await page_of_alerts(snapshot, scope, unit=unit, only_open=open, limit=limit, cursor=cursor)
    return Response(dump(page), media_type="application/json")


router.get("/reports/healthz", openapi_extra=PUBLIC)(healthz)


@router.get("/reports/readyz", openapi_extra=PUBLIC, responses={503: {"description": "not ready, and why"}})
async def readyz(state: Service) -> JSONResponse:
    """Own database reachable and migrated, the fold alive; a fold that stopped says where and why."""
    return readiness(await state.unready(), size=state.follower.progress.size)
