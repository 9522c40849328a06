"""A receipt as a page, for whoever opens it in a browser: what it proves, in words, and the file for programs."""

from __future__ import annotations

import base64
import json
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.audit import scope
from services.audit.receipt import Receipt
from services.audit.state import State
from services.audit.tree import Source, queries
from services.audit.wording import type_words
from services.kernel.identity.callers import Caller
from services.kernel.log.note import Checkpoint
from services.kernel.quarters import local_date, parse_instant
from services.kernel.store.db import snapshot
from services.kernel.web.pages import Pages, Reader


async def slip(request: Request, service: State, caller: Caller, event_id: str, receipt: Receipt) -> Response:
    """The page; what the entry tells only to whoever may read it."""
    pages: Pages = request.app.state.pages
    now = service.clock.now()
    checkpoint = Checkpoint.parse(receipt.note.rpartition("\n\n")[0] + "\n")
    async with snapshot(service.pool) as connection:
        row = await connection.fetchrow(queries.entry_by_id, event_id)
        told = await _told(connection, row) if await scope.may_read(connection, caller, row, now) else None
    page = pages.render(
        request, "receipt.html", reader=Reader.of(caller, now), id=event_id, index=receipt.index,
        checkpoint=checkpoint, root=base64.b64encode(checkpoint.root).decode(), told=told,
    )  # fmt: skip
    page.headers["Vary"] = "Accept, Accept-Language"
    return page


async def _told(source: Source, row: Any) -> dict[str, Any]:
    event = json.loads(row["bytes"])
    names = await source.fetch(queries.unit_names, [row["unit"]], local_date(parse_instant(event["time"])))
    return {
        "type": type_words(event["type"]),
        "unit": next((name["name"] for name in names), None),
        "time": event["time"],
        "raw": row["bytes"].decode(),
    }
