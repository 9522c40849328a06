"""The pure rule of reach: chains, heirs, teams, and what is kept from a head."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.kernel.identity.callers import Caller, Grant
from services.kernel.identity.reach import Matter, answering, chain, holders, is_kept_from, readable, scope
from services.kernel.identity.roles import Action, Role

NOW = datetime(2026, 9, 1, tzinfo=UTC)
DAY = date(2026, 9, 1)
LATER = date(2027, 1, 1)


class Tree:
    """xa-a and xa-b below huyen below tinh; on 2027-01-01 xa-a passes into xa-c of another parent."""

    def parent_of(self, unit, day):
        return {
            "xa-a": "huyen",
            "xa-b": "huyen",
            "huyen": "tinh",
            "xa-c": "so",
            "ring-1": "ring-2",
            "ring-2": "ring-1",
        }.get(unit)

    def heirs_of(self, unit, day):
        if unit in ("loop-1", "loop-2"):
            return ["loop-2" if unit == "loop-1" else "loop-1"]
        return ["xa-c"] if unit == "xa-a" and day >= LATER else []


def test_the_chain_and_those_who_answer():
    tree = Tree()
    assert chain(tree, "xa-a", DAY) == ("xa-a", "huyen", "tinh")
    assert (answering(tree, "xa-a", DAY), answering(tree, "xa-a", LATER)) == (("xa-a",), ("xa-c",))
    assert holders(tree, "xa-a", LATER) == ("xa-c", "so")
    assert scope(tree, "xa-a", LATER) == ("xa-a", "huyen", "tinh", "xa-c", "so")
    assert scope(tree, "xa-b", LATER) == ("xa-b", "huyen", "tinh")
    # a folder may hold from earlier what is refused today
    assert chain(tree, "ring-1", DAY) == ("ring-1", "ring-2")
    assert answering(tree, "loop-1", DAY) == ("loop-1",)


def grant(role, unit=None, ended=False):
    return Grant(role, unit, NOW - timedelta(days=9), NOW - timedelta(days=1) if ended else None)


def caller(*grants, posts=()):
    heads = tuple(one for one in grants if one.role is Role.UNIT_HEAD)
    return Caller("an", "bearer", NOW, grants, (*heads, *posts))


UNITS = ("xa-a", "huyen", "tinh")
CASE = Matter(UNITS, mine=False)
MINE = Matter(UNITS, mine=True)
KEPT = Matter(UNITS, mine=True, kept=True)
NO_CASE = Matter(UNITS)
PROVINCES = Matter(())


@pytest.mark.parametrize("role", [Role.LEAD, Role.UNIT_HEAD, Role.REVIEWER, Role.AUDITOR])
def test_an_appointment_reaches_its_subtree_or_the_province(role):
    for unit, reaches in ((None, True), ("tinh", True), ("huyen", True), ("xa-a", True), ("xa-b", False)):
        for matter in (CASE, MINE, NO_CASE):
            assert bool(readable(caller(grant(role, unit)), Action.ENTRY, matter, NOW)) is reaches
        assert bool(readable(caller(grant(role, unit)), Action.ENTRY, PROVINCES, NOW)) is (unit is None)
    assert not readable(caller(grant(role, ended=True)), Action.ENTRY, NO_CASE, NOW)


def test_an_inspector_reads_his_own_teams_cases_and_what_is_of_no_case():
    for unit in (None, "tinh", "xa-a"):
        told = [
            bool(readable(caller(grant(Role.INSPECTOR, unit)), Action.ENTRY, one, NOW)) for one in (CASE, MINE, NO_CASE)
        ]
        assert told == [False, True, True]
    assert not readable(caller(grant(Role.INSPECTOR, "xa-b")), Action.ENTRY, MINE, NOW)


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.LEAD, Role.REVIEWER, Role.AUDITOR])
def test_what_is_kept_from_the_unit_is_kept_from_its_head_whatever_else_he_is(role):
    assert readable(caller(grant(role)), Action.READ_CASE, KEPT, NOW)
    for unit in (None, "tinh", "huyen", "xa-a"):
        both = caller(grant(role), grant(Role.UNIT_HEAD, unit))
        carrying_one = caller(grant(role), posts=(grant(Role.UNIT_HEAD, unit),))
        for who in (both, carrying_one):
            assert is_kept_from(who, KEPT, NOW) and not readable(who, Action.READ_CASE, KEPT, NOW)
            assert readable(who, Action.READ_CASE, MINE, NOW)
    for post in (grant(Role.UNIT_HEAD, "xa-b"), grant(Role.UNIT_HEAD, "xa-a", ended=True)):
        assert readable(caller(grant(role), posts=(post,)), Action.READ_CASE, KEPT, NOW)


def test_a_head_reads_nothing_that_is_kept_and_no_admin_reads_a_case():
    assert not readable(caller(grant(Role.UNIT_HEAD, "xa-a")), Action.READ_CASE, KEPT, NOW)
    assert not readable(caller(grant(Role.ADMIN)), Action.READ_CASE, CASE, NOW)
