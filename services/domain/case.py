"""A finding's case: classes of severity, states, and where each command takes it from each state. Pure.

The one table of writer and reader: intake refuses by it, its lists sort by it, SQL is tested against it. A further
command (an appeal, an extension, a remedy's report, a reopening) is one more row, a further state one more column.
"""

from collections.abc import Mapping
from enum import StrEnum

from services.kernel.identity.reach import KEPT as KEPT

FREE = 0
"""K codes: a clean check, a commendation. Nothing to answer, nothing to decide."""
LIGHT = 1
"""Counts without a decision once the unit accepted it, or left it unanswered."""
GRAVE = 3
SCORED = frozenset({LIGHT, 2, GRAVE})
SEVERITIES = frozenset({FREE, *SCORED, KEPT})


class State(StrEnum):
    """Where a case stands."""

    RECORDED = "recorded"
    REPLIED = "replied"
    LAPSED = "lapsed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Command(StrEnum):
    """What moves a case; a decision that upholds is told apart, for it waits for the unit."""

    REPLY = "reply"
    DECISION = "decision"
    UPHOLDING = "upholding"
    WITHDRAWAL = "withdrawal"
    LAPSE = "lapse"


class Outcome(StrEnum):
    """What a decision may say."""

    UPHELD = "upheld"
    EXCUSED = "excused"
    NOT_PROVEN = "not_proven"
    UNFOUNDED = "unfounded"
    SYSTEM_FAULT = "system_fault"
    REFERRED = "referred"


OVERTURNING = frozenset({Outcome.EXCUSED, Outcome.NOT_PROVEN, Outcome.UNFOUNDED, Outcome.SYSTEM_FAULT})


class Refusal(StrEnum):
    """Why a command leaves a case as it is."""

    STANDS = "stands"
    """The case has come further: its state says how far."""
    WINDOW_OPEN = "window-open"
    """The unit may still reply."""
    NO_CASE = "no-case"
    """Severity 0 takes no answer and no decision."""
    UNTOLD = "untold"
    """The unit does not know of it: it can neither reply nor miss a deadline."""
    UNKNOWN = "unknown"
    """A state of a newer program: this one moves nothing."""


class Turn(StrEnum):
    """What a case waits for."""

    REPLY = "reply"
    DECISION = "decision"
    NOTHING = "nothing"


TABLE: Mapping[Command, Mapping[State, State | Refusal]] = {
    Command.REPLY: {
        State.RECORDED: State.REPLIED, State.REPLIED: Refusal.STANDS, State.LAPSED: Refusal.STANDS,
        State.DECIDED: Refusal.STANDS, State.WITHDRAWN: Refusal.STANDS,
    },
    Command.DECISION: {
        State.RECORDED: State.DECIDED, State.REPLIED: State.DECIDED, State.LAPSED: State.DECIDED,
        State.DECIDED: Refusal.STANDS, State.WITHDRAWN: Refusal.STANDS,
    },
    Command.UPHOLDING: {
        State.RECORDED: Refusal.WINDOW_OPEN, State.REPLIED: State.DECIDED, State.LAPSED: State.DECIDED,
        State.DECIDED: Refusal.STANDS, State.WITHDRAWN: Refusal.STANDS,
    },
    Command.WITHDRAWAL: {
        State.RECORDED: State.WITHDRAWN, State.REPLIED: State.WITHDRAWN, State.LAPSED: State.WITHDRAWN,
        State.DECIDED: Refusal.STANDS, State.WITHDRAWN: Refusal.STANDS,
    },
    Command.LAPSE: {
        State.RECORDED: State.LAPSED, State.REPLIED: Refusal.STANDS, State.LAPSED: Refusal.STANDS,
        State.DECIDED: Refusal.STANDS, State.WITHDRAWN: Refusal.STANDS,
    },
}  # fmt: skip
_STATES = frozenset(map(str, State))
_OF_THE_UNIT = frozenset({Command.REPLY, Command.LAPSE})


def step(severity: int, state: str, command: Command) -> State | Refusal:
    """Where a command takes a case, or why it stays; of every severity and state, also one of a newer program."""
    if severity == FREE and command is not Command.WITHDRAWAL:
        return Refusal.NO_CASE
    if severity == KEPT and command in _OF_THE_UNIT:
        return Refusal.UNTOLD
    return TABLE[command][State(state)] if state in _STATES else Refusal.UNKNOWN


def allows(severity: int, state: str, command: Command) -> bool:
    """Whether a command moves a case."""
    return isinstance(step(severity, state, command), State)


def deciding(outcome: str) -> Command:
    """The command that a decision of this outcome is."""
    return Command.UPHOLDING if outcome == Outcome.UPHELD else Command.DECISION


def outcomes(severity: int, state: str) -> list[Outcome]:
    """What a decision may say now: only severity 4 is referred."""
    return [
        outcome for outcome in Outcome
        if allows(severity, state, deciding(outcome)) and (outcome is not Outcome.REFERRED or severity == KEPT)
    ]  # fmt: skip


def settled(severity: int, state: str, accepts: bool | None) -> str | None:
    """What makes a case count without a decision: of severity 1, that the unit accepted it or let it lapse."""
    if severity != LIGHT:
        return None
    if state == State.REPLIED and accepts:
        return "accepted"
    return "lapsed" if state == State.LAPSED else None


def turn(severity: int, state: str, accepts: bool | None) -> Turn:
    """What a case waits for: the unit's reply, the Department's decision, or nothing any more."""
    if allows(severity, state, Command.REPLY):
        return Turn.REPLY
    if settled(severity, state, accepts) is None and allows(severity, state, Command.DECISION):
        return Turn.DECISION
    return Turn.NOTHING


def is_counted(severity: int, state: str) -> bool:
    """Whether a list of a visit's findings counts it: something was found, and it was not taken back."""
    return severity != FREE and state != State.WITHDRAWN
