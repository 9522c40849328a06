"""What follows from directory, rules and day alone: worked out once, kept from answer to answer."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date

from services.reports.facts.facts import UnitQuarter
from services.reports.fold.reference import Reference
from services.reports.scoring.cards import render, summary
from services.reports.text import dump

_KEPT_QUARTERS = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A unit in a quarter's list: its group, who may read its card, and its row when nothing is known of it."""

    group: str
    readers: frozenset[str]
    row: str


class Kept:
    """The places of the last quarters asked for, and who answers for whom today."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, date, str], dict[str, Place]] = {}
        self._answering: tuple[int, date, dict[str, frozenset[str]]] | None = None

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


def _place(reference: Reference, today: date, quarter: str, unit: str) -> Place:
    card = render(UnitQuarter(unit, quarter), reference.directory, reference.rulebook)
    readers = reference.directory.card_readers(unit, quarter, today)
    return Place(card["group"], readers, dump(summary(card)))
