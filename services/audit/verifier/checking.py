"""The check of a whole log, put together from its parts. Pure: bytes in, the lowest fault out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from services.audit.verifier.faults import BadLog, Fault, Forked, missing
from services.audit.verifier.parts import Part, first_difference, gap
from services.kernel.log.merkle import HASH_SIZE
from services.kernel.log.note import Checkpoint
from services.kernel.log.tiles import TILE_HEIGHT, TILE_WIDTH, Edge, FullTile, tile_path

ID_SIZE = 16


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
                found.append(gap(run.index, unit, last, run.first))
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
        first = (n * TILE_WIDTH + first_difference(made, served)) * span
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
