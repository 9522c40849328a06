"""HTTP/1.1 as uvicorn speaks it, and what a stranger may leave half-sent of it: the rule is progress, not time.

A head has 10 seconds and 16 kB. A body may take hours, as long as some of it comes; an address has 20 unfinished
requests at most. What comes whole at once costs no timer and is counted nowhere.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, cast

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from services.kernel.problems import BrokenRequest, HeadTooLarge, Problem, TooFast, TooSlow, language_of
from services.kernel.web.addresses import counted
from services.kernel.web.app import SECURITY_RAW

_LINGER = 2.0  # seconds in which a refused sender may still send, so that the refusal reaches him
_AWAY = 30  # seconds
_READ_FIRST = 0.001  # seconds; any will do


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be left unfinished."""

    head_bytes: int = 16 * 1024
    head_seconds: float = 10.0
    body_bytes: int = 1_000
    """Less than these, in `body_seconds`, is no progress."""
    body_seconds: float = 30.0
    unfinished: int = 20
    """Requests of one address that are older than `young`."""
    young: float = 1.0


class Guard:
    """What the connections of one server share."""

    def __init__(self, proxies: Sequence[str] = (), limits: Limits = Limits()) -> None:
        self.limits = limits
        self.unfinished: Counter[str] = Counter()
        self._trusted = ProxyHeadersMiddleware(_nobody, list(proxies)).trusted_hosts  # as the server's own believes it

    def address(self, peer: str, headers: Collection[tuple[bytes, bytes]]) -> str | None:
        """Who sends: the peer, or whom a configured proxy names; None while such a proxy has not said it."""
        if peer not in self._trusted:
            return counted(peer)
        named = b", ".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        return counted(self._trusted.get_trusted_client_address(named)[0]) if named else None


async def _nobody(*_: Any) -> None: ...


def guarded(proxies: Sequence[str] = (), limits: Limits = Limits()) -> type[asyncio.Protocol]:
    """What uvicorn makes of each connection of one server."""
    return cast(type[asyncio.Protocol], partial(GuardedProtocol, guard=Guard(proxies, limits)))


class _Refused(Exception):
    """Raised through the parser, which then reads no further."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection. A request is awaited, in its head, in its body, or whole."""

    def __init__(self, *arguments: Any, guard: Guard, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._guard, self._limits = guard, guard.limits
        self._unfinished = self._in_body = self._refused = False
        self._fields = self._came = self._raw = 0
        self._since = 0.0  # when the head began, or the body last made progress
        self._timer: asyncio.TimerHandle | None = None
        self._counted: str | None = None
        self._refusal: Problem | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._raw += len(data)
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if not self._unfinished and self.timeout_keep_alive_task is None and self._idle():
            self._await_head()  # line breaks between requests: whoever sends only those has begun one
        if not self._unfinished:
            self._finish()
        elif self._raw > self._limits.head_bytes:
            self._refuse(HeadTooLarge())
        elif self._timer is None:
            self._watch()

    # what the parser tells

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._weigh()
        super().on_headers_complete()
        self._fields = len(self.headers)
        self._in_body, self._came, self._raw, self._since = True, 0, 0, self.loop.time()

    def on_body(self, body: bytes) -> None:
        self._came, self._raw = self._came + len(body), 0
        if self._came >= self._limits.body_bytes and not self._idle():
            self._came, self._since = 0, self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        if len(self.headers) > self._fields:
            self._weigh()  # with what trails the body
        self._unfinished = self._in_body = False
        self._raw = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body:
            self._since = self.loop.time()  # whoever was answered has this long to end the body, progress or not

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or BrokenRequest())

    def shutdown(self) -> None:
        if self._refused:
            self.transport.close()
        super().shutdown()

    def _await_head(self) -> None:
        self._unfinished, self._in_body = True, False
        self._since = self.loop.time()

    def _idle(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _weigh(self) -> None:
        """Once when a head is complete: what of it came before is within what may come raw, or in one piece."""
        fields = self.headers
        if len(self.url) + sum(map(len, chain.from_iterable(fields))) + 4 * len(fields) > self._limits.head_bytes:
            self._refusal = HeadTooLarge()
            raise _Refused

    # the time it takes

    def _watch(self) -> None:
        self._look_after(self._limits.young)

    def _look_after(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._look_soon)

    def _look_soon(self) -> None:
        """After what has come by now was read: uvloop runs timers first, so that a loop which was held up by others
        would take what waits to be read for what was never sent."""
        self._timer = self.loop.call_later(_READ_FIRST, self._look)

    def _look(self) -> None:
        """Count a request that is no longer young, and end one that makes no progress."""
        self._timer = None
        if self.transport.is_closing():
            return
        if self._counted is None and not self._count():
            self._refuse(_too_many())
            return
        if self._in_body and self.flow.read_paused:
            self._since = self.loop.time()  # it is we who do not take it
        patience = self._limits.body_seconds if self._in_body else self._limits.head_seconds
        left = self._since + patience - self.loop.time()
        if left <= 0:
            self._refuse(TooSlow())
        else:
            self._look_after(left)

    def _count(self) -> bool:
        """Count the request as its address's; False when that has too many."""
        headers = self.headers if self._in_body else ()
        address = self._guard.address(self.client[0] if self.client else "", headers)
        if address is None:
            return True  # a proxy's, which watches over heads itself
        if self._guard.unfinished[address] >= self._limits.unfinished:
            return False
        self._counted = address
        self._guard.unfinished[address] += 1
        return True

    def _finish(self) -> None:
        """The request is whole, or will never be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._counted is not None:
            self._guard.unfinished[self._counted] -= 1
            if not self._guard.unfinished[self._counted]:
                del self._guard.unfinished[self._counted]
            self._counted = None

    def _refuse(self, problem: Problem) -> None:
        """Say why where an answer can still be given, and end the connection."""
        self._refused = True
        self._finish()
        self._unset_keepalive_if_required()
        if self._may_answer():
            self.transport.write(self._answer(problem))
        if not self._idle():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)

    def _may_answer(self) -> bool:
        """Whether somebody waits for an answer, and none has begun."""
        if self._in_body:
            return not self.pipeline and not self.cycle.response_started
        return bool(self._raw) and self._idle()

    def _answer(self, problem: Problem) -> bytes:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers or ()}
        language = language_of(headers)
        path = (self.scope or {}).get("path", "") if self._in_body else ""
        body = json.dumps(problem.body(language, path), ensure_ascii=False).encode()
        lines = [*self.server_state.default_headers, *SECURITY_RAW, (b"content-type", b"application/problem+json")]
        lines += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        lines += [
            (b"content-language", language.encode()), (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"), (b"connection", b"close"),
        ]  # fmt: skip
        return STATUS_LINE[problem.status] + b"".join(b"%b: %b\r\n" % line for line in lines) + b"\r\n" + body


def _too_many() -> Problem:
    return TooFast(
        _AWAY,
        (
            "Có quá nhiều yêu cầu đang gửi dở từ địa chỉ này.",
            "Too many requests from this address are unfinished.",
        ),
    )
