"""What stands around a card: its peers, its past, what pends in it, and who headed the unit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.domain.case import SCORED
from services.domain.notices import Kind
from services.reports.reading.editions import editions
from services.reports.reading.listing import LIVE, Frozen
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.sql import queries

_LEAST_PEERS = 8
_OF_REPLIES = [Kind.FINDINGS, Kind.RELEASE, Kind.CORRECTION, Kind.EXTENSION, Kind.REOPENING, Kind.REMINDER]


@dataclass(frozen=True, slots=True)
class Peers:
    """Units of the same kind that have a score in the quarter, and the middle score."""

    units: int
    median: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A finding that is not settled; `due` (RFC 3339) while the unit may reply."""

    id: str
    code: str
    severity: int
    count: int
    index: int
    day: date
    inspection: str
    contested: bool
    awaits_reply: bool
    due: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """Somebody's time as head; `until` is None while it lasts."""

    account: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsDay:
    """A day of inspection: the head's own violations, replies that never came, remedies overdue."""

    day: date
    visits: int
    own: int
    unanswered: int
    overdue: int


async def peers(snapshot: Snapshot, quarter: str, group: str, frozen: Frozen | None) -> Peers | None:
    """The peers of a card; None where so few would tell of single units, or one of them is still stale."""
    if frozen is None and not snapshot.all_rendered(quarter):
        return None
    if frozen is None:
        row = await snapshot.connection.fetchrow(queries.peer_scores, quarter, group)
    else:
        row = await snapshot.connection.fetchrow(queries.peer_scores_frozen, frozen.closing, group)
    return Peers(**row) if row["units"] >= _LEAST_PEERS else None


async def past(
    snapshot: Snapshot, units: Sequence[str], quarters: Sequence[str], scope: Scope
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Live rows by (unit, quarter), as far as the scope reaches, but for stale ones."""
    rows = await snapshot.connection.fetch(queries.past_rows, list(units), list(quarters))
    seen = snapshot.directory.card_readers
    return {
        (row["unit"], row["quarter"]): json.loads(row["row"])
        for row in rows
        if row["unit"] in snapshot.directory and scope.sees(seen(row["unit"], row["quarter"], snapshot.today))
    }


async def lacking(
    snapshot: Snapshot, units: Sequence[str], quarters: Sequence[str], scope: Scope
) -> list[tuple[str, str]]:
    """The (unit, quarter) that `past` leaves out though there is a card, as far as the scope reaches."""
    rows = await snapshot.connection.fetch(queries.past_lacking, list(units), list(quarters))
    seen = snapshot.directory.card_readers
    found = [(row["unit"], row["quarter"]) for row in rows if row["unit"] in snapshot.directory]
    return sorted(one for one in found if scope.sees(seen(*one, snapshot.today)))


async def newest_published(snapshot: Snapshot, quarters: Sequence[str]) -> dict[str, Frozen]:
    """By quarter its newest published edition; nothing of a quarter without one."""
    newest: dict[str, Frozen] = {}
    for one in await editions(snapshot, None, reviewer=False):
        if one.quarter in quarters and (one.quarter not in newest or newest[one.quarter].head.size < one.head.size):
            newest[one.quarter] = one
    return newest


async def past_published(
    snapshot: Snapshot, units: Sequence[str], newest: Mapping[str, Frozen]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Rows of these editions by (unit, quarter)."""
    quarter_of = {one.closing: quarter for quarter, one in newest.items()}
    rows = await snapshot.connection.fetch(queries.past_frozen, list(quarter_of), list(units))
    return {(row["unit"], quarter_of[row["closing"]]): json.loads(row["row"]) for row in rows}


async def restated(snapshot: Snapshot, quarters: Sequence[str]) -> frozenset[str]:
    """Those quarters of which a restatement was published."""
    found = await editions(snapshot, None, reviewer=False)
    return frozenset(one.quarter for one in found if one.quarter in quarters and one.kind.startswith("restated"))


async def pending_of(snapshot: Snapshot, quarter: str, unit: str) -> list[Pending]:
    """What pends in a live card: what waits for the unit first, by deadline."""
    rows = await snapshot.connection.fetch(
        queries.pending_of, quarter, unit, sorted(SCORED), [str(kind) for kind in _OF_REPLIES]
    )
    return [Pending(**row) for row in rows]


async def tenures(snapshot: Snapshot, unit: str) -> list[Tenure]:
    """Who headed a unit, the first first."""
    rows = await snapshot.connection.fetch(queries.heads_of, unit)
    return [Tenure(account=row["account"], since=row["valid_from"], until=row["valid_to"]) for row in rows]


async def heads_days(snapshot: Snapshot, unit: str, quarters: Sequence[str]) -> list[HeadsDay]:
    """A unit's days of inspection in some quarters, as far as they concern its head."""
    rows = await snapshot.connection.fetch(queries.heads_part, unit, list(quarters), sorted(SCORED))
    return [HeadsDay(**row) for row in rows]


async def most_inspectors(snapshot: Snapshot, unit: str, window: Sequence[str]) -> int:
    """How many inspectors stand behind a comparison over some quarters: as many as saw the unit in one of them."""
    return int(await snapshot.connection.fetchval(queries.most_inspectors, unit, list(window)))


def kind_of(edition: str, frozen: Sequence[Frozen]) -> Frozen | None:
    """The frozen edition of a kind; None of the live one."""
    return None if edition == LIVE else next((one for one in frozen if one.kind == edition), None)
