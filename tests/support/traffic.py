"""Phones that file findings while everything around them dies: each keeps asking until its write is accepted."""

import random
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uuid_utils

from tests.support.authorities import AUTHORITIES
from tests.support.phone import Phone as SigningPhone
from tests.support.processes import Trio

PATIENCE = 110.0  # seconds: longer than a test waits for a killed service, shorter than a test may last


def fresh() -> str:
    """A new write id."""
    return str(uuid_utils.uuid7())


def now(minutes: float = 0) -> str:
    """The phone's time, `minutes` from now."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def opening(unit: str) -> dict[str, Any]:
    """The beginning of an inspection, five minutes ago."""
    return {
        "unit": unit, "kind": "unannounced", "selection": "random", "basis": "12/QĐ-SNV", "opened_at": now(-5),
        "team": [],
    }  # fmt: skip


class Phone:
    """One account's client: repeats a write until it is accepted, and remembers every answer."""

    def __init__(self, trio: Trio, token: str) -> None:
        self._trio = trio
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {token}"}, timeout=20, trust_env=False, verify=AUTHORITIES
        )
        self.accepted: dict[str, bytes] = {}
        """Each accepted write's answer, by its id."""
        self.interrupted = 0
        """Answers that never came, or were 503."""

    def put(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Write until accepted; the answer. AssertionError on any refusal or after a minute."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._once(path, body)
            if answer is not None:
                return self._note(path.rsplit("/", 1)[1], answer)
            self.interrupted += 1
            time.sleep(0.1)
        raise AssertionError(f"{path} was not accepted within {PATIENCE} s")

    def _once(self, path: str, body: Mapping[str, Any]) -> bytes | None:
        try:
            answer = self._client.put(self._trio.url(f"/intake/v1/{path}"), json=body)
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            return None
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        return answer.content

    def _note(self, id: str, answer: bytes) -> bytes:
        known = self.accepted.setdefault(id, answer)
        assert known == answer, f"{id} was answered in two ways"
        return answer

    def get(self, path: str, **query: str) -> httpx.Response:
        """Read from the service that the path names."""
        return self._client.get(self._trio.url(path), params=query)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


class Filer(threading.Thread):
    """Files findings of one inspection, one after the other, sometimes one again, and opens other inspections."""

    def __init__(self, phone: Phone, inspection: str, unit: str) -> None:
        super().__init__(name=f"filer of {unit}", daemon=True)
        self.phone, self.inspection, self.unit = phone, inspection, unit
        self.findings: dict[str, dict[str, Any]] = {}
        self.chain = SigningPhone()
        self.failure: BaseException | None = None
        self._random = random.Random(unit)
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """File until asked to stop; a refusal ends it and is kept."""
        try:
            self.phone.put(f"devices/{self.chain.id}", {"key": self.chain.public})
            while not self._stop_asked.wait(0.03):
                self._step()
        except BaseException as failure:
            self.failure = failure

    def _step(self) -> None:
        if self._random.random() < 0.1:
            self.phone.put(f"inspections/{fresh()}", opening(self.unit))
        if self.findings and self._random.random() < 0.2:
            finding = self._random.choice(list(self.findings))
        else:
            finding = fresh()
            self.findings[finding] = self._body(finding)
        self.phone.put(f"findings/{finding}", self.findings[finding])

    def _body(self, finding: str) -> dict[str, Any]:
        """A finding, every other one signed by the phone."""
        body = {
            "inspection": self.inspection,
            "code": "A01",
            "count": self._random.randint(1, 3),
            "captured_at": now(),
            "private": {"narrative": f"Đến sau giờ làm việc, lượt {len(self.findings)}"},
        }
        return self.chain.sign(f"findings/{finding}", body) if len(self.findings) % 2 else body

    def finish(self) -> None:
        """Stop after the write under way; raises what went wrong."""
        self._stop_asked.set()
        self.join(PATIENCE + 5)
        assert not self.is_alive(), f"{self.name} hangs"
        if self.failure is not None:
            raise self.failure
