"""A quarter's figures: ranges, funnel, trends, timeliness and training needs, each with its table."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date, quarters_until
from services.reports.pages import chart, needs, plots, sparkline
from services.reports.pages.attention import against
from services.reports.pages.choice import Choice
from services.reports.pages.frame import render
from services.reports.pages.quarter import figures, offered_quarters
from services.reports.reading import access, around
from services.reports.reading.editions import editions
from services.reports.reading.listing import LIVE
from services.reports.reading.named import check_quarter
from services.reports.reading.state import State
from services.reports.reading.totals import by_kind, found_live, judged

_TRENDS, _REPEATS = 6, 4
_LISTED = 15


async def figures_page(request: Request, state: State, caller: Caller) -> Response:
    """The figures; what follows from the log alone stands only beside the live list."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    check_quarter(choice.quarter)
    seen, back = quarters_until(choice.quarter, _TRENDS), quarters_until(choice.quarter, _REPEATS)
    async with state.reader.snapshot() as snapshot:
        listing = await access.listing_of(
            snapshot, caller, now, quarter=choice.quarter, edition=choice.edition, group=choice.group
        )
        rows = against(listing.parsed(), {})
        kinds = {row["unit"]: row["group"] for row in rows}
        live = choice.edition == LIVE
        totals = await by_kind(snapshot, seen, kinds) if live else []
        found = await found_live(snapshot, back) if live else []
        members = await judged(snapshot, choice.quarter) if live and access.reviews(caller, now) else None
        restated = await around.restated(snapshot, seen)
        offered = await offered_quarters(snapshot, choice.quarter)
        frozen = await editions(snapshot, choice.quarter, reviewer=access.reviews(caller, now))
    estimated = plots.estimated(rows)
    return render(
        request,
        state,
        caller,
        "figures.html",
        choice=choice,
        today=now,
        listing=listing,
        rows=rows,
        quarters=offered,
        frozen=frozen,
        reviews=access.reviews(caller, now),
        names={row["unit"]: row["unit_name"] for row in rows},
        figures=figures(rows),
        chart=chart.chart(rows),
        frame=chart,
        plots=plots,
        estimated=estimated,
        listed=estimated[:_LISTED],
        caterpillar=plots.caterpillar(estimated),
        funnels=plots.funnels(rows),
        seen=seen,
        restated=restated,
        courses=needs.courses(totals, seen),
        sparkline=sparkline,
        punctual=needs.punctuality(totals, choice.quarter),
        needs=needs.needs(found, kinds, [one for one in totals if one.quarter in back]),
        judgements=None if members is None else needs.judgements(members),
        back=back,
        live=live,
    )
