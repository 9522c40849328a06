"""Composition: the three services behind one address in one process, or one of them alone.

Only this module and the command line know all the services.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.problems import NotFound, Problem
from services.kernel.process import telemetry
from services.kernel.process.clock import Clock
from services.kernel.process.custody import Custody
from services.kernel.process.folder import Folder, write_durably
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import Upgrading, apart, check_migrated, here, migrate
from services.kernel.store.postgres import EmbeddedPostgres
from services.kernel.web import listening, rendering
from services.kernel.web.app import SecurityHeaders, not_allowed
from services.kernel.web.protocol import guarded

SERVICES = ("audit", "intake", "reports")  # in the order in which they start; they stop in the other
GRACE = 2  # seconds for requests under way; with the loops and PostgreSQL, Ctrl-C ends within 5
log = logging.getLogger(__name__)


def create_service(name: str, settings: Settings, clock: Clock | None = None) -> FastAPI:
    """One service's app, by name."""
    app = _app_of(name).create_app(settings, clock)
    assert isinstance(app, FastAPI)  # noqa: S101 - a service without an app is a broken checkout
    return app


def _app_of(name: str) -> Any:
    return import_module(f"services.{name}.app")


def _import_services() -> None:
    for name in SERVICES:
        _app_of(name)


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
        self._door = SecurityHeaders(self._dispatch)

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
    _spare_the_collector()
    _on_signals(lambda: setattr(server, "should_exit", True))
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


def _spare_the_collector() -> None:
    """What the start made stays: the collector need not walk it, nor run after every 700 rows of a batch."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _cancelling() -> Callable[[], object]:
    """What ends the task that is running now; said twice, it does not end what the task still has to stop."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - narrows: a coroutine runs in a task
    return lambda: task.cancelling() or task.cancel()


def _on_signals(stop: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def _announce_when_ready(address: str, probes: Sequence[str], announce: Callable[[str], None]) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=2, trust_env=False) as client:
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


@asynccontextmanager
async def database(folder: Folder, url: str | None) -> AsyncIterator[str]:
    """The administrator's connection string: the configured server's, or that of the folder's own, run meanwhile."""
    if url is not None:
        yield url
        return
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        watch = asyncio.create_task(server.supervise(), name="postgres")
        try:
            yield server.url
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
    finally:
        await server.stop()


def remember_database(folder: Folder, url: str) -> None:
    """Keep the connection string beside the secrets, for `kycuong token` and `account`."""
    write_durably(folder.secrets_dir / "database_url", url, 0o600)


def settings_of(folder: Folder, url: str, address: str | None = None) -> Settings:
    """The settings of a process that serves this folder; in one process the log is read at the own address."""
    settings = Settings(data=folder.path, database_url=url)
    return settings if address is None else settings.model_copy(update={"audit_url": address})


async def prepare(settings: Settings, upgrading: Upgrading = here) -> None:
    """What an installation must have before its services start: its tables, and every secret, made once."""
    from services.audit.guard import keys_of
    from services.intake.handover.keys import Keys
    from services.intake.people.known_devices import KnownDevices
    from services.intake.replay import genesis
    from services.intake.vault.key import open_vault

    await migrate(settings, upgrading)
    connection = await asyncpg.connect(settings.dsn("intake_app"))
    try:
        await open_vault(connection, settings.folder)
        await genesis.require_own(connection, settings.folder)
    finally:
        await connection.close()
    folder = settings.folder
    made = (lambda: keys_of(settings), lambda: Keys.of(folder), lambda: KnownDevices.of(folder), folder.read_token)
    for make in made:
        await asyncio.to_thread(make)


def hand_over(folder: Folder, custody: Custody) -> None:
    """Give each service's user the secrets that are its own; what a service keeps in a folder may have to be made."""
    for room in ("log_keys", "readers"):
        (folder.secrets_dir / room).mkdir(exist_ok=True)
    custody.hand_over(folder, {name: _app_of(name).SECRETS for name in SERVICES}, log_keeper="audit")


async def run(data: Path, host: str, port: int, url: str | None, announce: Callable[[str], None]) -> None:
    """All three services in one process, on one address, until a signal ends it."""
    folder = Folder(data).prepare()
    folder.hold()
    _on_signals(_cancelling())  # until the services run, too: by default SIGTERM would leave the database behind
    # the port first: without it there is no use in starting a database
    with listening.bind(host, port) as listener:
        importing = asyncio.create_task(asyncio.to_thread(_import_services))  # meanwhile the database starts
        new = url is None and not (folder.path / "postgres").exists()
        async with apart(ahead=new) as upgrading, database(folder, url) as admin_url:
            await importing
            remember_database(folder, admin_url)
            settings = settings_of(folder, admin_url, listening.address_of(listener))
            await prepare(settings, upgrading)
            with telemetry.exporting("run"):
                house = House({name: create_service(name, settings) for name in SERVICES})
                await serve(house, listener, SERVICES, announce, settings.trusted_proxies)


async def serve_one(name: str, data: Path, host: str, port: int, url: str, announce: Callable[[str], None]) -> None:
    """One service alone; its database must have been migrated."""
    folder = Folder(data).prepare()
    with listening.bind(host, port) as listener:
        settings = settings_of(folder, url)
        await check_migrated(settings, name)
        with telemetry.exporting(name):
            house = House({name: create_service(name, settings)})
            await serve(house, listener, [name], announce, settings.trusted_proxies)
