"""The inbox of whoever heads a unit: the alerts of his posts, each with the way to its reply."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.web import destinations
from services.reports.pages.frame import render
from services.reports.reading import access
from services.reports.reading.alerts import alerts, replies
from services.reports.reading.names import unit_names
from services.reports.reading.state import State

_A_PAGE = 25


async def inbox_page(request: Request, state: State, caller: Caller) -> Response:
    """A page of the inbox."""
    now = state.clock.now()
    scope = access.alert_scope(caller, now)
    only_open = request.query_params.get("all") is None
    async with state.reader.without_cards() as snapshot:
        page = await alerts(
            snapshot, scope, unit=None, only_open=only_open, limit=_A_PAGE, cursor=request.query_params.get("cursor")
        )
        told = await replies(snapshot, page["items"], access.posts(caller, now))
        names = unit_names(snapshot.directory, {alert["unit"] for alert in page["items"]}, snapshot.today)
    roles = caller.roles(now)
    ways = {key: destinations.case(roles, key, own=reply.own, open=reply.open) for key, reply in told.items()}
    return render(request, state, caller, "inbox.html", page=page, only_open=only_open, names=names, ways=ways)
