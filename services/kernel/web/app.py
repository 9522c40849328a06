"""What the HTTP faces have in common: problems, headers, bounded bodies, and what is traced of a request."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.telemetry import TelemetryConfig
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.problems import MethodNotAllowed, NotJson, TooLarge
from services.kernel.web import openapi, rendering
from services.kernel.web.packing import Packing
from services.kernel.web.pages import Pages

_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an address may carry why a private part is opened
    "Cross-Origin-Opener-Policy": "same-origin",
}
SERVICES = Path(__file__).parents[2]
_METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")
SECURITY_RAW = [(name.lower().encode(), value.encode()) for name, value in _SECURITY.items()]
_ADDED = tuple(SECURITY_RAW)
_OVER_HTTPS = (*_ADDED, (b"strict-transport-security", b"max-age=31536000"))  # as the proxy with TLS says
_UNKEPT = (b"cache-control", b"no-store")
_SECURED = "kycuong.secured"
_SECRET = re.compile(r"(?<![^/])[^/]{40,}")  # longer than any id: whoever holds it may look
_ASKED = "kycuong.asked"
_PROGRAMS = re.compile(r"/[a-z]+/v1/")  # what programs ask, under a service's name
_KEEPING = frozenset({b"blind"})
# FastAPI's own server span a request; its log records would carry what was sent, so none of those
_TELEMETRY: TelemetryConfig = {
    "operation_spans": False,
    "logs": False,
    "exclude": lambda scope: scope["path"].endswith(("/healthz", "/readyz")),
}


class SecurityHeaders:
    """Adds the browser's safety headers to every answer, and `no-store` where the answer names no caching.

    It stands before all else, also before what answers for an unexpected error.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _SECURED in scope:  # a door before this one does it
            await self._app(scope, receive, send)
            return
        scope[_SECURED] = True
        added = _OVER_HTTPS if scope.get("scheme") == "https" else _ADDED

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                message["headers"] = [*headers, *added]
                if b"cache-control" not in dict(headers):
                    message["headers"].append(_UNKEPT)
            await send(message)

        await self._app(scope, receive, secured)


class Face(FastAPI):
    """An app whose every answer is secured, and of whose requests neither the query is traced nor a path's secret.

    A reason for opening a private part, or what was searched for, may stand there. What measures a request reads its
    scope before the app does, so it never gets to see them; `AsAsked` gives them back.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._door = SecurityHeaders(super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and (scope["query_string"] or _SECRET.search(scope["path"])):
            path = scope["path"]
            scope = {
                **scope,
                _ASKED: (path, scope["query_string"]),
                "path": _SECRET.sub("*", path),
                "query_string": b"",
            }
        await self._door(scope, receive, send)


class AsAsked:
    """Gives a request its own path and query again; in place, for what handles an error holds the same scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _ASKED in scope:
            scope["path"], query = scope.pop(_ASKED)
            scope["query_string"] = _said(query) if _PROGRAMS.match(scope["path"]) else query
        await self._app(scope, receive, send)


def _said(query: bytes) -> bytes:
    """A program's query without what it leaves empty: `?unit=&open=true`, as the contract writes it, names no unit.

    But for what keeps something from its reader: to leave that empty is a mistake, and once it is shown it is too late.
    """
    return b"&".join(one for one in query.split(b"&") if one.partition(b"=")[2] or one.partition(b"=")[0] in _KEEPING)


class HeadAsGet:
    """Answers HEAD as GET without its content (RFC 9110 9.3.2), so that no route has to name it; one may."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or _own_head(scope):
            await self._app(scope, receive, send)
            return

        async def without_content(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, without_content)


def _own_head(scope: Scope) -> bool:
    """Whether a route says of itself what HEAD tells."""
    own = (route for route in scope["app"].routes if getattr(route, "methods", None) == {"HEAD"})
    return any(route.matches(scope)[0] is Match.FULL for route in own)


async def not_allowed(request: Request, _: Exception) -> Response:
    """A 405 that names every method the address takes: the framework names those of one of its routes."""
    scope = request.scope
    asked = {**scope, "root_path": scope.get("app_root_path", scope.get("root_path", ""))}
    allowed = [method for method in _METHODS if any(_takes(route, asked, method) for route in request.app.routes)]
    if "GET" in allowed:
        allowed.insert(allowed.index("GET") + 1, "HEAD")
    return await rendering.answer(MethodNotAllowed(headers={"Allow": ", ".join(allowed)}), request)


def _takes(route: BaseRoute, scope: Scope, method: str) -> bool:
    if isinstance(route, Mount) and method != "GET":  # static files; a mount itself matches any method
        return False
    return route.matches({**scope, "method": method})[0] is Match.FULL


def service_app(name: str, title: str, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[Any]]) -> FastAPI:
    """A service's app: problems as problem+json, its own OpenAPI under its prefix, no docs from elsewhere."""
    app = Face(
        title=title,
        version="1",
        lifespan=lifespan,
        openapi_url=f"/{name}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_TELEMETRY,
    )
    app.state.pages = Pages(SERVICES / name)
    rendering.install(app)
    app.add_exception_handler(405, not_allowed)
    openapi.describe(app)
    app.add_middleware(Packing)
    app.add_middleware(HeadAsGet)
    app.add_middleware(AsAsked)
    return app


def require_head(request: Request, limit: int, media_type: str) -> None:
    """Refuse by its head alone a body that is too long (413) or of another type (415).

    So the sender of a large body can be asked for before it is read; the contract tells of size and type first.
    """
    _require_length(request, limit)
    _require_type(request, media_type)


async def measure_body(request: Request, limit: int) -> int:
    """Read a body to its end, keep nothing, and tell how many line breaks it has; 413 when it grows too long."""
    size = breaks = 0
    async for part in request.stream():
        size, breaks = size + len(part), breaks + part.count(b"\n")
        if size > limit:
            raise TooLarge
    return breaks


async def read_body(request: Request, limit: int, media_type: str = "application/json") -> bytes:
    """The body, at most `limit` bytes (413, also when it grows too long as it streams) and of a type (415)."""
    _require_length(request, limit)
    parts: list[bytes] = []
    size, more = 0, True
    while more:  # what Request.stream() does, without a generator: nearly every body comes in one piece
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
    _require_type(request, media_type)
    return b"".join(parts)


def _require_length(request: Request, limit: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge


def _require_type(request: Request, media_type: str) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != media_type:
        raise NotJson((f"Hãy gửi nội dung với kiểu {media_type}.", f"Send the body as {media_type}."))
