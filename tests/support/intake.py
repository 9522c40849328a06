"""A running intake on a fresh database, with people of every role, for the suites that write."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uuid_utils
from fastapi import FastAPI

from services.intake.app import create_app
from services.intake.people import accounts
from services.intake.writing.service import Service
from services.kernel.identity.authentication import hash_token
from services.kernel.identity.roles import Role
from services.kernel.process.clock import Clock, SettableClock
from services.kernel.process.settings import Settings

NOW = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9/"  # the discard port: no log answers, so no receipts come
UNIT = "xa-tan-hoa"


def fresh() -> str:
    """A new UUIDv7."""
    return str(uuid_utils.uuid7())


@dataclass
class Intake:
    """The app, its state, a client, and who may do what in it."""

    app: FastAPI
    client: httpx.AsyncClient
    clock: SettableClock
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        return self.app.state.service

    async def token(
        self, role: str, unit: str | None = None, account: str | None = None, key: str | None = None
    ) -> str:
        """A token, made once for a role, unit and account."""
        key = key or account or (f"{role}/{unit}" if unit else role)
        if key not in self.tokens:
            async with self.service.pool.acquire() as connection:
                self.tokens[key] = await accounts.issue_token(
                    connection,
                    self.service.settings.source,
                    Role(role),
                    unit,
                    account,
                    self.clock.now() - timedelta(days=400),
                )
        return self.tokens[key]

    async def put(self, who: str, path: str, body: Any, status: int | None = 201, **headers: str) -> httpx.Response:
        """PUT as somebody: a key of `tokens`; bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.client.put(
            f"/intake/v1/{path}",
            content=content,
            headers={"content-type": "application/json", "authorization": f"Bearer {self.tokens.get(who, who)}"}
            | headers,
        )
        assert status is None or answer.status_code == status, answer.text
        return answer

    async def get(self, who: str, path: str, status: int = 200) -> Any:
        """GET as somebody; the parsed answer."""
        answer = await self.client.get(path, headers={"authorization": f"Bearer {self.tokens.get(who, who)}"})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def batch(self, who: str, lines: list[bytes] | list[tuple[str, Any]], **headers: str) -> list[dict[str, Any]]:
        """POST lines; (path, body) pairs are written as PUTs."""
        raw = [line if isinstance(line, bytes) else put_line(*line) for line in lines]
        answer = await self.client.post(
            "/intake/v1/batch",
            content=b"\n".join(raw),
            headers={"content-type": "application/x-ndjson", "authorization": f"Bearer {self.tokens[who]}"} | headers,
        )
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    async def count(self, table: str) -> int:
        return await self.service.pool.fetchval(f"SELECT count(*) FROM {table}")

    async def rows(self) -> dict[str, int]:
        """How much is stored: a refused write changes none of it."""
        tables = (
            "intake.write",
            "intake.outbox",
            "intake.inspection",
            "intake.finding",
            "intake.vault_part",
            "intake.commendation",
            "intake.quarter_closing",
            "identity.unit",
            "identity.unit_version",
            "identity.lineage",
        )
        counted = {table: await self.count(table) for table in tables}
        counted["numbers"] = await self.service.pool.fetchval("SELECT sum(last_seq)::int FROM intake.unit_sequence")
        return counted

    async def events(self) -> list[dict[str, Any]]:
        """The outbox's events in order."""
        return [json.loads(raw) for raw in await self.event_bytes()]

    async def event_bytes(self) -> list[bytes]:
        """Their exact bytes."""
        return [row["bytes"] for row in await self.service.pool.fetch("SELECT bytes FROM intake.outbox ORDER BY id")]

    async def expire(self, who: str) -> None:
        await self.service.pool.execute(
            "UPDATE identity.session SET expires_at = now() - interval '1 s' WHERE token_hash = $1",
            hash_token(self.tokens[who]),
        )


@asynccontextmanager
async def running_intake(
    settings: Settings, now: datetime = NOW, machine: Callable[[SettableClock], Clock] = lambda hands: hands
) -> AsyncIterator[Intake]:
    """A started intake whose clock stands at `now`, or is made of one that does, without a log."""
    clock = SettableClock(now)
    app = create_app(settings.model_copy(update={"audit_url": NOWHERE}), machine(clock))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t", trust_env=False) as client:
            yield Intake(app, client, clock)


def put_line(path: str, body: Any) -> bytes:
    return json.dumps({"method": "PUT", "path": f"/intake/v1/{path}", "body": body}).encode()


def register(unit: str = UNIT, **changes: Any) -> dict[str, Any]:
    return {
        "change": "register",
        "unit": unit,
        "name": f"Đơn vị {unit}",
        "group": "xa",
        "parent": None,
        "staff": 34,
        "valid_from": "2025-07-01",
    } | changes


def opening(unit: str = UNIT, **changes: Any) -> dict[str, Any]:
    return {
        "unit": unit,
        "kind": "unannounced",
        "selection": "random",
        "basis": "12/QĐ-SNV",
        "opened_at": "2026-09-01T07:30:00+07:00",
        "team": [],
    } | changes


def recording(inspection: str, **changes: Any) -> dict[str, Any]:
    return {"inspection": inspection, "code": "A01", "count": 3, "captured_at": "2026-09-01T07:45:12+07:00"} | changes


def closing(**changes: Any) -> dict[str, Any]:
    return {
        "closed_at": "2026-09-01T07:58:00+07:00",
        "assigned": 45,
        "present": 43,
        "excused": {"leave": 1, "duty": 1},
        "unexcused": 0,
        "late": 3,
        "persons_checked": 45,
        "files_checked": 0,
        "private": {"opinion": "Đồng ý."},
        "signed": True,
    } | changes


async def populate(intake: Intake) -> Intake:
    """A parent with two communes, and one of each role over the right things."""
    await intake.token("admin")
    for unit, parent in (("ubnd-tinh", None), (UNIT, "ubnd-tinh"), ("xa-phu-lam", "ubnd-tinh")):
        await intake.put("admin", f"unit-changes/{fresh()}", register(unit, parent=parent))
    for role in ("inspector", "lead", "reviewer", "auditor"):
        await intake.token(role)
    await intake.token("unit_head", UNIT, key="head")
    await intake.token("unit_head", "xa-phu-lam", key="other-head")
    await intake.token("unit_head", "ubnd-tinh", key="parent-head")
    await intake.token("inspector", "xa-phu-lam", key="elsewhere")
    await intake.token("inspector", account="colleague")
    return intake
