"""Tile coordinates, bundles, and proofs computed from tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import tiles as other

from services.kernel.log import merkle, tiles
from services.kernel.log.tiles import BadTile, Tile


def build(size: int) -> tuple[list[bytes], dict[Tile, bytes]]:
    """Leaf hashes and every tile of a tree of this size, made level by level."""
    leaves = [merkle.leaf_hash(f"entry {i}".encode()) for i in range(size)]
    made: dict[Tile, bytes] = {}
    row, level = leaves, 0
    while row:
        for n in range(0, len(row), 256):
            part = row[n : n + 256]
            made[Tile(level, n // 256, len(part))] = b"".join(part)
        row = [merkle.perfect_root(row[n : n + 256]) for n in range(0, len(row) - 255, 256)]
        level += 1
    return leaves, made


SIZES = [1, 2, 255, 256, 257, 511, 512, 70_000]


def test_the_paths_of_the_specification() -> None:
    assert tiles.tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tiles.tile_path(1, 0, 17) == "tile/1/000.p/17"
    assert tiles.bundle_path(273, 112) == "tile/entries/273.p/112"


@given(st.integers(0, 10**9), st.integers(1, 256))
def test_paths_agree_with_another_implementation_and_read_back(n: int, width: int) -> None:
    theirs = "/".join(other.tile_path(3, n, width % 256))
    assert tiles.tile_path(3, n, width) == theirs
    assert tiles.parse_coordinate(theirs.removeprefix("tile/3/")) == (n, width)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "0001",
        "x001",
        "000/001",
        "x000/001",
        "001.p/0",
        "001.p/256",
        "001.p/01",
        "001.p/",
        "-01",
        "x001/067/",
        "a",
        "٠٠١",
    ],
)
def test_what_is_no_coordinate_is_refused(text: str) -> None:
    with pytest.raises(BadTile):
        tiles.parse_coordinate(text)


def test_no_path_for_impossible_tiles() -> None:
    for level, n, width in ((64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(BadTile):
            tiles.tile_path(level, n, width)


def test_the_tiles_of_seventy_thousand_entries() -> None:
    listed = tiles.tiles_of(70_000)
    assert len([t for t in listed if t.level == 0 and t.width == 256]) == 273
    assert [t for t in listed if t.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert tiles.tiles_of(0) == []
    assert tiles.bundles_of(513) == [(0, 256), (1, 256), (2, 1)]


@pytest.mark.parametrize("size", SIZES)
def test_the_tiles_of_a_size_are_those_built(size: int) -> None:
    _, made = build(size)
    assert set(tiles.tiles_of(size)) == set(made)
    for tile in made:
        assert tiles.width_at(tile.level, tile.n, size) == tile.width
    assert tiles.width_at(0, size // 256 + 1, size) == 0


@pytest.mark.parametrize("size", SIZES)
def test_proofs_come_from_the_tiles_they_name_alone(size: int) -> None:
    leaves, made = build(size)
    tree = merkle.CompactRange()
    tree.extend(leaves)
    for index in {0, size // 2, size - 1}:
        needed = tiles.tiles_of_ranges(merkle.inclusion_ranges(index, size), size)
        held = {tile: made[tile] for tile in needed}
        proof = merkle.inclusion_proof(index, size, lambda lv, ix, h=held: tiles.node_in_tiles(lv, ix, size, h))
        merkle.verify_inclusion(leaves[index], index, size, proof, tree.root())


def test_a_node_outside_the_tree_is_refused() -> None:
    with pytest.raises(BadTile):
        tiles.tile_of_node(8, 1, 300)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_read_back(entries: list[bytes]) -> None:
    assert tiles.decode_bundle(tiles.encode_bundle(entries)) == entries


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=9), st.integers(1, 30))
def test_a_bundle_cut_short_is_refused(entries: list[bytes], cut: int) -> None:
    whole = tiles.encode_bundle(entries)
    cut = min(cut, len(entries[-1]) + 1)
    with pytest.raises(BadTile):
        tiles.decode_bundle(whole[:-cut])


def test_limits_of_bundles_and_tiles() -> None:
    assert tiles.decode_bundle(tiles.encode_bundle([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(BadTile):
        tiles.encode_bundle([b"x" * 65_536])
    for broken in (b"", b"x" * 31, b"x" * 32 * 257):
        with pytest.raises(BadTile):
            tiles.split_hashes(broken)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6))
def test_an_edge_grows_the_very_tiles_and_root(steps: list[int]) -> None:
    total = sum(steps)
    leaves, made = build(total)
    edge, filled = tiles.Edge(), []
    for at, step in zip([sum(steps[:i]) for i in range(len(steps))], steps, strict=True):
        filled += edge.extend(leaves[at : at + step])
        edge = tiles.Edge(edge.size, edge.rows)
    assert {Tile(t.level, t.n): t.hashes for t in filled} == {t: h for t, h in made.items() if t.width == 256}
    tree = merkle.CompactRange()
    tree.extend(leaves)
    assert (edge.range().size, edge.range().hashes) == (total, tree.hashes)


def test_an_edge_past_a_second_level_tile() -> None:
    leaves, made = build(66_000)
    edge = tiles.Edge()
    filled = edge.extend(leaves)
    assert {Tile(t.level, t.n): t.hashes for t in filled} == {t: h for t, h in made.items() if t.width == 256}
    assert edge.copy().range().root() == edge.range().root()


def test_an_edge_grows_by_whole_tiles_too() -> None:
    leaves, made = build(66_000)
    roots = [merkle.perfect_root(leaves[at : at + 256]) for at in range(0, 65_792, 256)]
    edge = tiles.Edge()
    filled = edge.extend_tiles(roots[:100]) + edge.extend_tiles(iter(roots[100:])) + edge.extend(leaves[65_792:])
    assert {Tile(t.level, t.n): t.hashes for t in filled} == {
        tile: hashes for tile, hashes in made.items() if tile.width == 256 and tile.level
    }
    tree = merkle.CompactRange()
    tree.extend(leaves)
    assert (edge.size, edge.range().hashes) == (66_000, tree.hashes)
    with pytest.raises(ValueError, match="does not end with a tile"):
        edge.extend_tiles(roots[:1])


def test_an_edge_refuses_rows_of_another_size() -> None:
    for size, rows in ((1, []), (256, [[]]), (0, [[b"x" * 32]])):
        with pytest.raises(ValueError, match="not the partial tiles"):
            tiles.Edge(size, rows)
