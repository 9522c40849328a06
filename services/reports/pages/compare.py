"""Two quarters side by side: who rose, who fell, and from which band to which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date, quarters_until
from services.reports.pages.attention import Row, against, moved
from services.reports.pages.choice import Choice
from services.reports.pages.frame import opened_with_past, render
from services.reports.pages.quarter import offered_quarters, ordered
from services.reports.reading import access
from services.reports.reading.before import by_unit, list_before
from services.reports.reading.named import check_quarter
from services.reports.reading.state import State

_MOST = 25


async def compare_page(request: Request, state: State, caller: Caller) -> Response:
    """A quarter against another, the one before if none is named."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    check_quarter(choice.quarter)
    other = request.query_params.get("with") or quarters_until(choice.quarter, 2)[0]
    async with opened_with_past(state, caller, choice, beside=other) as (snapshot, missing):
        listing = await access.listing_of(
            snapshot, caller, now, quarter=choice.quarter, edition=choice.edition, group=choice.group
        )
        earlier = await list_before(snapshot, caller, now, choice.quarter, choice.edition, other)
        offered = await offered_quarters(snapshot, choice.quarter)
    rows = [row for row in against(listing.parsed(), by_unit(earlier)) if row["delta"] is not None]
    by_change = ordered(rows, "delta", descending=False)
    return render(
        request,
        state,
        caller,
        "compare.html",
        choice=choice,
        today=now,
        reviews=access.reviews(caller, now),
        listing=listing,
        earlier=earlier,
        missing=missing,
        other=other,
        quarters=sorted({*offered, other}, reverse=True),
        moved=moved(rows),
        fallen=[row for row in by_change if row["delta"] < 0][:_MOST],
        risen=[row for row in reversed(by_change) if row["delta"] > 0][:_MOST],
        table=transitions(rows),
    )


def transitions(rows: Sequence[Row]) -> dict[tuple[Any, Any], int]:
    """How many units went from one band to another (or stayed), by (was, now)."""
    return Counter((row["was"]["band"], row["band"]) for row in rows)
