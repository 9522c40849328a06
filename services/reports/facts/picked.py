"""What of an entry cards are made of, picked where it is read: little is handed on, packed, by shards of the units.

Pure, and quickly loaded. A log's cases are by far its most events; of each only the few values that `effects` reads go
on. A unit's events are all in one shard, so that its cards are made of that shard alone.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple
from zlib import crc32

from services.reports.facts.directory import UNIT_EVENTS
from services.reports.facts.effects import SILENT
from services.reports.facts.facts import (
    CATALOGUE,
    COMMENDED,
    CUTS,
    FINDING_RECORDED,
    INSPECTION_OPENED,
    QUARTER_PUBLISHED,
    SCORING,
    SECOND_REVIEWED,
    SURVEYED,
    TEAM_CHANGED,
    Entry,
    Unfoldable,
)

SHARDS = 64
NO_CASE = UNIT_EVENTS | {CATALOGUE, SCORING} | CUTS | {QUARTER_PUBLISHED}
_OF_A_FINDING = ("inspection", "finding")
READ: Mapping[str, tuple[str, ...]] = {
    INSPECTION_OPENED: ("inspection", "kind", "selection", "opened_at", "team"),
    "kycuong.inspection.closed.v1": ("inspection", "persons_checked", "files_checked"),
    "kycuong.inspection.corrected.v1": ("inspection", "persons_checked", "files_checked"),
    FINDING_RECORDED: (*_OF_A_FINDING, "code", "catalogue", "severity", "count"),
    "kycuong.finding.corrected.v1": (*_OF_A_FINDING, "code", "catalogue", "severity", "count"),
    "kycuong.finding.released.v1": _OF_A_FINDING,
    "kycuong.finding.withdrawn.v1": _OF_A_FINDING,
    "kycuong.finding.replied.v1": (*_OF_A_FINDING, "accepts"),
    "kycuong.finding.lapsed.v1": _OF_A_FINDING,
    "kycuong.finding.decided.v1": (*_OF_A_FINDING, "outcome"),
    "kycuong.finding.appealed.v1": _OF_A_FINDING,
    "kycuong.remedy.reported.v1": (*_OF_A_FINDING, "in_time"),
    "kycuong.remedy.refused.v1": _OF_A_FINDING,
    "kycuong.remedy.overdue.v1": _OF_A_FINDING,
    COMMENDED: ("commendation", "code", "date"),
    SURVEYED: ("quarter", "source", "asked", "answered", "satisfied"),
}
"""What `effects` reads of the events that always have it, at least two values."""
SOME: Mapping[str, frozenset[str]] = {
    "kycuong.inspection.voided.v1": frozenset({"inspection"}),
    TEAM_CHANGED: frozenset({"inspection", "team"}),
    "kycuong.finding.reopened.v1": frozenset({*_OF_A_FINDING, "reply_due"}),
    "kycuong.remedy.verified.v1": frozenset({*_OF_A_FINDING, "waived"}),
}
"""Of the others."""
UNREAD = frozenset({"kycuong.inspection.acknowledged.v1", SECOND_REVIEWED})
"""Facts that no card knows of."""
_TAKE = {kind: (kind, itemgetter(*names)) for kind, names in READ.items()}
_NAMES = {kind: kind for kind in (*SOME, *NO_CASE)}
_TIMED = frozenset({"kycuong.inspection.closed.v1"})
_NOTHING = SILENT | UNREAD
Record = tuple[int, str, str, str, Any]
"""Of a case's event its index, type, unit, the time where it is read, and the values that are read of it."""


class Brief(NamedTuple):
    """An event as far as cards are made of it."""

    type: str
    unit: str
    id: str
    time: str
    data: dict[str, Any]


class _Passing:
    """A case's event as far as cards are made of it."""

    __slots__ = ("data", "time", "type", "unit")
    id = ""
    type: str
    unit: str
    time: str
    data: dict[str, Any]


class Picked(NamedTuple):
    """What was picked of neighbouring entries: the few that all cards need, and the cases, packed, by shard."""

    entries: list[tuple[int, str, str, str, str, dict[str, Any]]]
    cases: list[bytes]


class _Shards(dict[str, list[Record]]):
    """The records by unit; a unit met for the first time is given its shard's."""

    def __init__(self, shards: list[list[Record]]) -> None:
        self._shards = shards

    def __missing__(self, unit: str) -> list[Record]:
        found = self[unit] = self._shards[shard_of(unit)]
        return found


class Picking:
    """Takes neighbouring entries, each once it is checked."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, str, str, str, str, dict[str, Any]]] = []
        self._shards: list[list[Record]] = [[] for _ in range(SHARDS)]
        self._of_unit = _Shards(self._shards)

    def take(self, index: int, event: Mapping[str, Any]) -> None:
        """The next entry; Unfoldable for a type that this program does not know."""
        known = _TAKE.get(event["type"])
        if known is None:
            self._seldom(index, event)
            return
        kind, values = known
        try:
            time = event["time"] if kind in _TIMED else ""
            self._of_unit[event["unit"]].append((index, kind, event["unit"], time, values(event["data"])))
        except KeyError as error:
            raise Unfoldable(index, kind, f"no {error}") from error

    def _seldom(self, index: int, event: Mapping[str, Any]) -> None:
        kind, unit, data = event["type"], event["unit"], event["data"]
        if kind in NO_CASE:
            self._entries.append((index, kind, unit, event["id"], event["time"], data))
        elif kind in SOME:
            some = {name: data[name] for name in SOME[kind] if name in data}
            self._of_unit[unit].append((index, _NAMES[kind], unit, "", some))
        elif kind not in _NOTHING:
            raise Unfoldable(index, kind, "unknown event type")

    def done(self) -> Picked:
        """All of them, as they are handed from process to process."""
        return Picked(self._entries, [marshal.dumps(records) if records else b"" for records in self._shards])


def shard_of(unit: str) -> int:
    """Where a unit's events go, in every process the same."""
    return crc32(unit.encode()) % SHARDS


def unpacked(cases: Iterable[bytes]) -> Iterator[Entry]:
    """A shard's entries as `effects` takes them: one after the other in the same place, for who keeps none of them."""
    event = _Passing()
    entry = Entry(0, event)
    for packed in cases:
        records = marshal.loads(packed) if packed else ()  # noqa: S302 - another process of this program wrote it
        for entry.index, event.type, event.unit, event.time, values in records:
            event.data = values if type(values) is dict else dict(zip(READ[event.type], values, strict=True))
            yield entry
