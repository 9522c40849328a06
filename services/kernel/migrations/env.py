"""One Alembic environment for all schemas: which one, and where its versions lie, is the section of alembic.ini."""

import asyncio
from functools import partial

import asyncpg
from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.kernel.store.upgrade import grant

SCHEMA = context.config.config_ini_section


def run(connection: Connection) -> None:
    """Upgrade one schema; a second process waits at the lock, a long table lock gives up."""
    context.configure(connection=connection, version_table_schema=SCHEMA, transaction_per_migration=True)
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.execute(text("SET lock_timeout = '10s'"))
    connection.execute(text(f"SET search_path = {SCHEMA}"))
    connection.execute(text("SELECT pg_advisory_lock(hashtext('kycuong-migrate'))"))
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text(grant(SCHEMA)))
    connection.commit()


async def main() -> None:
    """Connect as the schema's owner."""
    dsn = context.config.attributes["dsn"]
    connect = partial(asyncpg.connect, dsn)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
