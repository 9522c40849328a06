"""Where the suite keeps what it throws away again: in memory, where a new database costs a seventh of one on disk."""

import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30  # bytes: a run of three processes takes less than one


def place() -> Path:
    """A folder for temporary ones: in memory if there is enough of it, else the machine's own."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
    return MEMORY if roomy else Path(tempfile.gettempdir())
