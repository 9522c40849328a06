"""The head's part of a unit's quarters, by who was in post on the day of the visit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.kernel.quarters import local_date
from services.reports.reading.around import HeadsDay, Tenure

LEAST_DAYS = 60
"""A tenure under so many days is shown, and said to be too short to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What fell into one head's time; `account` is None for days on which the post was vacant."""

    account: str | None
    since: date | None
    until: date | None
    short: bool
    visits: int
    own: int
    unanswered: int
    overdue: int


def parts(tenures: Sequence[Tenure], days: Iterable[HeadsDay], today: date) -> list[Part]:
    """A part for every tenure in which there was a visit, and one for the days nobody was in post."""
    sums: dict[int | None, list[int]] = {}
    for one in days:
        place = next((number for number, held in enumerate(tenures) if _in_post(held, one.day)), None)
        total = sums.setdefault(place, [0, 0, 0, 0])
        for number, value in enumerate((one.visits, one.own, one.unanswered, one.overdue)):
            total[number] += value
    order = sorted(sums, key=lambda place: -1 if place is None else place)
    return [_part(None if place is None else tenures[place], sums[place], today) for place in order]


def _in_post(held: Tenure, day: date) -> bool:
    return local_date(held.since) <= day and (held.until is None or day < local_date(held.until))


def _part(held: Tenure | None, total: Sequence[int], today: date) -> Part:
    since = local_date(held.since) if held else None
    until = local_date(held.until) if held and held.until else None
    short = since is not None and (min(until or today, today) - since).days < LEAST_DAYS
    return Part(
        account=held.account if held else None, since=since, until=until, short=short,
        visits=total[0], own=total[1], unanswered=total[2], overdue=total[3],
    )  # fmt: skip
