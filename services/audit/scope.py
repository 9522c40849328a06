"""Who may read one entry: whoever may read the finding or inspection that it is about, or else its unit."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import orjson

from services.audit.tree import Source, queries
from services.kernel.envelope import NO_UNIT
from services.kernel.identity.authentication import units_near
from services.kernel.identity.callers import Caller
from services.kernel.identity.reach import Matter, readable, scope
from services.kernel.identity.roles import Action
from services.kernel.quarters import local_date

_CASE = re.compile("(?:inspection|finding)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_PART = re.compile("part/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


async def may_read(source: Source, caller: Caller, entry: Any, now: datetime) -> bool:
    """Whether an entry (its row) is for the caller."""
    return bool(readable(caller, Action.ENTRY, await _matter(source, caller.account, entry, now), now))


async def _matter(source: Source, account: str, entry: Any, now: datetime) -> Matter:
    """What an entry is about, by its envelope; whose case that is, schema `identity` tells."""
    unit, subject = entry["unit"], _subject(entry)
    units = scope(await units_near(source, unit), unit, local_date(now)) if unit != NO_UNIT else ()
    if part := _PART.fullmatch(subject):  # an erasure is of the case that the erased part was of
        erased = await source.fetchrow(queries.entry_by_id, part[1])
        subject = _subject(erased) if erased is not None else f"finding/{part[1]}"
    case = _CASE.fullmatch(subject)
    if case is None:
        return Matter(units)
    known = await source.fetchrow(queries.case_as, case[1], account)
    if known is None:  # intake does not know it (any more): the worst is assumed
        return Matter(units, mine=False, kept=True)
    return Matter(units, mine=known["mine"], kept=known["kept"])


def _subject(entry: Any) -> str:
    return str(orjson.loads(entry["bytes"])["subject"])
