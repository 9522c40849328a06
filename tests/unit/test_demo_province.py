"""The fictional province: sizes, sums, lineage, ids."""

import re
from collections import Counter

import pytest

from services.demo.batches import Batch, head_of
from services.demo.names import shares, unit_id, without_marks
from services.demo.province import STAFF_TOTAL, province
from services.demo.tree import LAST_DAY, REFORM, Amendment, Closing, Kind, Province, Succession, Unit

UNIT_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")
SEEDS = (1, 2, 2026)


@pytest.fixture(scope="module", params=SEEDS)
def tree(request: pytest.FixtureRequest) -> Province:
    return province(request.param)


def registered(tree: Province) -> list[Unit]:
    return [*tree.before, *(change for change in tree.reform if isinstance(change, Unit))]


def successions(tree: Province) -> list[Succession]:
    return [change for change in tree.reform if isinstance(change, Succession)]


def test_the_old_tree_has_the_sizes_of_the_source(tree: Province) -> None:
    kinds = Counter(unit.group for unit in tree.before)
    assert len(tree.before) == 524
    assert kinds == {"so": 20, "other": 8, "xa": 98, "phuong": 10, "dvsn": 388}
    offices = sum(unit.staff for unit in tree.before if unit.group in ("so", "other"))
    communes = sum(unit.staff for unit in tree.before if unit.group in ("xa", "phuong"))
    service = sum(unit.staff for unit in tree.before if unit.group == "dvsn")
    assert (offices, communes, service) == (1_356, 2_234, 8_881)
    assert offices + communes + service == 12_471


def test_the_new_tree_has_the_sizes_of_the_reform(tree: Province) -> None:
    kinds = Counter(unit.group for unit in tree.current)
    assert (kinds["so"], kinds["xa"], kinds["phuong"], kinds["other"]) == (14, 76, 20, 0)
    assert len(tree.current) == 504
    assert sum(unit.staff for unit in tree.current) == STAFF_TOTAL
    desks = [unit for unit in tree.current if unit.unit.startswith("trung-tam-phuc-vu-hanh-chinh-cong-")]
    communes = {unit.unit for unit in tree.current if unit.kind is Kind.COMMUNE}
    assert sorted(unit.parent or "" for unit in desks) == sorted(communes)


def test_ids_are_valid_and_never_reused(tree: Province) -> None:
    ids = [unit.unit for unit in registered(tree)]
    assert len(ids) == len(set(ids))
    assert all(UNIT_ID.fullmatch(unit) for unit in ids)
    assert all(len(head_of(unit.unit).account) <= 63 for unit in tree.current)
    accounts = {head_of(unit.unit).account for unit in tree.current}
    assert len(accounts) == len(tree.current)


def test_fixed_places(tree: Province) -> None:
    current = {unit.unit: unit for unit in tree.current}
    tan_hoa = current["xa-tan-hoa"]
    assert (tan_hoa.name, tan_hoa.group, tan_hoa.parent, tan_hoa.staff) == ("UBND xã Tân Hòa", "xa", None, 34)
    assert tan_hoa.valid_from == REFORM
    assert current["xa-phu-lam"].name == "UBND xã Phú Lâm"
    assert current["phuong-binh-minh"].group == "phuong"


def test_parents_are_valid_when_the_child_is(tree: Province) -> None:
    old = {unit.unit for unit in tree.before}
    assert all(unit.parent in old for unit in tree.before if unit.parent)
    current = {unit.unit for unit in tree.current}
    assert all(unit.parent in current for unit in tree.current if unit.parent)


def test_parents_are_registered_before_their_children(tree: Province) -> None:
    known: set[str] = set()
    for unit in registered(tree):
        assert unit.parent is None or unit.parent in known
        known.add(unit.unit)


def test_every_old_unit_carries_on_or_passes_on_or_is_closed(tree: Province) -> None:
    current = {unit.unit for unit in tree.current}
    passed_on = [source for succession in successions(tree) for source in succession.sources]
    closed = [change.unit for change in tree.reform if isinstance(change, Closing)]
    assert len(passed_on) == len(set(passed_on))
    for unit in tree.before:
        assert sum((unit.unit in current, unit.unit in passed_on, unit.unit in closed)) == 1
    assert all(change.valid_to == LAST_DAY for change in tree.reform if isinstance(change, Closing))
    assert {target for succession in successions(tree) for target in succession.targets} <= current


def test_lineage_has_every_kind_and_its_shape(tree: Province) -> None:
    kinds = Counter(succession.kind for succession in successions(tree))
    assert set(kinds) == {"merge", "split", "rename", "move"}
    for succession in successions(tree):
        if succession.kind == "merge":
            assert len(succession.targets) == 1
        elif succession.kind == "split":
            assert len(succession.sources) == 1
            assert succession.cases_to in succession.targets
        else:
            assert (len(succession.sources), len(succession.targets)) == (1, 1)


def test_every_new_commune_has_an_origin(tree: Province) -> None:
    heirs = {target for succession in successions(tree) for target in succession.targets}
    assert {unit.unit for unit in tree.current if unit.kind is Kind.COMMUNE} <= heirs


def test_amendments_change_something_of_a_unit_that_carries_on(tree: Province) -> None:
    was = {unit.unit: unit for unit in tree.before}
    for change in (*tree.reform, *tree.later):
        if isinstance(change, Amendment):
            assert change.unit in {unit.unit for unit in tree.current}
            assert set(change.body()) & {"name", "parent", "staff"}
            assert change.parent is None or change.parent != was[change.unit].parent


def test_the_same_seed_gives_the_same_bytes_and_another_other_names() -> None:
    one, again, other = (_bytes(province(seed)) for seed in (7, 7, 8))
    assert one == again
    assert one != other


def _bytes(tree: Province) -> bytes:
    batch = Batch(None, None)  # type: ignore[arg-type]
    for change in (*tree.before, *tree.reform, *tree.later):
        batch.add("unit-changes/x", change.body())
    return batch.body()


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("UBND xã Tân Hòa", "xa-tan-hoa"),
        ("Sở Văn hóa, Thể thao và Du lịch", "so-van-hoa-the-thao-va-du-lich"),
        ("Trung tâm GDNN - GDTX huyện Đông Khê", "trung-tam-gdnn-gdtx-huyen-dong-khe"),
    ],
)
def test_ids_are_made_of_names(name: str, unit: str) -> None:
    assert unit_id(name) == unit


def test_marks_are_taken_off() -> None:
    assert without_marks("Đường Nguyễn Huệ, Quảng Ngãi, Ỷ Lan") == "duong nguyen hue, quang ngai, y lan"


def test_shares_add_up_and_follow_the_weights() -> None:
    assert shares(100, [1.0, 1.0, 2.0], least=0) == [25, 25, 50]
    assert sum(shares(12_471, [1.0, 3.3, 7.7, 0.1])) == 12_471
    assert min(shares(100, [1.0, 1000.0])) == 3
    with pytest.raises(ValueError, match="too little"):
        shares(5, [1.0, 1.0])
