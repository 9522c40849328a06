"""The fictional province An Sơn: the tree of 2021, the reorganisation of 1 July 2025, later amendments. Pure."""

from collections.abc import Iterator
from datetime import date
from random import Random

from services.demo import after
from services.demo.after import BASIS_COMMUNES, BASIS_DEPARTMENTS, BASIS_SERVICE, Draft, Regroup
from services.demo.before import OldTree, district_id, old_tree
from services.demo.centres import centre_plans
from services.demo.names import shares, unit_id
from services.demo.tree import LAST_DAY, REFORM, Amendment, Change, Closing, Kind, Province, Succession, Unit

STAFF_TOTAL = 12_386
STAFF_DEPARTMENTS, STAFF_COMMUNES, STAFF_DESKS = 1_000, 2_880, 576
TAN_HOA, TAN_HOA_STAFF = "xa-tan-hoa", 34


def province(seed: int) -> Province:
    """The fictional province An Sơn, the same for the same seed."""
    old = old_tree(seed)
    groups = after.regroup(old)
    drafts = _drafts(old, groups)
    successions = list(_successions(groups, old))
    closings = [Closing(unit, LAST_DAY) for unit in after.LEFT]
    ended = {source for succession in successions for source in succession.sources} | set(after.LEFT)
    staff = _staffing(drafts, _untouched(old, ended | {draft.unit for draft in drafts}))
    reform: list[Change] = [
        *(_registered(draft, staff) for draft in drafts if not draft.amends),
        *(_amended(draft, staff, old) for draft in drafts if draft.amends),
        *successions,
        *closings,
    ]
    return Province(old.units, tuple(reform), tuple(_later(seed, groups, staff)))


def _drafts(old: OldTree, groups: list[Regroup]) -> list[Draft]:
    """What the reform registers or amends, parents before those below them."""
    return [
        *after.departments(old),
        *after.communes(groups, old),
        *after.desks(groups),
        *after.centres(old),
        *after.health_stations(groups, old),
        *after.schools(groups, old),
        *after.hospital(old),
        *after.moved(old),
    ]


def _untouched(old: OldTree, changed: set[str]) -> int:
    """Staff of the units that the reform leaves as they were."""
    return sum(unit.staff for unit in old.units if unit.unit not in changed)


def _staffing(drafts: list[Draft], untouched: int) -> dict[str, int]:
    """Allotted staff of every drafted unit; with the untouched ones it adds up to STAFF_TOTAL."""
    departments = [draft for draft in drafts if draft.group == "so"]
    communes = [draft for draft in drafts if draft.kind is Kind.COMMUNE and draft.unit != TAN_HOA]
    desks = [draft for draft in drafts if draft.kind is Kind.DESK and not draft.amends]
    placed = {draft.unit for draft in (*departments, *communes, *desks)} | {TAN_HOA}
    service = [draft for draft in drafts if draft.unit not in placed]
    rest = STAFF_TOTAL - STAFF_DEPARTMENTS - STAFF_COMMUNES - STAFF_DESKS - untouched
    return {
        TAN_HOA: TAN_HOA_STAFF,
        **_shared(departments, STAFF_DEPARTMENTS),
        **_shared(communes, STAFF_COMMUNES - TAN_HOA_STAFF),
        **_shared(desks, STAFF_DESKS),
        **_shared(service, rest),
    }


def _shared(drafts: list[Draft], total: int) -> dict[str, int]:
    counts = shares(total, [draft.weight for draft in drafts])
    return {draft.unit: count for draft, count in zip(drafts, counts, strict=True)}


def _registered(draft: Draft, staff: dict[str, int]) -> Unit:
    return Unit(draft.unit, draft.name, draft.group, draft.parent, staff[draft.unit], REFORM, draft.kind)


def _amended(draft: Draft, staff: dict[str, int], old: OldTree) -> Amendment:
    was = next(unit for unit in old.units if unit.unit == draft.unit)
    parent = draft.parent if draft.parent != was.parent else None
    return Amendment(draft.unit, REFORM, parent=parent, staff=staff[draft.unit])


def _successions(groups: list[Regroup], old: OldTree) -> Iterator[Succession]:
    """From the leaves of the old tree up, so no unit ends before what stood below it."""
    for group in groups:
        for commune in group.sources[1:]:
            joined, own = after.station_of(commune.place), after.station_of(group.sources[0].place)
            yield Succession("merge", (joined,), (own,), BASIS_SERVICE)
    for place in after.joined_places(old):
        yield Succession("merge", after.both_schools(place), (unit_id(f"Trường TH và THCS {place}"),), BASIS_SERVICE)
    for plan in centre_plans():
        yield Succession(plan.kind, plan.sources, (unit_id(plan.name),), BASIS_SERVICE)
    yield Succession("merge", after.HOSPITALS, (unit_id("Bệnh viện Mắt - Da liễu tỉnh"),), BASIS_SERVICE)
    yield from (group.succession() for group in groups)
    for kind, sources, targets, cases_to in after.DEPARTMENT_SUCCESSIONS:
        yield Succession(kind, sources, targets, BASIS_DEPARTMENTS, cases_to)
    for number in range(8):
        yield _dissolved(district_id(number), groups)


def _dissolved(district: str, groups: list[Regroup]) -> Succession:
    """A district's work goes to its communes, its open cases to the one of its seat."""
    own = [group for group in groups if group.sources[0].district == district]
    targets = tuple(commune.unit for commune in after.new_communes(own))
    return Succession("split", (district,), targets, BASIS_COMMUNES, targets[0])


def _later(seed: int, groups: list[Regroup], staff: dict[str, int]) -> Iterator[Amendment]:
    """A few communes get more staff from the second quarter of 2026 on."""
    random = Random(f"{seed}/later")
    communes = [commune.unit for commune in after.new_communes(groups) if commune.unit != TAN_HOA]
    for unit in sorted(random.sample(communes, 10)):
        yield Amendment(unit, date(2026, 4, 1), staff=staff[unit] + random.randint(1, 2))
