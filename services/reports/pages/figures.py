"""A quarter's figures: ranges, funnel, trends, timeliness and training needs, each with its table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date, quarters_until
from services.reports.pages import chart, needs, plots, sparkline
from services.reports.pages.attention import Row, against
from services.reports.pages.choice import Choice
from services.reports.pages.frame import opened, render
from services.reports.pages.paper import code_of_list
from services.reports.pages.quarter import figures, offered_quarters
from services.reports.reading import access, around
from services.reports.reading.editions import editions
from services.reports.reading.listing import LIVE
from services.reports.reading.named import check_quarter
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State
from services.reports.reading.totals import by_kind, found_live, judged

_TRENDS, _REPEATS = 6, 4
_LISTED = 15


async def figures_page(request: Request, state: State, caller: Caller) -> Response:
    """The figures; what follows from the log alone stands only beside the live list."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    check_quarter(choice.quarter)
    async with opened(state, caller, choice) as snapshot:
        read = await _read(snapshot, caller, now, choice)
    return render(
        request,
        state,
        caller,
        "figures.html",
        **read,
        **_compared(read["rows"]),
        choice=choice,
        today=now,
        reviews=access.reviews(caller, now),
        printed=code_of_list(request, state, read["listing"]),
    )


async def _read(snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice) -> dict[str, Any]:
    """What the list says, and what the log says of the quarters until it, by the names the template has for it."""
    listing = await access.listing_of(
        snapshot, caller, now, quarter=choice.quarter, edition=choice.edition, group=choice.group
    )
    rows = against(listing.parsed(), {})
    seen = quarters_until(choice.quarter, _TRENDS)
    live = choice.edition == LIVE
    return {
        "listing": listing,
        "rows": rows,
        "quarters": await offered_quarters(snapshot, choice.quarter),
        "frozen": await editions(snapshot, choice.quarter, reviewer=access.reviews(caller, now)),
        "seen": seen,
        "restated": await around.restated(snapshot, seen),
        "live": live,
        **await _told(snapshot, choice.quarter, rows if live else ()),
        "judged": await _judged(snapshot, choice.quarter) if live and access.reviews(caller, now) else None,
    }


async def _judged(snapshot: Snapshot, quarter: str) -> dict[str, list[needs.Judgement]]:
    """How alike findings are judged: of everybody, by inspector, by team of two or more."""
    teams = needs.judgements(await judged(snapshot, quarter, "teams"))
    return {
        "all": needs.judgements(await judged(snapshot, quarter, "all")),
        "members": needs.judgements(await judged(snapshot, quarter, "members")),
        "teams": [one for one in teams if len(one.members) > 1],
    }


async def _told(snapshot: Snapshot, quarter: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Trends, timeliness and training needs of the units of a live list; of none beside another."""
    seen, back = quarters_until(quarter, _TRENDS), quarters_until(quarter, _REPEATS)
    kinds = {row["unit"]: row["group"] for row in rows}
    totals = await by_kind(snapshot, seen, kinds) if rows else []
    found = await found_live(snapshot, back) if rows else []
    return {
        "courses": needs.courses(totals, seen),
        "sparkline": sparkline,
        "punctual": needs.punctuality(totals, quarter),
        "needs": needs.needs(found, kinds, [one for one in totals if one.quarter in back]),
        "back": back,
    }


def _compared(rows: Sequence[Row]) -> dict[str, Any]:
    """Units beside their peers: scores, ranges and funnels."""
    estimated = plots.estimated(rows)
    return {
        "names": {row["unit"]: row["unit_name"] for row in rows},
        "figures": figures(rows),
        "chart": chart.chart(rows),
        "frame": chart,
        "plots": plots,
        "estimated": estimated,
        "listed": estimated[:_LISTED],
        "caterpillar": plots.caterpillar(estimated),
        "funnels": plots.funnels(rows),
    }
