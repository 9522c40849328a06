"""What the dashboard says first: what waits for the reader, by role, from the projections alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action, Role
from services.kernel.problems import NotFound
from services.reports.reading.reads import Scope
from services.reports.reading.state import State

_COUNTED_ALERTS = 99


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: cards of the units the reader heads, alerts not seen (None: he heads no unit), pending findings."""

    own: Sequence[Mapping[str, Any]]
    replies: int
    """Findings that wait for the reply of the reader's units."""
    alerts: int | None
    more_alerts: bool
    reviews: bool
    inspects: bool
    pending: int
    pending_units: int
    uninspected: int


async def waiting(state: State, caller: Caller, quarter: str, rows: Sequence[Mapping[str, Any]]) -> Waiting:
    """What waits for a caller who sees these rows of a quarter's list."""
    roles = caller.roles(state.clock.now())
    alerts = await _own_alerts(state, caller) if Role.UNIT_HEAD in roles else None
    return Waiting(
        own=await _own_cards(state, caller, quarter),
        replies=await state.reader.awaiting_reply(posts(state, caller)),
        alerts=None if alerts is None else min(alerts, _COUNTED_ALERTS),
        more_alerts=alerts is not None and alerts > _COUNTED_ALERTS,
        reviews=Role.REVIEWER in roles,
        inspects=bool(roles & {Role.INSPECTOR, Role.LEAD}),
        pending=sum(row["pending"]["findings"] for row in rows),
        pending_units=sum(1 for row in rows if row["pending"]["findings"]),
        uninspected=sum(1 for row in rows if not row["exposure"]["inspections"]),
    )


async def _own_cards(state: State, caller: Caller, quarter: str) -> list[Mapping[str, Any]]:
    """The live cards of the units the caller heads, as far as the quarter has them."""
    cards: list[Mapping[str, Any]] = []
    own = posts(state, caller)
    for unit in sorted(own):
        try:
            cards.append(await state.reader.card(quarter, unit, Scope(own)))
        except NotFound:
            continue  # the unit was not there in that quarter
    return cards


def posts(state: State, caller: Caller) -> frozenset[str]:
    """The units that the caller heads."""
    return frozenset(grant.unit for grant in caller.grants_for(Action.ANSWER, state.clock.now()) if grant.unit)


async def _own_alerts(state: State, caller: Caller) -> int:
    """How many alerts of the caller's own posts nobody has seen: those of units below are for their heads."""
    scope = Scope.of(caller.require(Action.ALERTS, state.clock.now()))
    page = await state.reader.alerts(scope, unit=None, only_open=True, limit=_COUNTED_ALERTS + 1, cursor=None)
    replies = await state.reader.replies(page["items"], posts(state, caller))
    return sum(replies[alert["inspection"]].own for alert in page["items"])
