"""Bearer tokens for tests, made as `kycuong token` makes them."""

from datetime import UTC, datetime

import asyncpg

from services.intake.people.accounts import issue_token
from services.kernel.identity.roles import Role
from services.kernel.process.settings import Settings


async def token_for(settings: Settings, role: str, unit: str | None = None, account: str | None = None) -> str:
    """A token of one role and unit, with its account and appointment."""
    connection = await asyncpg.connect(settings.dsn("intake_app"))
    try:
        return await issue_token(connection, settings.source, Role(role), unit, account, datetime.now(UTC))
    finally:
        await connection.close()
