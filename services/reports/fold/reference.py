"""The directory and the rule book of a log prefix, as the projections keep them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from services.kernel.store.db import Connection, columns
from services.reports.facts.directory import UNIT_EVENTS
from services.reports.facts.facts import Entry
from services.reports.fold.sql import queries
from services.reports.scoring.reference import REFERENCE_EVENTS, RULES, Reference
from services.reports.text import dump

__all__ = ["REFERENCE_EVENTS", "RULES", "Reference", "add_reference_events", "load_reference"]


async def load_reference(connection: Connection) -> Reference:
    """The directory and rule book as the projections hold them."""
    reference = Reference()
    for row in await connection.fetch(queries.reference_events):
        data = json.loads(row["data"])
        if row["type"] in UNIT_EVENTS:
            reference.directory.apply(row["index"], row["type"], row["unit"], data)
        else:
            reference.rulebook.apply(row["index"], row["type"], data, row["published"])
        reference.index = row["index"]
    return reference


async def add_reference_events(connection: Connection, entries: Sequence[tuple[Entry, date | None]]) -> None:
    """Keep the events that the directory and the rule book are made of, with the day they count from."""
    rows = [
        (entry.index, entry.event.type, entry.event.unit, dump(entry.event.data), published)
        for entry, published in entries
    ]
    if rows:
        await connection.execute(queries.add_reference_events, *columns(rows, 5))
