"""The lengths of a case's deadlines, and one deadline as it runs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each deadline is, in working days."""

    reply: int = 5
    remedy: int = 15
    second_remedy: int = 5
    """The second and last one, after a refusal."""
    appeal: int = 10
    remind: int = 2
    """Before a deadline."""
    escalate: int = 3
    """After a lapse, to the Department."""
    valid_from: date = date.min
    """They rule what is given from this day on."""


def lengths_on(versions: Sequence[Deadlines], day: date, reply: int) -> Deadlines:
    """The lengths that rule what is given on a day: before the first version the calendar says how long a reply has."""
    return next((one for one in reversed(versions) if one.valid_from <= day), Deadlines(reply=reply))


class Kind(StrEnum):
    """What a clock is of that runs for a unit."""

    REPLY = "reply"
    REMEDY = "remedy"


class Standing(StrEnum):
    """Whether a clock runs."""

    OPEN = "open"
    MET = "met"
    LAPSED = "lapsed"
    ENDED = "ended"
    """Nothing is waited for any more: decided without it, taken back, appealed."""


@dataclass(slots=True, kw_only=True)
class Deadline:
    """One clock of a finding."""

    kind: str
    n: int
    """Counted per finding and kind, from 1; an extension moves the same one."""
    due: datetime
    first_due: datetime
    """Before any extension."""
    begins: datetime
    """What its working days are counted from: the server's receipt of what opened it."""
    cause: str
    """The event that opened it: nothing lapses before the log has had that for the whole time."""
    lapse_after: datetime | None = None
    """None until the log has the cause."""
    state: str = Standing.OPEN
    last: bool = False
    """Whether a further refusal opens no other."""
    reminded: bool = False
    """Whether the unit was told of it before it passed."""
    escalated: int = 0
    """Who was told that it passed: 0 nobody, 1 the unit above, 2 the Department too."""
