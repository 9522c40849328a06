"""Loading and storing the Department's own writes."""

from pathlib import Path

from services.intake.quarters.state import Commendations, Cut, Quarters
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class QuarterKeeper(Keeper):
    """Keeps commendations, cuts of quarters and their publications."""

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """The editions cut of the quarters that a batch is about, and what is appealed of them."""
        quarters = list(needs.of(Quarters))
        if quarters:
            rows = await connection.fetch(QUERIES.quarter_closings, quarters)
            world[Quarters].cuts = {
                (row["quarter"], row["edition"]): Cut(row["id"], set(row["roots"])) for row in rows
            }  # fmt: skip
            rows = await connection.fetch(QUERIES.oldest_appeals, quarters)
            world[Quarters].appeals = {row["quarter"]: row["since"] for row in rows}

    def changed(self, world: World) -> bool:
        """Whether there is anything new."""
        return bool(world[Commendations].new or world[Quarters].closings or world[Quarters].publications)

    async def alter(self, connection: Connection, world: World) -> None:
        """New commendations, cuts, publications."""
        quarters = world[Quarters]
        if world[Commendations].new:
            await connection.execute(QUERIES.store_commendations, *columns(world[Commendations].new, 5))
        if quarters.closings:
            await connection.execute(QUERIES.store_quarter_closings, *columns(quarters.closings, 4))
        if quarters.publications:
            await connection.execute(QUERIES.store_quarter_publications, *columns(quarters.publications, 4))
