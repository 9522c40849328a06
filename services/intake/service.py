"""What intake's routes and loops share, typed: `app.state.service`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.intake.catalogue import Catalogue
from services.intake.commands import Command
from services.intake.handover_keys import Keys
from services.intake.imaging import Darkroom
from services.intake.rate import RateLimit
from services.intake.senders import Senders
from services.intake.sessions import Logins
from services.intake.standing import Standing
from services.intake.timekeeping import Timekeeper
from services.intake.vault import Vault
from services.intake.writes import Answer, Writes
from services.kernel.batcher import Batcher
from services.kernel.clock import Clock
from services.kernel.db import Pool
from services.kernel.settings import Settings
from services.kernel.slices import Slices


@dataclass(slots=True)
class Service:
    """A running intake."""

    settings: Settings
    pool: Pool
    clock: Clock
    vault: Vault
    catalogues: Sequence[Catalogue]
    writes: Writes
    batcher: Batcher[Command, Answer]
    rate: RateLimit
    logins: Logins
    handover_keys: Keys
    senders: Senders
    standing: Standing
    time: Timekeeper
    slices: Slices = field(default_factory=Slices)
    darkroom: Darkroom = field(default_factory=Darkroom)
    loops: list[asyncio.Task[None]] = field(default_factory=list)
    wake: Callable[[], None] = lambda: None
    """Tells the relay that the outbox has something new."""

    def require_writable(self) -> None:
        """Unavailable until the database is known to hold all that the log holds."""
        self.standing.require_open()
