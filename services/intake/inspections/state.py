"""Inspections in the working state. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.intake.writing.rights import LOOK_BACK


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
    correction: str | None = None
    """The write that last put the closing right."""
    former: Mapping[str, datetime] = field(default_factory=dict)
    """Who was in the team, and until when."""

    @property
    def ever(self) -> frozenset[str]:
        """Who is or ever was in the team."""
        return frozenset((*self.team, *self.former))

    def is_of_team(self, account: str, seen: datetime, now: datetime) -> bool:
        """Whether an account files what it saw: it is in the team, or was so then, at most 7 days ago."""
        return account in self.team or (account in self.former and now - LOOK_BACK <= seen <= self.former[account])


@dataclass(slots=True)
class TeamChanges:
    """Inspections of which a batch changes the team: its events name all members."""


@dataclass(slots=True)
class Inspections:
    """Those that a batch is about."""

    known: dict[str, Inspection] = field(default_factory=dict)
    new: list[tuple[Inspection, Mapping[str, object]]] = field(default_factory=list)
    """With what only its row has: kind, selection, basis, impartial, assignment, received_at."""
    changed: dict[str, Inspection] = field(default_factory=dict)
    closed: dict[str, Inspection] = field(default_factory=dict)
    voided: dict[str, Inspection] = field(default_factory=dict)
