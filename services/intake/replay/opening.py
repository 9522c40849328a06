"""Before the first write is taken: the database is compared with the log, and what the log alone holds is rebuilt."""

import logging
import time

from services.intake.replay import genesis
from services.intake.replay.sql import QUERIES
from services.intake.writing.events import renumbered, renumbered_answer
from services.intake.writing.service import Service
from services.intake.writing.sql import QUERIES as WRITING
from services.intake.writing.standing import SHORTER
from services.intake.writing.storing import lock_units
from services.kernel.feed.client import OtherLog, first_key
from services.kernel.feed.entries import EntryFeed
from services.kernel.log.note import BadNote, Checkpoint, Verifier
from services.kernel.process.failpoints import failpoint
from services.kernel.process.telemetry import meter
from services.kernel.store.db import transaction

UNREACHABLE = 5.0  # seconds; then what the folder knows of the log has to do
log = logging.getLogger(__name__)
_behind = meter.create_gauge("kycuong.intake.behind", description="1 while the database is behind the log")
_missing = meter.create_gauge("kycuong.intake.missing", unit="{entry}", description="entries that are still to rebuild")


async def begin(service: Service) -> None:
    """Take writes at once where no log can know more than the database: nothing was ever signed."""
    row = await service.pool.fetchrow(QUERIES.log_position)
    service.standing.resume(row["size"], row["until"])
    try:
        if row["until"] is None and row["size"] == 0 and await _nothing_signed(service):
            await finish(service)
    except OtherLog as error:
        service.standing.trouble = error.words


async def _nothing_signed(service: Service) -> bool:
    folder = service.settings.folder
    if await first_key(folder, service.settings.audit_url) is None:
        return True
    signed = _last_signed(service)
    return signed is not None and signed.size == 0


def _last_signed(service: Service) -> Checkpoint | None:
    """The last checkpoint that may have been published, which the log keeps outside every database."""
    folder = service.settings.folder
    try:
        note = (folder.log_dir / "guard" / "checkpoint").read_text(encoding="utf-8")
        return Checkpoint.open(note, *(Verifier.parse(line) for line in folder.vkeys()))
    except (OSError, UnicodeDecodeError, BadNote):
        return None


class Comparison:
    """The database against the log as it stands when this process looks, and once more after each doubt."""

    def __init__(self, service: Service, feed: EntryFeed) -> None:
        self._service, self._feed = service, feed
        self._began = time.monotonic()
        self._goal: int | None = None

    async def step(self) -> None:
        """Look where the log stands, and open once the database holds all of it."""
        standing = self._service.standing
        if self._goal is None:
            newest = await self._feed.newest()
            if newest is None:
                await self._do_without()
                return
            if newest.size < self._feed.size:
                standing.trouble = SHORTER
                log.critical("the log has %d entries, receipts were given for %d", newest.size, self._feed.size)
                return
            self._goal = standing.goal = newest.size
            standing.trouble = None
        if self._feed.size >= max(self._goal, standing.until or 0):
            await finish(self._service)

    async def _do_without(self) -> None:
        """The log cannot be read: go by the last checkpoint that the folder has of it."""
        standing, signed = self._service.standing, _last_signed(self._service)
        if standing.until is not None or signed is None or time.monotonic() - self._began < UNREACHABLE:
            return
        if signed.size <= await self._service.pool.fetchval(QUERIES.accounted_for):
            log.warning("the log cannot be read; the database accounts for all %d signed entries", signed.size)
            await finish(self._service)


async def finish(service: Service) -> None:
    """The database holds what the log holds: send again what was refused meanwhile, and take writes."""
    async with transaction(service.pool) as connection:
        stale = await connection.fetch(QUERIES.stale_rows)
        numbers = await lock_units(connection, {row["unit"] for row in stale})
        for row in stale:
            number = numbers[row["unit"]] = numbers[row["unit"]] + 1
            raw = renumbered(row["bytes"], number)
            await connection.execute(QUERIES.renumber, row["id"], number, raw)
            answer = await connection.fetchval(QUERIES.answer_of, row["event_id"])
            if answer is not None:
                await connection.execute(
                    QUERIES.renumber_answer, row["event_id"], renumbered_answer(answer, number, raw)
                )
        await connection.execute(WRITING.raise_numbers, list(numbers), list(numbers.values()))
        await connection.execute(QUERIES.catch_up)
        failpoint("intake.before_opening")
        # a crash here leaves the database as behind as before; the next start finds nothing missing and comes here
    if stale:
        log.warning("%d accepted events that the log had refused are sent again under new numbers", len(stale))
    await genesis.publish_rules(service.pool, service.settings.source, service.clock.now())
    if not service.settings.demo:
        service.time.judge(await service.pool.fetchval(QUERIES.last_known_time))
    if service.standing.until is not None:
        log.warning(
            "the database is rebuilt: it holds all %d entries of the log; writes are taken", service.standing.until
        )
    service.standing.until, service.standing.compared = None, True
    measure(service)
    service.wake()


def measure(service: Service) -> None:
    """Tell how far behind the database is."""
    standing = service.standing
    _behind.set(int(standing.until is not None))
    _missing.set(max(0, (standing.until or 0) - standing.done))
