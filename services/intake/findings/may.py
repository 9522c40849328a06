"""What a caller may do with a finding's case now: what is not refused for who he is or how the case stands."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks about which finding."""

    reading: Reading
    row: Mapping[str, Any]
    finding: Finding
    calendar: WorkingCalendar
    apart: bool
    """Whether the caller certainly had no part in it, nor in the unit."""

    def step(self, command: Command) -> bool:
        """Whether the case takes a command."""
        one = self.finding
        return allows(one.severity, one.state, command, one.released)

    def answers(self) -> bool:
        """Whether the caller speaks for the unit."""
        return self.reading.answers_for(self.finding.unit)

    def remedy(self, command: remedy.Command) -> bool:
        """Whether what is to be put right takes a command."""
        return remedy.step(self.finding.remedy, command) is not None

    def put_off(self) -> bool:
        """Whether there is a deadline that may be later."""
        return (self.step(Command.EXTENSION) and self.runs(Kind.REPLY)) or (
            self.remedy(remedy.Command.EXTENSION) and self.runs(Kind.REMEDY)
        )

    def appeals(self) -> bool:
        """Whether the decision may still be appealed."""
        if not self.step(Command.APPEAL) or self.finding.last("finding.appealed"):
            return False
        until = _appeal_due(self.finding, self.calendar, self.reading)
        return until is not None and self.reading.now <= until

    def another(self) -> bool:
        """Whether the caller has not decided it before."""
        return self.reading.caller.account not in self.finding.deciders

    def decides(self) -> bool:
        """Whether the caller may decide it: what was decided before, another must."""
        return self.judges(Action.DECIDE) and (self.finding.state not in AGAIN or self.another())

    def reopens(self) -> bool:
        """Whether the caller may have it decided again."""
        last = self.finding.last("finding.decided")
        recent = last is not None and self.reading.now <= last.at + REOPENED_WITHIN
        return self.step(Command.REOPENING) and recent and self.another() and self.judges(Action.REVIEW)

    def reviews_blind(self) -> bool:
        """Whether it was drawn to be reviewed once more, and the caller has not read the decision."""
        waits = self.row["blind"] and not self.row["read"]
        return waits and self.step(Command.SECOND_REVIEW) and self.another() and self.judges(Action.REVIEW)

    def runs(self, kind: Kind) -> bool:
        """Whether a deadline is still to come."""
        clock = self.finding.running(kind)
        return clock is not None and self.reading.now <= clock.due

    def judges(self, action: Action) -> bool:
        """Whether the caller judges the unit's cases and had no part in this one."""
        return self.apart and bool(self.reading.roles(action, self.finding.unit))

    def takes_back(self) -> bool:
        """Whether the caller filed it within the last 24 hours, or leads."""
        finding = self.finding
        roles = self.reading.roles(Action.FILE, finding.unit)
        if Role.LEAD in roles:
            return True
        is_filer = Role.INSPECTOR in roles and finding.filer == self.reading.caller.account
        return is_filer and self.reading.now <= finding.received_at + FILER_MAY_WITHDRAW


def may(
    reading: Reading, row: Mapping[str, Any], finding: Finding, apart: Collection[str], calendar: WorkingCalendar
) -> list[str]:  # fmt: skip
    """The nouns to put under the finding; `apart` are the quarters of whose lost persons the caller is none.

    Of a finding that the caller reads: what is kept from him he is not even told of.
    """
    people = (*row["team"], *row["former"], finding.filer)
    doubtful = any(map(is_lost, people)) and row["quarter"] not in apart
    certain = not doubtful and reading.caller.account not in people
    asked = _Asked(reading, row, finding, calendar, certain and not reading.conflicts(finding.unit))
    asks = [
        *(_of_the_unit(asked) if asked.answers() else ()),
        *(_of_the_filers(asked) if asked.takes_back() else ()),
        *(_of_the_department(asked) if reading.roles(Action.VERIFY, finding.unit) else ()),
    ]
    return [noun for noun, allowed in asks if allowed]


_Asks = Iterable[tuple[str, bool]]


def _of_the_unit(asked: _Asked) -> _Asks:
    yield "reply", asked.step(Command.REPLY)
    yield "extension-request", asked.put_off()
    yield "appeal", asked.appeals()
    yield "remedy-plan", asked.remedy(remedy.Command.PLAN)
    yield "remedy-report", asked.remedy(remedy.Command.REPORT)


def _of_the_filers(asked: _Asked) -> _Asks:
    yield "withdrawal", asked.step(Command.WITHDRAWAL)
    yield "correction", asked.step(Command.CORRECTION)


def _of_the_department(asked: _Asked) -> _Asks:
    yield "decision", asked.step(Command.DECISION) and asked.decides()
    yield "release", asked.step(Command.RELEASE) and asked.row["stage"] == "closed" and asked.judges(Action.REVIEW)
    yield "extension", asked.put_off() and asked.judges(Action.REVIEW)
    yield "reopening", asked.reopens()
    yield "remedy-verification", asked.remedy(remedy.Command.VERIFICATION) and asked.judges(Action.VERIFY)
    yield "second-review", asked.reviews_blind()


def offered(finding: Finding) -> list[Outcome]:
    """What a decision may say: nothing is upheld before its photos are held."""
    found = outcomes(finding.severity, finding.state, finding.released)
    return [outcome for outcome in found if outcome is not Outcome.UPHELD or not finding.missing]


def deadlines(finding: Finding, calendar: WorkingCalendar, reading: Reading) -> list[dict[str, str]]:
    """The newest clock of each kind that is or was waited for, and how long the decision may be appealed."""
    newest = [clock for kind in Kind if (clock := finding.clock(kind)) and clock.state != Standing.ENDED]
    shown = [{"of": one.kind, "due": rfc3339(one.due), "state": one.state} for one in newest]
    until = None if finding.kept else _appeal_due(finding, calendar, reading)
    if until is not None:
        state = "met" if finding.last("finding.appealed") else "open" if reading.now <= until else "lapsed"
        shown.append({"of": "appeal", "due": rfc3339(until), "state": state})
    return shown


def _appeal_due(finding: Finding, calendar: WorkingCalendar, reading: Reading) -> datetime | None:
    """The end of the time to appeal against the decision that upholds; against the one appealed, where one was."""
    decided = [step.at for step in finding.steps if step.type == "finding.decided"]
    appealed = finding.last("finding.appealed")
    if appealed is not None:
        decided = [at for at in decided if at <= appealed.at]
    if not decided or finding.state not in (State.DECIDED, State.APPEALED) or finding.outcome != Outcome.UPHELD:
        return None
    lengths = lengths_on(reading.service.lengths, local_date(decided[-1]), calendar.reply_working_days)
    return calendar.over(decided[-1], lengths.appeal)
