"""The demo's people: tokens for the load, and a few browser accounts whose random passwords stay in the folder."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

from services.demo.batches import head_of
from services.demo.history import ADMIN, LEAD, REVIEWER
from services.demo.hours import local
from services.demo.schedule import INSPECTORS, PHU_LAM, TAN_HOA
from services.demo.tree import REFORM
from services.intake.channels.store import QUERIES as CHANNELS
from services.intake.channels.store import hash_secret
from services.intake.people import accounts
from services.intake.people.sql import QUERIES
from services.kernel.identity.channels import Seal
from services.kernel.identity.roles import Role
from services.kernel.process.folder import Folder, write_durably
from services.kernel.store.db import Connection, Pool, transaction

FILE = "demo-accounts.json"
IN_POST_SINCE = local(REFORM, time(0))


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody to sign in as: a role code, no person."""

    account: str
    role: str
    unit: str | None
    title: str


ACCOUNTS = (
    DemoAccount(INSPECTORS[0], "inspector", None, "Thành viên đoàn kiểm tra"),
    DemoAccount(LEAD.account, "lead", None, "Trưởng đoàn kiểm tra"),
    DemoAccount(head_of(TAN_HOA).account, "unit_head", TAN_HOA, "Chủ tịch UBND xã Tân Hòa"),
    DemoAccount(head_of(PHU_LAM).account, "unit_head", PHU_LAM, "Chủ tịch UBND xã Phú Lâm (có cảnh báo mới)"),
    DemoAccount(REVIEWER.account, "reviewer", None, "Chuyên viên Sở Nội vụ (xem xét, chốt quý)"),
    DemoAccount("auditor", "auditor", None, "Giám sát nhật ký"),
    DemoAccount(ADMIN.account, "admin", None, "Quản trị danh mục đơn vị, tài khoản"),
)


WRITTEN_TO = tuple(one for one in ACCOUNTS if one.role in ("unit_head", "reviewer"))


class Office:
    """Appoints the demo's people from the reform on, and gives them what they sign in with."""

    def __init__(self, pool: Pool, source: str) -> None:
        self._pool = pool
        self._source = source

    async def open_addresses(self, folder: Folder) -> None:
        """Mail addresses of those who have notices, confirmed and with a weekly digest; once."""
        now, seal = datetime.now(UTC), Seal.of(folder)
        async with transaction(self._pool) as connection:
            for one in WRITTEN_TO:
                if await connection.fetch(CHANNELS.own_channels, "address", one.account):
                    continue
                key, secret = str(uuid4()), secrets.token_urlsafe(9)
                sealed = seal.close(key, {"mail": f"{one.account}@an-son.example", "confirm": secret})
                until, confirm = now + timedelta(days=1), hash_secret(secret)
                await connection.execute(
                    CHANNELS.add_channel, key, "address", one.account, None, None, True, sealed, confirm, until, None,
                    now,
                )  # fmt: skip
                await connection.fetchval(CHANNELS.confirm, key, confirm, now)

    async def token(self, role: str, unit: str | None, account: str) -> str:
        """A bearer token; account and appointment are made if they are missing."""
        now = datetime.now(UTC)
        async with transaction(self._pool) as connection:
            await self._in_post(connection, Role(role), unit, account, now)
            return await accounts.issue_token(connection, self._source, Role(role), unit, account, now)

    async def open_accounts(self, known: Mapping[str, str]) -> None:
        """Let the browser accounts sign in with these passwords."""
        now = datetime.now(UTC)
        async with transaction(self._pool) as connection:
            for one in ACCOUNTS:
                await accounts.add_account(connection, one.account, one.title, known[one.account], now)
                await self._in_post(connection, Role(one.role), one.unit, one.account, now)

    async def _in_post(self, connection: Connection, role: Role, unit: str | None, account: str, now: datetime) -> None:
        if await connection.fetchval(QUERIES.current_appointment, account, role, unit, now) is None:
            await connection.execute(QUERIES.add_account, account, None, None, now)
            await accounts.appoint(connection, self._source, account, role, unit, IN_POST_SINCE, None)


def passwords(folder: Path) -> dict[str, str]:
    """Each account's password: made at random once a folder, kept there for its owner only."""
    path = folder / FILE
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {entry["account"]: entry["password"] for entry in kept}
    made = {account.account: secrets.token_urlsafe(9) for account in ACCOUNTS}
    # written before any is set: a crash here leaves a file that the next start uses as it is
    write_durably(path, json.dumps(_entries(made), ensure_ascii=False, indent=2) + "\n", 0o600)
    return made


def table(known: Mapping[str, str]) -> str:
    """The accounts as lines to print: name, password, what for."""
    width = max(len(account.account) for account in ACCOUNTS)
    return "\n".join(f"  {one.account:<{width}}  {known[one.account]:<14}  {one.title}" for one in ACCOUNTS)


def _entries(made: Mapping[str, str]) -> list[dict[str, str | None]]:
    return [
        {"account": one.account, "password": made[one.account], "role": one.role, "unit": one.unit, "title": one.title}
        for one in ACCOUNTS
    ]
