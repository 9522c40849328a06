"""What is handed on of an entry is all that the fold of a card's facts reads of it, for every type there is."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from services.reports.facts.effects import _HANDLERS, KNOWN, SILENT, Facts
from services.reports.facts.facts import Entry, Unfoldable
from services.reports.facts.picked import NO_CASE, READ, SHARDS, SOME, UNREAD, Picking, shard_of, unpacked
from tests.support.reports_log import MadeLog


class Noting(dict[str, Any]):
    """Notes which of its members are read."""

    def __init__(self, whole: dict[str, Any]) -> None:
        super().__init__(whole)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)


def events() -> list[dict[str, Any]]:
    """One of every kind of case, told as intake words it."""
    made = MadeLog()
    made.genesis()
    made.register("xa-an")
    visit = made.open("xa-an")
    one, two, grave = (made.record("xa-an", visit, code) for code in ("A01", "B04", "H05"))
    made.put_right("xa-an", visit, one, "A02")
    made.close("xa-an", visit)
    made.correct("xa-an", visit, 40)
    made.release("xa-an", visit, grave)
    made.reply("xa-an", visit, one, False)
    made.lapse("xa-an", visit, two)
    made.decide("xa-an", visit, one, "upheld")
    made.second_review(visit, one, "unfounded")
    made.remedied("xa-an", visit, one)
    made.refuse("xa-an", visit, one)
    made.overdue("xa-an", visit, one)
    made.verify("xa-an", visit, one, waived=True)
    made.appeal("xa-an", visit, one)
    made.reopen("xa-an", visit, two, "2026-09-09T16:59:59.999Z")
    made.withdraw("xa-an", visit, two)
    made.acknowledge("xa-an", visit)
    made.commend("xa-an")
    made.survey("xa-an", 80, 71)
    made.void("xa-an", visit)
    return [json.loads(entry) for entry in made.entries]


class Whole:
    """An event with all of its data."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.type, self.unit, self.id, self.time = (event[name] for name in ("type", "unit", "id", "time"))
        self.data = Noting(event["data"])


def test_every_type_is_picked_or_known_to_matter_to_no_card() -> None:
    lists = (set(READ), set(SOME), set(NO_CASE), set(UNREAD), set(SILENT))
    assert set().union(*lists) == KNOWN
    assert sum(map(len, lists)) == len(KNOWN), "a type stands in two lists"


def test_all_that_an_effect_reads_is_picked() -> None:
    facts, seen = Facts(), set[str]()
    for index, told in enumerate(events()):
        event = Whole(told)
        if event.type not in _HANDLERS or event.type in UNREAD:
            continue
        facts.apply(Entry(index, event))
        assert event.data.read <= {*READ.get(event.type, ()), *SOME.get(event.type, ())}, event.type
        seen.add(event.type)
    assert seen >= set(READ), "a type of case that this test makes none of"


def test_facts_of_what_was_picked_are_those_of_the_whole_entries() -> None:
    whole, part, picking = Facts(), Facts(), Picking()
    for index, told in enumerate(events()):
        picking.take(index, told)
        if told["type"] in _HANDLERS and told["type"] not in UNREAD:
            whole.apply(Entry(index, Whole(told)))
    picked = picking.done()
    for entry in unpacked(picked.cases):
        part.apply(entry)
    assert (part.inspections, part.findings) == (whole.inspections, whole.findings)
    assert [one.unit for one in part.commendations] == [one.unit for one in whole.commendations]
    assert part.surveys == whole.surveys
    assert {kind for _, kind, *_ in picked.entries} <= NO_CASE
    assert [bool(packed) for packed in picked.cases] == [number == shard_of("xa-an") for number in range(SHARDS)]


@pytest.mark.parametrize("type_", ["kycuong.finding.forgiven.v1", ""])
def test_an_unknown_type_stops_it(type_: str) -> None:
    with pytest.raises(Unfoldable, match="entry 7"):
        Picking().take(7, {"type": type_, "unit": "xa-an", "id": "", "time": "", "data": {}})


def test_a_value_that_is_missing_stops_it() -> None:
    with pytest.raises(Unfoldable, match="finding"):
        Picking().take(3, {"type": "kycuong.finding.replied.v1", "unit": "-", "time": "", "data": {"inspection": ""}})


def test_what_stops_it_goes_whole_from_a_reading_process_to_its_parent() -> None:
    stopped = pickle.loads(pickle.dumps(Unfoldable(7, "kycuong.finding.forgiven.v1", "unknown event type")))
    assert (stopped.index, stopped.event_type, stopped.reason) == (
        7,
        "kycuong.finding.forgiven.v1",
        "unknown event type",
    )
