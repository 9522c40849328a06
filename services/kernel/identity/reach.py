"""How far an appointment reaches: the one rule of every service, for units, cases and entries of the log. Pure.

An appointment to a unit reaches its subtree, one without a unit the province; `all` in the matrix is all of that. What
happened at a unit is also reached by whoever answers for it since: its heirs by lineage, and those above them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from services.kernel.identity.roles import MATRIX, Action, Reach

if TYPE_CHECKING:  # a verifying process reads units, and loads nothing of the web
    from services.kernel.identity.callers import Caller, Grant

KEPT = 4  # the severity that a unit does not know of until the reviewer releases it
_DEPTH = 16


class Tree(Protocol):
    """The units as they are on a day; of a unit that is over or to come, as on its nearest day."""

    def parent_of(self, unit: str, day: date) -> str | None:
        """The unit above."""

    def heirs_of(self, unit: str, day: date) -> Sequence[str]:
        """Those to whom the unit's open cases have passed by a day; none while it keeps them."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What somebody wants to see or change, as far as his reach is concerned."""

    units: Collection[str]
    """Whose people reach it; none for what is of no unit: that is the province's."""
    mine: bool | None = None
    """Of a case: whether the asking account is of the inspecting team. None when it is of no case."""
    kept: bool = False
    """Whether the unit may not know of it yet."""


def chain(tree: Tree, unit: str, day: date) -> tuple[str, ...]:
    """A unit and its parents on a day, itself first."""
    found = [unit]
    above = tree.parent_of(unit, day)
    while above is not None and above not in found and len(found) <= _DEPTH:
        found.append(above)
        above = tree.parent_of(above, day)
    return tuple(found)


def answering(tree: Tree, unit: str, day: date) -> tuple[str, ...]:
    """The units that answer for a unit's cases on a day: itself, or its heirs by lineage."""
    found: dict[str, None] = {}
    seen, waiting = {unit}, [unit]
    while waiting:
        one = waiting.pop()
        heirs = tree.heirs_of(one, day)
        if not heirs:
            found[one] = None
        waiting += [heir for heir in reversed(heirs) if heir not in seen]
        seen.update(heirs)
    return tuple(found) or (unit,)


def holders(tree: Tree, unit: str, day: date) -> tuple[str, ...]:
    """The units that answer for a unit's cases on a day, and all above them."""
    return tuple(dict.fromkeys(above for one in answering(tree, unit, day) for above in chain(tree, one, day)))


def scope(tree: Tree, unit: str, day: date) -> tuple[str, ...]:
    """Every unit whose people reach what happened at a unit: itself, who answers for it, and all above either."""
    return tuple(dict.fromkeys((*chain(tree, unit, day), *holders(tree, unit, day))))


def covering(grants: Iterable[Grant], units: Collection[str]) -> tuple[Grant, ...]:
    """Those appointments that reach what these units' people reach."""
    return tuple(grant for grant in grants if grant.covers(units))


def is_kept_from(caller: Caller, matter: Matter, now: datetime) -> bool:
    """Whether the unit's not knowing holds for this account: as its head, or one above, whatever else he is."""
    return matter.kept and any(post.valid_at(now) and post.covers(matter.units) for post in caller.posts)


def readable(caller: Caller, action: Action, matter: Matter, now: datetime) -> tuple[Grant, ...]:
    """The appointments by which a caller reads a matter now; none when it is not for him."""
    if is_kept_from(caller, matter, now):
        return ()
    return tuple(
        grant for grant in covering(caller.grants_for(action, now), matter.units)
        if MATRIX[action][grant.role] is not Reach.OWN_TEAM or matter.mine is not False
    )  # fmt: skip
