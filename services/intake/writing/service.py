"""What intake's routes and loops share, typed: `app.state.service`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from fastapi import Request

from services.domain.calendar import WorkingCalendar
from services.domain.catalogue import Catalogue
from services.domain.deadlines import Deadlines
from services.domain.units import Directory
from services.intake.vault.sealing import Vault
from services.intake.writing.commands import Command, Nouns
from services.intake.writing.needs import Stamps
from services.intake.writing.rate import RateLimit
from services.intake.writing.senders import Senders
from services.intake.writing.standing import Standing
from services.intake.writing.timekeeping import Timekeeper
from services.intake.writing.writes import Answer, Writes
from services.kernel.flow.batcher import Batcher
from services.kernel.process.clock import Clock
from services.kernel.process.settings import Settings
from services.kernel.process.slices import Slices
from services.kernel.store.db import Connection, Pool

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Service:
    """A running intake."""

    settings: Settings
    pool: Pool
    clock: Clock
    vault: Vault
    catalogues: Sequence[Catalogue]
    lengths: Sequence[Deadlines]
    nouns: Nouns
    writes: Writes
    batcher: Batcher[Command, Answer]
    rate: RateLimit
    senders: Senders
    standing: Standing
    time: Timekeeper
    directory: Callable[[Connection], Awaitable[Directory]]
    """The unit tree as it stands now."""
    calendar: Callable[[Connection], Awaitable[WorkingCalendar]]
    """The working calendar in force now."""
    known: Callable[[Connection, Stamps], Awaitable[tuple[Directory, WorkingCalendar]]]
    """Both as they are at their numbers."""
    slices: Slices = field(default_factory=Slices)
    parts: Mapping[type, Any] = field(default_factory=dict)
    """What capabilities keep of their own while the service runs."""
    loops: list[asyncio.Task[None]] = field(default_factory=list)
    let_lapse: Callable[["Service", datetime], Awaitable[object]]
    """Makes what is due by a told clock happen, before writes that come after it (a demo's past)."""
    wake: Callable[[], None] = lambda: None
    """Tells the relay that the outbox has something new."""

    def require_writable(self) -> None:
        """Unavailable until the database is known to hold all that the log holds."""
        self.standing.require_open()

    def part(self, kind: type[T]) -> T:
        """A capability's own part."""
        return cast(T, self.parts[kind])


def service_of(request: Request) -> Service:
    """The service behind a request."""
    return cast(Service, request.app.state.service)
