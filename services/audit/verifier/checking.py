"""The check of a whole log, entry by entry, from what it serves. Pure: bytes in, the first fault out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from services.audit.records import Malformed, envelope_of, read_event
from services.kernel.merkle import HASH_SIZE
from services.kernel.note import Checkpoint
from services.kernel.tiles import TILE_WIDTH, Edge, FullTile, Tile, split_bundle

_FAMILIES = {
    "unit": ("registered", "amended", "succeeded", "closed"),
    "catalogue": ("published",),
    "scoring": ("published",),
    "calendar": ("published",),
    "post": ("assumed", "left"),
    "inspection": ("opened", "closed", "acknowledged"),
    "finding": ("recorded", "withdrawn", "replied", "lapsed", "decided"),
    "commendation": ("recorded",),
    "quarter": ("closed",),
}
KNOWN_TYPES = frozenset(f"kycuong.{family}.{what}.v1" for family, whats in _FAMILIES.items() for what in whats)


class BadLog(Exception):
    """The log is not what its checkpoint signs: the first bad index (None when no one entry is to blame), and why."""

    def __init__(self, index: int | None, why: str) -> None:
        super().__init__(why if index is None else f"entry {index}: {why}")
        self.index = index
        self.why = why


class LogCheck:
    """Takes the bundles of a log in order; every check that an entry can fail is made as it passes."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.edge = Edge()
        self._types: Counter[bytes] = Counter()
        self._source = f"//{checkpoint.origin}/intake".encode()
        self._last: dict[bytes, int] = {}
        self._ids: set[bytes] = set()

    @property
    def units(self) -> int:
        """How many units have events."""
        return len(self._last)

    def unknown_types(self) -> dict[str, int]:
        """Event types this version does not know, with their counts: reported, not bad."""
        counted = {name.decode(errors="replace"): count for name, count in self._types.items()}
        return {name: count for name, count in sorted(counted.items()) if name not in KNOWN_TYPES}

    def bundle(self, bundle: bytes, hashes: bytes) -> list[FullTile]:
        """Check the next entries against the level 0 tile, themselves and all before; the tiles they fill follow."""
        first = self.edge.size
        width = min(TILE_WIDTH, self.checkpoint.size - first)
        entries, left = split_bundle(bundle)
        leaves = [sha256(b"\0" + entry).digest() for entry in entries]
        # of a damaged bundle the whole entries are checked first: the damage begins after them
        _compare(leaves, hashes[: len(leaves) * HASH_SIZE] if left else hashes, first, width, damaged=bool(left))
        for index, entry in enumerate(entries, first):
            self._entry(index, entry)
        if left:
            raise BadLog(first + len(entries), _damage(len(left), len(entries), width))
        return self.edge.extend(leaves)

    def _entry(self, index: int, entry: bytes) -> None:
        found = envelope_of(entry)
        event_id, source, kind, unit, unitseq = found.groups() if found else _slowly(index, entry)
        if source != self._source:
            raise BadLog(index, f"its source {source.decode(errors='replace')} is not this log's")
        if event_id in self._ids:
            raise BadLog(index, f"the id {event_id.decode()} is in the log already")
        self._ids.add(event_id)
        last = self._last.get(unit, 0)
        if int(unitseq) != last + 1:
            raise BadLog(index, f"unit {unit.decode(errors='replace')} goes from number {last} to {int(unitseq)}")
        self._last[unit] = last + 1
        self._types[kind] += 1

    def tile(self, made: FullTile | Tile, served: bytes) -> None:
        """Check a tile above level 0: each of its hashes is the root of a full tile below."""
        hashes = made.hashes if isinstance(made, FullTile) else b"".join(self.edge.rows[made.level])
        if served == hashes:
            return
        wrong = _first_difference(hashes, served)
        first = (made.n * TILE_WIDTH + wrong) * TILE_WIDTH**made.level
        span = TILE_WIDTH**made.level
        raise BadLog(first, f"tile/{made.level}/… does not hold the hash of entries {first} to {first + span - 1}")

    def finish(self) -> None:
        """Compare size and root with the checkpoint."""
        tree = self.edge.range()
        if tree.size != self.checkpoint.size:
            raise BadLog(tree.size, f"the log ends here, its checkpoint signs {self.checkpoint.size} entries")
        if tree.root() != self.checkpoint.root:
            raise BadLog(None, "every entry agrees with every tile, but their root is not the one signed")


def _damage(left: int, held: int, width: int) -> str:
    if held < width:
        return f"the bundle is cut short here: {held} whole entries of {width}, then {left} bytes that are none"
    return f"the bundle goes on after its last entry: {left} bytes too many"


def _compare(leaves: Sequence[bytes], hashes: bytes, first: int, width: int, *, damaged: bool) -> None:
    made = b"".join(leaves)
    if made != hashes:
        raise BadLog(first + _first_difference(made, hashes), "its bytes do not have the leaf hash that the tile holds")
    if len(leaves) != width and not damaged:
        raise BadLog(first + min(len(leaves), width), f"the bundle holds {len(leaves)} entries instead of {width}")


def _first_difference(made: bytes, served: bytes) -> int:
    common = min(len(made), len(served))
    for at in range(0, common, HASH_SIZE):
        if made[at : at + HASH_SIZE] != served[at : at + HASH_SIZE]:
            return at // HASH_SIZE
    return common // HASH_SIZE


def _slowly(index: int, entry: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """The envelope of an entry of unusual form, such as one with a further attribute."""
    try:
        event = read_event(entry, {})
    except Malformed as fault:
        raise BadLog(index, f"it is no event: {fault}") from fault
    kind = json.loads(entry)["type"]
    return event.id.encode(), event.source.encode(), kind.encode(), event.unit.encode(), str(event.unitseq).encode()
