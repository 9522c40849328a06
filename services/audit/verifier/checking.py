"""The check of a whole log, entry by entry, from what it serves. Pure: bytes in, the lowest fault out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import Any, Protocol
from uuid import UUID

import orjson

from services.kernel.envelope import MAX_EVENT_BYTES, canonical
from services.kernel.log.merkle import HASH_SIZE
from services.kernel.log.note import Checkpoint
from services.kernel.log.tiles import TILE_HEIGHT, TILE_WIDTH, Edge, FullTile, split_bundle, tile_path

ID_SIZE = 16
ERASED = "kycuong.part.erased.v1"
KEY_ADDED = "kycuong.log.key_added.v1"
# A number with a fraction or an exponent where a member's value begins: it has other spellings that parse alike.
_FLOAT = re.compile(rb'":-?[0-9]+[.eE]')


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in Vietnamese and English, and at which entry (None: no one entry is to blame)."""

    index: int | None
    vietnamese: str
    english: str

    def __str__(self) -> str:
        what = f"{self.vietnamese} / {self.english}"
        return what if self.index is None else f"sự kiện {self.index} / entry {self.index}: {what}"


class BadLog(Exception):
    """The log is not what its checkpoint signs: the first bad index, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Forked(BadLog):
    """The log signed two histories: what it serves does not extend what was accepted from it before."""


class Validator(Protocol):
    """Says whether a value has the form that a schema describes, and what it lacks."""

    def is_valid(self, instance: Any) -> bool:
        """Whether it has."""

    def iter_errors(self, instance: Any) -> Iterator[Any]:
        """What it lacks."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an entry of this log must be: its source, and the schema of each event type that is known."""

    source: str
    known: Mapping[str, Validator]
    envelope: Validator

    def read(self, index: int, raw: bytes) -> dict[str, Any]:
        """The event of an entry; BadLog when it is not one, in its one spelling, of this log."""
        event = _parsed(index, raw)
        validator = self.known.get(str(event.get("type")), self.envelope)
        _validate(index, validator, event)
        usual = orjson.dumps(event, option=orjson.OPT_SORT_KEYS) == raw and len(raw) <= MAX_EVENT_BYTES
        if not usual or validator is self.envelope or _FLOAT.search(raw):
            _examine(index, raw)
        if event["source"] != self.source:
            raise BadLog(
                Fault(
                    index,
                    f"nguồn {event['source']} không phải của nhật ký này",
                    f"its source {event['source']} is not this log's",
                )
            )
        return event


def _parsed(index: int, raw: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadLog(Fault(index, "không phải một sự kiện", f"it is no event: {error}")) from None
    if type(event) is not dict:
        raise BadLog(Fault(index, "không phải một sự kiện", "it is no event: not a JSON object"))
    return event


def _validate(index: int, validator: Validator, event: dict[str, Any]) -> None:
    try:
        if validator.is_valid(event):
            return
        found = next(iter(validator.iter_errors(event)))
        why = f"/{'/'.join(map(str, found.instance_path))}: {found.message}"
    except ValueError as error:
        why = str(error)  # nested deeper than a validator follows
    raise BadLog(Fault(index, "sai lược đồ của loại sự kiện", f"not what the schema of its type allows: {why[:300]}"))


def _examine(index: int, raw: bytes) -> None:
    """Compare the bytes with the canonical form by the book: for entries that the quick comparison does not cover."""
    if len(raw) > MAX_EVENT_BYTES:
        raise BadLog(
            Fault(index, f"dài {len(raw)} byte, quá {MAX_EVENT_BYTES}", f"{len(raw)} bytes, over {MAX_EVENT_BYTES}")
        )
    try:
        spelled = canonical(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise BadLog(Fault(index, "không ở dạng chuẩn tắc", f"not in canonical form: {error}")) from None
    if spelled != raw:
        raise BadLog(Fault(index, "không ở dạng chuẩn tắc", "not in canonical form (RFC 8785)"))


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
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What to look at: the tree's size, from which entry on, and which bundle's leaf hashes are asked for."""

    size: int
    since: int = 0
    keep: int | None = None


class PartCheck:
    """Takes neighbouring bundles in order; every check that needs nothing from elsewhere is made as they pass."""

    def __init__(self, task: Task, rules: Rules | None, first: int) -> None:
        """Without rules only hashes are checked."""
        self._task, self._rules = task, rules
        self.part = Part(first)

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
            part.good += 1

    def _number(self, index: int, unit: str, unitseq: int) -> None:
        run = self.part.units.get(unit)
        if run is None:
            self.part.units[unit] = Run(index, unitseq, unitseq)
        elif unitseq == run.last + 1:
            run.last = unitseq
        else:
            raise BadLog(_gap(index, unit, run.last, unitseq))

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
    wrong = _first_difference(leaves, hashes)
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


def _gap(index: int, unit: str, last: int, unitseq: int) -> Fault:
    return Fault(
        index,
        f"đơn vị {unit} nhảy từ số {last} sang {unitseq}",
        f"unit {unit} goes from number {last} to {unitseq}",
    )


def _first_difference(made: bytes, served: bytes) -> int:
    common = min(len(made), len(served))
    for at in range(0, common, HASH_SIZE):
        if made[at : at + HASH_SIZE] != served[at : at + HASH_SIZE]:
            return at // HASH_SIZE
    return common // HASH_SIZE


@dataclass(frozen=True, slots=True)
class Seen:
    """What was accepted of a log: its last checkpoint, and what a later check goes on from."""

    checkpoint: Checkpoint
    note: str
    rows: Sequence[Sequence[bytes]]  # of the tree's right edge
    units: Mapping[str, int]
    types: Mapping[str, int]
    keys: Sequence[str]

    @property
    def size(self) -> int:
        """How many entries were accepted."""
        return self.checkpoint.size

    @property
    def bundle(self) -> int:
        """The bundle that the next entry comes in."""
        return self.size // TILE_WIDTH


class LogCheck:
    """Puts the parts of a log together in order: tree, ids, numbers; and demands that it extends what was accepted."""

    def __init__(self, checkpoint: Checkpoint, seen: Seen | None = None, known: bytes | None = None) -> None:
        """`known` are the ids of what was accepted, when only what came after it is checked."""
        self.checkpoint, self.seen, self.known = checkpoint, seen, known
        self.edge = Edge()
        self.ids = bytearray()
        self.last: dict[str, int] = {}
        self.types: Counter[str] = Counter()
        self.keys: list[str] = []
        self.since = self.reached = 0
        self._known = set(_ids(known or b""))
        self._rewritten: tuple[int, int] | None = None  # the entries among which the first differs from what was seen
        if seen is not None and known is not None:
            self.since = self.reached = seen.size
            self.last, self.types, self.keys = dict(seen.units), Counter(seen.types), list(seen.keys)
            self.edge = Edge(seen.bundle * TILE_WIDTH, [[], *seen.rows[1:]] if seen.rows else [])

    def grow(self, part: Part) -> list[FullTile]:
        """Add a part's hashes to the tree; the tiles above level 0 that it fills."""
        self._compare_with_seen(part.leaves)
        filled = self.edge.extend_tiles(part.roots)
        if len(part.leaves) < TILE_WIDTH * HASH_SIZE:
            self.edge.extend(_hashes(part.leaves))
        return filled

    def _compare_with_seen(self, leaves: bytes) -> None:
        """When the tree stands where the accepted one ended: is it the same up to there?"""
        seen = self.seen
        if seen is None or self.edge.size != seen.bundle * TILE_WIDTH or self._rewritten is not None:
            return
        rows = [_hashes(leaves)[: seen.size % TILE_WIDTH], *self.edge.rows[1:]]
        for level in reversed(range(len(seen.rows))):
            ours = rows[level] if level < len(rows) else []
            for at, (then, now) in enumerate(zip(seen.rows[level], ours, strict=False)):
                if then != now:
                    first = ((seen.size >> TILE_HEIGHT * (level + 1)) * TILE_WIDTH + at) << TILE_HEIGHT * level
                    self._rewritten = (first, first + (1 << TILE_HEIGHT * level) - 1)
                    return

    def faults(self, part: Part) -> list[Fault]:
        """Take what a part's entries say; its own fault, and ids and numbers that do not fit what came before."""
        found = self._repeated(part) + ([part.fault] if part.fault else [])
        for unit, run in part.units.items():
            last = self.last.get(unit, 0)
            if run.first != last + 1:
                found.append(_gap(run.index, unit, last, run.first))
            self.last[unit] = run.last
        self.types += part.types
        self.keys += part.keys
        self.reached = max(self.reached, part.first + part.good)
        return found

    def _repeated(self, part: Part) -> list[Fault]:
        fresh, before = _ids(part.ids), len(self._known)
        self._known.update(fresh)
        if len(self._known) == before + len(fresh):
            self.ids += part.ids
            return []
        earlier = {*_ids(self.known or b""), *_ids(self.ids)}
        for index, found in enumerate(fresh, max(part.first, self.since)):
            if found in earlier:
                text = UUID(bytes=found)
                return [Fault(index, f"mã {text} đã có trong nhật ký", f"the id {text} is in the log already")]
            earlier.add(found)
        return []

    def tile(self, level: int, n: int, made: bytes, served: bytes | None) -> Fault | None:
        """Compare a tile above level 0 with the roots of the full tiles below it."""
        span = TILE_WIDTH**level
        if served is None:
            return missing(tile_path(level, n), n * TILE_WIDTH * span)
        if served == made:
            return None
        first = (n * TILE_WIDTH + _first_difference(made, served)) * span
        return Fault(
            first,
            f"ô băm tầng {level} không có mã băm của các sự kiện {first} đến {first + span - 1}",
            f"tile/{level}/… does not hold the hash of entries {first} to {first + span - 1}",
        )

    def finish(self) -> None:
        """Compare size and root with the checkpoint, and the tree with the accepted one; BadLog, Forked."""
        self._compare_with_seen(b"")
        tree = self.edge.range()
        if tree.size != self.checkpoint.size:
            raise BadLog(
                Fault(
                    tree.size,
                    f"nhật ký hết ở đây, mốc kiểm chứng ký {self.checkpoint.size} sự kiện",
                    f"the log ends here, its checkpoint signs {self.checkpoint.size} entries",
                )
            )
        if tree.root() != self.checkpoint.root:
            raise BadLog(
                Fault(
                    None,
                    "mọi sự kiện khớp với mọi ô băm, nhưng gốc của chúng không phải gốc đã ký" + self._where()[0],
                    "every entry agrees with every tile, but their root is not the one signed" + self._where()[1],
                )
            )
        if self._rewritten is not None and self.seen is not None:
            first, last = self._rewritten
            raise Forked(
                Fault(
                    first if first == last else None,
                    f"không nối tiếp {self.seen.size} sự kiện đã chấp nhận trước đây" + self._where()[0],
                    f"it does not extend the {self.seen.size} entries accepted before" + self._where()[1],
                )
            )

    def _where(self) -> tuple[str, str]:
        if self._rewritten is None:
            return "", ""
        first, last = self._rewritten
        return (
            f"; khác biệt đầu tiên trong khoảng {first}–{last}",
            f"; the first difference is among entries {first} to {last}",
        )

    def accepted(self, note: str) -> Seen:
        """What to remember once everything held."""
        return Seen(self.checkpoint, note, self.edge.rows, self.last, self.types, self.keys)


def missing(path: str, index: int) -> Fault:
    """A bundle or tile that the checkpoint covers is not served."""
    return Fault(index, f"thiếu {path}", f"{path} is missing")


def extends(old: Checkpoint, new: Checkpoint) -> None:
    """Compare a checkpoint with an earlier one, as far as that is possible without the log; Forked."""
    if new.size < old.size:
        raise Forked(
            Fault(
                None,
                f"chỉ còn {new.size} sự kiện, trước đây đã chấp nhận {old.size}: bị cắt bớt, hoặc là bản cũ",
                f"only {new.size} entries, {old.size} were accepted before: some are gone, or it is an old copy",
            )
        )
    if new.size == old.size and new.root != old.root:
        raise Forked(
            Fault(
                None,
                f"hai gốc khác nhau cùng được ký cho {old.size} sự kiện",
                f"two different roots are signed for {old.size} entries",
            )
        )


def parts_of(size: int, since: int, cut: int | None, length: int) -> list[tuple[int, int]]:
    """The runs of bundles [first, end) to be checked, each `length` long; the bundle `cut` is a run of its own."""
    first, end = since // TILE_WIDTH, -(-size // TILE_WIDTH)
    marks = {*range(first, end, length), end}
    marks |= {mark for mark in (cut, cut + 1) if first < mark < end} if cut is not None else set()
    return list(pairwise(sorted(marks))) if first < end else []


def _hashes(row: bytes) -> list[bytes]:
    return [row[i : i + HASH_SIZE] for i in range(0, len(row), HASH_SIZE)]


def _ids(run: bytes | bytearray) -> list[bytes]:
    whole = bytes(run)
    return [whole[i : i + ID_SIZE] for i in range(0, len(whole), ID_SIZE)]
