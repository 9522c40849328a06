"""How long a stranger's write and an owner's sign-in wait while others send thousands, rubbish, or wrong passwords.

`python -m tests.bench strangers`: each wait beside the same request alone in the same run, and the slowest in seconds.
"""

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import uuid_utils

from services.intake.people import accounts
from services.intake.people.known_devices import COOKIE
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from services.kernel.store.postgres import EmbeddedPostgres
from tests.bench.bench_intake import JSON, prepared, real_app, served
from tests.bench.limits import Limit, at_most

NDJSON = {"content-type": "application/x-ndjson"}
LONGEST_WRITE = 0.5
LONGEST_SIGN_IN = 2.0
MARKS = "o" + "\u0301\u0323" * 15_000


def _finding(inspection: str, **more: object) -> dict[str, object]:
    captured = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    return {"inspection": inspection, "code": "A03", "count": 1, "captured_at": captured, **more}


def _lines(count: int, body: dict[str, object]) -> bytes:
    said = json.dumps(body, ensure_ascii=False)
    return b"\n".join(
        f'{{"method":"PUT","path":"/intake/v1/findings/{uuid_utils.uuid7()}","body":{said}}}'.encode()
        for _ in range(count)
    )


class Measured:
    """Waits of one kind of request, one after the other, until told to stop."""

    def __init__(self, send: Callable[[], Awaitable[httpx.Response]], status: int) -> None:
        self._send, self._status = send, status
        self.waits: list[float] = []

    async def once(self) -> None:
        began = time.monotonic()
        answer = await self._send()
        self.waits.append(time.monotonic() - began)
        if answer.status_code != self._status:
            raise SystemExit(f"{answer.status_code} {answer.text[:300]}")

    async def beside(self, others: list[Awaitable[object]]) -> "Measured":
        crowd = asyncio.gather(*others)
        while not crowd.done():
            await self.once()
            await asyncio.sleep(0.01)
        await crowd
        return self


async def _measured(settings: Settings) -> dict[str, tuple[float, float]]:
    """By what others do: the slowest wait, and the mean wait of the same request alone."""
    core = max(os.sched_getaffinity(0))
    found: dict[str, tuple[float, float]] = {}
    with served(real_app, settings, core) as intake:
        token, inspection = await prepared(settings, intake.port)
        os.sched_setaffinity(0, os.sched_getaffinity(0) - {core} or {core})
        base = f"http://127.0.0.1:{intake.port}"
        known = {"authorization": f"Bearer {token}"}
        async with (
            httpx.AsyncClient(
                base_url=base, timeout=120, trust_env=False, limits=httpx.Limits(max_connections=60)
            ) as others,
            httpx.AsyncClient(base_url=base, timeout=120, trust_env=False) as client,
        ):

            def write() -> Awaitable[httpx.Response]:
                body = json.dumps(_finding(inspection)).encode()
                return client.put(f"/intake/v1/findings/{uuid_utils.uuid7()}", content=body, headers=known | JSON)

            async def post(content: bytes, headers: dict[str, str], times: int) -> None:
                for _ in range(times):
                    await others.post("/intake/v1/batch", content=content, headers=headers | NDJSON)

            async def put(content: bytes, times: int) -> None:
                for _ in range(times):
                    path = f"/intake/v1/findings/{uuid_utils.uuid7()}"
                    await others.put(path, content=content, headers=JSON | {"authorization": "Bearer invented"})

            alone = Measured(write, 201)
            for _ in range(60):
                await alone.once()
            usual = sorted(alone.waits[10:])[25]
            legal = [_lines(5_000, _finding(inspection, private={"narrative": "Vắng mặt."})) for _ in range(4)]
            faulty = _lines(100, _finding(inspection) | {f"x{n}": 1 for n in range(6_000)})
            marks = json.dumps(_finding(inspection, private={"narrative": MARKS}), ensure_ascii=False).encode()
            marked = _lines(250, _finding(inspection, private={"narrative": MARKS}))
            for name, crowd in (
                ("four batches of 5,000 findings", [post(body, known, 1) for body in legal]),
                ("batches of unknown fields", [post(faulty, known, 2) for _ in range(2)]),
                ("batches of combining marks", [post(marked, known, 1) for _ in range(2)]),
                ("invented tokens with combining marks", [put(marks, 50) for _ in range(8)]),
            ):
                waits = (await Measured(write, 201).beside(crowd)).waits
                found[name] = max(waits), usual
            found["forty strangers at the sign-in"] = await _signing_in(settings, client, others)
    return found


async def _signing_in(settings: Settings, client: httpx.AsyncClient, others: httpx.AsyncClient) -> tuple[float, float]:
    connection = await asyncpg.connect(settings.dsn("intake_app"))
    await accounts.add_account(connection, "an", None, "mat-khau-dai", datetime.now(UTC) - timedelta(days=1))
    await connection.close()
    cookies: dict[str, str] = {}

    async def sign_in() -> httpx.Response:
        said = {"account": "an", "password": "mat-khau-dai"}
        answer = await client.post("/intake/login", json=said, headers=cookies)
        for line in answer.headers.get_list("set-cookie"):
            if line.startswith(COOKIE):
                cookies["cookie"] = line.partition(";")[0]
        return answer

    async def stranger(number: int) -> None:
        for n in range(5):
            await others.post("/intake/login", json={"account": f"nguoi-{number}-{n}", "password": "sai"})

    alone = Measured(sign_in, 204)
    for _ in range(5):
        await alone.once()
    waits = (await Measured(sign_in, 204).beside([stranger(number) for number in range(40)])).waits
    return max(waits), sorted(alone.waits)[2]


async def _run() -> dict[str, tuple[float, float]]:
    path = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    server = EmbeddedPostgres(Folder(path).prepare())
    try:
        await server.start()
        settings = Settings(data=path, database_url=server.url, audit_url="http://127.0.0.1:9/")
        await migrate(settings)
        return await _measured(settings)
    finally:
        await server.stop()
        shutil.rmtree(path, ignore_errors=True)


def measure() -> Iterator[Limit]:
    """Each wait in seconds, and how many times the same request's alone."""
    for name, (longest, alone) in asyncio.run(_run()).items():
        sign_in = "sign-in" in name
        what = "an owner's sign-in" if sign_in else "a write"
        yield at_most(
            f"strangers: {what} beside {name} ({longest / alone:.0f} times alone)",
            LONGEST_SIGN_IN if sign_in else LONGEST_WRITE, longest, " s",
        )  # fmt: skip
