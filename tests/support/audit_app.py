"""The audit service in this process, over a log of its own, and what a test asks of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import httpx
import pytest_asyncio
from fastapi import FastAPI

from services.audit.app import create_app
from services.kernel.identity.authentication import hash_token
from services.kernel.log.note import Checkpoint
from services.kernel.process.settings import Settings
from tests.support.events import many
from tests.support.log import Log, open_log

NOW = datetime.now(UTC)
SIZE = 600


class App:
    """The service in this process, asked as a client would."""

    def __init__(self, app: FastAPI, log: Log) -> None:
        self.app, self.log = app, log
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t", trust_env=False)

    async def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return await self.client.get(f"/audit/{path}", headers=headers)

    async def served(self, path: str) -> bytes | None:
        """What a verifier is served at a path."""
        answer = await self.get(path)
        assert answer.status_code in (200, 404), (path, answer.text)
        return answer.content if answer.status_code == 200 else None

    async def problem(self, status: int, path: str, token: str | None = None) -> str:
        """The slug of the problem that a path answers with."""
        answer = await self.get(path, token)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        body = answer.json()
        assert body["status"] == status and body["detail"]
        return str(body["type"]).removeprefix("/problems/")

    async def token(self, role: str, unit: str | None = None, account: str | None = None) -> str:
        account = account or f"{role}-{uuid4().hex[:8]}"
        token, admin = uuid4().hex, self.log.admin
        await admin.execute(
            "INSERT INTO identity.account (account, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING", account, NOW
        )
        await admin.execute(
            "INSERT INTO identity.appointment (id, account, role, unit, valid_from) VALUES ($1, $2, $3, $4, $5)",
            uuid4(),
            account,
            role,
            unit,
            NOW - timedelta(days=1),
        )
        await admin.execute(
            "INSERT INTO identity.session (token_hash, account, kind, role, unit, created_at, expires_at)"
            " VALUES ($1, $2, 'bearer', $3, $4, $5, $6)",
            hash_token(token),
            account,
            role,
            unit,
            NOW,
            NOW + timedelta(hours=8),
        )
        return token

    async def case(self, finding: str, unit: str, severity: int, *team: str) -> None:
        """What intake keeps of a finding, as far as it says who may read of it."""
        inspection, admin = uuid4(), self.log.admin
        await admin.execute(
            "INSERT INTO intake.inspection"
            " (id, unit, kind, selection, basis, opened_at, quarter, catalogue, opener, team, received_at, state)"
            " VALUES ($1, $2, 'planned', 'random', '1', $3, '2026-Q3', '2026.1', 'an', $4, $3, 'open')",
            inspection, unit, NOW, list(team),
        )  # fmt: skip
        await admin.execute(
            "INSERT INTO intake.finding"
            " (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, state)"
            " VALUES ($1, $2, $3, 'A01', '2026.1', $4, 1, $5, '[]', 'an', $5, 'recorded')",
            finding, inspection, unit, severity, NOW,
        )  # fmt: skip

    async def unit(self, unit: str, parent: str | None = None) -> None:
        admin = self.log.admin
        await admin.execute("INSERT INTO identity.unit VALUES ($1, $2)", unit, NOW)
        await admin.execute(
            "INSERT INTO identity.unit_version (unit, valid_from, name, grp, parent, staff)"
            " VALUES ($1, $2, $1, 'xa', $3, 9)",
            unit,
            date(2025, 7, 1),
            parent,
        )

    async def reach(self, size: int) -> Checkpoint:
        """The signed checkpoint, once it covers `size` entries."""
        async with asyncio.timeout(60):
            while True:
                answer = await self.get("checkpoint")
                if answer.status_code == 200:
                    read = Checkpoint.open(answer.text, self.log.signer.verifier)
                    if read.size >= size:
                        return read
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    """The service over a new log, and at the end the check of the whole log."""
    async with open_log(settings) as log:
        made = create_app(settings)
        async with made.router.lifespan_context(made):
            app = App(made, log)
            yield app
            await app.client.aclose()
        await log.admin.execute("UPDATE audit.lease SET expires_at = '-infinity'")
        await log.check()


@pytest_asyncio.fixture
async def filled(app: App) -> App:
    await app.log.publish(many(SIZE, app.log.origin))
    await app.reach(SIZE)
    return app
