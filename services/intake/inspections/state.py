"""Inspections in the working state. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class Inspection:
    """One visit, as far as the rules need it."""

    id: str
    unit: str
    quarter: str
    catalogue: str
    opener: str
    team: tuple[str, ...]
    opened_at: datetime
    state: str = "open"
    closing: str | None = None
    closed_at: datetime | None = None
    reply_due: datetime | None = None
    told_at: datetime | None = None
    """Of one that is closed just now: what its deadlines are counted from."""
    acknowledged: bool = False
    roll: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Inspections:
    """Those that a batch is about."""

    known: dict[str, Inspection] = field(default_factory=dict)
    new: list[tuple[Inspection, Mapping[str, object]]] = field(default_factory=list)
    """With what only its row has: kind, selection, basis, impartial, assignment, received_at."""
    changed: dict[str, Inspection] = field(default_factory=dict)
    closed: dict[str, Inspection] = field(default_factory=dict)
