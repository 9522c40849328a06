"""What is put right of a finding that counts: where each command takes it from each state. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache


class Remedy(StrEnum):
    """How far the unit has put things right."""

    NONE = "none"
    """Nothing is to be put right: the finding does not count, or no more."""
    DUE = "due"
    PLANNED = "planned"
    DECLINED = "declined"
    """The unit says that it cannot."""
    REPORTED = "reported"
    VERIFIED = "verified"
    WAIVED = "waived"
    """Verified that it cannot be put right."""


class Command(StrEnum):
    """What moves a remedy."""

    PLAN = "plan"
    DECLINE = "decline"
    """A plan that says it is not feasible."""
    REPORT = "report"
    EXTENSION = "extension"
    """Of its deadline, asked for or given."""
    VERIFICATION = "verification"
    REFUSAL = "refusal"


_OPEN = (Remedy.DUE, Remedy.PLANNED, Remedy.DECLINED)


def _row(moves: Mapping[Remedy, Remedy]) -> Mapping[Remedy, Remedy | None]:
    return {**dict.fromkeys(Remedy), **moves}


TABLE: Mapping[Command, Mapping[Remedy, Remedy | None]] = {
    Command.PLAN: _row(dict.fromkeys(_OPEN, Remedy.PLANNED)),
    Command.DECLINE: _row(dict.fromkeys(_OPEN, Remedy.DECLINED)),
    Command.REPORT: _row(dict.fromkeys(_OPEN, Remedy.REPORTED)),
    Command.EXTENSION: _row({
        Remedy.DUE: Remedy.DUE, Remedy.PLANNED: Remedy.PLANNED, Remedy.DECLINED: Remedy.DUE,
    }),
    Command.VERIFICATION: _row({Remedy.REPORTED: Remedy.VERIFIED, Remedy.DECLINED: Remedy.WAIVED}),
    Command.REFUSAL: _row({Remedy.REPORTED: Remedy.DUE, Remedy.DECLINED: Remedy.DUE}),
}  # fmt: skip
"""Total; None where a command leads nowhere."""
_STATES = frozenset(map(str, Remedy))


@cache
def step(state: str, command: Command) -> Remedy | None:
    """Where a command takes a remedy; None when it may not be, also from a state of a newer program."""
    return TABLE[command][Remedy(state)] if state in _STATES else None
