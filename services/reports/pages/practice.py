"""What others can learn from: the commendations of a quarter."""

from __future__ import annotations

from collections.abc import Sequence

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
        published = max((one.head.size for one in await editions(snapshot, choice.quarter, reviewer=False)), default=0)
        scope = Scope.of(caller.grants_for(Action.LIVE_CARDS, now))
        told = _in(snapshot, scope, choice.quarter, published, await praised(snapshot, choice.quarter))
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
        names=names,
        published=bool(published),
        codes=sorted({one.code for one in told}),
    )


def _in(snapshot: Snapshot, scope: Scope, quarter: str, published: int, told: Sequence[Praise]) -> list[Praise]:
    """Those of the log's first `published` entries, and those in scope."""
    readers = snapshot.directory.card_readers
    return [one for one in told if one.index < published or scope.sees(readers(one.unit, quarter, snapshot.today))]
