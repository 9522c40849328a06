"""Migrations: the roles and schemas, then each schema's own history of handwritten SQL (Alembic)."""

import asyncio
import logging
from pathlib import Path

import asyncpg

from services.kernel.settings import ROLES, Settings

ROOT = Path(__file__).parents[2]
SCHEMAS = ("intake", "audit", "reports", "stream")
log = logging.getLogger(__name__)


async def prepare_roles(settings: Settings) -> None:
    """Create the roles with the folder's passwords, and the schemas."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute((ROOT / "deploy/postgres/roles.sql").read_text(encoding="utf-8"))
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
        config = Config(str(ROOT / "deploy/alembic.ini"), ini_section=schema)
        config.attributes["dsn"] = settings.dsn(f"{schema}_owner")
        command.upgrade(config, "head")


async def migrate(settings: Settings) -> None:
    """Roles, schemas, tables: all that a database needs before the services start. A repeat changes nothing."""
    await prepare_roles(settings)
    await asyncio.to_thread(upgrade, settings)
