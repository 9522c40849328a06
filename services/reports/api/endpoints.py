"""The endpoints of reports: live and frozen scorecards as JSON and as files, alerts, health."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from services.domain.words import Group
from services.kernel.health import healthz, readiness
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import PUBLIC, Action, allows
from services.kernel.web.negotiation import unchanged
from services.kernel.web.paging import Cursor, Limit, read_cursor
from services.reports.api import models
from services.reports.api.exporting import CONTENT, OfCard, OfList, file_of_card, file_of_list
from services.reports.fold.self_check import differing
from services.reports.reading import access
from services.reports.reading.alerts import alerts as page_of_alerts
from services.reports.reading.editions import editions as frozen_editions
from services.reports.reading.editions import frozen as frozen_edition
from services.reports.reading.editions import frozen_card
from services.reports.reading.listing import LIVE, Listing
from services.reports.reading.live_cards import card as live_card
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State, state_of
from services.reports.text import dump

router = APIRouter()


async def service_of(request: Request) -> State:
    """What answers; a dependency that is no coroutine would cost a thread's turn."""
    return state_of(request)


async def caller_of(request: Request) -> Caller:
    """Who asks; Unauthorized without a valid session."""
    return await authenticate(state_of(request).pool, token_of(request))


async def reader_of(request: Request) -> Caller:
    """Who asks for what may be published: also by a token that reads nothing else."""
    return await authenticate(state_of(request).pool, token_of(request), published=True)


Service = Annotated[State, Depends(service_of)]
SignedIn = Annotated[Caller, Depends(caller_of)]
Reading = Annotated[Caller, Depends(reader_of)]
Edition = Annotated[str, Query(pattern=access.EDITION)]
FrozenEdition = Annotated[str, Query(pattern=access.FROZEN)]


@router.get(
    "/reports/v1/editions",
    openapi_extra=allows(Action.PUBLISHED_CARDS),
    responses={200: {"model": models.Editions}, **models.PROBLEMS},
)
async def editions(state: Service, caller: Reading, quarter: str | None = None) -> Response:
    """The published editions; for reviewers also those that are frozen and still closed, with what to publish."""
    reviewer = access.reviews(caller, state.clock.now())
    async with state.reader.without_cards() as snapshot:
        found = await frozen_editions(snapshot, quarter, reviewer=reviewer)
    return Response(dump({"items": [one.json() for one in found]}), media_type="application/json")


def _opened(state: State, edition: str, quarter: str, unit: str | None = None) -> AbstractAsyncContextManager[Snapshot]:
    """What is frozen waits for no live card to be rendered, and what is live for no other one."""
    return state.reader.snapshot([quarter], unit) if edition == LIVE else state.reader.without_cards()


@router.get(
    "/reports/v1/scorecards/{quarter}",
    openapi_extra=allows(Action.LIVE_CARDS),
    responses={200: {"model": models.Listing, "content": CONTENT}, **models.SAME, **models.FILES},
)
async def scorecards(
    state: Service,
    caller: Reading,
    request: Request,
    wanted: OfList,
    quarter: str,
    group: Group | None = None,
    edition: Edition = "live",
    limit: Annotated[int | None, Query(ge=1, le=200, description="without it the list is whole")] = None,
    cursor: Cursor = None,
) -> Response:
    """A quarter's cards, one row a unit: live in the caller's scope, or a frozen edition; as JSON or as a file."""
    after = read_cursor(cursor)
    listing, tree = await _listing(
        state, caller, quarter=quarter, edition=edition, group=group, as_file=not wanted.as_json
    )
    if limit is not None or after is not None:
        listing = listing.page(limit, after)
    if not wanted.as_json:
        return await file_of_list(state, caller, request, wanted, listing, tree)
    return answered(request, listing.body, listing.digest if listing.published else None)


async def _listing(state: State, caller: Caller, edition: str, **asked: Any) -> tuple[Listing, int]:
    """A quarter's list, and a size at which the log can be read."""
    now = state.clock.now()
    known = await access.list_at_once(state.reader, caller, now, edition=edition, **asked)
    if known is not None:
        return known, known.head.size
    async with _opened(state, edition, asked["quarter"]) as snapshot:
        listing = await access.listing_of(snapshot, caller, now, edition=edition, **asked)
        return listing, snapshot.head.size


@router.get(
    "/reports/v1/scorecards/{quarter}/{unit}",
    openapi_extra=allows(Action.LIVE_CARDS),
    responses={200: {"model": models.Card, "content": CONTENT}, **models.SAME, **models.FILES},
)
async def scorecard(
    state: Service,
    caller: Reading,
    request: Request,
    wanted: OfCard,
    quarter: str,
    unit: str,
    edition: Edition = "live",
) -> Response:
    """One unit's card; a frozen one is sent as the bytes that were frozen; as JSON or as a file."""
    now = state.clock.now()
    scope = access.live_scope(caller, now, as_file=not wanted.as_json) if edition == LIVE else None
    async with _opened(state, edition, quarter, unit) as snapshot:
        frozen = None
        if scope is not None:
            body = dump(await live_card(snapshot, quarter, unit, scope)).encode()
        else:
            body = await frozen_card(snapshot, quarter, edition, unit, reviewer=access.reviews(caller, now))
            frozen = await frozen_edition(snapshot, quarter, edition)
        tree = snapshot.head.size
    published = frozen is not None and frozen.published_at is not None
    if wanted.as_json:
        return answered(request, body, sha256(body).hexdigest() if published else None)
    root = frozen.cards_root if frozen else None
    return await file_of_card(state, caller, request, wanted, body.decode(), tree, published=published, cards_root=root)


def answered(request: Request, body: bytes, digest: str | None) -> Response:
    """JSON; what is published and changes no more has a tag, so that a program that asks each day is told so."""
    if digest is None:
        return Response(body, media_type="application/json")
    headers = {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache"}
    headers["Vary"] = "Authorization, Cookie"
    if unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


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
    async with state.reader.without_cards() as snapshot:
        page = await page_of_alerts(snapshot, scope, unit=unit, only_open=open, limit=limit, cursor=cursor)
    return Response(dump(page), media_type="application/json")


router.get("/reports/healthz", openapi_extra=PUBLIC)(healthz)


@router.get("/reports/readyz", openapi_extra=PUBLIC, responses={503: {"description": "not ready, and why"}})
async def readyz(state: Service) -> JSONResponse:
    """Own database reachable and migrated, the fold alive; a fold that stopped says where and why.

    `differing` names the quarters whose stored cards the nightly self-check found to be not what the log says.
    """
    reasons = await state.unready()
    found = {} if reasons else await differing(state.pool)
    return readiness(reasons, size=state.follower.progress.size, **({"differing": found} if found else {}))
