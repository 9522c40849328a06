"""Channels as a batch finds and changes them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.kernel.web.reachable import Network


@dataclass(slots=True, kw_only=True)
class Channel:
    """One that is there: whose, of which unit, and whether it still is."""

    id: str
    kind: str
    account: str
    unit: str | None
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """One that a batch adds; `private` is sealed before it is stored."""

    id: str
    kind: str
    account: str
    private: Any
    unit: str | None = None
    kinds: Sequence[str] | None = None
    digest: bool = False
    confirm: str | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Channels:
    """What of them a batch looks at and does."""

    known: dict[str, Channel] = field(default_factory=dict)
    new: list[New] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    rotated: list[tuple[str, str]] = field(default_factory=list)
    """Hooks with their new secrets."""
    hosts: dict[str, Sequence[str]] = field(default_factory=dict)
    """The addresses behind the names of hosts; none where nobody knows them yet."""
    named: Sequence[Network] = ()
    """The addresses that the operator allows beside the global ones."""
    push: bool = False
    """Whether this installation can send to browsers."""
    draw: Callable[[], str] = lambda: ""
    """Makes a secret."""
