"""How a capability's part of the working state is found, loaded and stored: for a whole batch at once."""

from dataclasses import dataclass

from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Insertion:
    """A statement that stores new rows of a frequent write, run inside the one that stores the writes themselves.

    Its parameters are the rows' columns, from $1 on.
    """

    sql: str
    width: int


class Keeper:
    """Finds, loads and stores the shelf of one capability; most do only some of it.

    Keepers are asked in one order, from what others refer to upwards; only `locate` goes the other way.
    """

    insertion: Insertion | None = None

    async def locate(self, connection: Connection, needs: Needs) -> None:
        """Add what is needed besides, by what never changes: the units and ids that a thing belongs to."""

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Fill the shelf; the units are locked, or their numbers are read."""

    def changed(self, world: World) -> bool:
        """Whether there is anything to add or alter."""
        return False

    def rows(self, world: World) -> list[Row]:
        """The new rows for the insertion."""
        return []

    async def add(self, connection: Connection, world: World) -> None:
        """Store what is new, before the writes: their rows may refer to it."""

    async def alter(self, connection: Connection, world: World) -> None:
        """Store what became of things, after the writes."""

    def committed(self, world: World) -> None:
        """Remember what was stored for good."""

    def forget(self) -> None:
        """Read again what was remembered of a database that has been replaced by an older one."""
