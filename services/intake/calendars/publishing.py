"""Publishes a calendar from the command line as one write like any other; a running service notices it."""

from collections.abc import Sequence

from uuid_utils import uuid7

from services.domain.rulefiles import load_catalogues
from services.intake.vault.key import open_vault
from services.intake.writing.commands import Nouns, read_command
from services.intake.writing.keeper import Keeper
from services.intake.writing.senders import Senders
from services.intake.writing.sql import QUERIES
from services.intake.writing.standing import Standing
from services.intake.writing.writes import Writes
from services.kernel.identity.authentication import hash_token
from services.kernel.process.clock import SystemClock
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.kernel.strict_json import parse


async def publish_calendar(settings: Settings, nouns: Nouns, keepers: Sequence[Keeper], token: str, text: str) -> str:
    """Publish a calendar's file as an administrator; the version. A Problem says why it is refused."""
    found = nouns.find(f"/intake/v1/calendars/{uuid7()}")
    assert found is not None  # noqa: S101 - the noun is in the table
    command = read_command(*found, {"file": text}, hash_token(token))
    pool = await open_pool(settings.dsn("intake_app"), name="calendar", size=2)
    # not compared with the log: the running service does that, and says here when the database is behind it
    standing = Standing(compared=True, until=await pool.fetchval(QUERIES.behind_until))
    writes = Writes(
        pool, await open_vault(pool, settings.folder), SystemClock(), settings.origin, settings.source,
        load_catalogues(), Senders(pool), keepers=keepers, standing=standing, demo=lambda: settings.demo,
        wake=lambda: None,
    )  # fmt: skip
    try:
        [answer] = await writes.commit([command])
    finally:
        await writes.close()
        await pool.close()
    if isinstance(answer, Exception):
        raise answer
    return str(parse(answer.body)["version"])
