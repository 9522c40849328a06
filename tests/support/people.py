"""One of each kind of caller over a small tree of units, in a running installation, for tests of rights."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from services.intake.people.accounts import issue_reading_token, issue_token
from services.kernel.identity.authentication import hash_token
from services.kernel.identity.roles import Role
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings

PARENT, UNIT, OTHER = "ubnd-tinh", "xa-tan-hoa", "xa-phu-lam"


@dataclass(frozen=True, slots=True)
class Person:
    """Who: an account with one appointment (no unit: the province)."""

    role: Role
    unit: str | None = None
    account: str | None = None


PEOPLE = {
    "inspector": Person(Role.INSPECTOR, UNIT, "an"),  # opens inspections, files findings
    "colleague": Person(Role.INSPECTOR, UNIT, "binh"),  # in the team
    "stranger": Person(Role.INSPECTOR, UNIT, "chi"),  # in scope, in no team
    "inspector elsewhere": Person(Role.INSPECTOR, OTHER),
    "lead": Person(Role.LEAD, UNIT),
    "lead elsewhere": Person(Role.LEAD, OTHER),
    "head": Person(Role.UNIT_HEAD, UNIT),
    "head above": Person(Role.UNIT_HEAD, PARENT),
    "head elsewhere": Person(Role.UNIT_HEAD, OTHER),
    "reviewer": Person(Role.REVIEWER),
    "auditor": Person(Role.AUDITOR),
    "admin": Person(Role.ADMIN),
}
NOBODY = ("nobody", "broken", "expired", "revoked")
EVERYBODY = tuple(PEOPLE)


async def issue_tokens(settings: Settings, names: tuple[str, ...]) -> dict[str, str]:
    """A bearer token for each of these people, by name."""
    connection = await asyncpg.connect(settings.dsn("intake_app"))
    try:
        return {name: await _issue(connection, settings, PEOPLE[name]) for name in names}
    finally:
        await connection.close()


async def _issue(connection: asyncpg.Connection, settings: Settings, person: Person) -> str:
    now = datetime.now(UTC)
    return await issue_token(connection, settings.source, person.role, person.unit, person.account, now)


def reading_token_of(folder: Folder) -> str:
    """A token that reads what is published."""

    async def issue() -> str:
        connection = await asyncpg.connect(settings_of(folder).dsn("intake_app"))
        try:
            return await issue_reading_token(connection, "published", timedelta(days=400), datetime.now(UTC))
        finally:
            await connection.close()

    return asyncio.run(issue())


async def spoil_tokens(settings: Settings) -> dict[str, str]:
    """Tokens that were good once: one expired, one revoked; and one that never was."""
    connection = await asyncpg.connect(settings.dsn("intake_app"))
    spoiled = {"expired": "expires_at = now() - interval '1 s'", "revoked": "revoked_at = now()"}
    tokens = {"broken": "not-a-token"}
    try:
        for name, change in spoiled.items():
            tokens[name] = await _issue(connection, settings, PEOPLE["reviewer"])
            statement = f"UPDATE identity.session SET {change} WHERE token_hash = $1"
            assert await connection.execute(statement, hash_token(tokens[name])) == "UPDATE 1"
    finally:
        await connection.close()
    return tokens


def settings_of(folder: Folder) -> Settings:
    """The settings of a folder whose `kycuong run` is running."""
    return Settings(data=folder.path, database_url=folder.secret_text("database_url"))


def tokens_of(folder: Folder, names: tuple[str, ...]) -> dict[str, str]:
    """`issue_tokens` for a test without a loop."""
    return asyncio.run(issue_tokens(settings_of(folder), names))


def spoiled_tokens_of(folder: Folder) -> dict[str, str]:
    """`spoil_tokens` for a test without a loop."""
    return asyncio.run(spoil_tokens(settings_of(folder)))
