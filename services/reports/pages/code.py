"""One violation of a quarter: every finding of it that counts, with its entry in the log."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response

from services.domain.codes import code_names
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.problems import NotFound
from services.kernel.quarters import local_date
from services.reports.pages.choice import Choice
from services.reports.pages.frame import opened, render
from services.reports.pages.paper import code_of_list
from services.reports.reading import access
from services.reports.reading.listing import Listing
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State
from services.reports.reading.totals import Told, told_frozen, told_live


async def code_page(request: Request, state: State, caller: Caller) -> Response:
    """The findings of a code, in log order."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    code = request.path_params["code"]
    if code not in code_names():
        raise NotFound
    async with opened(state, caller, choice) as snapshot:
        listing = await access.listing_of(
            snapshot, caller, now, quarter=choice.quarter, edition=choice.edition, group=choice.group
        )
        told = [one for one in await _told(snapshot, listing, code) if one.unit in listing.rows]
        scope, readers = Scope.of(caller.grants_for(Action.LIVE_CARDS, now)), snapshot.directory.card_readers
        units = {one.unit for one in told}
        own = {unit for unit in units if scope.sees(readers(unit, choice.quarter, snapshot.today))}
    names = {row["unit"]: row["unit_name"] for row in listing.parsed()}
    return render(
        request, state, caller, "code.html",
        choice=choice, listing=listing, code=code, told=told, names=names, units=units, own=own, today=now,
        printed=code_of_list(request, state, listing),
    )  # fmt: skip


async def _told(snapshot: Snapshot, listing: Listing, code: str) -> Sequence[Told]:
    if listing.frozen is None:
        return await told_live(snapshot, listing.quarter, code)
    return await told_frozen(snapshot, listing.frozen.closing, code)
