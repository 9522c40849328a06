"""Live cards: marked as stale in the transaction that changed their facts, rendered when nothing else is to do.

A batch so costs what is new in it, however much a quarter holds by then. Nobody ever reads a stale card: who finds one
among those that he reads renders them first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from asyncpg import LockNotAvailableError

from services.kernel.problems import Unavailable
from services.kernel.process.failpoints import failpoint
from services.kernel.quarters import quarter_name
from services.kernel.store.db import Connection, Pool, columns, snapshot, transaction
from services.reports.facts import store
from services.reports.facts.directory import Directory
from services.reports.facts.facts import UnitQuarter
from services.reports.fold.reference import Reference, load_reference
from services.reports.fold.sql import queries
from services.reports.scoring.cards import live_card

_AT_ONCE = 100
_ROUNDS = 20  # of a second: a rebuild that holds the head has rendered by then, or cannot
_AGAIN = 60  # seconds until somebody may ask again for what cannot be rendered
Card = tuple[str, str]
"""Quarter and unit."""


class Unrenderable(Unavailable):
    """Có phiếu điểm chưa lập được do lỗi của chương trình.

    A card cannot be made, by a fault of the program.
    """

    def __init__(self, card: Card, name: str, cause: Exception) -> None:
        quarter, unit = card
        super().__init__(_AGAIN, (
            f"Phiếu điểm {quarter_name(quarter)} của {name} ({unit}) chưa lập được do lỗi của chương trình; những gì "
            "cần phiếu này chưa xem được, những gì khác vẫn xem được. Hãy báo cho quản trị viên.",
            f"The card of {name} ({unit}) in {quarter_name(quarter, 'en')} cannot be made, by a fault of the program; "
            "what needs it is not answered, all else is. Tell an administrator.",
        ))  # fmt: skip
        self._logged = f"the card of {unit} in {quarter}: {type(cause).__name__}: {cause}"

    def __str__(self) -> str:
        """For the service's own log: also what happened."""
        return self._logged


@dataclass(slots=True)
class _Failed:
    """The cards, with their marks, that could not be rendered in this round: none is tried twice in it."""

    marks: list[tuple[str, str, int]] = field(default_factory=list)
    last: Unrenderable | None = None

    def add(self, card: Card, mark: int, name: str, cause: Exception) -> None:
        """Take one more."""
        self.marks.append((*card, mark))
        self.last = Unrenderable(card, name, cause)
        self.last.__cause__ = cause

    def tell(self) -> None:
        """Unrenderable if there is any."""
        if self.last is not None:
            raise self.last


class _Opened(NamedTuple):
    """A snapshot, the head it stands at, and whether a card is stale in it of those that are read."""

    connection: Connection
    head: Any
    stale: bool


class LiveCards:
    """Renders the stale cards of the projections.

    `turn` is held by whoever folds or renders: a reader that waits for cards comes between two batches. Who reads
    one card renders it beside who renders a thousand; one such reader after the other, for each holds two connections.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._reference: Reference | None = None
        self._failed = _Failed()
        self.turn = asyncio.Lock()
        self._aside = asyncio.Lock()

    @asynccontextmanager
    async def fresh(
        self, quarters: Collection[str] | None = None, unit: str | None = None
    ) -> AsyncIterator[tuple[Connection, Any]]:
        """A snapshot in which no card is stale of those that are read, and the head it stands at.

        Whoever reads some quarters, or a unit's cards in them, waits for no other.
        Unrenderable where one of these cannot be made.
        """
        async with AsyncExitStack() as stack:
            opened = await self._opened(stack, quarters, unit)
            for left in reversed(range(_ROUNDS)):
                if not opened.stale:
                    break
                await stack.aclose()
                aside = unit is not None and left == _ROUNDS - 1  # not again: a fold may hold the head for long
                async with self._aside if aside else self.turn:
                    opened = await self._rendered_first(stack, quarters, unit, last=not left)
            yield opened.connection, opened.head

    async def _rendered_first(
        self, stack: AsyncExitStack, quarters: Collection[str] | None, unit: str | None, *, last: bool
    ) -> _Opened:
        """A snapshot, after what is stale was rendered; as it is when somebody else holds the head, who renders."""
        opened = await self._opened(stack, quarters, unit)
        if not opened.stale:  # whoever had the turn before has rendered
            return opened
        await stack.aclose()
        try:
            async with transaction(self._pool) as still:
                await still.execute(queries.impatient)
                await still.execute(queries.patient)
                await still.execute(queries.hold_head)  # no other process folds meanwhile either
                await self._all(quarters, unit)
                return await self._opened(stack, quarters, unit)
        except LockNotAvailableError:
            if last:
                raise
            return await self._opened(stack, quarters, unit)

    async def _opened(self, stack: AsyncExitStack, quarters: Collection[str] | None, unit: str | None) -> _Opened:
        connection = await stack.enter_async_context(snapshot(self._pool))
        head = await connection.fetchrow(queries.head)
        stale = head["stale"] and (quarters is None or await connection.fetchval(queries.is_stale, quarters, unit))
        return _Opened(connection, head, stale)

    async def some(self) -> bool:
        """Render a few stale cards; whether there may be more. Unrenderable once only such are left."""
        async with self.turn:
            if await self._some(self._failed):
                return True
            failed, self._failed = self._failed, _Failed()
        failed.tell()
        return False

    async def all(self) -> None:
        """Render every stale card."""
        async with self.turn:
            await self._all()

    async def _all(self, quarters: Collection[str] | None = None, unit: str | None = None) -> None:
        failed = _Failed()
        while await self._some(failed, quarters, unit):
            pass
        failed.tell()

    async def _some(self, failed: _Failed, quarters: Collection[str] | None = None, unit: str | None = None) -> bool:
        """Render the next cards that did not fail in this round; whether there were any."""
        async with snapshot(self._pool) as connection:
            stale = await connection.fetch(queries.stale, _AT_ONCE, quarters, unit, *columns(failed.marks, 3))
            marks = {(row["quarter"], row["unit"]): row["mark"] for row in stale}
            if not marks:
                return False
            reference = await self._known(connection)
            facts = await store.unit_quarters(connection, marks)
        rows: list[tuple[str, str, int, str | None, str | None]] = []
        for key, one in facts.items():
            try:
                card = live_card(one, reference.directory, reference.rulebook) or (None, None)
            except Exception as error:
                failed.add(key, marks[key], _name(one, reference.directory), error)
            else:
                rows.append((*key, marks[key], *card))
            await asyncio.sleep(0)  # who renders here also answers others
        async with transaction(self._pool) as connection:
            await connection.execute(queries.put_rendered, *columns(rows, 5))
            failpoint("reports.before_rendered")
            # a crash here leaves these cards stale, and they are rendered again
        failpoint("reports.after_rendered")
        # a crash here leaves the others stale; what a fold marked meanwhile is stale still
        return True

    async def _known(self, connection: Connection) -> Reference:
        index = await connection.fetchval(queries.reference_index)
        if self._reference is None or self._reference.index != index:
            self._reference = await load_reference(connection)
        return self._reference


async def mark_stale(connection: Connection, dirty: Collection[Card]) -> None:
    """Mark cards whose facts changed, in the transaction that changed them."""
    if dirty:
        await connection.execute(queries.mark_stale, *columns(sorted(dirty), 2))


def _name(one: UnitQuarter, directory: Directory) -> str:
    """A unit's name in a quarter; its id where it has none."""
    if one.unit not in directory:
        return one.unit
    return directory.details(one.unit, directory.card_day(one.unit, one.quarter)).name
