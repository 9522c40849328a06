"""A copy of the log as files, as served: what a verifier, a static web server or an archive needs.

The copy is made from the root down: a tile is kept once the tile above it holds its hash, a bundle once its level 0
tile does. So every file that is there is part of a log that the key signed, whenever the work was broken off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from services.audit.verifier.checking import extends
from services.audit.verifier.faults import BadLog, Fault, missing
from services.audit.verifier.files import place_beside, replace_file, sync_path
from services.audit.verifier.parts import PartCheck, Task, tile_root
from services.audit.verifier.reading import cut_bundle, prove_extension, read_tile
from services.audit.verifier.sources import FolderSource, Source
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import read_checkpoint
from services.kernel.log.merkle import HASH_SIZE
from services.kernel.log.note import Checkpoint
from services.kernel.log.tiles import TILE_HEIGHT, TILE_WIDTH, Edge, Tile, bundle_path, bundles_of, tiles_of
from services.kernel.progress import Progress

CHECKPOINT = "checkpoint"
BLOCK = 64  # bundles whose tiles are fetched before they are


class Item(NamedTuple):
    """A file to have: its path, the first entry below it, and its proof, which raises BadLog."""

    path: str
    first: int
    prove: Callable[[bytes], None]


def export_log(source: Source, trust: Trust, folder: Path, progress: Progress | None = None) -> Checkpoint:
    """Copy the log into a folder; what is there already is kept, and the checkpoint is put in place last.

    BadLog when it is not signed by the key, a part is missing or wrong, or it does not extend what the folder holds:
    then the folder serves what it served before.
    """
    (checkpoint, _), note = read_checkpoint(source, trust)
    held = _held(folder, trust)
    if held is not None:
        extends(held, checkpoint)
        prove_extension(source, held, checkpoint)
    copy = _Copy(source, folder, checkpoint, held.size if held else 0)
    copy.fill(progress or (lambda done, total: None))
    # A crash before here leaves the old checkpoint, whose files are all still there, beside some of the new ones.
    copy.sync()
    # A crash here, of the machine too, leaves the new files whole beside the old checkpoint: a repeat uses them.
    replace_file(folder / CHECKPOINT, note)
    sync_path(folder)
    # A crash here leaves the new state, and partial files of the old one that nobody asks for: a repeat removes them.
    copy.prune()
    return checkpoint


def _held(folder: Path, trust: Trust) -> Checkpoint | None:
    note = FolderSource(folder).get(CHECKPOINT)
    if note is None:
        return None
    try:
        return Trust(trust.keys).open(note).checkpoint
    except BadLog as bad:
        raise BadLog(
            Fault(None, f"{folder} chứa bản sao của nhật ký khác", f"{folder} holds the copy of another log: {bad}")
        ) from bad


class _Copy:
    """One copying under way: from `source`, up to `checkpoint`, into a folder whole up to `held` entries."""

    def __init__(self, source: Source, folder: Path, checkpoint: Checkpoint, held: int) -> None:
        self._source, self._folder, self._size, self._root = source, folder, checkpoint.size, checkpoint.root
        self._held = held
        self._disk = FolderSource(folder)
        self._fresh: set[Path] = set()

    def fill(self, progress: Progress) -> None:
        """Have every file of the log, each proven when it is written."""
        edge = self._edge()
        roots = list(edge.rows[-1]) if edge.rows else []  # of the full tiles of the level at hand
        for level in reversed(range(1, len(edge.rows) - 1)):
            tiles = self._have(_tile_item(level, n, root) for n, root in enumerate(roots))
            roots = [*_split(b"".join(tiles)), *edge.rows[level]]
        self._entries(roots if len(edge.rows) > 1 else [], progress)
        if edge.rows and edge.rows[0]:
            self._last_bundle(b"".join(edge.rows[0]))

    def _edge(self) -> Edge:
        """The tiles still growing, kept once they give the root that is signed."""
        growing = {tile: read_tile(self._source, tile) for tile in tiles_of(self._size) if tile.width < TILE_WIDTH}
        rows = {tile.level: _split(hashes) for tile, hashes in growing.items()}
        levels = -(-self._size.bit_length() // TILE_HEIGHT)
        try:
            edge = Edge(self._size, [rows.get(level, []) for level in range(levels)])
        except ValueError as error:
            raise BadLog(Fault(None, "ô băm sai độ dài", f"the tiles at the edge: {error}")) from error
        if edge.range().root() != self._root:
            raise BadLog(
                Fault(None, "các ô băm ở rìa không cho ra gốc đã ký", "the tiles at the edge give another root")
            )
        for tile, hashes in growing.items():
            self._write(tile.path, hashes)
        return edge

    def _entries(self, roots: Sequence[bytes], progress: Progress) -> None:
        """Have the full tiles of level 0 and their bundles; those of the state held are whole, if they are there."""
        wanted = [n for n in range(len(roots)) if not self._whole(n)]
        for at in range(0, len(wanted), BLOCK):
            block = wanted[at : at + BLOCK]
            tiles = list(self._have(_tile_item(0, n, roots[n]) for n in block))
            for _ in self._have(_bundle_item(self._size, n, hashes) for n, hashes in zip(block, tiles, strict=True)):
                pass
            progress(len(roots) - len(wanted) + at + len(block), len(roots))

    def _whole(self, n: int) -> bool:
        paths = (Tile(0, n).path, bundle_path(n))
        return n < self._held // TILE_WIDTH and all((self._folder / path).exists() for path in paths)

    def _last_bundle(self, hashes: bytes) -> None:
        n, width = divmod(self._size, TILE_WIDTH)
        item = _bundle_item(self._size, n, hashes)
        body = self._source.get(item.path)
        body = cut_bundle(self._source, n, width) if body is None else body
        item.prove(body)
        self._write(item.path, body)

    def _have(self, items: Iterable[Item]) -> Iterator[bytes]:
        """The files' contents in order: from the folder where they are right, else from the log."""
        wanted = list(items)
        absent = {item.path for item in wanted if not (self._folder / item.path).exists()}
        coming = self._source.get_many(item.path for item in wanted if item.path in absent)
        for item in wanted:
            if item.path not in absent and (held := self._held_right(item)) is not None:
                yield held
                continue
            body = next(coming) if item.path in absent else self._source.get(item.path)
            if body is None:
                raise BadLog(missing(item.path, item.first))
            item.prove(body)
            self._write(item.path, body)
            yield body

    def _held_right(self, item: Item) -> bytes | None:
        """A file that is there already, if it is right: after a crash of the machine it may not be."""
        try:
            body = self._disk.get(item.path) or b""
            item.prove(body)
        except BadLog:
            return None
        self._fresh.add(self._folder / item.path)  # another run may not have come to make it last
        return body

    def _write(self, path: str, body: bytes) -> None:
        """Put a file in place, whole as others see it; it need not last before `sync`."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        place_beside(target).write_bytes(body)
        place_beside(target).replace(target)
        self._fresh.add(target)

    def sync(self) -> None:
        """Make the files that are new, and their names, last."""
        folders = {folder for file in self._fresh for folder in file.parents if folder.is_relative_to(self._folder)}
        for path in (*self._fresh, *folders):
            sync_path(path)

    def prune(self) -> None:
        """Remove partial tiles and bundles of earlier states."""
        wanted = {tile.path for tile in tiles_of(self._size)} | {
            bundle_path(*place) for place in bundles_of(self._size)
        }
        for growing in list((self._folder / "tile").rglob("*.p")):
            for file in list(growing.iterdir()):
                if file.relative_to(self._folder).as_posix() not in wanted:
                    file.unlink()
            if not any(growing.iterdir()):
                growing.rmdir()


def _tile_item(level: int, n: int, root: bytes) -> Item:
    first = n * TILE_WIDTH << TILE_HEIGHT * level
    return Item(Tile(level, n).path, first, partial(_prove_tile, level, n, first, root))


def _prove_tile(level: int, n: int, first: int, root: bytes, hashes: bytes) -> None:
    if len(hashes) != TILE_WIDTH * HASH_SIZE or tile_root(hashes) != root:
        path = Tile(level, n).path
        raise BadLog(
            Fault(
                first,
                f"{path} không có mã băm mà ô băm phía trên ghi",
                f"{path} does not have the hash that the tile above it holds",
            )
        )


def _bundle_item(size: int, n: int, hashes: bytes) -> Item:
    path = bundle_path(n, min(TILE_WIDTH, size - n * TILE_WIDTH))
    check = PartCheck(Task(size), None, n * TILE_WIDTH)
    return Item(path, n * TILE_WIDTH, lambda body: check.bundle(n, body, hashes))


def _split(row: bytes) -> list[bytes]:
    return [row[i : i + HASH_SIZE] for i in range(0, len(row), HASH_SIZE)]
