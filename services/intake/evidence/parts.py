"""A file that comes in parts over a slow link: each kept, sealed, until all are there, or for 7 days."""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.evidence.sql import QUERIES
from services.intake.findings.forms import MAX_FILE_BYTES
from services.intake.vault.sealing import Sealed
from services.intake.writing.refusals import UploadGap
from services.intake.writing.service import Service
from services.kernel.problems import FieldError, TooLarge
from services.kernel.process.failpoints import failpoint
from services.kernel.process.loops import wait_for_event
from services.kernel.store.db import TRANSIENT, transaction

KEPT = timedelta(days=7)
EVERY = 600.0  # seconds between sweeps
MOST = 4_096  # parts of one file
_RANGE = re.compile(r"bytes ([0-9]{1,9})-([0-9]{1,9})/([0-9]{1,9})")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `first` up to and with `last`, of `size` in all."""

    first: int
    last: int
    size: int

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.last - self.first + 1 == self.size


@dataclass(frozen=True, slots=True)
class Sending:
    """One account's sending of one file."""

    target: str
    """What it belongs to: a finding, or a write with files."""
    place: int
    account: str
    part: tuple[str, str]
    """The event and the part that the whole is sealed as."""

    def sealed(self, start: int, wrapped_key: bytes, sealed: bytes) -> Sealed:
        """One part of it as the vault keeps it."""
        return Sealed(*self.group(start), wrapped_key, sealed)

    def group(self, start: int) -> tuple[str, str]:
        """The event and the part that a part is sealed as."""
        event, group = self.part
        return event, f"{group}/{self.account}/{start}"


def read_range(text: str, length: int) -> Part | FieldError:
    """What a Content-Range says of a body of this length, or what is wrong with it; TooLarge for too big a whole."""
    named = _RANGE.fullmatch(text.strip())
    part = Part(*map(int, named.groups())) if named else None
    if part is not None and part.size > MAX_FILE_BYTES:
        raise TooLarge
    if part is None or not part.first <= part.last < part.size or part.last - part.first + 1 != length:
        return FieldError(
            "",
            f"Content-Range phải là bytes a-b/n, với b-a+1 bằng số byte gửi lên ({length}) và b nhỏ hơn n",
            f"Content-Range must be bytes a-b/n, with b-a+1 the number of bytes sent ({length}) and b below n",
        )
    return part


async def received(service: Service, sending: Sending) -> int:
    """How many bytes are held of what is not whole yet, from its first one on."""
    row = await service.pool.fetchrow(QUERIES.received, sending.target, sending.place, sending.account)
    return int(row["received"])


async def take(service: Service, sending: Sending, part: Part, raw: bytes) -> int:
    """Keep what is new of a part, and tell how many bytes are held now; UploadGap where it does not follow them."""
    target, place, account = sending.target, sending.place, sending.account
    async with transaction(service.pool) as connection:
        await connection.execute(QUERIES.lock_upload, target)
        row = await connection.fetchrow(QUERIES.received, target, place, account)
        held: int = row["received"]
        if part.first > held:
            raise UploadGap(held)
        if row["parts"] >= MOST:
            raise TooLarge((f"Quá {MOST} phần; hãy gửi phần lớn hơn.", f"More than {MOST} parts; send larger ones."))
        fresh = raw[held - part.first :]  # what came before came again: its answer was lost
        if fresh:
            sealed, _ = await asyncio.to_thread(service.vault.seal, *sending.group(held), fresh)
            await connection.execute(
                QUERIES.keep_part, target, place, account, held, len(fresh), sealed.wrapped_key, sealed.sealed,
                service.clock.now(),
            )  # fmt: skip
        failpoint("intake.before_part_commit")
        # a crash here leaves what was held before: the phone asks how much that is, and goes on from there
    failpoint("intake.after_part_commit")
    # a crash here leaves the part held though nobody was told: sent again it changes nothing
    return held + len(fresh)


async def joined(service: Service, sending: Sending) -> bytes:
    """The parts one after the other."""
    rows = await service.pool.fetch(QUERIES.parts, sending.target, sending.place, sending.account)
    sealed = [sending.sealed(row["start"], row["wrapped_key"], row["sealed"]) for row in rows]
    return await asyncio.to_thread(lambda: b"".join(service.vault.open(each)[1] for each in sealed))


async def drop(service: Service, sending: Sending) -> None:
    """Let go of what made no file of the manifest."""
    await service.pool.execute(QUERIES.drop_parts, sending.target, sending.place, sending.account)


async def sweep_often(service: Service, stop: asyncio.Event) -> None:
    """Let go of what nobody went on with, until stopped."""
    while not stop.is_set():
        try:
            if service.time.doubt() is None:
                await sweep(service, service.clock.now())
        except TRANSIENT as error:
            log.warning("the sweep waits for the database: %s", type(error).__name__)
        await wait_for_event(stop, EVERY)


async def sweep(service: Service, now: datetime) -> None:
    """Let go of the parts of files of which nothing has come for 7 days."""
    await service.pool.execute(QUERIES.sweep_parts, now - KEPT)
