"""Rounds and assignments in the working state. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(slots=True, kw_only=True)
class Round:
    """One round, as far as the rules need it."""

    id: str
    kind: str
    first: date
    last: date
    strata: Sequence[Mapping[str, Any]]
    """`group` and `size` of each."""
    chosen: Mapping[str, str]
    """Units that are inspected without a draw, and why (as far as that is known)."""
    beacon: Mapping[str, str] | None
    planner: str
    state: str = "open"
    """open, replaced or closed."""
    value: str | None = None
    """What the beacon said."""
    told_at: datetime | None = None
    """When it was told."""
    drawn: Sequence[Mapping[str, Any]] | None = None
    """`group` and `units` of each stratum, in ticket order; None before the draw."""

    def selections(self) -> dict[str, str]:
        """Why each unit of the round is inspected."""
        units = [unit for stratum in self.drawn or () for unit in stratum["units"]]
        return {**dict.fromkeys(units, "random"), **self.chosen}

    def overlaps(self, first: date, last: date, groups: set[str]) -> bool:
        """Whether it draws from one of these groups on one of these days."""
        shared = groups & {stratum["group"] for stratum in self.strata}
        return bool(shared) and self.first <= last and first <= self.last


@dataclass(slots=True, kw_only=True)
class Assignment:
    """Who inspects a unit of a round, and when."""

    id: str
    round: str
    unit: str
    opener: str
    team: tuple[str, ...]
    first: date
    last: date
    open: bool = True
    """Whether its round is."""

    def names(self, account: str) -> bool:
        """Whether somebody is to be there."""
        return account == self.opener or account in self.team


@dataclass(slots=True)
class Rounds:
    """Those that a batch is about."""

    known: dict[str, Round] = field(default_factory=dict)
    new: list[tuple[Round, Mapping[str, object]]] = field(default_factory=list)
    """With what only its row has: basis, exclude, replaces, candidates, received_at."""
    changed: dict[str, Round] = field(default_factory=dict)
    public_log: bool = False
    """Whether anybody reads the log's entries."""


@dataclass(slots=True)
class Plans:
    """Needed by those who plan: every open round."""


@dataclass(slots=True)
class Assignments:
    """Those that a batch is about."""

    known: dict[str, Assignment] = field(default_factory=dict)
    new: list[tuple[Assignment, datetime]] = field(default_factory=list)
    """With received_at."""
