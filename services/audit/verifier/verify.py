"""Verify a whole log from outside: its signature, every leaf, the root, every tile, order and uniqueness."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.audit.verifier.checking import BadLog, LogCheck
from services.audit.verifier.sources import Source, open_source
from services.kernel.merkle import HASH_SIZE
from services.kernel.note import BadNote, Checkpoint, Verifier
from services.kernel.tiles import TILE_WIDTH, Tile, bundle_path, bundles_of, encode_bundle, split_bundle, tile_path

AHEAD = 12  # bundles fetched while one is checked
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying a log came to."""

    ok: bool
    origin: str = ""
    size: int = 0
    root: bytes = b""
    units: int = 0
    checked: int = 0
    unknown_types: dict[str, int] = field(default_factory=dict)
    first_bad_index: int | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The verdict for `--json`."""
        return {
            "ok": self.ok,
            "origin": self.origin,
            "size": self.size,
            "root": base64.b64encode(self.root).decode(),
            "units": self.units,
            "checked": self.checked,
            "unknown_types": self.unknown_types,
            "first_bad_index": self.first_bad_index,
            "error": self.error,
        }


def verify(place: str, vkey: str, token: str | None = None, progress: Progress | None = None) -> Verdict:
    """Verify the log at a URL or in a folder against a verifier key (text, or a file that holds it).

    CannotRead when the log cannot be asked; BadNote when the key itself is broken.
    """
    return asyncio.run(verify_source(open_source(place, token), read_vkey(vkey), progress))


def read_vkey(text: str) -> Verifier:
    """The verifier key given as text or as the name of a file; raises BadNote."""
    try:
        path = Path(text)
        if path.is_file():
            text = path.read_text(encoding="utf-8")
    except OSError:
        pass  # the text of a key can be longer than a file's name may be
    return Verifier.parse(text)


async def verify_source(source: Source, verifier: Verifier, progress: Progress | None = None) -> Verdict:
    """Verify one log; the source is closed afterwards."""
    try:
        checkpoint, _ = await read_checkpoint(source, verifier)
    except BadLog as bad:
        await source.close()
        return Verdict(False, verifier.name, error=bad.why)
    check = LogCheck(checkpoint)
    bad_log: BadLog | None = None
    try:
        await _check_all(source, check, progress)
    except BadLog as bad:
        bad_log = bad
    finally:
        await source.close()
    return Verdict(
        ok=bad_log is None,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        units=check.units,
        checked=check.edge.size,
        unknown_types=check.unknown_types(),
        first_bad_index=bad_log.index if bad_log else None,
        error=str(bad_log) if bad_log else None,
    )


async def read_checkpoint(source: Source, verifier: Verifier) -> tuple[Checkpoint, bytes]:
    """The log's checkpoint and its signed note; BadLog when it is missing or not signed by the key."""
    note = await source.get("checkpoint")
    if note is None:
        raise BadLog(None, "there is no checkpoint here; the log of Kỷ Cương is below /audit/")
    try:
        return Checkpoint.open(note.decode("utf-8"), verifier), note
    except (BadNote, UnicodeDecodeError) as error:
        raise BadLog(None, f"the checkpoint: {error}") from error


async def _check_all(source: Source, check: LogCheck, progress: Progress | None) -> None:
    size = check.checkpoint.size
    async for bundle, hashes in _bundles(source, size):
        for made in check.bundle(bundle, hashes):
            if made.level > 0:
                check.tile(made, await _tile(source, Tile(made.level, made.n)))
        if progress is not None:
            progress(check.edge.size, size)
    for level, row in enumerate(check.edge.rows[1:], 1):
        if row:
            partial = Tile(level, (size >> 8 * level) // TILE_WIDTH, len(row))
            check.tile(partial, await _tile(source, partial))
    check.finish()


async def _bundles(source: Source, size: int) -> AsyncIterator[tuple[bytes, bytes]]:
    """Each entry bundle with its level 0 tile, in order, some fetched ahead."""
    wanted = iter(bundles_of(size))
    running: list[asyncio.Task[tuple[bytes, bytes]]] = []
    try:
        while True:
            while len(running) < AHEAD and (following := next(wanted, None)):
                running.append(asyncio.create_task(_bundle_and_tile(source, *following)))
            if not running:
                return
            yield await running.pop(0)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _bundle_and_tile(source: Source, n: int, width: int) -> tuple[bytes, bytes]:
    bundle, hashes = await asyncio.gather(fetch_bundle(source, n, width), _tile(source, Tile(0, n, width)))
    return bundle, hashes


async def fetch_bundle(source: Source, n: int, width: int) -> bytes:
    """A bundle; a partial one that is gone is cut from the full one. BadLog when it is missing."""
    bundle = await source.get(bundle_path(n, width))
    if bundle is None and width < TILE_WIDTH:
        full = await source.get(bundle_path(n))
        bundle = _cut(full, width) if full is not None else None
    if bundle is None:
        raise BadLog(n * TILE_WIDTH, f"{bundle_path(n, width)} is missing")
    return bundle


def _cut(full: bytes, width: int) -> bytes:
    """The first entries of a bundle; all that is served when it does not hold as many, for the check to judge."""
    entries, _ = split_bundle(full)
    return encode_bundle(entries[:width]) if len(entries) >= width else full


async def _tile(source: Source, tile: Tile) -> bytes:
    """A tile; a partial one that is gone is cut from the full one. BadLog when it is missing."""
    hashes = await source.get(tile.path)
    if hashes is None and tile.width < TILE_WIDTH:
        hashes = await source.get(tile_path(tile.level, tile.n))
        hashes = hashes[: tile.width * HASH_SIZE] if hashes is not None else None
    if hashes is None:
        raise BadLog(tile.n * TILE_WIDTH << 8 * tile.level, f"{tile.path} is missing")
    return hashes
