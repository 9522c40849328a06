"""What intake's routes and loops share, typed: `app.state.service`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.domain.catalogue import Catalogue
from services.intake.evidence.imaging import Darkroom
from services.intake.handover.keys import Keys
from services.intake.people.local_sign_in import Logins
from services.intake.vault.sealing import Vault
from services.intake.writing.commands import Command
from services.intake.writing.rate import RateLimit
from services.intake.writing.senders import Senders
from services.intake.writing.standing import Standing
from services.intake.writing.timekeeping import Timekeeper
from services.intake.writing.writes import Answer, Writes
from services.kernel.flow.batcher import Batcher
from services.kernel.process.clock import Clock
from services.kernel.process.settings import Settings
from services.kernel.process.slices import Slices
from services.kernel.store.db import Pool


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
