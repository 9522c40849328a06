"""A copy of the log as files, as served: what a verifier, a static web server or an archive needs."""

from __future__ import annotations

from pathlib import Path

from services.audit.verifier.sources import Source
from services.audit.verifier.verify import Progress, read_checkpoint
from services.kernel.note import Checkpoint, Verifier
from services.kernel.tiles import bundle_path, bundles_of, tiles_of

CHECKPOINT = "checkpoint"


class Incomplete(Exception):
    """The log did not answer for a part that its checkpoint covers."""


async def export_log(source: Source, verifier: Verifier, folder: Path, progress: Progress | None = None) -> Checkpoint:
    """Copy the log into a folder; full tiles that are there already are kept. The checkpoint is written last.

    BadLog when the checkpoint is not signed by the key, Incomplete when a part is missing.
    """
    try:
        checkpoint, note = await read_checkpoint(source, verifier)
        paths = [bundle_path(n, width) for n, width in bundles_of(checkpoint.size)]
        paths += [tile.path for tile in tiles_of(checkpoint.size)]
        for done, path in enumerate(paths, 1):
            await _copy(source, path, folder)
            if progress is not None:
                progress(done, len(paths))
        # A crash before here leaves the old checkpoint, which the old files still satisfy.
        _write(folder / CHECKPOINT, note)
    finally:
        await source.close()
    return checkpoint


async def _copy(source: Source, path: str, folder: Path) -> None:
    target = folder / path
    if target.exists():
        return
    body = await source.get(path)
    if body is None:
        raise Incomplete(f"{path} is missing")
    _write(target, body)


def _write(target: Path, body: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    temporary.write_bytes(body)
    temporary.replace(target)
