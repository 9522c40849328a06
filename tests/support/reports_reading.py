"""What reports would answer: one reading of the projections in a snapshot of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg

from services.kernel.process.clock import SettableClock
from services.reports.fold.live_cards import LiveCards
from services.reports.reading.snapshot import Reader

TODAY = datetime(2026, 11, 23, 3, tzinfo=UTC)


async def render_all(pool: asyncpg.Pool) -> None:
    """What a service does when nothing else is to do."""
    await LiveCards(pool).all()


async def read(pool: asyncpg.Pool, what: Callable[..., Awaitable[Any]], *named: Any, **how: Any) -> Any:
    """What a reading says now."""
    async with Reader(pool, SettableClock(TODAY)).snapshot() as snapshot:
        return await what(snapshot, *named, **how)
