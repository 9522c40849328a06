"""The draw of units to be inspected: one seed, a ticket for each candidate, the smallest tickets win. Pure.

Nothing here is random: whoever holds the log computes the same, by hand if need be (docs/draw.md).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from services.domain.units import Directory

METHOD = "kycuong/draw/1"


def candidates(directory: Directory, group: str, day: date, left_out: Collection[str]) -> list[str]:
    """The ids of the units of a group that are valid on a day, less those left out; sorted."""
    return sorted(
        unit for unit in directory.versions
        if unit not in left_out and (version := directory.version(unit, day)) is not None and version.group == group
    )  # fmt: skip


def candidates_root(units: Sequence[str]) -> str:
    """SHA-256 (hex) of sorted ids, each followed by a line feed."""
    return sha256("".join(f"{unit}\n" for unit in units).encode()).hexdigest()


def planned_candidates(directory: Directory, plan: Mapping[str, Any]) -> list[list[str]]:
    """The candidates of each stratum of a plan (its event's data, or its body), by the directory before it."""
    left_out = {*plan.get("exclude", ()), *(one["unit"] for one in plan.get("chosen", ()))}
    day = date.fromisoformat(plan["from"])
    return [candidates(directory, stratum["group"], day, left_out) for stratum in plan["strata"]]


def listed(strata: Sequence[Mapping[str, Any]], units: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Candidates as a plan's event tells of them: `group`, `count`, `root`."""
    return [
        {"group": stratum["group"], "count": len(group), "root": candidates_root(group)}
        for stratum, group in zip(strata, units, strict=True)
    ]


def seed_of(root: bytes, round_id: str, beacon: str) -> str:
    """The seed (hex) of a draw: `root` of the log up to and with the plan, and the beacon, empty without one."""
    return sha256(f"{METHOD}\n{root.hex()}\n{round_id}\n{beacon}\n".encode()).hexdigest()


def ticket_of(seed: str, unit: str) -> str:
    """A unit's ticket (hex)."""
    return sha256(f"{seed}\n{unit}\n".encode()).hexdigest()


def drawn(seed: str, units: Iterable[str], size: int) -> list[str]:
    """The `size` units with the smallest tickets, in their order."""
    return sorted(units, key=lambda unit: ticket_of(seed, unit))[:size]


def draw(
    root: bytes, round_id: str, beacon: str, strata: Sequence[Mapping[str, Any]], units: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """The whole draw, as its event tells it: `group` and `units` for each stratum (`group`, `size`)."""
    seed = seed_of(root, round_id, beacon)
    return [
        {"group": stratum["group"], "units": drawn(seed, group, stratum["size"])}
        for stratum, group in zip(strata, units, strict=True)
    ]
