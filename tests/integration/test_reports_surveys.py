"""Surveys on cards and lists: by source, with an interval, never in the points; after a cut only in a restatement."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from services.reports.facts.facts import Unfoldable
from services.reports.fold.fold import Fold
from services.reports.reading.editions import frozen_card, frozen_listing
from services.reports.reading.live_cards import listing
from services.reports.scoring.masks import masked
from tests.integration.test_reports_fold import EVERYTHING, QUARTER, UNIT, card, dump, fold_all, in_memory, made, pool
from tests.support.reports_log import MadeLog
from tests.support.reports_reading import read

__all__ = ["made", "pool"]
QUIET = "xa-yen-tinh"
SIPAS = {"source": "SIPAS", "answered": 80, "satisfied": 71, "share": "88.75", "interval": ["80.0", "94.0"]}


async def rows(pool: asyncpg.Pool, edition: str = "live") -> dict[str, Any]:
    found = (
        await read(pool, listing, QUARTER, EVERYTHING)
        if edition == "live"
        else await read(pool, frozen_listing, QUARTER, edition)
    )
    return {row["unit"]: row for row in found.parsed()}


async def frozen(pool: asyncpg.Pool, edition: str, unit: str = UNIT) -> dict[str, Any]:
    return dict(json.loads(await read(pool, frozen_card, QUARTER, edition, unit)))


async def test_surveys_stand_by_source_beside_the_points(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    await fold_all(pool, made)
    before = await card(pool)
    made.survey(UNIT, 4, 4, "Phường")
    made.survey(UNIT, 80, 71)
    made.survey(UNIT, 0, 0, "Cổng dịch vụ công")
    made.survey(UNIT, 9, 9, quarter="2026-Q2")
    await fold_all(pool, made)
    after = await card(pool)
    assert after["survey"] == [
        {"source": "Cổng dịch vụ công", "answered": 0, "satisfied": 0, "share": None, "interval": None},
        {"source": "Phường", "answered": 4, "satisfied": 4, "share": "100.00", "interval": ["51.0", "100.0"]},
        SIPAS,
    ]
    assert after == before | {"survey": after["survey"], "log": after["log"]}
    assert (await rows(pool))[UNIT]["survey"] == after["survey"]
    published = masked(after)["survey"]
    assert published == [SIPAS]  # of fewer than five answers, who said what could be read


async def test_a_later_one_of_the_same_source_replaces_it(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.register(QUIET)
    made.survey(QUIET, 80, 10)
    made.survey(QUIET, 80, 71)
    await fold_all(pool, made, len(made.entries) - 1)
    quiet = await card(pool, QUIET)
    assert (quiet["survey"], quiet["score"], quiet["band"]) == ([SIPAS], None, "insufficient")
    made.survey(QUIET, 80, 79)
    await fold_all(pool, made)
    assert [one["satisfied"] for one in (await card(pool, QUIET))["survey"]] == [79]
    assert (await rows(pool))[UNIT]["survey"] is None
    assert (await card(pool))["survey"] is None


async def test_after_a_cut_a_survey_enters_only_a_restatement_which_names_it(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.golden()
    made.survey(UNIT, 20, 10)
    made.close_quarter(edition="flash", cards=None)
    made.close_quarter(edition="official")
    made.survey(UNIT, 80, 71)
    made.restate()
    await fold_all(pool, made)
    assert "survey" not in await frozen(pool, "flash")
    assert [one["answered"] for one in (await frozen(pool, "official"))["survey"]] == [20]
    assert (await frozen(pool, "restated-1"))["survey"] == [SIPAS]
    told = (await read(pool, frozen_listing, QUARTER, "restated-1")).differs
    assert [(one["unit"], one["field"], one["is"]) for one in told] == [(UNIT, "survey", [SIPAS])]
    before = await dump(pool)
    await Fold(pool).rebuild(made.covered())
    assert await dump(pool) == before


async def test_cards_as_known_then_are_those_of_the_fold(pool: asyncpg.Pool, made: MadeLog) -> None:
    made.register(QUIET)
    made.survey(QUIET, 80, 71)
    made.golden()
    await fold_all(pool, made)
    known = await in_memory(made, QUARTER)
    for unit in (UNIT, QUIET):
        live = await card(pool, unit)
        assert live == known[unit] | {"log": live["log"]}
    assert known[QUIET]["survey"] == [SIPAS]


@pytest.mark.parametrize("change", [{"satisfied": 81}, {"asked": 1}, {"answered": "80"}, {"quarter": "2026-Q9"}])
async def test_counts_that_cannot_be_stop_the_fold(pool: asyncpg.Pool, made: MadeLog, change: dict[str, Any]) -> None:
    made.checked = False
    counts = {"quarter": QUARTER, "source": "SIPAS", "asked": 120, "answered": 80, "satisfied": 71} | change
    made.append("survey.recorded", "survey/x", UNIT, {"by": {"role": "reviewer"}, **counts})
    with pytest.raises(Unfoldable, match=r"survey\.recorded"):
        await fold_all(pool, made)
