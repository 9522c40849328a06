"""Notices, kept beside the facts that make them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from services.domain.case import SCORED
from services.domain.notices import Kind
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role
from services.kernel.quarters import parse_instant, quarters_until
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.facts.directory import Directory
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Entry, Finding
from services.reports.notices.notice import TELLINGS, Notice, Post, units_asked
from services.reports.notices.pattern import TALLIED, VOIDED, WINDOW, Counted, Tally, Visits, alike
from services.reports.notices.telling import Closing, Known, notices_of

queries = load_queries(Path(__file__).with_name("queries.sql"))
_FIELDS = tuple(field.name for field in fields(Notice))
_values = attrgetter(*_FIELDS)
_RELISTING = frozenset({*TELLINGS, "kycuong.finding.withdrawn.v1"})


@dataclass(slots=True)
class _Told:
    """The notices that inspections have, as far as further ones follow from them."""

    listed: dict[str, dict[str, int]] = field(default_factory=dict)
    """By inspection: the notices of its findings, and how many each lists."""
    released: dict[str, set[str]] = field(default_factory=dict)
    """By inspection: the findings that a release told of."""
    voided: set[str] = field(default_factory=set)

    def take(self, notice: Any) -> None:
        """The next notice, of the database or of this run."""
        inspection = notice["inspection"]
        if notice["kind"] == Kind.FINDINGS:
            self.listed.setdefault(inspection, {}).setdefault(notice["id"], notice["listed"])
        elif notice["kind"] == Kind.RELEASE:
            self.released.setdefault(inspection, set()).add(notice["finding"])
        else:
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
    touching = [entry for entry in run if entry.event.type in _RELISTING]
    repeated = await _repeated(connection, [entry for entry in run if entry.event.type in TALLIED], facts)
    telling = [entry for entry in run if entry.event.type in TELLINGS or entry.index in repeated]
    if not (touching or telling):
        return []
    findings = facts.by_inspection()
    touched = facts.inspections.keys() & {entry.event.data.get("inspection") for entry in (*touching, *telling)}
    rows = await connection.fetch(queries.told, sorted(touched & facts.stored))
    told, known = _Told(), _known(rows, facts, findings)
    for row in rows:
        told.take(row)
    known.repeated = repeated
    posts = await _posts(connection, telling, directory) if telling else []
    notices = notices_of(telling, known, directory, posts)
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
        if one.kind in _TOLD_OF:
            told.take(
                {"id": one.id, "inspection": one.inspection, "kind": one.kind, "finding": one.finding, "listed": -1}
            )
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


_TOLD_OF = frozenset({Kind.FINDINGS, Kind.RELEASE, Kind.VOIDING})


async def _relist(
    connection: Connection, touched: Iterable[str], told: _Told, findings: Mapping[str, Sequence[Finding]]
) -> None:
    """Of the notices that were there, those that list another number of findings now."""
    changed = [
        (key, lists)
        for inspection in sorted(touched)
        for key, was in told.listed.get(inspection, {}).items()
        if was >= 0 and was != (lists := told.lists(inspection, findings[inspection]))
    ]
    if changed:
        await connection.execute(queries.relist, *columns(changed, 2))


async def _repeated(connection: Connection, entries: Sequence[Entry], facts: Facts) -> set[int]:
    """Of some entries those by which a violation becomes a repeated one; what counts is kept."""
    void = {entry.event.data["inspection"] for entry in entries if entry.event.type == VOIDED}
    named = {entry.event.data["finding"] for entry in entries if entry.event.type != VOIDED}
    named |= {key for key, one in facts.findings.items() if one.inspection in void}
    about = {
        one.id: (_counted(facts, one), one.severity)
        for key in sorted(named)
        if (one := facts.findings[key]).severity in SCORED
    }
    if not about:
        return set()
    named_now = [one for one, _ in about.values()]
    pairs = sorted({(one.unit, one.code) for one in named_now})
    counted = {row["finding"]: Counted(*row) for row in await connection.fetch(queries.counted, *columns(pairs, 2))}
    visits = await _visits(connection, alike(named_now, counted.values()), entries, void)
    closed = [visit for key in void if (visit := facts.inspections[key]).closed_at is not None]
    tally = Tally(about, counted, visits, {visit.id: (visit.unit, visit.quarter) for visit in closed})
    repeated = {entry.index for entry in tally.repeated(entries)}
    if tally.removed:
        await connection.execute(queries.uncount, sorted(tally.removed))
    added = [tally.counted[key] for key in sorted(tally.added)]
    if added:
        await connection.execute(queries.count, *columns(added, 5))
    return repeated


def _counted(facts: Facts, finding: Finding) -> Counted:
    inspection = facts.inspections[finding.inspection]
    return Counted(finding.id, inspection.id, inspection.unit, finding.code, inspection.quarter)


async def _visits(
    connection: Connection, about: Sequence[Counted], entries: Sequence[Entry], void: Collection[str]
) -> dict[str, list[Visits]]:
    """The closed inspections of those units in every quarter that counts for one of these findings."""
    if not about:
        return {}
    quarters = {quarter for asked in {one.quarter for one in about} for quarter in quarters_until(asked, WINDOW)}
    units, since = {one.unit for one in about}, min(entry.event.time for entry in entries)
    found: dict[str, list[Visits]] = {}
    for row in await connection.fetch(queries.visits, sorted(quarters), sorted(units), since, sorted(void)):
        found.setdefault(row["unit"], []).append(Visits(row["quarter"], row["before"], row["since"]))
    return found


def _known(rows: Sequence[Any], facts: Facts, findings: Mapping[str, Sequence[Finding]]) -> Known:
    known = Known(
        severities={one.id: one.severity for one in facts.findings.values()},
        withdrawn={one.id for one in facts.findings.values() if one.withdrawn},
        findings={key: {one.id for one in some} for key, some in findings.items()},
        released={row["finding"] for row in rows if row["kind"] == Kind.RELEASE},
    )
    for row in rows:
        if row["kind"] == Kind.FINDINGS:
            known.closings[row["inspection"]] = Closing(row["event"], row["created_at"], row["due"])
            known.told.setdefault(row["inspection"], set()).add(row["account"])
    return known


async def _posts(connection: Connection, entries: Sequence[Entry], directory: Directory) -> list[Post]:
    times = [entry.event.time for entry in entries]  # receipts: their text order is their time order
    since, until = parse_instant(min(times)), parse_instant(max(times))
    rows = await connection.fetch(queries.posts, sorted(units_asked(entries, directory)), since, until)
    return [
        Post(row["account"], Grant(Role(row["role"]), row["unit"], row["valid_from"], row["valid_to"])) for row in rows
    ]
