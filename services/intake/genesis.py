"""The first events of a log: the rules by which everything after them is read."""

from datetime import datetime
from pathlib import Path

from services.intake.events import Numbers, system_event
from services.intake.loading import QUERIES
from services.intake.rulefiles import SCHEMAS, genesis
from services.intake.storing import store_writes
from services.kernel.db import Pool, transaction
from services.kernel.envelope import NO_UNIT, genesis_id

AUTHOR = "system"


async def publish_rules(pool: Pool, source: str, now: datetime, schemas: Path = SCHEMAS) -> int:
    """Put catalogue, scoring and calendar versions that the log has not seen into it, once; returns how many."""
    rules = [(genesis_id(rule.type, rule.version), rule) for rule in genesis(schemas)]
    async with transaction(pool) as connection:
        locked = await connection.fetch(QUERIES.lock_units, [NO_UNIT])
        numbers = Numbers({NO_UNIT: locked[0]["last_seq"]})
        known = {row["id"] for row in await connection.fetch(QUERIES.genesis_known, [key for key, _ in rules])}
        events = [
            system_event(source, key, rule.type, rule.subject, now, NO_UNIT, numbers.next(NO_UNIT), rule.data)
            for key, rule in rules
            if key not in known
        ]
        if events:
            writes = [(event.id, AUTHOR, b"", event.bytes, now) for event in events]
            await store_writes(connection, writes, events, numbers, now)
    # a crash before this line leaves none of them, after it all
    return len(events)
