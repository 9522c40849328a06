"""What becomes of the service units of eight districts: some go on one by one, others are joined. Pure."""

from dataclasses import dataclass

from services.demo.before import district_name
from services.demo.names import unit_id

FARMING = "so-nong-nghiep-va-moi-truong"


@dataclass(frozen=True, slots=True)
class CentrePlan:
    """District centres that become one centre of the province."""

    kind: str
    name: str
    parent: str
    sources: tuple[str, ...]


def centre_plans() -> list[CentrePlan]:
    """Health and training centres one by one, the others of two, four or all eight districts together."""
    places = [district_name(n) for n in range(8)]
    areas = [place.removeprefix("huyện ").removeprefix("thành phố ") for place in places]
    plans = [
        _plan("rename", f"Trung tâm Y tế khu vực {area}", "so-y-te", "Trung tâm Y tế", [place])
        for place, area in zip(places, areas, strict=True)
    ]
    plans += [
        _plan("move", f"Trung tâm GDNN - GDTX {area}", "so-giao-duc-va-dao-tao", "Trung tâm GDNN - GDTX", [place])
        for place, area in zip(places, areas, strict=True)
    ]
    culture, sports = "Trung tâm Văn hóa, Thông tin và Thể thao", "so-van-hoa-the-thao-va-du-lich"
    projects = "Ban Quản lý dự án đầu tư xây dựng"
    farming, land = "Trung tâm Dịch vụ nông nghiệp", "Trung tâm Phát triển quỹ đất"
    for n in range(4):
        pair = places[2 * n : 2 * n + 2]
        plans.append(_plan("merge", f"Trung tâm Văn hóa, Thể thao khu vực {n + 1}", sports, culture, pair))
        plans.append(_plan("merge", f"Trung tâm Dịch vụ nông nghiệp khu vực {n + 1}", FARMING, farming, pair))
    for n in range(2):
        half = places[4 * n : 4 * n + 4]
        plans.append(_plan("merge", f"Ban Quản lý dự án khu vực {n + 1}", "so-xay-dung", projects, half))
    return [*plans, _plan("merge", "Trung tâm Phát triển quỹ đất tỉnh", FARMING, land, places)]


def _plan(kind: str, name: str, parent: str, source: str, places: list[str]) -> CentrePlan:
    return CentrePlan(kind, name, parent, tuple(unit_id(f"{source} {place}") for place in places))
