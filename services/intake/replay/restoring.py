"""Storing what a replay found: the entries that the database lacks, in the transaction that moves its position."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.domain.calendar import WorkingCalendar
from services.intake.replay.fold import Restored
from services.intake.writing.loading import (
    QUERIES,
    Target,
    load_directory,
    load_erasures,
    load_findings,
    load_inspections,
)
from services.intake.writing.service import Service
from services.intake.writing.storing import (
    columns,
    new_finding,
    store_altered,
    store_department,
    store_directory,
    store_erasures,
    store_inspections,
)
from services.intake.writing.world import Changes, Cut, World
from services.kernel.envelope import Envelope
from services.kernel.store.db import Connection

Entry = tuple[Envelope, bytes]
_TURN = 250  # entries folded before others have their turn


async def restore(connection: Connection, service: Service, entries: Sequence[Entry]) -> None:
    """Rebuild what these entries say, in their order; the transaction's end makes it stand."""
    events = [event for event, _ in entries]
    await connection.fetch(QUERIES.lock_units, sorted({event.unit for event in events}))
    await connection.execute(QUERIES.lock_directory)
    restored = await _load(connection, service, events)
    for place, (event, raw) in enumerate(entries):
        if place % _TURN == 0:
            await asyncio.sleep(0)
        restored.take(event, raw)
    await _store(connection, restored)


async def _load(connection: Connection, service: Service, events: Sequence[Envelope]) -> Restored:
    """What is there already of all that the entries are about."""
    findings = await load_findings(connection, _named(events, "finding"))
    visited = {*_named(events, "inspection"), *(one.inspection for one in findings.values())}
    _, _, inspections = await load_inspections(connection, list(visited))
    writes = [event.id for event in events]
    rows = await connection.fetch(QUERIES.accounts_of_refs, list(_refs(events)))
    cuts = await connection.fetch(QUERIES.quarter_closings, _named(events, "quarter"))
    keys = await connection.fetch(QUERIES.log_keys, _named(events, "vkey"))
    erasures = await load_erasures(connection, [Target(event, "") for event in _named(events, "event")])
    now = service.clock.now()
    world = World(
        service.settings.origin, now, now, {}, set(), {}, inspections, findings,
        {(row["quarter"], row["edition"]): Cut(row["id"], set(row["roots"])) for row in cuts}, erasures,
        {row["vkey"] for row in keys},
        await load_directory(connection), list(service.catalogues),
        cast(WorkingCalendar, None),  # what the log tells has its deadlines
    )  # fmt: skip
    return Restored(
        world, {row["ref"]: row["account"] for row in rows},
        {row["id"] for row in await connection.fetch(QUERIES.lost_writes, writes)},
        {row["id"] for row in await connection.fetch(QUERIES.known_lineage, writes)},
    )  # fmt: skip


def _named(events: Sequence[Envelope], name: str) -> list[str]:
    return list({event.data[name] for event in events if name in event.data})


def _refs(events: Sequence[Envelope]) -> set[str]:
    named = {event.data["by"]["ref"] for event in events if "ref" in event.data["by"]}
    return named.union(*(event.data.get("team", ()) for event in events))


async def _store(connection: Connection, restored: Restored) -> None:
    """What is new first, then what became of it, as for a batch of writes."""
    world, changes = restored.world, restored.world.changes
    await connection.execute(QUERIES.raise_numbers, list(restored.numbers), list(restored.numbers.values()))
    if changes.units or changes.lineage:
        await connection.execute(QUERIES.next_directory_version)
    await store_directory(connection, world)
    await store_inspections(connection, changes.new_inspections)
    findings = [new_finding(new, demo=False) for new in changes.new_findings]
    await connection.execute(QUERIES.restore_findings, *columns(findings, 13))
    await store_altered(connection, changes, demo=False)
    await store_department(connection, changes)
    if changes.log_keys:
        await connection.execute(QUERIES.store_log_keys, *columns(changes.log_keys, 2), world.now)
    await connection.execute(QUERIES.restore_writes, *columns(restored.writes, 5))
    await _store_losses(connection, restored)


async def _store_losses(connection: Connection, restored: Restored) -> None:
    """What only the database knew, marked as lost; what had been erased since is erased once more."""
    now = restored.world.now
    await connection.execute(QUERIES.lose_refs, *_pairs(restored.refs))
    await connection.execute(QUERIES.lose_parts, *columns(restored.parts, 2), now)
    if restored.completed:
        await connection.execute(QUERIES.lose_photos, restored.completed)
    if restored.left:
        await connection.execute(QUERIES.end_tenures, *columns(restored.left, 2))
    for erasure, time in restored.erased:
        await store_erasures(connection, Changes(settled=[erasure]), time)


def _pairs(mapping: Mapping[str, str]) -> tuple[list[Any], list[Any]]:
    return list(mapping), list(mapping.values())
