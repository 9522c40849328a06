"""Migrations: the roles and schemas, then each schema's own history of handwritten SQL (Alembic)."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from configparser import ConfigParser
from pathlib import Path
from typing import TypeAlias

import asyncpg

from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import ROLES, Settings
from services.kernel.store.db import Connection
from services.kernel.store.upgrade import ALEMBIC, grant, upgrade

HERE = ALEMBIC.parent
PROGRAM = "services.kernel.upgrading"
SCHEMAS = ("intake", "audit", "reports", "stream")
Upgrading: TypeAlias = Callable[[Mapping[str, str]], Awaitable[None]]
log = logging.getLogger(__name__)


class NotMigrated(StartRefused):
    """The database lacks what this program needs of it."""

    def __init__(self, schema: str) -> None:
        super().__init__(
            f"cơ sở dữ liệu chưa sẵn sàng cho bản chương trình này (lược đồ {schema}): hãy chạy `kycuong migrate` với "
            f"cùng --data và KYCUONG_DATABASE_URL, rồi khởi động lại / the database is not ready for this program "
            f"(schema {schema}): run `kycuong migrate` with the same --data and KYCUONG_DATABASE_URL, then start again"
        )


class NewerDatabase(StartRefused):
    """A later program has changed the database; this one would not understand it."""

    def __init__(self, schema: str, version: str) -> None:
        super().__init__(
            f"cơ sở dữ liệu đã được một bản kycuong mới hơn nâng cấp ({schema} {version}): hãy dùng bản đó; chưa có gì "
            f"bị thay đổi / the database was upgraded by a newer kycuong ({schema} {version}): run that version; "
            "nothing has been changed"
        )


class UpgradeFailed(RuntimeError):
    """The process that upgrades ended with an error; says its last words."""

    def __init__(self, said: str) -> None:
        log.debug("upgrading: %s", said)
        super().__init__(said.rpartition("\n")[2])


def versions(schema: str) -> list[str]:
    """The versions of a schema that this program knows, oldest first: the numbers of its files."""
    return [path.name[:4] for path in files_of(schema)]


def files_of(schema: str) -> list[Path]:
    """A schema's migrations, oldest first."""
    ini = ConfigParser(defaults={"here": str(HERE)})
    ini.read(ALEMBIC, encoding="utf-8")
    return sorted(Path(ini[schema]["version_locations"]).glob("[0-9]*.py"))


async def _version(connection: Connection, schema: str) -> str | None:
    """At which version a schema stands; None when it was never made."""
    if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.alembic_version") is None:
        return None
    version = await connection.fetchval(f"SELECT version_num FROM {schema}.alembic_version")
    return None if version is None else str(version)


async def _behind(settings: Settings) -> list[str]:
    """The schemas that are to be upgraded; NewerDatabase when one stands at a version unknown to this program."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        return [schema for schema in SCHEMAS if not await _as_needed(connection, schema)]
    finally:
        await connection.close()


async def _as_needed(connection: Connection, schema: str) -> bool:
    """Whether a schema has its newest version, and its reader may see that."""
    version, known = await _version(connection, schema), versions(schema)
    if version is not None and version not in known:
        raise NewerDatabase(schema, version)
    reader = f"kycuong_{'intake' if schema == 'stream' else schema}_app"
    return version == known[-1] and bool(
        await connection.fetchval("SELECT has_table_privilege($1, $2, 'SELECT')", reader, f"{schema}.alembic_version")
    )


async def check_migrated(settings: Settings, service: str) -> None:
    """NotMigrated or NewerDatabase, unless a service finds its schemas as it needs them."""
    role = f"{service}_app"
    if not settings.folder.has_secret(f"db_{role}"):
        raise NotMigrated(service)
    try:
        connection = await asyncpg.connect(settings.dsn(role), timeout=10)
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError):
        raise NotMigrated(service) from None
    try:
        for schema in (service, "stream") if settings.kafka is None else (service,):
            await _check_schema(connection, schema)
    finally:
        await connection.close()


async def _check_schema(connection: Connection, schema: str) -> None:
    known = versions(schema)
    try:
        version = await _version(connection, schema)
    except asyncpg.InsufficientPrivilegeError:  # made by a program that let nobody look
        raise NotMigrated(schema) from None
    if version is not None and version not in known:
        raise NewerDatabase(schema, version)
    if version != known[-1]:
        raise NotMigrated(schema)


async def prepare_roles(settings: Settings) -> None:
    """Create the roles with the folder's passwords, and the schemas."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute((HERE / "roles.sql").read_text(encoding="utf-8"))
        for role in ROLES:
            password = settings.folder.secret_text(f"db_{role}")  # base64url: nothing to quote
            await connection.execute(f"ALTER ROLE kycuong_{role} PASSWORD '{password}'")
    finally:
        await connection.close()


async def here(dsns: Mapping[str, str]) -> None:
    """Upgrades in this process."""
    await asyncio.to_thread(upgrade, dsns)


async def migrate(settings: Settings, upgrading: Upgrading = here) -> None:
    """Roles, schemas, tables: all that a database needs before the services start. A repeat changes nothing."""
    behind = await _behind(settings)  # before anything is touched
    await prepare_roles(settings)
    owners = {schema: settings.dsn(f"{schema}_owner") for schema in behind}
    older = {schema: dsn for schema, dsn in owners.items() if not await _made(schema, dsn)}
    if older:
        await upgrading(older)


async def _made(schema: str, dsn: str) -> bool:
    """Make a schema that stands at no version by the files that Alembic would run, which then need not be loaded."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": schema, "statement_timeout": "60s"})
    try:
        async with connection.transaction():  # a crash here leaves nothing of the schema
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('kycuong-migrate'))")
            new = await _version(connection, schema) is None
            if new:
                await _make(connection, schema)
        return new
    finally:
        await connection.close()


async def _make(connection: Connection, schema: str) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS alembic_version"
        " (version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)"
    )
    for path in files_of(schema):
        await connection.execute(path.with_suffix(".sql").read_text(encoding="utf-8"))
    await connection.execute("INSERT INTO alembic_version VALUES ($1)", versions(schema)[-1])
    await connection.execute(grant(schema))


async def apart(dsns: Mapping[str, str]) -> None:
    """Upgrades in a process of its own: one that goes on serving has no use for Alembic's 27 MB."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PROGRAM, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        _, said = await program.communicate(json.dumps(dsns).encode())
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    if program.returncode:
        raise UpgradeFailed(said.decode(errors="replace").strip())
