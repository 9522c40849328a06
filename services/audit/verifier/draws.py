"""The check of one draw by the log alone: the candidates, the seed and the tickets are computed anew. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.domain import draw
from services.domain.units import Directory
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.quarters import local_date, parse_instant

_UNIT, _ROUND = "kycuong.unit.", "kycuong.round."
_TOLD = re.compile(rb'"type":"kycuong\.(?:unit|round)\.')
Words = tuple[str, str]
"""In Vietnamese and in English."""


@dataclass(slots=True)
class DrawCheck:
    """Reads the log from its beginning, entry by entry; then says what of one round's draw is not as computed."""

    round: str
    tree: CompactRange = field(default_factory=CompactRange)
    directory: Directory = field(default_factory=Directory)
    plan: dict[str, Any] | None = None
    """The event of the plan."""
    index: int = -1
    root: bytes = b""
    """Of the log up to and with the plan."""
    candidates: list[list[str]] = field(default_factory=list)
    beacons: list[dict[str, Any]] = field(default_factory=list)
    drawn: list[dict[str, Any]] = field(default_factory=list)

    def take(self, raw: bytes) -> None:
        """Take the next entry."""
        self.tree.append(leaf_hash(raw))
        if _TOLD.search(raw) is None:
            return
        event = json.loads(raw)
        kind, data = str(event["type"]), event["data"]
        if kind.startswith(_UNIT):
            self.directory.tell(kind, event["unit"], data)
        elif kind.startswith(_ROUND) and data["round"] == self.round:
            self._take_own(kind.removeprefix(_ROUND), event)

    def _take_own(self, verb: str, event: dict[str, Any]) -> None:
        if verb == "planned.v1" and self.plan is None:
            self.plan, self.index, self.root = event, self.tree.size - 1, self.tree.root()
            self.candidates = draw.planned_candidates(self.directory, event["data"])
        elif verb == "beacon.v1":
            self.beacons.append(event)
        elif verb == "drawn.v1":
            self.drawn.append(event)

    def expected(self) -> dict[str, Any]:
        """What the event of the draw has to say."""
        assert self.plan is not None  # noqa: S101 - asked for only once there is one
        strata = self.plan["data"]["strata"]
        return {
            "round": self.round, "size": self.index + 1, "root": self.root.hex(), "beacon": self.beacon,
            "drawn": draw.draw(self.root, self.round, self.beacon, strata, self.candidates),
        }  # fmt: skip

    @property
    def beacon(self) -> str:
        """What the beacon said; empty without one."""
        return str(self.beacons[0]["data"]["value"]) if self.beacons else ""

    def differences(self) -> Iterator[Words]:
        """What is not as it has to be, the plan first."""
        if self.plan is None:
            yield "nhật ký không có kế hoạch của đợt này", "the log holds no plan of this round"
            return
        yield from self._of_candidates(self.plan["data"])
        yield from self._of_beacon(self.plan)
        if not self.drawn:
            yield "đợt này chưa rút thăm", "the round is not drawn yet"
            return
        if len(self.drawn) > 1:
            yield f"có {len(self.drawn)} lần rút thăm", f"it was drawn {len(self.drawn)} times"
        yield from self._of_draw(self.drawn[0]["data"])

    def _of_candidates(self, plan: dict[str, Any]) -> Iterator[Words]:
        found = draw.listed(plan["strata"], self.candidates)
        for said, made in zip(plan["candidates"], found, strict=False):
            if said != made:
                yield (
                    f"danh sách để rút thăm nhóm {made['group']}: kế hoạch ghi {said['count']} đơn vị, {said['root']}; "
                    f"theo nhật ký là {made['count']}, {made['root']}",
                    f"candidates of {made['group']}: the plan tells of {said['count']}, {said['root']}; by the log "
                    f"there are {made['count']}, {made['root']}",
                )
        if len(plan["candidates"]) != len(found):
            yield "kế hoạch thiếu hoặc thừa nhóm", "the plan's candidates are of other groups"

    def _of_beacon(self, plan: dict[str, Any]) -> Iterator[Words]:
        beacon = plan["data"].get("beacon")
        if beacon is None:
            if self.beacons:
                yield "có kết quả công khai mà kế hoạch không hẹn", "a beacon is told that the plan does not name"
            return
        if date.fromisoformat(beacon["date"]) <= _day(plan):
            yield "ngày của kết quả công khai không sau ngày lập kế hoạch", "the beacon is not of a day after the plan"
        if len(self.beacons) != 1:
            yield f"kết quả công khai được ghi {len(self.beacons)} lần", f"the beacon is told {len(self.beacons)} times"
        for told in self.beacons[:1]:
            yield from _of_value(beacon, plan, told)

    def _of_draw(self, said: dict[str, Any]) -> Iterator[Words]:
        for name, value in self.expected().items():
            if said[name] != value:
                yield (
                    f"{name}: sự kiện ghi {said[name]}; tính ra {value}",
                    f"{name}: told {said[name]}; computed {value}",
                )


def _of_value(beacon: dict[str, Any], plan: dict[str, Any], told: dict[str, Any]) -> Iterator[Words]:
    if _day(told) < date.fromisoformat(beacon["date"]):
        yield "kết quả công khai được ghi trước ngày hẹn", "the beacon is told before its day"
    if re.fullmatch(beacon["pattern"], told["data"]["value"]) is None:
        yield "kết quả công khai không theo mẫu", "the beacon is not as the pattern says"
    if told["data"]["by"]["ref"] == plan["data"]["by"]["ref"]:
        yield "chính người lập kế hoạch ghi kết quả công khai", "whoever planned the round told its beacon"


def _day(event: dict[str, Any]) -> date:
    return local_date(parse_instant(event["time"]))


def described(check: DrawCheck, differences: Sequence[Words]) -> str:
    """The verdict in words, Vietnamese first."""
    if differences:
        return "\n".join(f"KHÔNG ĐẠT / BAD: {vi} / {en}" for vi, en in differences)
    made = check.expected()
    seed = draw.seed_of(check.root, check.round, check.beacon)
    lines = [
        f"ĐẠT / OK: {check.round}: kế hoạch ở mục / planned at entry {check.index}, mã gốc / root {made['root']}",
        f"kết quả công khai / beacon: {check.beacon or '–'}; seed: {seed}",
    ]
    for stratum, units in zip(made["drawn"], check.candidates, strict=True):
        drawn = ", ".join(stratum["units"])
        lines.append(f"{stratum['group']}: {len(stratum['units'])}/{len(units)}: {drawn}")
    return "\n".join(lines)
