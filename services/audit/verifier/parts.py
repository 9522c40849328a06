"""The check of neighbouring bundles: all that needs nothing from elsewhere. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from services.audit.verifier.events import Rules
from services.audit.verifier.faults import BadLog, Fault
from services.kernel.log.merkle import HASH_SIZE
from services.kernel.log.tiles import TILE_WIDTH, split_bundle


class Picking(Protocol):
    """Picks of the entries of a part, each once it is checked, what is handed on to whoever reads along."""

    def take(self, index: int, event: Mapping[str, Any]) -> None:
        """The next entry."""

    def done(self) -> Any:
        """What was picked, as it is handed from process to process."""


Pick = Callable[[], Picking]
KEY_ADDED = "kycuong.log.key_added.v1"


@dataclass(slots=True)
class Run:
    """A unit's events in a part of the log: where the first stands, and the numbers from the first to the last."""

    index: int
    first: int
    last: int


@dataclass(slots=True)
class Part:
    """What a run of neighbouring bundles came to, small enough to be handed from process to process."""

    first: int
    good: int = 0
    roots: list[bytes] = field(default_factory=list)
    leaves: bytes = b""  # of the last bundle, when it is partial or asked for
    ids: bytearray = field(default_factory=bytearray)
    units: dict[str, Run] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    keys: list[str] = field(default_factory=list)
    picked: Any = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What to look at: the tree's size, from which entry on, and which bundle's leaf hashes are asked for."""

    size: int
    since: int = 0
    keep: int | None = None


class PartCheck:
    """Takes neighbouring bundles in order; every check that needs nothing from elsewhere is made as they pass."""

    def __init__(self, task: Task, rules: Rules | None, first: int, pick: Pick | None = None) -> None:
        """Without rules only hashes are checked."""
        self._task, self._rules, self._picking = task, rules, pick() if pick else None
        self.part = Part(first)

    def end(self) -> Part:
        """The part, with what was picked of its entries."""
        if self._picking is not None:
            self.part.picked = self._picking.done()
        return self.part

    def bundle(self, n: int, bundle: bytes, hashes: bytes) -> None:
        """Check a bundle: the entry asked for, its place in the bundle, its bytes and its hash in the level 0 tile."""
        first = n * TILE_WIDTH
        width = min(TILE_WIDTH, self._task.size - first)
        entries, left = split_bundle(bundle)
        leaves = b"".join([sha256(b"\0" + entry).digest() for entry in entries])
        if leaves == hashes and len(entries) == width and not left:
            self._entries(first, entries)
            self._keep(n, width, leaves)
            return
        # what stands before the damage is checked first, so that the lowest fault is the one named
        place, vietnamese, english = _damage(len(entries), len(left), leaves, hashes, width)
        self._entries(first, entries[:place])
        raise BadLog(Fault(first + place, vietnamese, english))

    def _entries(self, first: int, entries: Sequence[bytes]) -> None:
        """Check what the entries say; those before `since` were checked another time."""
        rules, part = self._rules, self.part
        if rules is None:
            part.good += len(entries)
            return
        known = min(max(self._task.since - first, 0), len(entries))
        part.good += known
        for index, raw in enumerate(entries[known:], first + known):
            event = rules.read(index, raw)
            part.ids += bytes.fromhex(event["id"].replace("-", ""))
            self._number(index, event["unit"], event["unitseq"])
            part.types[event["type"]] += 1
            if event["type"] == KEY_ADDED:
                part.keys.append(str(event["data"].get("vkey")))
            if self._picking is not None:
                self._picking.take(index, event)
            part.good += 1

    def _number(self, index: int, unit: str, unitseq: int) -> None:
        run = self.part.units.get(unit)
        if run is None:
            self.part.units[unit] = Run(index, unitseq, unitseq)
        elif unitseq == run.last + 1:
            run.last = unitseq
        else:
            raise BadLog(gap(index, unit, run.last, unitseq))

    def _keep(self, n: int, width: int, leaves: bytes) -> None:
        if width < TILE_WIDTH or n == self._task.keep:
            self.part.leaves = leaves
        if width == TILE_WIDTH:
            self.part.roots.append(tile_root(leaves))


def tile_root(row: bytes) -> bytes:
    """The root of a full tile, given as one run of bytes: half the slicing that a list of hashes takes."""
    while len(row) > HASH_SIZE:
        row = b"".join([sha256(b"\1" + row[i : i + 64]).digest() for i in range(0, len(row), 64)])
    return row


def _damage(held: int, left: int, leaves: bytes, hashes: bytes, width: int) -> tuple[int, str, str]:
    """Where a bundle that does not agree with its tile first goes wrong, and how."""
    wrong = first_difference(leaves, hashes)
    if wrong < min(held, len(hashes) // HASH_SIZE, width):
        return (
            wrong,
            "nội dung không có mã băm mà ô băm ghi cho vị trí này",
            "its bytes do not have the leaf hash that the tile holds",
        )
    if left and held < width:
        return (
            held,
            f"gói bị cắt ngang ở đây: còn {held} sự kiện trọn vẹn trong {width}",
            f"the bundle is cut short here: {held} whole entries of {width}, then {left} bytes that are none",
        )
    if left or held != width:
        return (
            min(held, width),
            f"gói có {held} sự kiện thay vì {width}, thừa {left} byte",
            f"the bundle holds {held} entries instead of {width}, and {left} bytes after them",
        )
    return (
        min(wrong, width - 1),
        f"ô băm tầng 0 dài {len(hashes)} byte thay vì {width * HASH_SIZE}",
        f"the level 0 tile holds {len(hashes)} bytes instead of {width * HASH_SIZE}",
    )


def gap(index: int, unit: str, last: int, unitseq: int) -> Fault:
    """A unit's number that does not follow the one before."""
    return Fault(
        index,
        f"đơn vị {unit} nhảy từ số {last} sang {unitseq}",
        f"unit {unit} goes from number {last} to {unitseq}",
    )


def first_difference(made: bytes, served: bytes) -> int:
    """Which hash of two rows is the first that differs."""
    common = min(len(made), len(served))
    for at in range(0, common, HASH_SIZE):
        if made[at : at + HASH_SIZE] != served[at : at + HASH_SIZE]:
            return at // HASH_SIZE
    return common // HASH_SIZE
