"""Storing photos."""

from services.intake.evidence.sql import QUERIES
from services.intake.evidence.state import Photos
from services.intake.writing.keeper import Keeper
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns


class PhotoKeeper(Keeper):
    """Keeps photos; they are loaded with their findings."""

    def changed(self, world: World) -> bool:
        """Whether any came."""
        return bool(world[Photos].new)

    async def alter(self, connection: Connection, world: World) -> None:
        """New photos."""
        rows = [(new.finding, new.place, new.wrapped_key, new.sealed, new.commitment) for new in world[Photos].new]
        await connection.execute(QUERIES.store_photos, *columns(rows, 5), world.now)
