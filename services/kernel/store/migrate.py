"""Migrations: the roles and schemas, then each schema's own history of handwritten SQL (Alembic)."""

import asyncio
from configparser import ConfigParser
from pathlib import Path

import asyncpg

from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import ROLES, Settings
from services.kernel.store.db import Connection

HERE = Path(__file__).parents[1] / "migrations"
ALEMBIC = HERE / "alembic.ini"
SCHEMAS = ("intake", "audit", "reports", "stream")


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


async def _refuse_newer(settings: Settings) -> None:
    """NewerDatabase before anything is touched, when a schema stands at a version that this program does not know."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        for schema in SCHEMAS:
            version = await _version(connection, schema)
            if version is not None and version not in versions(schema):
                raise NewerDatabase(schema, version)
    finally:
        await connection.close()


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


def upgrade(settings: Settings) -> None:
    """Bring every schema to its newest version; run it outside an event loop (Alembic opens its own)."""
    from alembic import command
    from alembic.config import Config

    for schema in SCHEMAS:
        config = Config(str(ALEMBIC), ini_section=schema)
        config.attributes["dsn"] = settings.dsn(f"{schema}_owner")
        command.upgrade(config, "head")


async def migrate(settings: Settings) -> None:
    """Roles, schemas, tables: all that a database needs before the services start. A repeat changes nothing."""
    await _refuse_newer(settings)
    await prepare_roles(settings)
    await asyncio.to_thread(upgrade, settings)
