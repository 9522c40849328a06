"""Intake alone on one core: durable single PUTs from 64 clients beside an empty endpoint, and the batch's rate.

`python -m tests.bench intake` measures all in one run.
"""

import asyncio
import json
import multiprocessing
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import httpx
import uuid_utils
import uvicorn
import uvloop
from fastapi import FastAPI, Request
from starlette.responses import Response

from services.intake.findings.forms import RecordFinding
from services.intake.people import accounts
from services.intake.writing.forms import read_form
from services.kernel.identity.roles import PUBLIC, Role
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from services.kernel.strict_json import parse
from services.kernel.web.app import read_body, service_app
from services.kernel.web.protocol import guarded
from tests.bench.limits import Limit, at_least
from tests.support.phone import Phone

CLIENTS = 64
SECONDS = 6.0
ROUNDS = 3
BATCH = 5_000
BOUND_SINGLE, AIM_SINGLE, BOUND_BATCH, BOUND_SIGNED = 0.5, 0.8, 5_000, 0.4
JSON = {"content-type": "application/json"}
UNIT = "xa-tan-hoa"


def empty_app(settings: Settings) -> FastAPI:
    """The same middleware, body reading and body model, and nothing behind them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI):
        yield

    async def raw(request: Request) -> Response:
        read_form(RecordFinding, parse(await read_body(request, 64 * 1024)))
        return Response(b"{}", status_code=201, media_type="application/json")

    async def injected(body: RecordFinding) -> dict[str, str]:
        return {}

    app = service_app("intake", "empty", lifespan)
    app.put("/intake/v1/findings/{id}", openapi_extra=PUBLIC)(raw)
    app.put("/injected/{id}", openapi_extra=PUBLIC, status_code=201)(injected)
    return app


def real_app(settings: Settings) -> FastAPI:
    """Intake itself."""
    from services.intake.app import create_app

    return create_app(settings)


def _serve(
    make: Callable[[Settings], FastAPI], settings: Settings, listener: socket.socket, core: int, stop: Event
) -> None:
    os.sched_setaffinity(0, {core})
    config = uvicorn.Config(make(settings), log_level="warning", access_log=False, server_header=False, http=guarded())
    server = uvicorn.Server(config)

    async def main() -> None:
        async def watch() -> None:
            await asyncio.to_thread(stop.wait)
            server.should_exit = True

        await asyncio.gather(server.serve([listener]), watch())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


@dataclass
class Served:
    """A served app: where, and by which process."""

    port: int
    pid: int

    def busy(self) -> float:
        """Seconds of processor time so far."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(make: Callable[[Settings], FastAPI], settings: Settings, core: int) -> Iterator[Served]:
    """An app in a process of its own, held to one core."""
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        process = context.Process(target=_serve, args=(make, settings, listener, core, stop), daemon=True)
        process.start()
        try:
            yield Served(listener.getsockname()[1], process.pid or 0)
        finally:
            stop.set()
            process.join(10)
            if process.is_alive():
                process.kill()


class Client(asyncio.Protocol):
    """One connection that sends the next request when the answer to the last one is there."""

    def __init__(self, next_request: Callable[[], bytes | None], done: Callable[[int], None]) -> None:
        self._next, self._done = next_request, done
        self._buffer = b""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = self._next()
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if len(rest) >= length:
            self._buffer = b""
            self._done(int(head[9:12]))
            self._send()

    def connection_lost(self, _: Exception | None) -> None:
        self.closed.set_result(None)


async def single(port: int, path: str, token: str, inspection: str, seconds: float) -> float:
    """Accepted PUTs a second from 64 connections; an answer other than 201 ends the run."""
    until = time.monotonic() + seconds
    counted = 0
    captured = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    body = json.dumps({"inspection": inspection, "code": "A01", "count": 3, "captured_at": captured}).encode()
    tail = (
        f" HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body

    def next_request() -> bytes | None:
        return f"PUT {path}{uuid_utils.uuid7()}".encode() + tail if time.monotonic() < until else None

    def done(status: int) -> None:
        nonlocal counted
        if status != 201:
            raise SystemExit(f"status {status}")
        counted += 1

    loop = asyncio.get_running_loop()
    began = time.monotonic()
    clients = [Client(next_request, done) for _ in range(CLIENTS)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
    await asyncio.gather(*(client.closed for client in clients))
    return counted / (time.monotonic() - began)


async def batches(port: int, token: str, inspection: str, count: int, phone: Phone | None = None) -> float:
    """Accepted findings a second in batches of 5,000 lines, each with a narrative to seal, signed by a phone if any."""
    body = {
        "inspection": inspection, "code": "A03", "count": 1,
        "captured_at": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(),
        "private": {"narrative": "Vắng mặt tại phòng lúc 7 giờ 45."},
    }  # fmt: skip

    def line() -> bytes:
        path = f"findings/{uuid_utils.uuid7()}"
        said = phone.sign(path, body) if phone else body
        return json.dumps({"method": "PUT", "path": f"/intake/v1/{path}", "body": said}).encode()

    def lines() -> bytes:
        return b"\n".join(line() for _ in range(BATCH))

    bodies = [lines() for _ in range(count)]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"}
    took = 0.0
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
        if phone is not None:
            told = await client.put(
                f"/intake/v1/devices/{phone.id}", json={"key": phone.public}, headers=headers | JSON
            )
            if told.status_code != 201:
                raise SystemExit(told.text)
        for content in bodies:
            began = time.monotonic()
            answer = await client.post("/intake/v1/batch", content=content, headers=headers)
            took += time.monotonic() - began
            if answer.text.count('"status":201,') != BATCH:
                raise SystemExit(answer.text[:300])
    return count * BATCH / took


async def prepared(settings: Settings, port: int) -> tuple[str, str]:
    """A token and an open inspection."""
    import asyncpg

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
        for _ in range(200):
            try:
                if (await client.get("/intake/readyz")).status_code == 200:
                    break
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
        connection = await asyncpg.connect(settings.dsn("intake_app"))
        now = datetime.now(UTC)
        admin, inspector = [
            await accounts.issue_token(connection, settings.source, role, None, None, now)
            for role in (Role.ADMIN, Role.INSPECTOR)
        ]
        await connection.close()
        inspection = str(uuid_utils.uuid7())
        for token, path, body in (
            (
                admin,
                f"unit-changes/{uuid_utils.uuid7()}",
                {
                    "change": "register",
                    "unit": UNIT,
                    "name": "UBND xã Tân Hòa",
                    "group": "xa",
                    "parent": None,
                    "staff": 34,
                    "valid_from": "2025-07-01",
                },
            ),
            (
                inspector,
                f"inspections/{inspection}",
                {
                    "unit": UNIT,
                    "kind": "planned",
                    "selection": "random",
                    "basis": "12/QĐ-SNV",
                    "opened_at": (now - timedelta(minutes=5)).isoformat(),
                    "team": [],
                },
            ),
        ):
            answer = await client.put(f"/intake/v1/{path}", json=body, headers={"authorization": f"Bearer {token}"})
            if answer.status_code != 201:
                raise SystemExit(answer.text)
    return inspector, inspection


async def figures(settings: Settings) -> dict[str, float]:
    """All figures, the two endpoints in turns so that a busy machine slows both."""
    core = max(os.sched_getaffinity(0))
    best: dict[str, float] = {"empty": 0.0, "injected": 0.0, "intake": 0.0, "batch": 0.0}
    with served(empty_app, settings, core) as empty, served(real_app, settings, core) as intake:
        token, inspection = await prepared(settings, intake.port)
        os.sched_setaffinity(0, os.sched_getaffinity(0) - {core} or {core})
        for _ in range(ROUNDS):
            for name, server, path in (
                ("empty", empty, "/intake/v1/findings/"),
                ("injected", empty, "/injected/"),
                ("intake", intake, "/intake/v1/findings/"),
            ):
                busy = server.busy()
                rate = await single(server.port, path, token, inspection, SECONDS / ROUNDS)
                best[name] = max(best[name], rate)
                cost = (server.busy() - busy) / (rate * SECONDS / ROUNDS)
                best[name + "_cpu"] = min(best.get(name + "_cpu", 1.0), cost)
        best["batch"] = await batches(intake.port, token, inspection, 3)
        best["signed"] = await batches(intake.port, token, inspection, 3, Phone())
    return best


async def run() -> dict[str, float]:
    """The figures on a PostgreSQL of its own that syncs every commit."""
    path = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder = Folder(path).prepare()
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        settings = Settings(
            data=path, database_url=server.url, writes_per_second=1_000_000, audit_url="http://127.0.0.1:9/"
        )
        await migrate(settings)
        return await figures(settings)
    finally:
        await server.stop()
        shutil.rmtree(path, ignore_errors=True)


def measure() -> Iterator[Limit]:
    """Single PUTs beside an empty endpoint, and the batch's rate."""
    best = asyncio.run(run())
    cost = {
        name: f"{best[name]:,.0f}/s at {best[name + '_cpu'] * 1e6:.0f} µs" for name in ("empty", "injected", "intake")
    }
    note = f"intake {cost['intake']}, empty {cost['empty']}, empty with an injected body {cost['injected']}"
    yield at_least("intake: single PUTs to an empty endpoint, 64 clients", BOUND_SINGLE, best["intake"] / best["empty"])
    yield at_least(
        "intake: the same by processor time (on a busy machine)", BOUND_SINGLE, best["empty_cpu"] / best["intake_cpu"]
    )
    yield at_least("intake: findings in batches", BOUND_BATCH, best["batch"], "/s")
    yield at_least("intake: signed findings to unsigned ones, in batches", BOUND_SIGNED, best["signed"] / best["batch"])
    print(f"        {note}; aim {AIM_SINGLE}")
