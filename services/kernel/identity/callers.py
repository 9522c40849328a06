"""Who may do what, given the appointments: pure. `identity` reads them from the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.kernel.identity.roles import MATRIX, Action, Role
from services.kernel.problems import Forbidden


class ReadsPublished(Forbidden):
    """Mã này chỉ đọc các bản phiếu điểm đã công bố.

    This token reads published editions of the scorecards, and nothing else.
    """


@dataclass(frozen=True, slots=True)
class Grant:
    """One appointment: a role over a unit's subtree (None: the province) for a time."""

    role: Role
    unit: str | None
    valid_from: datetime
    valid_to: datetime | None

    def valid_at(self, instant: datetime) -> bool:
        """Whether the appointment holds at an instant."""
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)

    def covers(self, ancestors: Collection[str]) -> bool:
        """Whether a unit, given with its ancestors, lies in the subtree."""
        return self.unit is None or self.unit in ancestors


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in account with its appointments (a token's: only the one it carries)."""

    account: str
    kind: Literal["bearer", "browser"]
    expires_at: datetime
    grants: tuple[Grant, ...]
    posts: tuple[Grant, ...] = ()
    """Where the account is head, whatever of it the token carries."""
    reads: str | None = None
    """What a token without any appointment reads: `published`, and nothing else."""

    def current(self, now: datetime) -> tuple[Grant, ...]:
        """The appointments that hold now."""
        return tuple(grant for grant in self.grants if grant.valid_at(now))

    def roles(self, now: datetime) -> frozenset[Role]:
        """The roles held now."""
        return frozenset(grant.role for grant in self.current(now))

    def grants_for(self, action: Action, now: datetime) -> tuple[Grant, ...]:
        """The current appointments whose role may take an action."""
        allowed = MATRIX[action]
        return tuple(grant for grant in self.current(now) if grant.role in allowed)

    def of_the_province(self, action: Action, now: datetime) -> bool:
        """Whether an appointment for the whole province may take an action: for what cannot be shown in part."""
        return any(grant.unit is None for grant in self.grants_for(action, now))

    def require(self, action: Action, now: datetime) -> tuple[Grant, ...]:
        """The current appointments for an action; Forbidden when there is none."""
        grants = self.grants_for(action, now)
        if not grants:
            raise Forbidden
        return grants
