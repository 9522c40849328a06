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
    yield at_most(name.format("accepted to the card", statistics.median(card)), 3, _p99(card), " s")
    yield at_most(name.format("accepted to the inbox", statistics.median(inbox)), 3, _p99(inbox), " s")


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _id() -> str:
    return str(uuid_utils.uuid7())


class _Run:
    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._tokens = {role: instance.token(role) for role in ("admin", "inspector", "reviewer")}
        self._opened = datetime.now(UTC) - timedelta(minutes=10)
        self._quarter = quarter_of(local_date(self._opened))
        self._accepted: dict[str, float] = {}
        self._sizes: dict[str, list[tuple[float, int]]] = {"card": [], "inbox": []}
        self._over = False

    def _client(self, role: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {self._tokens[role]}"}
        return httpx.AsyncClient(base_url=self._instance.url, headers=headers, timeout=30, trust_env=False)

    async def measure(self) -> tuple[list[float], list[float]]:
        inspections = await self._prepare()
        card = f"/reports/v1/scorecards/{self._quarter}/xa-0"
        paths = {"card": card, "inbox": "/reports/v1/alerts?unit=xa-0"}
        watchers = [asyncio.create_task(self._watch(what, path)) for what, path in paths.items()]
        async with self._client("inspector") as client:
            filings = []
            began = time.monotonic()
            for number in range(RATE * SECONDS):
                await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
                filings.append(asyncio.create_task(self._file(client, inspections[number % UNITS])))
            await asyncio.gather(*filings)
        await asyncio.sleep(4)
        self._over = True
        await asyncio.gather(*watchers)
        indexes = await self._indexes()
        return self._delays("card", indexes), self._delays("inbox", indexes)

    async def _prepare(self) -> list[str]:
        async with self._client("admin") as admin:
            for number in range(UNITS):
                body = {
                    "change": "register", "unit": f"xa-{number}", "name": f"Xã {number}", "group": "xa", "parent": None,
                    "staff": 50, "valid_from": "2025-07-01",
                }  # fmt: skip
                (await admin.put(f"/intake/v1/unit-changes/{_id()}", json=body)).raise_for_status()
        inspections = [_id() for _ in range(UNITS)]
        async with self._client("inspector") as inspector:
            for number, inspection in enumerate(inspections):
                await self._inspect(inspector, inspection, f"xa-{number}")
        return inspections

    async def _inspect(self, client: httpx.AsyncClient, inspection: str, unit: str) -> None:
        opening = {
            "unit": unit, "kind": "unannounced", "selection": "random", "basis": "1/QĐ-SNV",
            "opened_at": self._opened.isoformat(), "team": [],
        }  # fmt: skip
        (await client.put(f"/intake/v1/inspections/{inspection}", json=opening)).raise_for_status()
        closing = {
            "closed_at": (self._opened + timedelta(minutes=5)).isoformat(), "assigned": 45, "present": 45,
            "excused": {}, "unexcused": 0, "late": 0, "persons_checked": 45, "files_checked": 0, "signed": True,
        }  # fmt: skip
        (await client.put(f"/intake/v1/inspections/{inspection}/closing/{_id()}", json=closing)).raise_for_status()

    async def _file(self, client: httpx.AsyncClient, inspection: str) -> None:
        finding = _id()
        captured = (self._opened + timedelta(minutes=2)).isoformat()
        body = {"inspection": inspection, "code": "A01", "count": 1, "captured_at": captured}
        (await client.put(f"/intake/v1/findings/{finding}", json=body)).raise_for_status()
        self._accepted[finding] = time.monotonic()

    async def _watch(self, what: str, path: str) -> None:
        async with self._client("reviewer") as client:
            while not self._over:
                answer = await client.get(path)
                if answer.status_code == 200:
                    self._sizes[what].append((time.monotonic(), answer.json()["log"]["size"]))
                await asyncio.sleep(0.03)

    async def _indexes(self) -> dict[str, int]:
        async with self._client("inspector") as client:
            return {finding: await self._index(client, finding) for finding in self._accepted}

    async def _index(self, client: httpx.AsyncClient, finding: str) -> int:
        answer = await client.get(f"/audit/v1/receipts/{finding}?wait=10")
        answer.raise_for_status()
        return int(next(line for line in answer.text.splitlines() if line.startswith("index ")).split()[1])

    def _delays(self, what: str, indexes: dict[str, int]) -> list[float]:
        seen = self._sizes[what]
        return [
            next(when for when, size in seen if size > indexes[finding]) - accepted
            for finding, accepted in self._accepted.items()
        ]
