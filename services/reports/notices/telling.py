"""The notices that a run of entries makes: nothing of a visit under way or of what a unit may not know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any

from services.domain.case import FREE, KEPT, SCORED
from services.domain.notices import Kind
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Entry, Finding
from services.reports.notices.notice import (
    CLOSED,
    CORRECTED,
    RECORDED,
    RELEASED,
    REPEATED,
    TELLINGS,
    VACANT,
    VOIDED,
    WITHDRAWN,
    Audience,
    Hearers,
    Notice,
    Telling,
    notice_id,
    tellings,
)

SPEAKING = frozenset({*TELLINGS, WITHDRAWN})
"""The events that notices are made of, or moved or shortened by."""
COLUMNS = (*(field.name for field in fields(Notice)), "listed")
_values = attrgetter(*COLUMNS[:-1])


@dataclass(frozen=True, slots=True)
class Closing:
    """What the notices of an inspection's findings are made of: the closing's id and time, the deadline they name."""

    event: str
    created_at: str
    due: str | None


@dataclass(slots=True, kw_only=True)
class Known:
    """What is known of some inspections before an entry, kept true from each to the next."""

    severities: dict[str, int] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    findings: dict[str, set[str]] = field(default_factory=dict)
    """By inspection."""
    released: set[str] = field(default_factory=set)
    closings: dict[str, Closing] = field(default_factory=dict)
    told: dict[str, set[str]] = field(default_factory=dict)
    """By inspection: who has the notice of its findings."""
    repeated: set[int] = field(default_factory=set)
    """Log indexes of entries by which a violation became a repeated one."""

    @classmethod
    def of(cls, facts: Facts) -> Known:
        """What facts say of it."""
        return cls(
            severities={one.id: one.severity for one in facts.findings.values()},
            withdrawn={one.id for one in facts.findings.values() if one.withdrawn},
            findings={key: {one.id for one in found} for key, found in facts.found.items()},
        )

    def note(self, entry: Entry) -> None:
        """Take the next entry."""
        data = entry.event.data
        if entry.event.type == RECORDED:
            self.severities[data["finding"]] = data["severity"]
            self.findings.setdefault(data["inspection"], set()).add(data["finding"])
        elif entry.event.type == CORRECTED:
            self.severities[data["finding"]] = data["severity"]
        elif entry.event.type == WITHDRAWN:
            self.withdrawn.add(data["finding"])
        elif entry.event.type == CLOSED:
            self.closings[data["inspection"]] = Closing(entry.event.id, entry.event.time, data.get("reply_due"))
        elif entry.event.type == RELEASED:
            self.released.add(data["finding"])

    def kept(self, finding: str) -> bool:
        """Whether the unit may not know of a finding."""
        return self.severities.get(finding) == KEPT and finding not in self.released

    def lists(self, inspection: str) -> bool:
        """Whether an alert lists anything of an inspection."""
        return any(
            self.severities.get(one, FREE) != FREE and not self.kept(one)
            for one in self.findings.get(inspection, set()) - self.withdrawn
        )


def notices_of(entries: Iterable[Entry], known: Known, hearers: Hearers) -> list[Notice]:
    """The notices that entries make or move, each once as it stands at the end, by place."""
    made = dict[str, Notice]()
    for entry in entries:
        tell(entry, known, hearers, made)
    return list(made.values())


def tell(entry: Entry, known: Known, hearers: Hearers, made: dict[str, Notice]) -> None:
    """Take an entry, and add the notices that it makes or moves; one that is moved goes to the end."""
    known.note(entry)
    if entry.event.data.get("inspection") in known.closings:
        for notice in _notices(entry, known, hearers):
            made.pop(notice.id, None)
            made[notice.id] = notice


def _notices(entry: Entry, known: Known, hearers: Hearers) -> Iterator[Notice]:
    data, number = entry.event.data, 0
    inspection, finding = data["inspection"], data.get("finding")
    if finding is not None and _silent(entry, known, finding):
        return
    if entry.event.type == VOIDED and not known.lists(inspection):
        return  # nobody was told of it
    for telling in tellings(entry) + ([REPEATED] if entry.index in known.repeated else []):
        if telling.audience is Audience.TOLD:
            accounts = sorted(known.told.get(inspection, set()) - {VACANT})
        else:
            accounts = hearers.of(telling.audience, entry)
        for account in accounts or [VACANT]:
            yield _notice(entry, telling, account, number, known)
            number += 1


def _silent(entry: Entry, known: Known, finding: str) -> bool:
    return known.kept(finding) or (entry.event.type == RECORDED and known.severities[finding] == FREE)


def _notice(entry: Entry, telling: Telling, account: str, number: int, known: Known) -> Notice:
    event, data = entry.event, entry.event.data
    due = data.get(telling.due) if telling.due else None
    if telling.kind is Kind.FINDINGS:
        return _joined(entry, account, number, due, known)
    return Notice(
        id=notice_id(event.id, telling.kind, account), event=event.id, kind=telling.kind, account=account,
        unit=event.unit, inspection=data["inspection"], finding=data.get("finding"), created_at=event.time, due=due,
        index=entry.index, number=number,
    )  # fmt: skip


def _joined(entry: Entry, account: str, number: int, due: str | None, known: Known) -> Notice:
    """A late finding joins the one notice of its inspection, which moves to the finding's place."""
    inspection = entry.event.data["inspection"]
    closing = known.closings[inspection]
    known.told.setdefault(inspection, set()).add(account)
    due = _nearest(closing.due, due, entry.event.time)
    if due != closing.due:
        known.closings[inspection] = replace(closing, due=due)
    return Notice(
        id=notice_id(closing.event, Kind.FINDINGS, account), event=closing.event, kind=Kind.FINDINGS, account=account,
        unit=entry.event.unit, inspection=inspection, finding=None, created_at=closing.created_at, due=due,
        index=entry.index, number=number,
    )  # fmt: skip


def _nearest(first: str | None, second: str | None, now: str) -> str | None:
    """The earlier of two deadlines that is still to come; their text order is their time order."""
    return min((due for due in (first, second) if due is not None and due > now), default=second or first)


@dataclass(slots=True)
class Listed:
    """The notices that inspections have, and how many findings they list."""

    notices: dict[str, dict[str, int]] = field(default_factory=dict)
    """By inspection: the notices of its findings, and how many each lists."""
    released: dict[str, set[str]] = field(default_factory=dict)
    """By inspection: the findings that a release told of."""
    voided: set[str] = field(default_factory=set)

    def take(self, kind: str, inspection: str, finding: str | None, key: str, listed: int) -> None:
        """The next notice, of the database or of this run."""
        if kind == Kind.FINDINGS:
            self.notices.setdefault(inspection, {}).setdefault(key, listed)
        elif kind == Kind.RELEASE and finding is not None:
            self.released.setdefault(inspection, set()).add(finding)
        elif kind == Kind.VOIDING:
            self.voided.add(inspection)

    def lists(self, inspection: str, findings: Iterable[Finding]) -> int:
        """How many findings the notice of an inspection tells of: neither withdrawn nor kept; none once voided."""
        if inspection in self.voided:
            return 0
        released = self.released.get(inspection, ())
        return sum(not one.withdrawn and (one.severity in SCORED or one.id in released) for one in findings)

    def row(self, notice: Notice, findings: Iterable[Finding]) -> tuple[Any, ...]:
        """A notice that was taken, given its inspection's findings, as it is kept."""
        return *_values(notice), self.lists(notice.inspection, findings) if notice.kind is Kind.FINDINGS else 1
