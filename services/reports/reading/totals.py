"""What was found and answered in whole quarters: sums of the facts, and of a frozen edition's cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import dropwhile
from typing import Literal

import asyncpg

from services.domain.case import OVERTURNING, SCORED
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.sql import queries


@dataclass(frozen=True, slots=True)
class Found:
    """Findings of a code that count in a unit's quarter: how many, their counts together, in how many inspections."""

    unit: str
    code: str
    findings: int
    times: int
    inspections: int


@dataclass(frozen=True, slots=True)
class Told:
    """A finding that counts: where, when, how many, and its entry in the log."""

    unit: str
    day: date
    count: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A quarter's sums; `replied` in time and `lapsed` of windows that ended, remedies likewise."""

    quarter: str
    units: int
    inspections: int
    persons: int
    findings: int
    replied: int
    lapsed: int
    remedied: int
    overdue: int


_SUMS = tuple(one.name for one in fields(Total) if one.name != "quarter")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTotal(Total):
    """A quarter's sums of one kind of unit."""

    kind: str


@dataclass(frozen=True, slots=True)
class Praise:
    """A commendation and its entry in the log."""

    unit: str
    code: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """Findings of a quarter that are not settled; instants are RFC 3339, None without such a finding."""

    for_units: int
    latest: str | None
    for_department: int
    contested: int
    oldest_appeal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Of some inspections: persons checked, findings, those decided, those of them overturned; how decisions stood up.

    `seconded`: read a second time without sight of the decision, of these `agreed`; `again`: decided again after an
    appeal or a reopening, of these `reversed`.
    """

    who: str
    """The quarter's pseudonym of a member; of a team several, with spaces; `all`."""
    checks: int
    findings: int
    decided: int
    overturned: int
    seconded: int
    agreed: int
    again: int
    reversed: int


async def found_live(snapshot: Snapshot, quarters: Sequence[str]) -> list[Found]:
    """What counts in some quarters together now, by unit and code."""
    rows = await snapshot.connection.fetch(queries.found_live, list(quarters), sorted(SCORED))
    return [Found(**row) for row in rows]


async def found_frozen(snapshot: Snapshot, closing: str) -> list[Found]:
    """What counts in a frozen edition, by unit and code, as its cards say."""
    return [Found(**row) for row in await snapshot.connection.fetch(queries.found_frozen, closing)]


async def told_live(snapshot: Snapshot, quarter: str, code: str) -> list[Told]:
    """Where a code counts in a quarter now, in log order."""
    rows = await snapshot.connection.fetch(queries.told_live, quarter, code, sorted(SCORED))
    return [Told(**row) for row in rows]


async def told_frozen(snapshot: Snapshot, closing: str, code: str) -> list[Told]:
    """Where a code counts in a frozen edition, in log order."""
    return [Told(**row) for row in await snapshot.connection.fetch(queries.told_frozen, closing, code)]


async def totals(snapshot: Snapshot, quarters: Sequence[str], units: Sequence[str] | None) -> list[Total]:
    """Sums of some quarters in the order given, of some units (None: all), from the first one with an inspection on.

    A quarter without one stands there too: what follows it would else be held against the one before it.
    """
    rows = await _sums(snapshot, quarters, dict.fromkeys(units or (), ""), alone=units is not None)
    found = {one: _together(one, [row for row in rows if row["quarter"] == one]) for one in quarters}
    return [found[one] for one in dropwhile(lambda one: found[one].inspections == 0, quarters)]


def _together(quarter: str, rows: Sequence[asyncpg.Record]) -> Total:
    """All kinds' sums in one; a unit is of one kind."""
    return Total(quarter=quarter, **{name: sum(row[name] for row in rows) for name in _SUMS})


async def by_kind(snapshot: Snapshot, quarters: Sequence[str], kinds: Mapping[str, str]) -> list[KindTotal]:
    """Sums of some quarters by kind of unit; `kinds` names every unit that counts."""
    return [KindTotal(**row) for row in await _sums(snapshot, quarters, kinds, alone=True)]


async def _sums(
    snapshot: Snapshot, quarters: Sequence[str], kinds: Mapping[str, str], *, alone: bool
) -> list[asyncpg.Record]:
    return list(await snapshot.connection.fetch(
        queries.totals, list(quarters), list(kinds), list(kinds.values()), alone, sorted(SCORED)
    ))  # fmt: skip


async def praised(snapshot: Snapshot, quarter: str) -> list[Praise]:
    """The commendations of a quarter, in log order."""
    return [Praise(**row) for row in await snapshot.connection.fetch(queries.praised, quarter)]


async def in_the_way(snapshot: Snapshot, quarter: str) -> Unsettled:
    """What of a quarter is not settled."""
    return Unsettled(**await snapshot.connection.fetchrow(queries.in_the_way, quarter, sorted(SCORED)))


async def judged(snapshot: Snapshot, quarter: str, by: Literal["members", "teams", "all"]) -> list[Judged]:
    """How a quarter's findings fared."""
    rows = await snapshot.connection.fetch(queries.judged, quarter, sorted(SCORED), sorted(map(str, OVERTURNING)), by)
    return [Judged(**row) for row in rows]
