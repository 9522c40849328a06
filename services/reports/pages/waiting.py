"""What waits for the reader, by role: the dashboard says it first, from the projections alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Role
from services.kernel.problems import NotFound
from services.reports.reading.access import alert_scope, posts
from services.reports.reading.alerts import alerts, awaiting_reply, replies
from services.reports.reading.live_cards import card
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot

_COUNTED_ALERTS = 99


@dataclass(frozen=True, slots=True, kw_only=True)
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


async def waiting(
    snapshot: Snapshot, caller: Caller, now: datetime, quarter: str, rows: Sequence[Mapping[str, Any]]
) -> Waiting:
    """What waits for a caller who sees these rows of a quarter's list."""
    roles = caller.roles(now)
    unseen = await _unseen_alerts(snapshot, caller, now) if Role.UNIT_HEAD in roles else None
    return Waiting(
        own=await _own_cards(snapshot, posts(caller, now), quarter),
        replies=await awaiting_reply(snapshot, posts(caller, now)),
        alerts=None if unseen is None else min(unseen, _COUNTED_ALERTS),
        more_alerts=unseen is not None and unseen > _COUNTED_ALERTS,
        reviews=Role.REVIEWER in roles,
        inspects=bool(roles & {Role.INSPECTOR, Role.LEAD}),
        pending=sum(row["pending"]["findings"] for row in rows),
        pending_units=sum(1 for row in rows if row["pending"]["findings"]),
        uninspected=sum(1 for row in rows if not row["exposure"]["inspections"]),
    )


async def _own_cards(snapshot: Snapshot, own: frozenset[str], quarter: str) -> list[Mapping[str, Any]]:
    """The live cards of the units the caller heads, as far as the quarter has them."""
    cards: list[Mapping[str, Any]] = []
    for unit in sorted(own):
        try:
            cards.append(await card(snapshot, quarter, unit, Scope(own)))
        except NotFound:
            continue  # the unit was not there in that quarter
    return cards


async def _unseen_alerts(snapshot: Snapshot, caller: Caller, now: datetime) -> int:
    """How many alerts of the caller's own posts nobody has seen: those of units below are for their heads."""
    page = await alerts(
        snapshot, alert_scope(caller, now), unit=None, only_open=True, limit=_COUNTED_ALERTS + 1, cursor=None
    )
    told = await replies(snapshot, page["items"], posts(caller, now))
    return sum(told[alert["inspection"]].own for alert in page["items"])
