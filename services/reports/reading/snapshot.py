"""One consistent reading of the projections: every figure of an answer or a page stands at one size of the log."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Collection, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.kernel.process.clock import Clock
from services.kernel.quarters import local_date
from services.kernel.store.db import Connection, Pool, snapshot
from services.reports.facts.directory import Directory
from services.reports.fold.live_cards import LiveCards
from services.reports.fold.reference import Reference, load_reference
from services.reports.fold.sql import queries
from services.reports.reading.kept import Kept
from services.reports.reading.listing import Listing
from services.reports.reading.named import check_quarter, check_unit
from services.reports.scoring.cards import TreeHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A repeatable read of the database with the directory and rules of that same log prefix."""

    connection: Connection
    head: TreeHead
    reference: Reference
    today: date
    kept: Kept
    moved: str
    """Another text with everything that changes the projections."""
    rendered: Collection[str] | None
    """The quarters of which no live card is stale; None: of none."""

    def all_rendered(self, quarter: str) -> bool:
        """Whether the live list of a quarter is what the log says."""
        return self.rendered is None or quarter in self.rendered

    @property
    def directory(self) -> Directory:
        """The units of the prefix."""
        return self.reference.directory


class Reader:
    """Opens snapshots; keeps the directory and what follows from it alone between them."""

    def __init__(self, pool: Pool, clock: Clock, cards: LiveCards | None = None) -> None:
        self._pool = pool
        self._clock = clock
        self._cards = cards or LiveCards(pool)
        self._reference: Reference | None = None
        self._kept = Kept()

    @asynccontextmanager
    async def snapshot(
        self, quarters: Collection[str] | None = None, unit: str | None = None
    ) -> AsyncIterator[Snapshot]:
        """A read-only transaction in which head, directory and cards agree: one for an answer or a page.

        One that shows cards of some quarters alone, or a unit's in them alone, waits for no other to be rendered.
        NotFound for what names no quarter or can be no unit: the database is asked for neither.
        """
        for quarter in quarters or ():
            check_quarter(quarter)
        if unit is not None:
            check_unit(unit)
        async with self._cards.fresh(quarters, unit) as (connection, head):
            yield await self._snapshot(connection, head, quarters if unit is None else ())

    @asynccontextmanager
    async def without_cards(self) -> AsyncIterator[Snapshot]:
        """The same for what shows no live card: it need not wait until those are rendered."""
        async with snapshot(self._pool) as connection:
            yield await self._snapshot(connection, await connection.fetchrow(queries.head), ())

    async def known_list(self, *of: Hashable) -> Listing | None:
        """A live list that is kept, if nothing has changed since it was made: asked in one round trip."""
        head = await self._pool.fetchrow(queries.head)
        today = local_date(self._clock.now())
        return None if head["stale"] else self._kept.known((head["moved"], today, *of))

    async def _snapshot(
        self, connection: Connection, head: Mapping[str, Any], rendered: Collection[str] | None
    ) -> Snapshot:
        return Snapshot(
            connection=connection,
            head=tree_head(head),
            reference=await self._known(connection, head["reference_index"]),
            today=local_date(self._clock.now()),
            kept=self._kept,
            moved=head["moved"],
            rendered=rendered,
        )

    async def _known(self, connection: Connection, index: int) -> Reference:
        known = self._reference
        if known is None or known.index != index:
            known = self._reference = await load_reference(connection)
        return known


def tree_head(row: Mapping[str, Any]) -> TreeHead:
    """The size and root of a row, as answers name them."""
    return TreeHead(row["size"], base64.b64encode(row["root"]).decode())
