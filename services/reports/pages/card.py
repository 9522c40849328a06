"""A unit's card, each deduction down to its log entry."""

from __future__ import annotations

import json

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date
from services.reports.facts.store import catalogues_of
from services.reports.pages.choice import Choice
from services.reports.pages.frame import render
from services.reports.pages.quarter import offered_quarters
from services.reports.reading import access
from services.reports.reading.editions import editions, frozen_card
from services.reports.reading.listing import LIVE
from services.reports.reading.live_cards import card as live_card
from services.reports.reading.live_cards import contested
from services.reports.reading.names import beside_names
from services.reports.reading.state import State
from services.reports.scoring.explained import explain


async def card_page(request: Request, state: State, caller: Caller) -> Response:
    """The page of a card, live or frozen."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    unit = request.path_params["unit"]
    reviews = access.reviews(caller, now)
    async with state.reader.snapshot() as snapshot:
        if choice.edition == LIVE:
            card = await live_card(snapshot, choice.quarter, unit, access.live_scope(caller, now))
        else:
            card = json.loads(await frozen_card(snapshot, choice.quarter, choice.edition, unit, reviewer=reviews))
        waiting = await contested(snapshot, choice.quarter, unit) if choice.edition == LIVE else 0
        named = await catalogues_of(snapshot.connection, card)
        offered = await offered_quarters(snapshot, choice.quarter)
        frozen = await editions(snapshot, choice.quarter, reviewer=reviews)
        beside = beside_names(snapshot.directory, [unit], choice.quarter)
    return render(
        request,
        state,
        caller,
        "card.html",
        card=card,
        contested=waiting,
        beside=beside.get(unit),
        explained=explain(card, snapshot.reference.rulebook, named),
        origin=str(request.base_url).rstrip("/"),
        choice=choice,
        quarters=offered,
        frozen=frozen,
        reviews=reviews,
    )
