"""The endpoints of notices: an account's inbox."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action, allows
from services.kernel.store.db import transaction
from services.kernel.web.paging import Limit
from services.reports.api import models
from services.reports.api.endpoints import Service, SignedIn
from services.reports.reading import access
from services.reports.reading.notices import mark_read, notices, own_notice
from services.reports.reading.state import State
from services.reports.text import dump

router = APIRouter()
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
    async with state.reader.snapshot() as snapshot:
        page = await notices(snapshot, caller.account, scope, after=after, only_open=open, limit=limit)
    return Response(dump(page), media_type="application/json")


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
    async with state.reader.snapshot() as snapshot:
        return await own_notice(snapshot, caller.account, scope, id)
