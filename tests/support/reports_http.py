"""The reports app with people to ask it: accounts, appointments and tokens as intake would have made them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.kernel.identity.authentication import hash_token
from services.kernel.log.tiles import TILE_WIDTH, bundle_path, bundles_of, encode_bundle
from services.kernel.process.clock import SettableClock
from services.kernel.process.settings import Settings
from services.kernel.streams import open_stream
from services.kernel.streams.port import Record
from services.reports.app import create_app
from tests.support.instance import free_port
from tests.support.reports_log import MadeLog

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
CLOSED_PORT = "http://127.0.0.1:9/"


async def appoint(
    settings: Settings,
    role: str,
    unit: str | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """A person in a post; his bearer token."""
    account, token = f"{role}-{uuid4().hex[:8]}", uuid4().hex
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute("INSERT INTO identity.account VALUES ($1, null, null, now(), null)", account)
        await connection.execute(
            "INSERT INTO identity.appointment VALUES ($1, $2, $3, $4, $5, $6, null)",
            uuid4(), account, role, unit, datetime(2020, 1, 1, tzinfo=UTC), until,
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO identity.session VALUES ($1, $2, 'bearer', $3, $4, now(), $5, null)",
            hash_token(token), account, role, unit, datetime.now(UTC) + timedelta(hours=8),
        )  # fmt: skip
    finally:
        await connection.close()
    return token


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The app with its loop, and a client of it; the log's HTTP side is away, the stream brings everything."""
    app = create_app(settings.model_copy(update={"audit_url": CLOSED_PORT}), SettableClock(NOW))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://t", trust_env=False) as client,
    ):
        yield app, client


async def publish(settings: Settings, made: MadeLog, first: int = 0) -> None:
    """Bring a log's entries and their checkpoint as the audit service does."""
    (settings.folder.log_dir / "vkey").write_text(made.signer.vkey + "\n")
    records = []
    for index, (raw, trace) in enumerate(zip(made.entries[first:], made.traces[first:], strict=True), first):
        headers = {"kind": "entry", "index": str(index)} | ({"traceparent": trace} if trace else {})
        records.append(Record("-", raw, headers))
    records.append(Record("-", made.note().encode(), {"kind": "checkpoint"}))
    stream = open_stream(settings, "audit")
    await stream.start()
    try:
        await stream.publish(settings.topic("audit.entries"), records)
    finally:
        await stream.stop()


@asynccontextmanager
async def served_log(settings: Settings, made: MadeLog) -> AsyncIterator[Settings]:
    """A log's checkpoint, tiles and bundles over real HTTP, at the address the settings then name."""
    (settings.folder.log_dir / "vkey").write_text(made.signer.vkey + "\n")
    token = f"Bearer {settings.folder.read_token()}"

    async def answer(request: Request) -> Response:
        path = request.path_params["path"]
        if path.removeprefix("v1/") == "checkpoint":
            return Response(made.note())
        if request.headers.get("authorization") != token:
            return Response(status_code=403)
        for number, width in bundles_of(len(made.entries)):
            if path == bundle_path(number, width):
                return Response(encode_bundle(made.entries[number * TILE_WIDTH : number * TILE_WIDTH + width]))
        return Response(status_code=404)

    port = free_port()
    app = Starlette(routes=[Route("/audit/{path:path}", answer)])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        yield settings.model_copy(update={"audit_url": f"http://127.0.0.1:{port}/"})
    finally:
        server.should_exit = True
        await serving


def province() -> MadeLog:
    """A department, a commune with a station below it, a ward, and a closed quarter with findings in three of them."""
    made = MadeLog()
    made.genesis()
    made.register("so-noi-vu", "Sở Nội vụ", "so")
    made.register("xa-tan-hoa", "UBND xã Tân Hòa", "xa")
    made.register("tram-y-te", "Trạm Y tế", "dvsn", "xa-tan-hoa")
    made.register("phuong-dao", "=HYPERLINK(1)", "phuong")
    made.golden("xa-tan-hoa")
    made.golden("tram-y-te")
    made.golden("phuong-dao")
    made.close_quarter()
    return made


async def until(client: httpx.AsyncClient, size: int) -> None:
    """Wait for the fold to stand at a size."""
    deadline = time.monotonic() + 60
    while (found := (await client.get("/reports/readyz")).json()).get("size") != size:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.02)


@dataclass
class House:
    """A running reports service, the log it follows, and whoever asks it."""

    settings: Settings
    app: FastAPI
    client: httpx.AsyncClient
    made: MadeLog
    _tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)

    async def ask(self, path: str, role: str, unit: str | None = None, **headers: str) -> httpx.Response:
        """Ask as somebody in a role."""
        if (role, unit) not in self._tokens:
            self._tokens[role, unit] = await appoint(self.settings, role, unit)
        bearer = {"Authorization": f"Bearer {self._tokens[role, unit]}"}
        return await self.client.get(path, headers=bearer | headers)

    async def grow(self, first: int) -> None:
        """Bring what was appended since, and wait until it is folded."""
        await publish(self.settings, self.made, first)
        await until(self.client, len(self.made.entries))


@asynccontextmanager
async def province_house(settings: Settings) -> AsyncIterator[House]:
    """The province, published and folded."""
    made = province()
    await publish(settings, made)
    async with running(settings) as (app, client):
        await until(client, len(made.entries))
        yield House(settings, app, client, made)
