"""Half-sent and odd requests over real sockets: an answer that says what is wrong, an end, and no traceback."""

import asyncio
import json
import logging
import socket
import time
from contextlib import asynccontextmanager

import pytest
import uvicorn
import uvloop
from fastapi import Request

from services.house import _Server
from services.kernel.web.app import read_body, service_app
from services.kernel.web.protocol import Limits, guarded
from tests.support.house import open_house
from tests.support.intake import fresh

PUT = b"PUT /small HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n"
SHORT = Limits(head_seconds=0.2, body_seconds=0.2, unfinished=3, young=0.05)


async def exchange(port, sent, end=False):
    """Send, then read until the server ends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    if end:
        writer.close()
        await writer.wait_closed()
        return b""
    answer = await reader.read()
    writer.close()
    return answer


def problem(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)["type"]


@asynccontextmanager
async def _serving(limits=SHORT):
    """A server whose app reads a body: its port."""

    async def put(request: Request) -> None:
        await read_body(request, 1_000_000)

    app = service_app("small", "Small", lambda _: _idle())
    app.put("/small")(put)
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, port=0, http=guarded((), limits)))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def small():
    async with _serving() as port:
        yield port


class _idle:
    async def __aenter__(self): ...

    async def __aexit__(self, *_): ...


async def test_half_sent_requests_end_with_an_answer(small):
    head = PUT + b"content-length: 9000\r\n"
    assert problem(await exchange(small, head)) == (408, "/problems/too-slow")
    assert problem(await exchange(small, head + b"\r\nhalf")) == (408, "/problems/too-slow")
    assert problem(await exchange(small, head + b"cookie: " + b"x" * 50_000)) == (431, "/problems/head-too-large")
    assert await exchange(small, b"") == b""
    answers = await asyncio.gather(*(exchange(small, head + b"\r\nhalf") for _ in range(6)))
    assert sorted(problem(answer)[0] for answer in answers) == [408] * 3 + [429] * 3


async def test_a_phone_that_goes_away_in_its_body_leaves_no_traceback(settings, caplog):
    caplog.set_level(logging.INFO)
    async with open_house(settings) as house, house.client() as client:
        port = int(house.url.rpartition(":")[2])
        for path, kind in (
            (f"/intake/v1/findings/{fresh()}", "application/json"), ("/intake/v1/batch", "application/x-ndjson"),
            ("/intake/login", "application/json"), ("/intake/v1/handovers", "text/plain"),
        ):  # fmt: skip
            verb = "PUT" if "findings" in path else "POST"
            head = f"{verb} {path} HTTP/1.1\r\nhost: t\r\ncontent-type: {kind}\r\ncontent-length: 90\r\n\r\nhalf"
            await exchange(port, head.encode(), end=True)
        assert (await client.get("/intake/healthz")).status_code == 200
        assert (await exchange(port, b"GET / HTTP/1.1\r\nhost: t\r\nx: " + b"x" * 20_000))[9:12] == b"431"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def _all_answered_after_a_stall(port):
    """Requests that have come whole while the loop, in the middle of its reading, was held up for longer than young."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
    here, there = socket.socketpair()
    loop, held = asyncio.get_running_loop(), asyncio.Event()

    def hold():
        loop.remove_reader(here)
        for _, writer in lines:
            writer.write(PUT + b"connection: close\r\ncontent-length: 2\r\n\r\n{}")
        time.sleep(1.5 * Limits().young)
        held.set()

    with here, there:
        loop.add_reader(here, hold)
        there.send(b"x")
        await held.wait()
    answers = [await reader.read() for reader, _ in lines]
    for _, writer in lines:
        writer.close()
        await writer.wait_closed()
    assert [answer[9:12] for answer in answers] == [b"200"] * len(lines)


def test_a_loop_that_was_held_up_reads_before_it_judges():
    """On the loop that services run on: it runs timers before it reads, the standard one after."""

    async def run():
        async with _serving(Limits(unfinished=3)) as port:
            await _all_answered_after_a_stall(port)

    uvloop.run(run())


TARGETS = [
    "*", "http://t/intake/healthz", "http://t", "HTTP://t/intake/v1/me", "//intake/healthz", "/", "//", "///", "/%00",
    "/intake/static/%00", "/intake/assets/%2e%2e/x", "/intake/static/" + "x" * 5_000, "/%ff%fe", "?x", "#x",
    "/intake/units/%00/qr", "/intake/units/%ff/qr", "/intake/v1/findings/%ff", "/intake/%F0%9F%92%A9", "/intake/;x=1",
    "/./../intake", "/intake/v1/minutes/%00", "/intake/minutes/%00/%00", "/intake/login?next=%00",
    "/intake/login?next=%ff",
    "/audit/tile/%00", "/audit/tile/0/x" + "9" * 500, "/audit/entry?at=%00", "/reports/%00", "/reports/?quarter=%00",
    "/problems/%00", "/?%ff=%00", "/intake/v1/me?" + "&".join(["a=1"] * 2_000),
]  # fmt: skip


async def test_odd_targets_are_no_error_of_the_server(settings, caplog):
    caplog.set_level(logging.ERROR)
    wrong = []
    async with open_house(settings) as house:
        port = int(house.url.rpartition(":")[2])
        for target in TARGETS:
            for verb in ("GET", "OPTIONS", "HEAD", "PUT", "POST", "DELETE", "PATCH", "TRACE"):
                head = f"{verb} {target} HTTP/1.1\r\nhost: t\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                answer = await exchange(port, head.encode())
                if not 200 <= int(answer[9:12]) < 500:
                    wrong.append((verb, target[:40], answer[9:12]))
    assert wrong == [] and not caplog.records
