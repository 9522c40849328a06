"""Notices as they follow from the log and from who held which post when. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from services.domain.notices import Kind
from services.kernel.envelope import named_id
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role
from services.kernel.quarters import local_date, parse_instant
from services.reports.facts.directory import Directory
from services.reports.facts.facts import Entry

VACANT = "-"
"""Stands for the account where nobody holds the post: receivers that belong to no person are told all the same."""


class Audience(StrEnum):
    """Whom a notice is for."""

    HEADS = "heads"  # of the units that answer for the case on that day
    ABOVE = "above"  # heads of the units directly above these
    REVIEWERS = "reviewers"
    VERIFIERS = "verifiers"  # reviewers and leads in scope
    WATCHERS = "watchers"  # heads and reviewers
    TOLD = "told"  # whoever was told of the inspection's findings


@dataclass(frozen=True, slots=True)
class Post:
    """Who holds a post for a time."""

    account: str
    grant: Grant


@dataclass(slots=True, kw_only=True)
class Notice:
    """One account's notice; its place in all lists is (log index, number), instants are RFC 3339 UTC."""

    id: str
    event: str
    kind: Kind
    account: str
    unit: str
    inspection: str
    finding: str | None
    created_at: str
    due: str | None
    index: int
    number: int


@dataclass(frozen=True, slots=True)
class Telling:
    """What an event of the log tells to whom; `due` names the member of its data that holds the deadline."""

    kind: Kind
    audience: Audience
    due: str | None = None
    when: Callable[[Mapping[str, Any]], bool] | None = None
    """Always, without."""


CLOSED, RECORDED = "kycuong.inspection.closed.v1", "kycuong.finding.recorded.v1"
RELEASED, VOIDED = "kycuong.finding.released.v1", "kycuong.inspection.voided.v1"
CORRECTED, WITHDRAWN = "kycuong.finding.corrected.v1", "kycuong.finding.withdrawn.v1"
ESCALATED = "kycuong.finding.escalated.v1"
TELLINGS: Mapping[str, tuple[Telling, ...]] = {
    CLOSED: (Telling(Kind.FINDINGS, Audience.HEADS, "reply_due"),),
    RECORDED: (Telling(Kind.FINDINGS, Audience.HEADS, "reply_due"),),
    RELEASED: (Telling(Kind.RELEASE, Audience.HEADS, "reply_due"),),
    VOIDED: (Telling(Kind.VOIDING, Audience.TOLD),),
    "kycuong.inspection.corrected.v1": (Telling(Kind.CORRECTION, Audience.TOLD),),
    CORRECTED: (Telling(Kind.CORRECTION, Audience.HEADS, "reply_due"),),
    "kycuong.finding.reminded.v1": (Telling(Kind.REMINDER, Audience.HEADS, "due"),),
    "kycuong.remedy.reminded.v1": (Telling(Kind.REMINDER, Audience.HEADS, "due"),),
    "kycuong.finding.lapsed.v1": (Telling(Kind.LAPSE, Audience.HEADS),),
    "kycuong.finding.decided.v1": (Telling(Kind.DECISION, Audience.HEADS, "remedy_due"),),
    "kycuong.finding.extension_requested.v1": (Telling(Kind.EXTENSION, Audience.REVIEWERS),),
    "kycuong.remedy.extension_requested.v1": (Telling(Kind.EXTENSION, Audience.REVIEWERS),),
    "kycuong.finding.extended.v1": (Telling(Kind.EXTENSION, Audience.HEADS, "reply_due"),),
    "kycuong.remedy.extended.v1": (Telling(Kind.EXTENSION, Audience.HEADS, "remedy_due"),),
    "kycuong.finding.appealed.v1": (Telling(Kind.APPEAL, Audience.REVIEWERS),),
    # what the person concerned says is to be weighed as an appeal is, by whoever judges
    "kycuong.finding.answered.v1": (Telling(Kind.APPEAL, Audience.VERIFIERS),),
    "kycuong.finding.reopened.v1": (Telling(Kind.REOPENING, Audience.HEADS, "reply_due"),),
    "kycuong.remedy.planned.v1": (
        Telling(Kind.REMEDY, Audience.REVIEWERS, when=lambda data: data["feasible"] is False),
    ),
    "kycuong.remedy.reported.v1": (Telling(Kind.REMEDY, Audience.VERIFIERS),),
    "kycuong.remedy.verified.v1": (Telling(Kind.REMEDY, Audience.HEADS),),
    "kycuong.remedy.refused.v1": (Telling(Kind.REMEDY, Audience.HEADS, "remedy_due"),),
    "kycuong.remedy.overdue.v1": (Telling(Kind.OVERDUE, Audience.WATCHERS, "due"),),
    ESCALATED: (
        Telling(Kind.ESCALATION, Audience.ABOVE, "due", lambda data: data["to"] == "parent"),
        Telling(Kind.ESCALATION, Audience.REVIEWERS, "due", lambda data: data["to"] == "department"),
    ),
}


REPEATED = Telling(Kind.PATTERN, Audience.WATCHERS)
"""What an entry tells by which a violation becomes a repeated one."""


def tellings(entry: Entry) -> list[Telling]:
    """What an entry tells; nothing for most."""
    told, data = TELLINGS.get(entry.event.type, ()), entry.event.data
    return [one for one in told if one.when is None or one.when(data)]


def notice_id(event: str, kind: str, account: str) -> str:
    """UUIDv5 of `<event id>/<kind>/<account>`."""
    return named_id(f"{event}/{kind}/{account}")


def hour_of(entry: Entry) -> str:
    """The hour of an entry's receipt, in UTC: `2026-09-01T03`."""
    return entry.event.time[:13]


def day_of(entry: Entry) -> date:
    """The local day of an entry."""
    return _day_of_hour(entry.event.time[:13])


@lru_cache(maxsize=1024)
def _day_of_hour(hour: str) -> date:
    """In Viet Nam a day begins with a whole hour."""
    return local_date(parse_instant(f"{hour}:00:00Z"))


def holding(asked: Iterable[tuple[str, str]], directory: Directory) -> set[str]:
    """Every unit whose posts may have to hear of something at a unit, in an hour."""
    days = {(unit, _day_of_hour(hour)) for unit, hour in asked}
    return {one for unit, day in days for one in directory.holders(unit, day)}


class Hearers:
    """Who hears of what in a run of entries: looked up once for a unit and a day."""

    def __init__(self, directory: Directory, posts: Sequence[Post]) -> None:
        self._directory = directory
        self._posts: dict[str | None, list[Post]] = {}
        for post in posts:
            self._posts.setdefault(post.grant.unit, []).append(post)
        self._known: dict[tuple[Audience, str, date], list[Post]] = {}

    def of(self, audience: Audience, entry: Entry) -> list[str]:
        """The accounts of an audience at an entry's time, in order."""
        if not self._posts:
            return []
        key = audience, entry.event.unit, day_of(entry)
        if key not in self._known:
            self._known[key] = self._heard(*key)
        if not self._known[key]:
            return []
        now = parse_instant(entry.event.time)
        return sorted({post.account for post in self._known[key] if post.grant.valid_at(now)})

    def _heard(self, audience: Audience, unit: str, day: date) -> list[Post]:
        """The posts of an audience, whenever they are held."""
        match audience:
            case Audience.HEADS:
                return self._heads(self._directory.answering(unit, day))
            case Audience.ABOVE:
                answering = self._directory.answering(unit, day)
                return self._heads({self._directory.parent_of(one, day) for one in answering})
            case Audience.REVIEWERS:
                return self._watching(unit, day, Role.REVIEWER)
            case Audience.VERIFIERS:
                return self._watching(unit, day, Role.REVIEWER, Role.LEAD)
            case _:
                return self._heads(self._directory.answering(unit, day)) + self._watching(unit, day, Role.REVIEWER)

    def _heads(self, units: Iterable[str | None]) -> list[Post]:
        return [
            post for unit in units if unit is not None for post in self._posts.get(unit, ())
            if post.grant.role is Role.UNIT_HEAD
        ]  # fmt: skip

    def _watching(self, unit: str, day: date, *roles: Role) -> list[Post]:
        """Over the unit or over the province."""
        units = (None, *self._directory.holders(unit, day))
        return [post for one in units for post in self._posts.get(one, ()) if post.grant.role in roles]


def place(index: int, number: int) -> str:
    """A notice's place as clients hold it, opaque to them."""
    return f"{index}.{number}"


def read_place(text: str) -> tuple[int, int] | None:
    """The (log index, number) of a place; None for what is none."""
    index, _, number = text.partition(".")
    if not (index.isascii() and index.isdigit() and number.isascii() and number.isdigit()):
        return None
    found = int(index[:19]), int(number[:10])
    return found if found[0] < 2**63 and found[1] < 2**31 else None
