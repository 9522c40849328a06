"""Whose an inspection is to write about, as the rules of several capabilities ask. Pure."""

from collections.abc import Mapping
from typing import Any

from services.intake.inspections.state import Inspection, Inspections
from services.intake.writing.accepted import Accepted
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import WrongState
from services.intake.writing.rights import first_of, reaching
from services.intake.writing.world import World
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, NotYetKnown
from services.kernel.quarters import local_date


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
    if id not in world[Inspections].known:
        raise NotYetKnown
    return world[Inspections].known[id]


def require_standing(inspection: Inspection) -> None:
    """WrongState for anything about an inspection that was taken back."""
    if inspection.state == "voided":
        raise WrongState(("Cuộc kiểm tra này đã bị hủy bỏ.", "This inspection has been voided."))


def accepted_about(asked: Asked, inspection: Inspection, role: Role, state: str, data: Mapping[str, Any]) -> Accepted:
    """An accepted write about an inspection, under the state's own event."""
    return Accepted(
        account=asked.caller.account, role=role, quarter=inspection.quarter, unit=inspection.unit,
        type=f"kycuong.inspection.{state}.v1", subject=f"inspection/{inspection.id}",
        data={"inspection": inspection.id, **data}, state=state, extra={"inspection": inspection.id},
    )  # fmt: skip


def touch(needs: Needs, command: Command) -> None:
    """Need the inspection that a write's path names."""
    needs.of(Inspections)[command.parent] = None
