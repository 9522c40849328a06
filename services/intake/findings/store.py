"""Loading and storing findings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from services.intake.findings.state import Finding, Findings
from services.intake.inspections.state import Inspections
from services.intake.writing.keeper import Insertion, Keeper, Row
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))

_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a finding belongs; it never changes."""

    unit: str
    inspection: str


class FindingKeeper(Keeper):
    """Keeps findings, whose rows go beside the writes'; where they belong is remembered."""

    insertion = Insertion(QUERIES.insert_findings, 13)

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    async def locate(self, connection: Connection, needs: Needs) -> None:
        """The units and inspections of findings."""
        wanted = needs.of(Findings)
        places = {one: self._places[one] for one in wanted if one in self._places}
        missing = [one for one in wanted if one not in places]
        if missing:
            rows = await connection.fetch(QUERIES.places_of_findings, missing)
            read = {row["id"]: _Place(row["unit"], row["inspection"]) for row in rows}
            self._remember(read)
            places |= read
        for place in places.values():
            needs.units.add(place.unit)
            needs.of(Inspections)[place.inspection] = None

    def _remember(self, places: Mapping[str, _Place]) -> None:
        if len(self._places) > _REMEMBERED:
            self._places.clear()
        self._places.update(places)

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Findings by id."""
        wanted = list(needs.of(Findings))
        if wanted:
            rows = await connection.fetch(QUERIES.findings_by_id, wanted)
            world[Findings].known = {row["id"]: _finding(row) for row in rows}

    def rows(self, world: World) -> list[Row]:
        """New findings as they are recorded."""
        return [_new_row(new, world.demo) for new in world[Findings].new]

    def changed(self, world: World) -> bool:
        """Whether anything became of findings: by themselves, or by the closing of their inspection."""
        return bool(world[Findings].changed or world[Inspections].closed)

    async def alter(self, connection: Connection, world: World) -> None:
        """What became of findings."""
        closed = world[Inspections].closed
        if closed:
            due = [inspection.reply_due for inspection in closed.values()]
            await connection.execute(QUERIES.set_reply_due, list(closed), due, world.demo)
        rows = [_changed_row(finding) for finding in world[Findings].changed.values()]
        if rows:
            await connection.execute(QUERIES.update_findings, *columns(rows, 8))

    def committed(self, world: World) -> None:
        """Remember what was stored, never what a line claimed."""
        self._remember({new.id: _Place(new.unit, new.inspection) for new in world[Findings].new})


def _finding(row: asyncpg.Record) -> Finding:
    held = {int(place): commitment for place, commitment in json.loads(row["held"]).items()}
    return Finding(**{**row, "photos": tuple(json.loads(row["photos"])), "held": held})


def _new_row(new: Finding, demo: bool) -> Row:
    photos = json.dumps(new.photos) if new.photos else "[]"
    return (
        new.id, new.inspection, new.unit, new.code, new.catalogue, new.severity, new.count, new.captured_at, photos,
        new.filer, new.received_at, new.reply_due, new.reply_due if demo else None,
    )  # fmt: skip


def _changed_row(finding: Finding) -> Row:
    answers = finding.answers
    return (
        finding.id, finding.state, finding.accepts, finding.lapsed, finding.outcome, answers.get("withdrawal"),
        answers.get("reply"), answers.get("decision"),
    )  # fmt: skip
