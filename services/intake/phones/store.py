"""Storing phones."""

from pathlib import Path

from services.intake.phones.state import Phones
from services.intake.writing.keeper import Keeper
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class PhoneKeeper(Keeper):
    """Keeps phones; the engine reads their keys to know whose a signed write is."""

    def changed(self, world: World) -> bool:
        """Whether any is new."""
        return bool(world[Phones].new)

    async def alter(self, connection: Connection, world: World) -> None:
        """New phones."""
        await connection.execute(QUERIES.store_devices, *columns(world[Phones].new, 3), world.now)
