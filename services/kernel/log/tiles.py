"""C2SP tlog-tiles: where a hash lies, what a path names, how entries are bundled. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.kernel.log.merkle import HASH_SIZE, CompactRange, perfect_nodes, perfect_root

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 0xFFFF
_COORDINATE = re.compile(r"(?P<n>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")


class BadTile(ValueError):
    """The path names no tile, or the bytes are not what a tile or bundle holds."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A hash tile: its level, its number and how many hashes it holds (1-256)."""

    level: int
    n: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The path below the log's prefix."""
        return tile_path(self.level, self.n, self.width)


def _coordinate(n: int, width: int) -> str:
    if n < 0 or not 1 <= width <= TILE_WIDTH:
        raise BadTile(f"no tile {n} of width {width}")
    text = f"{n % 1000:03d}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03d}/{text}"
    return text if width == TILE_WIDTH else f"{text}.p/{width}"


def tile_path(level: int, n: int, width: int = TILE_WIDTH) -> str:
    """The path of a hash tile, such as `tile/0/x001/234.p/17`."""
    if not 0 <= level <= MAX_LEVEL:
        raise BadTile(f"no tile level {level}")
    return f"tile/{level}/{_coordinate(n, width)}"


def bundle_path(n: int, width: int = TILE_WIDTH) -> str:
    """The path of an entry bundle, such as `tile/entries/067`."""
    return f"tile/entries/{_coordinate(n, width)}"


def parse_coordinate(text: str) -> tuple[int, int]:
    """The number and width that `x001/067.p/5` names; raises BadTile."""
    match = _COORDINATE.fullmatch(text)
    if match is None:
        raise BadTile(f"not a tile coordinate: {text[:60]!r}")
    n = int(match["n"].replace("/", "").replace("x", ""))
    width = int(match["width"] or TILE_WIDTH)
    if n >= 1 << 56 or _coordinate(n, width) != text:
        raise BadTile(f"not a tile coordinate: {text[:60]!r}")
    return n, width


def width_at(level: int, n: int, size: int) -> int:
    """How many hashes tile n of a level holds in a tree of this size: 0 (absent) to 256."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - n * TILE_WIDTH))


def tiles_of(size: int) -> list[Tile]:
    """Every tile of a tree of this size, a partial one last in its level."""
    tiles, level = [], 0
    while (count := size >> TILE_HEIGHT * level) > 0:
        full, partial = divmod(count, TILE_WIDTH)
        tiles += [Tile(level, n) for n in range(full)]
        if partial:
            tiles.append(Tile(level, full, partial))
        level += 1
    return tiles


def bundles_of(size: int) -> list[tuple[int, int]]:
    """Number and width of every entry bundle of a tree of this size."""
    full, partial = divmod(size, TILE_WIDTH)
    return [(n, TILE_WIDTH) for n in range(full)] + ([(full, partial)] if partial else [])


def tile_of_node(level: int, index: int, size: int) -> Tile:
    """The tile of a tree of this size from which the perfect subtree (level, index) is computed."""
    n = (index << level % TILE_HEIGHT) // TILE_WIDTH
    tile_level = level // TILE_HEIGHT
    width = width_at(tile_level, n, size)
    if (index + 1 << level) > size or width == 0:
        raise BadTile(f"no node {level}/{index} in a tree of {size}")
    return Tile(tile_level, n, width)


def tiles_of_ranges(ranges: Iterable[tuple[int, int]], size: int) -> set[Tile]:
    """The tiles that hold what the hashes of these leaf ranges are computed from."""
    return {tile_of_node(level, index, size) for start, end in ranges for level, index in perfect_nodes(start, end)}


def node_in_tiles(level: int, index: int, size: int, tiles: Mapping[Tile, bytes]) -> bytes:
    """The hash of the perfect subtree (level, index), from the tiles of a tree of this size."""
    tile = tile_of_node(level, index, size)
    height = level % TILE_HEIGHT
    first = (index << height) % TILE_WIDTH
    return perfect_root(split_hashes(tiles[tile])[first : first + (1 << height)])


def split_hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile; raises BadTile."""
    if len(tile) % HASH_SIZE or not 0 < len(tile) <= TILE_WIDTH * HASH_SIZE:
        raise BadTile(f"{len(tile)} bytes are no hash tile")
    return [tile[i : i + HASH_SIZE] for i in range(0, len(tile), HASH_SIZE)]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry after its length in two bytes; raises BadTile for one over 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise BadTile(f"an entry of {len(entry)} bytes does not fit a bundle")
        parts += [len(entry).to_bytes(2), entry]
    return b"".join(parts)


def decode_bundle(bundle: bytes) -> list[bytes]:
    """The entries of a bundle; raises BadTile."""
    entries, left = split_bundle(bundle)
    if left:
        raise BadTile("the entry bundle is cut short")
    return entries


def split_bundle(bundle: bytes) -> tuple[list[bytes], bytes]:
    """The whole entries that a bundle begins with, and the bytes after them: none in a good bundle."""
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    while at < end:
        start = at + 2
        following = start + (bundle[at] << 8 | bundle[start - 1]) if start <= end else end + 1
        if following > end:
            return entries, bundle[at:]
        entries.append(bundle[start:following])
        at = following
    return entries, b""


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that has just become full: its place, its hashes and its own root."""

    level: int
    n: int
    hashes: bytes
    root: bytes


class Edge:
    """The right edge of a growing tree: the partial tile of each level, from which tiles and peaks follow."""

    __slots__ = ("rows", "size")

    def __init__(self, size: int = 0, rows: Iterable[Iterable[bytes]] = ()) -> None:
        self.size = size
        self.rows = [list(row) for row in rows]
        widths = [(size >> TILE_HEIGHT * level) % TILE_WIDTH for level in range(len(self.rows))]
        if [len(row) for row in self.rows] != widths or size >> TILE_HEIGHT * len(self.rows):
            raise ValueError(f"these are not the partial tiles of a tree of {size}")

    def extend(self, leaves: Sequence[bytes]) -> list[FullTile]:
        """Add leaves, given by their hashes, and return the tiles they fill, lower levels first."""
        filled: list[FullTile] = []
        at = 0
        while at < len(leaves):
            room = TILE_WIDTH - (self.size % TILE_WIDTH)
            part = leaves[at : at + room]
            at += len(part)
            self.size += len(part)
            self._add(0, part, filled)
        return filled

    def extend_tiles(self, roots: Iterable[bytes]) -> list[FullTile]:
        """Add full tiles of leaves, given by their roots, at a tile's boundary; the tiles above that they fill."""
        if self.size % TILE_WIDTH:
            raise ValueError(f"a tree of {self.size} does not end with a tile")
        filled: list[FullTile] = []
        self.rows = self.rows or [[]]
        for root in roots:
            self.size += TILE_WIDTH
            self._add(1, [root], filled)
        return filled

    def _add(self, level: int, hashes: Sequence[bytes], filled: list[FullTile]) -> None:
        if level == len(self.rows):
            self.rows.append([])
        row = self.rows[level]
        row.extend(hashes)
        if len(row) == TILE_WIDTH:
            root = perfect_root(row)
            filled.append(FullTile(level, (self.size >> TILE_HEIGHT * (level + 1)) - 1, b"".join(row), root))
            row.clear()
            self._add(level + 1, [root], filled)

    def range(self) -> CompactRange:
        """The compact range of the tree: what a tree head keeps."""
        peaks: list[bytes] = []
        for row in reversed(self.rows):
            at = 0
            while at < len(row):
                width = 1 << ((len(row) - at).bit_length() - 1)
                peaks.append(perfect_root(row[at : at + width]))
                at += width
        return CompactRange(self.size, peaks)

    def copy(self) -> Edge:
        """An independent edge at the same size."""
        return Edge(self.size, self.rows)
