"""The rules of an inspection's end: closed, and its closing put right. Pure."""

from datetime import datetime
from typing import Any, cast

from services.intake.inspections.asking import accepted_about, filing_grant, known_inspection, require_standing
from services.intake.inspections.closing_form import CloseInspection, CorrectInspection
from services.intake.inspections.state import Inspection, Inspections
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import check_clock, moment, phone_clock
from services.intake.writing.commands import Asked
from services.intake.writing.refusals import WrongState
from services.intake.writing.rights import grants_at
from services.intake.writing.world import World
from services.kernel.identity.roles import Role
from services.kernel.problems import invalid
from services.kernel.quarters import rfc3339

_ROLL = ("assigned", "present", "unexcused", "late", "persons_checked", "files_checked", "signed")


def close_inspection(asked: Asked) -> Accepted:
    """Close an inspection, by its opener or a lead; the reply window begins with the server's receipt."""
    world, command = asked.world, asked.command
    form = cast(CloseInspection, command.form)
    inspection = known_inspection(world, command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at, moment(form.closed_at))
    grant = filing_grant(asked, inspection, asked.caller.account == inspection.opener)
    refuse_foreign(asked.known)
    require_standing(inspection)
    if inspection.state != "open":
        raise WrongState(("Cuộc kiểm tra đã kết thúc.", "The inspection is already closed."))
    flags = _check_end(world, inspection, form)
    inspection.reply_due, inspection.told_at = world.reply_due(), world.told_at
    inspection.state, inspection.closing, inspection.acknowledged = "closed", command.id, False
    world[Inspections].closed[inspection.id] = inspection
    return _ended(asked, inspection, grant.role, "closed", flags)


def correct_inspection(asked: Asked) -> Accepted:
    """Put a closing right, by the opener or a lead: the whole of it again; the deadline that it gave stands."""
    world, command = asked.world, asked.command
    inspection = known_inspection(world, command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at)
    grant = filing_grant(asked, inspection, asked.caller.account == inspection.opener)
    refuse_foreign(asked.known)
    require_standing(inspection)
    if inspection.state == "open":
        raise WrongState(("Cuộc kiểm tra chưa kết thúc.", "The inspection is not closed yet."))
    flags = _check_end(world, inspection, cast(CorrectInspection, command.form))
    inspection.correction = command.id
    return _ended(asked, inspection, grant.role, "corrected", flags)


def _check_end(world: World, inspection: Inspection, form: CloseInspection) -> list[str]:
    """The flags of an end's own time; Invalid for one before the opening, or still to come."""
    closed_at, flags = moment(form.closed_at), list[str]()
    if closed_at < inspection.opened_at:
        raise invalid("/closed_at", "ở trước lúc bắt đầu kiểm tra", "is before the inspection was opened")
    check_clock(world, "/closed_at", closed_at, form, flags)
    return flags


def _ended(asked: Asked, inspection: Inspection, role: Role, state: str, flags: list[str]) -> Accepted:
    """Take an end's figures; it tells the whole roll, and until when the unit may reply."""
    form = cast(CloseInspection, asked.command.form)
    inspection.closed_at, inspection.roll = moment(form.closed_at), _roll(form)
    asked.world[Inspections].changed[inspection.id] = inspection
    due = rfc3339(cast(datetime, inspection.reply_due))
    told = {"closed_at": str(form.closed_at), **inspection.roll, "reply_due": due, "flags": flags, **phone_clock(form)}
    accepted = accepted_about(asked, inspection, role, state, told)
    accepted.flags, accepted.private = flags, True
    accepted.extra = {"inspection": inspection.id, "reply_due": due}
    return accepted


def _roll(form: CloseInspection) -> dict[str, Any]:
    return {name: getattr(form, name) for name in _ROLL} | {"excused": form.excused.model_dump(exclude_unset=True)}
