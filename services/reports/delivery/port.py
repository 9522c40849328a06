"""The port of a channel outside: it gets a message and the receiver, and says by an error what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent: of a notice its id, the same on every try; no name, no allegation, only what leads to the page."""

    id: str
    kind: str
    unit: str
    unit_name: str
    inspection: str | None
    finding: str | None
    findings: int
    created_at: str
    due: str | None
    due_on: date | None
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where it goes: what was sealed, newest first (of a hook whose secret was changed within the day, each)."""

    id: str
    private: Sequence[Any]
    gone: bool = False
    """It said so before: it is asked no more."""


class Channel(Protocol):
    """One way outside."""

    async def send(self, message: Message, receiver: Receiver) -> int | None:
        """Send once; the receiver's own code. Passing or Permanent when it did not take it."""

    async def close(self) -> None:
        """Give connections back."""


class NotSent(Exception):
    """The receiver did not take it; `why` is a word of `wording`, `status` the receiver's own code."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why if status is None else f"{why} {status}")
        self.why, self.status = why, status


class Passing(NotSent):
    """It may take it later; `after` is how long it asks for, in seconds."""

    def __init__(self, why: str, status: int | None = None, after: float = 0.0) -> None:
        super().__init__(why, status)
        self.after = after


class Permanent(NotSent):
    """It never will; `gone` when it says so of everything."""

    def __init__(self, why: str, status: int | None = None, *, gone: bool = False) -> None:
        super().__init__(why, status)
        self.gone = gone
