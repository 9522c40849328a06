"""Notices, kept beside the facts that make them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role
from services.kernel.quarters import parse_instant
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.facts.directory import Directory
from services.reports.facts.facts import Entry
from services.reports.notices.notice import TELLINGS, VOIDED, Notice, Post, units_asked
from services.reports.notices.pattern import TALLIED, Counted, Tally
from services.reports.notices.telling import Closing, Known, notices_of

queries = load_queries(Path(__file__).with_name("queries.sql"))
_RELISTING = frozenset({*TELLINGS, "kycuong.finding.withdrawn.v1"})
_FIELDS = tuple(field.name for field in fields(Notice))


async def rewrite_notices(connection: Connection, run: Sequence[Entry], directory: Directory) -> list[Notice]:
    """Write what a run of entries tells, once their facts are written; the notices that are new or moved.

    Who held which post is read from the appointments, which are never altered but only ended: a rebuild finds the same.
    """
    touching = [entry for entry in run if entry.event.type in _RELISTING]
    repeated = await _repeated(connection, [entry for entry in run if entry.event.type in TALLIED])
    telling = [entry for entry in run if entry.event.type in TELLINGS or entry in repeated]
    notices: list[Notice] = []
    if telling:
        known = await _known(connection, telling)
        known.repeated = {entry.index for entry in repeated}
        notices = notices_of(telling, known, directory, await _posts(connection, telling, directory))
    if notices:
        await connection.execute(queries.put_notices, *columns(map(attrgetter(*_FIELDS), notices), len(_FIELDS)))
        await connection.execute(queries.wake)
    if touching:
        await connection.execute(queries.count_listed, sorted(_named(touching, "inspection")))
    return notices


async def _repeated(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Of some entries those by which a violation becomes a repeated one; what counts is kept."""
    rows = await connection.fetch(queries.tallied, sorted(_named(entries, "finding"))) if entries else []
    if not rows:
        return []
    about = {row["finding"]: (Counted(*list(row)[:5]), row["severity"]) for row in rows}
    pairs = sorted({(one.unit, one.code) for one, _ in about.values()})
    counted = {row["finding"]: Counted(*row) for row in await connection.fetch(queries.counted, *columns(pairs, 2))}
    visits: dict[str, list[tuple[str, str]]] = {}
    for row in await connection.fetch(queries.visits, sorted({unit for unit, _ in pairs})):
        visits.setdefault(row["unit"], []).append((row["quarter"], row["closed_at"]))
    tally = Tally(about, counted, visits)
    repeated = list(tally.repeated(entries))
    await connection.execute(queries.uncount, sorted(tally.removed))
    added = [tally.counted[key] for key in sorted(tally.added)]
    await connection.execute(queries.count, *columns([_tallied(one) for one in added], 5))
    return repeated


_tallied = attrgetter(*(field.name for field in fields(Counted)))


async def _known(connection: Connection, entries: Sequence[Entry]) -> Known:
    findings, inspections = sorted(_named(entries, "finding")), sorted(_named(entries, "inspection"))
    voided = sorted(_named([entry for entry in entries if entry.event.type == VOIDED], "inspection"))
    known = Known()
    for row in await connection.fetch(queries.severities, findings, voided):
        known.severities[row["id"]] = row["severity"]
        known.findings.setdefault(row["inspection"], set()).add(row["id"])
        if row["withdrawn"]:
            known.withdrawn.add(row["id"])
    known.released = {row["finding"] for row in await connection.fetch(queries.released, findings, voided)}
    for row in await connection.fetch(queries.told, inspections):
        known.closings[row["inspection"]] = Closing(row["event"], row["created_at"], row["due"])
        known.told.setdefault(row["inspection"], set()).add(row["account"])
    return known


def _named(entries: Collection[Entry], member: str) -> set[str]:
    return {entry.event.data[member] for entry in entries if member in entry.event.data}


async def _posts(connection: Connection, entries: Sequence[Entry], directory: Directory) -> list[Post]:
    times = [entry.event.time for entry in entries]  # receipts: their text order is their time order
    since, until = parse_instant(min(times)), parse_instant(max(times))
    rows = await connection.fetch(queries.posts, sorted(units_asked(entries, directory)), since, until)
    return [
        Post(row["account"], Grant(Role(row["role"]), row["unit"], row["valid_from"], row["valid_to"])) for row in rows
    ]
