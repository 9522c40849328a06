"""Loading and storing inspections."""

import json
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from services.intake.inspections.state import Inspection, Inspections, TeamChanges
from services.intake.writing.keeper import Keeper, Row
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.quarters import parse_instant, rfc3339
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))

_REMEMBERED = 200_000


class InspectionKeeper(Keeper):
    """Keeps inspections; their units are remembered, for they never change."""

    def __init__(self) -> None:
        self._units: dict[str, str] = {}

    async def locate(self, connection: Connection, needs: Needs) -> None:
        """The units of inspections."""
        wanted = needs.of(Inspections)
        units = {one: self._units[one] for one in wanted if one in self._units}
        missing = [one for one in wanted if one not in units]
        if missing:
            rows = await connection.fetch(QUERIES.units_of_inspections, missing)
            read = {row["id"]: row["unit"] for row in rows}
            self._remember(read)
            units |= read
        needs.units.update(units.values())

    def _remember(self, units: Mapping[str, str]) -> None:
        if len(self._units) > _REMEMBERED:
            self._units.clear()
        self._units.update(units)

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Inspections by id."""
        wanted = list(needs.of(Inspections))
        if wanted:
            rows = await connection.fetch(QUERIES.inspections_by_id, wanted)
            world[Inspections].known = {row["id"]: _inspection(row) for row in rows}
        for one in needs.of(TeamChanges):
            if one in world[Inspections].known:
                needs.accounts.update(world[Inspections].known[one].team)

    def changed(self, world: World) -> bool:
        """Whether any was opened, or anything became of one."""
        return bool(world[Inspections].new or world[Inspections].changed)

    async def add(self, connection: Connection, world: World) -> None:
        """New inspections."""
        rows = [
            (
                new.id, new.unit, asked["kind"], asked["selection"], asked["basis"], new.opened_at, new.quarter,
                new.catalogue, new.opener, json.dumps(new.team), asked["received_at"], asked["impartial"],
                asked["assignment"],
            )
            for new, asked in world[Inspections].new
        ]  # fmt: skip
        if rows:
            await connection.execute(QUERIES.store_inspections, *columns(rows, 13))

    async def alter(self, connection: Connection, world: World) -> None:
        """What became of inspections."""
        rows = [_row(inspection) for inspection in world[Inspections].changed.values()]
        if rows:
            await connection.execute(QUERIES.update_inspections, *columns(rows, 10))

    def committed(self, world: World) -> None:
        """Remember what was stored, never what a line claimed: a refused twin may name another unit."""
        self._remember({new.id: new.unit for new, _ in world[Inspections].new})


def _inspection(row: asyncpg.Record) -> Inspection:
    former = {account: parse_instant(until) for account, until in json.loads(row["former"]).items()}
    return Inspection(**{**row, "team": tuple(row["team"]), "former": former})


def _row(inspection: Inspection) -> Row:
    roll = None if inspection.roll is None else json.dumps(inspection.roll)
    return (
        inspection.id, inspection.state, inspection.closing, inspection.closed_at, roll, inspection.reply_due,
        inspection.acknowledged, inspection.correction, json.dumps(inspection.team),
        json.dumps({account: rfc3339(until) for account, until in inspection.former.items()}),
    )  # fmt: skip
