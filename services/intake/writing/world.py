"""The working state against which a batch of writes is decided: loaded set-based, changed in memory, then stored.

What capabilities keep in it stands on shelves, each found by its own type; the engine never looks into one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from services.domain.calendar import WorkingCalendar
from services.domain.catalogue import Catalogue
from services.domain.deadlines import Deadlines, lengths_on
from services.domain.units import Directory
from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date

LOST = "?"
"""Begins the name of a person whose account nobody knows any more; a pseudonym follows. No account may begin so."""
T = TypeVar("T")


def is_lost(account: str) -> bool:
    """Whether only the log still tells of this person."""
    return account.startswith(LOST)


@dataclass(slots=True)
class Known:
    """A write accepted before: whose, what (its content and private parts with their salts), and its answer."""

    account: str
    content: bytes
    answer: bytes
    parts: dict[str, bytes]
    """Private groups with their bytes."""
    erased: set[str] = field(default_factory=set)
    """Private groups that were erased."""
    lost: set[str] = field(default_factory=set)
    """Private groups of which only the log's commitment is left."""

    @property
    def from_log(self) -> bool:
        """Whether only the log still knows what was written: its content was lost with the database."""
        return not self.content and bool(self.answer)


@dataclass(slots=True, kw_only=True)
class World:
    """All that deciding a batch may look at."""

    origin: str
    now: datetime
    rights_at: datetime
    """The machine's time: a demo load sets `now`, but nobody's rights."""
    callers: Mapping[bytes, Caller] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    catalogues: list[Catalogue]
    demo: bool = False
    """Whether this is a demo's folder, whose deadlines lapse by the story's clock."""
    directory: Directory = field(default_factory=Directory)
    calendar: WorkingCalendar = field(init=False)
    lengths: Sequence[Deadlines] = ()
    """The versions of the lengths of deadlines, oldest first."""
    accounts: set[str] = field(default_factory=set)
    """Of those that the batch names, the ones that exist."""
    people: Mapping[str, Caller] = field(default_factory=dict)
    """Of those that the batch names, with all their appointments, where a rule asks for these."""
    authors: Mapping[str, Caller] = field(default_factory=dict)
    """Accounts whose phones signed what others carry, with all their appointments."""
    plan_waits: bool = False
    """Whether the log is still to get what was made of the unit tree as it was: a change goes there after it."""
    certain: datetime | None = None
    """While the machine's clock is not believed, a time that has certainly come."""
    floor: datetime | None = None
    """What deadlines count from: never before the log's newest entry."""
    _shelves: dict[type, Any] = field(default_factory=dict, init=False)
    _scopes: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)
    _directory_is_own: bool = field(default=False, init=False)

    def __getitem__(self, shelf: type[T]) -> T:
        """A capability's shelf; empty before its keeper has loaded anything."""
        kept = self._shelves.get(shelf)
        if kept is None:
            kept = self._shelves[shelf] = shelf()
        return cast(T, kept)

    @property
    def doubted(self) -> bool:
        """Whether the machine's clock is not believed (a demo load tells its own time)."""
        return self.certain is not None and self.now == self.rights_at

    @property
    def told_at(self) -> datetime:
        """What the deadlines of what is received now are counted from."""
        later = self.floor if self.floor is not None and self.now == self.rights_at else self.now
        return max(self.now, later)

    def reply_due(self) -> datetime:
        """When a reply is due to what is received now."""
        return self.calendar.due(self.told_at, self.deadlines.reply)

    @property
    def deadlines(self) -> Deadlines:
        """The lengths of the deadlines that are given now."""
        return self.deadlines_on(self.told_at)

    def deadlines_on(self, instant: datetime) -> Deadlines:
        """The lengths of the deadlines that are given, or were, at an instant."""
        return lengths_on(self.lengths, local_date(instant), self.calendar.reply_working_days)

    def scope(self, unit: str) -> tuple[str, ...]:
        """The units whose people reach a unit's cases today."""
        known = self._scopes.get(unit)
        if known is None:
            known = self._scopes[unit] = self.directory.scope(unit, local_date(self.now))
        return known

    def own_directory(self) -> Directory:
        """The directory, to change: the first change copies it, so readers of the old one are not disturbed."""
        if not self._directory_is_own:
            self.directory = self.directory.copy()
            self._directory_is_own = True
        self._scopes.clear()
        return self.directory
