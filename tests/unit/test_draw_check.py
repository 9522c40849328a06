"""Whoever holds the log finds what of a draw is not as it has to be."""

from collections.abc import Callable
from typing import Any

import pytest

from services.audit.verifier.draws import DrawCheck, described
from services.domain import draw
from services.kernel.envelope import canonical
from services.kernel.log.merkle import CompactRange, leaf_hash

ROUND, OTHER = (f"0199a502-7a1b-7c2d-8e3f-4a5b6c7d8e0{n}" for n in (1, 2))
UNITS = [f"xa-{n:02}" for n in range(8)]
BY, ANOTHER = ({"role": "lead", "ref": letter * 32} for letter in "ab")
Event = dict[str, Any]


def event(kind: str, data: dict[str, Any], unit: str = "-", time: str = "2026-09-25T02:00:00.000Z") -> Event:
    return {"type": f"kycuong.{kind}.v1", "unit": unit, "time": time, "data": data}


def log() -> list[Event]:
    """Units, something else, a plan with a beacon, another round's plan, the beacon's value, the draw."""
    whole = {"name": "Xã", "group": "xa", "parent": None, "staff": 3, "valid_from": "2025-07-01"}
    entries = [event("unit.registered", whole, unit) for unit in UNITS]
    entries.append(event("unit.closed", {"valid_to": "2026-08-31"}, UNITS[7]))
    strata = [{"group": "xa", "size": 3}]
    public = {"name": "XSMB", "date": "2026-09-26", "pattern": "^[0-9]{5}$"}
    plan = {
        "by": BY, "round": ROUND, "from": "2026-10-01", "strata": strata, "exclude": [UNITS[0]], "beacon": public,
        "candidates": draw.listed(strata, [UNITS[1:7]]),
    }  # fmt: skip
    entries += [event("finding.recorded", {}, UNITS[1]), event("round.planned", plan)]
    size, root = len(entries), root_of(entries)
    entries += [
        event("round.planned", plan | {"round": OTHER}),
        event("unit.closed", {"valid_to": "2026-09-30"}, UNITS[1]),
    ]
    entries.append(
        event("round.beacon", {"by": ANOTHER, "round": ROUND, "value": "48213"}, time="2026-09-26T11:45:00.000Z")
    )
    drawn = draw.draw(root, ROUND, "48213", strata, [UNITS[1:7]])
    told = {"round": ROUND, "size": size, "root": root.hex(), "beacon": "48213", "drawn": drawn}
    return [*entries, event("round.drawn", told)]


def root_of(entries: list[Event]) -> bytes:
    tree = CompactRange()
    tree.extend(leaf_hash(canonical(one)) for one in entries)
    return tree.root()


def checked(entries: list[Event], round_id: str = ROUND) -> list[str]:
    check = DrawCheck(round_id)
    for one in entries:
        check.take(canonical(one))
    return [english for _, english in check.differences()]


def named(entries: list[Event], kind: str) -> Event:
    return next(one for one in entries if one["type"] == f"kycuong.{kind}.v1")


def test_a_draw_that_is_as_computed_is_told_with_its_seed() -> None:
    entries, check = log(), DrawCheck(ROUND)
    for one in entries:
        check.take(canonical(one))
    assert list(check.differences()) == []
    told = described(check, [])
    assert told.startswith(f"ĐẠT / OK: {ROUND}") and "xa: 3/6: xa-" in told
    assert draw.seed_of(check.root, ROUND, "48213") in told


def swap(entries: list[Event]) -> None:
    units = named(entries, "round.drawn")["data"]["drawn"][0]["units"]
    units.reverse()


def beacon(log: list[Event]) -> Event:
    return named(log, "round.beacon")


CHANGES: list[tuple[str, Callable[[list[Event]], object], str]] = [
    ("another order", swap, "drawn: told"),
    ("another beacon", lambda log: named(log, "round.drawn")["data"].update(beacon="1"), "beacon: told 1; computed"),
    ("another size", lambda log: named(log, "round.drawn")["data"].update(size=3), "size: told 3"),
    ("another root", lambda log: named(log, "round.drawn")["data"].update(root="00"), "root: told 00"),
    ("an entry changed", lambda log: log[0]["data"].update(staff=4), "root: told"),
    ("a unit kept from the plan", lambda log: log.insert(3, event("unit.closed", {"valid_to": "2026-01-31"}, UNITS[2])),
     "candidates of xa: the plan tells of 6"),
    ("no draw", lambda log: log.pop(), "not drawn yet"),
    ("two draws", lambda log: log.append(log[-1]), "drawn 2 times"),
    ("no beacon", lambda log: log.remove(named(log, "round.beacon")), "told 0 times"),
    ("a beacon by the planner", lambda log: beacon(log)["data"].update(by=BY), "whoever planned"),
    ("a beacon too early", lambda log: beacon(log).update(time="2026-09-25T16:59:59.999Z"), "before its day"),
    ("a beacon of another form", lambda log: beacon(log)["data"].update(value="4821"), "as the pattern says"),
    ("a beacon of the plan's day", lambda log: named(log, "round.planned").update(time="2026-09-25T17:00:00.000Z"),
     "not of a day after"),
    ("no such round", lambda log: log.clear(), "holds no plan"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), [pytest.param(*one[1:], id=one[0]) for one in CHANGES])
def test_what_is_not_as_computed_is_named(change: Callable[[list[Event]], object], words: str) -> None:
    entries = log()
    change(entries)
    found = checked(entries)
    assert any(words in one for one in found), found
    check = DrawCheck(ROUND)
    assert described(check, [("sai", "wrong")]) == "KHÔNG ĐẠT / BAD: sai / wrong"
