"""The new tree of 1 July 2025: 14 departments, 76 communes, 20 wards, no districts, regrouped service units. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.demo.before import OldCommune, OldTree, district_id
from services.demo.centres import FARMING, centre_plans
from services.demo.names import unit_id
from services.demo.tree import Kind, Succession

BASIS_DEPARTMENTS, BASIS_COMMUNES, BASIS_SERVICE = "NĐ 45/2025/NĐ-CP", "NQ 202/2025/QH15", "NĐ 150/2025/NĐ-CP"

# In each district, by position of the old communes: who merges, and who is split.
_PAIR, _TRIPLE, _SPLIT = (1, 3), (4, 5, 6), 8
_WITH_TRIPLE, _WITH_SPLIT = frozenset({1, 2, 3, 5}), frozenset({0, 4, 6, 7})
_NEW_CITY_WARDS = frozenset({10, 11, 12})
_KEPT_PRIMARY_SCHOOLS = 5

_NEW_DEPARTMENTS = ("Sở Nông nghiệp và Môi trường", "Sở Dân tộc và Tôn giáo")
DEPARTMENT_SUCCESSIONS = (
    ("merge", ("so-nong-nghiep-va-phat-trien-nong-thon", "so-tai-nguyen-va-moi-truong"), (FARMING,), None),
    ("merge", ("so-ke-hoach-va-dau-tu",), ("so-tai-chinh",), None),
    ("merge", ("so-giao-thong-van-tai",), ("so-xay-dung",), None),
    ("merge", ("so-thong-tin-va-truyen-thong",), ("so-khoa-hoc-va-cong-nghe",), None),
    (
        "split",
        ("so-lao-dong-thuong-binh-va-xa-hoi",),
        ("so-noi-vu", "so-y-te", "so-giao-duc-va-dao-tao"),
        "so-noi-vu",
    ),
    ("rename", ("ban-dan-toc",), ("so-dan-toc-va-ton-giao",), None),
)
_MOVED = {
    "trung-tam-dich-vu-viec-lam": "so-noi-vu",
    "trung-tam-bao-tro-xa-hoi-tinh": "so-y-te",
    "truong-trung-cap-nghe-an-son": "so-giao-duc-va-dao-tao",
    "trung-tam-khuyen-nong-tinh": FARMING,
    "ban-quan-ly-rung-phong-ho-tinh": FARMING,
    "van-phong-dang-ky-dat-dai-tinh": FARMING,
    "trung-tam-quan-trac-tai-nguyen-va-moi-truong": FARMING,
}
LEFT = ("van-phong-doan-dbqh-va-hdnd-tinh", "co-so-cai-nghien-ma-tuy-tinh")


@dataclass(frozen=True, slots=True)
class NewCommune:
    """A commune or ward of the new tree."""

    place: str
    sort: str  # xã, phường

    @property
    def unit(self) -> str:
        return unit_id(f"{self.sort} {self.place}")


@dataclass(frozen=True, slots=True)
class Regroup:
    """Old communes that become new ones."""

    sources: tuple[OldCommune, ...]
    targets: tuple[NewCommune, ...]

    def succession(self) -> Succession:
        sources = tuple(commune.unit for commune in self.sources)
        targets = tuple(commune.unit for commune in self.targets)
        cases_to = targets[0] if len(targets) > 1 else None
        return Succession(self._kind(), sources, targets, BASIS_COMMUNES, cases_to)

    def _kind(self) -> str:
        if len(self.targets) > 1:
            return "split"
        if len(self.sources) > 1:
            return "merge"
        return "move" if self.sources[0].sort == self.targets[0].sort else "rename"


@dataclass(frozen=True, slots=True)
class Draft:
    """A unit of the new tree before staff is shared out; an amended one names what it amends."""

    unit: str
    name: str
    group: str
    parent: str | None
    kind: Kind
    weight: float
    amends: bool = False


def regroup(old: OldTree) -> list[Regroup]:
    """What becomes of the old communes, district by district."""
    spare = iter(old.spare_names)
    return [group for number in range(8) for group in _regroup_district(old, number, spare)]


def _regroup_district(old: OldTree, number: int, spare: Iterator[str]) -> Iterator[Regroup]:
    communes = [commune for commune in old.communes if commune.district == district_id(number)]
    merges = [_PAIR, _TRIPLE] if number in _WITH_TRIPLE else [_PAIR]
    for position, commune in enumerate(communes):
        merge = next((merge for merge in merges if position in merge), (position,))
        if position != merge[0]:
            continue
        names = [commune.place]
        if position == _SPLIT and number in _WITH_SPLIT:
            names.append(next(spare))
        sort = _new_sort(commune, number, position)
        yield Regroup(tuple(communes[n] for n in merge), tuple(NewCommune(name, sort) for name in names))


def _new_sort(commune: OldCommune, district: int, position: int) -> str:
    if commune.sort == "xã" and not (district == 0 and position in _NEW_CITY_WARDS):
        return "xã"
    return "phường"


def departments(old: OldTree) -> Iterator[Draft]:
    """The two new departments, then the twelve that carry on with more work or less."""
    for name in _NEW_DEPARTMENTS:
        yield Draft(unit_id(name), name, "so", None, Kind.DEPARTMENT, 1.6 if "Nông nghiệp" in name else 0.7)
    ended = {unit for _, sources, _, _ in DEPARTMENT_SUCCESSIONS for unit in sources} | set(LEFT)
    for unit in old.units:
        if unit.group == "so" and unit.unit not in ended:
            yield Draft(unit.unit, unit.name, "so", None, unit.kind, float(unit.staff) / 60, amends=True)


def communes(groups: list[Regroup], old: OldTree) -> Iterator[Draft]:
    """The new communes and wards."""
    staff = {unit.unit: unit.staff for unit in old.units}
    for group in groups:
        weight = sum(staff[commune.unit] for commune in group.sources) / len(group.targets)
        for commune in group.targets:
            ward = commune.sort == "phường"
            name = f"UBND {commune.sort} {commune.place}"
            yield Draft(commune.unit, name, "phuong" if ward else "xa", None, Kind.COMMUNE, weight**0.5)


def desks(groups: list[Regroup]) -> Iterator[Draft]:
    """Each commune's public service desk."""
    for commune in new_communes(groups):
        name = f"Trung tâm Phục vụ hành chính công {commune.sort} {commune.place}"
        yield Draft(unit_id(name), name, "dvsn", commune.unit, Kind.DESK, 1.3 if commune.sort == "phường" else 1.0)


def centres(old: OldTree) -> Iterator[Draft]:
    """The centres that take over from the districts'."""
    for plan in centre_plans():
        kind, weight = _merged(old, plan.sources)
        yield Draft(unit_id(plan.name), plan.name, "dvsn", plan.parent, kind, weight * 0.9)


def health_stations(groups: list[Regroup], old: OldTree) -> Iterator[Draft]:
    """The station of the first commune carries on, its neighbours' join it; a commune split off gets a new one."""
    for group in groups:
        own, *split_off = group.targets
        unit, name = station_of(group.sources[0].place), f"Trạm Y tế {group.sources[0].place}"
        _, weight = _merged(old, tuple(station_of(commune.place) for commune in group.sources))
        yield Draft(unit, name, "dvsn", own.unit, Kind.CLINIC, weight, amends=True)
        for commune in split_off:
            name = f"Trạm Y tế {commune.place}"
            yield Draft(unit_id(name), name, "dvsn", commune.unit, Kind.CLINIC, weight * 0.8)


def station_of(place: str) -> str:
    """The health station of an old commune."""
    return unit_id(f"Trạm Y tế {place}")


def schools(groups: list[Regroup], old: OldTree) -> Iterator[Draft]:
    """Each school goes to the commune it stands in; where both levels were taught, most are joined."""
    joined = set(joined_places(old))
    primary = {unit.unit for unit in old.units if unit.unit.startswith("truong-tieu-hoc-")}
    for group in groups:
        for commune in group.sources:
            parent = group.targets[0].unit
            if commune.place in joined:
                name = f"Trường TH và THCS {commune.place}"
                _, weight = _merged(old, both_schools(commune.place))
                yield Draft(unit_id(name), name, "dvsn", parent, Kind.SCHOOL, weight * 0.9)
                continue
            for unit in both_schools(commune.place):
                if unit in primary or unit.startswith("truong-thcs-"):
                    yield _carried_on(old, unit, parent)


def joined_places(old: OldTree) -> list[str]:
    """Where the primary and the lower secondary school become one."""
    schools = {unit.unit for unit in old.units}
    both = [commune.place for commune in old.communes if both_schools(commune.place)[0] in schools]
    return both[:-_KEPT_PRIMARY_SCHOOLS]


def both_schools(place: str) -> tuple[str, str]:
    """Primary and lower secondary school of an old commune; the first need not exist."""
    return unit_id(f"Trường Tiểu học {place}"), unit_id(f"Trường THCS {place}")


def hospital(old: OldTree) -> Iterator[Draft]:
    """The one hospital that two become."""
    _, weight = _merged(old, HOSPITALS)
    name = "Bệnh viện Mắt - Da liễu tỉnh"
    yield Draft(unit_id(name), name, "dvsn", "so-y-te", Kind.CLINIC, weight * 0.9)


HOSPITALS = ("benh-vien-mat-tinh", "benh-vien-da-lieu-tinh")


def moved(old: OldTree) -> Iterator[Draft]:
    """Service units whose department ended."""
    for unit, parent in _MOVED.items():
        yield _carried_on(old, unit, parent)


def _carried_on(old: OldTree, unit: str, parent: str) -> Draft:
    was = next(known for known in old.units if known.unit == unit)
    return Draft(unit, was.name, was.group, parent, was.kind, float(was.staff), amends=True)


def _merged(old: OldTree, sources: tuple[str, ...]) -> tuple[Kind, float]:
    """Kind of the first source, and the staff of all."""
    found = {unit.unit: unit for unit in old.units if unit.unit in sources}
    return found[sources[0]].kind, float(sum(unit.staff for unit in found.values()))


def new_communes(groups: list[Regroup]) -> list[NewCommune]:
    """The new communes of some groups, in order."""
    return [commune for group in groups for commune in group.targets]
