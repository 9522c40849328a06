"""The three services in this process behind a real port: for tests that look inside while they speak HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from services.house import House, _Server, server_config
from services.kernel.process.clock import Clock
from services.kernel.process.settings import Settings
from services.kernel.web import listening
from services.run import SERVICES, create_service
from tests.support.authorities import AUTHORITIES


@dataclass
class Open:
    """A house with its doors open."""

    url: str
    apps: dict[str, FastAPI]
    settings: Settings

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=40, trust_env=False, verify=AUTHORITIES)


@asynccontextmanager
async def open_house(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Open]:
    """Serve until the block ends; every service is ready when it begins."""
    listener = listening.bind("127.0.0.1", 0)
    address = listening.address_of(listener)
    settings = settings.model_copy(update={"audit_url": address})
    apps = {name: create_service(name, settings, clock) for name in SERVICES}
    server = _Server(server_config(House(apps), settings.trusted_proxies))
    serving = asyncio.create_task(server.serve([listener]))
    house = Open(address.rstrip("/"), apps, settings)
    try:
        async with asyncio.timeout(60), house.client() as client:
            while not server.started:
                assert not serving.done(), serving.exception()
                await asyncio.sleep(0.02)
            for name in SERVICES:
                while (await client.get(f"/{name}/readyz")).status_code != 200:
                    await asyncio.sleep(0.02)
        yield house
    finally:
        server.should_exit = True
        await serving
        listener.close()
