"""Storing what a batch decided: one statement a table, all in the batch's transaction."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.intake.vault.sealing import Sealed
from services.intake.writing.events import Event, Numbers
from services.intake.writing.keeper import Keeper
from services.intake.writing.sql import QUERIES
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns

StoredWrite = tuple[str, str, bytes, bytes, datetime]
"""Id, account, content, answer, received_at."""
_PARAMETERS = 20  # of the statement that stores writes


class Store:
    """Stores batches through the keepers, whose insertions go in the one statement that stores the writes."""

    def __init__(self, keepers: Sequence[Keeper]) -> None:
        self._keepers = keepers
        self._statement, shift = QUERIES.store_writes, _PARAMETERS
        for number, keeper in enumerate(keepers):
            if keeper.insertion is not None:
                self._statement = _beside(self._statement, f"beside_{number}", keeper.insertion.sql, shift)
                shift += keeper.insertion.width

    async def batch(
        self,
        connection: Connection,
        world: World,
        writes: Sequence[StoredWrite],
        events: Sequence[Event],
        numbers: Numbers,
        parts: Sequence[Sealed],
    ) -> None:
        """All that a batch added or altered: what is new first, then what became of it and of older cases."""
        changed = [keeper for keeper in self._keepers if keeper.changed(world)]
        for keeper in changed:
            await keeper.add(connection, world)
        beside = [
            column
            for keeper in self._keepers
            if keeper.insertion is not None
            for column in columns(keeper.rows(world), keeper.insertion.width)
        ]
        general = _general(writes, events, numbers, world.rights_at, parts)
        await connection.execute(self._statement, *general, *beside)
        for keeper in changed:
            await keeper.alter(connection, world)


def _beside(statement: str, name: str, sql: str, shift: int) -> str:
    """A statement with another one run inside it, on the parameters after its own."""
    shifted = re.sub(r"\$(\d+)", lambda number: f"${int(number[1]) + shift}", sql.rstrip(";"))
    return statement.replace("\nWITH ", f"\nWITH {name} AS (\n{shifted}\n), ", 1)


async def lock_units(connection: Connection, units: Iterable[str]) -> dict[str, int]:
    """Lock units' sequences, in one order so that nobody waits in a circle; their last numbers."""
    rows = await connection.fetch(QUERIES.lock_units, sorted(units))
    return {row["unit"]: row["last_seq"] for row in rows}


async def store_writes(
    connection: Connection,
    writes: Sequence[StoredWrite],
    events: Sequence[Event],
    numbers: Numbers,
    accepted_at: datetime,
    parts: Sequence[Sealed] = (),
) -> None:
    """Writes without rows of their own, their events into the outbox, sealed parts, and the units' last numbers."""
    await connection.execute(QUERIES.store_writes, *_general(writes, events, numbers, accepted_at, parts))


def _general(
    writes: Sequence[StoredWrite],
    events: Sequence[Event],
    numbers: Numbers,
    accepted_at: datetime,
    parts: Sequence[Sealed],
) -> list[object]:
    return [
        *columns(writes, 5), *columns(events, 7), accepted_at, list(numbers.moved), list(numbers.moved.values()),
        numbers.before(), *columns(parts, 4),
    ]  # fmt: skip
