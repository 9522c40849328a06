"""A finding's case: classes of severity, states, and where each command takes it from each state. Pure.

The one table of writer and reader: intake refuses by it, its lists sort by it, SQL is tested against it. A further
command is one more row, a further state one more column. What is put right afterwards has its own table: `remedy`.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache

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
    APPEALED = "appealed"
    REOPENED = "reopened"
    UNHEARD = "unheard"
    """Reopened, and the unit may reply for the first time."""
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


class Command(StrEnum):
    """What moves a case.

    Told apart are a decision that upholds, for it waits for the unit, and a reopening that opens a window to reply.
    """

    REPLY = "reply"
    EXTENSION = "extension"
    """Of the reply's deadline, asked for or given."""
    DECISION = "decision"
    UPHOLDING = "upholding"
    APPEAL = "appeal"
    REOPENING = "reopening"
    HEARING = "hearing"
    """A reopening of what the unit never replied to: it may now."""
    CORRECTION = "correction"
    RELEASE = "release"
    SECOND_REVIEW = "second-review"
    WITHDRAWAL = "withdrawal"
    VOIDING = "voiding"
    LAPSE = "lapse"


class Outcome(StrEnum):
    """What a decision may say."""

    UPHELD = "upheld"
    EXCUSED = "excused"
    NOT_PROVEN = "not_proven"
    UNFOUNDED = "unfounded"
    SYSTEM_FAULT = "system_fault"
    REFERRED = "referred"


REOPENED_WITHIN = timedelta(days=365)
"""Of a decision."""
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
    NOT_KEPT = "not-kept"
    """Only what is kept from the unit is released."""
    UNKNOWN = "unknown"
    """A state of a newer program: this one moves nothing."""


class Turn(StrEnum):
    """What a case waits for."""

    REPLY = "reply"
    DECISION = "decision"
    NOTHING = "nothing"


_STAYS = dict.fromkeys(State, Refusal.STANDS)


def _row(moves: Mapping[State, State | Refusal]) -> Mapping[State, State | Refusal]:
    """A command's row: from the states that it does not name it leads nowhere."""
    return {**_STAYS, **moves}


_UNDECIDED = (State.RECORDED, State.REPLIED, State.LAPSED)
AGAIN = (State.APPEALED, State.REOPENED, State.UNHEARD)
"""Decided before, and to be decided again by another."""
_HEARD = (State.REPLIED, State.LAPSED, State.APPEALED, State.REOPENED)
_WAITING = {State.RECORDED: Refusal.WINDOW_OPEN, State.UNHEARD: Refusal.WINDOW_OPEN}
TABLE: Mapping[Command, Mapping[State, State | Refusal]] = {
    Command.REPLY: _row({State.RECORDED: State.REPLIED, State.UNHEARD: State.REOPENED}),
    Command.EXTENSION: _row({State.RECORDED: State.RECORDED, State.UNHEARD: State.UNHEARD}),
    Command.DECISION: _row(dict.fromkeys((*_UNDECIDED, *AGAIN), State.DECIDED)),
    Command.UPHOLDING: _row({**_WAITING, **dict.fromkeys(_HEARD, State.DECIDED)}),
    Command.APPEAL: _row({State.DECIDED: State.APPEALED}),
    Command.REOPENING: _row({State.DECIDED: State.REOPENED}),
    Command.HEARING: _row({State.DECIDED: State.UNHEARD}),
    Command.CORRECTION: _row(dict.fromkeys(_UNDECIDED, State.RECORDED)),
    Command.RELEASE: _row({State.RECORDED: State.RECORDED}),
    Command.SECOND_REVIEW: _row({one: one for one in (State.DECIDED, *AGAIN)}),
    Command.WITHDRAWAL: _row(dict.fromkeys(_UNDECIDED, State.WITHDRAWN)),
    Command.VOIDING: _row(dict.fromkeys((*_UNDECIDED, State.DECIDED, *AGAIN), State.VOIDED)),
    Command.LAPSE: _row({State.RECORDED: State.LAPSED, State.UNHEARD: State.REOPENED}),
}
"""Where each command takes a case from each state: total, a `Refusal` where nowhere."""
_STATES = frozenset(map(str, State))
_OF_THE_UNIT = frozenset({Command.REPLY, Command.EXTENSION, Command.APPEAL, Command.HEARING, Command.LAPSE})
_OF_NO_CASE = frozenset({Command.CORRECTION, Command.WITHDRAWAL, Command.VOIDING})


def kind_of(severity: int) -> str:
    """The class of a severity, which a correction never changes: free, scored or kept."""
    return "free" if severity == FREE else "kept" if severity == KEPT else "scored"


def is_kept(severity: int, released: bool) -> bool:
    """Whether the unit may not know of it: severity 4 until the reviewer releases it."""
    return severity == KEPT and not released


@cache
def step(severity: int, state: str, command: Command, released: bool = False) -> State | Refusal:
    """Where a command takes a case, or why it stays; of every severity and state, also one of a newer program."""
    kept = is_kept(severity, released)
    if severity == FREE and command not in _OF_NO_CASE:
        return Refusal.NO_CASE
    if kept and command in _OF_THE_UNIT:
        return Refusal.UNTOLD
    if command is Command.RELEASE and not kept:
        return Refusal.NOT_KEPT
    found = TABLE[command][State(state)] if state in _STATES else Refusal.UNKNOWN
    # what the unit was never told of it can neither have answered nor left unanswered
    return Refusal.WINDOW_OPEN if kept and command is Command.UPHOLDING and isinstance(found, State) else found


@cache
def allows(severity: int, state: str, command: Command, released: bool = False) -> bool:
    """Whether a command moves a case."""
    return isinstance(step(severity, state, command, released), State)


def shown(state: str) -> str:
    """A state as the wire names it: whether a reopened case has a window to reply, its deadlines say."""
    return State.REOPENED if state == State.UNHEARD else state


def named(state: str) -> list[str]:
    """The states that one of the wire's names stands for."""
    return [one for one in (*State, state) if shown(one) == state]


def deciding(outcome: str) -> Command:
    """The command that a decision of this outcome is."""
    return Command.UPHOLDING if outcome == Outcome.UPHELD else Command.DECISION


@cache
def outcomes(severity: int, state: str, released: bool = False) -> tuple[Outcome, ...]:
    """What a decision may say now: only severity 4 is referred."""
    return tuple(
        outcome for outcome in Outcome
        if allows(severity, state, deciding(outcome), released)
        and (outcome is not Outcome.REFERRED or severity == KEPT)
    )  # fmt: skip


def settled(severity: int, state: str, accepts: bool | None) -> str | None:
    """What makes a case count without a decision: of severity 1, that the unit accepted it or let it lapse."""
    if severity != LIGHT:
        return None
    if state == State.REPLIED and accepts:
        return "accepted"
    return "lapsed" if state == State.LAPSED else None


def counts(severity: int, state: str, accepts: bool | None, outcome: str | None) -> bool:
    """Whether a finding costs points as the case stands: what is put right counts."""
    upheld = state == State.DECIDED and outcome == Outcome.UPHELD
    return severity in SCORED and (upheld or settled(severity, state, accepts) is not None)


def turn(severity: int, state: str, accepts: bool | None, released: bool = False) -> Turn:
    """What a case waits for: the unit's reply, the Department's decision, or nothing any more."""
    if allows(severity, state, Command.REPLY, released):
        return Turn.REPLY
    if settled(severity, state, accepts) is None and allows(severity, state, Command.DECISION, released):
        return Turn.DECISION
    return Turn.NOTHING


def is_counted(severity: int, state: str) -> bool:
    """Whether a list of a visit's findings counts it: something was found, and it was neither taken back nor voided."""
    return severity != FREE and state not in (State.WITHDRAWN, State.VOIDED)
