"""Letters as files in a folder, in place of a mail server: for whoever tries the system out."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

from services.kernel.process.clock import Clock
from services.kernel.process.folder import write_durably
from services.kernel.process.settings import Settings
from services.reports.delivery.mail.sender import written
from services.reports.delivery.port import Message, Receiver


class FolderChannel:
    """Writes a letter a file, in letters that a text editor shows."""

    def __init__(self, folder: Path, sender: str, clock: Clock) -> None:
        self._folder, self._sender, self._clock = folder, sender, clock

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> FolderChannel | None:
        """As the settings say; None without a folder or a sender."""
        if settings.mail_folder is None or not settings.mail_from:
            return None
        return cls(settings.mail_folder, settings.mail_from, clock)

    async def send(self, message: Message, receiver: Receiver) -> int:
        """Write once; of a repeat the same file."""
        mail = written(message, receiver, self._sender, self._clock.now())
        await asyncio.to_thread(self._keep, f"{message.kind}-{message.id}.eml", mail)
        return 250

    def _keep(self, name: str, mail: EmailMessage) -> None:
        mail.set_content(mail.get_content(), cte="8bit")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self._folder / name, mail.as_bytes(policy=SMTPUTF8).decode(), 0o600)

    async def close(self) -> None:
        """Nothing stays open."""
