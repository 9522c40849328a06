"""A real PostgreSQL for the suite: one cluster a run, one database a test, cloned from a migrated template."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from services.kernel.process.folder import Folder
from services.kernel.process.settings import ROLES, Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import DATABASE, EmbeddedPostgres
from tests.support import memory

# a test's cluster may lose data with the machine's power; a killed process loses nothing either way
FAST = {
    "fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "256MB",
    "scram_iterations": "1",  # each connection computes them, and there are ten thousand
}  # fmt: skip


class Cluster:
    """The run's server, with a migrated database to clone."""

    def __init__(self, folder: Folder, url: str) -> None:
        self.folder = folder
        self.url = url

    def url_of(self, database: str) -> str:
        """The administrator's connection string of one database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    @asynccontextmanager
    async def database(self, data: Path, **overrides: object) -> AsyncIterator[Settings]:
        """Settings of a fresh database, with a data folder of its own; dropped afterwards."""
        name = await self.create()
        try:
            self.admit(data)
            yield Settings(data=data, database_url=self.url_of(name), **overrides)  # type: ignore[arg-type]
        finally:
            await self.drop(name)

    async def create(self, template: str = DATABASE) -> str:
        """The name of a new database like another one, which nobody may be using."""
        name = f"test_{uuid4().hex[:12]}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    async def drop(self, name: str) -> None:
        """Remove a database, whoever is still using it."""
        await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def admit(self, data: Path) -> None:
        """Let a data folder's services in: the roles belong to the cluster, so their passwords do."""
        folder = Folder(data).prepare()
        for role in ROLES:
            shutil.copy(self.folder.secrets_dir / f"db_{role}", folder.secrets_dir)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url_of("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start, migrate, and at the end stop and remove the run's server."""
    path = Path(tempfile.mkdtemp(prefix="kc-pg-", dir=memory.place()))
    folder = Folder(path).prepare()
    server = EmbeddedPostgres(folder, FAST)
    try:
        asyncio.run(_started(server, folder))
        yield Cluster(folder, server.url)
    finally:
        asyncio.run(server.stop())
        shutil.rmtree(path, ignore_errors=True)


async def _started(server: EmbeddedPostgres, folder: Folder) -> None:
    await server.start()
    await migrate(Settings(data=folder.path, database_url=server.url))
