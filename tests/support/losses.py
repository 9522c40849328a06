"""A proxy before PostgreSQL that loses or holds up one statement on its way there, or its answer on the way back.

It reads the protocol's messages, so a test names the statement by its words, and the database itself decides what of
the transaction is left.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit, urlunsplit

QUERY, PARSE, BIND, READY, COPY_IN = b"Q", b"P", b"B", b"Z", b"G"
SSL_REQUEST = 80877103


@dataclass
class Await:
    """A statement that is waited for: what it says, how many like it go by before, and what then happens to it."""

    words: re.Pattern[str]
    skip: int
    fate: Literal["lost", "unanswered", "held"]


class LosingProxy:
    """Forwards everything but what a test told it to lose, once; the connection is then cut, new ones are served."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._await: Await | None = None
        self.came = asyncio.Event()
        self.released = asyncio.Event()
        self.port = 0

    def lose(self, words: str, *, answer: bool, skip: int = 0) -> None:
        """Lose the next statement that matches: itself, or, once the server is done with it, its answer."""
        self._wait_for(Await(re.compile(words), skip, "unanswered" if answer else "lost"))

    def hold(self, words: str) -> None:
        """Hold the next statement that matches until it is released: its sender sleeps in the middle of its work."""
        self._wait_for(Await(re.compile(words), 0, "held"))

    def _wait_for(self, awaited: Await) -> None:
        self._await = awaited
        self.came.clear()
        self.released.clear()

    async def start(self) -> None:
        """Listen, on a port of the system's choice."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        server_reader, server_writer = await asyncio.open_unix_connection(self._socket)
        link = _Link(self, (reader, writer), (server_reader, server_writer))
        try:
            await link.run()
        except asyncio.CancelledError:
            pass
        finally:
            writer.transport.abort()
            server_writer.transport.abort()
            self._links.discard(task)

    def fate_of(self, statement: str) -> str | None:
        """What happens to a statement; asked once for each."""
        awaited = self._await
        if awaited is None or awaited.words.search(statement) is None:
            return None
        if awaited.skip:
            awaited.skip -= 1
            return None
        self._await = None
        self.came.set()
        return awaited.fate


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One client's connection."""

    def __init__(self, proxy: LosingProxy, client: End, server: End) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._statements: dict[bytes, str] = {}
        self._silent = False

    async def run(self) -> None:
        """Forward both ways until one side goes, or something is lost."""
        ways = [asyncio.ensure_future(way()) for way in (self._up, self._down)]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _up(self) -> None:
        reader, sink = self._client[0], self._server[1]
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            sink.write(await self._greeting(reader))
            while True:
                kind, message = await _message(reader)
                fate = self._proxy.fate_of(self._statement(kind, message[5:]))
                if fate == "lost":
                    return
                if fate == "held":
                    await self._proxy.released.wait()
                self._silent = fate == "unanswered" or self._silent
                sink.write(message)
                await sink.drain()

    async def _greeting(self, reader: asyncio.StreamReader) -> bytes:
        """The first message, which has no type; TLS is declined."""
        while True:
            length = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(length) - 4)
            if int.from_bytes(body[:4]) != SSL_REQUEST:
                return length + body
            self._client[1].write(b"N")

    async def _down(self) -> None:
        reader, sink = self._server[0], self._client[1]
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                kind, message = await _message(reader)
                if self._silent and kind == READY:
                    return
                if not self._silent or kind == COPY_IN:
                    sink.write(message)
                    await sink.drain()

    def _statement(self, kind: bytes, body: bytes) -> str:
        """The words of the statement that a message runs; nothing for other messages."""
        if kind == QUERY:
            return body[:-1].decode()
        if kind == PARSE:
            name, words = body.split(b"\0", 2)[:2]
            self._statements[name] = words.decode()
        if kind == BIND:
            return self._statements.get(body.split(b"\0", 2)[1], "")
        return ""


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


@asynccontextmanager
async def losing(database_url: str) -> AsyncIterator[tuple[LosingProxy, str]]:
    """A proxy before PostgreSQL, and the connection string that goes through it."""
    parts = urlsplit(database_url)
    proxy = LosingProxy(Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432")
    await proxy.start()
    login = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}", query=""))
    finally:
        await proxy.stop()
