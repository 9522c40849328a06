"""Loading and storing the working calendar."""

import json
from collections.abc import Sequence
from pathlib import Path

from services.domain.calendar import WorkingCalendar
from services.domain.rulefiles import load_calendar
from services.intake.calendars.state import Calendars
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class CalendarKeeper(Keeper):
    """Keeps the working calendar in force, in memory too: it is read again when another one was published."""

    def __init__(self) -> None:
        self._count = 0
        self._calendar: WorkingCalendar | None = None

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """The calendar in force."""
        if needs.stamps is None:
            world.calendar = await self.current(connection)
        else:
            world.calendar = await self.at(connection, needs.stamps.calendars)

    async def current(self, connection: Connection) -> WorkingCalendar:
        """The calendar in force now."""
        return await self.at(connection, await connection.fetchval(QUERIES.calendars_published))

    async def at(self, connection: Connection, count: int) -> WorkingCalendar:
        """The highest of so many versions published.

        Before any is known here (a database that is still being rebuilt from the log) the program's own.
        """
        if self._calendar is None or count != self._count:
            texts = [row["content"] for row in await connection.fetch(QUERIES.calendars)]
            versions = [WorkingCalendar.from_file(json.loads(text)) for text in texts] or [load_calendar()]
            self._count, self._calendar = count, max(versions, key=lambda one: one.number)
        return self._calendar

    def changed(self, world: World) -> bool:
        """Whether one is published."""
        return bool(world[Calendars].new)

    async def alter(self, connection: Connection, world: World) -> None:
        """The published ones."""
        await store_calendars(connection, world[Calendars].new)


async def store_calendars(connection: Connection, calendars: Sequence[tuple[str, str, str]]) -> None:
    """Versions of the working calendar with their ids and texts, each once."""
    await connection.execute(QUERIES.store_calendars, *columns(calendars, 3))


async def published_versions(connection: Connection) -> list[str]:
    """The versions published so far."""
    return [row["version"] for row in await connection.fetch(QUERIES.calendars)]
