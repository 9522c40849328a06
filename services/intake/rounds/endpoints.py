"""Rounds, an account's assignments and a year's coverage, as far as the caller reads them."""

import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, Query, Request
from starlette.responses import JSONResponse, Response

from services.domain.selection import told_selection
from services.intake.reading.paging import FIRST, Cursor, Limit, before, next_id, paged
from services.intake.reading.reach import Reading, Some, reading
from services.intake.rounds.drawing import TYPE as DRAWN
from services.intake.rounds.may import may
from services.intake.writing.forms import is_write_id
from services.kernel.envelope import derived_id
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import Forbidden, NotFound
from services.kernel.quarters import ICT, local_date, rfc3339
from services.kernel.store.sql import load_queries

TARGET = "0.70"
"""How many of the units the Department means to see in a year (domain.md)."""
_sql = load_queries(Path(__file__).with_name("queries.sql"))
Year = Annotated[int, Query(ge=2020, le=2099)]


def install(app: FastAPI) -> None:
    """Add the routes."""
    for path, endpoint, action in (
        ("/intake/v1/rounds", rounds, Action.READ_ROUNDS),
        ("/intake/v1/rounds/{id}", one_round, Action.READ_ROUNDS),
        ("/intake/v1/coverage", coverage, Action.READ_ROUNDS),
        ("/intake/v1/assignments", assignments, Action.READ_ASSIGNMENTS),
    ):
        app.get(path, response_class=JSONResponse, openapi_extra=allows(action))(endpoint)


@asynccontextmanager
async def _reading(request: Request) -> AsyncIterator[Reading]:
    """Who asks; Forbidden for whoever heads a unit: what is unannounced is seen by no unit before."""
    async with reading(request, Action.READ_ROUNDS) as reader:
        if any(post.valid_at(reader.now) for post in reader.caller.posts):
            raise Forbidden
        yield reader


async def rounds(request: Request, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """Rounds, newest first, also replaced, closed and undrawn ones; of each what lies in the caller's scope."""
    async with _reading(request) as reader:
        listed = await _listed(reader, FIRST, before(cursor), limit + 1)
    return paged(listed, limit)


async def one_round(request: Request, id: str) -> Response:
    """One round, with its candidates for whoever reads the whole province."""
    async with _reading(request) as reader:
        for shown in await _listed(reader, id, next_id(id), 1, whole=True) if is_write_id(id) else ():
            return JSONResponse(shown)
    raise NotFound


async def _listed(reader: Reading, first: str, end: str, most: int, *, whole: bool = False) -> list[dict[str, Any]]:
    rows = await reader.connection.fetch(_sql.rounds, first, end, most)
    assigned = await reader.connection.fetch(_sql.assignments_of, [row["id"] for row in rows])
    units = reader.whole()
    return [_shown(reader, units, row, [one for one in assigned if one["round"] == row["id"]], whole) for row in rows]


def _shown(
    reader: Reading, units: Some, row: asyncpg.Record, assigned: Sequence[asyncpg.Record], whole: bool
) -> dict[str, Any]:
    strata, drawn, chosen, beacon = (_parsed(row[name]) for name in ("strata", "drawn", "chosen", "beacon"))
    today = local_date(reader.now)
    random = {unit for stratum in drawn or () for unit in stratum["units"]}
    planner, staff = reader.caller.of_the_province(Action.PLAN, reader.now), _is_staff(reader)
    shown: dict[str, Any] = {
        "id": row["id"], "kind": row["kind"], "basis": row["basis"], "from": row["first"].isoformat(),
        "to": row["last"].isoformat(), "strata": strata, "exclude": [one for one in row["exclude"] if units.holds(one)],
        "chosen": [
            {"unit": unit, "selection": why if staff else told_selection(why)}
            for unit, why in chosen.items() if units.holds(unit)
        ],
        "beacon": beacon and beacon | {"value": row["value"]}, "replaces": row["replaces"],
        "replaced_by": row["replaced_by"], "planned_at": rfc3339(row["planned_at"]),
        "state": "drawn" if row["state"] == "open" and drawn is not None else row["state"].replace("open", "planned"),
        "index": row["idx"], "root": row["root"],
        "drawn": None if drawn is None else [
            one | {"units": [unit for unit in one["units"] if units.holds(unit)]} for one in drawn
        ],
        **_progress(reader, units, random, {*random, *chosen}, assigned, today),
        "may": may(reader.caller, row, beacon, today) if planner else [],
    }  # fmt: skip
    if drawn is not None:
        shown["drawn_event"] = derived_id(row["id"], DRAWN, 1)
    candidates = json.loads(row["candidates"])
    if whole and units.everywhere and len(candidates) == len(strata):
        listed = zip(strata, candidates, strict=True)
        shown["candidates"] = [{"group": stratum["group"], "units": found} for stratum, found in listed]
    return shown


def _progress(
    reader: Reading, units: Some, random: Collection[str], named: Iterable[str], assigned: Sequence[asyncpg.Record],
    today: date,
) -> dict[str, Any]:  # fmt: skip
    """What is assigned, inspected and left; a unit that ended stands under the name of the one that answers for it."""
    answering = {one: reader.directory.answering(one, today) for one in (*named, *(row["unit"] for row in assigned))}
    seen = {answering[row["unit"]] for row in assigned if row["inspected"]}
    given = {answering[row["unit"]] for row in assigned}
    by_lot = given & {answering[unit] for unit in random}
    left = {answering[unit] for unit in named} - seen
    return {
        "assigned": _in_reach(units, given), "inspected": _in_reach(units, seen), "left": _in_reach(units, left),
        "random_share": share(len(by_lot), len(given)),
        "assignments": [
            _assignment(reader, row, answering[row["unit"]]) for row in assigned if units.holds(row["unit"])
        ],
    }  # fmt: skip


def _is_staff(reader: Reading) -> bool:
    """Whether the caller may know who goes, and what led to a unit: an auditor need not."""
    return any(grant.role is not Role.AUDITOR for grant in reader.grants)


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _in_reach(units: Some, named: Iterable[str]) -> list[str]:
    return sorted(unit for unit in named if units.holds(unit))


def _assignment(reader: Reading, row: asyncpg.Record, unit: str) -> dict[str, Any]:
    shown = {"id": row["id"], "unit": unit, **_span(row), "inspection": row["inspection"]}
    if _is_staff(reader):
        shown |= _people(row)
    return shown


def _span(row: Mapping[str, Any]) -> dict[str, str]:
    return {"from": row["first"].isoformat(), "to": row["last"].isoformat()}


def _people(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"opener": row["opener"], "team": [one for one in row["team"] if one != row["opener"]]}


def share(part: int, whole: int) -> str | None:
    """A part of a whole with two decimals; None of nothing."""
    return str((Decimal(part) / whole).quantize(Decimal("0.01"), ROUND_HALF_EVEN)) if whole else None


async def assignments(request: Request) -> Response:
    """The caller's own assignments in open rounds, by their first day; which round each is of is not told."""
    async with reading(request, Action.READ_ASSIGNMENTS) as reader:
        rows = await reader.connection.fetch(_sql.assignments_for, reader.caller.account)
    return JSONResponse({"items": [_own(reader, row) for row in rows], "next": None})


def _own(reader: Reading, row: asyncpg.Record) -> dict[str, Any]:
    unit = reader.directory.answering(row["unit"], local_date(reader.now))
    why = row["selection"]
    return {
        "id": row["id"], "unit": unit, "unit_name": reader.unit_name(unit, reader.now), "kind": row["kind"],
        "basis": row["basis"], "selection": "risk" if why == "targeted" else why or "random", **_people(row),
        **_span(row), "inspection": row["inspection"],
    }  # fmt: skip


async def coverage(request: Request, year: Year) -> Response:
    """How many of the units in the caller's reach were inspected in a year, by group, and which are left."""
    first, end = (datetime(one, 1, 1, tzinfo=ICT).astimezone(UTC) for one in (year, year + 1))
    async with _reading(request) as reader:
        rows = await reader.connection.fetch(_sql.inspected_units, first, end)
        day = min(local_date(reader.now), date(year, 12, 31))
        inspected = {reader.directory.answering(row["unit"], day) for row in rows}
        units = reader.whole()
    groups: dict[str, list[str]] = {}
    for unit in sorted(reader.directory.versions):
        version = reader.directory.version(unit, day)
        if version is not None and units.holds(unit):
            groups.setdefault(version.group, []).append(unit)
    return JSONResponse({
        "year": year, "target": TARGET,
        "groups": [_covered(group, listed, inspected) for group, listed in sorted(groups.items())],
        "left": sorted(unit for listed in groups.values() for unit in listed if unit not in inspected),
    })  # fmt: skip


def _covered(group: str, units: Sequence[str], inspected: Collection[str]) -> dict[str, Any]:
    seen = sum(unit in inspected for unit in units)
    return {"group": group, "units": len(units), "inspected": seen, "share": share(seen, len(units))}
