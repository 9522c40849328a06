"""What an accepted write will say and store, before salts, pseudonyms and numbers are given. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.intake.writing.world import Known
from services.kernel.identity.roles import Role
from services.kernel.problems import IdReused


@dataclass(frozen=True, slots=True)
class Further:
    """A further event of the same write, about another unit."""

    unit: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """The write was accepted before: the answer it got."""

    answer: bytes


@dataclass(frozen=True, slots=True)
class Passed:
    """An event of the system's about a deadline that passed: its time is the deadline's."""

    id: str
    type: str
    time: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Consequence:
    """An event of the system's that a write without an event of its own brings about."""

    id: str
    data: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Accepted:
    """An accepted write."""

    account: str
    role: Role
    quarter: str
    """Of the pseudonyms."""
    unit: str
    type: str
    subject: str
    data: Mapping[str, Any]
    state: str
    flags: list[str] = field(default_factory=list)
    private: bool = False
    """Whether the event carries commitments (perhaps none)."""
    people: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Accounts whose pseudonyms the event carries, by its fields."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """The answer's own fields."""
    once: Mapping[str, Any] = field(default_factory=dict)
    """What only the first answer shows, and nobody keeps: a fresh secret."""
    before: tuple[Passed, ...] = ()
    """What passed before it and was not told yet, of the write's unit and subject."""
    further: tuple[Further, ...] = ()
    consequence: Consequence | None = None
    """Of the write's type and subject."""
    barrier: bool = False
    """Whether it goes out only once the log has all that was accepted before it."""
    begins: bool = False
    """Whether its unit begins with it."""
    parts: Mapping[str, bytes] = field(default_factory=dict)


def refuse_foreign(known: Known | None) -> None:
    """A known id of another account: told only to who might have written it."""
    if known is not None:
        raise IdReused
