"""The only way a write is accepted: many at once, decided in line order, stored in one transaction."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from services.domain.catalogue import Catalogue
from services.intake.vault.pseudonyms import Naming, Pseudonyms
from services.intake.vault.sealing import Vault
from services.intake.writing.accepted import Replay
from services.intake.writing.commands import Command
from services.intake.writing.connection import Session
from services.intake.writing.decide import decide
from services.intake.writing.events import Maker, Numbers, beside
from services.intake.writing.keeper import Keeper
from services.intake.writing.links import LinkRow, link_row
from services.intake.writing.loading import existing_accounts, load_authors, recall, signers
from services.intake.writing.needs import Needs
from services.intake.writing.senders import Senders
from services.intake.writing.signers import Devices
from services.intake.writing.sql import QUERIES
from services.intake.writing.standing import Standing
from services.intake.writing.storing import Store, StoredWrite
from services.intake.writing.timekeeping import Timekeeper
from services.intake.writing.world import World
from services.kernel.envelope import EventTooLarge
from services.kernel.identity.authentication import load_accounts, load_callers
from services.kernel.problems import Problem, Unavailable, invalid
from services.kernel.process.clock import Clock
from services.kernel.process.failpoints import failpoint
from services.kernel.store.db import TRANSIENT, Connection, Pool, columns

PATIENCE = 10.0  # seconds for one batch
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted write gets: 201 the first time, 200 and the same bytes for a repeat."""

    status: int
    body: bytes


@dataclass(slots=True, kw_only=True)
class _Batch:
    """One batch on its way through the transaction."""

    commands: Sequence[Command]
    world: World
    maker: Maker
    numbers: Numbers
    naming: Naming
    stored: list[StoredWrite]
    links: dict[tuple[str, int, str], LinkRow]
    """What to note of phones' chains, each item once."""


class Writes:
    """Accepts batches of writes; what it knows beside the database never changes once stored."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        clock: Clock,
        origin: str,
        source: str,
        catalogues: Sequence[Catalogue],
        senders: Senders,
        *,
        keepers: Sequence[Keeper],
        standing: Standing,
        time: Timekeeper | None = None,
        demo: Callable[[], bool],
        wake: Callable[[], None],
    ) -> None:
        self._session = Session(pool)
        self._vault, self._clock, self._origin, self._source = vault, clock, origin, source
        self._catalogues = list(catalogues)
        self._time = time or Timekeeper(clock)
        self._senders, self._standing, self._demo, self._wake = senders, standing, demo, wake
        self._pseudonyms, self._devices = Pseudonyms(), Devices()
        self._keepers, self._store_all = keepers, Store(keepers).batch

    async def commit(self, commands: list[Command]) -> Sequence[Answer | Exception]:
        """Decide and store a batch; an answer or a refusal for each, in order. An exception: nothing was stored.

        (Only a demo load and a phone's registration bring several transactions into one batch.)
        """
        if not self._standing.open:
            # what waited in the queue when it was noticed that the database is behind the log
            return [Unavailable(detail=self._standing.why) for _ in commands]
        answers: list[Answer | Exception] = []
        for run in _runs(commands):
            answers += await self._commit_run(run)
        return answers

    def forget(self) -> None:
        """Read again what was remembered of a database that has been replaced by an older one."""
        self._pseudonyms.forget()
        self._devices = Devices()
        for keeper in self._keepers:
            keeper.forget()

    async def close(self) -> None:
        """Give the connection back."""
        await self._session.close()

    async def _commit_run(self, commands: list[Command]) -> list[Answer | Exception]:
        """Try twice: the first trouble may be a connection that a restarted database no longer knows."""
        for patience in (PATIENCE, PATIENCE / 2):
            try:
                async with asyncio.timeout(patience):
                    return await self._attempt(commands)
            except TRANSIENT as error:
                # perhaps it was stored, perhaps not: 503 says so, and a retry with the same id finds out
                log.warning("the database is away: %s", type(error).__name__)
                if isinstance(error, TimeoutError):
                    break
        return [Unavailable() for _ in commands]

    async def _attempt(self, commands: list[Command]) -> list[Answer | Exception]:
        try:
            answers = await self._try_light(commands)
            return answers if answers is not None else await self._commit_beside_others(commands)
        except EventTooLarge:
            if len(commands) > 1:
                raise
            return [invalid("", "nội dung quá lớn cho một sự kiện; hãy rút gọn", "too large for one event; shorten it")]

    async def _try_light(self, commands: list[Command]) -> list[Answer | Exception] | None:
        """Light writes alone, without a lock: one statement stores them if nobody wrote to their units meanwhile.

        Sound because every change of a case moves its unit's number, and the numbers are read before the cases. None
        when the batch needs more than that, or when another process was faster: then it is decided anew under locks.
        """
        if not all(command.noun.light and command.signed is None for command in commands):
            return None
        async with self._session.use() as connection:
            batch = await self._load(connection, commands, lock=False)
            answers = self._decide(batch)
            if batch.naming.fresh or any(keeper.changed(batch.world) for keeper in self._keepers):
                return None
            failpoint("intake.before_light_commit")
            # a crash before or in this statement leaves nothing of the batch: no row, no event, no number used
            try:
                await self._store(connection, batch)
            except (asyncpg.DivisionByZeroError, asyncpg.UniqueViolationError):
                return None
        self._committed(batch)
        return answers

    async def _commit_beside_others(self, commands: list[Command]) -> list[Answer | Exception]:
        """Under locks; once more when another process has just given the same name or taken the same id."""
        try:
            return await self._commit_locked(commands)
        except (asyncpg.DivisionByZeroError, asyncpg.UniqueViolationError):
            self._pseudonyms.forget()
            return await self._commit_locked(commands)

    async def _commit_locked(self, commands: list[Command]) -> list[Answer | Exception]:
        async with self._session.transaction() as connection:
            batch = await self._load(connection, commands, lock=True)
            answers = self._decide(batch)
            await self._store(connection, batch)
            failpoint("intake.before_commit")
            # a crash here leaves nothing of the batch: no row, no event, no number used, no answer sent
        self._committed(batch)
        return answers

    def _committed(self, batch: _Batch) -> None:
        failpoint("intake.after_commit")
        # a crash here leaves the batch accepted and its events in the outbox; a retry gets the same answer
        self._remember(batch)
        if batch.stored:
            self._wake()

    async def _load(self, connection: Connection, commands: list[Command], *, lock: bool) -> _Batch:
        tokens = list({command.token for command in commands})
        callers = await load_callers(connection, tokens)
        self._senders.note(tokens, callers)
        await self._devices.attribute(connection, commands)
        needs = needs_of(commands)
        for keeper in reversed(self._keepers):
            await keeper.locate(connection, needs)
        recalled = await recall(connection, self._vault, commands, needs, lock=lock)
        needs.stamps = recalled.stamps
        needs.writers = signers(commands) | {caller.account for caller in callers.values()}
        now = self._clock.now()
        world = World(
            origin=self._origin, now=commands[0].at or now, rights_at=now, callers=callers, known=recalled.known,
            catalogues=self._catalogues, demo=self._demo(), certain=self._time.certain(), floor=self._time.floor,
        )  # fmt: skip
        for keeper in self._keepers:
            await keeper.load(connection, needs, world)
        world.authors = await load_authors(connection, commands, world)
        world.accounts = await existing_accounts(connection, needs.accounts)
        if needs.people:
            world.people = await load_accounts(connection, sorted(needs.people))
        naming = await self._pseudonyms.load(connection, needs.accounts | needs.writers | world.authors.keys())
        numbers = Numbers(recalled.numbers)
        maker = Maker(self._source, self._vault, numbers, naming)
        return _Batch(commands=commands, world=world, maker=maker, numbers=numbers, naming=naming, stored=[], links={})

    def _decide(self, batch: _Batch) -> list[Answer | Exception]:
        answers = [self._decide_one(batch, command) for command in batch.commands]
        for command, answer in zip(batch.commands, answers, strict=True):
            _note_link(batch, command, answer)
        return answers

    def _decide_one(self, batch: _Batch, command: Command) -> Answer | Exception:
        world = batch.world
        try:
            decided = decide(world, command)
        except Problem as refusal:
            return refusal
        if isinstance(decided, Replay):
            return Answer(200, decided.answer)
        if decided.begins:
            batch.numbers.begin(decided.unit)
        body = batch.maker.make(decided, command, world.now)
        world.known[command.id].answer = body
        batch.stored.append((command.id, decided.account, command.content, body, world.now))
        return Answer(201, beside(body, decided.once) if decided.once else body)

    async def _store(self, connection: Connection, batch: _Batch) -> None:
        if batch.links:
            await connection.execute(QUERIES.note_links, *columns(list(batch.links.values()), 9), batch.world.now)
            failpoint("intake.links_noted")
            # a crash here leaves neither the link nor its write: the phone sends both again
        if not batch.stored:
            return
        await batch.naming.store(connection)
        maker = batch.maker
        await self._store_all(connection, batch.world, batch.stored, maker.events, batch.numbers, maker.parts)

    def _remember(self, batch: _Batch) -> None:
        self._pseudonyms.remember(batch.naming)
        for keeper in self._keepers:
            keeper.committed(batch.world)


def needs_of(commands: Iterable[Command]) -> Needs:
    """What the well-formed ones of these need loaded."""
    needs = Needs()
    for command in commands:
        if not command.errors:
            command.noun.touches(needs, command)
    return needs


def _note_link(batch: _Batch, command: Command, answer: Answer | Exception) -> None:
    """Note the chain's item also when it was refused: then it came, and is no gap."""
    caller = batch.world.callers.get(command.token)
    if caller is None:
        return
    row = link_row(command, caller.account, answer.slug if isinstance(answer, Problem) else None)
    if row is not None:
        batch.links.setdefault(row[:3], row)


def _runs(commands: list[Command]) -> list[list[Command]]:
    """Neighbours that share a clock: a demo load sets it, and one transaction has one time.

    A phone that registers ends a run: whose the signed items after it are is read before they are decided.
    """
    runs: list[list[Command]] = []
    last: Command | None = None
    for command in commands:
        if last is None or command.at != last.at or last.noun.read_apart:
            runs.append([])
        runs[-1].append(command)
        last = command
    return runs
