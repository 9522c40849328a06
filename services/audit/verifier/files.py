"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(target: Path, body: bytes) -> None:
    """Put a file in place, on the disk before it is there. A crash leaves the old one, and perhaps a `.part` file."""
    with place_beside(target).open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    place_beside(target).replace(target)


def place_beside(target: Path) -> Path:
    """Where a file is written before it takes its place."""
    return target.with_name(f".{target.name}.part")


def sync_path(path: Path) -> None:
    """Make a file, or the names in a folder, last."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
