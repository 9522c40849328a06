"""A shard of a quarter's units: their facts folded from what was picked of the log, their cards made. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from services.kernel.log.merkle import leaf_hash
from services.reports.editions.cut import Cut, card_bytes, card_of
from services.reports.facts.effects import Facts
from services.reports.facts.facts import INSPECTION_OPENED, Entry, Unfoldable, UnitQuarter
from services.reports.facts.picked import Brief, shard_of, unpacked
from services.reports.scoring.cards import Form, summary
from services.reports.scoring.comparison.tally import Seen, span
from services.reports.scoring.gathered import seen, unit_quarters
from services.reports.scoring.reference import Reference
from services.reports.text import dump

Passed = tuple[int, str, str, str, str, dict[str, Any]]
"""An entry as it goes from process to process: its index, and its event's type, unit, id, time and data."""


class Asked(NamedTuple):
    """What is asked of each shard: the quarter as the log's first entries have it, at a cut or only its counts."""

    quarter: str
    size: int
    cut: Cut | None
    counts: bool
    """Whether a comparison is to be made of them."""
    unit: str | None = None
    """Of which the whole card is wanted."""


class Row(NamedTuple):
    """A unit's row, as JSON text; and its card's hash, or the bytes when a comparison is still to be put in."""

    text: str
    leaf: bytes
    body: bytes | None
    card: str | None = None


@dataclass(slots=True)
class Made:
    """What became of a shard; `fault` is where the service's fold would have stopped."""

    rows: dict[str, Row] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    fault: tuple[int, str, str] | None = None


class References:
    """The directory and the rule book at any size, from the entries that they are made of."""

    def __init__(self, entries: Iterable[Passed]) -> None:
        self.entries = list(entries)
        self.at = lru_cache(maxsize=4)(self._at)
        self.units = lru_cache(maxsize=4)(self._units)

    def __reduce__(self) -> tuple[type[References], tuple[list[Passed]]]:
        return References, (self.entries,)

    def _at(self, size: int) -> Reference:
        reference = Reference()
        for index, kind, unit, key, time, data in self.entries:
            if index < size:
                reference.apply(Entry(index, Brief(kind, unit, key, time, data)))
        return reference

    def _units(self, size: int, quarter: str) -> Mapping[int, list[str]]:
        """The units that were valid in a quarter, by shard."""
        found: dict[int, list[str]] = {}
        for unit in self.at(size).directory.units_in(quarter):
            found.setdefault(shard_of(unit), []).append(unit)
        return found


def made(references: References, asked: Asked, number: int, cases: Iterable[bytes]) -> Made:
    """A shard's part of a quarter."""
    try:
        facts, reference = _folded(cases, asked), references.at(asked.size)
    except Unfoldable as stopped:
        return Made(fault=(stopped.index, stopped.event_type, stopped.reason))
    valid = references.units(asked.size, asked.quarter).get(number, [])
    units, found = unit_quarters(facts, asked.quarter, valid), Made()
    if asked.counts:
        found.seen = seen(
            facts, span(asked.quarter), units, reference.directory, reference.rulebook.catalogues
        )  # fmt: skip
    if asked.cut is not None:
        found.rows = {unit: _row(one, reference, asked, asked.cut) for unit, one in units.items()}
    return found


def _folded(cases: Iterable[bytes], asked: Asked) -> Facts:
    """What is of the quarter, or of those that its comparison looks back to."""
    facts, quarters, elsewhere = Facts(), frozenset(span(asked.quarter)), set[str]()
    inspections = facts.inspections
    for entry in unpacked(cases):
        if entry.index >= asked.size:
            break
        key = entry.event.data.get("inspection")
        if key in inspections or key is None:
            facts.apply(entry)
        elif entry.event.type == INSPECTION_OPENED:
            facts.apply(entry)
            if inspections[key].quarter not in quarters:
                facts.forget(key)
                elsewhere.add(key)
        elif key not in elsewhere:
            raise Unfoldable(entry.index, entry.event.type, f"unit {entry.event.unit} has no inspection {key}")
    return facts


def _row(facts: UnitQuarter, reference: Reference, asked: Asked, cut: Cut) -> Row:
    card = card_of(facts, reference.directory, reference.rulebook, cut)
    body = card_bytes(card)
    return Row(
        dump(summary(card)), leaf_hash(body), body if asked.counts and cut.form is not Form.FIRST else None,
        dump(card) if facts.unit == asked.unit else None,
    )  # fmt: skip
