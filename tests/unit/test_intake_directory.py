"""The tree of units over time: validity, ancestors, heirs."""

from datetime import date

import pytest

from services.intake.directory import Directory, Heir, Version

FIRST, LATER, LAST = date(2025, 1, 1), date(2025, 7, 1), date(2025, 12, 31)


def version(parent=None, first=FIRST, last=None, name="x"):
    return Version(first, last, name, "xa", parent, 10)


@pytest.fixture
def directory():
    made = Directory()
    for unit, parent in (("tinh", None), ("huyen", "tinh"), ("xa-cu", "huyen"), ("xa-moi", "tinh")):
        made.register(unit, version(parent))
    return made


def test_a_unit_is_valid_from_its_first_to_its_last_day(directory):
    directory.close("xa-cu", LAST)
    assert directory.version("xa-cu", date(2024, 12, 31)) is None
    assert directory.version("xa-cu", FIRST) and directory.version("xa-cu", LAST)
    assert directory.version("xa-cu", date(2026, 1, 1)) is None


def test_an_amendment_splits_the_version_of_its_day(directory):
    directory.amend("xa-cu", LATER, {"name": "mới", "parent": "tinh"})
    assert directory.version("xa-cu", date(2025, 6, 30)).name == "x"
    assert directory.version("xa-cu", LATER).name == "mới"
    assert directory.ancestors("xa-cu", date(2025, 6, 30)) == ("xa-cu", "huyen", "tinh")
    assert directory.ancestors("xa-cu", LATER) == ("xa-cu", "tinh")


def test_an_amendment_on_a_version_s_first_day_replaces_it(directory):
    directory.amend("xa-cu", FIRST, {"staff": 3})
    assert len(directory.versions["xa-cu"]) == 1 and directory.versions["xa-cu"][0].staff == 3


def test_a_closing_drops_what_would_begin_later(directory):
    directory.amend("xa-cu", LATER, {"staff": 3})
    directory.close("xa-cu", date(2025, 3, 31))
    assert directory.last_day("xa-cu") == date(2025, 3, 31) and len(directory.versions["xa-cu"]) == 1


def test_an_ended_unit_keeps_its_last_parents(directory):
    directory.close("xa-cu", LAST)
    directory.close("huyen", LAST)
    assert directory.ancestors("xa-cu", date(2027, 1, 1)) == ("xa-cu", "huyen", "tinh")


def test_cases_pass_to_the_heir_from_its_day_on(directory):
    directory.heirs["xa-cu"] = Heir("xa-moi", LATER)
    assert directory.answering("xa-cu", date(2025, 6, 30)) == "xa-cu"
    assert directory.answering("xa-cu", LATER) == "xa-moi"
    assert directory.scope("xa-cu", LATER) == ("xa-cu", "huyen", "tinh", "xa-moi")
    assert directory.below(["xa-moi"], LATER) == {"xa-moi", "xa-cu"}
    assert directory.below(["huyen"], LATER) == {"huyen", "xa-cu"}


def test_heirs_in_a_circle_end(directory):
    directory.heirs.update({"xa-cu": Heir("xa-moi", FIRST), "xa-moi": Heir("xa-cu", FIRST)})
    assert directory.answering("xa-cu", LATER) in ("xa-cu", "xa-moi")


def test_parents_in_a_circle_end(directory):
    directory.versions["tinh"] = (version("xa-moi"),)
    assert directory.ancestors("xa-moi", LATER) == ("xa-moi", "tinh")
    assert directory.makes_cycle("huyen", "xa-cu", LATER)


def test_a_copy_leaves_the_original_alone(directory):
    other = directory.copy()
    other.close("xa-cu", LAST)
    other.register("xa-ba", version())
    assert directory.last_day("xa-cu") is None and not directory.knows("xa-ba")
