"""The tree before 1 July 2025: 20 departments, 8 districts, 108 communes, 388 service units. Pure."""

from dataclasses import dataclass
from random import Random

from services.demo.names import CITY, DISTRICTS, commune_names, shares, unit_id
from services.demo.tree import BEFORE, Kind, Unit

# Officials of departments and districts, of communes, and employees of service units: 12.471 together.
STAFF_OFFICES, STAFF_COMMUNES, STAFF_SERVICE = 1_356, 2_234, 8_881

DEPARTMENTS = (
    "Văn phòng UBND tỉnh",
    "Văn phòng Đoàn ĐBQH và HĐND tỉnh",
    "Sở Nội vụ",
    "Sở Tư pháp",
    "Sở Tài chính",
    "Sở Kế hoạch và Đầu tư",
    "Sở Công Thương",
    "Sở Nông nghiệp và Phát triển nông thôn",
    "Sở Tài nguyên và Môi trường",
    "Sở Xây dựng",
    "Sở Giao thông vận tải",
    "Sở Khoa học và Công nghệ",
    "Sở Thông tin và Truyền thông",
    "Sở Văn hóa, Thể thao và Du lịch",
    "Sở Giáo dục và Đào tạo",
    "Sở Y tế",
    "Sở Lao động - Thương binh và Xã hội",
    "Thanh tra tỉnh",
    "Ban Dân tộc",
    "Ban Quản lý các khu công nghiệp",
)

PROVINCIAL = {
    "so-y-te": (
        (Kind.CLINIC, "Bệnh viện Đa khoa tỉnh", 12.0),
        (Kind.CLINIC, "Bệnh viện Đa khoa khu vực phía Bắc", 7.0),
        (Kind.CLINIC, "Bệnh viện Đa khoa khu vực phía Nam", 7.0),
        (Kind.CLINIC, "Bệnh viện Sản - Nhi tỉnh", 6.0),
        (Kind.CLINIC, "Bệnh viện Y học cổ truyền tỉnh", 4.0),
        (Kind.CLINIC, "Bệnh viện Phổi tỉnh", 3.0),
        (Kind.CLINIC, "Bệnh viện Tâm thần tỉnh", 3.0),
        (Kind.CLINIC, "Bệnh viện Phục hồi chức năng tỉnh", 3.0),
        (Kind.CLINIC, "Bệnh viện Mắt tỉnh", 2.0),
        (Kind.CLINIC, "Bệnh viện Da liễu tỉnh", 2.0),
        (Kind.CENTRE, "Trung tâm Kiểm soát bệnh tật tỉnh", 3.0),
        (Kind.CENTRE, "Trung tâm Kiểm nghiệm thuốc, mỹ phẩm, thực phẩm", 1.2),
        (Kind.CENTRE, "Trung tâm Pháp y", 0.8),
        (Kind.CENTRE, "Trung tâm Giám định y khoa", 0.8),
    ),
    "so-giao-duc-va-dao-tao": (
        (Kind.SCHOOL, "Trường Cao đẳng An Sơn", 4.0),
        (Kind.SCHOOL, "Trung tâm Giáo dục thường xuyên tỉnh", 1.6),
    ),
    "so-lao-dong-thuong-binh-va-xa-hoi": (
        (Kind.DESK, "Trung tâm Dịch vụ việc làm", 1.2),
        (Kind.CENTRE, "Trung tâm Bảo trợ xã hội tỉnh", 1.5),
        (Kind.CENTRE, "Cơ sở cai nghiện ma túy tỉnh", 1.8),
        (Kind.SCHOOL, "Trường Trung cấp nghề An Sơn", 1.8),
    ),
    "so-van-hoa-the-thao-va-du-lich": (
        (Kind.CENTRE, "Thư viện tỉnh", 0.9),
        (Kind.CENTRE, "Bảo tàng tỉnh", 0.9),
        (Kind.CENTRE, "Trung tâm Văn hóa nghệ thuật tỉnh", 1.4),
        (Kind.CENTRE, "Trung tâm Huấn luyện và Thi đấu thể dục thể thao", 1.4),
    ),
    "so-nong-nghiep-va-phat-trien-nong-thon": (
        (Kind.CENTRE, "Trung tâm Khuyến nông tỉnh", 1.2),
        (Kind.CENTRE, "Ban Quản lý rừng phòng hộ tỉnh", 1.5),
    ),
    "so-tai-nguyen-va-moi-truong": (
        (Kind.DESK, "Văn phòng Đăng ký đất đai tỉnh", 3.0),
        (Kind.CENTRE, "Trung tâm Quan trắc tài nguyên và môi trường", 1.2),
    ),
    "so-noi-vu": ((Kind.CENTRE, "Trung tâm Lưu trữ lịch sử tỉnh", 0.8),),
    "so-cong-thuong": ((Kind.CENTRE, "Trung tâm Khuyến công và Xúc tiến thương mại", 0.9),),
}

DISTRICT_CENTRES = (
    (Kind.CLINIC, "Trung tâm Y tế", 3.0),
    (Kind.SCHOOL, "Trung tâm GDNN - GDTX", 1.0),
    (Kind.CENTRE, "Trung tâm Văn hóa, Thông tin và Thể thao", 0.9),
    (Kind.CENTRE, "Ban Quản lý dự án đầu tư xây dựng", 0.8),
    (Kind.CENTRE, "Trung tâm Dịch vụ nông nghiệp", 0.9),
    (Kind.CENTRE, "Trung tâm Phát triển quỹ đất", 0.6),
)
_COMMUNES_OF = (14, 14, 14, 13, 13, 14, 13, 13)
_CITY_WARDS, _PRIMARY_SCHOOLS, _HIGH_SCHOOLS, _BOARDING_SCHOOLS = 10, 60, 30, 4


@dataclass(frozen=True, slots=True)
class OldCommune:
    """A commune of the old tree: its place name, what it was, and its district."""

    place: str
    sort: str  # xã, phường, thị trấn
    district: str
    unit: str


@dataclass(frozen=True, slots=True)
class OldTree:
    """The old units, and the old communes by district in drawn order."""

    units: tuple[Unit, ...]
    communes: tuple[OldCommune, ...]
    spare_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A unit before staff is shared out."""

    unit: str
    name: str
    group: str
    parent: str | None
    kind: Kind
    weight: float


def old_tree(seed: int) -> OldTree:
    """The province of 30 December 2021, as it stood until 30 June 2025."""
    random = Random(f"{seed}/before")
    names = commune_names(random, 109)
    communes = _communes([*names[:105]])
    offices = [_department(name, random) for name in DEPARTMENTS] + [_district(n, random) for n in range(8)]
    service = [*_provincial(random), *_district_centres(random), *_of_communes(communes, random)]
    units = [
        *_staffed(offices, STAFF_OFFICES),
        *_staffed([_commune(commune, random) for commune in communes], STAFF_COMMUNES),
        *_staffed(service, STAFF_SERVICE),
    ]
    return OldTree(tuple(units), tuple(communes), tuple(names[105:]))


def district_name(number: int) -> str:
    """`thành phố An Sơn`, `huyện Vân Khê`, …"""
    return f"thành phố {CITY}" if number == 0 else f"huyện {DISTRICTS[number - 1]}"


def district_id(number: int) -> str:
    """`huyen-van-khe`."""
    return unit_id(district_name(number))


def _communes(drawn: list[str]) -> list[OldCommune]:
    """Three fixed places among the drawn ones: Bình Minh a ward, Tân Hòa and Phú Lâm communes of the first district."""
    places = ["Bình Minh", *drawn]
    places[_COMMUNES_OF[0] + 1 : _COMMUNES_OF[0] + 1] = ["Tân Hòa", "Phú Lâm"]
    communes: list[OldCommune] = []
    for number, size in enumerate(_COMMUNES_OF):
        for n in range(size):
            communes.append(_old_commune(places[len(communes)], _sort_of(number, n), number))
    return communes


def _sort_of(district: int, number: int) -> str:
    if district == 0:
        return "phường" if number < _CITY_WARDS else "xã"
    return "thị trấn" if number == 0 else "xã"


def _old_commune(place: str, sort: str, district: int) -> OldCommune:
    where = CITY if district == 0 else DISTRICTS[district - 1]
    return OldCommune(place, sort, district_id(district), unit_id(f"{sort} {place} {where}"))


def _department(name: str, random: Random) -> _Draft:
    return _Draft(unit_id(name), name, "so", None, Kind.DEPARTMENT, random.uniform(0.7, 1.4))


def _district(number: int, random: Random) -> _Draft:
    name = district_name(number)
    return _Draft(unit_id(name), f"UBND {name}", "other", None, Kind.DISTRICT, random.uniform(1.4, 1.9))


def _commune(commune: OldCommune, random: Random) -> _Draft:
    group = "phuong" if commune.sort == "phường" else "xa"
    name = f"UBND {commune.sort} {commune.place}, {_place_of(commune.district)}"
    return _Draft(commune.unit, name, group, commune.district, Kind.COMMUNE, random.uniform(0.8, 1.25))


def _place_of(district: str) -> str:
    return next(district_name(n) for n in range(8) if district_id(n) == district)


def _provincial(random: Random) -> list[_Draft]:
    drafts = [
        _Draft(unit_id(name), name, "dvsn", parent, kind, weight * 1.5)
        for parent, members in PROVINCIAL.items()
        for kind, name, weight in members
    ]
    schools = [f"Trường THPT {_school_place(n)}" for n in range(_HIGH_SCHOOLS)]
    schools += [f"Trường PT Dân tộc nội trú {DISTRICTS[n]}" for n in range(_BOARDING_SCHOOLS)]
    parent = "so-giao-duc-va-dao-tao"
    return drafts + [
        _Draft(unit_id(name), name, "dvsn", parent, Kind.SCHOOL, random.uniform(1.6, 2.6)) for name in schools
    ]


def _school_place(number: int) -> str:
    district = number % 8
    return f"{CITY if district == 0 else DISTRICTS[district - 1]} {number // 8 + 1}"


def _district_centres(random: Random) -> list[_Draft]:
    return [
        _service(kind, f"{name} {place}", district_id(n), weight * random.uniform(1, 1.5))
        for n in range(8)
        for place in [district_name(n)]
        for kind, name, weight in DISTRICT_CENTRES
    ]


def _of_communes(communes: list[OldCommune], random: Random) -> list[_Draft]:
    """A health station and a lower secondary school in each commune, a primary school in some."""
    primary = set(random.sample(range(len(communes)), _PRIMARY_SCHOOLS))
    drafts = []
    for n, commune in enumerate(communes):
        health = unit_id(f"Trung tâm Y tế {_place_of(commune.district)}")
        drafts.append(_service(Kind.CLINIC, f"Trạm Y tế {commune.place}", health, random.uniform(0.25, 0.4)))
        drafts.append(_service(Kind.SCHOOL, f"Trường THCS {commune.place}", commune.district, random.uniform(0.9, 1.4)))
        if n in primary:
            name = f"Trường Tiểu học {commune.place}"
            drafts.append(_service(Kind.SCHOOL, name, commune.district, random.uniform(0.9, 1.3)))
    return drafts


def _service(kind: Kind, name: str, parent: str, weight: float) -> _Draft:
    return _Draft(unit_id(name), name, "dvsn", parent, kind, weight)


def _staffed(drafts: list[_Draft], total: int) -> list[Unit]:
    staff = shares(total, [draft.weight for draft in drafts])
    return [
        Unit(draft.unit, draft.name, draft.group, draft.parent, count, BEFORE, draft.kind)
        for draft, count in zip(drafts, staff, strict=True)
    ]
