"""A TCP proxy that breaks connections on command: cut, refuse, stall (half-open), slow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit


class FaultProxy:
    """Listens on 127.0.0.1 and forwards to a TCP address or a Unix socket."""

    def __init__(self, target: tuple[str, int] | Path) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.delay = 0.0  # seconds added to each piece forwarded
        self.refuse = False

    async def start(self) -> None:
        """Listen, on a port of the system's choice."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        self.refuse = True
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Forward nothing more and close nothing: what a lost network looks like from inside."""
        self._flowing.clear()

    def heal(self) -> None:
        """Serve again."""
        self.refuse = False
        self.delay = 0.0
        self._flowing.set()

    async def stop(self) -> None:
        """Close everything."""
        self.cut()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if not self.refuse:
                await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self._target, Path):
            far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        else:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers.add(far_writer)
        pumps = [asyncio.ensure_future(self._pump(*ends)) for ends in ((reader, far_writer), (far_reader, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            far_writer.transport.abort()
            self._writers.discard(far_writer)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(65536):
                await self._flowing.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                sink.write(piece)
                await sink.drain()


@asynccontextmanager
async def proxied(database_url: str) -> AsyncIterator[tuple[FaultProxy, str]]:
    """A proxy before PostgreSQL, and the connection string that goes through it."""
    parts = urlsplit(database_url)
    folder = parse_qs(parts.query).get("host")
    target = Path(folder[0]) / ".s.PGSQL.5432" if folder else (parts.hostname or "127.0.0.1", parts.port or 5432)
    proxy = FaultProxy(target)
    await proxy.start()
    login = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}", query=""))
    finally:
        await proxy.stop()
