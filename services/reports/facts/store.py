"""The facts' tables, by sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from asyncpg import UniqueViolationError

from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.facts.effects import Facts
from services.reports.facts.facts import (
    COLUMNS,
    COMMENDED,
    FIELDS,
    FINDING_RECORDED,
    Finding,
    Inspection,
    Survey,
    Unfoldable,
    UnitQuarter,
    rows_of,
)
from services.reports.facts.remedy import Remedy

queries = load_queries(Path(__file__).with_name("queries.sql"))
_REMEDY_AT = len(fields(Finding)) - 1  # it stands last
_CHANGING_OF_FINDING = [name for name in FIELDS["finding"] if name not in ("inspection", "index")]
_CHANGING_OF_INSPECTION = (
    "id", "team", "closed_at", "persons_checked", "files_checked", "acknowledged_index", "acknowledged_at", "voided",
)  # fmt: skip


async def load_facts(connection: Connection, inspections: Collection[str]) -> Facts:
    """The inspections that a run of entries speaks of, with all their findings, as they stand."""
    facts = Facts()
    if inspections:
        visits = [Inspection(*row) for row in await connection.fetch(queries.inspections, sorted(inspections))]
        found = await connection.fetch(queries.findings_of, [one.id for one in visits]) if visits else []
        facts.stand(visits, map(_finding, found))
    return facts


def _finding(row: Any) -> Finding:
    """By place, as inspections too: the statements' columns are in the order of the fields."""
    values = tuple(row)
    fields_of_one = *values[:_REMEDY_AT], Remedy(*values[_REMEDY_AT:])
    return Finding(*fields_of_one)


async def write_facts(connection: Connection, facts: Facts) -> None:
    """Write every touched fact: what is new in a stream of rows, of the others what may have changed.

    Unfoldable where one stands there already, of an inspection that this run does not speak of.
    """
    try:
        await _write_facts(connection, facts)
    except UniqueViolationError as error:
        twice = _twice(facts, error.detail or "")
        if twice is None:
            raise
        raise twice from error


def _twice(facts: Facts, detail: str) -> Unfoldable | None:
    """Whose id the database names as one that it has; intake takes an id once, another log may hold it twice."""
    new = [(one.index, FINDING_RECORDED, one.id) for one in map(facts.findings.__getitem__, facts.touched_findings)]
    praised = [(one.index, COMMENDED, one.id) for one in facts.commendations]
    found = max((one for one in (*new, *praised) if one[2] in detail), default=None)
    return Unfoldable(found[0], found[1], f"{found[2]} was recorded before") if found else None


async def _write_facts(connection: Connection, facts: Facts) -> None:
    inspections = [facts.inspections[key] for key in sorted(facts.touched_inspections)]
    findings = [facts.findings[key] for key in sorted(facts.touched_findings)]
    await _add(connection, "inspection", inspections, facts.stored)
    await _add(connection, "finding", findings, facts.stored)
    changed = [one for one in inspections if one.id in facts.stored]
    await _put(connection, queries.change_inspections, _CHANGING_OF_INSPECTION, changed)
    changed_findings = [one for one in findings if one.id in facts.stored]
    await _put(connection, queries.change_findings, _CHANGING_OF_FINDING, changed_findings)
    await _put(connection, queries.add_commendations, FIELDS["commendation"], facts.commendations)
    surveys = [facts.surveys[key] for key in sorted(facts.surveys)]
    await _put(connection, queries.put_surveys, FIELDS["survey"], surveys)


async def _add(connection: Connection, table: str, facts: Sequence[Any], stored: Collection[str]) -> None:
    """Those facts that are not stored yet."""
    new = [one for one in facts if one.id not in stored]
    if new:
        await connection.copy_records_to_table(
            table, schema_name="reports", columns=COLUMNS[table], records=rows_of(table, new)
        )  # fmt: skip


async def _put(connection: Connection, statement: str, names: Sequence[str], rows: Sequence[Any]) -> None:
    """Rows by a statement that takes a column for each of these fields, in their order."""
    if rows:
        await connection.execute(statement, *columns(map(attrgetter(*names), rows), len(names)))


async def findings_of(connection: Connection, inspections: Collection[str]) -> dict[str, list[Finding]]:
    """Every finding of some inspections, in log order."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for row in await connection.fetch(queries.findings_of, list(inspections)):
        finding = _finding(row)
        found[finding.inspection].append(finding)
    return found


async def catalogues_of(connection: Connection, card: Mapping[str, Any]) -> dict[str, str]:
    """The catalogue's version that each finding of a card names."""
    shown = [item["finding"] for visit in card["inspections"] for item in visit["items"]]
    rows = await connection.fetch(queries.findings, shown) if shown else []
    return {row["id"]: row["catalogue"] for row in rows}


async def active_units(connection: Connection, quarter: str) -> set[str]:
    """The units with a closed inspection or a commendation in a quarter."""
    return {row["unit"] for row in await connection.fetch(queries.active_units, quarter)}


async def unit_quarters(
    connection: Connection, cards: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UnitQuarter]:
    """What some (quarter, unit) cards are made of."""
    wanted = sorted(cards)
    keys = [quarter for quarter, _ in wanted], [unit for _, unit in wanted]
    inspections = [Inspection(*row) for row in await connection.fetch(queries.closed_inspections_of, *keys)]
    findings = await findings_of(connection, [inspection.id for inspection in inspections])
    visits: dict[tuple[str, str], list[tuple[Inspection, Sequence[Finding]]]] = defaultdict(list)
    for inspection in inspections:
        visits[inspection.quarter, inspection.unit].append((inspection, findings.get(inspection.id, ())))
    commendations: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in await connection.fetch(queries.commendations_of, *keys):
        commendations[row["quarter"], row["unit"]].append(row["code"])
    surveys: dict[tuple[str, str], list[Survey]] = defaultdict(list)
    for row in await connection.fetch(queries.surveys_of, *keys):
        surveys[row["quarter"], row["unit"]].append(Survey(**row))
    return {
        (quarter, unit): UnitQuarter(
            unit, quarter, visits.get((quarter, unit), ()), commendations.get((quarter, unit), ()),
            surveys.get((quarter, unit), ()),
        )
        for quarter, unit in wanted
    }  # fmt: skip
