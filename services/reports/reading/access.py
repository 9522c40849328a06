"""What a caller may read: by role, scope and edition."""

from __future__ import annotations

from datetime import datetime

from services.kernel.identity.callers import Caller, ReadsPublished
from services.kernel.identity.roles import Action
from services.reports.reading.editions import frozen_listing
from services.reports.reading.listing import LIVE, Listing
from services.reports.reading.live_cards import listing
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Reader, Snapshot

FROZEN = r"^(flash|official|restated-[1-9][0-9]{0,3})$"
EDITION = FROZEN.replace("(", "(live|", 1)


def live_scope(caller: Caller, now: datetime, *, as_file: bool = False) -> Scope:
    """How far the caller sees live cards, or takes them away; Forbidden for who may not, and for a reading token."""
    if caller.reads is not None:
        raise ReadsPublished
    return Scope.of(caller.require(Action.EXPORT if as_file else Action.LIVE_CARDS, now))


def what_if_scope(caller: Caller, now: datetime, *, as_file: bool = False) -> Scope:
    """Of which units the caller asks what would be and was known, or takes it away; Forbidden for who may not."""
    return Scope.of(caller.require(Action.EXPORT if as_file else Action.WHAT_IF, now))


def sight(caller: Caller, now: datetime, edition: str) -> Scope | bool:
    """All that decides which rows of an edition's list a caller is shown."""
    return live_scope(caller, now) if edition == LIVE else reviews(caller, now)


def alert_scope(caller: Caller, now: datetime) -> Scope:
    """How far the caller sees alerts; Forbidden for a role that sees none."""
    return Scope.of(caller.require(Action.ALERTS, now))


def notice_scope(caller: Caller, now: datetime) -> Scope:
    """About which units the caller reads his notices; Forbidden for a role that has none."""
    return Scope.of(caller.require(Action.NOTICES, now))


def delivery_scope(caller: Caller, now: datetime) -> Scope:
    """About which units the caller reads what was sent outside; Forbidden for a role that may not."""
    return Scope.of(caller.require(Action.DELIVERIES, now))


def reviews(caller: Caller, now: datetime) -> bool:
    """Whether the caller reads frozen editions before they are published; Forbidden for who reads none at all."""
    if caller.reads is not None:
        return False
    caller.require(Action.PUBLISHED_CARDS, now)
    return caller.of_the_province(Action.DECIDE, now)  # a root over all cards cannot be read in part


def posts(caller: Caller, now: datetime) -> frozenset[str]:
    """The units that the caller heads."""
    return frozenset(grant.unit for grant in caller.grants_for(Action.ANSWER, now) if grant.unit)


async def list_at_once(
    reader: Reader, caller: Caller, now: datetime, *, quarter: str, edition: str, group: str | None, as_file: bool
) -> Listing | None:
    """The same live list as somebody was given before, where it still is what the log says."""
    if edition != LIVE:
        return None
    return await reader.known_list(quarter, live_scope(caller, now, as_file=as_file), group)


async def listing_of(
    snapshot: Snapshot, caller: Caller, now: datetime, *, quarter: str, edition: str, group: str | None,
    as_file: bool = False,
) -> Listing:  # fmt: skip
    """A quarter's list as the caller may see it, or take it away."""
    if edition == LIVE:
        return await listing(snapshot, quarter, live_scope(caller, now, as_file=as_file), group)
    return await frozen_listing(snapshot, quarter, edition, group, reviewer=reviews(caller, now))
