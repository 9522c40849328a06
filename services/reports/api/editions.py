"""The endpoints of what was published, what was known, and what would be."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BeforeValidator

from services.domain.words import Group
from services.kernel.identity.authentication import token_of
from services.kernel.identity.roles import Action, allows
from services.kernel.problems import NotFound
from services.kernel.quarters import local_date
from services.kernel.web.negotiation import unchanged
from services.reports.api import models
from services.reports.api.endpoints import FrozenEdition, Reading, Service, SignedIn
from services.reports.api.exporting import CONTENT, OfCard, OfList, file_of_card, file_of_list, of_the_log
from services.reports.reading import access
from services.reports.reading.editions import Proven, newest, proven_card
from services.reports.reading.known_then import NoSuchSize, Then, card_then, listing_then
from services.reports.reading.live_cards import if_upheld
from services.reports.reading.state import State
from services.reports.text import dump

_SIZE = re.compile("0|[1-9][0-9]{0,15}")
_FOREVER = "private, max-age=31536000, immutable"
router = APIRouter()


def _size(text: str) -> int:
    """As checkpoints write it: what is a number to some readers only has no address of its own."""
    if not _SIZE.fullmatch(text):
        raise NoSuchSize(text)
    return int(text)


Size = Annotated[int, BeforeValidator(_size), Path(ge=0, description="of a signed checkpoint")]


@router.get(
    "/reports/v1/scorecards/{quarter}/latest",
    openapi_extra=allows(Action.PUBLISHED_CARDS),
    status_code=307,
    response_class=RedirectResponse,
    responses=models.PROBLEMS,
)
async def latest(state: Service, caller: Reading, request: Request, quarter: str) -> Response:
    """The way to a quarter's newest published edition."""
    access.reviews(caller, state.clock.now())
    async with state.reader.without_cards() as snapshot:
        edition = await newest(snapshot, quarter)
    to = request.url.include_query_params(edition=edition)
    return RedirectResponse(f"/reports/v1/scorecards/{quarter}?{to.query}", status_code=307)


@router.get(
    "/reports/v1/scorecards/{quarter}/at/{size}",
    openapi_extra=allows(Action.WHAT_IF),
    responses={200: {"model": models.Listing, "content": CONTENT}, **models.SAME, **models.FILES},
)
async def list_then(
    state: Service, caller: SignedIn, request: Request, wanted: OfList, quarter: str, size: Size,
    group: Group | None = None,
) -> Response:  # fmt: skip
    """A quarter's cards as known at a checkpoint's size: it never changes.

    As a file it is told to the log as one of the live edition: what is told of an export names no size.
    """
    scope = access.what_if_scope(caller, state.clock.now(), as_file=not wanted.as_json)
    then = await _then(state, quarter, size)
    async with state.reader.without_cards() as snapshot:
        listing = listing_then(snapshot, then, quarter, scope, group)
        tree = snapshot.head.size
    if wanted.as_json:
        return _for_ever(request, listing.body)
    return await file_of_list(state, caller, request, wanted, listing, tree)


@router.get(
    "/reports/v1/scorecards/{quarter}/at/{size}/{unit}",
    openapi_extra=allows(Action.WHAT_IF),
    responses={200: {"model": models.Card, "content": CONTENT}, **models.SAME, **models.FILES},
)
async def one_then(
    state: Service, caller: SignedIn, request: Request, wanted: OfCard, quarter: str, size: Size, unit: str
) -> Response:
    """A unit's card as known at a checkpoint's size: it never changes.

    As a file it is told to the log as one of the live edition: what is told of an export names no size.
    """
    scope = access.what_if_scope(caller, state.clock.now(), as_file=not wanted.as_json)
    then = await _then(state, quarter, size)
    async with state.reader.without_cards() as snapshot:
        text = dump(card_then(snapshot, then, quarter, unit, scope))
        tree = snapshot.head.size
    if wanted.as_json:
        return _for_ever(request, text.encode())
    return await file_of_card(state, caller, request, wanted, text, tree, published=False)


async def _then(state: State, quarter: str, size: int) -> Then:
    """Computed before a snapshot is opened: the log may take longer than a transaction should."""
    async with of_the_log():
        return await state.known_then.at(quarter, size, local_date(state.clock.now()))


def _for_ever(request: Request, body: bytes) -> Response:
    headers = {"ETag": f'"{sha256(body).hexdigest()}"', "Cache-Control": _FOREVER, "Vary": "Authorization, Cookie"}
    if unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get(
    "/reports/v1/scorecards/{quarter}/{unit}/what-if",
    openapi_extra=allows(Action.WHAT_IF),
    responses={200: {"model": models.WhatIf}, **models.PROBLEMS},
)
async def what_if(state: Service, caller: SignedIn, quarter: str, unit: str) -> Response:
    """What each pending finding of a unit would do to its score if it were upheld, and all of them together."""
    scope = access.what_if_scope(caller, state.clock.now())
    async with state.reader.snapshot([quarter], unit) as snapshot:
        return Response(dump(await if_upheld(snapshot, quarter, unit, scope)), media_type="application/json")


@router.get(
    "/reports/v1/scorecards/{quarter}/{unit}/proof",
    openapi_extra=allows(Action.PROOFS),
    responses={200: {"model": models.CardProof}, **models.PROBLEMS},
)
async def proof(
    state: Service, caller: SignedIn, request: Request, quarter: str, unit: str, edition: FrozenEdition = "official"
) -> Response:
    """The way from a published card to the signed checkpoint: card, root over the cards, entry, receipt."""
    caller.require(Action.PROOFS, state.clock.now())
    async with of_the_log():
        async with state.reader.without_cards() as snapshot:
            proven = await proven_card(snapshot, quarter, edition, unit)
            size = snapshot.head.size
        [event] = await state.log.entries(proven.entry, proven.entry + 1, size)
        receipt = await state.log.receipt(json.loads(event)["id"], token_of(request) or "")
    if receipt is None:
        raise NotFound((
            "Mục công bố chưa có mốc kiểm chứng công khai; hãy thử lại sau ít giây.",
            "No public checkpoint covers the publication yet; try again in a few seconds.",
        ))  # fmt: skip
    return Response(dump(_proof_json(proven, event, receipt)), media_type="application/json")


def _proof_json(proven: Proven, event: bytes, receipt: str) -> dict[str, Any]:
    return {
        "card": _b64(proven.card), "index": proven.index, "size": proven.size, "path": list(map(_b64, proven.path)),
        "cards_root": _b64(proven.cards_root), "event": _b64(event), "receipt": receipt,
    }  # fmt: skip


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
