"""What each event does to the facts: inspections, findings, commendations and surveys, applied in log order. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.domain.case import Outcome
from services.kernel.envelope import BadEnvelope, read_envelope
from services.kernel.quarters import local_date, parse_instant, quarter_days, quarter_of
from services.reports.facts import directory
from services.reports.facts.facts import (
    CATALOGUE,
    COMMENDED,
    CUTS,
    DECIDED,
    FINDING_RECORDED,
    INSPECTION_OPENED,
    QUARTER_PUBLISHED,
    SCORING,
    SECOND_REVIEWED,
    SURVEYED,
    TEAM_CHANGED,
    Commendation,
    Entry,
    Finding,
    Inspection,
    Survey,
    Unfoldable,
)

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Known, and without any effect on cards or alerts.
SILENT = frozenset({
    "kycuong.calendar.published.v1", "kycuong.post.assumed.v1", "kycuong.post.left.v1", "kycuong.part.erased.v1",
    "kycuong.log.key_added.v1", "kycuong.deadlines.published.v1", "kycuong.data.exported.v1",
    "kycuong.finding.completed.v1", "kycuong.finding.extension_requested.v1",
    "kycuong.finding.extended.v1", "kycuong.finding.reminded.v1", "kycuong.finding.escalated.v1",
    "kycuong.finding.answered.v1", "kycuong.remedy.planned.v1",
    "kycuong.remedy.extension_requested.v1", "kycuong.remedy.extended.v1", "kycuong.remedy.reminded.v1",
    "kycuong.photo.redacted.v1", "kycuong.round.planned.v1", "kycuong.round.beacon.v1",
    "kycuong.round.drawn.v1", "kycuong.round.assigned.v1", "kycuong.round.closed.v1",
})  # fmt: skip


@dataclass(slots=True)
class Facts:
    """The facts a run of entries touches: loaded before, changed by `apply`, written after."""

    inspections: dict[str, Inspection] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    found: dict[str, list[Finding]] = field(default_factory=dict)
    """By inspection: its findings, in log order."""
    commendations: list[Commendation] = field(default_factory=list)
    commended: set[str] = field(default_factory=set)
    """The commendations' ids."""
    surveys: dict[tuple[str, str, str], Survey] = field(default_factory=dict)
    touched_inspections: set[str] = field(default_factory=set)
    touched_findings: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    """Ids of the inspections and findings that were there before the run."""

    def stand(self, inspections: Iterable[Inspection], findings: Iterable[Finding]) -> None:
        """Begin with what stands: inspections with all their findings, in log order."""
        self.inspections = {one.id: one for one in inspections}
        self.found = {key: [] for key in self.inspections}
        for one in findings:
            self.findings[one.id] = one
            self.found[one.inspection].append(one)
        self.stored = {*self.inspections, *self.findings}

    def forget(self, inspection: str) -> None:
        """Let go of an inspection that nothing was found at."""
        del self.inspections[inspection], self.found[inspection]

    def apply(self, entry: Entry) -> None:
        """Take one event about an inspection, finding, commendation or survey; Unfoldable when it cannot be."""
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
        cards = {(one.quarter, one.unit) for one in closed if one.closed_at is not None}  # a voided one leaves its card
        praised = {(one.quarter, one.unit) for one in self.commendations}
        return cards | praised | {(quarter, unit) for unit, quarter, _ in self.surveys}


def read_entry(index: int, raw: bytes) -> Entry:
    """A log entry's event; Unfoldable when it is none, or of a type that this program does not know."""
    try:
        event = read_envelope(raw)
    except BadEnvelope as error:
        raise Unfoldable(index, "?", str(error)) from error
    if event.type not in KNOWN:
        raise Unfoldable(index, event.type, "unknown event type")
    return Entry(index, event)


def wanted(entries: Iterable[Entry]) -> set[str]:
    """The inspections that entries speak of; Unfoldable for what can be no id."""
    inspections: set[str] = set()
    for entry in entries:
        value = entry.event.data.get("inspection")
        if value is not None and value not in inspections and (entry.event.type in _HANDLERS or _is_id(value)):
            inspections.add(_id(entry, "inspection"))
    return inspections


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _id(entry: Entry, name: str) -> str:
    value = entry.event.data[name]
    if not _is_id(value):
        raise Unfoldable(entry.index, entry.event.type, f"{name} is no id: {value!r}")
    return str(value)


def _opened(facts: Facts, entry: Entry) -> None:
    data = entry.event.data
    opened_on = local_date(parse_instant(data["opened_at"]))
    key = _id(entry, "inspection")
    if key in facts.inspections:
        raise ValueError(f"inspection {key} was opened before")
    facts.found[key] = []
    facts.inspections[key] = Inspection(
        id=key,
        unit=entry.event.unit,
        quarter=quarter_of(opened_on),
        opened_on=opened_on,
        opened_index=entry.index,
        kind=data["kind"],
        selection=data["selection"],
        team=_names(data),
    )
    facts.touched_inspections.add(key)


def _names(data: Mapping[str, Any]) -> str:
    return " ".join(data["team"])


def _team_changed(facts: Facts, entry: Entry) -> None:
    """Of an inspection; or, before there is one, of a round's assignment."""
    if "inspection" in entry.event.data:
        _touch(facts, entry).team = _names(entry.event.data)


def _touch(facts: Facts, entry: Entry) -> Inspection:
    inspection = facts.inspections[entry.event.data["inspection"]]
    facts.touched_inspections.add(inspection.id)
    return inspection


def _closed(facts: Facts, entry: Entry) -> None:
    _take_roll(_touch(facts, entry), entry).closed_at = entry.event.time


def _corrected(facts: Facts, entry: Entry) -> None:
    """Another roll; the closing's receipt stays what it was."""
    _take_roll(_touch(facts, entry), entry)


def _voided(facts: Facts, entry: Entry) -> None:
    _touch(facts, entry).voided = True


def _take_roll(inspection: Inspection, entry: Entry) -> Inspection:
    inspection.persons_checked = _number(entry.event.data, "persons_checked")
    inspection.files_checked = _number(entry.event.data, "files_checked")
    return inspection


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
    key = _id(entry, "finding")
    if key in facts.findings:
        raise ValueError(f"finding {key} was recorded before")
    inspection = _touch(facts, entry).id
    finding = facts.findings[key] = Finding(
        id=key,
        inspection=inspection,
        code=data["code"],
        catalogue=data["catalogue"],
        severity=_number(data, "severity"),
        count=_number(data, "count"),
        index=entry.index,
    )
    facts.found[inspection].append(finding)
    facts.touched_findings.add(key)


def _finding(facts: Facts, entry: Entry) -> Finding:
    _touch(facts, entry)
    finding = facts.findings[entry.event.data["finding"]]
    facts.touched_findings.add(finding.id)
    return finding


def _put_right(facts: Facts, entry: Entry) -> None:
    """What was found reads otherwise; a unit that had answered, or had not, may answer to that."""
    finding, data = _finding(facts, entry), entry.event.data
    finding.code, finding.catalogue = data["code"], data["catalogue"]
    finding.severity, finding.count = _number(data, "severity"), _number(data, "count")
    finding.accepted, finding.lapsed = None, False


def _released(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).released_index = entry.index


def _appealed(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).contested = True


def _reopened(facts: Facts, entry: Entry) -> None:
    finding = _finding(facts, entry)
    finding.contested = True
    if "reply_due" in entry.event.data:
        finding.lapsed = False


def _withdrawn(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).withdrawn = True


def _replied(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).accepted = _truth(entry.event.data, "accepts")


def _truth(data: Mapping[str, Any], name: str) -> bool:
    value = data[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}, not a boolean")
    return value


def _lapsed(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).lapsed = True


def _decided(facts: Facts, entry: Entry) -> None:
    finding = _finding(facts, entry)
    finding.outcome = Outcome(entry.event.data["outcome"])  # an unknown one stops the fold here, not on a later card
    finding.contested = False
    finding.again = finding.first_outcome is not None
    finding.first_outcome = finding.first_outcome or finding.outcome
    if finding.outcome != Outcome.UPHELD:
        finding.remedy.end()


def _second_reviewed(facts: Facts, entry: Entry) -> None:
    """No card knows of it."""
    finding = facts.findings[entry.event.data["finding"]]
    finding.second_outcome = Outcome(entry.event.data["outcome"])
    facts.touched_findings.add(finding.id)


def _remedy_reported(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).remedy.report(_truth(entry.event.data, "in_time"))


def _remedy_refused(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).remedy.refuse()


def _remedy_overdue(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).remedy.miss()


def _remedy_verified(facts: Facts, entry: Entry) -> None:
    _finding(facts, entry).remedy.verify(entry.event.data.get("waived") is True)


def _commended(facts: Facts, entry: Entry) -> None:
    data = entry.event.data
    key, quarter = data["commendation"], quarter_of(date.fromisoformat(data["date"]))
    if key in facts.commended:
        raise ValueError(f"commendation {key} was recorded before")
    facts.commended.add(key)
    facts.commendations.append(Commendation(key, entry.event.unit, quarter, data["code"], entry.index))


def _surveyed(facts: Facts, entry: Entry) -> None:
    """A later one of the same unit, quarter and source replaces it."""
    data, unit = entry.event.data, entry.event.unit
    quarter_days(data["quarter"])
    asked, answered, satisfied = (_number(data, name) for name in ("asked", "answered", "satisfied"))
    if not 0 <= satisfied <= answered <= asked:
        raise ValueError(f"{satisfied} satisfied of {answered} who answered of {asked} asked")
    one = Survey(unit, data["quarter"], data["source"], asked, answered, satisfied, entry.index)
    facts.surveys[unit, one.quarter, one.source] = one


_HANDLERS: Mapping[str, Callable[[Facts, Entry], None]] = {
    INSPECTION_OPENED: _opened,
    "kycuong.inspection.closed.v1": _closed,
    "kycuong.inspection.corrected.v1": _corrected,
    "kycuong.inspection.voided.v1": _voided,
    TEAM_CHANGED: _team_changed,
    "kycuong.inspection.acknowledged.v1": _acknowledged,
    FINDING_RECORDED: _recorded,
    "kycuong.finding.corrected.v1": _put_right,
    "kycuong.finding.released.v1": _released,
    "kycuong.finding.withdrawn.v1": _withdrawn,
    "kycuong.finding.replied.v1": _replied,
    "kycuong.finding.lapsed.v1": _lapsed,
    DECIDED: _decided,
    SECOND_REVIEWED: _second_reviewed,
    "kycuong.finding.appealed.v1": _appealed,
    "kycuong.finding.reopened.v1": _reopened,
    "kycuong.remedy.reported.v1": _remedy_reported,
    "kycuong.remedy.refused.v1": _remedy_refused,
    "kycuong.remedy.overdue.v1": _remedy_overdue,
    "kycuong.remedy.verified.v1": _remedy_verified,
    COMMENDED: _commended,
    SURVEYED: _surveyed,
}
KNOWN = frozenset(_HANDLERS) | SILENT | directory.UNIT_EVENTS | CUTS | {CATALOGUE, SCORING, QUARTER_PUBLISHED}
