"""A part of the units from the log's first entry on: all that the projections hold of it, as rows. Pure."""

from __future__ import annotations

import marshal
import pickle
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from services.reports.alerts.alert import alert_of, row_of
from services.reports.editions.cut import Cut, FrozenCard, card_of
from services.reports.facts.effects import SILENT, Facts, read_entry
from services.reports.facts.facts import INSPECTION_OPENED, Entry, Inspection, Unfoldable, rows_of
from services.reports.facts.picked import NO_CASE, Brief
from services.reports.fold.shard import Passed
from services.reports.notices.notice import Hearers, Notice, Post
from services.reports.notices.pattern import TALLIED, Tally, said
from services.reports.notices.telling import SPEAKING, Known, Listed, tell
from services.reports.scoring.cards import Form, live_card
from services.reports.scoring.comparison.tally import Seen, span
from services.reports.scoring.gathered import seen, unit_quarters
from services.reports.scoring.reference import REFERENCE_EVENTS, Reference

PARTS = 32
CARD = ("quarter", "unit", "body", "row")
Row = tuple[Any, ...]


Raw = tuple[int, bytes]
"""An entry as it stands in the log, with its index."""


def told_at_the_end(raw: bytes) -> tuple[str, str]:
    """An event's type and unit, read where they stand in its RFC 8785 bytes: last but for `unitseq`."""
    head, _, tail = raw.rpartition(b',"unit":"')
    return _text(head[head.rfind(b'"', 0, -1) + 1 : -1]), _text(tail[: tail.find(b'"')])


def _text(name: bytes) -> str:
    return name.decode(errors="replace")  # what is no text belongs nowhere, and is told by who reads all of it


@cache
def part_of(unit: str) -> int:
    """Where a unit's events go, in every process the same."""
    return crc32(unit.encode()) % PARTS


class Common(NamedTuple):
    """What every part is made with: the entries that all need, the cuts by their entry's index, all posts."""

    entries: Sequence[Passed]
    cuts: Mapping[int, Cut]
    posts: Sequence[Post]


class Part(NamedTuple):
    """A part as the projections keep it; what is large stays pickled until its turn comes."""

    rows: bytes
    """By table."""
    frozen: Mapping[int, bytes]
    """By cut: its cards, and what their comparisons are made of."""
    cards: set[tuple[str, str]]


Frozen = tuple[list[FrozenCard], dict[str, Seen]]
"""A part's cards at a cut, still without comparisons, and what these are made of."""


def made(common: Common, number: int, cases: Iterable[bytes]) -> Part:
    """All of a part; Unfoldable where the fold would stop."""
    making, waiting = _Making(common, number), list(reversed(common.entries))
    for entry in _entries(number, cases):
        while waiting and waiting[-1][0] < entry.index:
            making.pass_by(waiting.pop())
        making.take(entry)
    while waiting:
        making.pass_by(waiting.pop())
    return making.end()


def _entries(number: int, cases: Iterable[bytes]) -> Iterator[Entry]:
    for packed in cases:
        for index, raw in marshal.loads(packed):  # noqa: S302 - this program's own
            entry = read_entry(index, raw)
            if entry.event.type in NO_CASE or part_of(entry.event.unit) != number:
                raise Unfoldable(index, entry.event.type, "its bytes are not in RFC 8785 form")
            yield entry


@dataclass(slots=True)
class _Making:
    """A part as it stands at an entry."""

    common: Common
    number: int
    facts: Facts = field(default_factory=Facts)
    reference: Reference = field(default_factory=Reference)
    known: Known = field(default_factory=Known)
    tally: Tally = field(default_factory=Tally)
    notices: dict[str, Notice] = field(default_factory=dict)
    visits: dict[str, list[Inspection]] = field(default_factory=lambda: defaultdict(list))
    """By unit."""
    frozen: dict[int, bytes] = field(default_factory=dict)
    hearers: Hearers | None = None

    def pass_by(self, passed: Passed) -> None:
        """Take an entry that every part needs: a unit, rules, a cut."""
        entry = Entry(passed[0], Brief(*passed[1:]))
        if entry.event.type in REFERENCE_EVENTS:
            self.reference.apply(entry)
            self.hearers = None
        elif entry.index in self.common.cuts:
            self.frozen[entry.index] = pickle.dumps(self._frozen(self.common.cuts[entry.index]))

    def _frozen(self, cut: Cut) -> Frozen:
        directory, rulebook = self.reference.directory, self.reference.rulebook
        valid = [unit for unit in directory.units_in(cut.quarter) if part_of(unit) == self.number]
        units = unit_quarters(self.facts, cut.quarter, valid)
        cards = [FrozenCard.of(card_of(one, directory, rulebook, cut)) for one in units.values()]
        if cut.form is Form.FIRST or rulebook.comparison(cut.quarter) is None:
            return cards, {}
        return cards, seen(self.facts, span(cut.quarter), units, directory, rulebook.catalogues)

    def take(self, entry: Entry) -> None:
        """Take an entry of the part's own."""
        event = entry.event
        if event.type not in SILENT:
            self.facts.apply(entry)
        if event.type == INSPECTION_OPENED:
            self.visits[event.unit].append(self.facts.inspections[event.data["inspection"]])
        if event.type in TALLIED:
            again = self.tally.candidates(said(entry, self.facts))
            self.known.repeated |= {one.entry for one in again if one.confirmed(self.visits[one.unit])}
        if event.type in SPEAKING or entry.index in self.known.repeated:
            self.hearers = self.hearers or Hearers(self.reference.directory, self.common.posts)
            tell(entry, self.known, self.hearers, self.notices)

    def end(self) -> Part:
        """The part as it stands now."""
        self.reference.check(self.facts)
        cards = self.facts.dirty()
        rows = {
            "inspection": list(rows_of("inspection", self.facts.inspections.values())),
            "finding": list(rows_of("finding", self.facts.findings.values())),
            "commendation": list(rows_of("commendation", self.facts.commendations)),
            "survey": list(rows_of("survey", self.facts.surveys.values())),
            "counted": [tuple(one) for one in self.tally.counted.values()],
            "alert": [row_of(one) for one in map(self._alert, self.facts.inspections.values()) if one is not None],
            "notice": list(self._notices()),
            "card": list(self._cards(cards)),
        }
        return Part(pickle.dumps(rows), self.frozen, cards)

    def _alert(self, inspection: Inspection) -> Any:
        return alert_of(inspection, self.facts.found[inspection.id])

    def _notices(self) -> Iterator[Row]:
        listed = Listed()
        for one in self.notices.values():
            listed.take(one.kind, one.inspection, one.finding, one.id, 0)
        return (listed.row(one, self.facts.found[one.inspection]) for one in self.notices.values())

    def _cards(self, wanted: Iterable[tuple[str, str]]) -> Iterator[Row]:
        units: dict[str, list[str]] = defaultdict(list)
        for quarter, unit in sorted(wanted):
            units[quarter].append(unit)
        for quarter, some in units.items():
            for unit, one in unit_quarters(self.facts, quarter, some).items():
                card = live_card(one, self.reference.directory, self.reference.rulebook)
                if card is not None:
                    yield quarter, unit, *card
