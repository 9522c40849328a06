"""What was found and answered in whole quarters: sums of the facts, and of a frozen edition's cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.domain.case import LIGHT, SCORED
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


async def found_live(snapshot: Snapshot, quarter: str) -> list[Found]:
    """What counts in a quarter now, by unit and code."""
    rows = await snapshot.connection.fetch(queries.found_live, quarter, sorted(SCORED), LIGHT)
    return [Found(**row) for row in rows]


async def found_frozen(snapshot: Snapshot, closing: str) -> list[Found]:
    """What counts in a frozen edition, by unit and code, as its cards say."""
    return [Found(**row) for row in await snapshot.connection.fetch(queries.found_frozen, closing)]


async def told_live(snapshot: Snapshot, quarter: str, code: str) -> list[Told]:
    """Where a code counts in a quarter now, in log order."""
    rows = await snapshot.connection.fetch(queries.told_live, quarter, code, sorted(SCORED), LIGHT)
    return [Told(**row) for row in rows]


async def told_frozen(snapshot: Snapshot, closing: str, code: str) -> list[Told]:
    """Where a code counts in a frozen edition, in log order."""
    return [Told(**row) for row in await snapshot.connection.fetch(queries.told_frozen, closing, code)]


async def totals(snapshot: Snapshot, quarters: Sequence[str], units: Sequence[str] | None) -> list[Total]:
    """Sums of some quarters in the order given, of some units (None: all)."""
    rows = await snapshot.connection.fetch(queries.totals, list(quarters), units, sorted(SCORED), LIGHT)
    found = {row["quarter"]: Total(**row) for row in rows}
    return [found[quarter] for quarter in quarters if quarter in found]
