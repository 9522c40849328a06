"""A province whose notices go outside: receivers as intake would have stored them, and a log that grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from services.kernel.identity.authentication import hash_token
from services.kernel.identity.channels import Seal
from services.kernel.process.settings import Settings
from tests.support.reports_http import NOW, House, running
from tests.support.reports_log import MadeLog

UNIT, OTHER = "xa-tan-hoa", "phuong-dao"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KINDS = ["findings", "decision", "lapse"]


@dataclass
class Sending:
    """A province with heads, receivers and a log that grows."""

    house: House
    database: asyncpg.Connection

    async def account(self, role: str, unit: str | None) -> str:
        token = self.house._tokens[role, unit]
        statement = "SELECT account FROM identity.session WHERE token_hash = $1"
        return str(await self.database.fetchval(statement, hash_token(token)))

    async def add(self, kind: str, account: str, private: dict[str, Any], **columns: Any) -> str:
        """A channel as intake would have stored it."""
        key = str(uuid4())
        given = {"id": key, "kind": kind, "account": account, "created_at": NOW, **columns}
        given["sealed"] = Seal.of(self.house.settings.folder).close(key, private)
        names = ", ".join(given)
        places = ", ".join(f"${number}" for number in range(1, len(given) + 1))
        await self.database.execute(f"INSERT INTO identity.channel ({names}) VALUES ({places})", *given.values())
        return key

    async def hook(self, url: str, unit: str | None = None, kinds: list[str] = KINDS) -> str:
        account = await self.account("unit_head", UNIT)
        return await self.add("webhook", account, {"url": url, "secret": SECRET}, unit=unit, kinds=kinds)

    async def visit(self, *codes: str, unit: str = UNIT) -> tuple[str, list[str]]:
        made, first = self.house.made, len(self.house.made.entries)
        inspection = made.open(unit)
        found = [made.record(unit, inspection, code) for code in codes or ("A01",)]
        made.close(unit, inspection)
        await self.house.grow(first)
        return inspection, found

    async def deliveries(
        self, role: str = "reviewer", unit: str | None = None, query: str = ""
    ) -> list[dict[str, Any]]:
        answer = await self.house.ask(f"/reports/v1/deliveries{query}", role, unit)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def settled(self, state: str, count: int = 1, why: str | None = None) -> list[dict[str, Any]]:
        """Wait until so many deliveries stand so."""
        async with asyncio.timeout(60):
            while True:
                found = await self.deliveries(query=f"?state={state}")
                found = [one for one in found if one["last"] and (why is None or one["last"]["why"] == why)]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)

    async def resend(self, delivery: str) -> httpx.Response:
        """Ask that it be sent again."""
        token = self.house._tokens["reviewer", None]
        path = f"/reports/v1/deliveries/{delivery}/resend"
        return await self.house.client.post(path, headers={"Authorization": f"Bearer {token}"})

    def pass_time(self, seconds: float) -> None:
        clock = self.house.app.state.service.clock
        clock.set(clock.now() + timedelta(seconds=seconds))


@asynccontextmanager
async def sending(settings: Settings) -> AsyncIterator[Sending]:
    made = MadeLog(checked=False, now=NOW - timedelta(hours=1))
    made.genesis()
    for unit in (UNIT, OTHER):
        made.register(unit, f"UBND {unit}")
    database = await asyncpg.connect(settings.database_url)
    async with running(settings) as (app, client):
        house = House(settings, app, client, made)
        for role, unit in (("unit_head", UNIT), ("unit_head", OTHER), ("reviewer", None)):
            await house.ask("/reports/v1/notices", role, unit)
        await house.grow(0)
        yield Sending(house, database)
    await database.close()
