"""Cards of any legal history: in whatever order units' events arrive; and what is restored is as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.case import OVERTURNING, Outcome
from services.reports.editions.cut import Cut
from services.reports.facts.picked import Picking, shard_of
from services.reports.fold.shard import Asked, References, made
from services.reports.scoring.cards import NEWEST
from tests.support.histories import HISTORY, Arriving, Case, Visited, telling

QUARTER = "2026-Q3"
UNITS = ("xa-an", "xa-binh", "xa-cam")
BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def begun(**changes: Any) -> Arriving:
    log = Arriving(checked=False, **changes)
    log.genesis()
    log.second_method()
    for unit in UNITS:
        log.register(unit)
    return log


def cards(log: Arriving) -> dict[str, dict[str, Any]]:
    """Every unit's card, but for where in the log it was computed and where its findings stand there."""
    picking = Picking()
    for index, entry in enumerate(log.entries):
        picking.take(index, json.loads(entry))
    picked = picking.done()
    size = len(log.entries)
    cut = Cut(closing="", quarter=QUARTER, edition="live", form=NEWEST, size=size, root=b"")
    asked, references = Asked(QUARTER, size, cut, counts=True), References(picked.entries)
    found: dict[str, dict[str, Any]] = {}
    for number in {shard_of(unit) for unit in UNITS}:
        part = made(references, asked, number, [picked.cases[number]])
        assert part.fault is None
        found |= {unit: json.loads(row.body or b"") for unit, row in part.rows.items()}
    for card in found.values():
        del card["log"]
        for item in (item for visit in card["inspections"] for item in visit["items"]):
            del item["index"]
    return found


def told(histories: Sequence[Sequence[Visited]], order: Sequence[int] = ()) -> tuple[Arriving, list[Case]]:
    """A log in which each unit's events come in their order, and the units' in that of `order`; the rest after."""
    log, cases = begun(), list[Case]()
    tellers = [
        telling(log, number, unit, history, cases)
        for number, (unit, history) in enumerate(zip(UNITS, histories, strict=False), 1)
    ]
    for at in [*order, *(at for at in range(len(tellers)) for _ in range(200))]:
        next(tellers[at % len(tellers)], None)
    return log, cases


@BOUNDED
@given(st.lists(HISTORY, min_size=2, max_size=3), st.lists(st.integers(0, 2), max_size=120))
def test_the_order_in_which_units_arrive_does_not_matter(histories: list[list[Visited]], order: list[int]) -> None:
    one_by_one, mixed = told(histories)[0], told(histories, order)[0]
    assert sorted(_known(one_by_one)) == sorted(_known(mixed))
    assert cards(one_by_one) == cards(mixed)


def _known(log: Arriving) -> list[tuple[str, str]]:
    return [(event["type"], json.dumps(event["data"])) for event in map(json.loads, log.entries)]


@BOUNDED
@given(HISTORY, st.sampled_from(sorted(OVERTURNING)), st.data())
def test_overturned_and_restored_a_card_is_as_it_was(history: list[Visited], outcome: str, data: st.DataObject) -> None:
    log, cases = told([history])
    quiet = [case for case in cases if case.quiet]
    if not quiet:
        return
    case = data.draw(st.sampled_from(quiet))
    before = cards(log)
    assert case.key in _items(before[UNITS[0]])
    log.appeal(case.unit, case.inspection, case.key)
    log.decide(case.unit, case.inspection, case.key, outcome)
    overturned = cards(log)[UNITS[0]]
    assert case.key not in _items(overturned)
    assert overturned["overturned"] == before[UNITS[0]]["overturned"] + 1
    log.reopen(case.unit, case.inspection, case.key)
    log.decide(case.unit, case.inspection, case.key, Outcome.UPHELD)
    assert cards(log) == before


def _items(card: Mapping[str, Any]) -> set[str]:
    return {item["finding"] for visit in card["inspections"] for item in visit["items"]}


def test_the_histories_reach_what_they_are_about() -> None:
    """Each of these stands in some that are drawn: else the properties would hold of nothing."""
    reached: set[str] = set()

    @settings(BOUNDED, max_examples=150)
    @given(HISTORY)
    def look(history: list[Visited]) -> None:
        log, cases = told([history])
        reached.update(str(json.loads(entry)["type"]).split(".", 1)[1] for entry in log.entries)
        reached.update(str(case.outcome) for case in cases)
        reached.update("quiet" for case in cases if case.quiet)

    look()
    wanted = {
        "finding.withdrawn.v1", "finding.released.v1", "finding.lapsed.v1", "finding.appealed.v1",
        "finding.reopened.v1", "finding.corrected.v1", "inspection.voided.v1", "inspection.corrected.v1",
        "remedy.reported.v1", "upheld", "unfounded", "quiet",
    }  # fmt: skip
    assert not wanted - reached
