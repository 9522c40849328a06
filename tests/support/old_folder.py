"""A folder as commit 0647b62 left it: cases in every state, frozen editions, a succession, erasures; all made up.

`folder-0647b62.tar.xz` holds the database as `pg_dump` wrote it, the log's folder, the keys of this one installation
that never was (they open nothing else), and `answers.json`: what that program answered.
"""

import json
import subprocess
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from tests.support.postgres import Cluster
from tests.support.restore import PROGRAMS, drop

ARCHIVE = Path(__file__).parents[1] / "vectors/folder-0647b62.tar.xz"
SCHEMAS = ("audit", "identity", "intake", "reports", "stream")
LEFT = datetime(2026, 11, 30, 4, tzinfo=UTC)
"""An hour after that program was stopped: no deadline has passed meanwhile."""


@asynccontextmanager
async def old_folder(cluster: Cluster, data: Path) -> AsyncIterator[tuple[Settings, dict[str, Any]]]:
    """Unpack it, put its database in the place of a fresh one, and upgrade it as `kycuong migrate` does."""
    async with cluster.database(data) as settings:
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(data, filter="data")
        drop(settings, SCHEMAS)
        command = [PROGRAMS / "psql", settings.database_url, "-qXv", "ON_ERROR_STOP=1", "-f", data / "database.sql"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        await migrate(settings)
        yield settings, json.loads((data / "answers.json").read_text(encoding="utf-8"))
