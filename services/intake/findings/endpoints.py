"""Findings, listed and one by one, as far as the caller reads them."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.domain.calendar import DaysLeft
from services.domain.case import Command, settled
from services.domain.words import case_label
from services.intake.findings.may import may, offered
from services.intake.findings.state import missing_photos
from services.intake.reading.paging import FIRST, Cursor, Limit, Short, before, next_id, paged
from services.intake.reading.private import Reason, note_reading, privates_of
from services.intake.reading.reach import Reading, reading
from services.intake.vault.sql import QUERIES as VAULT
from services.intake.writing.forms import is_write_id
from services.intake.writing.world import is_lost
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import Language, NotFound, invalid, language_of
from services.kernel.quarters import rfc3339
from services.kernel.store.sql import load_queries
from services.kernel.strict_json import is_blank

_ANSWERS = ("withdrawal", "reply", "decision")
_sql = load_queries(Path(__file__).with_name("queries.sql"))


def install(app: FastAPI) -> None:
    """Add the routes."""
    for path, endpoint in (("/intake/v1/findings", findings), ("/intake/v1/findings/{id}", finding)):
        app.get(path, response_class=JSONResponse, openapi_extra=allows(Action.READ_CASE))(endpoint)


async def findings(
    request: Request,
    inspection: Short = None,
    unit: Short = None,
    state: Short = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Findings the caller may read, newest first."""
    async with reading(request, Action.READ_CASE) as reader:
        if inspection is not None and not is_write_id(inspection):
            raise invalid("/inspection", "phải là UUIDv7 viết thường", "must be a UUIDv7 in lower case")
        rows = await _rows(reader, FIRST, before(cursor), limit + 1, inspection, unit, state)
        left, apart = await reader.days_left(), await _apart(reader, rows)
    language = language_of(request.headers)
    return paged([_shown(row, reader, left, apart, language) for row in rows], limit)


async def finding(request: Request, id: str, reason: Reason) -> Response:
    """One finding with its private part; an auditor gives a reason to open that, and each opening is logged."""
    async with reading(request, Action.READ_CASE) as reader:
        row, role = await known_finding(reader, id)
        answers = {name: row[name] for name in _ANSWERS if row[name] is not None}
        left, apart = await reader.days_left(), await _apart(reader, [row])
        shown = _shown(row, reader, left, apart, language_of(request.headers)) | {"answers": answers}
        opens = role is not Role.AUDITOR or not is_blank(reason or "")
        private = await _private(reader, id, answers) if opens else None
    if private is not None:
        await note_reading(reader, role, finding=id, reason=reason)
        shown["private"] = private
    return JSONResponse(shown)


async def known_finding(reader: Reading, id: str) -> tuple[asyncpg.Record, Role]:
    """A finding, and as whom the caller reads it; NotFound when it is not for him."""
    for row in await _rows(reader, id, next_id(id), 1) if is_write_id(id) else ():
        if role := reader.role(row["unit"], row["team"], row["severity"]):
            return row, role
    raise NotFound


async def _rows(
    reader: Reading,
    first: str,
    end: str,
    most: int,
    inspection: str | None = None,
    unit: str | None = None,
    state: str | None = None,
) -> list[asyncpg.Record]:
    """Those from one id on and before another that the caller may read, the newest first."""
    return list(await reader.connection.fetch(
        _sql.findings, first, end, most, reader.caller.account, *reader.whole().columns(), *reader.teams().columns(),
        *reader.headed().columns(), inspection, unit, state,
    ))  # fmt: skip


async def _private(reader: Reading, id: str, answers: dict[str, str]) -> dict[str, Any]:
    opened = await privates_of(reader, [id, *answers.values()])
    return opened[id] | {name: opened[event] for name, event in answers.items() if opened[event]}


async def _apart(reader: Reading, rows: Iterable[asyncpg.Record]) -> set[str]:
    """Of whose lost persons the caller is certainly none: by quarter, of those that a restore left unknown."""
    quarters = {row["quarter"] for row in rows if any(map(is_lost, (*row["team"], row["filer"])))}
    if not quarters:
        return set()
    found = await reader.connection.fetch(VAULT.apart, [reader.caller.account], list(quarters))
    return {row["quarter"] for row in found}


def _shown(
    row: asyncpg.Record, reader: Reading, left: DaysLeft, apart: Collection[str], language: Language
) -> dict[str, Any]:
    manifest, held = json.loads(row["photos"]), sorted(map(int, json.loads(row["held"])))
    permitted, complete = may(reader, row, apart), not missing_photos(manifest, held)
    where = (row["severity"], row["state"], row["accepts"])
    shown = {
        "id": row["id"], "inspection": row["inspection"], "unit": row["unit"],
        "unit_name": reader.unit_name(row["unit"], row["captured_at"]), "code": row["code"],
        "catalogue": row["catalogue"],
        "severity": row["severity"], "count": row["count"], "captured_at": rfc3339(row["captured_at"]),
        "received_at": rfc3339(row["received_at"]), "photos": len(manifest), "photos_held": held,
        "complete": complete, "state": row["state"],
        "accepts": row["accepts"], "outcome": row["outcome"],
        "reply_due": row["reply_due"] and rfc3339(row["reply_due"]), "working_days_left": left(row["reply_due"]),
        "settled": settled(*where), "state_label": case_label(*where, row["outcome"], language),
        "may": permitted, "outcomes": offered(row, complete) if Command.DECISION in permitted else [],
    }  # fmt: skip
    if reader.knows_people(row["unit"], row["team"]):
        shown["filer"] = row["filer"]
    return shown
