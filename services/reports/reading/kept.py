"""What stays the same from answer to answer, worked out once: places, whole lists, files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.reports.facts.facts import UnitQuarter
from services.reports.fold.reference import Reference
from services.reports.reading.listing import Listing
from services.reports.scoring.cards import render, summary
from services.reports.text import dump

_KEPT_QUARTERS = 16
_KEPT_ROWS = 10_000  # of lists, one without any counts as one: some 30 MB
_KEPT_SUMS = 64
_KEPT_BYTES = 16 << 20  # of files


@dataclass(frozen=True, slots=True)
class Place:
    """A unit in a quarter's list: its group, who may read its card, and its row when nothing is known of it."""

    group: str
    readers: frozenset[str]
    row: str


class Kept:
    """The places of the last quarters asked for, who answers for whom today, and the last lists."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, date, str], dict[str, Place]] = {}
        self._answering: tuple[int, date, dict[str, frozenset[str]]] | None = None
        self._lists: dict[Hashable, Listing] = {}
        self._sums: dict[Hashable, Mapping[str, Any]] = {}

    async def sums(self, key: Hashable, made: Callable[[], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """What was summed up of lists and findings, by all that it is made of."""
        found = self._sums.pop(key, None) or await made()
        self._sums[key] = found
        while len(self._sums) > _KEPT_SUMS:
            self._sums.pop(next(iter(self._sums)))
        return found

    def known(self, key: Hashable) -> Listing | None:
        """A list that is kept; it is so asked for last."""
        found = self._lists.pop(key, None)
        if found is not None:
            self._lists[key] = found
        return found

    async def listing(self, key: Hashable, made: Callable[[], Awaitable[Listing]]) -> Listing:
        """A list by all that it is made of; those asked for last are kept."""
        found = self._lists.pop(key, None) or await made()
        self._lists[key] = found
        while len(self._lists) > 1 and sum(len(one.rows) or 1 for one in self._lists.values()) > _KEPT_ROWS:
            self._lists.pop(next(iter(self._lists)))
        return found

    def places(self, reference: Reference, today: date, quarter: str, units: Set[str]) -> Mapping[str, Place]:
        """The places of these units in a quarter, in order."""
        key = (reference.index, today, quarter)
        kept = self._places.get(key)
        if kept is None or kept.keys() != units:
            while len(self._places) >= _KEPT_QUARTERS:
                self._places.pop(next(iter(self._places)))
            kept = self._places[key] = {unit: _place(reference, today, quarter, unit) for unit in sorted(units)}
        return kept

    def answering(self, reference: Reference, today: date) -> Mapping[str, frozenset[str]]:
        """Of every unit the posts that answer for it today."""
        if self._answering is None or self._answering[:2] != (reference.index, today):
            directory = reference.directory
            self._answering = (reference.index, today, {unit: directory.holders(unit, today) for unit in directory})
        return self._answering[2]


class KeptFiles:
    """The files asked for last, by the tag that names all that they are made of."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    async def file(self, tag: str, made: Callable[[], Awaitable[bytes]]) -> bytes:
        """A file's bytes."""
        found = self._files.pop(tag, None) or await made()
        self._files[tag] = found
        while sum(map(len, self._files.values())) > _KEPT_BYTES:
            self._files.pop(next(iter(self._files)))
        return found


def _place(reference: Reference, today: date, quarter: str, unit: str) -> Place:
    card = render(UnitQuarter(unit, quarter), reference.directory, reference.rulebook)
    readers = reference.directory.card_readers(unit, quarter, today)
    return Place(card["group"], readers, dump(summary(card)))
