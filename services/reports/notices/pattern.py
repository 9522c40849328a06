"""Repeated violations: one code in one unit within four quarters, against how often it was inspected. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from services.domain.case import LIGHT, Outcome
from services.kernel.quarters import quarters_until
from services.reports.facts.facts import Entry

DECIDED, LAPSED, REPLIED = "kycuong.finding.decided.v1", "kycuong.finding.lapsed.v1", "kycuong.finding.replied.v1"
_CONTESTING = frozenset({"kycuong.finding.appealed.v1", "kycuong.finding.reopened.v1"})
TALLIED = frozenset({DECIDED, LAPSED, REPLIED, *_CONTESTING})
_LEAST_VISITS = 2
_QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Counted:
    """A finding that counts: where, what and in which quarter's inspection."""

    finding: str
    inspection: str
    unit: str
    code: str
    quarter: str


@dataclass(slots=True)
class Tally:
    """What counts of some units and codes, kept true through a run; `about` is every finding the run speaks of."""

    about: Mapping[str, tuple[Counted, int]] = field(default_factory=dict)
    """By finding: what it would count as, and its severity."""
    counted: dict[str, Counted] = field(default_factory=dict)
    visits: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By unit: quarter and receipt of the closing of its inspections."""
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def repeated(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Those entries by which a violation becomes a repeated one."""
        for entry in entries:
            key = str(entry.event.data.get("finding"))
            if entry.event.type not in TALLIED or key not in self.about:
                continue
            counted, severity = self.about[key]
            if not _counts(entry, severity):
                self._drop(entry, key)
            elif key not in self.counted:
                new = all(one.inspection != counted.inspection for one in self._alike(counted))
                self.counted[key] = counted
                self.added.add(key)
                if new and self._often(entry, counted):
                    yield entry

    def _drop(self, entry: Entry, key: str) -> None:
        """An appeal, a reopening or another outcome takes it out again; a reply or a lapse says nothing new."""
        if entry.event.type in _CONTESTING or entry.event.type == DECIDED:
            self.counted.pop(key, None)
            self.added.discard(key)
            self.removed.add(key)

    def _alike(self, this: Counted) -> list[Counted]:
        window = set(quarters_until(this.quarter, _QUARTERS))
        return [
            one for one in self.counted.values()
            if (one.unit, one.code) == (this.unit, this.code) and one.quarter in window
        ]  # fmt: skip

    def _often(self, entry: Entry, this: Counted) -> bool:
        """In two inspections or more, and in at least half of those that there were by then."""
        window = set(quarters_until(this.quarter, _QUARTERS))
        found = len({one.inspection for one in self._alike(this)})
        visits = [closed for quarter, closed in self.visits.get(this.unit, []) if quarter in window]
        exposure = sum(closed <= entry.event.time for closed in visits)
        return found >= _LEAST_VISITS and 2 * found >= exposure


def _counts(entry: Entry, severity: int) -> bool:
    data = entry.event.data
    if entry.event.type == DECIDED:
        return bool(data["outcome"] == Outcome.UPHELD)
    if severity != LIGHT:
        return False
    return entry.event.type == LAPSED or (entry.event.type == REPLIED and data["accepts"] is True)
