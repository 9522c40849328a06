"""Closing a quarter as a list of tasks: what stands in the way, what may be done since when, what was done."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.problems import Forbidden
from services.kernel.quarters import local_date, quarter_days, quarters_until
from services.reports.pages.choice import Choice
from services.reports.pages.frame import render
from services.reports.pages.quarter import figures, offered_quarters
from services.reports.pages.self_checked import self_checked
from services.reports.reading.editions import editions
from services.reports.reading.live_cards import listing
from services.reports.reading.scope import Scope
from services.reports.reading.state import State
from services.reports.reading.totals import in_the_way

_OFFICIAL_AFTER = timedelta(days=15)


async def closing_page(request: Request, state: State, caller: Caller) -> Response:
    """The tasks, for reviewers of the province; without a quarter named, of the one that ended last."""
    now = state.clock.now()
    if not caller.of_the_province(Action.DECIDE, now):
        raise Forbidden
    today = local_date(now)
    choice = Choice.of(request, today)
    quarter = request.query_params.get("quarter") or quarters_until(choice.quarter, 2)[0]
    async with state.reader.snapshot([quarter]) as snapshot:
        rows = (await listing(snapshot, quarter, Scope(None))).parsed()
        way = await in_the_way(snapshot, quarter)
        frozen = await editions(snapshot, quarter, reviewer=True)
        offered = await offered_quarters(snapshot, quarter)
        checked = await self_checked(snapshot, caller, now)
    return render(
        request,
        state,
        caller,
        "closing.html",
        choice=choice,
        quarter=quarter,
        quarters=offered,
        figures=figures(rows),
        way=way,
        checked=checked,
        today=today,
        frozen=sorted(frozen, key=lambda one: one.head.size),
        kinds={one.kind for one in frozen},
        from_days=opening_days(quarter),
    )


def opening_days(quarter: str) -> dict[str, date]:
    """From which day a quarter may be closed, by edition."""
    _, last = quarter_days(quarter)
    return {"flash": last, "official": last + _OFFICIAL_AFTER}
