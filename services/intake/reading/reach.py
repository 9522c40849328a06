"""What a signed-in caller may read of cases, one by one and as sets of units for lists: all of it in one snapshot."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from asyncpg import Record
from fastapi import Request

from services.domain.calendar import DaysLeft, WorkingCalendar
from services.domain.conflict import conflicts
from services.domain.units import Directory
from services.intake.writing.needs import Stamps
from services.intake.writing.service import Service, service_of
from services.kernel.identity.authentication import callers_of, hash_token, token_of
from services.kernel.identity.callers import Caller, Grant, ReadsPublished
from services.kernel.identity.reach import Matter, covering, is_kept_from, readable
from services.kernel.identity.roles import MATRIX, Action, Reach, Role
from services.kernel.problems import Unauthorized
from services.kernel.quarters import local_date
from services.kernel.store.db import Connection, Pool, snapshot
from services.kernel.store.sql import load_queries

_sql = load_queries(Path(__file__).with_name("queries.sql"))
STAFF = (Role.INSPECTOR, Role.LEAD, Role.REVIEWER)
_NEVER, _ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_READERS = (*STAFF, Role.UNIT_HEAD, Role.AUDITOR)  # of several roles the first that reaches a case reads it


class Stands(NamedTuple):
    """The last change of the unit tree, how many calendars there are; if asked, how many events, stored and logged."""

    directory: int
    calendars: int
    events: int | None


@dataclass(frozen=True, slots=True)
class Some:
    """Some units, or all of them."""

    everywhere: bool
    units: frozenset[str]

    def holds(self, unit: str) -> bool:
        """Whether the unit is one of them."""
        return self.everywhere or unit in self.units

    def columns(self) -> tuple[bool, list[str]]:
        """As a statement takes them."""
        return self.everywhere, list(self.units)


@dataclass(slots=True)
class Reading:
    """Who reads what at which instant, and how far he reaches."""

    service: Service
    connection: Connection
    caller: Caller
    action: Action
    grants: tuple[Grant, ...]
    """His appointments for what he is doing."""
    directory: Directory
    calendar: WorkingCalendar
    now: datetime
    stands: Stands
    until: datetime = _ALWAYS
    """How long what was told so far is told so, while there is no further event."""
    _scopes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _held: dict[Action, tuple[Grant, ...]] = field(default_factory=dict)
    _roles: dict[tuple[Action, str], frozenset[Role]] = field(default_factory=dict)
    _readers: dict[tuple[str, bool, bool], Role | None] = field(default_factory=dict)
    _conflicts: dict[str, bool] = field(default_factory=dict)
    _answers: dict[str, bool] = field(default_factory=dict)
    _reached: tuple[bool, list[str], bool, list[str], bool, list[str]] | None = None

    def by(self, instant: datetime) -> bool:
        """Whether it is not later than an instant; what is told of that holds no longer than till then."""
        if self.now > instant:
            return False
        self.until = min(self.until, instant)
        return True

    def unheard(self) -> None:
        """What is told changes without an event."""
        self.until = _NEVER

    def role(self, unit: str, team: Sequence[str], *, kept: bool = False) -> Role | None:
        """As whom the caller reads a case of a unit and team; None when it is not for him."""
        asked = (unit, self.caller.account in team, kept)
        if asked not in self._readers:
            self._readers[asked] = self._role(*asked)
        return self._readers[asked]

    def knows_people(self, unit: str, team: Sequence[str]) -> bool:
        """Whether the caller may know who inspected: the unit and the auditor may not."""
        return self.role(unit, team) in STAFF

    def heads(self, unit: str) -> bool:
        """Whether the caller heads the unit or one above, whatever else he is."""
        return is_kept_from(self.caller, Matter(self._scope(unit), kept=True), self.now)

    def conflicts(self, unit: str) -> bool:
        """Whether the caller is or lately was head of a unit, above or below it."""
        if unit not in self._conflicts:
            self._conflicts[unit] = conflicts(self.caller.posts, unit, self.directory, self.now)
        return self._conflicts[unit]

    def roles(self, action: Action, unit: str) -> frozenset[Role]:
        """The roles by which the caller may take an action at a unit."""
        known = self._roles.get((action, unit))
        if known is None:
            if action not in self._held:
                self._held[action] = self.caller.grants_for(action, self.now)
            held = covering(self._held[action], self._scope(unit))
            known = self._roles[action, unit] = frozenset(one.role for one in held)
        return known

    def answers_for(self, unit: str) -> bool:
        """Whether the caller heads the very unit that answers for this one's cases."""
        if unit not in self._answers:
            self._answers[unit] = self._answers_for(unit)
        return self._answers[unit]

    def _answers_for(self, unit: str) -> bool:
        if not self.roles(Action.ANSWER, unit):
            return False
        answering = self.directory.answering(unit, local_date(self.now))
        return any(grant.unit == answering for grant in self.caller.grants_for(Action.ANSWER, self.now))

    def own(self) -> list[str]:
        """The units that the caller answers for."""
        held = self._some(self.caller.grants_for(Action.ANSWER, self.now))
        return [unit for unit in (self.directory.versions if held.everywhere else held.units) if self.answers_for(unit)]

    def whole(self) -> Some:
        """The units of which the caller reads everything, whoever it is of."""
        return self._some(grant for grant in self.grants if self._reach(grant) is not Reach.OWN_TEAM)

    def teams(self) -> Some:
        """The units of which the caller reads what is of his own team."""
        return self._some(grant for grant in self.grants if self._reach(grant) is Reach.OWN_TEAM)

    def headed(self) -> Some:
        """The units that the caller heads or is above of: what is kept from them is kept from him."""
        return self._some(post for post in self.caller.posts if post.valid_at(self.now))

    def reach(self) -> tuple[bool, list[str], bool, list[str], bool, list[str]]:
        """The three as statements take them."""
        if self._reached is None:
            self._reached = (*self.whole().columns(), *self.teams().columns(), *self.headed().columns())
        return self._reached

    def everybody(self) -> bool:
        """Whether the caller reads of all accounts, also those of no team."""
        return any(grant.unit is None and self._reach(grant) is Reach.ALL for grant in self.grants)

    def unit_name(self, unit: str, instant: datetime) -> str:
        """A unit's name on the day of an instant, told from others of that name; its id where it had none."""
        return self.directory.label(unit, local_date(instant))

    def days_left(self) -> DaysLeft:
        """The working days left until deadlines."""
        return DaysLeft(self.calendar, self.now)

    def _role(self, unit: str, mine: bool, kept: bool) -> Role | None:
        matter = Matter(self._scope(unit), mine=mine, kept=kept)
        roles = {grant.role for grant in readable(self.caller, Action.READ_CASE, matter, self.now)}
        return next((role for role in _READERS if role in roles), None)

    def _reach(self, grant: Grant) -> Reach:
        return MATRIX[self.action][grant.role]

    def _some(self, grants: Iterable[Grant]) -> Some:
        units = [grant.unit for grant in grants]
        named = [unit for unit in units if unit is not None]
        return Some(None in units, self.directory.below(named, local_date(self.now)) if named else frozenset())

    def _scope(self, unit: str) -> tuple[str, ...]:
        known = self._scopes.get(unit)
        if known is None:
            known = self._scopes[unit] = self.directory.scope(unit, local_date(self.now))
        return known


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, when, and as what stands."""

    caller: Caller
    grants: tuple[Grant, ...]
    now: datetime
    stands: Stands


async def asking(request: Request, source: Pool | Connection, action: Action, *, planned_once: bool = False) -> Asking:
    """Who asks for an action; Unauthorized, or Forbidden for another role."""
    token = token_of(request)
    if token is None:
        raise Unauthorized
    rows = await source.fetch(_sql.who_asks, hash_token(token), planned_once)
    caller, now = _caller(rows), service_of(request).clock.now()
    stands = Stands(rows[0]["version"], rows[0]["calendars"], rows[0]["events"])
    return Asking(caller, caller.require(action, now), now, stands)


@asynccontextmanager
async def reading(request: Request, action: Action, *, planned_once: bool = False) -> AsyncIterator[Reading]:
    """Who asks, and the one snapshot that he is answered from; Unauthorized, or Forbidden for another role.

    What is told to the reading log is written after it, on a connection of its own.
    """
    service = service_of(request)
    if token_of(request) is None:  # before a connection is taken for him
        raise Unauthorized
    async with snapshot(service.pool, planned_once=planned_once) as connection:
        asks = await asking(request, connection, action, planned_once=planned_once)
        known = await service.known(connection, Stamps(asks.stands.directory, asks.stands.calendars))
        yield Reading(service, connection, asks.caller, action, asks.grants, *known, asks.now, asks.stands)


def _caller(rows: Sequence[Record]) -> Caller:
    for caller in callers_of(row for row in rows if row["account"] is not None).values():
        if caller.reads is not None:
            raise ReadsPublished
        return caller
    raise Unauthorized
