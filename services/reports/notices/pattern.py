"""Repeated violations: one code in one unit within four quarters, against how often it was inspected. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.domain.case import LIGHT, SCORED, Outcome
from services.kernel.quarters import quarters_until
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Entry, Inspection

DECIDED, LAPSED, REPLIED = "kycuong.finding.decided.v1", "kycuong.finding.lapsed.v1", "kycuong.finding.replied.v1"
VOIDED = "kycuong.inspection.voided.v1"
_UNDOING = frozenset(
    f"kycuong.finding.{what}.v1" for what in ("appealed", "reopened", "corrected", "withdrawn")
)  # what was accepted and is corrected waits for another answer
TALLIED = frozenset({DECIDED, LAPSED, REPLIED, VOIDED, *_UNDOING})
WINDOW = 4  # quarters
_HALF = 2  # inspections for each in which it was found


class Counted(NamedTuple):
    """A finding that counts: where, what and in which quarter's inspection."""

    finding: str
    inspection: str
    unit: str
    code: str
    quarter: str


class Said(NamedTuple):
    """Whether a finding counts from an entry on."""

    entry: Entry
    finding: Counted
    counts: bool


class Candidate(NamedTuple):
    """An entry by which a violation becomes a repeated one, unless by its time the unit was inspected more often."""

    entry: int
    unit: str
    quarters: str
    """With spaces between."""
    time: str
    most: int
    """So many of the inspections that were never voided: it was found in at least half of all that counted then."""

    def confirmed(self, visits: Iterable[Inspection]) -> bool:
        """Whether the unit, given its inspections, was seen no more often; of stored ones `often` says the same."""
        quarters = self.quarters.split()
        seen = [one for one in visits if one.quarter in quarters and one.counts and str(one.closed_at) <= self.time]
        return len(seen) <= self.most


def said(entry: Entry, facts: Facts) -> Iterator[Said]:
    """What an entry says of findings that may count, the facts as right after it; most replies say nothing new."""
    if entry.event.type not in TALLIED:
        return
    data, void = entry.event.data, entry.event.type == VOIDED
    for finding in facts.found[data["inspection"]] if void else (facts.findings[data["finding"]],):
        counts = _counts(entry, finding.severity) if finding.severity in SCORED else None
        if counts is not None:
            one = facts.inspections[finding.inspection]
            yield Said(entry, Counted(finding.id, one.id, one.unit, finding.code, one.quarter), counts)


def voided(entries: Iterable[Entry], facts: Facts) -> list[tuple[int, Inspection]]:
    """The closed inspections that entries void, and where in the log."""
    keys = {entry.index: entry.event.data["inspection"] for entry in entries if entry.event.type == VOIDED}
    return [(at, facts.inspections[key]) for at, key in keys.items() if facts.inspections[key].closed_at is not None]


def _counts(entry: Entry, severity: int) -> bool | None:
    """What undoes a finding, and another outcome, take it out again; None where nothing changes."""
    data = entry.event.data
    if entry.event.type == DECIDED:
        return bool(data["outcome"] == Outcome.UPHELD)
    if entry.event.type in _UNDOING or entry.event.type == VOIDED:
        return False
    accepted = severity == LIGHT and (entry.event.type == LAPSED or data["accepts"] is True)
    return True if accepted else None


@dataclass(slots=True)
class Tally:
    """What counts of some units and codes, kept true through a run."""

    counted: dict[str, Counted] = field(default_factory=dict)
    voided: Sequence[tuple[int, Inspection]] = ()
    """The closed inspections that the run voids, and where in the log."""
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    _alike: dict[tuple[str, str], dict[str, Counted]] = field(init=False, default_factory=dict)
    """By unit and code: what counts."""

    def __post_init__(self) -> None:
        for key, one in self.counted.items():
            self._of(one)[key] = one

    def _of(self, this: Counted) -> dict[str, Counted]:
        return self._alike.setdefault((this.unit, this.code), {})

    def candidates(self, run: Iterable[Said]) -> Iterator[Candidate]:
        """Those by which another inspection than before found a violation again."""
        for entry, this, counts in run:
            if not counts:
                self._drop(this)
            elif this.finding not in self.counted:
                others = self._of(this)
                window = quarters_until(this.quarter, WINDOW) if others else []
                before = {one.inspection for one in others.values() if one.quarter in window}
                self.counted[this.finding] = others[this.finding] = this
                self.added.add(this.finding)
                if before and this.inspection not in before:
                    most = _HALF * (len(before) + 1) - self._still_there(entry, this.unit, window)
                    yield Candidate(entry.index, this.unit, " ".join(window), entry.event.time, most)

    def _still_there(self, entry: Entry, unit: str, quarters: Sequence[str]) -> int:
        """How many closed inspections the run voids only after an entry."""
        return sum(
            at > entry.index and one.unit == unit and one.quarter in quarters
            and one.closed_at is not None and one.closed_at <= entry.event.time
            for at, one in self.voided
        )  # fmt: skip

    def _drop(self, this: Counted) -> None:
        gone = self.counted.pop(this.finding, None)
        if gone is not None:
            del self._of(gone)[gone.finding]
        self.added.discard(this.finding)
        self.removed.add(this.finding)
