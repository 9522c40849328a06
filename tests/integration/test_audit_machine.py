"""Any order of sending, crashing, restarting, usurping, signing and losing the stream leaves the one log that is right.

What is right is said by a model that places one record after another in dictionaries, as the contract words it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from services.audit import publisher, signer
from services.audit.errors import Fenced
from services.audit.publisher import Publisher
from services.audit.sequencer import Sequencer
from services.audit.signer import CheckpointSigner
from services.kernel.flow import consumer
from services.kernel.flow.consumer import PositionMoved
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from services.kernel.streams import Record, StreamDown, StreamReset
from services.kernel.streams.embedded import EmbeddedReader
from tests.support.events import event_id, finding, record
from tests.support.log import Log, drain, open_log
from tests.support.postgres import Cluster

UNITS = ("xa-an", "xa-binh", "xa-cam")
STEPPED = (Fenced, PositionMoved, StreamReset, StreamDown)  # what may end a step, and costs nothing
T = TypeVar("T")


class Crash(Exception):
    """The process ends here."""


@dataclass(frozen=True)
class Sent:
    """A record as a test made it: what it says of itself, and its bytes."""

    id: str
    unit: str
    unitseq: int
    raw: bytes
    ours: bool = True
    legible: bool = True

    @property
    def record(self) -> Record:
        return record(self.raw, self.unit)


@dataclass
class Model:
    """The log as it must be after the records it was given."""

    entries: list[Sent] = field(default_factory=list)
    held: list[Sent] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    dead: set[tuple[str, int]] = field(default_factory=set)

    def give(self, sent: Sent, place: tuple[str, int]) -> None:
        """Place one record, which stood in this place of this stream."""
        if not sent.legible:
            self.dead.add(place)
            self.refused.append(("", "malformed"))
        elif not sent.ours:
            self.refused.append((sent.id, "foreign"))
        elif known := next((one for one in self.entries + self.held if one.id == sent.id), None):
            if known.raw != sent.raw:
                self.refused.append((sent.id, "conflict"))
        elif sent.unitseq <= self.last(sent.unit):
            self.refused.append((sent.id, "stale"))
        elif sent.unitseq > self.last(sent.unit) + 1:
            self.held.append(sent)
        else:
            self.entries.append(sent)
            self._release(sent.unit)

    def last(self, unit: str) -> int:
        return sum(one.unit == unit for one in self.entries)

    def _release(self, unit: str) -> None:
        while waiting := [one for one in self.held if (one.unit, one.unitseq) == (unit, self.last(unit) + 1)]:
            self.entries.append(waiting[0])
            self.refused += [(one.id, "stale") for one in waiting[1:]]
            self.held = [one for one in self.held if one not in waiting]

    def root(self, size: int) -> bytes:
        tree = CompactRange()
        tree.extend(leaf_hash(one.raw) for one in self.entries[:size])
        return tree.root()


@contextmanager
def crashing(passed: int) -> Iterator[None]:
    """Crash at a failpoint, after so many others were passed; at none if there are not that many."""
    left = [passed]

    def failpoint(name: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Crash(name)

    with pytest.MonkeyPatch.context() as patch:
        for module in (consumer, signer, publisher):
            patch.setattr(module, "failpoint", failpoint)
        yield


class LogMachine(RuleBasedStateMachine):
    """A real log and its model, step by step."""

    cluster: Cluster
    folders: Iterator[Path]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.model = Model()
        self.accepted: dict[str, list[Sent]] = defaultdict(list)  # what intake has promised, by unit
        self.kept_back: list[Sent] = []  # accepted, not yet sent
        self.stream: list[Sent] = []  # all of the present incarnation, by offset
        self.streams: dict[str, list[Sent]] = {}  # and of each there was
        self.given: dict[str, int] = {}  # how many of each the model has seen
        self.number = 0
        self.signed = 0
        self.wiped = False
        self.paused: list[Sequencer] = []
        self.log = self.run(self._open())
        self.epoch = self.run(self.log.crown())
        self.sequencers = [self._sequencer(), self._sequencer()]

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    async def _open(self) -> Log:
        opened = await self.stack.enter_async_context(self.cluster.database(next(self.folders)))
        return await self.stack.enter_async_context(open_log(opened))

    def _sequencer(self) -> Sequencer:
        made = self.log.sequencer(self.epoch)
        made.limit = 5
        return made

    # What intake sends, and what a stranger might.

    def _event(
        self, unit: str, unitseq: int, *, id: int | None = None, origin: str | None = None, count: int = 3
    ) -> Sent:
        if id is None:
            self.number += 1
        number = self.number if id is None else id
        raw = finding(number, unit, unitseq, origin=origin or self.log.origin, count=count)
        return Sent(event_id(number), unit, unitseq, raw, ours=origin is None)

    def _accept(self, unit: str) -> Sent:
        made = self._event(unit, len(self.accepted[unit]) + 1)
        self.accepted[unit].append(made)
        return made

    def _send(self, *sent: Sent) -> None:
        self.stream += sent
        self.run(self.log.publish(one.record for one in sent))
        named = "SELECT incarnation::text FROM stream.topic WHERE topic = $1"
        self.streams[self.run(self.log.admin.fetchval(named, self._topic))] = self.stream

    @rule(unit=st.sampled_from(UNITS), count=st.integers(1, 9))
    def accept_and_send(self, unit: str, count: int) -> None:
        self._send(*[self._accept(unit) for _ in range(count)])

    @rule(unit=st.sampled_from(UNITS))
    def accept_and_keep_back(self, unit: str) -> None:
        self.kept_back.append(self._accept(unit))

    @precondition(lambda self: self.kept_back)
    @rule(data=st.data())
    def send_late(self, data: st.DataObject) -> None:
        self._send(self.kept_back.pop(data.draw(st.integers(0, len(self.kept_back) - 1))))

    @precondition(lambda self: self.stream)
    @rule(data=st.data(), count=st.integers(1, 8))
    def send_again(self, data: st.DataObject, count: int) -> None:
        first = data.draw(st.integers(0, len(self.stream) - 1))
        self._send(*self.stream[first : first + count])

    @precondition(lambda self: self.number)
    @rule(data=st.data(), unit=st.sampled_from(UNITS), unitseq=st.integers(1, 12), count=st.integers(3, 4))
    def send_a_known_id_again(self, data: st.DataObject, unit: str, unitseq: int, count: int) -> None:
        self._send(self._event(unit, unitseq, id=data.draw(st.integers(1, self.number)), count=count))

    @precondition(lambda self: self.number)
    @rule(data=st.data(), name=st.sampled_from(("xa-moi", "xa-moi-nua")))
    def send_a_known_id_as_the_next_of_a_unit(self, data: st.DataObject, name: str) -> None:
        self._send(self._event(name, self.model.last(name) + 1, id=data.draw(st.integers(1, self.number))))

    @rule(unit=st.sampled_from(UNITS), place=st.integers(0, 30))
    def send_a_place_that_is_taken(self, unit: str, place: int) -> None:
        self._send(self._event(unit, 1 + place % max(1, self.model.last(unit))))

    @rule(unit=st.sampled_from(UNITS), broken=st.booleans())
    def send_what_is_not_ours(self, unit: str, broken: bool) -> None:
        made = self._event(unit, 1, origin="example.org/other")
        self._send(Sent(made.id, unit, 1, made.raw[:-1], legible=False) if broken else made)

    # What happens to the log.

    async def _attempt(self, deed: Coroutine[Any, Any, object]) -> object:
        """Do something that another writer, or the end of the stream, may spoil."""
        outcome = (await asyncio.gather(deed, return_exceptions=True))[0]
        if isinstance(outcome, BaseException) and not isinstance(outcome, (*STEPPED, Crash)):
            raise outcome
        return outcome

    def _follow(self) -> None:
        """Give the model what the log says it has taken; from a stream that is lost, too, if it was read ahead."""
        row = self.run(self.log.admin.fetchrow("SELECT incarnation, next_offset FROM audit.stream_position"))
        if row is not None:
            name, taken = row["incarnation"], row["next_offset"]
            for offset in range(self.given.get(name, 0), taken):
                self.model.give(self.streams[name][offset], (name, offset))
            self.given[name] = max(self.given.get(name, 0), taken)

    @property
    def _topic(self) -> str:
        return self.log.settings.topic("discipline.events")

    @rule(which=st.integers(0, 1), times=st.integers(1, 4))
    def sequence(self, which: int, times: int) -> None:
        for _ in range(times):
            self.run(self._attempt(self.sequencers[which].step(0)))
        self._follow()

    @rule()
    def both_sequence_at_once(self) -> None:
        async def both() -> None:
            await asyncio.gather(*(self._attempt(one.step(0)) for one in self.sequencers))

        self.run(both())
        self._follow()

    @rule(which=st.integers(0, 1), passed=st.integers(0, 3))
    def crash_while_sequencing(self, which: int, passed: int) -> None:
        """Before a commit, or after it: then the effect stands though nobody was told."""
        with crashing(passed):
            for _ in range(2):
                if isinstance(self.run(self._attempt(self.sequencers[which].step(0))), Crash):
                    self._replace(which)
                    break
        self._follow()

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self._replace(which)

    def _replace(self, which: int) -> None:
        self.run(self.sequencers[which].close())
        self.sequencers[which] = self._sequencer()

    @rule()
    def usurp(self) -> None:
        """Another takes over; the two that ruled do not know yet."""
        self.run(self._tell_what_was_passed())
        self.paused = (self.paused + self.sequencers)[-3:]
        self.epoch = self.run(self.log.crown("another"))
        self.sequencers = [self._sequencer(), self._sequencer()]

    async def _tell_what_was_passed(self) -> None:
        """A hint still on its way would trim the stream later, below a position that was set back meanwhile."""
        for one in self.sequencers:
            if isinstance(one._reader, EmbeddedReader):
                await one._reader.hinted()

    @precondition(lambda self: self.paused)
    @rule(data=st.data())
    def one_of_an_earlier_reign_wakes_up(self, data: st.DataObject) -> None:
        before = self.run(self.log.size())
        twin = data.draw(st.sampled_from(self.paused))
        for _ in range(2):
            outcome = self.run(self._attempt(twin.step(0)))
            assert outcome == 0 or isinstance(outcome, STEPPED), outcome
        assert self.run(self.log.size()) == before

    @rule(passed=st.none() | st.integers(0, 1))
    def sign(self, passed: int | None) -> None:
        with crashing(99 if passed is None else passed):
            outcome = self.run(self._attempt(self.log.checkpoint_signer(self.epoch)))
        assert isinstance(outcome, CheckpointSigner) or passed is not None, outcome

    @rule(passed=st.none() | st.integers(0, 1))
    def publish(self, passed: int | None) -> None:
        made: Publisher = self.log.publisher()
        with crashing(99 if passed is None else passed):
            outcome = self.run(self._attempt(made.step()))
        assert outcome is None or passed is not None, outcome

    @rule()
    def lose_the_stream(self) -> None:
        """What was on it and not yet taken is gone; its offsets begin anew."""
        self.run(self._wipe())
        self.stream, self.wiped = [], True

    async def _wipe(self) -> None:
        with suppress(asyncpg.DeadlockDetectedError):  # with one that reads ahead
            await self.log.admin.execute("TRUNCATE stream.topic, stream.record, stream.consumer")
            return
        await self._wipe()

    @rule(back=st.integers(1, 9))
    def take_again_what_was_taken(self, back: int) -> None:
        """The position stands where it stood some records ago, as far as the stream still holds them."""
        for which in range(2):
            self._replace(which)
        moved = self.run(self.log.admin.fetchrow(
            "UPDATE audit.stream_position SET next_offset = greatest(next_offset - $1, (SELECT min(\"offset\")"
            " FROM stream.record WHERE record.incarnation::text = stream_position.incarnation))"
            " WHERE incarnation = (SELECT incarnation::text FROM stream.topic WHERE topic = $2)"
            " AND EXISTS (SELECT FROM stream.record WHERE record.incarnation::text = stream_position.incarnation)"
            " RETURNING incarnation, next_offset", back, self._topic,
        ))  # fmt: skip
        if moved is not None:
            self.given[moved["incarnation"]] = min(self.given[moved["incarnation"]], moved["next_offset"])

    # What holds at every moment.

    @invariant()
    def every_event_stands_once_and_in_order(self) -> None:
        found = self.run(self.log.admin.fetch("SELECT bytes FROM audit.entry ORDER BY idx"))
        assert [row["bytes"] for row in found] == [one.raw for one in self.model.entries]
        held = self.run(self.log.admin.fetch("SELECT id::text AS id FROM audit.held"))
        assert sorted(row["id"] for row in held) == sorted(one.id for one in self.model.held)
        refused = self.run(self.log.admin.fetch("SELECT id, reason FROM audit.refusal"))
        assert sorted((row["id"], row["reason"]) for row in refused) == sorted(self.model.refused)
        assert self.run(self.log.admin.fetchval("SELECT count(*) FROM audit.dead_letter")) == len(self.model.dead)

    @invariant()
    def what_was_signed_is_of_this_log(self) -> None:
        """So any two checkpoints are consistent; and no guard is ahead of the tree, nor behind what is kept."""
        kept = self.run(self.log.admin.fetch("SELECT size, root FROM audit.checkpoint WHERE size >= $1", self.signed))
        assert all(row["root"] == self.model.root(row["size"]) for row in kept)
        guard = self.log.guard.read()
        assert guard is not None and guard.size <= len(self.model.entries)
        assert guard.root == self.model.root(guard.size)
        newest = max((row["size"] for row in kept), default=0)
        assert newest <= guard.size
        self.signed = max(self.signed, newest)

    def teardown(self) -> None:
        try:
            self._finish()
        finally:
            for one in self.sequencers + self.paused:
                self.run(one.close())
            self.run(self.stack.aclose())
            self.runner.close()

    def _finish(self) -> None:
        """Intake sends again what has no receipt; then nothing accepted is missing, and the whole log holds."""
        self.usurp()
        self._send(*[one for sent in self.accepted.values() for one in sent])
        self.run(self._attempt(drain(self.sequencers[0])))  # ends early where the stream was lost
        self.run(drain(self.sequencers[0]))
        self._follow()
        self.every_event_stands_once_and_in_order()
        refused = {name for name, _ in self.model.refused}
        entries, promised = self.model.entries, [one for sent in self.accepted.values() for one in sent]
        assert all(one in entries or one in self.model.held or one.id in refused for one in promised)
        self.run(self.log.check(len(entries)))
        self.run(self._check_told())

    async def _check_told(self) -> None:
        """Who reads the published entries, skipping known indexes, has read the log, and its checkpoint last."""
        await self.log.publisher().step()
        told = await self.log.told()
        assert Checkpoint.open(told[-1].value.decode(), self.log.signer.verifier).size == len(self.model.entries)
        read: list[bytes] = []
        for one in told:
            if one.headers["kind"] == "entry" and int(one.headers["index"]) >= len(read):
                assert int(one.headers["index"]) == len(read) or self.wiped
                read.append(one.value)
        assert self.wiped or read == [one.raw for one in self.model.entries]


@pytest.mark.timeout(300)
def test_the_log_holds_whatever_happens(cluster: Cluster, tmp_path: Path) -> None:
    class Machine(LogMachine):
        pass

    Machine.cluster = cluster
    Machine.folders = (tmp_path / str(number) for number in range(10_000))
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # shrinking takes minutes; what is printed can be shortened by hand
            report_multiple_bugs=False,
        ),
    )
