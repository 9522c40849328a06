"""Connections to addresses that somebody else has named: what the name leads to is judged where the socket opens."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore

from services.kernel.web.reachable import Network, allowed, reachable
from services.reports.delivery.port import Passing, Permanent

_CONNECT, _WHOLE = 10.0, 20.0  # seconds
_KEEP, _MOST_KEPT = 30.0, 256  # seconds, and connections of one origin
_READ = 16 * 1024  # bytes of an answer: nobody needs them, but a connection that is read to its end serves again
_TOO_LATE = (TimeoutError, httpcore.TimeoutException)
Headers = Sequence[tuple[bytes, bytes]]


class NotGlobal(Exception):
    """The name leads to an address that may not be called."""


class _Judging(httpcore.AsyncNetworkBackend):
    """Looks a name up itself, and connects to no other address than the one it has judged."""

    def __init__(self, named: Sequence[Network], *, only_named: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._named, self._only_named = named, only_named

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a name that takes it; NotGlobal when any of them may not be called."""
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not all(self._may(address) for address in addresses):
            raise NotGlobal(host)
        failure: Exception = httpcore.ConnectError(host)
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    def _may(self, address: str) -> bool:
        return allowed(address, self._named) if self._only_named else reachable(address, self._named)


class Outward:
    """Posts to such addresses; never follows a redirection, never reads a long answer.

    Connections are kept by origin, each found at once: the library's own pool looks through all of its for a request.
    """

    def __init__(self, named: Sequence[Network]) -> None:
        self._secure = ssl.create_default_context()
        self._backends = {
            b"https": _Judging(named, only_named=False),
            b"http": _Judging(named, only_named=True),
        }
        self._idle: dict[tuple[bytes, bytes, int], deque[httpcore.AsyncHTTPConnection]] = defaultdict(deque)

    async def post(self, url: str, headers: Headers, body: bytes) -> tuple[int, float]:
        """The status of an answer, and how many seconds it asks to wait; Passing or Permanent without one."""
        try:
            async with asyncio.timeout(_WHOLE):
                return await self._post(httpcore.URL(url), headers, body)
        except NotGlobal:
            raise Permanent("private") from None
        except _TOO_LATE:
            raise Passing("timeout") from None
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            raise Passing("protocol") from None
        except (httpcore.NetworkError, OSError):
            raise Passing("unreachable") from None

    async def _post(self, url: httpcore.URL, headers: Headers, body: bytes) -> tuple[int, float]:
        named = [(b"host", url.origin.host + (b":%d" % url.port if url.port else b"")), *headers]
        named.append((b"content-length", b"%d" % len(body)))
        timeouts = {"connect": _CONNECT, "read": _WHOLE, "write": _WHOLE, "pool": _WHOLE}
        request = httpcore.Request("POST", url, headers=named, content=body, extensions={"timeout": timeouts})
        connection = self._connection(url.origin)
        try:
            answer = await connection.handle_async_request(request)
            try:
                await _read_a_little(answer)
            finally:
                await answer.aclose()
        except BaseException:
            await connection.aclose()
            raise
        await self._keep(url.origin, connection)
        return answer.status, _asked(answer.headers)

    def _connection(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """One that was kept and still stands, or a new one."""
        idle = self._idle[_key(origin)]
        while idle:
            connection = idle.pop()
            if not connection.has_expired():
                return connection
        return httpcore.AsyncHTTPConnection(
            origin, self._secure, keepalive_expiry=_KEEP, network_backend=self._backends[origin.scheme]
        )

    async def _keep(self, origin: httpcore.Origin, connection: httpcore.AsyncHTTPConnection) -> None:
        idle = self._idle[_key(origin)]
        if connection.is_idle() and len(idle) < _MOST_KEPT:
            idle.append(connection)
        else:
            await connection.aclose()

    async def close(self) -> None:
        """Close every connection that nobody uses."""
        for idle in self._idle.values():
            for connection in idle:
                await connection.aclose()
        self._idle.clear()


def _key(origin: httpcore.Origin) -> tuple[bytes, bytes, int]:
    return origin.scheme, origin.host, origin.port


async def _read_a_little(answer: httpcore.Response) -> None:
    size = 0
    async for part in answer.aiter_stream():
        size += len(part)
        if size > _READ:
            return


def _asked(headers: Headers) -> float:
    """The seconds of `Retry-After`; none of a date, which only says the same less exactly."""
    value = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return float(value) if value.isdigit() and len(value) < 8 else 0.0
