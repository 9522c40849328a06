"""Accepted to visible on the card and in the inbox, at a steady 50 findings a second (open loop)."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uuid_utils

from services.kernel.quarters import local_date, quarter_of
from tests.bench.limits import Limit, at_most
from tests.support.instance import Instance

RATE, SECONDS, UNITS = 50, 20, 40
_CONNECTIONS = httpx.Limits(max_connections=16)  # an address that leaves over 20 requests unfinished is refused


def measure() -> Iterator[Limit]:
    """p99 of the time from an answer to the first card, and the first inbox, that stands at a log covering it."""
    folder = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder.chmod(0o711)
    instance = Instance(folder / "data")
    try:
        instance.start()
        card, inbox = asyncio.run(_Run(instance).measure())
    finally:
        instance.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    name = f"{{}}: p99 at {RATE} findings/s (median {{:.2f}} s)"
    yield at_most(name.format("accepted to the card", statistics.median(card)), 3, p99(card), " s")
    yield at_most(name.format("accepted to the inbox", statistics.median(inbox)), 3, p99(inbox), " s")


def p99(values: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


def _id() -> str:
    return str(uuid_utils.uuid7())


class Filing:
    """Inspections of so many units, and findings filed at a steady rate whatever the answers take."""

    def __init__(self, instance: Instance, units: int) -> None:
        self._instance, self._units = instance, units
        self._tokens = {role: instance.token(role) for role in ("admin", "auditor", "inspector", "reviewer")}
        self.opened = datetime.now(UTC) - timedelta(minutes=10)
        self.accepted: dict[str, float] = {}

    def client(self, role: str) -> httpx.AsyncClient:
        """A client with a role's token."""
        headers = {"authorization": f"Bearer {self._tokens[role]}"}
        return httpx.AsyncClient(
            base_url=self._instance.url, headers=headers, timeout=60, trust_env=False, limits=_CONNECTIONS
        )

    async def prepare(self) -> list[str]:
        """The inspections, one a unit, closed."""
        async with self.client("admin") as admin:
            for number in range(self._units):
                body = {
                    "change": "register", "unit": f"xa-{number}", "name": f"Xã {number}", "group": "xa", "parent": None,
                    "staff": 50, "valid_from": "2025-07-01",
                }  # fmt: skip
                (await admin.put(f"/intake/v1/unit-changes/{_id()}", json=body)).raise_for_status()
        inspections = [_id() for _ in range(self._units)]
        async with self.client("inspector") as inspector:
            for number, inspection in enumerate(inspections):
                await self._inspect(inspector, inspection, f"xa-{number}")
        return inspections

    async def file(self, inspections: list[str], rate: int, seconds: int) -> None:
        """File, and note when each answer came."""
        async with self.client("inspector") as client:
            filings = []
            began = time.monotonic()
            for number in range(rate * seconds):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                filings.append(asyncio.create_task(self._file(client, inspections[number % self._units])))
            await asyncio.gather(*filings)

    async def _inspect(self, client: httpx.AsyncClient, inspection: str, unit: str) -> None:
        opening = {
            "unit": unit, "kind": "unannounced", "selection": "random", "basis": "1/QĐ-SNV",
            "opened_at": self.opened.isoformat(), "team": [],
        }  # fmt: skip
        (await client.put(f"/intake/v1/inspections/{inspection}", json=opening)).raise_for_status()
        closing = {
            "closed_at": (self.opened + timedelta(minutes=5)).isoformat(), "assigned": 45, "present": 45,
            "excused": {}, "unexcused": 0, "late": 0, "persons_checked": 45, "files_checked": 0, "signed": True,
        }  # fmt: skip
        (await client.put(f"/intake/v1/inspections/{inspection}/closing/{_id()}", json=closing)).raise_for_status()

    async def _file(self, client: httpx.AsyncClient, inspection: str) -> str:
        finding = _id()
        captured = (self.opened + timedelta(minutes=2)).isoformat()
        body = {"inspection": inspection, "code": "A01", "count": 1, "captured_at": captured}
        (await client.put(f"/intake/v1/findings/{finding}", json=body)).raise_for_status()
        self.accepted[finding] = time.monotonic()
        return finding


class _Run(Filing):
    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, UNITS)
        self._quarter = quarter_of(local_date(self.opened))
        self._sizes: dict[str, list[tuple[float, int]]] = {"card": [], "inbox": []}
        self._over = False

    async def measure(self) -> tuple[list[float], list[float]]:
        inspections = await self.prepare()
        card = f"/reports/v1/scorecards/{self._quarter}/xa-0"
        paths = {"card": card, "inbox": "/reports/v1/alerts?unit=xa-0"}
        watchers = [asyncio.create_task(self._watch(what, path)) for what, path in paths.items()]
        await self.file(inspections, RATE, SECONDS)
        await asyncio.sleep(4)
        self._over = True
        await asyncio.gather(*watchers)
        indexes = await self._indexes()
        return self._delays("card", indexes), self._delays("inbox", indexes)

    async def _watch(self, what: str, path: str) -> None:
        async with self.client("reviewer") as client:
            while not self._over:
                answer = await client.get(path)
                if answer.status_code == 200:
                    self._sizes[what].append((time.monotonic(), answer.json()["log"]["size"]))
                await asyncio.sleep(0.03)

    async def _indexes(self) -> dict[str, int]:
        async with self.client("inspector") as client:
            return {finding: await self._index(client, finding) for finding in self.accepted}

    async def _index(self, client: httpx.AsyncClient, finding: str) -> int:
        answer = await client.get(f"/audit/v1/receipts/{finding}?wait=10")
        answer.raise_for_status()
        return int(next(line for line in answer.text.splitlines() if line.startswith("index ")).split()[1])

    def _delays(self, what: str, indexes: dict[str, int]) -> list[float]:
        seen = self._sizes[what]
        return [
            next(when for when, size in seen if size > indexes[finding]) - accepted
            for finding, accepted in self.accepted.items()
        ]
