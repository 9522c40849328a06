"""The notices that a run of entries makes: nothing of a visit under way or of what a unit may not know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from services.domain.case import FREE, KEPT
from services.domain.notices import Kind
from services.reports.facts.directory import Directory
from services.reports.facts.facts import Entry
from services.reports.notices.notice import (
    CLOSED,
    RECORDED,
    RELEASED,
    REPEATED,
    VACANT,
    VOIDED,
    Audience,
    Hearers,
    Notice,
    Post,
    Telling,
    notice_id,
    tellings,
)


@dataclass(frozen=True, slots=True)
class Closing:
    """What the notices of an inspection's findings are made of: the closing's id and time, the deadline they name."""

    event: str
    created_at: str
    due: str | None


@dataclass(slots=True, kw_only=True)
class Known:
    """What was there before a run, kept true through it."""

    severities: dict[str, int] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    closings: dict[str, Closing] = field(default_factory=dict)
    told: dict[str, set[str]] = field(default_factory=dict)
    """By inspection: who has the notice of its findings."""
    withdrawn: set[str] = field(default_factory=set)
    findings: dict[str, set[str]] = field(default_factory=dict)
    """By voided inspection: its findings."""

    repeated: set[int] = field(default_factory=set)
    """Log indexes of entries by which a violation became a repeated one."""

    def kept(self, finding: str) -> bool:
        """Whether the unit may not know of a finding."""
        return self.severities.get(finding) == KEPT and finding not in self.released

    def lists(self, inspection: str) -> bool:
        """Whether an alert lists anything of an inspection."""
        return any(
            self.severities.get(one, FREE) != FREE and not self.kept(one)
            for one in self.findings.get(inspection, set()) - self.withdrawn
        )


def notices_of(entries: Iterable[Entry], known: Known, directory: Directory, posts: Sequence[Post]) -> list[Notice]:
    """The notices that entries make or move, each once as it stands at the end, by place."""
    made, hearers = dict[str, Notice](), Hearers(directory, posts)
    for entry in entries:
        _note(entry, known)
        if entry.event.data.get("inspection") in known.closings:
            for notice in _notices(entry, known, hearers):
                made.pop(notice.id, None)  # one that is moved goes to the end
                made[notice.id] = notice
    return list(made.values())


def _note(entry: Entry, known: Known) -> None:
    data = entry.event.data
    if entry.event.type == RECORDED:
        known.severities[data["finding"]] = data["severity"]
    elif entry.event.type == CLOSED:
        known.closings[data["inspection"]] = Closing(entry.event.id, entry.event.time, data.get("reply_due"))
    elif entry.event.type == RELEASED:
        known.released.add(data["finding"])


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
