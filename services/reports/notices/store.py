"""Notices, kept beside the facts that make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.domain.notices import Kind
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role
from services.kernel.quarters import parse_instant
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.facts.directory import Directory
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Entry, Finding, Inspection
from services.reports.notices.notice import Hearers, Notice, Post, holding, hour_of
from services.reports.notices.pattern import Counted, Said, Tally, voided
from services.reports.notices.telling import COLUMNS, SPEAKING, Closing, Known, Listed, notices_of

queries = load_queries(Path(__file__).with_name("queries.sql"))
_NEW = -1


async def rewrite_notices(
    connection: Connection, run: Sequence[Entry], facts: Facts, before: Known, counting: Sequence[Said],
    directory: Directory,
) -> list[Notice]:  # fmt: skip
    """Write what a run of entries tells, once its facts are written; the notices that are new or moved.

    `before` is what was known before the run, `counting` what its entries say of findings that may count. Who held
    which post is read from the appointments, which are never altered but only ended: a rebuild finds the same.
    """
    before.repeated = await _repeated(connection, voided(run, facts), counting)
    speaking = [entry for entry in run if entry.event.type in SPEAKING or entry.index in before.repeated]
    if not speaking:
        return []
    touched = facts.inspections.keys() & {entry.event.data.get("inspection") for entry in speaking}
    listed = Listed()
    for row in await connection.fetch(queries.told, sorted(touched & facts.stored)):
        listed.take(row["kind"], row["inspection"], row["finding"], row["id"], row["listed"])
        _know(before, row)
    notices = notices_of(speaking, before, Hearers(directory, await _posts(connection, speaking, directory)))
    await _write(connection, notices, listed, facts.found)
    await _relist(connection, touched, listed, facts.found)
    return notices


def _know(known: Known, row: Any) -> None:
    """Take a notice from which further ones follow."""
    if row["kind"] == Kind.RELEASE:
        known.released.add(row["finding"])
    elif row["kind"] == Kind.FINDINGS:
        known.closings[row["inspection"]] = Closing(row["event"], row["created_at"], row["due"])
        known.told.setdefault(row["inspection"], set()).add(row["account"])


async def _write(
    connection: Connection, notices: Sequence[Notice], told: Listed, findings: Mapping[str, Sequence[Finding]]
) -> None:
    """New notices in a stream of rows; one that a late finding joins moves."""
    stored = {key for notices_of_one in told.notices.values() for key in notices_of_one}
    moved = [(one.id, one.due, one.index, one.number) for one in notices if one.id in stored]
    new = [one for one in notices if one.id not in stored]
    for one in new:
        told.take(one.kind, one.inspection, one.finding, one.id, _NEW)
    if new:
        records = [told.row(one, findings[one.inspection]) for one in new]
        await connection.copy_records_to_table("notice", schema_name="reports", columns=COLUMNS, records=records)
    if moved:
        await connection.execute(queries.move_notices, *columns(moved, 4))
    if notices:
        await connection.execute(queries.wake)


async def _relist(
    connection: Connection, touched: Iterable[str], told: Listed, findings: Mapping[str, Sequence[Finding]]
) -> None:
    """Of the notices that were there, those that list another number of findings now."""
    changed = [
        (key, lists)
        for inspection in sorted(touched)
        for key, was in told.notices.get(inspection, {}).items()
        if was != _NEW and was != (lists := told.lists(inspection, findings[inspection]))
    ]
    if changed:
        await connection.execute(queries.relist, *columns(changed, 2))


async def _repeated(
    connection: Connection, voids: Sequence[tuple[int, Inspection]], counting: Sequence[Said]
) -> set[int]:
    """Of a run's entries those by which a violation becomes a repeated one; what counts is kept."""
    pairs = sorted({(one.finding.unit, one.finding.code) for one in counting if one.counts})
    rows = await connection.fetch(queries.counted, *columns(pairs, 2)) if pairs else []
    tally = Tally({row["finding"]: Counted(*row) for row in rows}, voids)
    candidates = list(tally.candidates(counting))
    if tally.removed:
        await connection.execute(queries.uncount, sorted(tally.removed))
    added = [tally.counted[key] for key in sorted(tally.added)]
    if added:
        await connection.execute(queries.count, *columns(added, 5))
    often = await connection.fetch(queries.often, *columns(candidates, 5)) if candidates else []
    return {row["entry"] for row in often}


async def all_posts(connection: Connection) -> list[Post]:
    """Who ever held a post that notices go to."""
    return [_post(row) for row in await connection.fetch(queries.all_posts)]


async def _posts(connection: Connection, entries: Sequence[Entry], directory: Directory) -> list[Post]:
    asked = {(entry.event.unit, hour_of(entry)) for entry in entries}
    hours = [hour for _, hour in asked]  # of receipts: their text order is their time order
    since, until = parse_instant(f"{min(hours)}:00:00Z"), parse_instant(f"{max(hours)}:59:59.999Z")
    rows = await connection.fetch(queries.posts, sorted(holding(asked, directory)), since, until)
    return [_post(row) for row in rows]


def _post(row: Any) -> Post:
    return Post(row["account"], Grant(Role(row["role"]), row["unit"], row["valid_from"], row["valid_to"]))
