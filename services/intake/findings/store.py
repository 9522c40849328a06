"""Loading and storing findings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from services.domain.deadlines import Deadline, Kind, Standing
from services.intake.findings.state import Finding, Findings, Step
from services.intake.inspections.state import Inspection, Inspections
from services.intake.writing.keeper import Insertion, Keeper, Row
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))

_REMEMBERED = 200_000
_COLUMNS = (
    "id", "inspection", "unit", "code", "catalogue", "severity", "count", "captured_at", "filer", "received_at",
    "state", "accepts", "outcome", "released", "remedy",
)  # fmt: skip
_columns_of = itemgetter(*_COLUMNS)
_CLOCK = (
    "kind", "n", "due", "first_due", "begins", "cause", "lapse_after", "state", "last", "reminded", "escalated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a finding belongs; it never changes."""

    unit: str
    inspection: str


class FindingKeeper(Keeper):
    """Keeps findings, whose rows go beside the writes'; where they belong is remembered."""

    insertion = Insertion(QUERIES.insert_findings, 11)

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
            world[Findings].known = await load_findings(connection, wanted)

    def rows(self, world: World) -> list[Row]:
        """New findings as they are recorded."""
        return [_new_row(new) for new in world[Findings].new]

    def changed(self, world: World) -> bool:
        """Whether anything became of findings: by themselves, or by the closing of their inspection."""
        visits = world[Inspections]
        return bool(world[Findings].changed or visits.closed or visits.voided)

    async def alter(self, connection: Connection, world: World) -> None:
        """What became of findings; then the windows that closings open, by how the findings stand by then."""
        await store_findings(connection, list(world[Findings].changed.values()), demo=world.demo)
        rows = [_window(closed, world) for closed in world[Inspections].closed.values()]
        if rows:
            await connection.execute(QUERIES.open_windows, *columns(rows, 5), world.demo)
        if world[Inspections].voided:
            await connection.execute(QUERIES.void_findings, list(world[Inspections].voided))

    def committed(self, world: World) -> None:
        """Remember what was stored, never what a line claimed."""
        self._remember({new.id: _Place(new.unit, new.inspection) for new in world[Findings].new})


class ClockKeeper(Keeper):
    """Keeps the clocks that begin with a finding itself: one that comes after its inspection's closing."""

    insertion = Insertion(QUERIES.keep_deadlines, 12)

    def rows(self, world: World) -> list[Row]:
        """The clocks of new findings."""
        return [row for new in world[Findings].new for row in _clock_rows(new, world.demo)]


def with_cases(statement: str) -> str:
    """A statement of findings, with what `finding_of` reads of their cases."""
    return QUERIES.with_cases.replace("(found)", f"({statement.rstrip(';')})")


FINDINGS_BY_ID = with_cases(QUERIES.findings_by_id)


async def load_findings(connection: Connection, ids: Sequence[str]) -> dict[str, Finding]:
    """Findings by id, with their cases; their units are locked, or their numbers are read."""
    return {row["id"]: finding_of(row) for row in await connection.fetch(FINDINGS_BY_ID, ids)}


def finding_of(row: Mapping[str, Any]) -> Finding:
    """The finding of a row, whatever else that has, with its steps, clocks and photos."""
    steps = [Step(*step) for step in row["steps"]]
    clocks = [Deadline(**dict(zip(_CLOCK, clock, strict=True))) for clock in row["clocks"]]
    photos = tuple(json.loads(row["photos"])) if row["photos"] != "[]" else ()
    return Finding(
        **dict(zip(_COLUMNS, _columns_of(row), strict=True)), photos=photos, steps=steps, stored=len(steps),
        clocks=clocks, kept_clocks=len(clocks), held=dict(row["held"] or ()),
    )  # fmt: skip


async def store_findings(connection: Connection, findings: Sequence[Finding], *, demo: bool = False) -> None:
    """What became of findings: how they stand, their further steps, their clocks (a demo's lapse by its story)."""
    if not findings:
        return
    await connection.execute(QUERIES.update_findings, *columns(map(_changed_row, findings), 10))
    steps = [row for finding in findings for row in _step_rows(finding)]
    if steps:
        await connection.execute(QUERIES.add_steps, *columns(steps, 6))
    clocks = [row for finding in findings for row in _clock_rows(finding, demo)]
    if clocks:
        await connection.execute(QUERIES.keep_deadlines, *columns(clocks, 12))


async def store_passed(connection: Connection, passed: Sequence[tuple[Finding, Deadline]]) -> None:
    """Deadlines that passed, and no more of their findings than that alters: many pass with the same day."""
    if not passed:
        return
    await connection.execute(QUERIES.pass_deadlines, *columns([(f.id, c.kind, c.n, c.state) for f, c in passed], 4))
    lapsed = [(f.id, f.state, f.remedy) for f, c in passed if c.kind == Kind.REPLY and c.state == Standing.LAPSED]
    if lapsed:
        await connection.execute(QUERIES.lapse_findings, *columns(lapsed, 3))
    findings = list({finding.id: finding for finding, _ in passed}.values())
    steps = [row for finding in findings for row in _step_rows(finding)]
    if steps:
        await connection.execute(QUERIES.add_steps, *columns(steps, 6))
    begun = [row for finding in findings for row in _clock_rows(finding, False, since=finding.kept_clocks)]
    if begun:
        await connection.execute(QUERIES.keep_deadlines, *columns(begun, 12))


def _new_row(new: Finding) -> Row:
    photos = json.dumps(new.photos) if new.photos else "[]"
    return (
        new.id, new.inspection, new.unit, new.code, new.catalogue, new.severity, new.count, new.captured_at, photos,
        new.filer, new.received_at,
    )  # fmt: skip


def _changed_row(finding: Finding) -> Row:
    return (
        finding.id, finding.code, finding.severity, finding.count, finding.captured_at, finding.state, finding.accepts,
        finding.outcome, finding.released, finding.remedy,
    )  # fmt: skip


def _step_rows(finding: Finding) -> list[Row]:
    return [
        (finding.id, n, step.event, step.type, step.role, step.at)
        for n, step in enumerate(finding.steps, start=1)
        if n > finding.stored
    ]


def _clock_rows(finding: Finding, demo: bool, since: int = 0) -> list[Row]:
    return [
        (
            finding.id, one.kind, one.n, one.due, one.first_due, one.begins, one.cause,
            one.lapse_after or (one.due if demo else None), one.state, one.last, one.reminded,
            one.escalated,
        )
        for one in finding.clocks[since:]
    ]  # fmt: skip


def _window(closed: Inspection, world: World) -> Row:
    assert closed.told_at is not None  # noqa: S101 - it was closed just now
    remedy_due = world.calendar.over(closed.told_at, world.deadlines_on(closed.told_at).remedy)
    return closed.id, closed.reply_due, closed.told_at, closed.closing, remedy_due
