"""Notices, kept beside the facts that make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from services.domain.case import SCORED
from services.domain.notices import Kind
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role
from services.kernel.quarters import parse_instant
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.facts.directory import Directory
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Entry, Finding
from services.reports.notices.notice import TELLINGS, Notice, Post, holding, hour_of
from services.reports.notices.pattern import TALLIED, Counted, Tally, said, voided
from services.reports.notices.telling import Closing, Known, notices_of

queries = load_queries(Path(__file__).with_name("queries.sql"))
_FIELDS = tuple(field.name for field in fields(Notice))
_values = attrgetter(*_FIELDS)
_NEW = -1
_RELISTING = frozenset({*TELLINGS, "kycuong.finding.withdrawn.v1"})


@dataclass(slots=True)
class _Told:
    """The notices that inspections have, as far as further ones follow from them."""

    listed: dict[str, dict[str, int]] = field(default_factory=dict)
    """By inspection: the notices of its findings, and how many each lists."""
    released: dict[str, set[str]] = field(default_factory=dict)
    """By inspection: the findings that a release told of."""
    voided: set[str] = field(default_factory=set)

    def take(self, kind: str, inspection: str, finding: str | None, key: str, listed: int) -> None:
        """The next notice, of the database or of this run."""
        if kind == Kind.FINDINGS:
            self.listed.setdefault(inspection, {}).setdefault(key, listed)
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


async def rewrite_notices(
    connection: Connection, run: Sequence[Entry], facts: Facts, directory: Directory
) -> list[Notice]:
    """Write what a run of entries tells, once its facts are written; the notices that are new or moved.

    Who held which post is read from the appointments, which are never altered but only ended: a rebuild finds the same.
    """
    findings = facts.by_inspection()
    repeated = await _repeated(connection, [entry for entry in run if entry.event.type in TALLIED], facts, findings)
    speaking = [entry for entry in run if entry.event.type in _RELISTING or entry.index in repeated]
    if not speaking:
        return []
    touched = facts.inspections.keys() & {entry.event.data.get("inspection") for entry in speaking}
    rows = await connection.fetch(queries.told, sorted(touched & facts.stored))
    told, known = _Told(), _known(rows, facts, findings)
    for row in rows:
        told.take(row["kind"], row["inspection"], row["finding"], row["id"], row["listed"])
    known.repeated = repeated
    notices = notices_of(speaking, known, directory, await _posts(connection, speaking, directory))
    await _write(connection, notices, told, findings)
    await _relist(connection, touched, told, findings)
    return notices


async def _write(
    connection: Connection, notices: Sequence[Notice], told: _Told, findings: Mapping[str, Sequence[Finding]]
) -> None:
    """New notices in a stream of rows; one that a late finding joins moves."""
    stored = {key for notices_of_one in told.listed.values() for key in notices_of_one}
    moved = [(one.id, one.due, one.index, one.number) for one in notices if one.id in stored]
    new = [one for one in notices if one.id not in stored]
    for one in new:
        told.take(one.kind, one.inspection, one.finding, one.id, _NEW)
    if new:
        records = [
            (*_values(one), told.lists(one.inspection, findings[one.inspection]) if one.kind is Kind.FINDINGS else 1)
            for one in new
        ]
        await connection.copy_records_to_table(
            "notice", schema_name="reports", columns=[*_FIELDS, "listed"], records=records
        )
    if moved:
        await connection.execute(queries.move_notices, *columns(moved, 4))
    if notices:
        await connection.execute(queries.wake)


async def _relist(
    connection: Connection, touched: Iterable[str], told: _Told, findings: Mapping[str, Sequence[Finding]]
) -> None:
    """Of the notices that were there, those that list another number of findings now."""
    changed = [
        (key, lists)
        for inspection in sorted(touched)
        for key, was in told.listed.get(inspection, {}).items()
        if was != _NEW and was != (lists := told.lists(inspection, findings[inspection]))
    ]
    if changed:
        await connection.execute(queries.relist, *columns(changed, 2))


async def _repeated(
    connection: Connection, entries: Sequence[Entry], facts: Facts, findings: Mapping[str, Sequence[Finding]]
) -> set[int]:
    """Of some entries those by which a violation becomes a repeated one; what counts is kept."""
    run = list(said(entries, facts, findings))
    pairs = sorted({(one.finding.unit, one.finding.code) for one in run if one.counts})
    rows = await connection.fetch(queries.counted, *columns(pairs, 2)) if pairs else []
    tally = Tally({row["finding"]: Counted(*row) for row in rows}, voided(entries, facts))
    candidates = list(tally.candidates(run))
    if tally.removed:
        await connection.execute(queries.uncount, sorted(tally.removed))
    added = [tally.counted[key] for key in sorted(tally.added)]
    if added:
        await connection.execute(queries.count, *columns(added, 5))
    often = await connection.fetch(queries.often, *columns(candidates, 5)) if candidates else []
    return {row["entry"] for row in often}


def _known(rows: Sequence[Any], facts: Facts, findings: Mapping[str, Sequence[Finding]]) -> Known:
    known = Known(
        severities={one.id: one.severity for one in facts.findings.values()},
        withdrawn={one.id for one in facts.findings.values() if one.withdrawn},
        findings={key: {one.id for one in some} for key, some in findings.items() if facts.inspections[key].voided},
        released={row["finding"] for row in rows if row["kind"] == Kind.RELEASE},
    )
    for row in rows:
        if row["kind"] == Kind.FINDINGS:
            known.closings[row["inspection"]] = Closing(row["event"], row["created_at"], row["due"])
            known.told.setdefault(row["inspection"], set()).add(row["account"])
    return known


async def _posts(connection: Connection, entries: Sequence[Entry], directory: Directory) -> list[Post]:
    asked = {(entry.event.unit, hour_of(entry)) for entry in entries}
    hours = [hour for _, hour in asked]  # of receipts: their text order is their time order
    since, until = parse_instant(f"{min(hours)}:00:00Z"), parse_instant(f"{max(hours)}:59:59.999Z")
    rows = await connection.fetch(queries.posts, sorted(holding(asked, directory)), since, until)
    return [
        Post(row["account"], Grant(Role(row["role"]), row["unit"], row["valid_from"], row["valid_to"])) for row in rows
    ]
