"""A deadline that passed unmet becomes an event once, by whoever meets it first: the sweeper or a write. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.domain.deadlines import Deadline, Kind, Standing
from services.intake.findings.state import Finding, Step
from services.intake.writing.accepted import Passed
from services.intake.writing.world import World
from services.kernel.envelope import derived_id
from services.kernel.quarters import rfc3339

OVERDUE = "kycuong.remedy.overdue.v1"
_MOST_OVERDUE = 2  # events for a finding


def passed_before(finding: Finding, world: World) -> tuple[Passed, ...]:
    """Of the clocks that a write stops, the remedies that were overdue by then, as the sweeper would have told.

    A reply's window needs none: until its lapse is told the unit may reply.
    """
    now = world.certain if world.certain is not None and world.doubted else world.now
    late = [
        one for one in finding.stopped
        if one.kind == Kind.REMEDY and one.state != Standing.LAPSED and one.lapse_after and one.lapse_after < now
    ]  # fmt: skip
    finding.stopped.clear()
    return tuple(told for one in late if (told := overdue(finding, one)))


def overdue(finding: Finding, clock: Deadline) -> Passed | None:
    """A remedy's deadline passed without a report; a finding has at most two such events."""
    clock.state = Standing.LAPSED
    n = 1 + sum(step.type == "remedy.overdue" for step in finding.steps)
    return passed(finding, OVERDUE, clock.due, n, {"n": n}) if n <= _MOST_OVERDUE else None


def passed(finding: Finding, type: str, due: datetime, n: int, told: Mapping[str, Any]) -> Passed:
    """The n-th event of its type about a finding, and its step of the case."""
    event = derived_id(finding.id, type, n)
    finding.steps.append(Step(event, type.removeprefix("kycuong.").removesuffix(".v1"), "system", due, None))
    data = {"finding": finding.id, "inspection": finding.inspection, "due": rfc3339(due), **told}
    return Passed(event, type, due, data)
