"""Reading what a batch of writes will look at: few statements, each for the whole batch."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from services.domain.calendar import WorkingCalendar
from services.domain.rulefiles import load_calendar
from services.domain.units import Directory, Heir, Version
from services.intake.calendars.forms import PublishCalendar
from services.intake.directory.forms import SucceedUnits
from services.intake.erasures.forms import RequestErasure
from services.intake.findings.forms import RecordFinding
from services.intake.inspections.forms import OpenInspection
from services.intake.log_keys.forms import AddLogKey
from services.intake.quarters.forms import CloseQuarter, PublishQuarter
from services.intake.vault.sealing import Sealed, Vault
from services.intake.writing.chain import Signed, key_at, verifies
from services.intake.writing.commands import Command
from services.intake.writing.forms import is_write_id
from services.intake.writing.world import Cut, Erasure, Finding, Inspection, Known, is_lost
from services.kernel.envelope import NO_UNIT
from services.kernel.identity.authentication import load_accounts
from services.kernel.identity.callers import Caller
from services.kernel.store.db import Connection
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).parents[1] / "queries.sql")
_REMEMBERED = 200_000
_OF_NO_UNIT = (CloseQuarter, PublishQuarter, PublishCalendar, AddLogKey)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an inspection or finding belongs; it never changes."""

    unit: str
    inspection: str


@dataclass(frozen=True, slots=True)
class Target:
    """The event whose parts an erasure is about."""

    event: str
    unit: str
    kept: bool = False
    """Whether the unit may not know yet of the finding it is of."""


class Places:
    """The units of inspections and findings, remembered for they never change."""

    def __init__(self) -> None:
        self._known: dict[str, Place] = {}

    async def of(self, connection: Connection, commands: Sequence[Command]) -> dict[str, Place]:
        """The places of all inspections and findings that commands refer to, known to the database or to the batch."""
        wanted_inspections, wanted_findings = referred(commands)
        missing_i = [key for key in wanted_inspections if key not in self._known]
        missing_f = [key for key in wanted_findings if key not in self._known]
        wanted = (*wanted_inspections, *wanted_findings)
        places = {key: self._known[key] for key in wanted if key in self._known}
        if missing_i or missing_f:
            rows = await connection.fetch(QUERIES.places, missing_i, missing_f)
            read = {row["id"]: Place(row["unit"], row["inspection"] or row["id"]) for row in rows}
            places |= read
            self.remember(read.items())
        return _places_in(commands, places) | places  # what is stored wins over what a line only claims

    def remember(self, places: Iterable[tuple[str, Place]]) -> None:
        """Keep places that are stored for good."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._known.update(places)


def referred(commands: Sequence[Command]) -> tuple[list[str], list[str]]:
    """The ids of the inspections and findings that well-formed commands refer to."""
    inspections: dict[str, None] = {}
    findings: dict[str, None] = {}
    for command in commands:
        if command.errors:
            continue
        if command.noun.parent == "inspection":
            inspections[command.parent] = None
        elif command.noun.parent == "finding":
            findings[command.parent] = None
        elif isinstance(command.form, RecordFinding):
            inspections[command.form.inspection] = None
    return list(inspections), list(findings)


def _places_in(commands: Sequence[Command], places: dict[str, Place]) -> dict[str, Place]:
    """The places of what the batch itself may bring."""
    brought: dict[str, Place] = {}
    for command in commands:
        form = command.form
        if command.errors:
            continue
        if isinstance(form, OpenInspection):
            brought[command.id] = Place(form.unit, command.id)
        elif isinstance(form, RecordFinding):
            inspection = places.get(form.inspection) or brought.get(form.inspection)
            if inspection is not None:
                brought[command.id] = Place(inspection.unit, form.inspection)
    return brought


def units_of(commands: Sequence[Command], places: dict[str, Place], targets: Iterable[str]) -> set[str]:
    """The units whose sequences a batch may move; `targets` are those of erasures."""
    units: set[str] = {place.unit for place in places.values()} | set(targets)
    for command in commands:
        form = command.form
        if isinstance(form, _OF_NO_UNIT):
            units.add(NO_UNIT)
        elif isinstance(form, SucceedUnits):
            units.update(form.from_, form.to)
        elif form is not None and hasattr(form, "unit"):
            units.add(form.unit)
    return units


async def erasure_targets(connection: Connection, commands: Sequence[Command]) -> list[Target]:
    """What requests and settlements of erasures are about."""
    events = [c.form.event for c in commands if isinstance(c.form, RequestErasure)]
    requests = [c.parent for c in commands if c.noun.parent == "erasure" and not c.errors]
    if not events and not requests:
        return []
    rows = await connection.fetch(QUERIES.erasure_targets, events, requests)
    return [Target(row["event"], row["unit"], row["kept"]) for row in rows]


async def load_erasures(connection: Connection, targets: Iterable[Target]) -> dict[str, Erasure]:
    """Every request about these events, by its id; read after their units are locked."""
    events = list({target.event for target in targets})
    rows = await connection.fetch(QUERIES.erasures, events) if events else []
    return {
        row["id"]: Erasure(
            row["id"], row["event"], row["unit"], tuple(row["parts"]), row["requester"], row["state"]
        )
        for row in rows
    }  # fmt: skip


async def load_authors(
    connection: Connection, commands: Sequence[Command], findings: Mapping[str, Finding]
) -> dict[str, Caller]:
    """Those whose signed writes, or photos of whose findings, these commands carry; with all their appointments."""
    accounts = {c.signer for c in commands if c.signer is not None and c.verified}
    accounts |= {findings[c.parent].filer for c in commands if c.handed_over and c.parent in findings}
    return await load_accounts(connection, sorted(accounts)) if accounts else {}


async def load_apart(
    connection: Connection, commands: Sequence[Command], inspections: Mapping[str, Inspection], accounts: Iterable[str]
) -> set[tuple[str, str]]:
    """Who is certainly none of the lost persons of the inspections that a batch decides about."""
    if all(command.noun.name != "findings/decision" for command in commands):
        return set()
    quarters = {one.quarter for one in inspections.values() if any(map(is_lost, one.team))}
    rows = await connection.fetch(QUERIES.apart, list(accounts), list(quarters)) if quarters else []
    return {(row["account"], row["quarter"]) for row in rows}


async def load_log_keys(connection: Connection, commands: Sequence[Command]) -> set[str]:
    """Which of the keys that commands bring the log was told of."""
    keys = [command.form.vkey for command in commands if isinstance(command.form, AddLogKey)]
    return {row["vkey"] for row in await connection.fetch(QUERIES.log_keys, keys)} if keys else set()


async def load_cuts(connection: Connection, commands: Sequence[Command]) -> dict[tuple[str, str], Cut]:
    """The editions cut of the quarters that commands are about."""
    quarters = list({command.parent for command in commands if command.noun.parent == "quarter" and not command.errors})
    rows = await connection.fetch(QUERIES.quarter_closings, quarters) if quarters else []
    return {(row["quarter"], row["edition"]): Cut(row["id"], set(row["roots"])) for row in rows}


async def recall(
    connection: Connection,
    vault: Vault,
    commands: Sequence[Command],
    units: Iterable[str],
    targets: Iterable[Target],
    *,
    lock: bool,
) -> tuple[dict[str, int], dict[str, Known]]:
    """The last numbers of the units (locked or not), the ids accepted before, and the events that erasures target."""
    ids = {command.id for command in commands if command.photo is not None or is_write_id(command.id)}
    query = QUERIES.lock_and_recall if lock else QUERIES.recall
    rows = await connection.fetch(query, sorted(units), list(ids | {target.event for target in targets}))
    numbers = {row["unit"]: row["last_seq"] for row in rows if row["unit"] is not None}
    known = {
        row["id"]: Known(row["account"], row["content"], row["answer"], {}) for row in rows if row["id"] is not None
    }
    if known:
        await _add_parts(connection, vault, known, ids)
    return numbers, known


async def _add_parts(connection: Connection, vault: Vault, known: dict[str, Known], compared: set[str]) -> None:
    """The private parts of known writes, opened where a repeat is to be compared with them."""
    for row in await connection.fetch(QUERIES.parts, list(known)):
        write, group = known[row["event_id"]], row["grp"]
        if row["erased_at"] is not None:
            write.erased.add(group)
        elif row["lost_at"] is not None:
            write.lost.add(group)
        elif row["event_id"] in compared:
            write.parts[group] = vault.open(Sealed(row["event_id"], group, row["wrapped_key"], row["sealed"]))[1]
        else:
            write.parts[group] = b""


async def load_inspections(connection: Connection, ids: Sequence[str]) -> tuple[int, int, dict[str, Inspection]]:
    """The unit tree's version, how many calendars there are, and inspections by id."""
    rows = await connection.fetch(QUERIES.inspections, ids)
    inspections = {row["id"]: _inspection(row) for row in rows if row["id"] is not None}
    return rows[0]["version"], rows[0]["calendars"], inspections


def _inspection(row: asyncpg.Record) -> Inspection:
    return Inspection(
        row["id"], row["unit"], row["quarter"], row["catalogue"], row["opener"], tuple(row["team"]), row["opened_at"],
        row["state"], row["closing"], row["closed_at"], row["reply_due"], row["acknowledged"],
    )  # fmt: skip


async def load_findings(connection: Connection, ids: Sequence[str]) -> dict[str, Finding]:
    """Findings by id."""
    rows = await connection.fetch(QUERIES.findings, ids) if ids else []
    return {row["id"]: _finding(row) for row in rows}


def _finding(row: asyncpg.Record) -> Finding:
    return Finding(
        row["id"], row["inspection"], row["unit"], row["code"], row["catalogue"], row["severity"], row["count"],
        row["captured_at"], tuple(json.loads(row["photos"])), row["filer"], row["received_at"], row["state"],
        row["accepts"], row["lapsed"], row["outcome"], row["reply_due"],
        held={int(place): commitment for place, commitment in json.loads(row["held"]).items()},
    )  # fmt: skip


async def load_directory(connection: Connection) -> Directory:
    """The whole unit tree."""
    versions: dict[str, list[Version]] = {}
    for row in await connection.fetch(QUERIES.unit_versions):
        version = Version(
            row["valid_from"], row["valid_to"], row["name"], row["grp"], row["parent"], row["staff"],
            frozenset(row["set_fields"]),
        )  # fmt: skip
        versions.setdefault(row["unit"], []).append(version)
    heirs = {row["from_unit"]: Heir(row["to_unit"], row["valid_from"]) for row in await connection.fetch(QUERIES.heirs)}
    return Directory({unit: tuple(listed) for unit, listed in versions.items()}, heirs)


class CalendarCache:
    """The working calendar in force in memory, read again when another one was published."""

    def __init__(self) -> None:
        self._count = 0
        self._calendar: WorkingCalendar | None = None

    async def current(self, connection: Connection) -> WorkingCalendar:
        """The calendar in force now."""
        return await self.at(connection, await connection.fetchval(QUERIES.calendars_published))

    async def at(self, connection: Connection, count: int) -> WorkingCalendar:
        """The highest of the versions published, whose number was read in this transaction.

        Before any is known here (a database that is still being rebuilt from the log) the program's own.
        """
        if self._calendar is None or count != self._count:
            texts = [row["content"] for row in await connection.fetch(QUERIES.calendars)]
            versions = [WorkingCalendar.from_file(json.loads(text)) for text in texts] or [load_calendar()]
            self._count, self._calendar = count, max(versions, key=lambda one: one.number)
        return self._calendar


class DirectoryCache:
    """The unit tree in memory, read again when its version in the database has moved."""

    def __init__(self) -> None:
        self._version = -1
        self._directory = Directory()

    async def current(self, connection: Connection) -> Directory:
        """The tree as it stands now."""
        return await self.at(connection, await connection.fetchval(QUERIES.directory_version))

    async def at(self, connection: Connection, version: int) -> Directory:
        """The tree of a version that was read in this transaction."""
        if version != self._version:
            self._directory = await load_directory(connection)
            self._version = version
        return self._directory

    def replace(self, version: int, directory: Directory) -> None:
        """Take over a tree that this process has just committed."""
        self._version, self._directory = version, directory


@dataclass(frozen=True, slots=True)
class Device:
    """A registered phone: it never changes."""

    account: str
    key: EllipticCurvePublicKey


class Devices:
    """The phones known so far, remembered for they never change."""

    def __init__(self) -> None:
        self._known: dict[str, Device] = {}

    async def attribute(self, connection: Connection, commands: Sequence[Command]) -> None:
        """Say of each signed write whose it is: its signer's when the signature holds, whoever carries it."""
        signed = [command.signed for command in commands if command.signed is not None]
        await self._load(connection, {one.device for one in signed if is_write_id(one.device)})
        for command in commands:
            if command.signed is not None and command.verified is None:
                self._attribute(command, command.signed)

    def _attribute(self, command: Command, signed: Signed) -> None:
        device = self._known.get(signed.device)
        if device is not None:
            command.signer, command.verified = device.account, verifies(device.key, signed)

    async def _load(self, connection: Connection, ids: set[str]) -> None:
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        missing = [device for device in ids if device not in self._known]
        if missing:
            rows = await connection.fetch(QUERIES.device_keys, missing)
            self._known.update({row["id"]: Device(row["account"], key_at(row["key"])) for row in rows})
