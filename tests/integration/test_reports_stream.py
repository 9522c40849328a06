"""The live inbox over real connections: nothing lost, nothing twice, sessions that end, clients that do not read."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
import uvicorn

from services.house import server_config
from services.kernel.identity.authentication import hash_token
from services.kernel.process.settings import Settings
from services.reports.delivery.inbox import hub, stream
from tests.support.authorities import AUTHORITIES
from tests.support.instance import free_port
from tests.support.reports_http import House, running
from tests.support.reports_log import MadeLog

UNIT, OTHER = "xa-tan-hoa", "phuong-dao"
PATH = "/reports/v1/alerts/stream"


@pytest_asyncio.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """A province served by a real server on a real port."""
    made = MadeLog(checked=False)
    made.genesis()
    made.register(UNIT)
    made.register(OTHER)
    async with running(settings) as (app, _):
        port = free_port()
        server = uvicorn.Server(server_config(app))
        server.config.port, server.config.lifespan = port, "off"
        serving = asyncio.create_task(server.serve())
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False, verify=AUTHORITIES
        ) as client:
            while not server.started:
                await asyncio.sleep(0.02)
            house = House(settings, app, client, made)
            for unit in (UNIT, OTHER):
                await house.ask("/reports/v1/notices", "unit_head", unit)
            await house.grow(0)
            yield house
        app.state.inbox.close()
        server.should_exit = True
        await serving


class Listening:
    """An open stream, read event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def event(self) -> dict[str, Any]:
        """The next notice, with its place as the browser keeps it."""
        found: dict[str, str] = {}
        async with asyncio.timeout(60):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name in ("event", "id", "data"):
                    found[name] = value
                if not line:  # ends an event and nothing else: some readers make an event of every empty line
                    assert found["event"] == "notice"
                    notice = json.loads(found["data"])
                    assert notice["place"] == found["id"]
                    return dict(notice)
        raise EOFError

    async def comment(self) -> None:
        """The next comment."""
        async with asyncio.timeout(60):
            async for line in self._lines:
                assert line == ":"
                return
        raise EOFError

    async def end(self) -> None:
        """The stream's end."""
        async with asyncio.timeout(60):
            async for line in self._lines:
                assert not line.startswith("data")


@asynccontextmanager
async def listening(house: House, unit: str = UNIT, **headers: str) -> AsyncIterator[Listening]:
    token = house._tokens["unit_head", unit]
    headers = {"Authorization": f"Bearer {token}"} | {name.replace("_", "-"): said for name, said in headers.items()}
    async with house.client.stream("GET", PATH, headers=headers) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        stream = Listening(answer)
        assert await anext(stream._lines) == "retry: 2000"
        yield stream


async def visit(house: House, unit: str = UNIT) -> str:
    first = len(house.made.entries)
    inspection = house.made.open(unit)
    house.made.record(unit, inspection, "A01")
    house.made.close(unit, inspection)
    await house.grow(first)
    return inspection


async def test_a_notice_comes_to_those_it_is_for_and_to_nobody_else(house: House) -> None:
    async with listening(house) as mine, listening(house, OTHER) as others:
        first, second = await visit(house, UNIT), await visit(house, OTHER)
        assert (await mine.event())["inspection"] == first
        assert (await others.event())["inspection"] == second
    shown = (await house.ask("/reports/v1/notices", "unit_head", UNIT)).json()["items"]
    assert [notice["inspection"] for notice in shown] == [first]


async def test_a_stream_resumes_where_it_broke_off_with_all_that_came_meanwhile(house: House) -> None:
    async with listening(house) as mine:
        await visit(house)
        known = await mine.event()
    missed = [await visit(house) for _ in range(3)]
    async with listening(house, Last_Event_ID=known["place"]) as mine:
        assert [(await mine.event())["inspection"] for _ in missed] == missed
        later = await visit(house)
        assert (await mine.event())["inspection"] == later
    async with listening(house, Last_Event_ID="0.0") as mine:
        assert len([await mine.event() for _ in range(5)]) == 5


async def test_nothing_is_lost_or_doubled_while_clients_come_and_go_under_load(house: House) -> None:
    async def follow(number: int) -> list[str]:
        seen: list[str] = []
        place = "0.0"
        while len(seen) < 20:
            async with listening(house, Last_Event_ID=place) as mine:
                for _ in range(1 + (len(seen) + number) % 4):
                    if len(seen) < 20:
                        notice = await mine.event()
                        seen.append(notice["inspection"])
                        place = notice["place"]
        return seen

    followers = [asyncio.create_task(follow(number)) for number in range(5)]
    made = [await visit(house) for _ in range(20)]
    for seen in await asyncio.gather(*followers):
        assert seen == made


async def test_a_comment_keeps_the_connection_and_a_session_that_ended_ends_the_stream(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BEAT", 0.2)
    inbox = house.app.state.inbox
    beat = asyncio.create_task(inbox._beat(asyncio.Event()))
    try:
        async with listening(house) as mine:
            await mine.comment()
            await mine.comment()
            digest = hash_token(house._tokens["unit_head", UNIT])
            admin = await asyncpg.connect(house.settings.database_url)
            await admin.execute("UPDATE identity.session SET revoked_at = now() WHERE token_hash = $1", digest)
            await admin.close()
            await mine.end()
        assert not inbox._listeners
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)


async def test_who_does_not_read_is_sent_away_and_holds_up_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_WAITING", 3)
    monkeypatch.setattr(stream, "_PATIENCE", 0.5)
    request = f"GET {PATH} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {house._tokens['unit_head', UNIT]}\r\n\r\n"
    deaf = socket.create_connection(("127.0.0.1", house.client.base_url.port))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    deaf.sendall(request.encode())
    inbox = house.app.state.inbox
    while not inbox._listeners:
        await asyncio.sleep(0.02)
    [slow] = inbox._listeners
    async with listening(house) as mine:
        for number in range(200):  # what the connection's buffers take, and then more than may wait
            slow.put((10**9, number), b"x" * 100_000)
            await asyncio.sleep(0.005)
        assert slow.gone
        inspection = await visit(house)
        assert (await mine.event())["inspection"] == inspection
    async with asyncio.timeout(60):
        while slow in inbox._listeners:
            await asyncio.sleep(0.05)
    deaf.close()


async def test_all_streams_end_with_the_process(house: House) -> None:
    async with listening(house) as mine:
        house.app.state.leave()
        await mine.end()
    async with listening(house) as mine:
        await mine.end()


async def test_a_place_that_is_none_and_a_role_without_notices_are_refused(house: House) -> None:
    refused = await house.ask(PATH + "?after=x", "unit_head", UNIT)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/after")
    assert (await house.ask(PATH, "admin")).status_code == 403
