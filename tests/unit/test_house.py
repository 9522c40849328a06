"""The house stays one that can be read: few rooms on few floors, and no circle; a folder of a service is one room."""

from collections.abc import Mapping
from functools import cache

import grimp
import pytest

LIMITS = {"intake": (26, 10), "reports": (18, 9), "audit": (30, 10), "kernel": (20, 5), "domain": (20, 3)}
Plan = Mapping[str, set[str]]


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("services", cache_dir=None)


def rooms(service: str) -> Plan:
    """Each room with the rooms that it imports."""
    root = f"services.{service}."
    modules = {name for name in graph().modules if name.startswith(root) and ".migrations" not in name}
    plan: dict[str, set[str]] = {name.removeprefix(root).split(".")[0]: set() for name in modules}
    for name in modules:
        for used in graph().find_modules_directly_imported_by(name) & modules:
            plan[name.removeprefix(root).split(".")[0]].add(used.removeprefix(root).split(".")[0])
    return {room: used - {room} for room, used in plan.items()}


def floors(plan: Plan) -> list[set[str]]:
    """The rooms by floor, each above all that it imports; a circle stands on no floor."""
    built: list[set[str]] = []
    while rest := {room: used for room, used in plan.items() if not any(room in floor for floor in built)}:
        below = set().union(*built)
        floor = {room for room, used in rest.items() if used <= below}
        assert floor, f"a circle among {sorted(rest)}"
        built.append(floor)
    return built


@pytest.mark.parametrize("service", LIMITS)
def test_a_service_has_few_rooms_on_few_floors_and_no_circle(service: str) -> None:
    most, highest = LIMITS[service]
    plan = rooms(service)
    assert len(plan) > 3
    assert len(plan) <= most
    assert len(floors(plan)) <= highest


def test_a_circle_is_found() -> None:
    with pytest.raises(AssertionError, match=r"a circle among \['a', 'b'\]"):
        floors({"a": {"b"}, "b": {"a"}, "c": set()})


def test_files_do_not_import_each_other_in_a_circle() -> None:
    modules = {name for name in graph().modules if name.startswith("services.") and ".migrations" not in name}
    floors({name: graph().find_modules_directly_imported_by(name) & modules - {name} for name in modules})
