"""Live cards as a caller may see them."""

from __future__ import annotations

import json
from typing import Any

from services.domain.case import SCORED
from services.kernel.problems import NotFound
from services.reports.facts.facts import UnitQuarter
from services.reports.facts.store import unit_quarters
from services.reports.reading.listing import LIVE, Listing
from services.reports.reading.named import check_begun, check_unit
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.sql import queries
from services.reports.scoring.cards import compared, render, sized, with_log
from services.reports.scoring.what_if import what_if


async def listing(snapshot: Snapshot, quarter: str, scope: Scope, group: str | None = None) -> Listing:
    """A quarter's live list, as far as the scope reaches; units without inspections as insufficient."""
    check_begun(quarter, snapshot.today)
    if not snapshot.all_rendered(quarter):
        return await _listing(snapshot, quarter, scope, group)
    key = (snapshot.moved, snapshot.today, quarter, scope, group)
    return await snapshot.kept.listing(key, lambda: _listing(snapshot, quarter, scope, group))


async def _listing(snapshot: Snapshot, quarter: str, scope: Scope, group: str | None) -> Listing:
    stored = {row["unit"]: row["row"] for row in await snapshot.connection.fetch(queries.card_rows, quarter)}
    units = {*snapshot.directory.units_in(quarter), *stored}
    places = snapshot.kept.places(snapshot.reference, snapshot.today, quarter, units)
    size = await snapshot.connection.fetchval(queries.fit, quarter)
    fitted = await snapshot.connection.fetch(queries.comparisons, quarter) if size else ()
    beside = {row["unit"]: row["body"] for row in fitted}
    asked = {unit: place for unit, place in places.items() if group in (None, place.group)}
    rows = {
        unit: _beside(stored.get(unit, place.row), beside.get(unit), size)
        for unit, place in asked.items()
        if scope.sees(place.readers)
    }
    rules = snapshot.reference.rulebook.rules(quarter)
    version = rules.version if rules else None
    part = len(rows) < len(asked)  # what the scope narrows is not all of a kind of unit
    return Listing(
        quarter=quarter,
        edition=LIVE,
        rules=version,
        head=snapshot.head,
        rows=rows,
        group=None if part else group,
        part=part,
    )


def _beside(row: str, comparison: str | None, size: int) -> str:
    return row if comparison is None else compared(row, comparison, size)


async def card(snapshot: Snapshot, quarter: str, unit: str, scope: Scope) -> dict[str, Any]:
    """A unit's live card; NotFound when the quarter has no such unit or it is out of scope."""
    check_begun(quarter, snapshot.today)
    check_unit(unit)
    body = await snapshot.connection.fetchval(queries.card, quarter, unit)
    directory = snapshot.directory
    known = unit in directory and (body is not None or unit in directory.units_in(quarter))
    if not known or not scope.sees(directory.card_readers(unit, quarter, snapshot.today)):
        raise NotFound
    if body is not None:
        found = json.loads(body)
    else:
        found = render(UnitQuarter(unit, quarter), directory, snapshot.reference.rulebook)
    return with_log(found | {"comparison": await _comparison(snapshot, quarter, unit)}, snapshot.head)


async def _comparison(snapshot: Snapshot, quarter: str, unit: str) -> dict[str, Any] | None:
    """As last fitted; None where the rules compare nothing, or before the first fit."""
    size = await snapshot.connection.fetchval(queries.fit, quarter)
    body = await snapshot.connection.fetchval(queries.comparison, quarter, unit) if size else None
    return None if body is None else json.loads(sized(body, size))


async def if_upheld(snapshot: Snapshot, quarter: str, unit: str, scope: Scope) -> dict[str, Any]:
    """What pending findings would do to a unit's live card; NotFound as for the card."""
    await card(snapshot, quarter, unit, scope)
    facts = await unit_quarters(snapshot.connection, [(quarter, unit)])
    told = what_if(facts[quarter, unit], snapshot.directory, snapshot.reference.rulebook)
    return {"quarter": quarter, "unit": unit, "log": snapshot.head.json(), **told}


async def contested(snapshot: Snapshot, quarter: str, unit: str) -> int:
    """How many of a live card's pending findings are under appeal or reopened."""
    return int(await snapshot.connection.fetchval(queries.contested, quarter, unit, sorted(SCORED)))


async def quarters(snapshot: Snapshot) -> list[str]:
    """The quarters in which something was inspected or commended, the latest first."""
    return [row["quarter"] for row in await snapshot.connection.fetch(queries.quarters)]
