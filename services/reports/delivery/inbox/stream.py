"""A listener's stream as it is sent: straight ASGI, since what is kept of a request is kept as long as it lasts."""

from __future__ import annotations

import asyncio

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.reports.delivery.inbox.hub import COMMENT, Hub, Listener

_PATIENCE = 30.0  # seconds that a full connection may take nothing
_RETRY = b"retry: 2000\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]  # fmt: skip


class Stream(Response):
    """Everything after the listener's place, then whatever comes, until the session or the client ends it."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, listener: Listener, *, resumes: bool) -> None:
        self.status_code, self.background = 200, None
        self.raw_headers = _HEADERS
        self._hub, self._listener, self._resumes = hub, listener, resumes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until it is over; a client that takes nothing for long is left."""
        await self._hub.join(self._listener, anew=not self._resumes)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _send(send, _RETRY)
            while self._resumes and (piece := await self._hub.backlog(self._listener)):
                await _send(send, piece)
            while (came := await self._listener.next()) is not None:
                if came.endswith(COMMENT) and await _has_gone(receive):
                    return
                await _send(send, came)
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            return  # the server closes what was not ended
        finally:
            self._hub.part(self._listener)


async def _send(send: Send, piece: bytes) -> None:
    async with asyncio.timeout(_PATIENCE):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _has_gone(receive: Receive) -> bool:
    """Whether the client is away: it has nothing to say but that."""
    with anyio.CancelScope() as at_once:
        at_once.cancel()
        return bool((await receive())["type"] == "http.disconnect")
    return False
