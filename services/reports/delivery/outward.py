"""Connections to addresses that somebody else has named: what the name leads to is judged where the socket opens."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import h11

from services.kernel.web.reachable import Network, allowed, host_of, reachable, read_url
from services.reports.delivery.port import Passing, Permanent

_CONNECT, _WHOLE = 10.0, 20.0  # seconds
_KEEP, _MOST_KEPT = 30.0, 256  # seconds, and connections of one origin
_HEADERS = 64 * 1024  # bytes of an answer's
_READ = 16 * 1024  # bytes of an answer: nobody needs them, but a connection that is read to its end serves again
Headers = Sequence[tuple[bytes, bytes]]


class NotGlobal(Exception):
    """The name leads to an address that may not be called."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a URL leads."""

    scheme: str
    host: str
    port: int
    named: bytes
    """As the Host header says it."""
    target: bytes

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


@lru_cache(4096)
def _place(text: str) -> _Place:
    """Where a URL leads; ValueError where that is none of ours."""
    url = read_url(text)
    if url is None or url.host is None or url.port is None:
        raise ValueError(text)
    usual = url.port == {"https": 443, "http": 80}[url.scheme]
    named = url.host if usual else f"{url.host}:{url.port}"
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return _Place(url.scheme, host_of(url), url.port, named.encode(), target.encode())


class _Line(asyncio.Protocol):
    """One connection, which asks and is answered in turns; what comes unasked ends it."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS)
        self._answered: asyncio.Future[tuple[int, Headers]] | None = None
        self._answer: tuple[int, Headers] = (0, ())
        self._size = 0
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    async def ask(self, request: h11.Request, body: bytes) -> tuple[int, Headers]:
        """Send a request; the answer's status and headers, once it has ended or was read as far as anybody reads."""
        self._goes_on()
        sent = [self._http.send(part) or b"" for part in (request, h11.Data(data=body), h11.EndOfMessage())]
        self._answered, self._size = asyncio.get_running_loop().create_future(), 0
        self._transport.write(b"".join(sent))
        return await self._answered

    def data_received(self, data: bytes) -> None:
        """Some more of an answer."""
        if self._answered is None or self._answered.done():
            self.close()
            return
        self._http.receive_data(data)
        self._read()

    def eof_received(self) -> None:
        """The far end says no more: an answer may end with that."""
        if self._answered is not None and not self._answered.done():
            self._http.receive_data(b"")
            self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._goes_on()
        self._fail(ConnectionResetError())

    def _read(self) -> None:
        try:
            while (event := self._http.next_event()) is not h11.NEED_DATA:
                if self._take(event):
                    return
        except h11.RemoteProtocolError as error:
            self._fail(error)

    def _take(self, event: object) -> bool:
        """Whether an event was the last that is waited for."""
        if isinstance(event, h11.Response):
            self._answer = event.status_code, list(event.headers)
        elif isinstance(event, h11.Data):
            self._size += len(event.data)
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            self._fail(h11.RemoteProtocolError("no answer"))
        if isinstance(event, h11.EndOfMessage) or self._size > _READ:
            assert self._answered is not None  # noqa: S101 - nothing is read unasked
            self._answered.set_result(self._answer)
        return self._answered is None or self._answered.done()

    def _fail(self, error: Exception) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)

    def rests(self) -> bool:
        """Whether another request may follow on it: it ends by itself where none does."""
        if (
            self._http.our_state is not h11.DONE
            or self._http.their_state is not h11.DONE
            or self._http.trailing_data[0]
        ):
            return False
        self._http.start_next_cycle()
        self._end = asyncio.get_running_loop().call_later(_KEEP, self.close)
        return self.stands()

    def stands(self) -> bool:
        """Whether it is still open."""
        return not self._transport.is_closing()

    def _goes_on(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def close(self) -> None:
        """Close it, whatever is under way."""
        self._goes_on()
        self._transport.abort()


class Outward:
    """Posts to such addresses; never follows a redirection, never reads a long answer.

    Connections are kept by origin. A general client spends four times as long on a request: it looks through its whole
    pool, and crosses two more libraries for each read and write.
    """

    def __init__(self, named: Sequence[Network]) -> None:
        self._named, self._secure = named, ssl.create_default_context()
        self._idle: dict[tuple[str, str, int], deque[_Line]] = defaultdict(deque)

    async def post(self, url: str, headers: Headers, body: bytes) -> tuple[int, float]:
        """The status of an answer, and how many seconds it asks to wait; Passing or Permanent without one."""
        try:
            async with asyncio.timeout(_WHOLE):
                return await self._post(_place(url), headers, body)
        except NotGlobal:
            raise Permanent("private") from None
        except TimeoutError:
            raise Passing("timeout") from None
        except ssl.SSLCertVerificationError:
            raise Passing("certificate") from None
        except ssl.SSLError:
            raise Passing("insecure") from None
        except OSError:
            raise Passing("unreachable") from None
        except (h11.ProtocolError, ValueError):
            raise Passing("protocol") from None

    async def _post(self, place: _Place, headers: Headers, body: bytes) -> tuple[int, float]:
        named = [(b"host", place.named), (b"accept", b"*/*"), *headers, (b"content-length", b"%d" % len(body))]
        request = h11.Request(method=b"POST", target=place.target, headers=named)
        line = self._resting(place) or await self._open(place)
        try:
            status, told = await line.ask(request, body)
        except BaseException:
            line.close()
            raise
        idle = self._idle[place.origin]
        if line.rests() and len(idle) < _MOST_KEPT:
            idle.append(line)
        else:
            line.close()
        return status, _asked(told)

    def _resting(self, place: _Place) -> _Line | None:
        """A connection that was kept and still stands."""
        idle = self._idle[place.origin]
        while idle:
            line = idle.pop()
            if line.stands():
                return line
        del self._idle[place.origin]
        return None

    async def _open(self, place: _Place) -> _Line:
        """A new one, to the first address of a name that takes it; NotGlobal when any of them may not be called."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not all(self._may(place, address) for address in addresses):
            raise NotGlobal(place.host)
        failure: OSError = ConnectionError(place.host)
        for address in addresses:
            try:
                async with asyncio.timeout(_CONNECT):
                    return (await loop.create_connection(_Line, address, place.port, **self._secured(place)))[1]
            except OSError as error:
                failure = error
        raise failure

    def _secured(self, place: _Place) -> dict[str, Any]:
        return {"ssl": self._secure, "server_hostname": place.host} if place.scheme == "https" else {}

    def _may(self, place: _Place, address: str) -> bool:
        return reachable(address, self._named) if place.scheme == "https" else allowed(address, self._named)

    async def close(self) -> None:
        """Close every connection that nobody uses."""
        for idle in self._idle.values():
            for line in idle:
                line.close()
        self._idle.clear()


def _asked(headers: Headers) -> float:
    """The seconds of `Retry-After`; none of a date, which only says the same less exactly."""
    value = next((value for name, value in headers if name == b"retry-after"), b"")
    return float(value) if value.isdigit() and len(value) < 8 else 0.0
