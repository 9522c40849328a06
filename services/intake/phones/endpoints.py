"""Phones with what never came of their chains."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.domain.folding import plain
from services.intake.reading.paging import Cursor, Limit, before, paged
from services.intake.reading.reach import Reading, reading
from services.intake.reading.searching import Sought
from services.kernel.identity.roles import Action, allows
from services.kernel.quarters import rfc3339
from services.kernel.store.sql import load_queries

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_PHONES = 50
_sql = load_queries(Path(__file__).with_name("queries.sql"))


def install(app: FastAPI) -> None:
    """Add the route."""
    app.get("/intake/v1/devices", response_class=JSONResponse, openapi_extra=allows(Action.READ_DEVICES))(devices)


async def devices(
    request: Request, q: Sought = None, filed: bool = False, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Phones with what never came of their chains: one's own, and the teams' in reach; `filed`: only with items."""
    async with reading(request, Action.READ_DEVICES) as reader:
        everywhere, units = reader.whole().columns()
        rows = await reader.connection.fetch(_sql.team_accounts, units, everywhere)
        accounts = {reader.caller.account, *(row["account"] for row in rows)}
        phones = await reader.connection.fetch(
            _sql.devices, list(accounts), reader.everybody(), _BEGINNING, before(cursor), limit + 1,
            filed, plain(q or "").split(),
        )  # fmt: skip
    return paged([_shown(row) for row in phones], limit, "device")


async def phones_of(reader: Reading, accounts: Iterable[str], since: datetime) -> list[dict[str, Any]]:
    """The phones of a team that were heard of since an instant."""
    rows = await reader.connection.fetch(
        _sql.devices, list(accounts), False, since, before(None), _MOST_PHONES, False, []
    )
    return [_shown(row) for row in rows]


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    """A phone, with at most 100 of the numbers that never came."""
    ranges: list[tuple[int, int]] = json.loads(row["gaps"])
    missing = [n for first, last in ranges[:100] for n in range(first, min(last, first + 99) + 1)]
    return {
        "device": row["id"], "account": row["account"], "registered_at": rfc3339(row["registered_at"]),
        "last_n": row["last_n"], "last_received_at": row["last_received_at"] and rfc3339(row["last_received_at"]),
        "waiting": row["waiting"], "missing": missing[:100], "missing_count": row["missing_count"],
        "broken": row["broken"], "forked": row["forked"],
    }  # fmt: skip
