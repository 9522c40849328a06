"""A write with its caller as the rules see it, and the checks that several rules share. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import cast

from services.domain.catalogue import Catalogue, in_force
from services.intake.writing.commands import Command
from services.intake.writing.forms import Instant, Timed
from services.intake.writing.refusals import ClockDoubted
from services.intake.writing.rights import Grants, first_of, grants_at, reaching
from services.intake.writing.world import Finding, Inspection, Known, World
from services.kernel.identity.callers import Caller, Grant
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, NotYetKnown, invalid
from services.kernel.quarters import local_date

AHEAD = timedelta(minutes=5)
LATE = timedelta(days=7)


@dataclass(slots=True)
class Asked:
    """A write with its caller, as the rules see it."""

    world: World
    command: Command
    caller: Caller
    grants: Grants
    known: Known | None
    claimed: datetime | None = field(default=None)


def filing_grant(asked: Asked, inspection: Inspection, allowed: bool) -> Grant:
    """The appointment by which a team member or a lead in scope writes; the contract's 404 and 403."""
    covering = reaching(asked.world, asked.grants, inspection.unit)
    grant = (first_of(covering, Role.INSPECTOR) if allowed else None) or first_of(covering, Role.LEAD)
    if grant is None:
        raise Forbidden((
            "Chỉ thành viên được giao hoặc trưởng đoàn mới làm được việc này.",
            "Only the member concerned or a lead may do this.",
        ))  # fmt: skip
    return grant


def whole_province(asked: Asked, words: tuple[str, str]) -> Grant:
    """The appointment to the whole province by which somebody writes; Forbidden, in these words, without one."""
    for grant in grants_at(asked.grants, asked.world.rights_at):
        if grant.unit is None:
            return grant
    raise Forbidden(words)


def answering_grant(asked: Asked, unit: str) -> Grant:
    """The appointment of the unit's own head (of its heir after a succession)."""
    answering = asked.world.directory.answering(unit, local_date(asked.world.now))
    for grant in reaching(asked.world, asked.grants, unit):
        if grant.unit == answering:
            return grant
    raise Forbidden((
        "Chỉ người đứng đầu chính đơn vị đó mới trả lời được.",
        "Only the head of that very unit may answer.",
    ))  # fmt: skip


def known_inspection(world: World, id: str) -> Inspection:
    """An inspection of the working state; NotYetKnown otherwise."""
    if id not in world.inspections:
        raise NotYetKnown
    return world.inspections[id]


def known_finding(world: World, id: str) -> Finding:
    """A finding of the working state; NotYetKnown otherwise."""
    if id not in world.findings:
        raise NotYetKnown
    return world.findings[id]


def check_clock(world: World, pointer: str, instant: datetime, form: Timed, flags: list[str]) -> None:
    """Refuse a time over 5 minutes ahead of the server; flag one older than 7 days, and a phone's clock far off."""
    if instant > world.now + AHEAD and world.doubted:
        raise ClockDoubted
    if instant > world.now + AHEAD:
        raise invalid(
            pointer,
            "ở sau giờ máy chủ quá 5 phút; hãy chỉnh đồng hồ máy rồi gửi lại",
            "is more than 5 minutes ahead of the server; correct the phone's clock and send again",
        )
    if "device_at" in form.model_fields_set and abs(moment(form.device_at) - instant) > AHEAD:
        flags.append("clock_skew")
    if instant < world.now - LATE:
        flags.append("late_report")


def moment(time: str) -> datetime:
    """The instant that a form's time names."""
    return cast(Instant, time).at


def phone_clock(form: Timed) -> dict[str, str | int]:
    """What the phone's own clocks said, for the event, as far as it was sent."""
    sent = form.model_fields_set & {"device_at", "elapsed_ms"}
    return {name: getattr(form, name) for name in sorted(sent)}


def catalogue_on(world: World, day: date, pointer: str) -> Catalogue:
    """The catalogue in force on a day; a 422 at `pointer` when there is none."""
    try:
        return in_force(world.catalogues, day)
    except LookupError:
        raise invalid(
            pointer, f"chưa có danh mục nào cho ngày {day:%d/%m/%Y}", f"no catalogue is in force on {day}"
        ) from None
