"""A run of bundles, read and checked: here, or in processes of their own on every core."""

from __future__ import annotations

import gc
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context

from services.audit.verifier.events import Rules
from services.audit.verifier.faults import BadLog, Fault, Forked, missing
from services.audit.verifier.parts import Part, PartCheck, Pick, Task
from services.audit.verifier.schemas import rules_of
from services.audit.verifier.sources import CannotRead, Source, open_source
from services.kernel.log.merkle import (
    HASH_SIZE,
    BadProof,
    consistency_proof,
    consistency_ranges,
    range_hash,
    verify_consistency,
)
from services.kernel.log.note import Checkpoint
from services.kernel.log.tiles import (
    TILE_WIDTH,
    Tile,
    bundle_path,
    encode_bundle,
    node_in_tiles,
    split_bundle,
    tile_path,
    tiles_of_ranges,
)

AHEAD = 2  # runs waiting for each process
Run = tuple[int, int]


def read_part(source: Source, task: Task, rules: Rules | None, run: Run, pick: Pick | None = None) -> Part:
    """Read and check the bundles [first, end) with their level 0 tiles; the fault, if any, is in the part."""
    check = PartCheck(task, rules, run[0] * TILE_WIDTH, pick)
    try:
        for n, bundle, hashes in _bundles(source, task.size, run):
            check.bundle(n, bundle, hashes)
    except BadLog as bad:
        check.part.fault = bad.fault
    return check.end()


def _bundles(source: Source, size: int, run: Run) -> Iterator[tuple[int, bytes, bytes]]:
    widths = [(n, min(TILE_WIDTH, size - n * TILE_WIDTH)) for n in range(*run)]
    paths = (path for n, width in widths for path in (bundle_path(n, width), Tile(0, n, width).path))
    answers = source.get_many(paths)
    for n, width in widths:
        bundle, hashes = next(answers), next(answers)
        yield (
            n,
            cut_bundle(source, n, width) if bundle is None else bundle,
            read_tile(source, Tile(0, n, width)) if hashes is None else hashes,
        )


def cut_bundle(source: Source, n: int, width: int) -> bytes:
    """A partial bundle that is gone is cut from the full one; BadLog when that is missing too."""
    full = source.get(bundle_path(n)) if width < TILE_WIDTH else None
    if full is None:
        raise BadLog(missing(bundle_path(n, width), n * TILE_WIDTH))
    entries, _ = split_bundle(full)
    # all that is served when it does not hold as many, for the check to judge
    return encode_bundle(entries[:width]) if len(entries) >= width else full


def read_tile(source: Source, tile: Tile) -> bytes:
    """A tile; a partial one that is gone is cut from the full one. BadLog when it is missing."""
    hashes = source.get(tile.path)
    if hashes is None and tile.width < TILE_WIDTH:
        hashes = source.get(tile_path(tile.level, tile.n))
        hashes = hashes[: tile.width * HASH_SIZE] if hashes is not None else None
    if hashes is None:
        raise BadLog(missing(tile.path, tile.n * TILE_WIDTH << 8 * tile.level))
    return hashes


def prove_extension(source: Source, old: Checkpoint, new: Checkpoint) -> None:
    """Ask the log's own tiles for the proof that the new tree extends the old one; Forked when they give none."""
    tiles = {
        tile: read_tile(source, tile) for tile in tiles_of_ranges(consistency_ranges(old.size, new.size), new.size)
    }
    try:
        proof = consistency_proof(old.size, new.size, lambda level, ix: node_in_tiles(level, ix, new.size, tiles))
        verify_consistency(old.size, new.size, old.root, new.root, proof)
    except (BadProof, ValueError, IndexError) as error:
        raise Forked(
            Fault(
                None,
                f"không chứng minh được rằng nhật ký nối tiếp {old.size} sự kiện đã chấp nhận",
                f"its tiles do not prove that it extends the {old.size} entries accepted before: {error}",
            )
        ) from error


def proven_root(source: Source, size: int, checkpoint: Checkpoint) -> bytes:
    """The root of the log's first entries, by its tiles, proven to lead to the checkpoint; BadLog when it does not."""
    wanted = tiles_of_ranges([(0, size)], checkpoint.size)
    tiles = {tile: read_tile(source, tile) for tile in wanted}
    root = range_hash(0, size, lambda level, ix: node_in_tiles(level, ix, checkpoint.size, tiles))
    prove_extension(source, replace(checkpoint, size=size, root=root), checkpoint)
    return root


@dataclass(frozen=True, slots=True)
class Place:
    """Where a log is, in words that another process can be told."""

    name: str
    token: str | None = None

    def open(self) -> Source:
        """Open it; CannotRead when it is no place."""
        return open_source(self.name, self.token)


def read_parts(
    place: Place, task: Task, origin: str | None, runs: Iterable[Run], jobs: int | None = None, pick: Pick | None = None
) -> Generator[Part]:
    """The runs in order, each read and checked by one of as many processes as there are cores."""
    count = jobs or len(os.sched_getaffinity(0))
    others = set(active_children())
    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin, (place, task, origin, pick))
    coming = deque[Future[Part]]()
    try:
        for run in runs:
            coming.append(pool.submit(_read, run))
            if len(coming) > count * AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    except BrokenProcessPool as error:
        raise CannotRead(
            "một tiến trình kiểm chứng bị dừng (thiếu bộ nhớ?) / a verifying process died (out of memory?)"
        ) from error
    finally:
        if coming:  # nobody waits for what is under way
            killed = set(active_children()) - others
            for process in killed:
                process.kill()
            for process in killed:
                process.join()
            # One that was just telling its part leaves half of it in the pipe; the pool would wait for the rest as long
            # as anybody could still write it, be it this process.
            pool._result_queue._writer.close()  # type: ignore[attr-defined]  # noqa: SLF001
        pool.shutdown(cancel_futures=True)


_mine: tuple[Source, Task, Rules | None]
_pick: Pick | None


def _begin(place: Place, task: Task, origin: str | None, pick: Pick | None) -> None:
    """A process of the pool starts: it has a source of its own, and leaves Ctrl-C to its parent.

    What it makes of events goes in no circles, and looking for some took a tenth of its time.
    """
    global _mine, _pick
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _mine, _pick = (place.open(), task, rules_of(origin) if origin else None), pick


def _read(run: Run) -> Part:
    return read_part(*_mine, run, _pick)


def own_keys(source: Source) -> tuple[str, ...]:
    """The key that the place itself gives; CannotRead when it gives none."""
    found = source.get("vkey")
    if found is None:
        raise CannotRead("ở đây không có khóa của nhật ký, hãy nêu --vkey / no key of the log is here: give --vkey")
    return (found.decode(errors="replace"),)
