"""Private parts: opened for whoever may read them, each opening noted with who, when and why."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import asyncpg
from fastapi import Depends, Header, Query

from services.intake.reading.reach import Reading
from services.intake.vault.sealing import Sealed
from services.intake.vault.sql import QUERIES
from services.intake.writing.forms import MAX_TEXT
from services.kernel.identity.roles import Role
from services.kernel.problems import invalid
from services.kernel.quarters import rfc3339
from services.kernel.store.db import Connection
from services.kernel.store.sql import load_queries
from services.kernel.strict_json import clean_text, judge_text

REASON_HEADER = "Kycuong-Reason"
_STRUCTURED = ("persons", "minutes", "signatures", "position", "fill")
_sql = load_queries(Path(__file__).with_name("queries.sql"))


async def told_reason(
    reason: Annotated[
        str | None,
        Query(
            max_length=MAX_TEXT, pattern=r"^[^\x00]*$", description="an address is kept in histories: better the header"
        ),
    ] = None,
    told: Annotated[
        str | None,
        Header(alias=REASON_HEADER, pattern=r"^[!-~]*$", description="why it is opened, percent-encoded UTF-8"),
    ] = None,
) -> str | None:
    """Why a private part is opened: by a header, which no history, proxy or trace keeps, or in the address."""
    if told is None:
        return _judged("/reason", reason)
    try:
        text = unquote(told, errors="strict")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(text) > MAX_TEXT:
        raise invalid(
            f"/{REASON_HEADER}",
            f"phải là UTF-8 viết bằng %XX, dài nhất {MAX_TEXT} ký tự",
            f"must be percent-encoded UTF-8 of at most {MAX_TEXT} characters",
        )
    return _judged(f"/{REASON_HEADER}", text)


def _judged(pointer: str, reason: str | None) -> str | None:
    """The reason, if it is one that may be composed."""
    try:
        return reason and judge_text(reason)
    except ValueError as refusal:
        raise invalid(pointer, *refusal.args[0]) from None


Reason = Annotated[str | None, Depends(told_reason)]


async def note_reading(
    reading: Reading,
    role: Role,
    *,
    finding: str | None = None,
    inspection: str | None = None,
    part: str | None = None,
    reason: str | None = None,
) -> None:
    """Note that private parts are opened: after they were read, before they are shown.

    A crash after it leaves a reading noted that nobody saw: never the other way round.
    """
    why, service = reason and clean_text(reason), reading.service
    about = (finding, inspection, why)
    await service.pool.execute(_sql.note_reading, reading.caller.account, role, *about, service.clock.now(), part)


async def note_opening(connection: Connection, account: str, role: str, at: datetime, *, finding: str) -> None:
    """The same of somebody who is not signed in."""
    await connection.execute(_sql.note_reading, account, role, finding, None, None, at, None)


async def privates_of(reading: Reading, events: list[str]) -> dict[str, dict[str, Any]]:
    """The private parts of events, by group; an erased or lost one is null, and `erased` or `lost` says since when."""
    opened: dict[str, dict[str, Any]] = {event: {} for event in events}
    for row in await reading.connection.fetch(QUERIES.parts, events):
        shown, group = opened[row["event_id"]], row["grp"]
        fate = "erased" if row["erased_at"] is not None else "lost" if row["lost_at"] is not None else None
        if fate is not None:
            shown.setdefault(fate, {})[group] = rfc3339(row[f"{fate}_at"])
        if not group.startswith(("photo.", "file.")):
            shown[group] = None if fate is not None else _opened(reading, row)
    return opened


async def private_of(reading: Reading, event: str) -> dict[str, Any]:
    """The private parts of one event, by group."""
    return (await privates_of(reading, [event]))[event]


def _opened(reading: Reading, row: asyncpg.Record) -> Any:
    sealed = Sealed(row["event_id"], row["grp"], row["wrapped_key"], row["sealed"])
    content = reading.service.vault.open(sealed)[1]
    return json.loads(content) if row["grp"] in _STRUCTURED else content.decode()
