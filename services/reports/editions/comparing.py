"""The comparisons of a quarter as the projections have it: counted in the database, fitted in a process of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.domain.case import SCORED
from services.kernel.store.db import Connection
from services.reports.editions.fitting import fitted
from services.reports.editions.sql import queries
from services.reports.facts.directory import Directory
from services.reports.scoring.comparison.tally import Seen, Stratum, Tally, span
from services.reports.scoring.rulebook import Rulebook


async def comparisons(
    connection: Connection, quarter: str, units: Iterable[str], directory: Directory, rulebook: Rulebook
) -> dict[str, dict[str, Any]]:
    """By unit, of all with a card in the quarter; empty when its rules compare nothing. FitFailed, to try again."""
    rules = rulebook.comparison(quarter)
    if rules is None:
        return {}
    await connection.execute(queries.patient)
    return await fitted(rules, quarter, await counts(connection, quarter, units, directory, rulebook))


async def counts(
    connection: Connection, quarter: str, units: Iterable[str], directory: Directory, rulebook: Rulebook
) -> dict[str, Seen]:
    """What a comparison of these units is made of."""
    tallies = await _tallies(connection, list(span(quarter)), rulebook)
    return {
        unit: Seen(directory.details(unit, directory.card_day(unit, quarter)).group, tallies.get(unit, {}))
        for unit in units
    }


async def _tallies(connection: Connection, quarters: Sequence[str], rulebook: Rulebook) -> dict[str, dict[str, Tally]]:
    """By unit and quarter; what `tally` says, counted by the database: a quarter may have a million findings."""
    codes = [
        (catalogue.version, name) for catalogue in rulebook.catalogues.values()
        for name, code in catalogue.codes.items() if code.per_person
    ]  # fmt: skip
    versions, names = [version for version, _ in codes], [name for _, name in codes]
    strata: dict[tuple[str, str], dict[str, Stratum]] = {}
    for row in await connection.fetch(queries.strata, quarters, versions, names, sorted(SCORED)):
        own = strata.setdefault((row["unit"], row["quarter"]), {})
        own[row["selection"]] = Stratum(row["visits"], row["persons"], row["observed"])
    found: dict[str, dict[str, Tally]] = {}
    for row in await connection.fetch(queries.inspectors, quarters):
        own = strata[row["unit"], row["quarter"]]
        random, scheduled = (own.get(name, Stratum()) for name in ("random", "scheduled"))
        found.setdefault(row["unit"], {})[row["quarter"]] = Tally(random, scheduled, row["inspectors"])
    return found
