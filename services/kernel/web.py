"""What the three HTTP faces have in common: problems, headers, one server span a request, bounded bodies."""

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI, Request
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel import openapi, problems
from services.kernel.problems import NotJson, TooLarge
from services.kernel.telemetry import tracer

_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SECURITY_RAW = [(name.lower().encode(), value.encode()) for name, value in _SECURITY.items()]
_TRACED = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))


class SecurityHeaders:
    """Adds the browser's safety headers to every answer, and `no-store` where the answer names no caching."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = list(message.get("headers", ()))
                headers.extend(_SECURITY_RAW)
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
            await send(message)

        await self._app(scope, receive, secured)


class ServerSpan:
    """Opens one SERVER span a request, continuing the caller's trace; health probes are left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(("/healthz", "/readyz")) or not _tracing():
            await self._app(scope, receive, send)
            return
        parent = extract(dict(Headers(scope=scope)))
        with tracer.start_as_current_span(scope["method"], context=parent, kind=SpanKind.SERVER) as span:

            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            await self._app(scope, receive, noted)
            route = getattr(scope.get("route"), "path", None)
            if route is not None:
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)


def _tracing() -> bool:
    """Whether anybody listens: an exporter is configured, or a test installed a provider."""
    return _TRACED or hasattr(trace.get_tracer_provider(), "add_span_processor")


def service_app(name: str, title: str, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[Any]]) -> FastAPI:
    """A service's app: problems as problem+json, its own OpenAPI under its prefix, no docs from elsewhere."""
    app = FastAPI(
        title=title,
        version="1",
        lifespan=lifespan,
        openapi_url=f"/{name}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(app)
    openapi.describe(app)
    app.add_middleware(ServerSpan)
    app.add_middleware(SecurityHeaders)
    return app


async def read_body(request: Request, limit: int, media_type: str = "application/json") -> bytes:
    """The body, at most `limit` bytes (413, also when it grows too long as it streams) and of a type (415)."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != media_type:
        raise NotJson((f"Hãy gửi nội dung với kiểu {media_type}.", f"Send the body as {media_type}."))
    return b"".join(parts)
