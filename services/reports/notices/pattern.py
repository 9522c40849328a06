"""Repeated violations: one code in one unit within four quarters, against how often it was inspected. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.domain.case import LIGHT, Outcome
from services.kernel.quarters import quarters_until
from services.reports.facts.facts import Entry

DECIDED, LAPSED, REPLIED = "kycuong.finding.decided.v1", "kycuong.finding.lapsed.v1", "kycuong.finding.replied.v1"
VOIDED = "kycuong.inspection.voided.v1"
_UNDOING = frozenset(
    f"kycuong.finding.{what}.v1" for what in ("appealed", "reopened", "corrected", "withdrawn")
)  # what was accepted and is corrected waits for another answer
TALLIED = frozenset({DECIDED, LAPSED, REPLIED, VOIDED, *_UNDOING})
_LEAST_VISITS = 2
WINDOW = 4  # quarters


class Counted(NamedTuple):
    """A finding that counts: where, what and in which quarter's inspection."""

    finding: str
    inspection: str
    unit: str
    code: str
    quarter: str


@dataclass(frozen=True, slots=True)
class Visits:
    """A unit's closed inspections of a quarter: how many before a run, and the receipts of the closings since."""

    quarter: str
    before: int
    since: Sequence[str]


@dataclass(slots=True)
class Tally:
    """What counts of some units and codes, kept true through a run; `about` is every finding the run speaks of."""

    about: Mapping[str, tuple[Counted, int]] = field(default_factory=dict)
    """By finding: what it would count as, and its severity."""
    counted: dict[str, Counted] = field(default_factory=dict)
    visits: Mapping[str, Sequence[Visits]] = field(default_factory=dict)
    """By unit: its inspections, a quarter each; those that the run voids among them."""
    voided: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By closed inspection that the run voids: its unit and quarter."""
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    _fewer: Counter[tuple[str, str]] = field(init=False, default_factory=Counter)
    """By unit and quarter: how many inspections were voided by now."""
    _alike: dict[tuple[str, str], dict[str, Counted]] = field(init=False, default_factory=dict)
    """By unit and code: what counts."""

    def __post_init__(self) -> None:
        for key, one in self.counted.items():
            self._of(one)[key] = one

    def _of(self, this: Counted) -> dict[str, Counted]:
        return self._alike.setdefault((this.unit, this.code), {})

    def repeated(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Those entries by which a violation becomes a repeated one."""
        for entry in entries:
            if entry.event.type == VOIDED:
                self._void(entry.event.data["inspection"])
            key = str(entry.event.data.get("finding"))
            if entry.event.type not in TALLIED or key not in self.about:
                continue
            counted, severity = self.about[key]
            if not _counts(entry, severity):
                self._drop(entry, key)
            elif key not in self.counted:
                new = all(one.inspection != counted.inspection for one in self._within(counted))
                self.counted[key] = self._of(counted)[key] = counted
                self.added.add(key)
                if new and self._often(entry, counted):
                    yield entry

    def _void(self, inspection: str) -> None:
        """Neither the inspection nor a finding of it counts any more."""
        if inspection in self.voided:
            self._fewer[self.voided[inspection]] += 1
        for key in [key for key, (one, _) in self.about.items() if one.inspection == inspection]:
            self._remove(key)

    def _drop(self, entry: Entry, key: str) -> None:
        """What undoes it, and another outcome, take it out again; a reply or a lapse says nothing new."""
        if entry.event.type in _UNDOING or entry.event.type == DECIDED:
            self._remove(key)

    def _remove(self, key: str) -> None:
        gone = self.counted.pop(key, None)
        if gone is not None:
            del self._of(gone)[key]
        self.added.discard(key)
        self.removed.add(key)

    def _within(self, this: Counted) -> list[Counted]:
        others = self._of(this)
        window = quarters_until(this.quarter, WINDOW) if others else ()
        return [one for one in others.values() if one.quarter in window]

    def _often(self, entry: Entry, this: Counted) -> bool:
        """In two inspections or more, and in at least half of those that there were by then."""
        found = len({one.inspection for one in self._within(this)})
        if found < _LEAST_VISITS:
            return False
        window = quarters_until(this.quarter, WINDOW)
        visits = [one for one in self.visits.get(this.unit, ()) if one.quarter in window]
        exposure = sum(one.before + sum(closed <= entry.event.time for closed in one.since) for one in visits)
        return 2 * found >= exposure - sum(self._fewer[this.unit, quarter] for quarter in window)


def alike(about: Iterable[Counted], counted: Iterable[Counted]) -> list[Counted]:
    """Of what may come to count those that another inspection of the unit found, or may: no other can be repeated."""
    named, inspections = list(about), defaultdict[tuple[str, str], set[str]](set)
    for one in (*named, *counted):
        inspections[one.unit, one.code].add(one.inspection)
    return [one for one in named if len(inspections[one.unit, one.code]) >= _LEAST_VISITS]


def _counts(entry: Entry, severity: int) -> bool:
    data = entry.event.data
    if entry.event.type == DECIDED:
        return bool(data["outcome"] == Outcome.UPHELD)
    if severity != LIGHT:
        return False
    return entry.event.type == LAPSED or (entry.event.type == REPLIED and data["accepts"] is True)
