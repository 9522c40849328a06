"""A unit's card in plain words: range, peers, past, what pends, and each deduction down to its log entry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.quarters import local_date, quarters_until
from services.reports.facts.store import catalogues_of
from services.reports.pages import tenure, unit_chart
from services.reports.pages.choice import Choice
from services.reports.pages.files import File, files_of
from services.reports.pages.frame import opened_with_past, render
from services.reports.pages.paper import code_of_card
from services.reports.pages.quarter import offered_quarters
from services.reports.reading import access, around
from services.reports.reading.editions import differences_of, editions, frozen_card
from services.reports.reading.listing import LIVE, Frozen
from services.reports.reading.live_cards import card as live_card
from services.reports.reading.live_cards import contested
from services.reports.reading.live_cards import if_upheld as what_if
from services.reports.reading.names import beside_names, unit_names
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State
from services.reports.scoring.explained import explain

_SEEN_BACK = 4


def _files(card: dict[str, Any], frozen: Sequence[Frozen], caller: Caller, now: datetime) -> list[File]:
    published = any(one.kind == card["edition"] and one.published_at is not None for one in frozen)
    return files_of(
        caller, now, quarter=card["quarter"], edition=card["edition"], published=published, unit=card["unit"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands beside a card: rows of the unit and its predecessors in the last quarters, the newest last."""

    quarters: Sequence[str]
    units: Mapping[str, str]
    rows: Mapping[tuple[str, str], Mapping[str, Any]]
    lacking: Sequence[tuple[str, str]]
    """Those of which the row cannot be shown now."""
    kinds: Mapping[str, str]
    """The edition that a quarter's rows are of."""
    restated: frozenset[str]
    peers: around.Peers | None
    parts: Sequence[tenure.Part] | None
    """The head's part; None for who may not see it."""


def _live_open(snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, unit: str) -> bool:
    """Whether the caller sees the unit's live card, too."""
    if not caller.grants_for(Action.LIVE_CARDS, now):
        return False
    return access.live_scope(caller, now).sees(snapshot.directory.card_readers(unit, choice.quarter, snapshot.today))


def _may_ask(snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, unit: str) -> Scope | None:
    """The scope of who may ask what would be, of a live card in it."""
    if choice.edition != LIVE or not caller.grants_for(Action.WHAT_IF, now):
        return None
    scope = access.what_if_scope(caller, now)
    return scope if scope.sees(snapshot.directory.card_readers(unit, choice.quarter, snapshot.today)) else None


async def _pending(
    snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, unit: str
) -> list[tuple[around.Pending, Mapping[str, Any] | None]]:
    """What pends, each with what upholding it would do, for those who may ask."""
    scope = _may_ask(snapshot, caller, now, choice, unit)
    if scope is None:
        return []
    told = {one["id"]: one for one in (await what_if(snapshot, choice.quarter, unit, scope))["findings"]}
    return [(one, told.get(one.id)) for one in await around.pending_of(snapshot, choice.quarter, unit)]


async def _around(
    snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, card: Mapping[str, Any], frozen: Sequence[Frozen]
) -> Around:
    quarters = quarters_until(choice.quarter, _SEEN_BACK)
    units = [card["unit"], *snapshot.directory.predecessors(card["unit"], snapshot.today)]
    shown = around.kind_of(choice.edition, frozen)
    if choice.edition == LIVE:
        kinds = dict.fromkeys(quarters, LIVE)
        scope = access.live_scope(caller, now)
        rows = await around.past(snapshot, units, quarters, scope)
        lacking = await around.lacking(snapshot, units, quarters, scope)
    else:
        newest = await around.newest_published(snapshot, quarters)
        kinds = {quarter: one.kind for quarter, one in newest.items()} | {choice.quarter: choice.edition}
        rows, lacking = await around.past_published(snapshot, units, newest), []
    return Around(
        quarters=quarters,
        units=unit_names(snapshot.directory, units, snapshot.today),
        rows=rows,
        lacking=lacking,
        kinds=kinds,
        restated=await around.restated(snapshot, quarters),
        peers=await around.peers(snapshot, choice.quarter, card["group"], shown),
        parts=await _heads_part(snapshot, caller, now, choice, card["unit"], quarters),
    )


async def _heads_part(
    snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, unit: str, quarters: Sequence[str]
) -> list[tenure.Part] | None:
    """Only for reviewers and the heads of the unit and those above it; never beside what is published."""
    if choice.edition != LIVE or not caller.grants_for(Action.ALERTS, now):
        return None
    if not access.alert_scope(caller, now).sees(snapshot.directory.card_readers(unit, choice.quarter, snapshot.today)):
        return None
    days = await around.heads_days(snapshot, unit, quarters)
    return tenure.parts(await around.tenures(snapshot, unit), days, snapshot.today)


async def card_page(request: Request, state: State, caller: Caller) -> Response:
    """The page of a card, live or frozen."""
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    unit = request.path_params["unit"]
    async with opened_with_past(state, caller, choice, _SEEN_BACK, unit) as (snapshot, missing):
        read = await _read(snapshot, caller, now, choice, unit)
    return render(
        request,
        state,
        caller,
        "card.html",
        **read,
        **_drawn(read["about"], unit, read["card"]),
        missing=missing,
        files=_files(read["card"], read["frozen"], caller, now),
        today=now,
        origin=str(request.base_url).rstrip("/"),
        choice=choice,
        reviews=access.reviews(caller, now),
        printed=code_of_card(request, state, read["card"], read["frozen"]),
    )


async def _read(snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, unit: str) -> dict[str, Any]:
    """What the page says, by the names its template has for it; NotFound without such a card."""
    card = await _card(snapshot, caller, now, choice, unit)
    frozen = await editions(snapshot, choice.quarter, reviewer=access.reviews(caller, now))
    return {
        "card": card,
        "survey": card.get("survey"),
        "frozen": frozen,
        "inspectors": await _inspectors(snapshot, card),
        "contested": await contested(snapshot, choice.quarter, unit) if choice.edition == LIVE else 0,
        "pending": await _pending(snapshot, caller, now, choice, unit),
        "differs": await differences_of(snapshot, choice.quarter, choice.edition, unit),
        "explained": explain(card, snapshot.reference.rulebook, await catalogues_of(snapshot.connection, card)),
        "quarters": await offered_quarters(snapshot, choice.quarter),
        "beside": beside_names(snapshot.directory, [unit], choice.quarter).get(unit),
        "live_open": _live_open(snapshot, caller, now, choice, unit),
        "about": await _around(snapshot, caller, now, choice, card, frozen),
        "heads": not snapshot.directory.answering(unit, snapshot.today).isdisjoint(access.posts(caller, now)),
    }


async def _inspectors(snapshot: Snapshot, card: Mapping[str, Any]) -> int | None:
    """Behind a comparison; also of a frozen card by the log as it is, for no card says how many they were."""
    compared = card.get("comparison")
    if not compared:
        return None
    return await around.most_inspectors(snapshot, card["unit"], compared["window"])


async def _card(snapshot: Snapshot, caller: Caller, now: datetime, choice: Choice, unit: str) -> dict[str, Any]:
    if choice.edition == LIVE:
        return await live_card(snapshot, choice.quarter, unit, access.live_scope(caller, now))
    reviews = access.reviews(caller, now)
    card: dict[str, Any] = json.loads(
        await frozen_card(snapshot, choice.quarter, choice.edition, unit, reviewer=reviews)
    )
    return card


def _drawn(about: Around, unit: str, card: Mapping[str, Any]) -> dict[str, Any]:
    """The unit's range beside its peers', and its line over the quarters around."""
    comparison = card.get("comparison")
    past = unit_chart.past_line(about.quarters, _scores(about, unit, card), about.restated)
    return {
        "comparison": comparison,
        "peers_rate": unit_chart.peers_rate(comparison) if comparison else None,
        "range": unit_chart.unit_range(comparison),
        "past": past,
        "past_change": unit_chart.change(past),
        "frame": unit_chart,
    }


def _scores(about: Around, unit: str, card: Mapping[str, Any]) -> list[str | None]:
    """The unit's scores in the quarters around, the shown card's own in its quarter."""
    rows = {**about.rows, (unit, card["quarter"]): card}
    return [rows[unit, quarter]["score"] if (unit, quarter) in rows else None for quarter in about.quarters]
