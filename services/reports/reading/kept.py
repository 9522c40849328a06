"""What stays the same from answer to answer, worked out once: places, whole lists, files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from services.reports.facts.facts import UnitQuarter
from services.reports.fold.reference import Reference
from services.reports.reading.listing import Listing
from services.reports.scoring.cards import render, summary
from services.reports.text import dump

_KEPT_QUARTERS = 16
_KEPT_ROWS = 10_000  # of lists, one without any counts as one: some 30 MB
_KEPT_SUMS = 64
_KEPT_BYTES = 16 << 20  # of files
_V = TypeVar("_V")


class _Last(Generic[_V]):
    """What was asked for last, as far as there is room."""

    def __init__(self, room: int, size: Callable[[_V], int]) -> None:
        self._room, self._size = room, size
        self._kept: dict[Hashable, _V] = {}

    def known(self, key: Hashable) -> _V | None:
        """What is kept under a key; it is so asked for last."""
        found = self._kept.pop(key, None)
        if found is not None:
            self._kept[key] = found
        return found

    async def get(self, key: Hashable, made: Callable[[], Awaitable[_V]]) -> _V:
        """What is kept, or is made and kept now."""
        found = self.known(key)
        if found is None:
            found = self._kept[key] = await made()
        while len(self._kept) > 1 and sum(map(self._size, self._kept.values())) > self._room:
            self._kept.pop(next(iter(self._kept)))
        return found


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
        self._lists = _Last[Listing](_KEPT_ROWS, lambda one: len(one.rows) or 1)
        self._sums = _Last[Mapping[str, Any]](_KEPT_SUMS, lambda _: 1)

    async def sums(self, key: Hashable, made: Callable[[], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """What was summed up of lists and findings, by all that it is made of."""
        return await self._sums.get(key, made)

    def known(self, key: Hashable) -> Listing | None:
        """A list that is kept; it is so asked for last."""
        return self._lists.known(key)

    async def listing(self, key: Hashable, made: Callable[[], Awaitable[Listing]]) -> Listing:
        """A list by all that it is made of; those asked for last are kept."""
        return await self._lists.get(key, made)

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
        self._files = _Last[bytes](_KEPT_BYTES, len)

    async def file(self, tag: str, made: Callable[[], Awaitable[bytes]]) -> bytes:
        """A file's bytes."""
        return await self._files.get(tag, made)


def _place(reference: Reference, today: date, quarter: str, unit: str) -> Place:
    card = render(UnitQuarter(unit, quarter), reference.directory, reference.rulebook)
    readers = reference.directory.card_readers(unit, quarter, today)
    return Place(card["group"], readers, dump(summary(card)))
