"""Alerts as the posts that answer for a unit see them, and what of them still takes a reply."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.domain.case import SCORED
from services.kernel.problems import NotFound
from services.kernel.quarters import parse_instant, rfc3339
from services.kernel.web.paging import bad_cursor, page, read_cursor
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.sql import queries

_LATEST = ("9", "ffffffff-ffff-ffff-ffff-ffffffffffff")


@dataclass(frozen=True, slots=True)
class Reply:
    """Of an alert: whether the reader replies for its unit, and whether a finding of it can still be replied to."""

    own: bool
    open: bool


async def alerts(
    snapshot: Snapshot, scope: Scope, *, unit: str | None, only_open: bool, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of alerts, the latest first; NotFound for a unit that is unknown or out of scope."""
    before = _before(cursor)
    units = _alert_units(snapshot, scope, unit)
    if units is None:
        rows = await snapshot.connection.fetch(queries.all_alerts, *before, only_open, limit + 1)
    else:
        rows = await snapshot.connection.fetch(queries.alerts_of_units, units, *before, only_open, limit + 1)
    return {"log": snapshot.head.json(), **page([json.loads(row["body"]) for row in rows], limit, _place)}


def _alert_units(snapshot: Snapshot, scope: Scope, unit: str | None) -> list[str] | None:
    """The units whose alerts to read, None for all: a post answers for its subtree and for predecessors."""
    answering = snapshot.kept.answering(snapshot.reference, snapshot.today)
    if unit is not None:
        if unit not in answering or not scope.sees(answering[unit]):
            raise NotFound
        return sorted(snapshot.directory.inherited(unit, snapshot.today))
    if scope.posts is None:
        return None
    return sorted(one for one, posts in answering.items() if scope.sees(posts))


async def replies(snapshot: Snapshot, listed: Iterable[Mapping[str, Any]], posts: Collection[str]) -> dict[str, Reply]:
    """By inspection: whether it is for these posts to reply to, and whether that can still be done."""
    units = {alert["inspection"]: alert["unit"] for alert in listed}
    rows = await snapshot.connection.fetch(queries.unanswered, list(units), sorted(SCORED))
    still_open = {row["inspection"] for row in rows}
    directory, today = snapshot.directory, snapshot.today
    return {
        inspection: Reply(not directory.answering(unit, today).isdisjoint(posts), inspection in still_open)
        for inspection, unit in units.items()
    }


async def awaiting_reply(snapshot: Snapshot, posts: Collection[str]) -> int:
    """How many findings wait for a reply of these posts; what units below have to reply to is not theirs."""
    directory, today = snapshot.directory, snapshot.today
    units = [unit for unit in directory if not directory.answering(unit, today).isdisjoint(posts)]
    return int(await snapshot.connection.fetchval(queries.awaiting_reply, units, sorted(SCORED)))


def _place(alert: Mapping[str, Any]) -> str:
    return f"{alert['created_at']} {alert['id']}"


def _before(cursor: str | None) -> tuple[str, str]:
    """The time and id that a page begins below."""
    place = read_cursor(cursor)
    if place is None:
        return _LATEST
    created_at, _, key = place.partition(" ")
    try:
        return rfc3339(parse_instant(created_at)), str(UUID(key))
    except ValueError:
        raise bad_cursor() from None
