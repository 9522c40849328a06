"""Connections to addresses that somebody else has named: what the name leads to is judged where the socket opens."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore

from services.kernel.web.reachable import Network, allowed, reachable
from services.reports.delivery.port import Passing, Permanent

_CONNECT, _WHOLE = 10.0, 20.0  # seconds
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
    """Posts to such addresses; never follows a redirection, never reads a long answer."""

    def __init__(self, named: Sequence[Network], *, connections: int = 256) -> None:
        options: dict[str, Any] = {"max_connections": connections, "max_keepalive_connections": connections}
        options |= {"keepalive_expiry": 30.0}
        secure = ssl.create_default_context()
        self._pools = {
            b"https": httpcore.AsyncConnectionPool(
                ssl_context=secure, network_backend=_Judging(named, only_named=False), **options
            ),
            b"http": httpcore.AsyncConnectionPool(network_backend=_Judging(named, only_named=True), **options),
        }

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
        answer = await self._pools[url.scheme].handle_async_request(request)
        try:
            await _read_a_little(answer)
        finally:
            await answer.aclose()
        return answer.status, _asked(answer.headers)

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()


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
