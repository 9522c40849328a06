"""Inspections, listed and one by one, as far as the caller reads them."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import FastAPI, Query, Request
from starlette.responses import JSONResponse, Response

from services.domain.calendar import DaysLeft
from services.intake.inspections.may import may
from services.intake.phones.endpoints import phones_of
from services.intake.reading.paging import FIRST, Cursor, Limit, Short, before, next_id, paged
from services.intake.reading.private import note_reading, private_of
from services.intake.reading.reach import STAFF, Reading, reading
from services.intake.reading.searching import Sought, sought
from services.intake.writing.forms import is_write_id
from services.intake.writing.world import is_lost
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import NotFound
from services.kernel.quarters import rfc3339
from services.kernel.store.sql import load_queries

Stage = Literal["open", "reply", "decision", "done"]
InStage = Annotated[Stage | None, Query(description="open, or closed with something to reply to or decide, or done")]
_UNITS = ("opinion", "refusal", "minutes", "signatures", "erased", "lost")
_SEEN_BEFORE = timedelta(days=7)
QUERIES = _sql = load_queries(Path(__file__).with_name("queries.sql"))


def install(app: FastAPI) -> None:
    """Add the routes."""
    for path, endpoint in (("/intake/v1/inspections", inspections), ("/intake/v1/inspections/{id}", inspection)):
        app.get(path, response_class=JSONResponse, openapi_extra=allows(Action.READ_CASE))(endpoint)


async def inspections(
    request: Request,
    unit: Short = None,
    state: Short = None,
    mine: bool = False,
    stage: InStage = None,
    q: Sought = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Inspections the caller may read, newest first."""
    async with reading(request, Action.READ_CASE) as reader:
        words = sought(q, reader.directory, reader.service.catalogues)
        rows = await _rows(reader, FIRST, before(cursor), limit + 1, unit, state, mine, stage, words)
        left = reader.days_left()
    return paged([shown(row, reader, left) for row in rows], limit)


async def inspection(request: Request, id: str) -> Response:
    """One inspection; the unit's opinion in the minutes to those who may read private parts."""
    async with reading(request, Action.READ_CASE) as reader:
        row, role = await known(reader, id)
        told = shown(row, reader, reader.days_left())
        told |= {"closing": row["closing"], "correction": row["correction"], "impartial": row["impartial"]}
        opened = None
        if row["closing"] is not None and role is not Role.AUDITOR:
            opened = await private_of(reader, row["closing"])
        if role in STAFF:
            told["devices"] = await phones_of(reader, row["team"], row["received_at"] - _SEEN_BEFORE)
    if opened is not None:
        await note_reading(reader, role, inspection=id, part="closing")
        if reader.heads(row["unit"]):
            opened.pop("fill", None)  # how the form was filled in names findings that are kept from the unit
        told["private"] = opened if role in STAFF else units_copy(opened)
    return JSONResponse(told)


async def known(reader: Reading, id: str) -> tuple[asyncpg.Record, Role]:
    """An inspection, and as whom the caller reads it; NotFound when it is not for him."""
    for row in await _rows(reader, id, next_id(id), 1) if is_write_id(id) else ():
        if role := reader.role(row["unit"], row["team"]):
            return row, role
    raise NotFound


async def _rows(
    reader: Reading,
    first: str,
    end: str,
    most: int,
    unit: str | None = None,
    state: str | None = None,
    mine: bool = False,
    stage: Stage | None = None,
    words: str | None = None,
) -> list[asyncpg.Record]:
    """Those from one id on and before another that the caller may read, the newest first."""
    return list(await reader.connection.fetch(
        _sql.inspections, first, end, most, reader.caller.account, *reader.reach(), unit, state, mine, stage, words,
    ))  # fmt: skip


async def some(reader: Reading, ids: Sequence[str]) -> list[asyncpg.Record]:
    """Those of these that the caller may read."""
    return list(await reader.connection.fetch(_sql.some_inspections, ids, reader.caller.account, *reader.reach()))


def units_copy(private: dict[str, Any]) -> dict[str, Any]:
    """What the unit's own people may read of a closing: nobody of the team, and nothing of how it worked."""
    kept = {name: private[name] for name in _UNITS if name in private}
    for name, hidden in (("minutes", {"secretary"}), ("signatures", {"leader", "secretary"})):
        if kept.get(name):
            kept[name] = {key: value for key, value in kept[name].items() if key not in hidden}
    return kept


def shown(row: asyncpg.Record, reader: Reading, left: DaysLeft) -> dict[str, Any]:
    """An inspection as lists show it."""
    told = {
        "id": row["id"], "unit": row["unit"], "unit_name": reader.unit_name(row["unit"], row["opened_at"]),
        "kind": row["kind"], "basis": row["basis"], "opened_at": rfc3339(row["opened_at"]), "quarter": row["quarter"],
        "catalogue": row["catalogue"], "received_at": rfc3339(row["received_at"]), "state": row["state"],
        "closed_at": row["closed_at"] and rfc3339(row["closed_at"]),
        "reply_due": row["reply_due"] and rfc3339(row["reply_due"]), "acknowledged": row["acknowledged"],
        "roll": row["roll"] and json.loads(row["roll"]), "mine": reader.caller.account in row["team"],
        "found": json.loads(row["found"]), "working_days_left": left(row["reply_due"]), "may": may(reader, row),
    }  # fmt: skip
    if any(map(is_lost, (row["opener"], *row["team"]))):
        reader.unheard()
    if reader.knows_people(row["unit"], row["team"]):
        told |= {"opener": row["opener"], "team": row["team"]}
    return told
