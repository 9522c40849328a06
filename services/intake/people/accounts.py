"""Accounts, appointments and tokens: what an operator with the folder's secrets may do, used by the command line."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.intake.people.local_sign_in import HASHER, verify
from services.intake.people.sql import QUERIES
from services.intake.writing.events import Numbers, system_event
from services.intake.writing.sql import QUERIES as WRITING
from services.intake.writing.storing import lock_units, store_writes
from services.kernel.envelope import derived_id
from services.kernel.identity.authentication import READING_PREFIX, READS_PUBLISHED, hash_token
from services.kernel.identity.roles import Role
from services.kernel.quarters import rfc3339
from services.kernel.store.db import Connection

TOKEN_LIFE = timedelta(hours=8)
_ASSUMED, _LEFT = "kycuong.post.assumed.v1", "kycuong.post.left.v1"


class UnknownUnit(ValueError):
    """The unit was never registered."""


class BehindLog(RuntimeError):
    """The database is behind the log: what is told to the log now would get a number that was given before."""


class UnknownAccount(ValueError):
    """There is no such account."""


class DisabledAccount(ValueError):
    """The account is disabled."""


async def issue_token(
    connection: Connection, source: str, role: Role, unit: str | None, account: str | None, now: datetime
) -> str:
    """A bearer token of one role and unit for 8 hours; makes account and appointment if they are missing.

    UnknownUnit when the unit was never registered, DisabledAccount when the account is disabled.
    """
    name = account or (f"{role}-{unit}" if unit else str(role))
    async with connection.transaction():
        await _require_unit(connection, unit)
        await connection.execute(QUERIES.add_account, name, None, None, now)
        if await connection.fetchval(QUERIES.account_state, name):
            raise DisabledAccount(name)
        if await connection.fetchval(QUERIES.current_appointment, name, role, unit, now) is None:
            await _appoint(connection, source, name, role, unit, now)
        token = secrets.token_urlsafe(32)
        await connection.execute(QUERIES.open_session, hash_token(token), name, "bearer", role, unit, TOKEN_LIFE)
    return token


async def issue_reading_token(
    connection: Connection, account: str, life: timedelta, now: datetime, secret: str | None = None
) -> str:  # fmt: skip
    """A bearer token without any appointment, which reads published editions; makes the account if it is missing.

    Of a given secret it is made once. DisabledAccount when the account is disabled.
    """
    token = f"{READING_PREFIX}{secret or secrets.token_urlsafe(32)}"
    async with connection.transaction():
        await connection.execute(QUERIES.add_account, account, None, None, now)
        if await connection.fetchval(QUERIES.account_state, account):
            raise DisabledAccount(account)
        await connection.execute(QUERIES.open_reading, hash_token(token), account, READS_PUBLISHED, life)
    return token


async def add_account(
    connection: Connection, name: str, display_name: str | None, password: str | None, now: datetime
) -> bool:
    """Make an account, or give a known one another password or display name; whether it is new.

    Another password ends every session and token that the account has: whoever knew the old one is out. The same one
    again changes nothing.
    """
    kept = await connection.fetchval(QUERIES.password_hash, name)
    same = password is None or (kept is not None and verify(kept, password))
    hashed = None if same or password is None else HASHER.hash(password)
    async with connection.transaction():
        status = await connection.execute(QUERIES.add_account, name, display_name, hashed, now)
        if status.endswith(" 1"):
            return True
        await connection.execute(QUERIES.change_account, name, display_name, hashed)
        if hashed is not None:
            await connection.execute(QUERIES.end_sessions, name)
    return False


async def set_disabled(connection: Connection, name: str, *, disabled: bool) -> None:
    """Disable an account, which ends its sessions and tokens, or enable it; UnknownAccount when there is none.

    Its name, its appointments and what it wrote stay as they are.
    """
    async with connection.transaction():
        change = QUERIES.disable_account if disabled else QUERIES.enable_account
        if await connection.fetchval(change, name) is None:
            raise UnknownAccount(name)
        if disabled:
            await connection.execute(QUERIES.end_sessions, name)


async def revoke(connection: Connection, ids: Sequence[str]) -> list[str]:
    """End the sessions and tokens with these ids (as they are listed); those that there were."""
    return [row["id"] for row in await connection.fetch(QUERIES.revoke_sessions, list(ids))]


async def revoke_all(connection: Connection, name: str) -> int:
    """End all sessions and tokens of an account; how many. UnknownAccount when there is none."""
    if await connection.fetchval(QUERIES.account_state, name) is None:
        raise UnknownAccount(name)
    return int((await connection.execute(QUERIES.end_sessions, name)).split()[-1])


async def appoint(
    connection: Connection,
    source: str,
    name: str,
    role: Role,
    unit: str | None,
    begins: datetime,
    ends: datetime | None,
    now: datetime | None = None,
) -> UUID:
    """Appoint an account (told at `now`, by default at its beginning); a head's time goes to the log under a random id.

    UnknownUnit or UnknownAccount when there is none.
    """
    async with connection.transaction():
        await _require_unit(connection, unit)
        if await connection.fetchval(QUERIES.account_state, name) is None:
            raise UnknownAccount(name)
        return await _appoint(connection, source, name, role, unit, begins, ends, now)


async def end_appointment(connection: Connection, source: str, id: UUID, now: datetime) -> bool:
    """End an appointment now; whether it was still running."""
    async with connection.transaction():
        row = await connection.fetchrow(QUERIES.end_appointment, id, now)
        if row is not None and row["tenure"] is not None:
            await _tell(connection, source, _LEFT, id, row["tenure"], row["unit"], now, now)
    return row is not None


async def recall(connection: Connection, ref: str, name: str) -> bool:
    """Say whose pseudonym this was that a restore made unknown; whether it was unknown. UnknownAccount without one."""
    async with connection.transaction():
        if await connection.fetchval(QUERIES.account_state, name) is None:
            raise UnknownAccount(name)
        quarter = await connection.fetchval(QUERIES.recall_ref, ref)
        if quarter is not None:
            await connection.execute(QUERIES.recall_pseudonym, name, quarter, ref)
            await connection.execute(QUERIES.recall_person, name, ref)
        # a crash before here leaves the person as unknown as before
    return quarter is not None


async def _require_unit(connection: Connection, unit: str | None) -> None:
    if unit is not None and await connection.fetchval(QUERIES.unit_exists, unit) is None:
        raise UnknownUnit(unit)


async def _appoint(
    connection: Connection,
    source: str,
    name: str,
    role: Role,
    unit: str | None,
    begins: datetime,
    ends: datetime | None = None,
    now: datetime | None = None,
) -> UUID:
    now = now or begins
    id = uuid4()  # noqa: A001 - the column's own name
    tenure = uuid4() if role is Role.UNIT_HEAD and unit is not None else None
    await connection.execute(QUERIES.add_appointment, id, name, role, unit, begins, ends, tenure)
    if tenure is not None and unit is not None:
        await _tell(connection, source, _ASSUMED, id, tenure, unit, now, begins)
        if ends is not None:
            await _tell(connection, source, _LEFT, id, tenure, unit, now, ends)
    return id


async def _tell(
    connection: Connection,
    source: str,
    type: str,
    appointment: UUID,
    tenure: UUID,
    unit: str,
    time: datetime,
    at: datetime,
) -> None:
    last = await lock_units(connection, [unit])
    if not last or await connection.fetchval(WRITING.behind_until) is not None:
        raise BehindLog
    numbers = Numbers(last)
    event = system_event(
        source, derived_id(str(appointment), type, 1), type, f"post/{tenure}", time, unit, numbers.next(unit),
        {"tenure": str(tenure), "at": rfc3339(at)},
    )  # fmt: skip
    await store_writes(connection, [], [event], numbers, time)
