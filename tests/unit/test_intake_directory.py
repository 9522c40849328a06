"""The tree of units over time: validity, ancestors, heirs."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.units import FIELDS, Directory, Heir, Version
from services.reports.facts import directory as reported

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


def test_an_amendment_holds_until_a_later_one_names_the_same_field(directory):
    directory.amend("xa-cu", LAST, {"staff": 3})
    directory.amend("xa-cu", LATER, {"parent": "tinh", "name": "mới", "staff": 4})
    told = [(made.valid_from, made.name, made.parent, made.staff) for made in directory.versions["xa-cu"]]
    assert told == [(FIRST, "x", "huyen", 10), (LATER, "mới", "tinh", 4), (LAST, "mới", "tinh", 3)]
    assert [made.set_fields for made in directory.versions["xa-cu"]] == [
        FIELDS,
        {"parent", "name", "staff"},
        {"staff"},
    ]


def test_a_later_amendment_that_named_the_value_as_it_was_keeps_it(directory):
    directory.amend("xa-cu", LAST, {"name": "x"})
    directory.amend("xa-cu", LATER, {"name": "mới"})
    assert [made.name for made in directory.versions["xa-cu"]] == ["x", "mới", "x"]


def test_of_two_amendments_of_a_day_the_second_wins_and_both_hold(directory):
    directory.amend("xa-cu", LAST, {"staff": 3})
    directory.amend("xa-cu", LAST, {"name": "mới"})
    directory.amend("xa-cu", LAST, {"name": "mới hơn"})
    directory.amend("xa-cu", LATER, {"name": "cũ", "staff": 4, "group": "phuong"})
    last = directory.versions["xa-cu"][-1]
    assert (last.valid_from, last.name, last.staff, last.group) == (LAST, "mới hơn", 3, "phuong")


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


def test_a_scope_asked_for_before_a_change_is_another_after_it(directory):
    assert directory.scope("xa-cu", LATER) == ("xa-cu", "huyen", "tinh")
    directory.amend("xa-cu", FIRST, {"parent": "tinh"})
    assert directory.scope("xa-cu", LATER) == ("xa-cu", "tinh")
    directory.close("xa-cu", date(2025, 3, 1))
    assert directory.scope("xa-cu", LATER) == ("xa-cu", "tinh")
    assert not directory.pass_on("xa-cu", Heir("xa-moi", date(2025, 4, 1)))  # it had ended before: nothing else changes
    assert directory.scope("xa-cu", LATER) == ("xa-cu", "tinh", "xa-moi")


def test_heirs_in_a_circle_end(directory):
    directory.heirs.update({"xa-cu": Heir("xa-moi", FIRST), "xa-moi": Heir("xa-cu", FIRST)})
    assert directory.answering("xa-cu", LATER) in ("xa-cu", "xa-moi")


def test_parents_in_a_circle_end(directory):
    directory.versions["tinh"] = (version("xa-moi"),)
    assert directory.ancestors("xa-moi", LATER) == ("xa-moi", "tinh")
    assert directory.makes_cycle("huyen", "xa-cu", LATER)


def test_a_parent_that_will_lie_below_the_unit_makes_a_cycle_unless_the_unit_leaves_it_first(directory):
    directory.amend("xa-moi", LAST, {"parent": "xa-cu"})
    assert directory.makes_cycle("xa-cu", "xa-moi", LATER) and directory.makes_cycle("xa-cu", "xa-moi", LAST)
    directory.amend("xa-cu", LAST, {"staff": 3})
    assert directory.makes_cycle("xa-cu", "xa-moi", LATER)
    directory.amend("xa-cu", LAST, {"parent": "huyen"})
    assert not directory.makes_cycle("xa-cu", "xa-moi", LATER) and directory.makes_cycle("xa-cu", "xa-moi", LAST)


def test_a_copy_leaves_the_original_alone(directory):
    other = directory.copy()
    other.close("xa-cu", LAST)
    other.register("xa-ba", version())
    assert directory.last_day("xa-cu") is None and not directory.knows("xa-ba")


DAYS = [FIRST + timedelta(days=n) for n in range(7)]
VALUES = [
    ("name", "y"),
    ("name", "z"),
    ("group", "phuong"),
    ("parent", None),
    ("parent", "tinh"),
    ("staff", 1),
    ("staff", 2),
]
AMENDMENTS = st.lists(st.sampled_from(VALUES), min_size=1, max_size=2).map(dict)
CHANGES = st.lists(st.tuples(st.sampled_from(["xa-cu", "xa-moi"]), st.sampled_from(DAYS), AMENDMENTS), max_size=14)
ENDS = st.lists(
    st.tuples(st.sampled_from(["xa-cu", "xa-moi"]), st.sampled_from(DAYS[3:]), st.sampled_from(["end", "heir"])),
    max_size=2,
)


class Both:
    """Intake's tree and the reports' one, told the same changes; and each unit's staff, which reports do not keep."""

    def __init__(self) -> None:
        self.intake, self.reports = Directory(), reported.Directory()
        self.staff: dict[str, list[tuple[date, int, int]]] = {}
        self.index = 0

    def tell(self, kind: str, unit: str, day: date, data: dict) -> None:
        self.index += 1
        named = "valid_to" if kind == reported.CLOSED else "valid_from"
        self.reports.apply(self.index, kind, unit, {named: day.isoformat(), **data})
        if "staff" in data:
            self.staff.setdefault(unit, []).append((day, self.index, data["staff"]))

    def register(self, unit: str, day: date, parent: str | None, staff: int) -> None:
        self.intake.register(unit, Version(day, None, unit, "xa", parent, staff))
        data = {"name": unit, "group": "xa", "parent": parent, "staff": staff}
        self.tell(reported.REGISTERED, unit, day, data)

    def change(self, unit: str, day: date, what: dict | str) -> None:
        if self.intake.version(unit, day) is None:
            return
        if what == "end" and self.intake.last_day(unit) is None:
            self.intake.close(unit, day)
            self.tell(reported.CLOSED, unit, day, {})
        elif what == "heir" and unit not in self.intake.heirs:
            since = day + timedelta(days=1)
            self.intake.heirs[unit] = Heir("tinh", since)
            self.intake.close(unit, day)
            self.tell(reported.SUCCEEDED, unit, since, {"side": "from", "to": ["tinh"], "cases_to": "tinh"})
        elif isinstance(what, dict):
            self.intake.amend(unit, day, what)
            self.tell(reported.AMENDED, unit, day, what)

    def staff_on(self, unit: str, day: date) -> int:
        """Of the changes begun by a day the latest; of a day's the last told."""
        return max(change for change in self.staff[unit] if change[0] <= day)[2]


@settings(max_examples=500, deadline=None)
@given(starts=st.tuples(*[st.sampled_from(DAYS[:3])] * 2), before=CHANGES, ends=ENDS, after=CHANGES)
def test_intake_and_reports_hold_the_same_tree_on_every_day(starts, before, ends, after):
    both = Both()
    for unit, parent in (("tinh", None), ("huyen", "tinh")):
        both.register(unit, DAYS[0], parent, 5)
    for unit, start in zip(("xa-cu", "xa-moi"), starts, strict=True):
        both.register(unit, start, "huyen", 10)
    for change in (*before, *ends, *after):
        both.change(*change)
    for unit in both.intake.versions:
        for day in [*DAYS, DAYS[-1] + timedelta(days=1)]:
            held = both.intake.version(unit, day)
            assert (held is not None) == both.reports.valid_on(unit, day)
            if held is not None:
                told = both.reports.details(unit, day)
                assert (held.name, held.group, held.parent) == (told.name, told.group, told.parent)
                assert held.staff == both.staff_on(unit, day)
                assert both.intake.ancestors(unit, day) == both.reports.chain(unit, day)


def test_units_of_one_name_are_told_apart_by_the_one_above_and_then_by_their_id(directory):
    for unit, parent in (("tram-1", "xa-cu"), ("tram-2", "xa-moi"), ("tram-3", "xa-moi"), ("tram-le", "tinh")):
        directory.register(unit, version(parent, name="Trạm Y tế" if unit != "tram-le" else "Trạm khác"))
    directory.amend("xa-cu", FIRST, {"name": "UBND xã Cũ"})
    directory.amend("xa-moi", FIRST, {"name": "UBND xã Mới"})
    assert directory.label("tram-1", LATER) == "Trạm Y tế (UBND xã Cũ)"
    assert directory.label("tram-2", LATER) == "Trạm Y tế (UBND xã Mới, tram-2)"
    assert directory.label("tram-le", LATER) == "Trạm khác" and directory.label("tram-1", date(2024, 1, 1)) == "tram-1"
    directory.amend("tram-le", LATER, {"name": "TRẠM Y TẾ"})  # alike to whoever reads it
    assert directory.label("tram-le", LATER) == "TRẠM Y TẾ (x)" and directory.above_namesake("xa-cu", LATER) is None
