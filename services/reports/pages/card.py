"""A unit's card, each deduction down to its log entry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.quarters import local_date
from services.reports.facts.store import catalogues_of
from services.reports.pages.choice import Choice
from services.reports.pages.files import File, files_of
from services.reports.pages.frame import render
from services.reports.pages.quarter import offered_quarters
from services.reports.reading import access
from services.reports.reading.editions import differences_of, editions, frozen_card
from services.reports.reading.listing import LIVE, Frozen
from services.reports.reading.live_cards import card as live_card
from services.reports.reading.live_cards import contested
from services.reports.reading.live_cards import if_upheld as what_if
from services.reports.reading.names import beside_names
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State
from services.reports.scoring.explained import explain


def _files(card: dict[str, Any], frozen: Sequence[Frozen], caller: Caller, now: datetime) -> list[File]:
    published = any(one.kind == card["edition"] and one.published_at is not None for one in frozen)
    return files_of(
        caller, now, quarter=card["quarter"], edition=card["edition"], published=published, unit=card["unit"]
    )


async def _if_upheld(
    snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, unit: str
) -> list[dict[str, Any]]:
    """What each pending finding would do, for those who may ask, beside a live card."""
    if choice.edition != LIVE or not caller.grants_for(Action.WHAT_IF, now):
        return []
    scope = access.what_if_scope(caller, now)
    if not scope.sees(snapshot.directory.card_readers(unit, choice.quarter, snapshot.today)):
        return []
    return list((await what_if(snapshot, choice.quarter, unit, scope))["findings"])


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
        if_upheld = await _if_upheld(snapshot, caller, now, choice, unit)
        differs = await differences_of(snapshot, choice.quarter, choice.edition, unit)
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
        if_upheld=if_upheld,
        differs=differs,
        beside=beside.get(unit),
        files=_files(card, frozen, caller, now),
        explained=explain(card, snapshot.reference.rulebook, named),
        origin=str(request.base_url).rstrip("/"),
        choice=choice,
        quarters=offered,
        frozen=frozen,
        reviews=reviews,
    )
