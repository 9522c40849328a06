"""Composition: the three services behind one address in one process, or one of them alone.

Only this module and the command line know all the services.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from services.kernel.process import telemetry
from services.kernel.process.clock import Clock
from services.kernel.process.custody import Custody
from services.kernel.process.folder import Folder, write_durably
from services.kernel.process.loops import on_signals
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import apart, check_migrated, migrate
from services.kernel.store.postgres import EmbeddedPostgres
from services.kernel.web import listening

if TYPE_CHECKING:  # what a start loads while its database starts
    from fastapi import FastAPI

SERVICES = ("audit", "intake", "reports")  # in the order in which they start; they stop in the other


def create_service(name: str, settings: Settings, clock: Clock | None = None) -> "FastAPI":
    """One service's app, by name."""
    app: FastAPI = _app_of(name).create_app(settings, clock)
    return app


def _app_of(name: str) -> Any:
    return import_module(f"services.{name}.app")


def _load() -> None:
    import_module("services.house")
    for name in SERVICES:
        _app_of(name)


def _cancelling() -> Callable[[], object]:
    """What ends the task that is running now; said twice, it does not end what the task still has to stop."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - narrows: a coroutine runs in a task
    return lambda: task.cancelling() or task.cancel()


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


async def prepare(settings: Settings) -> None:
    """What an installation must have before its services start: its tables, and every secret, made once."""
    await migrate(settings)
    await prepare_secrets(settings)


async def prepare_secrets(settings: Settings) -> None:
    """Every secret, made once, in an installation that has its tables."""
    from services.audit.guard import keys_of
    from services.intake.channels.key import require_channel_key
    from services.intake.handover.keys import Keys
    from services.intake.people.known_devices import KnownDevices
    from services.intake.replay import genesis
    from services.intake.vault.key import open_vault
    from services.kernel.identity.channels import Seal

    connection = await asyncpg.connect(settings.dsn("intake_app"))
    try:
        await open_vault(connection, settings.folder)
        await require_channel_key(connection, settings.folder)
        await genesis.require_own(connection, settings.folder)
    finally:
        await connection.close()
    folder = settings.folder
    made = (
        lambda: keys_of(settings), lambda: Keys.of(folder), lambda: KnownDevices.of(folder), folder.read_token,
        lambda: Seal.of(folder),
    )  # fmt: skip
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
    on_signals(_cancelling())  # until the services run, too: by default SIGTERM would leave the database behind
    # the port first: without it there is no use in starting a database
    with listening.bind(host, port) as listener:
        importing = asyncio.create_task(asyncio.to_thread(_load))  # meanwhile the database starts
        async with database(folder, url) as admin_url:
            remember_database(folder, admin_url)
            settings = settings_of(folder, admin_url, listening.address_of(listener))
            await migrate(settings, apart)
            await importing
            await prepare_secrets(settings)
            from services.house import House, serve

            with telemetry.exporting("run"):
                house = House({name: create_service(name, settings) for name in SERVICES})
                await serve(house, listener, SERVICES, announce, settings.trusted_proxies)


async def serve_one(name: str, data: Path, host: str, port: int, url: str, announce: Callable[[str], None]) -> None:
    """One service alone; its database must have been migrated."""
    from services.house import House, serve

    folder = Folder(data).prepare()
    with listening.bind(host, port) as listener:
        settings = settings_of(folder, url)
        await check_migrated(settings, name)
        with telemetry.exporting(name):
            house = House({name: create_service(name, settings)})
            await serve(house, listener, [name], announce, settings.trusted_proxies)
