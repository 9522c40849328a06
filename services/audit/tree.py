"""The stored tree: tiles, bundles, roots and proofs, read from entries and full tiles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from services.audit.errors import Fenced, LogCorrupt
from services.kernel.log import merkle, tiles
from services.kernel.log.merkle import CompactRange
from services.kernel.log.tiles import TILE_HEIGHT, TILE_WIDTH, Edge, Tile
from services.kernel.store.db import Connection, Pool
from services.kernel.store.sql import load_queries

queries = load_queries(Path(__file__).with_name("queries.sql"))
Source = Pool | Connection
REHASH_CHUNK = 2048
POINTS = 200


async def read_tile(source: Source, tile: Tile) -> bytes | None:
    """A tile's hashes, or None while the tree is too small. Partial tiles are made from what lies below them."""
    first = tile.n * TILE_WIDTH
    if tile.width == TILE_WIDTH:
        hashes: bytes | None = await source.fetchval(queries.full_tile, tile.level, tile.n)
        return hashes
    if tile.level == 0:
        row = await source.fetchrow(queries.leaves, first, first + tile.width)
    else:
        row = await source.fetchrow(queries.tile_roots, tile.level - 1, first, first + tile.width)
    return row["hashes"] if row["width"] == tile.width else None


async def read_bundle(source: Source, n: int, width: int) -> bytes | None:
    """An entry bundle, or None while the log is too short."""
    row = await source.fetchrow(queries.bundle, n * TILE_WIDTH, n * TILE_WIDTH + width)
    return row["entries"] if row["width"] == width else None


async def read_tiles(source: Source, wanted: Iterable[Tile]) -> dict[Tile, bytes]:
    """Many tiles; LogCorrupt when one is missing."""
    found = {}
    for tile in wanted:
        hashes = await read_tile(source, tile)
        if hashes is None:
            raise LogCorrupt(f"{tile.path} is missing")
        found[tile] = hashes
    return found


async def range_at(source: Source, size: int) -> CompactRange:
    """The compact range of the first `size` entries, from the stored hashes."""
    held = await read_tiles(source, tiles.tiles_of_ranges([(0, size)], size))
    return CompactRange(size, [tiles.node_in_tiles(lv, ix, size, held) for lv, ix in merkle.perfect_nodes(0, size)])


async def inclusion_proof(source: Source, index: int, size: int) -> list[bytes]:
    """The audit path of an entry in the tree of this size."""
    held = await read_tiles(source, tiles.tiles_of_ranges(merkle.inclusion_ranges(index, size), size))
    return merkle.inclusion_proof(index, size, lambda level, ix: tiles.node_in_tiles(level, ix, size, held))


async def consistency_proof(source: Source, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `new` entries extends the one of `old`."""
    held = await read_tiles(source, tiles.tiles_of_ranges(merkle.consistency_ranges(old, new), new))
    return merkle.consistency_proof(old, new, lambda level, ix: tiles.node_in_tiles(level, ix, new, held))


async def leaves_from_bytes(source: Source, start: int, end: int) -> list[bytes]:
    """The leaf hashes of entries [start, end), made anew from the stored bytes; LogCorrupt when one is missing."""
    if start == end:
        return []
    row = await source.fetchrow(queries.bundle, start, end)
    if row["width"] != end - start:
        raise LogCorrupt(f"entries {start} to {end - 1}: only {row['width']} are stored")
    return [merkle.leaf_hash(entry) for entry in tiles.decode_bundle(row["entries"])]


async def read_edge(source: Source, size: int) -> Edge:
    """The right edge of the tree of this size, rehashed from stored bytes and tiles; LogCorrupt when they disagree."""
    rows: list[list[bytes]] = []
    level = 0
    while size >> TILE_HEIGHT * level:
        width = (size >> TILE_HEIGHT * level) % TILE_WIDTH
        first = (size >> TILE_HEIGHT * level) - width
        rows.append(
            await leaves_from_bytes(source, first, first + width)
            if level == 0
            else await _roots(source, level, first, width)
        )
        level += 1
    return Edge(size, rows)


async def _roots(source: Source, level: int, first: int, width: int) -> list[bytes]:
    """The roots of full tiles below, each computed anew from the tile's hashes."""
    stored = await source.fetch(queries.tiles_from, level - 1, first, first + width)
    if len(stored) != width:
        raise LogCorrupt(f"level {level - 1}: {width - len(stored)} of the tiles from {first} on are missing")
    roots = await asyncio.to_thread(_recompute, [row["hashes"] for row in stored])
    for row, root in zip(stored, roots, strict=True):
        if row["root"] != root:
            raise LogCorrupt(f"{tiles.tile_path(level - 1, row['n'])} does not have the root stored with it")
    return roots


def _recompute(stored: Sequence[bytes]) -> list[bytes]:
    return [merkle.perfect_root(tiles.split_hashes(hashes)) for hashes in stored]


async def grow_edge(source: Source, edge: Edge, size: int) -> Edge:
    """The edge grown to `size`, each new leaf hashed from the stored bytes."""
    grown = edge.copy()
    while grown.size < size:
        end = min(grown.size + REHASH_CHUNK, size)
        grown.extend(await leaves_from_bytes(source, grown.size, end))
    return grown


async def read_head(connection: Connection, epoch: int | None = None) -> tuple[Edge, CompactRange]:
    """The tree head with its right edge rehashed; LogCorrupt when they disagree, Fenced when another epoch rules."""
    row = await connection.fetchrow(queries.read_head)
    if epoch is not None and row["epoch"] != epoch:
        raise Fenced(f"epoch {row['epoch']} rules, not {epoch}")
    edge = await read_edge(connection, row["size"])
    tree = edge.range()
    if tree.hashes != row["peaks"] or tree.root() != row["root"]:
        raise LogCorrupt(f"the tree head of {row['size']} does not match the stored entries and tiles")
    return edge, tree


async def growth_of(source: Source) -> list[tuple[datetime, int]]:
    """When the log had which size: at most 200 checkpoints, evenly spaced by size, the newest last."""
    return [(row["signed_at"], row["size"]) for row in await source.fetch(queries.growth, POINTS - 1)]
