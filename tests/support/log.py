"""The log's parts on a real database, one by one, and the check that every test of the log ends with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from services.audit.errors import GuardRefuses
from services.audit.guard import Guard, create_log, guard_of, open_keys
from services.audit.keys import KeyRing
from services.audit.leader import Leader, Topics
from services.audit.publisher import Publisher
from services.audit.sequencer import Sequencer
from services.audit.signer import CheckpointSigner
from services.audit.tree import queries, read_bundle, read_edge, read_head, read_tile
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import Verdict, verify_source
from services.audit.witnessing import Witnesses, Witnessing
from services.kernel.log.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, parse_coordinate, perfect_root, split_hashes
from services.kernel.log.witness_policy import Policy
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool, open_pool
from services.kernel.streams import Record, Stream, open_stream

EVENTS, ENTRIES = "discipline.events", "audit.entries"


@dataclass
class Log:
    """Pool, stream, key and guard of one log, and what a test does with them."""

    settings: Settings
    pool: Pool
    stream: Stream
    intake: Stream
    signer: KeyRing
    witnesses: Witnesses
    guard: Guard
    admin: asyncpg.Connection

    @property
    def origin(self) -> str:
        return self.settings.origin

    async def publish(self, records: Iterable[Record]) -> None:
        await self.intake.publish(self.settings.topic(EVENTS), list(records))

    def leader(self, holder: str = "one", pool: Pool | None = None) -> Leader:
        topics = Topics(self.settings.topic(EVENTS), self.settings.topic(ENTRIES))
        return Leader(
            pool or self.pool,
            self.stream,
            topics,
            self.signer,
            self.guard,
            self.witnesses,
            source=self.settings.source,
            holder=holder,
        )

    async def crown(self, holder: str = "one") -> int:
        """End whatever reign there is and begin a new one; its epoch."""
        await self.admin.execute("UPDATE audit.lease SET expires_at = '-infinity'")
        epoch = await self.leader(holder).take_lease()
        assert epoch is not None
        return epoch

    def sequencer(self, epoch: int, pool: Pool | None = None, stream: Stream | None = None) -> Sequencer:
        return Sequencer(
            pool or self.pool,
            stream or self.stream,
            self.settings.topic(EVENTS),
            source=self.settings.source,
            epoch=epoch,
        )

    async def checkpoint_signer(self, epoch: int) -> CheckpointSigner:
        made = CheckpointSigner(self.pool, self.signer, self.guard, epoch=epoch)
        await made.start()
        return made

    def publisher(self) -> Publisher:
        return Publisher(self.pool, self.stream, self.settings.topic(ENTRIES))

    async def size(self) -> int:
        return int(await self.pool.fetchval("SELECT size FROM audit.tree_head"))

    async def sign(self) -> None:
        """Sign and publish the tree as it stands, in the epoch that rules."""
        epoch = await self.pool.fetchval("SELECT epoch FROM audit.tree_head")
        signed = await self.checkpoint_signer(epoch)
        assert signed.latest is not None
        witnessing = Witnessing(self.pool, self.witnesses, epoch=epoch)
        witnessing.offer(*signed.latest)
        assert await witnessing.step()

    async def told(self) -> list[Record]:
        """What was published so far on audit.entries."""
        stream = open_stream(self.settings, "reports")
        await stream.start()
        reader = await stream.reader(self.settings.topic(ENTRIES), "test")
        try:
            end, records = await reader.seek(None), []
            while fetched := await reader.fetch(10_000, 0 if self.settings.kafka is None else 2):
                records += [d.record for d in fetched]
            assert end.offset == 0
            return records
        finally:
            await reader.close()
            await stream.stop()

    async def verdict(self) -> Verdict:
        """What the verifier says of the log as stored."""
        source = Answered(_Stored(self.pool).get)
        return await asyncio.to_thread(verify_source, source, Trust((self.signer.verifier,)))

    async def check(self, size: int | None = None) -> None:
        """The whole log holds: head, edge, every tile, every leaf, order and ids; it has `size` entries."""
        async with self.pool.acquire() as connection:
            _, tree = await read_head(connection)
        assert size is None or tree.size == size
        await self._check_rows(tree.size)
        try:
            await self.sign()
        except GuardRefuses as refusal:
            raise AssertionError(f"the guard refuses: {refusal}") from refusal
        verdict = await self.verdict()
        assert verdict.ok, verdict.error
        assert (verdict.size, verdict.root) == (tree.size, tree.root())

    async def _check_rows(self, size: int) -> None:
        """The tables hold exactly this tree, and units stand where their entries do."""
        found = await self.pool.fetchrow("SELECT count(*) AS n, coalesce(max(idx) + 1, 0) AS size FROM audit.entry")
        assert (found["n"], found["size"]) == (size, size)
        tiles = await self.pool.fetch("SELECT level, n, hashes, root FROM audit.tile ORDER BY level, n")
        expected = [(level, n) for level in range(8) for n in range((size >> TILE_HEIGHT * level) // TILE_WIDTH)]
        assert [(row["level"], row["n"]) for row in tiles] == expected
        assert all(perfect_root(split_hashes(row["hashes"])) == row["root"] for row in tiles)
        await read_edge(self.pool, size)
        astray = await self.pool.fetch(
            "SELECT unit FROM (SELECT unit, max(unitseq) AS last FROM audit.entry GROUP BY unit) AS entries"
            " FULL JOIN audit.unit_position AS position USING (unit) WHERE last IS DISTINCT FROM position.unitseq"
        )
        assert astray == []


class _Stored:
    """Answers a verifier's paths from the tables, as the endpoints do."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, path: str) -> bytes | None:
        if path == "checkpoint":
            row = await self._pool.fetchrow(queries.public_checkpoint)
            return row["note"].encode() if row else None
        _, level, coordinate = path.split("/", 2)
        n, width = parse_coordinate(coordinate)
        if level == "entries":
            return await read_bundle(self._pool, n, width)
        return await read_tile(self._pool, Tile(int(level), n, width))


class Answered:
    """A verifier's source, asked from a thread, over what answers in this loop."""

    def __init__(self, answer: Callable[[str], Coroutine[None, None, bytes | None]]) -> None:
        self._answer, self._loop = answer, asyncio.get_running_loop()

    def get(self, path: str) -> bytes | None:
        return asyncio.run_coroutine_threadsafe(self._answer(path), self._loop).result()

    def get_many(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        return map(self.get, paths)

    def close(self) -> None:
        pass


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[Log]:
    """A log that has just been made."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.dsn("audit_app"), name="audit-test")
        stack.push_async_callback(pool.close)
        streams = [open_stream(settings, name) for name in ("audit", "intake")]
        for stream in streams:
            await stream.start()
            stack.push_async_callback(stream.stop)
        keys = open_keys(settings.folder, settings.origin)
        guard = guard_of(settings.folder, keys)
        create_log(settings.folder, keys, guard, empty=True)
        admin = await asyncpg.connect(settings.database_url)
        stack.push_async_callback(admin.close)
        yield Log(settings, pool, streams[0], streams[1], keys, Witnesses(Policy(), ()), guard, admin)


async def drain(sequencer: Sequencer) -> int:
    """Sequence until nothing is left; how many records that took."""
    total = 0
    while taken := await sequencer.step(0):
        total += taken
    return total
