"""The requests to erase private parts, with the reasons given."""

import base64
import json
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.intake.reading.paging import Cursor, Limit, Short, before, paged
from services.intake.reading.private import privates_of
from services.intake.reading.reach import Reading, reading
from services.intake.reading.searching import Sought, sought
from services.kernel.identity.roles import Action, allows
from services.kernel.quarters import rfc3339
from services.kernel.store.sql import load_queries

_sql = load_queries(Path(__file__).with_name("queries.sql"))


def install(app: FastAPI) -> None:
    """Add the route."""
    shown = allows(Action.READ_ERASURES)
    app.get("/intake/v1/erasures", response_class=JSONResponse, openapi_extra=shown)(erasures)


async def erasures(
    request: Request, state: Short = None, q: Sought = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Requests to erase private parts, newest first, with the reasons given."""
    async with reading(request, Action.READ_ERASURES) as reader:
        rows = await reader.connection.fetch(
            _sql.erasures_listed, before(cursor), state, *reader.whole().columns(), *reader.headed().columns(),
            limit + 1, sought(q, reader.directory, ()),
        )  # fmt: skip
        writes = [write for row in rows for write in (row["id"], row["settlement"]) if write is not None]
        reasons = await privates_of(reader, writes)
    return paged([_shown(row, reader, reasons) for row in rows], limit)


def _shown(row: asyncpg.Record, reader: Reading, reasons: dict[str, dict[str, Any]]) -> dict[str, Any]:
    event = json.loads(base64.b64decode(json.loads(row["answer"])["event"]))
    private = reasons[row["id"]]
    if refusal := reasons.get(row["settlement"]):
        private = private | {"refusal": refusal}
    return {
        "id": row["id"], "event": row["event"], "unit": row["unit"],
        "unit_name": reader.unit_name(row["unit"], row["requested_at"]),
        "parts": row["parts"], "state": row["state"],
        "about": {"type": event["type"], "subject": event["subject"], "time": event["time"]},
        "requester": row["requester"], "requested_at": rfc3339(row["requested_at"]),
        "settled_at": row["settled_at"] and rfc3339(row["settled_at"]), "private": private,
    }  # fmt: skip
