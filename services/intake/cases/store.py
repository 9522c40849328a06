"""Loading what deciding a case looks at, and noting that its reply period counts."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from services.domain.calendar import WorkingCalendar
from services.domain.deadlines import Deadlines
from services.intake.cases.state import Strangers
from services.intake.inspections.state import Inspections
from services.intake.vault.sql import QUERIES as VAULT
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World, is_lost
from services.kernel.store.db import Connection
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class CaseKeeper(Keeper):
    """Knows who may decide about a team of which persons were lost."""

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Who is certainly none of the lost persons of the inspections that a batch decides about."""
        if not needs.of(Strangers):
            return
        inspections = world[Inspections].known.values()
        quarters = {one.quarter for one in inspections if any(map(is_lost, one.team))}
        if quarters:
            rows = await connection.fetch(VAULT.apart, list(needs.writers), list(quarters))
            world[Strangers].apart = {(row["account"], row["quarter"]) for row in rows}


async def note_logged(
    connection: Connection, causes: Sequence[str], since: datetime, calendar: WorkingCalendar
) -> None:
    """These events are in the log: what they opened may lapse only after its whole time."""
    lengths = Deadlines()
    days = (calendar.reply_working_days, lengths.remedy, lengths.second_remedy)
    if causes:
        await connection.execute(QUERIES.logged, causes, *(calendar.over(since, one) for one in days))
