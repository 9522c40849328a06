"""Requests to erase private parts in the working state. Pure."""

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Erasure:
    """A request that private parts of an event be erased."""

    id: str
    event: str
    unit: str
    parts: tuple[str, ...]
    requester: str
    state: str = "requested"
    settlement: str | None = None
    """The write that approved or refused it."""


@dataclass(slots=True)
class Erasures:
    """All requests about the events that a batch's requests are about."""

    known: dict[str, Erasure] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    """Of these events, those of findings that their unit may not know of yet."""
    new: list[Erasure] = field(default_factory=list)
    settled: list[Erasure] = field(default_factory=list)
