"""Which of a caller's appointments let it make a write: pure."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from services.intake.writing.world import World
from services.kernel.identity.callers import Caller, Grant
from services.kernel.identity.reach import Matter, covering, is_kept_from
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, NotFound

LOOK_BACK = timedelta(days=7)

Grants = tuple[Grant, ...]


def grants_of_roles(caller: Caller, roles: Collection[Role], now: datetime) -> Grants:
    """The appointments to some role that hold now, or held within the last 7 days; Forbidden without any."""
    grants = tuple(
        grant
        for grant in caller.grants
        if grant.role in roles
        and grant.valid_from <= now
        and (grant.valid_to is None or grant.valid_to > now - LOOK_BACK)
    )
    if not grants:
        raise Forbidden
    return grants


def grants_at(grants: Grants, now: datetime, claimed: datetime | None = None) -> Grants:
    """Those that hold now, or held at the phone's time (at most 7 days back); Forbidden without any."""
    if all(grant.valid_at(now) for grant in grants):
        return grants
    looked_at = [now]
    if claimed is not None and now - LOOK_BACK <= claimed <= now:
        looked_at.append(claimed)
    valid = tuple(grant for grant in grants if any(grant.valid_at(instant) for instant in looked_at))
    if not valid:
        raise Forbidden
    return valid


def reaching(world: World, grants: Iterable[Grant], unit: str) -> Grants:
    """Those that reach a unit; NotFound when it lies out of scope."""
    reached = covering(grants, world.scope(unit))
    if not reached:
        raise NotFound
    return reached


def require_told(world: World, caller: Caller, unit: str, *, kept: bool) -> None:
    """NotFound for what is kept from the caller as head of the unit, or of one above, whatever else he is."""
    if is_kept_from(caller, Matter(world.scope(unit), kept=kept), world.rights_at):
        raise NotFound


def first_of(grants: Iterable[Grant], role: Role) -> Grant | None:
    """The first appointment to a role."""
    return next((grant for grant in grants if grant.role is role), None)
