"""The rules of an inspection: opened, closed, seen by the head. Pure."""

from typing import cast

from services.domain.selection import told_selection
from services.intake.inspections.asking import answering_grant, filing_grant, known_inspection
from services.intake.inspections.closing_form import CloseInspection
from services.intake.inspections.forms import OpenInspection
from services.intake.inspections.state import Inspection, Inspections
from services.intake.rounds import asking as rounds
from services.intake.rounds.asking import check_assignment, refuse_partial
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import catalogue_on, check_clock, moment, phone_clock, unknown_unit
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import WrongState
from services.intake.writing.rights import grants_at, reaching
from services.intake.writing.world import World
from services.kernel.problems import FieldError, Invalid, invalid
from services.kernel.quarters import local_date, quarter_of, rfc3339


def open_inspection(asked: Asked) -> Accepted:
    """Open an inspection of a unit that was valid on that day."""
    world, command, caller = asked.world, asked.command, asked.caller
    form = cast(OpenInspection, command.form)
    _check_names(world, form)
    opened_at = moment(form.opened_at)
    grants = reaching(world, grants_at(asked.grants, world.rights_at, opened_at), form.unit)
    refuse_foreign(asked.known)
    day = local_date(opened_at)
    if world.directory.version(form.unit, day) is None:
        raise invalid("/unit", f"đơn vị không hoạt động vào ngày {day:%d/%m/%Y}", f"the unit was not valid on {day}")
    refuse_partial(asked, form.unit, form.team)
    flags = check_assignment(asked, form.assignment, form.unit, day) if form.assignment else []
    check_clock(world, "/opened_at", opened_at, form, flags)
    catalogue = catalogue_on(world, day, "/opened_at")
    team = tuple(dict.fromkeys((caller.account, *form.team)))
    inspection = Inspection(
        id=command.id, unit=form.unit, quarter=quarter_of(day), catalogue=catalogue.version, opener=caller.account,
        team=team, opened_at=opened_at,
    )  # fmt: skip
    world[Inspections].known[command.id] = inspection
    world[Inspections].new.append((
        inspection,
        {
            "kind": form.kind, "selection": form.selection, "basis": form.basis, "impartial": bool(form.impartial),
            "assignment": form.assignment, "received_at": world.now,
        },
    ))  # fmt: skip
    return Accepted(
        account=caller.account, role=grants[0].role, quarter=inspection.quarter, unit=form.unit,
        type="kycuong.inspection.opened.v1", subject=f"inspection/{command.id}",
        data={
            "inspection": command.id, "kind": form.kind, "selection": told_selection(form.selection),
            "basis": form.basis, "opened_at": str(form.opened_at), "quarter": inspection.quarter,
            "catalogue": catalogue.version, "flags": flags, **phone_clock(form),
            **({"impartial": True} if form.impartial else {}),
            **({"assignment": form.assignment} if form.assignment else {}),
        },
        state="open", flags=flags, team=team,
        extra={"quarter": inspection.quarter, "catalogue": catalogue.version},
    )  # fmt: skip


def _check_names(world: World, form: OpenInspection) -> None:
    errors = unknown_unit(world, "/unit", form.unit)
    errors += [
        FieldError(f"/team/{place}", "không có tài khoản này", "there is no such account")
        for place, account in enumerate(form.team)
        if account not in world.accounts
    ]
    if errors:
        raise Invalid(errors=errors)


def close_inspection(asked: Asked) -> Accepted:
    """Close an inspection, by its opener or a lead; the reply window begins with the server's receipt."""
    world, command = asked.world, asked.command
    form = cast(CloseInspection, command.form)
    closed_at = moment(form.closed_at)
    inspection = known_inspection(world, command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at, closed_at)
    grant = filing_grant(asked, inspection, asked.caller.account == inspection.opener)
    refuse_foreign(asked.known)
    if inspection.state != "open":
        raise WrongState(("Cuộc kiểm tra đã kết thúc.", "The inspection is already closed."))
    flags: list[str] = []
    if closed_at < inspection.opened_at:
        raise invalid("/closed_at", "ở trước lúc bắt đầu kiểm tra", "is before the inspection was opened")
    check_clock(world, "/closed_at", closed_at, form, flags)
    due = world.reply_due()
    inspection.state, inspection.closing, inspection.closed_at = "closed", command.id, closed_at
    inspection.reply_due, inspection.told_at, inspection.acknowledged = due, world.told_at, False
    roll = {
        name: getattr(form, name)
        for name in ("assigned", "present", "unexcused", "late", "persons_checked", "files_checked", "signed")
    } | {"excused": form.excused.model_dump(exclude_unset=True)}
    inspection.roll = roll
    world[Inspections].changed[inspection.id] = world[Inspections].closed[inspection.id] = inspection
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=inspection.quarter, unit=inspection.unit,
        type="kycuong.inspection.closed.v1", subject=f"inspection/{inspection.id}",
        data={
            "inspection": inspection.id, "closed_at": str(form.closed_at), **roll, "reply_due": rfc3339(due),
            "flags": flags, **phone_clock(form),
        },
        state="closed", flags=flags, private=True, extra={"inspection": inspection.id, "reply_due": rfc3339(due)},
    )  # fmt: skip


def acknowledge(asked: Asked) -> Accepted:
    """The head has seen what is known now."""
    world, command = asked.world, asked.command
    inspection = known_inspection(world, command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at)
    grant = answering_grant(asked, inspection.unit)
    refuse_foreign(asked.known)
    if inspection.state != "closed":
        raise WrongState(("Cuộc kiểm tra chưa kết thúc.", "The inspection is not closed yet."))
    if inspection.acknowledged:
        raise WrongState(("Cảnh báo này đã được xác nhận.", "This alert is already acknowledged."))
    inspection.acknowledged = True
    world[Inspections].changed[inspection.id] = inspection
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=inspection.quarter, unit=inspection.unit,
        type="kycuong.inspection.acknowledged.v1", subject=f"inspection/{inspection.id}",
        data={"inspection": inspection.id},
        state="acknowledged", extra={"inspection": inspection.id},
    )  # fmt: skip


def touch_opening(needs: Needs, command: Command) -> None:
    """Move the unit's sequence, and name the team."""
    form = cast(OpenInspection, command.form)
    needs.units.add(form.unit)
    needs.accounts.update(form.team)
    rounds.touch(needs, form.team, form.assignment)
