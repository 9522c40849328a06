"""Accepted to the head's inbox and open stream, at a steady 200 findings a second, each in an inspection of its own.

One process as `kycuong run` starts it; who files, who listens and who asks share the machine with it.
"""

import asyncio
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx

from tests.bench.bench_visible import Filing, _id, p99
from tests.bench.limits import Limit, at_most
from tests.support.instance import Instance

RATE, SECONDS, UNITS = 200, 15, 10
BOUND, PATIENCE = 2.0, 60.0  # seconds
_LINES = 4_000  # of a batch


def measure() -> Iterator[Limit]:
    """p99 of the time from an answer to the notice in the stream, and in the inbox of one of the heads."""
    folder = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder.chmod(0o711)
    instance = Instance(folder / "data")
    try:
        instance.start()
        streamed, inbox = asyncio.run(_Heard(instance).measure())
    finally:
        instance.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    for what, took in (("an SSE client", streamed), ("the inbox", inbox)):
        name = f"accepted to {what}: p99 at {RATE} findings/s (median {statistics.median(took):.2f} s)"
        yield at_most(name, BOUND, p99(took), " s")


class _Heard(Filing):
    """Findings that come late to closed inspections: each makes the notice of its inspection."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance, UNITS)
        self._heads: list[str] = []
        self.streamed: dict[str, float] = {}
        self.listed: dict[str, float] = {}

    async def measure(self) -> tuple[list[float], list[float]]:
        await self.prepare()  # the units
        self._heads = [self._instance.token("unit_head", f"xa-{number}") for number in range(UNITS)]
        visits = [_id() for _ in range(RATE * SECONDS)]
        await self._close(visits)
        listeners = [asyncio.create_task(self._listen(head)) for head in self._heads]
        listeners.append(asyncio.create_task(self._ask(self._heads[0])))
        await asyncio.sleep(2)
        findings = await self._file_all(visits)
        await self._heard(visits)
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        accepted = {visit: self.accepted[finding] for visit, finding in zip(visits, findings, strict=True)}
        return (
            [self.streamed[visit] - accepted[visit] for visit in visits],
            [self.listed[visit] - accepted[visit] for visit in visits[::UNITS]],
        )

    async def _close(self, visits: list[str]) -> None:
        """Inspections of the units in turn, opened and closed, in batches."""
        lines = [line for n, visit in enumerate(visits) for line in self._lines(visit, f"xa-{n % UNITS}")]
        headers = {"content-type": "application/x-ndjson"}
        async with self.client("inspector") as client:
            for at in range(0, len(lines), _LINES):
                body = "\n".join(lines[at : at + _LINES])
                answer = await client.post("/intake/v1/batch", content=body, headers=headers)
                assert {json.loads(line)["status"] for line in answer.text.splitlines()} == {201}, answer.text[:1000]

    def _lines(self, visit: str, unit: str) -> list[str]:
        opening = {
            "unit": unit, "kind": "unannounced", "selection": "random", "basis": "1/QĐ-SNV",
            "opened_at": self.opened.isoformat(), "team": [],
        }  # fmt: skip
        closing = {
            "closed_at": (self.opened + timedelta(minutes=5)).isoformat(), "assigned": 45, "present": 45,
            "excused": {}, "unexcused": 0, "late": 0, "persons_checked": 45, "files_checked": 0, "signed": True,
        }  # fmt: skip
        path = f"/intake/v1/inspections/{visit}"
        writes = ((path, opening), (f"{path}/closing/{_id()}", closing))
        return [json.dumps({"method": "PUT", "path": path, "body": body}) for path, body in writes]

    async def _file_all(self, visits: list[str]) -> list[str]:
        """One finding each at a steady rate; their ids."""
        async with self.client("inspector") as client:
            began, filing = time.monotonic(), []
            for number, visit in enumerate(visits):
                await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
                filing.append(asyncio.create_task(self._file(client, visit)))
            return await asyncio.gather(*filing)

    async def _listen(self, token: str) -> None:
        async with self._client(token) as client, client.stream("GET", "/reports/v1/alerts/stream") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    self.streamed.setdefault(json.loads(line[5:])["inspection"], time.monotonic())

    async def _ask(self, token: str) -> None:
        """The inbox as a page asks for it, ten times a second."""
        async with self._client(token) as client:
            after = ""
            while True:
                told = (await client.get("/reports/v1/notices", params={"after": after} if after else {})).json()
                for item in told["items"]:
                    self.listed.setdefault(item["inspection"], time.monotonic())
                after = told["next"] or after
                await asyncio.sleep(0.1)

    async def _heard(self, visits: list[str]) -> None:
        """Wait until all were told, or for a minute."""
        until = time.monotonic() + PATIENCE
        while not (self.streamed.keys() >= set(visits) and self.listed.keys() >= set(visits[::UNITS])):
            assert time.monotonic() < until, (
                f"{len(self.streamed)} of {len(visits)} in streams, {len(self.listed)} listed"
            )
            await asyncio.sleep(0.05)

    def _client(self, token: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self._instance.url, headers=headers, timeout=60, trust_env=False)
