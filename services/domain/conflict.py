"""The rule of conflict of interest: nobody inspects or judges a unit whose head he is or lately was. Pure."""

from collections.abc import Iterable
from datetime import datetime

from services.domain.units import Directory
from services.kernel.identity.callers import Grant
from services.kernel.quarters import local_date

MONTHS = 24
"""How long somebody who was head of a unit keeps away from it, from those above it and from those below."""


def conflicts(posts: Iterable[Grant], unit: str, directory: Directory, now: datetime) -> bool:
    """Whether somebody with these posts as head (past ones too) is or lately was head of a unit, above or below it."""
    held = counting(posts, now)
    if not held:
        return False
    day = local_date(now)
    above = directory.scope(unit, day)
    return any(post is None or post in above or unit in directory.scope(post, day) for post in held)


def counting(posts: Iterable[Grant], now: datetime) -> frozenset[str | None]:
    """The units that somebody is or lately was head of."""
    since = _months_before(now)
    return frozenset(
        post.unit for post in posts if post.valid_from <= now and (post.valid_to is None or post.valid_to > since)
    )


def _months_before(now: datetime) -> datetime:
    """The same day 24 months earlier; of a 29th of February the 28th."""
    year = now.year - MONTHS // 12
    return now.replace(year=year, day=28) if (now.month, now.day) == (2, 29) else now.replace(year=year)
