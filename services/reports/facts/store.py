"""The facts' tables, by sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Commendation, Finding, Inspection, Survey, UnitQuarter
from services.reports.facts.remedy import Remedy

queries = load_queries(Path(__file__).with_name("queries.sql"))
_REMEDY = [field.name for field in fields(Remedy)]
_FINDING = [field.name for field in fields(Finding) if field.name != "remedy"]


async def load_facts(connection: Connection, inspections: Collection[str], findings: Collection[str]) -> Facts:
    """The facts that a run of entries speaks of, as they stand."""
    facts = Facts()
    if inspections:
        rows = await connection.fetch(queries.inspections, list(inspections))
        facts.inspections = {str(row["id"]): _inspection(row) for row in rows}
    if findings:
        rows = await connection.fetch(queries.findings, list(findings))
        facts.findings = {str(row["id"]): _finding(row) for row in rows}
    return facts


def _inspection(row: Any) -> Inspection:
    return Inspection(**{**row, "id": str(row["id"])})


def _finding(row: Any) -> Finding:
    values = {name: row[name] for name in _FINDING} | {"id": str(row["id"]), "inspection": str(row["inspection"])}
    return Finding(**values, remedy=Remedy(*(row[name] for name in _REMEDY)))


async def write_facts(connection: Connection, facts: Facts) -> None:
    """Write every touched fact, in the order of ids so that concurrent writers could not deadlock."""
    inspections = [facts.inspections[key] for key in sorted(facts.touched_inspections)]
    await _put(connection, queries.put_inspections, _names(Inspection), inspections)
    findings = [facts.findings[key] for key in sorted(facts.touched_findings)]
    await _put(connection, queries.put_findings, [*_FINDING, *(f"remedy.{name}" for name in _REMEDY)], findings)
    await _put(connection, queries.add_commendations, _names(Commendation), facts.commendations)
    surveys = [facts.surveys[key] for key in sorted(facts.surveys)]
    await _put(connection, queries.put_surveys, _names(Survey), surveys)


def _names(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


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
    return {str(row["id"]): row["catalogue"] for row in rows}


async def active_units(connection: Connection, quarter: str) -> set[str]:
    """The units with a closed inspection or a commendation in a quarter."""
    return {row["unit"] for row in await connection.fetch(queries.active_units, quarter)}


async def unit_quarters(
    connection: Connection, cards: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UnitQuarter]:
    """What some (quarter, unit) cards are made of."""
    wanted = sorted(cards)
    keys = [quarter for quarter, _ in wanted], [unit for _, unit in wanted]
    inspections = [_inspection(row) for row in await connection.fetch(queries.closed_inspections_of, *keys)]
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
