"""What the nightly self-check found, for who publishes and who sends teams; `_self_check.html` has the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.sql import queries

_LATE = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfChecked:
    """The oldest of the quarters' last checks (None: none was ever done), up to which size of the log, how many."""

    at: datetime | None
    size: int
    quarters: int
    never: int
    """Quarters that were never checked."""
    differing: Mapping[str, str]
    """What was found, by quarter: nothing of these is published."""
    late: bool


async def self_checked(snapshot: Snapshot, caller: Caller, now: datetime) -> SelfChecked | None:
    """For who plans, decides or watches in the whole province; None for others."""
    if not any(caller.of_the_province(action, now) for action in (Action.PLAN, Action.DECIDE, Action.ENTRIES)):
        return None
    rows = await snapshot.connection.fetch(queries.self_checks)
    done = [row for row in rows if row["checked_at"] is not None]
    at = min((row["checked_at"] for row in done), default=None)
    return SelfChecked(
        at=at,
        size=min((row["size"] for row in done), default=0),
        quarters=len(done),
        never=len(rows) - len(done),
        differing={row["quarter"]: row["differs"] for row in done if row["differs"] is not None},
        late=at is not None and now - at > _LATE,
    )
