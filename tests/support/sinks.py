"""Receivers for tests, on real sockets: a program that answers hooks in every way, and a mail server."""

from __future__ import annotations

import asyncio
import email
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import uvicorn
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.instance import free_port


@dataclass
class Hooks:
    """What came, by path; `/ok`, `/500`, `/busy`, `/elsewhere`, `/gone`, `/hang`, `/huge`."""

    url: str
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    def at(self, path: str) -> list[tuple[dict[str, str], bytes]]:
        """What came to a path."""
        return [(headers, body) for where, headers, body in self.came if where == path]

    async def until(self, path: str, count: int, seconds: float = 60) -> list[tuple[dict[str, str], bytes]]:
        """Wait for so many."""
        async with asyncio.timeout(seconds):
            while len(self.at(path)) < count:
                await asyncio.sleep(0.02)
        return self.at(path)


@asynccontextmanager
async def hooks() -> AsyncIterator[Hooks]:
    """A server of hooks on a free port."""
    port = free_port()
    sink = Hooks(f"http://127.0.0.1:{port}")

    async def answer(request: Request) -> Response:
        path = request.url.path
        sink.came.append((path, dict(request.headers), await request.body()))
        match path:
            case "/elsewhere":
                return RedirectResponse("/ok", 307)
            case "/hang":
                await asyncio.sleep(60)
            case "/huge":
                return StreamingResponse(_endless(), 200)
            case "/busy":
                return Response(status_code=503, headers={"Retry-After": "900"})
        return Response(status_code=sink.answers.get(path, {"/500": 500, "/gone": 410}.get(path, 204)))

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield sink
    finally:
        server.should_exit = server.force_exit = True
        await asyncio.gather(serving, return_exceptions=True)


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(1_600):
        yield b"x" * 65_536


@dataclass
class Postbox:
    """What the mail server took, and how it is told to answer."""

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    tried: list[Message] = field(default_factory=list)
    """Those that it refused, too."""
    refusal: str | None = None
    secured: list[bool] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.tried.append(email.message_from_bytes(envelope.content or b""))
        if self.refusal:
            return self.refusal
        self.secured.append(session.ssl is not None)
        self.mails.append(self.tried[-1])
        return "250 OK"

    async def until(self, count: int) -> list[Message]:
        """Wait for so many."""
        async with asyncio.timeout(60):
            while len(self.mails) < count:
                await asyncio.sleep(0.02)
        return self.mails


@contextmanager
def postbox(context: ssl.SSLContext | None = None, **options: Any) -> Iterator[Postbox]:
    """A mail server on a free port, with STARTTLS where it has a certificate."""
    box = Postbox(port=free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port, tls_context=context, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@contextmanager
def silence() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
