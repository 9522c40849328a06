"""The verified feed of the log: entries in log order, under checkpoints whose signature and root were checked.

The stream brings entries fast; the log itself, over HTTP, is what counts: gaps, long backlogs and a stream that is down
are made up from it, and nothing is handed on that the signed tree does not hold.
"""

import asyncio
import json
import logging
import time
from collections import deque
from dataclasses import dataclass

import httpx

from services.kernel.feed.client import Keys, LogClient, LogUnreachable
from services.kernel.log.merkle import BadProof, CompactRange, leaf_hash
from services.kernel.log.note import BadNote, Checkpoint
from services.kernel.log.tiles import TILE_WIDTH
from services.kernel.process.telemetry import meter
from services.kernel.streams.port import Delivered, Position, Reader, Record, Stream, StreamDown, StreamReset

CHUNK = 16_384  # entries handed on at once when a backlog comes over HTTP
MAX_PENDING = 32_768  # entries kept while their checkpoint is on its way; more come over HTTP when it is there
_FETCH = 2_000  # records
_SILENCE = 15.0  # seconds without a checkpoint (the log repeats it every 10 s), then it is asked for
_RETRY = 0.5  # seconds
_DOWN_POLL = 2.0  # seconds between two questions while the stream is down
log = logging.getLogger(__name__)

_behind = meter.create_gauge("kycuong.entries.lag", unit="{entry}", description="entries signed and not yet read")
_filled = meter.create_counter("kycuong.entries.filled", unit="{entry}", description="entries read over HTTP")


class LogDiffers(Exception):
    """Nhật ký không khớp với chữ ký của chính nó; phần sau không được dùng cho đến khi làm rõ.

    The log does not agree with its own signature; nothing after this point is used until that is cleared up.
    """


@dataclass(frozen=True, slots=True)
class Covered:
    """Entries [first, checkpoint.size), and the tree after them.

    `checkpoint` is signed or, in the middle of a long backlog, proven to be a prefix of a signed one.
    """

    first: int
    entries: list[bytes]
    traces: list[str | None]
    checkpoint: Checkpoint
    range: CompactRange


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that the log will not append: `conflict`, `stale`, `foreign` or `malformed`."""

    id: str
    unit: str
    unitseq: int
    reason: str


class EntryFeed:
    """One consumer's way through the log. Its position is the log index, kept by the caller with what it made of it."""

    def __init__(
        self,
        stream: Stream,
        topic: str,
        consumer: str,
        *,
        audit_url: str,
        read_token: str,
        keys: Keys,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._stream, self._topic, self._consumer = stream, topic, consumer
        self._keys = keys
        self._log = LogClient(audit_url, read_token, keys, http)
        self._range = CompactRange()
        self._pending: list[bytes] = []
        self._traces: list[str | None] = []
        self._inbox: deque[Delivered] = deque()
        self._target: Checkpoint | None = None
        self._reader: Reader | None = None
        self._incarnation: str | None = None
        self._taken: Position | None = None
        self._hinted: Position | None = None
        self._ask_at = 0.0

    async def start(self, range: CompactRange) -> None:
        """Go on after this tree. Returns also when the stream and the log are down."""
        self._range = range.copy()
        self._reader = await self._stream.reader(self._topic, self._consumer)

    async def close(self) -> None:
        """Release the stream's reader and the HTTP connections."""
        if self._reader is not None:
            await self._reader.close()
        await self._log.close()

    async def next(self, wait: float) -> Covered | Refusal | None:
        """The next verified entries or refusal, or None after `wait` seconds; raises LogDiffers.

        Calling it says that what it returned before has been dealt with.
        """
        deadline = time.monotonic() + wait
        await self._hint()
        while True:
            if refusal := self._work_off():
                return refusal
            if self._target is not None and (covered := await self._advance(self._target)):
                return covered
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            if self._target is not None:  # signed, but not to be had just now
                await asyncio.sleep(min(left, _RETRY))
            else:
                await self._listen(left)

    def _work_off(self) -> Refusal | None:
        """Take what the stream brought, up to a refusal or a checkpoint that covers something new."""
        while self._inbox and self._target is None:
            delivered = self._inbox.popleft()
            if self._incarnation is not None:
                self._taken = Position(self._incarnation, delivered.offset + 1)
            try:
                refusal = self._take(delivered.record)
            except (BadNote, ValueError, KeyError, TypeError) as error:
                # whoever may write to the stream may write nonsense; the log itself fills what is missing
                log.error("a record of %s is passed over: %s: %s", self._topic, type(error).__name__, error)
                continue
            if refusal is not None:
                return refusal
        return None

    def _take(self, record: Record) -> Refusal | None:
        kind = record.headers["kind"]
        if kind == "entry":
            self._keep(int(record.headers["index"]), record)
        elif kind == "checkpoint":
            self._ask_at = time.monotonic() + _SILENCE
            self._notice(Checkpoint.open(record.value.decode(), *self._keys()))
        elif kind == "refusal":
            said = json.loads(record.value)
            # of a malformed event perhaps only the id is known
            return Refusal(str(said["id"]), said["unit"] or "-", said["unitseq"] or 0, str(said["reason"]))
        else:
            raise ValueError(f"unknown kind {kind!r}")
        return None

    def _keep(self, index: int, record: Record) -> None:
        """Keep the next entry; a lower one came before, after a gap the log is asked."""
        if index == self._range.size + len(self._pending) and len(self._pending) < MAX_PENDING:
            self._pending.append(record.value)
            self._traces.append(record.headers.get("traceparent"))

    def _notice(self, checkpoint: Checkpoint) -> None:
        if checkpoint.size == self._range.size and checkpoint.root != self._range.root():
            raise LogDiffers(f"two roots are signed for size {checkpoint.size}")
        if checkpoint.size > max(self._range.size, self._target.size if self._target else 0):
            self._target = checkpoint
        _behind.set(max(0, checkpoint.size - self._range.size), {"consumer": self._consumer})

    async def _advance(self, target: Checkpoint) -> Covered | None:
        """The entries up to the checkpoint, or the next chunk of a long backlog; None while the log is unreachable."""
        base = self._range.size
        end = self._chunk_end(target)
        entries, traces = self._pending[: end - base], self._traces[: end - base]
        brought = len(entries)
        try:
            if base + brought < end:
                entries += await self._log.entries(base + brought, end, target.size)
            grown = self._range.copy()
            grown.extend(map(leaf_hash, entries))
            await self._log.prove_prefix(grown, target)
        except LogUnreachable as error:
            log.warning("%s waits for the log: %s", self._consumer, error)
            return None
        except BadProof as error:
            return await self._distrust(target, brought, error)
        _filled.add(len(entries) - brought, {"consumer": self._consumer})
        traces += [None] * (len(entries) - brought)
        self._accept(target, grown)
        return Covered(base, entries, traces, Checkpoint(target.origin, end, grown.root()), grown.copy())

    def _chunk_end(self, target: Checkpoint) -> int:
        base = self._range.size
        if target.size - base <= max(CHUNK, len(self._pending)):
            return target.size
        return (base + CHUNK) // TILE_WIDTH * TILE_WIDTH

    async def _distrust(self, target: Checkpoint, brought: int, error: BadProof) -> Covered | None:
        """The entries are not those that were signed: leave out what the stream brought, else it is the log itself."""
        if not brought:
            raise LogDiffers(f"entries up to {target.size}: {error}") from error
        log.error("the stream brought entries that the log does not hold; reading them from the log")
        self._pending.clear()
        self._traces.clear()
        return await self._advance(target)

    def _accept(self, target: Checkpoint, grown: CompactRange) -> None:
        count = grown.size - self._range.size
        del self._pending[:count], self._traces[:count]
        self._range = grown
        if grown.size == target.size:
            self._target = None

    async def _hint(self) -> None:
        """Everything returned so far has been dealt with: the stream may trim what is not waiting here."""
        taken = self._taken
        waiting = self._pending or self._target
        if self._reader is not None and taken is not None and taken != self._hinted and not waiting:
            self._hinted = taken
            await self._reader.hint(taken)

    async def _listen(self, left: float) -> None:
        """Read the stream; ask the log itself when no checkpoint came for a while or the stream is down."""
        if time.monotonic() >= self._ask_at:
            await self.newest()
        if self._target is not None:
            return
        try:
            self._inbox.extend(await self._fetch(max(0.0, min(left, self._ask_at - time.monotonic()))))
        except StreamReset:
            self._incarnation = None
        except StreamDown as error:
            log.info("%s reads the log over HTTP: %s", self._consumer, error)
            self._ask_at = min(self._ask_at, time.monotonic() + _DOWN_POLL)
            await asyncio.sleep(min(left, _RETRY))

    async def _fetch(self, wait: float) -> list[Delivered]:
        if self._reader is None:
            raise RuntimeError("start comes before next")
        if self._incarnation is None:
            # near where we were; what lies between is filled from the log
            self._incarnation = (await self._reader.seek(await self._reader.hinted())).incarnation
        return await self._reader.fetch(_FETCH, wait)

    async def newest(self) -> Checkpoint | None:
        """What the log itself has signed by now, None while it cannot be read; `next` brings what it covers.

        Raises LogDiffers.
        """
        self._ask_at = time.monotonic() + _DOWN_POLL
        try:
            checkpoint = await self._log.checkpoint()
        except LogUnreachable as error:
            log.info("%s asks the log again soon: %s", self._consumer, error)
            return None
        except BadNote as error:
            log.error("the log's checkpoint does not hold: %s", error)
            return None
        self._notice(checkpoint)
        self._ask_at = time.monotonic() + _SILENCE
        return checkpoint

    @property
    def size(self) -> int:
        """How much of the log has been handed on."""
        return self._range.size
