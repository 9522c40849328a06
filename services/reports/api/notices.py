"""The endpoints of notices: an account's inbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response

from services.kernel.identity.authentication import hash_token, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action, allows
from services.kernel.store.db import transaction
from services.kernel.web.paging import Limit
from services.reports.api import models
from services.reports.api.endpoints import Service, SignedIn
from services.reports.delivery.inbox.hub import Listener
from services.reports.delivery.inbox.stream import Stream
from services.reports.reading import access
from services.reports.reading.notices import mark_read, notices, own_notice, since
from services.reports.reading.state import State
from services.reports.text import dump

router = APIRouter()
_STREAM = {
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
    "description": "notices as they come, and a comment line every 15 s: wait longer than that for the next byte",
}
Place = Annotated[str | None, Query(max_length=40, description="the place of the last notice that is known")]


@router.get(
    "/reports/v1/notices",
    openapi_extra=allows(Action.NOTICES),
    responses={200: {"model": models.Notices}, **models.PROBLEMS},
)
async def inbox(
    state: Service,
    caller: SignedIn,
    after: Place = None,
    open: Annotated[bool, Query(description="only those not read")] = False,
    limit: Limit = 50,
) -> Response:
    """The caller's notices in the order of the log."""
    scope = access.notice_scope(caller, state.clock.now())
    async with state.reader.without_cards() as snapshot:
        page = await notices(snapshot, caller.account, scope, after=after, only_open=open, limit=limit)
    return Response(dump(page), media_type="application/json")


@router.get(
    "/reports/v1/alerts/stream",
    openapi_extra=allows(Action.NOTICES),
    response_class=Response,
    responses={200: _STREAM, **models.PROBLEMS},
)
async def stream(
    request: Request,
    state: Service,
    caller: SignedIn,
    after: Place = None,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> Response:
    """Notices as they come: server-sent events, resumed without loss from `Last-Event-ID` (or `after`, at first)."""
    scope = access.notice_scope(caller, state.clock.now())
    known = last_event_id or after
    digest = hash_token(token_of(request) or "")
    listener = Listener(digest, caller, scope, place=since(known, "/after"))
    return Stream(request.app.state.inbox, listener, resumes=known is not None)


@router.put(
    "/reports/v1/notices/{id}/read",
    openapi_extra=allows(Action.NOTICES),
    responses={200: {"model": models.Notice}, **models.PROBLEMS},
)
async def read(state: Service, caller: SignedIn, id: str) -> Response:
    """Mark one of the caller's notices as read, with what has joined it by now; again changes nothing."""
    await _own(state, caller, id)
    async with transaction(state.pool) as connection:
        await mark_read(connection, id, state.clock.now())
    return Response(dump(await _own(state, caller, id)), media_type="application/json")


async def _own(state: State, caller: Caller, id: str) -> dict[str, object]:
    scope = access.notice_scope(caller, state.clock.now())
    async with state.reader.without_cards() as snapshot:
        return await own_notice(snapshot, caller.account, scope, id)
