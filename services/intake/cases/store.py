"""Loading what deciding a case looks at, and noting that its reply period counts."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from services.domain.calendar import WorkingCalendar
from services.domain.deadlines import Deadlines, lengths_on
from services.intake.cases.state import SecondReviews, Strangers
from services.intake.inspections.state import Inspections
from services.intake.vault.sql import QUERIES as VAULT
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World, is_lost
from services.kernel.quarters import local_date
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class CaseKeeper(Keeper):
    """Knows who may decide about a team of which persons were lost, and keeps the second reviews."""

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Who is certainly none of the lost persons of inspections decided about; what was drawn, and who read it."""
        if needs.of(Strangers):
            await self._load_strangers(connection, needs, world)
        wanted = list(needs.of(SecondReviews))
        if wanted:
            rows = await connection.fetch(QUERIES.second_reviews, wanted, list(needs.writers))
            reviews = world[SecondReviews]
            reviews.drawn = {row["finding"]: row["review"] for row in rows}
            reviews.read = {(row["finding"], account) for row in rows for account in row["readers"]}

    async def _load_strangers(self, connection: Connection, needs: Needs, world: World) -> None:
        inspections = world[Inspections].known.values()
        quarters = {one.quarter for one in inspections if any(map(is_lost, one.ever))}
        if quarters:
            rows = await connection.fetch(VAULT.apart, list(needs.writers), list(quarters))
            world[Strangers].apart = {(row["account"], row["quarter"]) for row in rows}

    def changed(self, world: World) -> bool:
        """Whether anything was reviewed a second time."""
        return bool(world[SecondReviews].done)

    async def alter(self, connection: Connection, world: World) -> None:
        """The second reviews; of one that the log tells of before its finding was drawn here, both."""
        done = world[SecondReviews].done
        if done:
            await connection.execute(QUERIES.note_second_reviews, list(done), list(done.values()))


async def draw_for_second_review(connection: Connection, decided: Sequence[tuple[str, str]]) -> None:
    """Findings whose tickets were drawn, each with its decision: if that is its first one, it is reviewed once more."""
    if decided:
        await connection.execute(QUERIES.draw_for_second_review, *columns(decided, 2))


async def note_logged(
    connection: Connection, causes: Sequence[str], since: datetime, calendar: WorkingCalendar,
    versions: Sequence[Deadlines],
) -> None:  # fmt: skip
    """These events are in the log: what they opened may lapse only after its whole time."""
    lengths = lengths_on(versions, local_date(since), calendar.reply_working_days)
    days = (lengths.reply, lengths.remedy, lengths.second_remedy)
    if causes:
        await connection.execute(QUERIES.logged, causes, *(calendar.over(since, one) for one in days))
