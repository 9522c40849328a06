"""What a step does to a case, whoever tells of it: a write, the sweeper, or the log to a rebuild. Pure."""

from datetime import date, datetime

from services.domain import case, remedy
from services.domain.calendar import end_of
from services.domain.deadlines import Kind, Standing
from services.domain.remedy import Remedy
from services.intake.findings.state import Finding
from services.intake.writing.world import World


def tell(finding: Finding, due: datetime, at: datetime, closing: str, world: World) -> None:
    """The unit is told of it by the closing of its inspection."""
    finding.begin(Kind.REPLY, due, at, closing)
    if finding.state != case.State.RECORDED:
        finding.stop(Kind.REPLY, Standing.ENDED if finding.accepts is None else Standing.MET)
    if case.settled(finding.severity, finding.state, finding.accepts) is not None:
        _put_right_light(finding, world)


def reply(finding: Finding, state: case.State, accepts: bool, world: World) -> None:
    """The unit has replied; what it accepts at once it begins to put right."""
    finding.state, finding.accepts = state, accepts
    finding.stop(Kind.REPLY, Standing.MET)
    if case.settled(finding.severity, state, accepts) is not None:
        _put_right_light(finding, world)


def lapse(finding: Finding, state: case.State, world: World) -> None:
    """The unit has left it unanswered."""
    finding.state = state
    finding.stop(Kind.REPLY, Standing.LAPSED)
    if case.settled(finding.severity, state, finding.accepts) is not None:
        _put_right_light(finding, world)


def decide(
    finding: Finding, state: case.State, outcome: case.Outcome, event: str, world: World
) -> datetime | None:  # fmt: skip
    """It is decided; by when an upheld one of severity 2 or 3 is to be put right. CalendarEnded."""
    grave = case.counts(finding.severity, state, None, outcome) and finding.severity != case.LIGHT
    due = world.calendar.due(world.told_at, world.deadlines.remedy) if grave else None
    decided(finding, state, outcome, event, due, world.told_at, world)
    return due


def decided(
    finding: Finding, state: case.State, outcome: case.Outcome, event: str, due: datetime | None, at: datetime,
    world: World,
) -> None:  # fmt: skip
    """The same, with the deadline as the event tells it."""
    finding.state, finding.outcome = state, outcome
    finding.stop(Kind.REPLY, Standing.ENDED)
    if not case.counts(finding.severity, state, finding.accepts, outcome):
        finding.end()
    elif finding.severity != case.LIGHT:
        finding.remedy = Remedy.DUE
        if due is not None:
            finding.begin(Kind.REMEDY, due, at, event)
    elif finding.remedy == Remedy.NONE and finding.clock(Kind.REMEDY) is not None:
        finding.remedy = Remedy.DUE
        finding.begin(Kind.REMEDY, world.calendar.over(at, world.deadlines_on(at).remedy), at, event)
    elif finding.remedy == Remedy.NONE:
        _put_right_light(finding, world)


def _put_right_light(finding: Finding, world: World) -> None:
    """What is of severity 1 is to be put right within a time that began with the first window to reply.

    Without one the inspection is not closed: its closing opens both (`open_windows`).
    """
    finding.remedy = Remedy.DUE
    window = next((one for one in finding.clocks if one.kind == Kind.REPLY), None)
    if window is not None:
        due = world.calendar.over(window.begins, world.deadlines_on(window.begins).remedy)
        logged_late = window.lapse_after - window.due if window.lapse_after is not None else None
        lapse_after = due + logged_late if logged_late is not None else None
        finding.begin(Kind.REMEDY, due, window.begins, window.cause, lapse_after=lapse_after)


def extend(finding: Finding, kind: Kind, until: date) -> datetime:
    """The clock that runs ends with a later day; what the unit said it could not put right by then, it may now."""
    clock = finding.running(kind)
    assert clock is not None  # noqa: S101 - only what runs is extended
    clock.due = end_of(until)
    if clock.lapse_after is not None:
        clock.lapse_after = max(clock.lapse_after, clock.due)
    if kind == Kind.REMEDY:
        finding.remedy = remedy.step(finding.remedy, remedy.Command.EXTENSION) or finding.remedy
    return clock.due


def release(finding: Finding, due: datetime, at: datetime, event: str) -> None:
    """The unit is told of it."""
    finding.released = True
    finding.begin(Kind.REPLY, due, at, event)


def reopen(finding: Finding, state: case.State, due: datetime | None, at: datetime, event: str) -> None:
    """It is to be decided again; `due` where the unit may reply for the first time."""
    finding.state = state
    finding.end()
    if due is not None:
        finding.begin(Kind.REPLY, due, at, event)


def report(finding: Finding, state: Remedy, now: datetime) -> bool:
    """The unit says that it is put right; whether in time."""
    clock = finding.running(Kind.REMEDY)
    in_time = clock is not None and now <= clock.due
    finding.remedy = state
    finding.stop(Kind.REMEDY, Standing.MET)
    return in_time


def verify(finding: Finding, state: Remedy) -> bool:
    """It is put right, or need not be: that is told."""
    finding.remedy = state
    finding.stop(Kind.REMEDY, Standing.ENDED)
    return state is Remedy.WAIVED


def has_another(finding: Finding) -> bool:
    """Whether a refusal opens the second deadline: of a report, and the first time."""
    newest = finding.clock(Kind.REMEDY)
    return finding.remedy == Remedy.REPORTED and not (newest is not None and newest.last)


def refuse(finding: Finding, state: Remedy, due: datetime | None, at: datetime, event: str) -> None:
    """It is not put right; of what the unit could not do, its deadline runs on."""
    finding.remedy = state
    if due is not None:
        finding.begin(Kind.REMEDY, due, at, event, last=True)
