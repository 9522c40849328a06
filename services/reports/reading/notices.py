"""An account's notices: in the order of the log, each read or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.kernel.envelope import is_uuid
from services.kernel.problems import NotFound, invalid
from services.kernel.quarters import rfc3339
from services.kernel.store.db import Connection
from services.reports.notices.notice import place, read_place
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.sql import queries

_BEFORE_ALL, _AFTER_ALL = (-1, -1), (2**63 - 1, 2**31 - 1)


def units_seen(snapshot: Snapshot, scope: Scope) -> list[str] | None:
    """The units whose notices a scope shows today, None for all: who left a post reads its notices no more."""
    if scope.posts is None:
        return None
    answering = snapshot.kept.answering(snapshot.reference, snapshot.today)
    return sorted(unit for unit, posts in answering.items() if scope.sees(posts))


async def notices(
    snapshot: Snapshot, account: str, scope: Scope, *, after: str | None, only_open: bool, limit: int
) -> dict[str, Any]:
    """A page of notices from a place on, the oldest first; Invalid for what is no place."""
    units = units_seen(snapshot, scope)
    rows = await snapshot.connection.fetch(
        queries.notices, account, *since(after, "/after"), units, only_open, limit + 1
    )
    return _page(rows, limit)


async def latest(
    snapshot: Snapshot, account: str, scope: Scope, *, before: str | None, only_open: bool, limit: int
) -> dict[str, Any]:
    """A page of notices backwards from a place, the newest first."""
    until = _place(before, "/before", _AFTER_ALL)
    units = units_seen(snapshot, scope)
    rows = await snapshot.connection.fetch(queries.latest_notices, account, *until, units, only_open, limit + 1)
    return _page(rows, limit)


def _page(rows: list[Any], limit: int) -> dict[str, Any]:
    items = [item(row) for row in rows[:limit]]
    return {"items": items, "next": items[-1]["place"] if len(rows) > limit else None}


def since(text: str | None, pointer: str) -> tuple[int, int]:
    """The place after which to read; before all without one."""
    return _place(text, pointer, _BEFORE_ALL)


def _place(text: str | None, pointer: str, otherwise: tuple[int, int]) -> tuple[int, int]:
    if text is None:
        return otherwise
    found = read_place(text)
    if found is None:
        raise invalid(
            pointer, "không phải vị trí của danh sách này; hãy đọc lại từ đầu", "is no place here; begin anew"
        )
    return found


def item(row: Mapping[str, Any]) -> dict[str, Any]:
    """A notice as the wire shows it."""
    return {
        "id": str(row["id"]), "kind": row["kind"], "unit": row["unit"], "inspection": str(row["inspection"]),
        "finding": row["finding"] and str(row["finding"]), "findings": row["listed"],
        "created_at": row["created_at"], "due": row["due"], "read_at": row["read_at"] and rfc3339(row["read_at"]),
        "place": place(row["index"], row["number"]),
    }  # fmt: skip


async def own_notice(snapshot: Snapshot, account: str, scope: Scope, id: str) -> dict[str, Any]:
    """One of the account's notices; NotFound for another's, and for what is out of its reach by now."""
    row = await snapshot.connection.fetchrow(queries.notice, id, account) if is_uuid(id) else None
    units = units_seen(snapshot, scope)
    if row is None or (units is not None and row["unit"] not in units):
        raise NotFound
    return item(row)


async def mark_read(connection: Connection, id: str, now: datetime) -> None:
    """Mark a notice as read, in a table that no rebuild touches."""
    await connection.execute(queries.read_notice, id, now)
