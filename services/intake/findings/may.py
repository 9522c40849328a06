"""What a caller may do with a finding's case now: what is not refused for who he is or how the case stands."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from services.domain import remedy
from services.domain.calendar import WorkingCalendar
from services.domain.case import AGAIN, REOPENED_WITHIN, Command, Outcome, State, allows, outcomes
from services.domain.deadlines import Kind, Standing, lengths_on
from services.intake.findings.rules import FILER_MAY_WITHDRAW
from services.intake.findings.state import Finding
from services.intake.reading.reach import Reading
from services.intake.writing.world import is_lost
from services.kernel.identity.roles import Action, Role
from services.kernel.quarters import local_date, rfc3339

_ALLOWED = {
    "reply": Command.REPLY, "extension-request": Command.EXTENSION, "appeal": Command.APPEAL,
    "withdrawal": Command.WITHDRAWAL, "correction": Command.CORRECTION, "decision": Command.DECISION,
    "release": Command.RELEASE, "extension": Command.EXTENSION, "reopening": Command.REOPENING,
    "second-review": Command.SECOND_REVIEW,
}  # fmt: skip
_MENDED = {
    "extension-request": remedy.Command.EXTENSION, "remedy-plan": remedy.Command.PLAN,
    "remedy-report": remedy.Command.REPORT, "extension": remedy.Command.EXTENSION,
    "remedy-verification": remedy.Command.VERIFICATION,
}  # fmt: skip
"""What each noun is to a case, and to what is to be put right of it."""
_KINDS = tuple(Kind)
_OF_THE_UNIT = ("reply", "extension-request", "appeal", "remedy-plan", "remedy-report")
_OF_THE_FILERS = ("withdrawal", "correction")
_OF_THE_DEPARTMENT = ("decision", "release", "extension", "reopening", "remedy-verification", "second-review")


@cache
def _taken(nouns: Sequence[str], severity: int, state: str, released: bool, remedied: str) -> tuple[str, ...]:
    """Those of some nouns that a case takes where it stands, whoever asks and whenever."""
    return tuple(
        noun for noun in nouns
        if (noun in _ALLOWED and allows(severity, state, _ALLOWED[noun], released))
        or (noun in _MENDED and remedy.step(remedied, _MENDED[noun]) is not None)
    )  # fmt: skip


@dataclass(slots=True)
class _Asked:
    """Who asks about which finding."""

    reading: Reading
    row: Mapping[str, Any]
    finding: Finding
    quarters: Collection[str]
    """Of whose lost persons the caller is none."""
    calendar: WorkingCalendar

    def put_off(self) -> bool:
        """Whether there is a deadline that may be later."""
        one = self.finding
        return (allows(one.severity, one.state, Command.EXTENSION, one.released) and self.runs(Kind.REPLY)) or (
            remedy.step(one.remedy, remedy.Command.EXTENSION) is not None and self.runs(Kind.REMEDY)
        )

    def appeals(self) -> bool:
        """Whether the decision may still be appealed."""
        if self.finding.last("finding.appealed"):
            return False
        until = _appeal_due(self.finding, self.calendar, self.reading)
        return until is not None and self.reading.by(until)

    def another(self) -> bool:
        """Whether the caller has not decided it before."""
        return self.reading.caller.account not in self.finding.deciders

    def decides(self) -> bool:
        """Whether the caller may decide it: what was decided before, another must."""
        return self.judges(Action.DECIDE) and (self.finding.state not in AGAIN or self.another())

    def releases(self) -> bool:
        """Whether the caller may tell the unit of it, by the end of the visit."""
        return self.row["stage"] == "closed" and self.judges(Action.REVIEW)

    def extends(self) -> bool:
        """Whether the caller may give more time."""
        return self.put_off() and self.judges(Action.REVIEW)

    def reopens(self) -> bool:
        """Whether the caller may have it decided again."""
        last = self.finding.last("finding.decided")
        recent = last is not None and self.reading.by(last.at + REOPENED_WITHIN)
        return recent and self.another() and self.judges(Action.REVIEW)

    def verifies(self) -> bool:
        """Whether the caller may say how it was put right."""
        return self.judges(Action.VERIFY)

    def reviews_blind(self) -> bool:
        """Whether it was drawn to be reviewed once more, and the caller has not read the decision."""
        return self.row["blind"] and not self.row["read"] and self.another() and self.judges(Action.REVIEW)

    def runs(self, kind: Kind) -> bool:
        """Whether a deadline is still to come."""
        clock = self.finding.running(kind)
        return clock is not None and self.reading.by(clock.due)

    def judges(self, action: Action) -> bool:
        """Whether the caller judges the unit's cases and certainly had no part in this one, nor in the unit."""
        unit = self.finding.unit
        return bool(self.reading.roles(action, unit)) and not self.reading.conflicts(unit) and self.apart()

    def apart(self) -> bool:
        """Whether the caller is certainly none of the team, nor who filed it."""
        people = (*self.row["team"], *self.row["former"], self.finding.filer)
        if self.reading.caller.account in people:
            return False
        return not any(map(is_lost, people)) or self.row["quarter"] in self.quarters

    def takes_back(self) -> bool:
        """Whether the caller filed it within the last 24 hours, or leads."""
        finding = self.finding
        roles = self.reading.roles(Action.FILE, finding.unit)
        if Role.LEAD in roles:
            return True
        is_filer = Role.INSPECTOR in roles and finding.filer == self.reading.caller.account
        return is_filer and self.reading.by(finding.received_at + FILER_MAY_WITHDRAW)


_CONDITIONS: Mapping[str, Callable[[_Asked], bool]] = {
    "extension-request": _Asked.put_off, "appeal": _Asked.appeals, "decision": _Asked.decides,
    "release": _Asked.releases, "extension": _Asked.extends, "reopening": _Asked.reopens,
    "remedy-verification": _Asked.verifies, "second-review": _Asked.reviews_blind,
}  # fmt: skip
"""Of what is allowed not only by where the case stands."""


def may(
    reading: Reading, row: Mapping[str, Any], finding: Finding, apart: Collection[str], calendar: WorkingCalendar
) -> list[str]:  # fmt: skip
    """The nouns to put under the finding; `apart` are the quarters of whose lost persons the caller is none.

    Of a finding that the caller reads: what is kept from him he is not even told of.
    """
    asked = _Asked(reading, row, finding, apart, calendar)
    whose = (
        (_OF_THE_UNIT, reading.answers_for(finding.unit)),
        (_OF_THE_FILERS, asked.takes_back()),
        (_OF_THE_DEPARTMENT, bool(reading.roles(Action.VERIFY, finding.unit))),
    )
    stands = (finding.severity, finding.state, finding.released, finding.remedy)
    taken = [noun for nouns, his in whose if his for noun in _taken(nouns, *stands)]
    return [noun for noun in taken if noun not in _CONDITIONS or _CONDITIONS[noun](asked)]


def untelling(permitted: Sequence[str]) -> list[str]:
    """Of these what tells nothing of how the case was decided: only what was upheld is to be put right."""
    return [noun for noun in permitted if noun not in ("extension", "remedy-verification")]


def offered(finding: Finding) -> list[Outcome]:
    """What a decision may say: nothing is upheld before its photos are held."""
    found = outcomes(finding.severity, finding.state, finding.released)
    return [outcome for outcome in found if outcome is not Outcome.UPHELD or not finding.missing]


def deadlines(finding: Finding, calendar: WorkingCalendar, reading: Reading) -> list[dict[str, str]]:
    """The newest clock of each kind that is or was waited for, and how long the decision may be appealed."""
    newest = [clock for kind in _KINDS if (clock := finding.clock(kind)) and clock.state != Standing.ENDED]
    shown = [{"of": one.kind, "due": rfc3339(one.due), "state": one.state} for one in newest]
    until = None if finding.kept else _appeal_due(finding, calendar, reading)
    if until is not None:
        state = "met" if finding.last("finding.appealed") else "open" if reading.by(until) else "lapsed"
        shown.append({"of": "appeal", "due": rfc3339(until), "state": state})
    return shown


def _appeal_due(finding: Finding, calendar: WorkingCalendar, reading: Reading) -> datetime | None:
    """The end of the time to appeal against the decision that upholds; against the one appealed, where one was."""
    if finding.state not in (State.DECIDED, State.APPEALED) or finding.outcome != Outcome.UPHELD:
        return None
    decided = [step.at for step in finding.steps if step.type == "finding.decided"]
    appealed = finding.last("finding.appealed")
    if appealed is not None:
        decided = [at for at in decided if at <= appealed.at]
    if not decided:
        return None
    lengths = lengths_on(reading.service.lengths, local_date(decided[-1]), calendar.reply_working_days)
    return calendar.over(decided[-1], lengths.appeal)
