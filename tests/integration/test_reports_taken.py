"""What a program takes away is told to the log: once however many ask at once, under one id, and refused in words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import uuid_utils
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.intake.people.accounts import issue_token
from services.kernel.identity.roles import Role
from services.kernel.problems import Problem, Unavailable
from services.reports.reading.taken import Taken
from tests.integration.test_old_folder import Old, old
from tests.integration.test_reports_exports import exports_until
from tests.integration.test_reports_then import ask
from tests.support.instance import free_port
from tests.support.old_folder import LEFT
from tests.support.reports_http import CLOSED_PORT

__all__ = ["old"]
JSON = "application/json"
TAKEN = {"quarter": "2026-Q4", "format": "csv", "edition": "live"}


@asynccontextmanager
async def answering(answer: Callable[[Request], Awaitable[Response]]) -> AsyncIterator[Taken]:
    """What tells an address where somebody answers so, over real HTTP."""
    port = free_port()
    app = Starlette(routes=[Route("/intake/v1/exports/{id}", answer, methods=["PUT"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    serving, taken = asyncio.create_task(server.serve()), Taken(f"http://127.0.0.1:{port}/")
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        yield taken
    finally:
        await taken.close()
        server.should_exit = True
        await serving


async def test_of_many_who_take_the_same_at_once_one_is_told(old: Old) -> None:
    answers = await asyncio.gather(*(ask(old, "2026-Q4?format=csv") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    old.clock.set(old.clock.now() + timedelta(minutes=16))
    assert (await ask(old, "2026-Q4?format=csv")).status_code == 200
    assert len(await exports_until(old, old.clock.now())) == 2


async def test_what_was_told_and_not_answered_is_told_again_under_the_same_id(old: Old) -> None:
    ids: list[str] = []

    async def lose_the_first(request: Request) -> Response:
        ids.append(request.path_params["id"])
        path, headers = request.url.path, {"authorization": request.headers["authorization"]}
        told = await old.client.put(path, content=await request.body(), headers=headers | {"content-type": JSON})
        return Response(status_code=502 if len(ids) == 1 else told.status_code)

    now, token = old.clock.now(), old.tokens["reviewer"]
    async with answering(lose_the_first) as taken:
        with pytest.raises(Unavailable):
            await taken.tell(token, TAKEN, now)
        await taken.tell(token, TAKEN, now)
        await taken.tell(token, TAKEN, now)
        assert len(ids) == 2 and len(set(ids)) == 1
        await taken.tell(token, TAKEN | {"quarter": "2026-Q3"}, now)
        await taken.tell(token, TAKEN, now + timedelta(minutes=15))
        assert len(ids) == 4 and len(set(ids)) == 3
    old.clock.set(now + timedelta(minutes=16))
    assert (await ask(old, "2026-Q4?format=csv")).status_code == 200
    assert len(await exports_until(old, old.clock.now())) == 4


@pytest.mark.parametrize(
    ("status", "headers", "problem", "again"),
    [
        (401, {}, (401, "unauthorized"), None), (403, {}, (403, "forbidden"), None),
        (404, {}, (404, "not-found"), None), (422, {}, (422, "invalid"), None),
        (429, {"retry-after": "70"}, (429, "too-fast"), "70"), (429, {"retry-after": "x"}, (429, "too-fast"), "1"),
        *((status, {}, (503, "unavailable"), "2") for status in (302, 400, 409, 500, 503)),
    ],
)  # fmt: skip
async def test_a_refusal_stays_what_it_is_and_is_logged(
    status: int, headers: dict[str, str], problem: tuple[int, str], again: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(_: Request) -> Response:
        return Response(status_code=status, headers=headers)

    async with answering(refuse) as taken:
        with caplog.at_level(logging.WARNING), pytest.raises(Problem) as refused:
            await taken.tell("x", TAKEN, LEFT)
    assert ((refused.value.status, refused.value.slug), refused.value.headers.get("Retry-After")) == (problem, again)
    assert refused.value.detail is not None and all(refused.value.detail)
    assert f"intake answered {status}" in caplog.text


async def test_intake_that_is_away_is_told_of_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    taken = Taken(CLOSED_PORT)
    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable):
        await taken.tell("x", TAKEN, LEFT)
    await taken.close()
    assert "ConnectError" in caplog.text


async def test_who_was_above_a_unit_in_its_quarter_takes_the_card_he_reads(old: Old) -> None:
    tokens = await posts(old, cu=(Role.REVIEWER, "xa-mot"), moi=(Role.REVIEWER, "xa-hai"), admin=(Role.ADMIN, None))
    old.tokens |= tokens
    station = {"unit": "tram-thu-moi", "valid_from": "2026-07-01"}
    for body in (
        station | {"change": "register", "name": "Trạm Thú y", "group": "dvsn", "parent": "xa-mot", "staff": 5},
        station | {"change": "amend", "valid_from": "2026-11-01", "parent": "xa-hai"},
    ):
        assert await old.put("admin", f"unit-changes/{uuid_utils.uuid7()}", body) == 201
    async with asyncio.timeout(60):
        while (await ask(old, "2026-Q3/tram-thu-moi", "moi")).status_code != 200:
            await asyncio.sleep(0.1)
    for who, quarter, status in (("cu", "2026-Q3", 200), ("moi", "2026-Q3", 200), ("cu", "2026-Q4", 404)):
        for path in (f"{quarter}/tram-thu-moi", f"{quarter}/tram-thu-moi?format=csv"):
            answer = await ask(old, path, who)
            assert answer.status_code == status, (who, path, answer.text)
    told: dict[str, Any] = {"quarter": "2026-Q4", "format": "csv", "unit": "tram-thu-moi"}
    assert await old.put("cu", f"exports/{uuid_utils.uuid7()}", told) == 404


async def posts(old: Old, **wanted: tuple[Role, str | None]) -> dict[str, str]:
    """Tokens of people in posts of their own."""
    connection = await asyncpg.connect(old.house.settings.dsn("intake_app"))
    try:
        return {
            name: await issue_token(connection, old.house.settings.source, role, unit, f"{name}.{role}", LEFT)
            for name, (role, unit) in wanted.items()
        }
    finally:
        await connection.close()
