"""Any legal history, folded as its checkpoints come: live list and cards are those of the log alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from statistics import median
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.reports.facts.picked import Picking
from services.reports.fold.cores import CasesFile
from services.reports.fold.recompute import Recomputing
from services.reports.reading.live_cards import listing
from services.reports.reading.sql import queries
from tests.integration.test_reports_fold import EVERYTHING, QUARTER, card, fold_all, made, pool
from tests.support.histories import HISTORY, Arriving, Visited, telling
from tests.support.reports_log import MadeLog
from tests.support.reports_reading import read

__all__ = ["made", "pool"]


class Growing:
    """One log and its projections, that every example adds a few units to."""

    def __init__(self, settings: Settings) -> None:
        self._runner = asyncio.Runner()
        self.log = Arriving(checked=False)
        self.log.genesis()
        self.log.second_method()
        self.units = 0
        self.pool = self._runner.run(open_pool(settings.dsn("reports_app"), name="reports-test", size=2))

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self._runner.run(self.pool.close())
        self._runner.close()

    def told(self, histories: list[list[Visited]], order: list[int]) -> list[int]:
        """Tell them, mixed; sizes at which there might be a checkpoint."""
        tellers, sizes = [], []
        for history in histories:
            self.units += 1
            unit = f"xa-{self.units:03d}"
            self.log.register(unit)
            tellers.append(telling(self.log, self.units, unit, history, []))
        for at in [*order, *(at for at in range(len(tellers)) for _ in range(200))]:
            next(tellers[at % len(tellers)], None)
            if at == 0:
                sizes.append(len(self.log.entries))
        return sorted({*sizes[::9]})


@pytest.fixture
def growing(settings: Settings) -> Iterator[Growing]:
    with closing(Growing(settings)) as growing:
        yield growing


def recomputed(log: Arriving, unit: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The list, and a unit's card, from the entries alone."""
    with closing(CasesFile()) as cases:
        work = Recomputing(
            QUARTER, lambda size: log.tree(size).root(), cases, size=len(log.entries), unit=unit
        )  # fmt: skip
        picking = Picking()
        for index, entry in enumerate(log.entries):
            picking.take(index, json.loads(entry))
        work.take(picking.done())
        made = work.end()
    assert made is not None
    return made.listing(), made.card


async def test_the_middle_of_a_units_peers_is_read_off_their_rows(pool: asyncpg.Pool, made: MadeLog) -> None:
    """Whatever is in their names: the statement does not read a row as JSON."""
    for at in range(9):
        unit = f"xa-{at}"
        made.register(unit, f'UBND "xã" \\","group":"so","score":"0.00","{at}', "so" if at == 8 else "xa")
        if at != 5:
            visit = made.open(unit)
            found = [made.record(unit, visit, code) for code in ("A01", "B01", "C01")[: at % 4]]
            made.close(unit, visit)
            for finding in found:
                made.reply(unit, visit, finding, False)
                made.decide(unit, visit, finding, "upheld")
    made.close_quarter()
    await fold_all(pool, made)
    rows = json.loads((await read(pool, listing, QUARTER, EVERYTHING)).text())["cards"]
    scores = [float(row["score"]) for row in rows if row["group"] == "xa" and row["score"]]
    closing = await pool.fetchval("SELECT closing FROM reports.edition")
    for query, of in ((queries.peer_scores, QUARTER), (queries.peer_scores_frozen, closing)):
        told = await pool.fetchrow(query, of, "xa")
        assert (told["units"], told["median"]) == (len(scores), f"{median(scores):.2f}")


def test_live_is_what_the_log_says(growing: Growing) -> None:
    @settings_of(max_examples=8)
    @given(st.lists(HISTORY, min_size=2, max_size=3), st.lists(st.integers(0, 2), max_size=60))
    def holds(histories: list[list[Visited]], order: list[int]) -> None:
        sizes, unit = growing.told(histories, order), f"xa-{growing.units:03d}"
        growing.run(fold_all(growing.pool, growing.log, *sizes))
        live = json.loads(growing.run(read(growing.pool, listing, QUARTER, EVERYTHING)).text())
        told, own = recomputed(growing.log, unit)
        assert live["cards"] == told["cards"]
        assert live["log"] == told["log"]
        assert growing.run(card(growing.pool, unit)) == own

    holds()
    assert growing.units >= 16


def settings_of(max_examples: int) -> settings:
    """No database of examples: what is told before belongs to an example, too."""
    return settings(
        max_examples=max_examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
