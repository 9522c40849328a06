"""Accepted to covered by the public checkpoint, at a steady 200 findings a second (open loop)."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from services.kernel.log.note import Checkpoint, Verifier
from services.kernel.log.tiles import bundle_path, bundles_of, decode_bundle
from tests.bench.bench_visible import Filing, p99
from tests.bench.limits import Limit, at_most
from tests.support.instance import Instance

RATE, SECONDS, UNITS = 200, 20, 40


def measure() -> Iterator[Limit]:
    """p99 of the time from an answer to the first public checkpoint that covers the finding."""
    folder = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder.chmod(0o711)
    instance = Instance(folder / "data")
    try:
        instance.start()
        delays = asyncio.run(_Run(instance).measure())
    finally:
        instance.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    name = f"accepted to the checkpoint: p99 at {RATE} findings/s (median {statistics.median(delays):.2f} s)"
    yield at_most(name, 2, p99(delays), " s")


class _Run(Filing):
    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, UNITS)
        self._seen: list[tuple[float, int]] = []

    async def measure(self) -> list[float]:
        inspections = await self.prepare()
        watching = asyncio.create_task(self._watch())
        await self.file(inspections, RATE, SECONDS)
        await asyncio.sleep(4)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        indexes = await self._indexes()
        return [
            next(when for when, size in self._seen if size > indexes[finding]) - accepted
            for finding, accepted in self.accepted.items()
        ]

    async def _watch(self) -> None:
        async with self.client("auditor") as client:
            key = Verifier.parse((await client.get("/audit/vkey")).text.strip())
            while True:
                answer = await client.get("/audit/checkpoint")
                self._seen.append((time.monotonic(), Checkpoint.open(answer.text, key).size))
                await asyncio.sleep(0.02)

    async def _indexes(self) -> dict[str, int]:
        """Where each event stands, read from the log itself."""
        async with self.client("auditor") as client:
            bundles = [await self._bundle(client, *bundle) for bundle in bundles_of(self._seen[-1][1])]
        entries = [entry for bundle in bundles for entry in bundle]
        return {_id_of(entry): index for index, entry in enumerate(entries)}

    async def _bundle(self, client: httpx.AsyncClient, n: int, width: int) -> list[bytes]:
        answer = await client.get(f"/audit/{bundle_path(n, width)}")
        return decode_bundle(answer.raise_for_status().content)


def _id_of(entry: bytes) -> str:
    return entry.rpartition(b'"id":"')[2][:36].decode()
