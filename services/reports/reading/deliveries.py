"""What was sent outside and what came of it, for whoever may know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.kernel.envelope import is_uuid
from services.kernel.problems import NotFound
from services.kernel.quarters import parse_instant, rfc3339
from services.kernel.store.sql import load_queries
from services.kernel.web.paging import bad_cursor, page, read_cursor
from services.reports.reading.notices import units_seen
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot

queries = load_queries(Path(__file__).with_name("deliveries.sql"))
_LATEST = datetime(9000, 1, 1, tzinfo=UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff"


async def deliveries(
    snapshot: Snapshot, scope: Scope, *, unit: str | None, state: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of deliveries, the newest first; NotFound for a unit that is unknown or out of scope."""
    units = units_seen(snapshot, scope)
    if unit is not None:
        if unit not in snapshot.directory or (units is not None and unit not in units):
            raise NotFound
        units = sorted(snapshot.directory.inherited(unit, snapshot.today))
    rows = await snapshot.connection.fetch(queries.deliveries, units, state, *_before(cursor), limit + 1)
    return page([shown(row) for row in rows], limit, lambda one: f"{one['created_at']} {one['id']}")


async def delivery(snapshot: Snapshot, scope: Scope, id: str) -> dict[str, Any]:
    """One delivery; NotFound when it is out of scope."""
    row = await snapshot.connection.fetchrow(queries.delivery, id) if is_uuid(id) else None
    units = units_seen(snapshot, scope)
    if row is None or (units is not None and row["unit"] not in units):
        raise NotFound
    return shown(row)


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A delivery as it is shown: never where it went, which is the receiver's own matter."""
    last = {"at": rfc3339(row["at"]), "why": row["why"], "status": row["status"]} if row["at"] else None
    return {
        "id": row["id"], "notice": row["notice"], "channel": row["channel"], "via": row["via"], "kind": row["kind"],
        "unit": row["unit"], "state": row["state"], "attempts": row["attempts"],
        "created_at": rfc3339(row["created_at"]),
        "next_at": rfc3339(row["next_at"]) if row["state"] == "waiting" else None, "last": last,
    }  # fmt: skip


def _before(cursor: str | None) -> tuple[datetime, str]:
    place = read_cursor(cursor)
    if place is None:
        return _LATEST
    created_at, _, key = place.partition(" ")
    try:
        return parse_instant(created_at), str(UUID(key))
    except ValueError:
        raise bad_cursor() from None
