"""What others can learn from: the commendations of a quarter."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.quarters import local_date
from services.reports.pages.choice import Choice
from services.reports.pages.frame import render
from services.reports.pages.quarter import offered_quarters
from services.reports.reading import access
from services.reports.reading.editions import editions
from services.reports.reading.named import check_begun
from services.reports.reading.names import unit_names
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State
from services.reports.reading.totals import Praise, praised


async def practice_page(request: Request, state: State, caller: Caller) -> Response:
    """The commendations: everybody's of a published edition; of those that came later those in the reader's scope."""
    now = state.clock.now()
    caller.require(Action.PUBLISHED_CARDS, now)
    choice = Choice.of(request, local_date(now))
    async with state.reader.without_cards() as snapshot:
        check_begun(choice.quarter, snapshot.today)
        published = max(
            await editions(snapshot, choice.quarter, reviewer=False), key=lambda one: one.head.size, default=None
        )
        scope, every = Scope.of(caller.grants_for(Action.LIVE_CARDS, now)), await praised(snapshot, choice.quarter)
        own = {one for one in every if _sees(snapshot, scope, choice.quarter, one)}
        public = {one for one in every if published and one.index < published.head.size}
        told = [one for one in every if one in own | public]
        names = unit_names(snapshot.directory, {one.unit for one in told}, snapshot.today)
        offered = await offered_quarters(snapshot, choice.quarter)
    return render(
        request,
        state,
        caller,
        "practice.html",
        choice=choice,
        today=now,
        reviews=access.reviews(caller, now),
        quarters=offered,
        told=told,
        own=own,
        public=public,
        names=names,
        published=published and published.kind,
        codes=sorted({one.code for one in told}),
    )


def _sees(snapshot: Snapshot, scope: Scope, quarter: str, told: Praise) -> bool:
    return scope.sees(snapshot.directory.card_readers(told.unit, quarter, snapshot.today))
