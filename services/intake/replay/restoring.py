"""Storing what a replay found: the entries that the database lacks, in the transaction that moves its position."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from services.intake.directory.state import Units
from services.intake.erasures.state import Erasures
from services.intake.erasures.store import settle
from services.intake.findings.state import Findings
from services.intake.inspections.state import Inspections
from services.intake.log_keys.state import LogKeys
from services.intake.nouns import keepers
from services.intake.quarters.state import Quarters
from services.intake.replay.fold import take
from services.intake.replay.restored import Restored
from services.intake.replay.sql import QUERIES
from services.intake.rounds.state import Assignments, Rounds
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.service import Service
from services.intake.writing.sql import QUERIES as WRITING
from services.intake.writing.storing import lock_units
from services.intake.writing.world import World
from services.kernel.envelope import Envelope
from services.kernel.store.db import Connection, columns

ASSIGNED = "kycuong.round.assigned.v1"
Entry = tuple[Envelope, bytes]
_TURN = 250  # entries folded before others have their turn


async def restore(connection: Connection, service: Service, entries: Sequence[Entry]) -> None:
    """Rebuild what these entries say, in their order; the transaction's end makes it stand."""
    events = [event for event, _ in entries]
    await lock_units(connection, {event.unit for event in events})
    fresh = keepers()  # what others remember may be of another database
    restored = await _load(connection, service, fresh, events)
    for place, (event, raw) in enumerate(entries):
        if place % _TURN == 0:
            await asyncio.sleep(0)
        take(restored, event, raw)
    await _store(connection, fresh, restored)


async def _load(
    connection: Connection, service: Service, fresh: Sequence[Keeper], events: Sequence[Envelope]
) -> Restored:
    """What is there already of all that the entries are about."""
    needs, now = _needs(events), service.clock.now()
    world = World(
        origin=service.settings.origin,
        now=now,
        rights_at=now,
        catalogues=list(service.catalogues),
        lengths=service.lengths,
    )
    for keeper in reversed(fresh):
        await keeper.locate(connection, needs)
    for keeper in fresh:
        await keeper.load(connection, needs, world)
    writes = [event.id for event in events]
    rows = await connection.fetch(QUERIES.accounts_of_refs, list(_refs(events)))
    return Restored(
        world, {row["ref"]: row["account"] for row in rows},
        {row["id"] for row in await connection.fetch(QUERIES.lost_writes, writes)},
        {row["id"] for row in await connection.fetch(QUERIES.known_lineage, writes)},
    )  # fmt: skip


def _needs(events: Sequence[Envelope]) -> Needs:
    needs = Needs()
    named: tuple[tuple[type, str], ...] = (
        (Findings, "finding"), (Inspections, "inspection"), (Quarters, "quarter"), (LogKeys, "vkey"),
        (Erasures, "event"), (Rounds, "round"), (Rounds, "replaces"), (Assignments, "assignment"),
    )  # fmt: skip
    for shelf, name in named:
        needs.of(shelf).update(dict.fromkeys(event.data[name] for event in events if name in event.data))
    needs.of(Units).update(dict.fromkeys(event.unit for event in events))
    needs.of(Assignments).update(dict.fromkeys(event.id for event in events if event.type == ASSIGNED))
    return needs


def _refs(events: Sequence[Envelope]) -> set[str]:
    named = {event.data["by"]["ref"] for event in events if "ref" in event.data["by"]}
    return named.union(*(event.data.get(name, ()) for event in events for name in ("team", "remove")))


async def _store(connection: Connection, fresh: Sequence[Keeper], restored: Restored) -> None:
    """What is new first, then what became of it, as for a batch of writes."""
    world, changed = restored.world, [keeper for keeper in fresh if keeper.changed(restored.world)]
    await connection.execute(WRITING.raise_numbers, list(restored.numbers), list(restored.numbers.values()))
    for keeper in changed:
        await keeper.add(connection, world)
    for keeper in fresh:
        if keeper.insertion is not None:
            await connection.execute(keeper.insertion.sql, *columns(keeper.rows(world), keeper.insertion.width))
    for keeper in changed:
        await keeper.alter(connection, world)
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
        await settle(connection, [erasure], time)


def _pairs(mapping: Mapping[str, str]) -> tuple[list[Any], list[Any]]:
    return list(mapping), list(mapping.values())
