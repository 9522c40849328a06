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
    subject = await _about(source, entry)
    if subject.startswith("round/"):
        return _reads_rounds(caller, now)
    return bool(readable(caller, Action.ENTRY, await _matter(source, caller.account, entry["unit"], subject, now), now))


def _reads_rounds(caller: Caller, now: datetime) -> bool:
    """Planners and auditors of the province, and nobody who heads a unit: none knows before that it was drawn."""
    return caller.of_the_province(Action.ROUND_ENTRY, now) and not any(post.valid_at(now) for post in caller.posts)


async def _about(source: Source, entry: Any) -> str:
    """What an entry is about; an erasure is about what the erased part was of."""
    subject = _subject(entry)
    if part := _PART.fullmatch(subject):
        erased = await source.fetchrow(queries.entry_by_id, part[1])
        return _subject(erased) if erased is not None else f"finding/{part[1]}"
    return subject


async def _matter(source: Source, account: str, unit: str, subject: str, now: datetime) -> Matter:
    """What an entry is about, by its envelope; whose case that is, schema `identity` tells."""
    units = scope(await units_near(source, unit), unit, local_date(now)) if unit != NO_UNIT else ()
    case = _CASE.fullmatch(subject)
    if case is None:
        return Matter(units)
    known = await source.fetchrow(queries.case_as, case[1], account)
    if known is None:  # intake does not know it (any more): the worst is assumed
        return Matter(units, mine=False, kept=True)
    return Matter(units, mine=known["mine"], kept=known["kept"])


def _subject(entry: Any) -> str:
    return str(orjson.loads(entry["bytes"])["subject"])
