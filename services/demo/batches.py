"""What the load sends: lines of the public batch, by sender and moment. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PREFIX = "/intake/v1/"
MAX_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Sender:
    """An account in one role, over a unit or the province."""

    role: str
    account: str
    unit: str | None = None


def head_of(unit: str) -> Sender:
    """The head of a unit."""
    return Sender("unit_head", f"unit-head-{unit}"[:63], unit)


@dataclass(frozen=True, slots=True)
class Line:
    """One write."""

    path: str
    body: dict[str, Any]

    def text(self) -> str:
        return json.dumps({"method": "PUT", "path": PREFIX + self.path, "body": self.body}, ensure_ascii=False)


@dataclass(slots=True)
class Batch:
    """What one sender files at one moment."""

    clock: datetime
    sender: Sender
    lines: list[Line] = field(default_factory=list)

    def body(self) -> bytes:
        """The NDJSON of the batch."""
        return "".join(line.text() + "\n" for line in self.lines).encode()

    @property
    def cuts(self) -> bool:
        """Whether a line closes a quarter."""
        return any(line.path.startswith("quarters/") for line in self.lines)

    def add(self, path: str, body: dict[str, Any]) -> None:
        self.lines.append(Line(path, body))


def waves(batches: Iterator[Batch]) -> Iterator[list[Batch]]:
    """Batches of one moment together: they are of different senders and do not wait for each other."""
    wave: list[Batch] = []
    for batch in batches:
        if wave and batch.clock != wave[0].clock:
            yield wave
            wave = []
        wave.append(batch)
    if wave:
        yield wave
