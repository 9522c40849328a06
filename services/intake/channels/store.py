"""Loading and storing channels; what is private of them is sealed here."""

import asyncio
import base64
import hashlib
import os
import socket
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from services.intake.channels.rules import Hosts
from services.intake.channels.state import Channel, Channels, New
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.identity.channels import Seal
from services.kernel.process.settings import Settings
from services.kernel.quarters import rfc3339
from services.kernel.store.db import Connection
from services.kernel.store.sql import load_queries
from services.kernel.web.reachable import networks

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))
CONFIRM_WITHIN = BOTH_SIGN = timedelta(hours=24)
_MOST_SIGN = 14  # beside the newest two: a header of more is refused by many a receiver
_LOOK_UP = 1.0  # seconds: what is not known by then is asked again where the socket opens


class ChannelKeeper(Keeper):
    """Keeps channels; without settings (a command, a restore) no write of them is decided."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings

    @cached_property
    def _seal(self) -> Seal:
        assert self._settings is not None  # noqa: S101 - only a running service writes channels
        return Seal.of(self._settings.folder)

    async def locate(self, connection: Connection, needs: Needs) -> None:
        """Look names of hosts up before anything is locked."""
        for host in list(needs.of(Hosts)):
            needs.of(_Found)[f"{host} {' '.join(await _addresses(host))}"] = None

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """The channels that are changed, and what is known of hosts."""
        channels = world[Channels]
        if self._settings is not None:
            channels.named = networks(self._settings.webhook_allow)
            channels.push = self._settings.vapid_key is not None
        channels.draw = _secret
        channels.hosts = {host: rest for host, *rest in (line.split() for line in needs.of(_Found))}
        if ids := list(needs.of(Channel)):
            rows = await connection.fetch(QUERIES.channels, ids)
            channels.known = {row["id"]: Channel(**row) for row in rows}

    def changed(self, world: World) -> bool:
        """Whether any was added, removed or given a new secret."""
        channels = world[Channels]
        return bool(channels.new or channels.removed or channels.rotated)

    async def alter(self, connection: Connection, world: World) -> None:
        """Add, rotate, remove."""
        for new in world[Channels].new:
            await connection.execute(QUERIES.add_channel, *self._row(new, world))
        for hook, secret in world[Channels].rotated:
            row = await connection.fetchrow(QUERIES.sealed, hook, world.now)
            held = self._seal.open(hook, row["sealed"])
            old = held | {"before": self._before(hook, row, world.now)}
            sealed, previous = (self._seal.close(hook, one) for one in (held | {"secret": secret}, old))
            await connection.execute(QUERIES.rotate, hook, sealed, previous, world.now + BOTH_SIGN)
        if world[Channels].removed:
            await connection.execute(QUERIES.remove_channels, world[Channels].removed, world.now)

    def _before(self, hook: str, row: Any, now: datetime) -> list[dict[str, str]]:
        """The secrets before the one that stands, each with its end: whoever lost an answer rotates once more."""
        if row["previous"] is None:
            return []
        earlier = self._seal.open(hook, row["previous"])
        newest = {"secret": earlier["secret"], "until": rfc3339(row["previous_until"])}
        return [newest, *(one for one in earlier.get("before", []) if one["until"] > rfc3339(now))][:_MOST_SIGN]

    def _row(self, new: New, world: World) -> tuple[object, ...]:
        confirm = hash_secret(new.confirm) if new.confirm else None
        return (
            new.id, new.kind, new.account, new.unit, None if new.kinds is None else list(new.kinds), new.digest,
            self._seal.close(new.id, new.private), confirm, world.now + CONFIRM_WITHIN if confirm else None,
            new.until, world.now,
        )  # fmt: skip


class _Found:
    """Names, among what is needed, hosts with their addresses."""


def _secret() -> str:
    return base64.b64encode(os.urandom(33)).decode()  # 33 need no padding, which some readers lose and others ask for


def hash_secret(secret: str) -> bytes:
    """What the database keeps of a link's secret."""
    return hashlib.sha256(secret.encode()).digest()


async def _addresses(host: str) -> list[str]:
    try:
        async with asyncio.timeout(_LOOK_UP):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return []
    return sorted({str(one[4][0]) for one in found})
