"""What the log says of inspections, findings and commendations: events applied in order. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.domain.case import SCORED
from services.kernel.envelope import Envelope
from services.kernel.quarters import local_date, parse_instant, quarter_of
from services.reports.facts import directory
from services.reports.facts.standing import Standing, standing

CATALOGUE = "kycuong.catalogue.published.v1"
SCORING = "kycuong.scoring.published.v1"
QUARTER_CLOSED = "kycuong.quarter.closed.v1"
QUARTER_PUBLISHED = "kycuong.quarter.published.v1"
INSPECTION_OPENED = "kycuong.inspection.opened.v1"
FINDING_RECORDED = "kycuong.finding.recorded.v1"
COMMENDED = "kycuong.commendation.recorded.v1"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Known, and without any effect on cards or alerts.
SILENT = frozenset({
    "kycuong.calendar.published.v1", "kycuong.post.assumed.v1", "kycuong.post.left.v1", "kycuong.part.erased.v1",
    "kycuong.round.planned.v1", "kycuong.round.beacon.v1", "kycuong.round.drawn.v1", "kycuong.round.assigned.v1",
    "kycuong.round.closed.v1", "kycuong.log.key_added.v1", "kycuong.finding.completed.v1",
    "kycuong.finding.extension_requested.v1",
})  # fmt: skip


class Unfoldable(Exception):
    """An event this program does not know or that contradicts the log before it: the fold stops here, never skips."""

    def __init__(self, index: int, event_type: str, reason: str) -> None:
        super().__init__(f"entry {index} ({event_type}): {reason}")
        self.index = index
        self.event_type = event_type
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class Inspection:
    """An inspection; `closed_at` (the closing's receipt) is None while open, indexes are log indexes."""

    id: str
    unit: str
    quarter: str
    opened_on: date
    opened_index: int
    closed_at: str | None = None
    persons_checked: int = 0
    files_checked: int = 0
    acknowledged_index: int | None = None
    acknowledged_at: str | None = None


@dataclass(slots=True, kw_only=True)
class Finding:
    """A finding and all that was later said of it; `accepted` is None before a reply."""

    id: str
    inspection: str
    code: str
    catalogue: str
    severity: int
    count: int
    index: int
    accepted: bool | None = None
    lapsed: bool = False
    outcome: str | None = None
    withdrawn: bool = False

    @property
    def standing(self) -> Standing:
        """Where the finding stands for counting."""
        return standing(
            severity=self.severity,
            withdrawn=self.withdrawn,
            outcome=self.outcome,
            accepted=self.accepted,
            lapsed=self.lapsed,
        )

    @property
    def listed(self) -> bool:
        """Whether an alert lists it: not withdrawn, not severity 4, not a K code."""
        return not self.withdrawn and self.severity in SCORED


@dataclass(frozen=True, slots=True)
class Commendation:
    """A commendation of a unit, counted in the quarter of its date."""

    id: str
    unit: str
    quarter: str
    code: str
    index: int


@dataclass(frozen=True, slots=True)
class UnitQuarter:
    """A unit's closed inspections with their findings, and its commendations, in one quarter."""

    unit: str
    quarter: str
    visits: Sequence[tuple[Inspection, Sequence[Finding]]] = ()
    commendations: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One log entry: its index and its event."""

    index: int
    event: Envelope


@dataclass(slots=True)
class Facts:
    """The facts a run of entries touches: loaded before, changed by `apply`, written after."""

    inspections: dict[str, Inspection] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    commendations: list[Commendation] = field(default_factory=list)
    touched_inspections: set[str] = field(default_factory=set)
    touched_findings: set[str] = field(default_factory=set)

    def apply(self, entry: Entry) -> None:
        """Take one event about an inspection, finding or commendation; Unfoldable when it cannot be."""
        handler = _HANDLERS.get(entry.event.type)
        if handler is None:
            raise Unfoldable(entry.index, entry.event.type, "unknown event type")
        try:
            handler(self, entry)
        except (KeyError, ValueError, TypeError) as error:
            raise Unfoldable(entry.index, entry.event.type, f"{type(error).__name__}: {error}") from error

    def dirty(self) -> set[tuple[str, str]]:
        """The (quarter, unit) pairs whose card may have changed."""
        closed = (self.inspections[key] for key in self.touched_inspections)
        cards = {(one.quarter, one.unit) for one in closed if one.closed_at is not None}
        return cards | {(one.quarter, one.unit) for one in self.commendations}


def wanted(entries: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """The inspections and findings that entries speak of; Unfoldable for what can be no id."""
    inspections: set[str] = set()
    findings: set[str] = set()
    for entry in entries:
        if entry.event.type in _HANDLERS:
            inspections.update(_id(entry, "inspection"))
            findings.update(_id(entry, "finding"))
    return inspections, findings


def _id(entry: Entry, name: str) -> tuple[str, ...]:
    value = entry.event.data.get(name)
    if value is None:
        return ()
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unfoldable(entry.index, entry.event.type, f"{name} is no id: {value!r}")
    return (value,)


def _opened(facts: Facts, entry: Entry) -> None:
    data = entry.event.data
    opened_on = local_date(parse_instant(data["opened_at"]))
    key = data["inspection"]
    facts.inspections[key] = Inspection(
        id=key,
        unit=entry.event.unit,
        quarter=quarter_of(opened_on),
        opened_on=opened_on,
        opened_index=entry.index,
    )
    facts.touched_inspections.add(key)


def _touch(facts: Facts, entry: Entry) -> Inspection:
    inspection = facts.inspections[entry.event.data["inspection"]]
    facts.touched_inspections.add(inspection.id)
    return inspection


def _closed(facts: Facts, entry: Entry) -> None:
    inspection = _touch(facts, entry)
    inspection.closed_at = entry.event.time
    inspection.persons_checked = _number(entry.event.data, "persons_checked")
    inspection.files_checked = _number(entry.event.data, "files_checked")


def _number(data: Mapping[str, Any], name: str) -> int:
    value = data[name]
    if type(value) is not int:
        raise ValueError(f"{name} is {value!r}, not an integer")
    return value


def _acknowledged(facts: Facts, entry: Entry) -> None:
    inspection = _touch(facts, entry)
    inspection.acknowledged_index = entry.index
    inspection.acknowledged_at = entry.event.time


def _recorded(facts: Facts, entry: Entry) -> None:
    data = entry.event.data
    key = data["finding"]
    facts.findings[key] = Finding(
        id=key,
        inspection=_touch(facts, entry).id,
        code=data["code"],
        catalogue=data["catalogue"],
        severity=_number(data, "severity"),
        count=_number(data, "count"),
        index=entry.index,
    )
    facts.touched_findings.add(key)


def _finding(facts: Facts, entry: Entry) -> Finding:
    _touch(facts, entry)
    finding = facts.findings[entry.event.data["finding"]]
    facts.touched_findings.add(finding.id)
    return finding


def _withdrawn(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).withdrawn = True


def _replied(facts: Facts, entry: Entry) -> None:
    accepts = entry.event.data["accepts"]
    if not isinstance(accepts, bool):
        raise ValueError(f"accepts is {accepts!r}, not a boolean")
    _finding(facts, entry).accepted = accepts


def _lapsed(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).lapsed = True


def _decided(facts: Facts, entry: Entry) -> None:
    finding = _finding(facts, entry)
    finding.outcome = str(entry.event.data["outcome"])
    finding.standing  # noqa: B018  an unknown outcome stops the fold here, not on a later card


def _commended(facts: Facts, entry: Entry) -> None:
    data = entry.event.data
    quarter = quarter_of(date.fromisoformat(data["date"]))
    facts.commendations.append(
        Commendation(data["commendation"], entry.event.unit, quarter, data["code"], entry.index)
    )  # fmt: skip


_HANDLERS: Mapping[str, Callable[[Facts, Entry], None]] = {
    INSPECTION_OPENED: _opened,
    "kycuong.inspection.closed.v1": _closed,
    "kycuong.inspection.acknowledged.v1": _acknowledged,
    FINDING_RECORDED: _recorded,
    "kycuong.finding.withdrawn.v1": _withdrawn,
    "kycuong.finding.replied.v1": _replied,
    "kycuong.finding.lapsed.v1": _lapsed,
    "kycuong.finding.decided.v1": _decided,
    COMMENDED: _commended,
}
KNOWN = frozenset(_HANDLERS) | SILENT | directory.UNIT_EVENTS | {CATALOGUE, SCORING, QUARTER_CLOSED, QUARTER_PUBLISHED}
