"""Loading and storing the log's further keys."""

from pathlib import Path

from services.intake.log_keys.state import LogKeys
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class LogKeyKeeper(Keeper):
    """Keeps which keys the log was told of."""

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Which of the keys that a batch brings are known."""
        keys = list(needs.of(LogKeys))
        if keys:
            world[LogKeys].known = {row["vkey"] for row in await connection.fetch(QUERIES.log_keys, keys)}

    def changed(self, world: World) -> bool:
        """Whether any is new."""
        return bool(world[LogKeys].new)

    async def alter(self, connection: Connection, world: World) -> None:
        """New keys."""
        await connection.execute(QUERIES.store_log_keys, *columns(world[LogKeys].new, 2), world.now)
