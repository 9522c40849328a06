"""What an earlier program did not keep of inspections, read from the log once, before the fold goes on."""

from __future__ import annotations

import json
import logging
from contextlib import aclosing

from services.kernel.feed.client import LogClient
from services.kernel.store.db import Pool, columns, transaction
from services.reports.facts.facts import INSPECTION_OPENED, TEAM_CHANGED
from services.reports.fold.feed import read_log
from services.reports.fold.sql import queries
from services.reports.scoring.comparison.tally import touched

_MARKS = tuple(f'"{kind}"'.encode() for kind in (INSPECTION_OPENED, TEAM_CHANGED))
log = logging.getLogger(__name__)


async def fill_openings(pool: Pool, client: LogClient) -> int:
    """Keep kind, selection and team of inspections that were folded without; returns of how many. LogUnreachable."""
    size = await pool.fetchval(queries.lacking_up_to)
    if size is None:
        return 0
    openings: dict[str, dict[str, str]] = {}
    async with aclosing(read_log(client, size)) as stretches:
        async for entries in stretches:
            for raw in entries:
                if any(mark in raw for mark in _MARKS):
                    _take(openings, json.loads(raw))
    rows = [(key, one["kind"], one["selection"], one["team"]) for key, one in sorted(openings.items())]
    async with transaction(pool) as connection:
        filled = await connection.fetch(queries.fill_openings, *columns(rows, 4))
        changed = {quarter for row in filled for quarter in touched(row["quarter"])}
        await connection.execute(queries.want_fits, sorted(changed))
    # a crash before the commit leaves all to be read again
    log.info("read from the log how the units of %d inspections were chosen", len(filled))
    return len(filled)


def _take(openings: dict[str, dict[str, str]], event: dict[str, dict[str, str]]) -> None:
    data = event["data"]
    team = " ".join(data["team"])
    if str(event["type"]) == INSPECTION_OPENED:
        openings[data["inspection"]] = {"kind": data["kind"], "selection": data["selection"], "team": team}
    elif data.get("inspection") in openings:
        openings[data["inspection"]]["team"] = team
