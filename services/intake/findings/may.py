"""What a caller may do with a finding's case now: what is not refused for who he is or how the case stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.domain.calendar import WorkingCalendar
from services.domain.case import Command, Outcome, allows, outcomes
from services.domain.deadlines import Kind, Standing
from services.intake.findings.rules import FILER_MAY_WITHDRAW
from services.intake.findings.state import Finding
from services.intake.reading.reach import Reading
from services.intake.writing.world import is_lost
from services.kernel.identity.roles import Action, Role
from services.kernel.quarters import rfc3339


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks about which finding."""

    reading: Reading
    finding: Finding
    team: Collection[str]
    certain: bool
    """Whether nobody of the team is lost, or the caller is certainly none of them."""

    def step(self, command: Command) -> bool:
        """Whether the case takes a command."""
        one = self.finding
        return allows(one.severity, one.state, command, one.released)

    def answers(self) -> bool:
        """Whether the caller speaks for the unit."""
        return self.reading.answers_for(self.finding.unit)

    def runs(self, kind: Kind) -> bool:
        """Whether a deadline is still to come."""
        clock = self.finding.running(kind)
        return clock is not None and self.reading.now <= clock.due

    def judges(self, action: Action) -> bool:
        """Whether the caller judges the unit's cases and had no part in this one."""
        people = (*self.team, self.finding.filer)
        impartial = self.reading.caller.account not in people and self.certain
        return impartial and bool(self.reading.roles(action, self.finding.unit))

    def takes_back(self) -> bool:
        """Whether the caller filed it within the last 24 hours, or leads."""
        finding = self.finding
        roles = self.reading.roles(Action.FILE, finding.unit)
        fresh = self.reading.now <= finding.received_at + FILER_MAY_WITHDRAW
        is_filer = finding.filer == self.reading.caller.account
        return Role.LEAD in roles or (Role.INSPECTOR in roles and is_filer and fresh)


def may(reading: Reading, row: Mapping[str, Any], finding: Finding, apart: Collection[str]) -> list[str]:
    """The nouns to put under the finding; `apart` are the quarters of whose lost persons the caller is none.

    Of a finding that the caller reads: what is kept from him he is not even told of.
    """
    doubtful = any(map(is_lost, (*row["team"], finding.filer))) and row["quarter"] not in apart
    asked = _Asked(reading, finding, row["team"], not doubtful)
    asks = {
        "reply": asked.step(Command.REPLY) and asked.answers(),
        "extension-request": asked.step(Command.EXTENSION) and asked.runs(Kind.REPLY) and asked.answers(),
        "withdrawal": asked.step(Command.WITHDRAWAL) and asked.takes_back(),
        "decision": asked.step(Command.DECISION) and asked.judges(Action.DECIDE),
    }
    return [noun for noun, allowed in asks.items() if allowed]


def offered(finding: Finding) -> list[Outcome]:
    """What a decision may say: nothing is upheld before its photos are held."""
    found = outcomes(finding.severity, finding.state, finding.released)
    return [outcome for outcome in found if not finding.missing or outcome is not Outcome.UPHELD]


def deadlines(finding: Finding, calendar: WorkingCalendar, now: datetime) -> list[dict[str, str]]:
    """The newest clock of each kind that is or was waited for."""
    newest = [clock for kind in Kind if (clock := finding.clock(kind)) and clock.state != Standing.ENDED]
    return [{"of": one.kind, "due": rfc3339(one.due), "state": one.state} for one in newest]
