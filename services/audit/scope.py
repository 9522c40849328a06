"""Who may read one entry: whoever may read its unit."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from services.audit.tree import queries
from services.kernel.callers import Caller, reaching
from services.kernel.db import Pool
from services.kernel.envelope import NO_UNIT
from services.kernel.identity import ancestors
from services.kernel.quarters import local_date
from services.kernel.roles import Action, Role

CRIMINAL = 4  # the severity kept from the unit until the reviewer releases it


async def may_read(pool: Pool, caller: Caller, unit: str, event: bytes, now: datetime) -> bool:
    """Whether an appointment reaches the entry's unit; a head does not see what is kept from the unit."""
    grants = caller.grants_for(Action.ENTRY, now)
    chain = (await ancestors(pool, [unit], local_date(now)))[unit] if unit != NO_UNIT else (NO_UNIT,)
    if reaching([grant for grant in grants if grant.role is not Role.UNIT_HEAD], Action.ENTRY, chain):
        return True
    heads = [grant for grant in grants if grant.role is Role.UNIT_HEAD]
    return reaching(heads, Action.ENTRY, chain) is not None and not await _kept_from_unit(pool, event)


async def _kept_from_unit(pool: Pool, event: bytes) -> bool:
    """Whether the event tells of a severity 4 finding: its own, one of a decision, reply, lapse, withdrawal on it,
    or the erasure of a part of any of these.

    Here alone the log looks into `data`: for what it shows, never for what it keeps.
    """
    data = json.loads(event)["data"]
    if "event" in data:
        data = await _told(pool, data["event"])
    if "finding" not in data:
        return False
    if "severity" not in data:
        # The finding's own event carries the finding's id.
        data = await _told(pool, data["finding"])
    return bool(data.get("severity") == CRIMINAL)


async def _told(pool: Pool, event_id: str) -> dict[str, Any]:
    """What an earlier event tells; of one that is not here the worst is assumed."""
    row = await pool.fetchrow(queries.entry_by_id, event_id)
    return json.loads(row["bytes"])["data"] if row is not None else {"finding": event_id, "severity": CRIMINAL}
