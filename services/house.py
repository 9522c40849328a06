"""One origin for the services of a process: who answers which path, and how HTTP is spoken until a signal ends it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import count

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.problems import NotFound, Problem
from services.kernel.process.collector import spare_the_collector
from services.kernel.process.loops import on_signals
from services.kernel.web import listening, rendering
from services.kernel.web.app import SecurityHeaders, not_allowed
from services.kernel.web.packing import Packing
from services.kernel.web.protocol import guarded

GRACE = 2  # seconds for requests under way; with the loops and PostgreSQL, Ctrl-C ends within 5
log = logging.getLogger(__name__)


class House:
    """One origin, each service under its prefix: dispatches by the first segment of the path.

    Every answer, whoever makes it, leaves through the one door that adds the browser's safety headers.
    """

    def __init__(self, apps: Mapping[str, FastAPI]) -> None:
        self._apps = apps
        self.refused: Exception | None = None
        self._porch = Starlette(
            routes=[Route("/", _welcome), Route("/problems/{slug}", _explain), Route("/favicon.ico", _no_icon)],
        )
        self._face = next(iter(apps.values()), self._porch)  # its pages show what lies before all doors
        self._porch.state.pages = getattr(self._face.state, "pages", None)
        rendering.install(self._porch)
        self._porch.add_exception_handler(405, not_allowed)
        self._porch.add_middleware(Packing)
        self._door = SecurityHeaders(self._dispatch)

    def leave(self) -> None:
        """Answers that would never end by themselves end now, so that the server need not cut them short."""
        for app in self._apps.values():
            getattr(app.state, "leave", _nothing)()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._door(scope, receive, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._apps.get(scope["path"].removeprefix("/").partition("/")[0], self._porch)
        await app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start the services, and stop them in the other order; why one does not start is kept, and said by who asked.

        Starlette's own lifespan would log it with its traceback, also when it is a plain refusal.
        """
        await receive()
        async with AsyncExitStack() as stack:
            try:
                for app in self._apps.values():
                    await stack.enter_async_context(app.router.lifespan_context(app))
            except Exception as refusal:
                self.refused = refusal
                await send({"type": "lifespan.startup.failed", "message": ""})
                return
            self._porch.state.service = getattr(self._face.state, "service", None)
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _nothing() -> None: ...


async def _welcome(_: Request) -> Response:
    return RedirectResponse("/intake/", status_code=303)


async def _no_icon(_: Request) -> Response:
    return Response(status_code=204)


async def _explain(request: Request) -> Response:
    """What a problem's `type` address says when somebody opens it: its sentence in both languages."""
    slug = request.path_params["slug"]
    for kind in _subclasses(Problem):
        if kind.slug == slug:
            return Response(
                f"{kind.status} {slug}\n\n{kind.title('vi')}\n\n{kind.title('en')}\n", media_type="text/plain"
            )
    raise NotFound


def _subclasses(kind: type[Problem]) -> Iterator[type[Problem]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _subclasses(child)


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: the composition stops the services, then the database."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_config(app: ASGIApp, proxies: Sequence[str] = ()) -> uvicorn.Config:
    """How HTTP is spoken: nothing half-sent stays, and only these proxies' word is taken for whose a request is."""
    return uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=GRACE, server_header=False,
        timeout_keep_alive=30, http=guarded(proxies), ws="none", proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
    )  # fmt: skip


async def serve(
    house: House, listener: socket.socket, probes: Sequence[str], announce: Callable[[str], None],
    proxies: Sequence[str] = (),
) -> None:  # fmt: skip
    """Serve on a bound socket until SIGINT or SIGTERM; `announce` gets the address once every probe answers 200."""
    config = server_config(house, proxies)
    server = _Server(config)
    spare_the_collector()

    def leave() -> None:
        house.leave()
        server.should_exit = True

    on_signals(leave)
    listening.listen(listener, config.backlog)
    told = _announce_when_ready(listening.address_of(listener), probes, announce)
    ready = asyncio.create_task(told, name="ready")
    try:
        await server.serve([listener])
    except SystemExit:  # uvicorn's own exit code; ours is 1, with a sentence
        if house.refused is not None:
            raise house.refused from None
        raise RuntimeError(
            "dịch vụ không khởi động được; xem nhật ký trên stderr (the services did not start; see the log on stderr)"
        ) from None
    finally:
        ready.cancel()


async def _announce_when_ready(address: str, probes: Sequence[str], announce: Callable[[str], None]) -> None:
    # our own plain HTTP: nothing is verified, so no certificates are loaded for it
    async with httpx.AsyncClient(base_url=address, timeout=2, trust_env=False, verify=False) as client:  # noqa: S501
        for probe in probes:
            await _wait_for(client, f"{probe}/readyz")
    announce(address)


async def _wait_for(client: httpx.AsyncClient, path: str) -> None:
    """Poll a probe until it answers 200; says every 10 s what it still waits for."""
    for tries in count():
        says = await _probe(client, path)
        if says is None:
            return
        if tries % 200 == 199:
            log.warning("still waiting for /%s: %s", path, says)
        await asyncio.sleep(0.05)


async def _probe(client: httpx.AsyncClient, path: str) -> str | None:
    """None when ready; else what the probe says."""
    try:
        answer = await client.get(path)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.status_code == 200 else answer.text
