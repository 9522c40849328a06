"""Loading and storing rounds and assignments."""

import json
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from services.intake.rounds.state import Assignment, Assignments, Plans, Round, Rounds
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.envelope import Envelope
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))
PLANNED = "kycuong.round.planned.v1"


class RoundKeeper(Keeper):
    """Keeps rounds and assignments; knows whether anybody may read the log."""

    def __init__(self, *, public_log: bool = False) -> None:
        self._public_log = public_log

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Rounds by id, all open ones when somebody plans, and assignments by id."""
        world[Rounds].public_log = self._public_log
        wanted, plans = list(needs.of(Rounds)), bool(needs.of(Plans))
        if wanted or plans:
            rows = await connection.fetch(QUERIES.rounds_by_id, wanted, plans)
            world[Rounds].known = {row["id"]: _round(row) for row in rows}
        assigned = list(needs.of(Assignments))
        if assigned:
            rows = await connection.fetch(QUERIES.assignments_by_id, assigned)
            world[Assignments].known = {row["id"]: Assignment(**{**row, "team": tuple(row["team"])}) for row in rows}

    def changed(self, world: World) -> bool:
        """Whether any was planned or assigned, or anything became of one."""
        return bool(world[Rounds].new or world[Rounds].changed or world[Assignments].new)

    async def add(self, connection: Connection, world: World) -> None:
        """New rounds, then assignments in them."""
        planned = [
            (
                new.id, new.kind, new.first, new.last, json.dumps(new.strata), json.dumps(new.chosen),
                new.beacon and json.dumps(new.beacon), new.planner, asked["basis"], json.dumps(asked["exclude"]),
                asked["replaces"], json.dumps(asked["candidates"]), asked["received_at"],
            )
            for new, asked in world[Rounds].new
        ]  # fmt: skip
        if planned:
            await connection.execute(QUERIES.store_rounds, *columns(planned, 13))
        assigned = [
            (new.id, new.round, new.unit, new.opener, json.dumps(new.team), new.first, new.last, at)
            for new, at in world[Assignments].new
        ]
        if assigned:
            await connection.execute(QUERIES.store_assignments, *columns(assigned, 8))

    async def alter(self, connection: Connection, world: World) -> None:
        """What became of rounds."""
        rows = [
            (one.id, one.state, one.value, one.told_at, None if one.drawn is None else json.dumps(one.drawn))
            for one in world[Rounds].changed.values()
        ]
        if rows:
            await connection.execute(QUERIES.update_rounds, *columns(rows, 5))


def _round(row: asyncpg.Record) -> Round:
    parsed = {name: json.loads(row[name]) for name in ("strata", "chosen", "beacon", "drawn") if row[name] is not None}
    return Round(**{**row, **parsed})


async def note_plans(
    connection: Connection, tree: CompactRange, entries: Sequence[tuple[Envelope, bytes]], source: str
) -> None:
    """Note where in the log these entries' own plans stand, and the root up to there; `tree` ends before them."""
    tree, logged = tree.copy(), []
    if not any(event.type == PLANNED for event, _ in entries):
        return
    for event, raw in entries:
        tree.append(leaf_hash(raw))
        if event.type == PLANNED and event.source == source:
            logged.append((event.id, tree.size - 1, tree.root()))
    await connection.execute(QUERIES.rounds_logged, *columns(logged, 3))
