"""What an earlier program did not keep of openings and decisions, read from the log once, before the fold goes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from services.kernel.feed.client import LogClient
from services.kernel.store.db import Pool, columns, transaction
from services.reports.facts.facts import DECIDED, INSPECTION_OPENED, SECOND_REVIEWED, TEAM_CHANGED
from services.reports.fold.feed import read_log
from services.reports.fold.sql import queries
from services.reports.scoring.comparison.tally import touched

_MARKS = tuple(f'"{kind}"'.encode() for kind in (INSPECTION_OPENED, TEAM_CHANGED, DECIDED, SECOND_REVIEWED))
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lacking:
    """What the log says of openings by inspection, of decisions by finding: the first, whether again, the second."""

    openings: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    decisions: dict[str, tuple[str, bool, str | None]] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        kind, data = event["type"], event["data"]
        if kind == INSPECTION_OPENED:
            self.openings[data["inspection"]] = data["kind"], data["selection"], " ".join(data["team"])
        elif kind == TEAM_CHANGED and data.get("inspection") in self.openings:
            self.openings[data["inspection"]] = *self.openings[data["inspection"]][:2], " ".join(data["team"])
        elif kind == DECIDED:
            first, _, second = self.decisions.get(data["finding"], (None, False, None))
            self.decisions[data["finding"]] = first or data["outcome"], first is not None, second
        elif kind == SECOND_REVIEWED:
            self.decisions[data["finding"]] = *self.decisions[data["finding"]][:2], data["outcome"]


async def fill_lacking(pool: Pool, client: LogClient) -> int:
    """Keep what was folded without; of how many inspections and findings. LogUnreachable."""
    size = await pool.fetchval(queries.lacking_up_to)
    if size is None:
        return 0
    told = _Lacking()
    async with aclosing(read_log(client, size)) as stretches:
        async for entries in stretches:
            for raw in entries:
                if any(mark in raw for mark in _MARKS):
                    told.take(json.loads(raw))
    openings = [(key, *one) for key, one in sorted(told.openings.items())]
    decisions = [(key, *one) for key, one in sorted(told.decisions.items())]
    async with transaction(pool) as connection:
        filled = await connection.fetch(queries.fill_openings, *columns(openings, 4))
        decided = await connection.fetch(queries.fill_decisions, *columns(decisions, 4))
        changed = {quarter for row in filled for quarter in touched(row["quarter"])}
        await connection.execute(queries.want_fits, sorted(changed))
    # a crash before the commit leaves all to be read again
    log.info("read from the log %d openings and the decisions of %d findings", len(filled), len(decided))
    return len(filled) + len(decided)
