"""An account's notices, the way from each to its case, and what was sent outside, in words."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from services.domain.words import NOTICES
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.store.db import transaction
from services.kernel.web import destinations
from services.reports.delivery.wording import STATES, VIA, why
from services.reports.pages.frame import render
from services.reports.reading import access
from services.reports.reading.alerts import replies
from services.reports.reading.deliveries import deliveries
from services.reports.reading.names import unit_names
from services.reports.reading.notices import latest, mark_read, own_notice
from services.reports.reading.state import State

_A_PAGE = 25
_HOME = "/reports/notices"


async def notices_page(request: Request, state: State, caller: Caller) -> Response:
    """The caller's notices, the newest first; those read already with `all`."""
    scope = access.notice_scope(caller, state.clock.now())
    before, only_open = request.query_params.get("before"), request.query_params.get("all") is None
    async with state.reader.without_cards() as snapshot:
        page = await latest(snapshot, caller.account, scope, before=before, only_open=only_open, limit=_A_PAGE)
        names = unit_names(snapshot.directory, {notice["unit"] for notice in page["items"]}, snapshot.today)
    return render(
        request, state, caller, "notices.html", page=page, only_open=only_open, names=names, kinds=NOTICES,
        alerts=bool(caller.grants_for(Action.ALERTS, state.clock.now())),
    )  # fmt: skip


async def notice_page(request: Request, state: State, caller: Caller) -> Response:
    """The way from a notice to its case: whoever goes it has read the notice."""
    now = state.clock.now()
    scope, key = access.notice_scope(caller, now), request.path_params["id"]
    async with state.reader.without_cards() as snapshot:
        notice = await own_notice(snapshot, caller.account, scope, key)
        told = await replies(snapshot, [notice], access.posts(caller, now))
    async with transaction(state.pool) as connection:
        await mark_read(connection, key, now)
    reply = told[notice["inspection"]]
    way = destinations.case(caller.roles(now), notice["inspection"], own=reply.own, open=reply.open)
    return RedirectResponse(way.path if way else _HOME, status_code=303)


async def deliveries_page(request: Request, state: State, caller: Caller) -> Response:
    """What was sent outside, with what came of it in words."""
    scope = access.delivery_scope(caller, state.clock.now())
    kind = request.query_params.get("state")
    chosen = kind if kind in STATES else None
    async with state.reader.without_cards() as snapshot:
        page = await deliveries(
            snapshot, scope, unit=None, state=chosen, limit=_A_PAGE, cursor=request.query_params.get("cursor")
        )
        units = {one["unit"] for one in page["items"]} - {"-"}
        names = unit_names(snapshot.directory, units, snapshot.today)
    now = state.clock.now()
    return render(
        request, state, caller, "deliveries.html", page=page, chosen=chosen, names=names, kinds=NOTICES, states=STATES,
        via=VIA, why=why, has_notices=bool(caller.grants_for(Action.NOTICES, now)),
        alerts=bool(caller.grants_for(Action.ALERTS, now)),
    )  # fmt: skip
