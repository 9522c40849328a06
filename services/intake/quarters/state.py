"""The Department's own writes in the working state: commendations, cuts of quarters. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(slots=True)
class Cut:
    """An edition of a quarter that was closed, with the roots that were published of it."""

    id: str
    roots: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Quarters:
    """The cuts of those that a batch is about."""

    cuts: dict[tuple[str, str], Cut] = field(default_factory=dict)
    """By quarter and edition."""
    appeals: dict[str, datetime] = field(default_factory=dict)
    """Since when the oldest appeal of each waits."""
    closings: list[tuple[str, str, str, datetime]] = field(default_factory=list)
    """New cuts: quarter, edition, id, received_at."""
    publications: list[tuple[str, str, bytes, datetime]] = field(default_factory=list)
    """New ones: id, closing, cards_root, received_at."""


def restated(n: int) -> str:
    """What the n-th restatement of a quarter is called as an edition."""
    return f"restated-{n}"


@dataclass(slots=True)
class Commendations:
    """New ones: id, unit, code, day, received_at."""

    new: list[tuple[str, str, str, date, datetime]] = field(default_factory=list)
