"""Loading requests to erase private parts, and erasing."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from services.intake.erasures.state import Erasure, Erasures
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.process.failpoints import failpoint
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class ErasureKeeper(Keeper):
    """Keeps requests, and destroys what two people agreed to erase."""

    async def locate(self, connection: Connection, needs: Needs) -> None:
        """What requests, and settlements of them, are about."""
        events, requests = list(needs.of(Erasures)), list(needs.of(Erasure))
        if not events and not requests:
            return
        for row in await connection.fetch(QUERIES.erasure_targets, events, requests):
            needs.units.add(row["unit"])
            needs.writes.add(row["event"])
            needs.of(Erasures)[row["event"]] = None
            if row["kept"]:
                needs.of(_Kept)[row["event"]] = None

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Every request about these events, by its id."""
        events = list(needs.of(Erasures))
        if events:
            rows = await connection.fetch(QUERIES.erasures, events)
            world[Erasures].known = {row["id"]: Erasure(**{**row, "parts": tuple(row["parts"])}) for row in rows}
            world[Erasures].kept = set(needs.of(_Kept))

    def changed(self, world: World) -> bool:
        """Whether any was made or settled."""
        return bool(world[Erasures].new or world[Erasures].settled)

    async def alter(self, connection: Connection, world: World) -> None:
        """Requests, and what became of them."""
        asked = [
            (new.id, new.event, new.unit, json.dumps(new.parts), new.requester) for new in world[Erasures].new
        ]  # fmt: skip
        if asked:
            await connection.execute(QUERIES.store_erasures, *columns(asked, 5), world.now)
        if world[Erasures].settled:
            await settle(connection, world[Erasures].settled, world.now)


class _Kept:
    """Names, among what is needed, the events that are kept from their unit."""


async def settle(connection: Connection, settled: Sequence[Erasure], now: datetime) -> None:
    """What was approved is gone with the transaction, and what was refused stays."""
    rows = [(one.id, one.state, one.settlement) for one in settled]
    await connection.execute(QUERIES.settle_erasures, *columns(rows, 3), now)
    gone = [(one.event, part) for one in settled if one.state == "erased" for part in one.parts]
    await connection.execute(QUERIES.erase_parts, *columns(gone, 2), now)
    await connection.execute(QUERIES.forget_minutes, list({event for event, _ in gone}))
    photos = [(event, int(part[6:])) for event, part in gone if part.startswith("photo.")]
    if photos:
        await connection.execute(QUERIES.drop_photos, *columns(photos, 2))
        await connection.execute(QUERIES.forget_photos, list({event for event, _ in photos}))
    files = [(event, int(part[5:])) for event, part in gone if part.startswith("file.")]
    if files:
        await connection.execute(QUERIES.drop_files, *columns(files, 2))
    failpoint("intake.parts_erased")
    # a crash here leaves the parts readable, the request open and no event: all three change in the one commit
