"""Live comparisons: fitted anew behind the fold when a quarter's counts changed, never on a request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.kernel.process.clock import Clock
from services.kernel.process.loops import wait_for_event
from services.kernel.quarters import local_date, quarter_of
from services.kernel.store.db import TRANSIENT, Pool, columns, snapshot, transaction
from services.reports.editions.comparing import counts
from services.reports.editions.fitting import FitFailed, fitted
from services.reports.facts import store
from services.reports.fold.reference import Reference, load_reference
from services.reports.fold.sql import queries
from services.reports.scoring.comparison.rules import Comparison
from services.reports.scoring.comparison.tally import Seen
from services.reports.text import dump

POLL = 0.5
_TOO_OFTEN = 3
PAUSE = 10.0  # seconds between two fits: with the fit itself, well within the 30 s that a comparison may be behind
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failed:
    """How often in a row a quarter's fit failed, and how it did so last."""

    times: int
    said: str


class Refit:
    """Fits the quarters whose counts changed, the latest first."""

    def __init__(self, pool: Pool, clock: Clock, pause: float = PAUSE) -> None:
        self._pool = pool
        self._clock = clock
        self._pause = pause
        self._reference: Reference | None = None
        self._failed: dict[str, _Failed] = {}

    def troubles(self) -> list[str]:
        """Which comparisons stay behind because their fit fails again and again."""
        return [
            f"the comparison of {quarter} fails again and again: {failed.said}"
            for quarter, failed in self._failed.items()
            if failed.times >= _TOO_OFTEN
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; what fails is told and tried again."""
        while not stop.is_set():
            try:
                did = await self.once()
            except Exception as error:
                log.warning("comparisons are not fitted now, and tried again: %s: %s", type(error).__name__, error)
                did = True
            await wait_for_event(stop, self._pause if did else POLL)

    async def once(self) -> bool:
        """Fit every quarter that wants it, those last whose fit failed before; whether there was one."""
        quarter = quarter_of(local_date(self._clock.now()))
        wanting = [row["quarter"] for row in await self._pool.fetch(queries.fits_wanted, quarter)]
        self._failed = {one: failed for one, failed in self._failed.items() if one in wanting}
        for one in sorted(wanting, key=self._failed.__contains__):
            await self._try(one)
        return bool(wanting)

    async def _try(self, quarter: str) -> None:
        """One that fails keeps no other waiting; when the database is away, all wait."""
        try:
            await self._fit(quarter)
        except TRANSIENT as error:
            if not isinstance(error, FitFailed):
                raise
            self._note(quarter, error)
        except Exception as error:
            self._note(quarter, error)
        else:
            self._failed.pop(quarter, None)

    def _note(self, quarter: str, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        times = self._failed[quarter].times + 1 if quarter in self._failed else 1
        self._failed[quarter] = _Failed(times, said)
        log.error("the comparison of %s is not fitted, %d times in a row now: %s", quarter, times, said)

    async def _fit(self, quarter: str) -> None:
        size, rules, seen = await self._counts(quarter)
        told = await fitted(rules, quarter, seen) if rules else {}
        await self._keep(quarter, size, told)

    async def _counts(self, quarter: str) -> tuple[int, Comparison | None, Mapping[str, Seen]]:
        """At one size of the log."""
        async with snapshot(self._pool) as connection:
            head = await connection.fetchrow(queries.head)
            known = self._reference
            if known is None or known.index != head["reference_index"]:
                known = self._reference = await load_reference(connection)
            rules = known.rulebook.comparison(quarter)
            if rules is None:
                return head["size"], None, {}
            units = {*known.directory.units_in(quarter), *await store.active_units(connection, quarter)}
            return head["size"], rules, await counts(connection, quarter, units, known.directory, known.rulebook)

    async def _keep(self, quarter: str, size: int, told: Mapping[str, Mapping[str, Any]]) -> None:
        rows = [(unit, dump(comparison)) for unit, comparison in sorted(told.items())]
        async with transaction(self._pool) as connection:
            await connection.execute(queries.put_comparisons, quarter, *columns(rows, 2))
            await connection.execute(queries.fitted_at, quarter, size)
        # a crash before the commit leaves the last fit, and the quarter still wants one
