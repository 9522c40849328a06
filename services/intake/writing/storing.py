"""Storing what a batch decided: one statement a table, all in the batch's transaction."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.intake.vault.sealing import Sealed
from services.intake.writing.events import Event, Numbers
from services.intake.writing.loading import QUERIES
from services.intake.writing.world import Changes, Finding, Inspection, World
from services.kernel.process.failpoints import failpoint
from services.kernel.store.db import Connection

StoredWrite = tuple[str, str, bytes, bytes, datetime]
"""Id, account, content, answer, received_at."""


async def store_writes(
    connection: Connection,
    writes: Sequence[StoredWrite],
    events: Sequence[Event],
    numbers: Numbers,
    accepted_at: datetime,
    parts: Sequence[Sealed] = (),
    findings: Sequence[tuple[object, ...]] = (),
) -> None:
    """Writes with their findings and parts, their events into the outbox, and the units' last numbers."""
    queued = [
        (event.id, event.unit, event.unitseq, event.bytes, event.traceparent, event.tracestate, event.barrier)
        for event in events
    ]
    sealed = [(part.event_id, part.group, part.wrapped_key, part.sealed) for part in parts]
    await connection.execute(
        QUERIES.store_writes, *columns(writes, 5), *columns(queued, 7), accepted_at, list(numbers.moved),
        list(numbers.moved.values()), *columns(sealed, 4), *columns(findings, 13), numbers.before(),
    )  # fmt: skip


async def store_batch(
    connection: Connection,
    world: World,
    writes: Sequence[StoredWrite],
    events: Sequence[Event],
    numbers: Numbers,
    parts: Sequence[Sealed],
    demo: bool,
) -> None:
    """All that a batch added or altered: what is new first, then what became of it and of older cases."""
    changes = world.changes
    await store_directory(connection, world)
    await store_inspections(connection, changes.new_inspections)
    findings = [new_finding(new, demo) for new in changes.new_findings]
    await store_writes(connection, writes, events, numbers, world.rights_at, parts, findings)
    await store_altered(connection, changes, demo)
    if changes.photos:
        photos = [(new.finding, new.place, new.wrapped_key, new.sealed, new.commitment) for new in changes.photos]
        await connection.execute(QUERIES.store_photos, *columns(photos, 5), world.now)
    await store_department(connection, changes)
    if changes.devices:
        await connection.execute(QUERIES.store_devices, *columns(changes.devices, 3), world.now)
    if changes.log_keys:
        await connection.execute(QUERIES.store_log_keys, *columns(changes.log_keys, 2), world.now)
    await store_erasures(connection, changes, world.now)


async def store_department(connection: Connection, changes: Changes) -> None:
    """Commendations, cuts of quarters with their publications, calendars."""
    if changes.commendations:
        await connection.execute(QUERIES.store_commendations, *columns(changes.commendations, 5))
    if changes.quarters:
        await connection.execute(QUERIES.store_quarter_closings, *columns(changes.quarters, 4))
    if changes.publications:
        await connection.execute(QUERIES.store_quarter_publications, *columns(changes.publications, 4))
    if changes.calendars:
        await connection.execute(QUERIES.store_calendars, *columns(changes.calendars, 3))


async def store_erasures(connection: Connection, changes: Changes, now: datetime) -> None:
    """Requests, and what became of them."""
    if changes.new_erasures:
        asked = [(new.id, new.event, new.unit, json.dumps(new.parts), new.requester) for new in changes.new_erasures]
        await connection.execute(QUERIES.store_erasures, *columns(asked, 5), now)
    if changes.settled:
        settled = [(one.id, one.state, one.settlement) for one in changes.settled]
        await connection.execute(QUERIES.settle_erasures, *columns(settled, 3), now)
        gone = [(one.event, part) for one in changes.settled if one.state == "erased" for part in one.parts]
        await connection.execute(QUERIES.erase_parts, *columns(gone, 2), now)
        await connection.execute(QUERIES.forget_minutes, list({event for event, _ in gone}))
        photos = [(event, int(part[6:])) for event, part in gone if part.startswith("photo.")]
        if photos:
            await connection.execute(QUERIES.drop_photos, *columns(photos, 2))
            await connection.execute(QUERIES.forget_photos, list({event for event, _ in photos}))
        failpoint("intake.parts_erased")
        # a crash here leaves the parts readable, the request open and no event: all three change in the one commit


async def store_altered(connection: Connection, changes: Changes, demo: bool) -> None:
    """What became of inspections and findings."""
    if changes.inspections:
        rows = [_changed_inspection(inspection) for inspection in changes.inspections.values()]
        await connection.execute(QUERIES.update_inspections, *columns(rows, 7))
    if changes.closed:
        due = [inspection.reply_due for inspection in changes.closed.values()]
        await connection.execute(QUERIES.set_reply_due, list(changes.closed), due, demo)
    if changes.findings:
        rows = [_changed_finding(finding) for finding in changes.findings.values()]
        await connection.execute(QUERIES.update_findings, *columns(rows, 8))


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as columns, also when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


async def store_directory(connection: Connection, world: World) -> None:
    """New and changed units, and which passed into which."""
    changes = world.changes
    if changes.new_units:
        await connection.execute(QUERIES.store_units, *columns(changes.new_units, 2))
    versions = [
        (unit, v.valid_from, v.valid_to, v.name, v.group, v.parent, v.staff, json.dumps(sorted(v.set_fields)))
        for unit in changes.units
        for v in world.directory.versions[unit]
    ]
    if versions:
        await connection.execute(QUERIES.drop_later_versions, list(changes.units), [
            max(v.valid_from for v in world.directory.versions[unit]) for unit in changes.units
        ])  # fmt: skip
        await connection.execute(QUERIES.store_unit_versions, *columns(versions, 8))
    if changes.lineage:
        await connection.execute(QUERIES.store_lineage, *columns(changes.lineage, 6))


async def store_inspections(connection: Connection, opened: Sequence[tuple[Inspection, Mapping[str, object]]]) -> None:
    """New inspections."""
    if not opened:
        return
    rows = [
        (
            new.id, new.unit, asked["kind"], asked["selection"], asked["basis"], new.opened_at, new.quarter,
            new.catalogue, new.opener, json.dumps(new.team), asked["received_at"], asked["impartial"],
        )
        for new, asked in opened
    ]  # fmt: skip
    await connection.execute(QUERIES.store_inspections, *columns(rows, 12))


def _changed_inspection(inspection: Inspection) -> tuple[object, ...]:
    roll = None if inspection.roll is None else json.dumps(inspection.roll)
    return (
        inspection.id, inspection.state, inspection.closing, inspection.closed_at, roll, inspection.reply_due,
        inspection.acknowledged,
    )  # fmt: skip


def _changed_finding(finding: Finding) -> tuple[object, ...]:
    answers = finding.answers
    return (
        finding.id, finding.state, finding.accepts, finding.lapsed, finding.outcome, answers.get("withdrawal"),
        answers.get("reply"), answers.get("decision"),
    )  # fmt: skip


def new_finding(new: Finding, demo: bool) -> tuple[object, ...]:
    """A finding's columns as it is recorded."""
    photos = json.dumps(new.photos) if new.photos else "[]"
    return (
        new.id, new.inspection, new.unit, new.code, new.catalogue, new.severity, new.count, new.captured_at, photos,
        new.filer, new.received_at, new.reply_due, new.reply_due if demo else None,
    )  # fmt: skip
