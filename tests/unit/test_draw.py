"""The draw is what docs/draw.md says, by hand; the conflict rule keeps heads away from their own units."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest

from services.domain import draw
from services.domain.conflict import conflicts
from services.domain.units import Directory, Heir, Version
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role

# by hand: printf 'kycuong/draw/1\n%s\n%s\n%s\n' ROOT ROUND BEACON | sha256sum; printf '%s\n%s\n' SEED UNIT | sha256sum
ROUND, ROOT = "0199a502-7a1b-7c2d-8e3f-4a5b6c7d8e01", b"\xaa" * 32
SEED = "fc1338a1f22298c395ca283b79c4e237445773201f6976543c930d35b5809779"
SEED_WITH_BEACON = "9ad144798624b381437998f92086e0a78f7694ba47c7bcf38202706a9a6e7eeb"
TICKETS = {
    "xa-a01": "b0b1d6b3e4de3162ebbc653463a542f75462d1f84ce59446bd0d8f0a77708e98",
    "xa-b02": "5d71e5ddb6c9c855b089dd8ed8b1efc502f1f0fbdf37a6bece9f947a64728d37",
    "xa-c03": "716f5afa77e0e7ee806b8566d5aa946142568369156ee8e5eae2019d74d8b992",
    "xa-d04": "44d3e0889e6726a2f5fdf5e06bebba398c15d220fed63235defae2f525bf097d",
}
UNITS_ROOT = "35507486602c45dd4583f94686b1cdb82a167ffac339ffdd27a1c4be6e6e2a94"
NOW = datetime(2026, 9, 1, 1, tzinfo=UTC)
FIRST = date(2025, 7, 1)


def test_seed_and_tickets_are_those_computed_by_hand() -> None:
    assert draw.seed_of(ROOT, ROUND, "") == SEED
    assert draw.seed_of(ROOT, ROUND, "48213") == SEED_WITH_BEACON
    assert {unit: draw.ticket_of(SEED, unit) for unit in TICKETS} == TICKETS
    assert draw.candidates_root(sorted(TICKETS)) == UNITS_ROOT
    assert draw.candidates_root([]) == sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("beacon", "order"),
    [("", ["xa-d04", "xa-b02", "xa-c03", "xa-a01"]), ("48213", ["xa-a01", "xa-b02", "xa-d04", "xa-c03"])],
)
def test_the_smallest_tickets_are_drawn_in_their_order(beacon: str, order: list[str]) -> None:
    seed = draw.seed_of(ROOT, ROUND, beacon)
    for size in range(5):
        assert draw.drawn(seed, reversed(list(TICKETS)), size) == order[:size]
    drawn = draw.draw(
        ROOT, ROUND, beacon, [{"group": "xa", "size": 3}, {"group": "so", "size": 1}], [order, ["so-y-te"]]
    )
    assert drawn == [{"group": "xa", "units": order[:3]}, {"group": "so", "units": ["so-y-te"]}]


def directory() -> Directory:
    made = Directory()
    for unit, parent, group, last in (
        ("tinh", None, "other", None), ("so-y-te", "tinh", "so", None), ("tram-a", "so-y-te", "dvsn", None),
        ("xa-b02", "tinh", "xa", None), ("xa-a01", "tinh", "xa", None), ("xa-cu", "tinh", "xa", date(2026, 6, 30)),
    ):  # fmt: skip
        made.register(unit, Version(FIRST, last, unit, group, parent, 10))
    return made


def test_candidates_are_the_units_of_the_group_that_are_valid_on_the_day_less_those_left_out() -> None:
    tree = directory()
    assert draw.candidates(tree, "xa", date(2026, 6, 30), ()) == ["xa-a01", "xa-b02", "xa-cu"]
    assert draw.candidates(tree, "xa", date(2026, 7, 1), ()) == ["xa-a01", "xa-b02"]
    assert draw.candidates(tree, "xa", date(2025, 6, 30), ()) == []
    plan = {
        "from": "2026-07-01", "strata": [{"group": "xa", "size": 1}, {"group": "so", "size": 1}], "exclude": ["xa-a01"],
        "chosen": [{"unit": "so-y-te", "selection": "targeted"}],
    }  # fmt: skip
    found = draw.planned_candidates(tree, plan)
    assert found == [["xa-b02"], []]
    assert draw.listed(plan["strata"], found) == [
        {"group": "xa", "count": 1, "root": sha256(b"xa-b02\n").hexdigest()},
        {"group": "so", "count": 0, "root": sha256(b"").hexdigest()},
    ]


def test_the_directory_is_built_from_the_events_of_the_log() -> None:
    tree = Directory()
    whole = {"name": "Xã", "group": "xa", "parent": None, "staff": 3, "valid_from": "2025-07-01", "by": {}}
    for unit in ("xa-mot", "xa-hai", "xa-ba"):
        tree.tell("kycuong.unit.registered.v1", unit, whole)
    tree.tell("kycuong.unit.amended.v1", "xa-ba", {"valid_from": "2026-01-01", "group": "phuong", "by": {}})
    merged = {"from": ["xa-mot"], "to": ["xa-hai"], "valid_from": "2026-03-01", "cases_to": "xa-hai"}
    tree.tell("kycuong.unit.succeeded.v1", "xa-mot", merged | {"side": "from"})
    tree.tell("kycuong.unit.succeeded.v1", "xa-hai", merged | {"side": "to"})
    tree.tell("kycuong.unit.closed.v1", "xa-hai", {"valid_to": "2026-12-31"})
    tree.tell("kycuong.finding.recorded.v1", "xa-hai", {})
    days = {"2025-12-31": ["xa-ba", "xa-hai", "xa-mot"], "2026-02-28": ["xa-hai", "xa-mot"], "2026-03-01": ["xa-hai"]}
    days["2027-01-01"] = []
    assert {day: draw.candidates(tree, "xa", date.fromisoformat(day), ()) for day in days} == days
    assert tree.answering("xa-mot", date(2026, 3, 1)) == "xa-hai"


def head(unit: str | None, ended: datetime | None = None, since: datetime = datetime(2020, 1, 1, tzinfo=UTC)) -> Grant:
    return Grant(Role.UNIT_HEAD, unit, since, ended)


@pytest.mark.parametrize(
    ("posts", "unit", "conflict"),
    [
        ([], "tram-a", False),
        ([head("tram-a")], "tram-a", True),
        ([head("so-y-te")], "tram-a", True),  # above
        ([head("tinh")], "tram-a", True),
        ([head("tram-a")], "so-y-te", True),  # below
        ([head("xa-a01")], "tram-a", False),
        ([head("xa-a01"), head("so-y-te")], "tram-a", True),
        ([head(None)], "tram-a", True),  # of the province
        ([head("tram-a", datetime(2024, 9, 1, 1, tzinfo=UTC))], "tram-a", False),  # 24 months are over
        ([head("tram-a", datetime(2024, 9, 1, 1, 0, 1, tzinfo=UTC))], "tram-a", True),
        ([head("tram-a", since=NOW + timedelta(seconds=1))], "tram-a", False),  # not yet
    ],
)
def test_whoever_is_or_lately_was_head_there_keeps_away(posts: list[Grant], unit: str, conflict: bool) -> None:
    assert conflicts(posts, unit, directory(), NOW) is conflict


def test_the_conflict_goes_on_in_the_unit_that_takes_over() -> None:
    tree = directory()
    tree.pass_on("tram-a", Heir("xa-b02", date(2026, 8, 1)))
    assert conflicts([head("xa-b02")], "tram-a", tree, NOW)
    assert conflicts([head("tram-a")], "xa-b02", tree, NOW)
    assert not conflicts([head("tram-a")], "xa-a01", tree, NOW)


def test_two_years_before_a_29th_of_february_is_a_28th() -> None:
    leap = datetime(2028, 2, 29, 1, tzinfo=UTC)
    assert conflicts([head("tram-a", datetime(2026, 2, 28, 2, tzinfo=UTC))], "tram-a", directory(), leap)
    assert not conflicts([head("tram-a", datetime(2026, 2, 28, 1, tzinfo=UTC))], "tram-a", directory(), leap)
