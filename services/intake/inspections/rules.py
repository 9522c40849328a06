"""The rules of an inspection beside its end: opened, seen by the head, its team changed. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from services.domain.selection import told_selection
from services.intake.inspections.asking import (
    accepted_about,
    answering_grant,
    filing_grant,
    known_inspection,
    require_standing,
)
from services.intake.inspections.forms import MOST_MEMBERS, ChangeTeam, OpenInspection
from services.intake.inspections.state import Inspection, Inspections, TeamChanges
from services.intake.rounds import asking as rounds
from services.intake.rounds.asking import check_assignment, refuse_partial
from services.intake.rounds.rules import refuse_conflicts
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import catalogue_on, check_clock, moment, phone_clock, unknown_unit
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import WrongState
from services.intake.writing.rights import grants_at, reaching
from services.intake.writing.world import World
from services.kernel.problems import FieldError, Invalid, first_errors, invalid
from services.kernel.quarters import local_date, quarter_of


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
        data=_told(form, inspection, flags), state="open", flags=flags, people={"team": team},
        extra={"quarter": inspection.quarter, "catalogue": catalogue.version},
    )  # fmt: skip


def _told(form: OpenInspection, inspection: Inspection, flags: Sequence[str]) -> dict[str, Any]:
    return {
        "inspection": inspection.id, "kind": form.kind, "selection": told_selection(form.selection),
        "basis": form.basis, "opened_at": str(form.opened_at), "quarter": inspection.quarter,
        "catalogue": inspection.catalogue, "flags": flags, **phone_clock(form),
        **({"impartial": True} if form.impartial else {}),
        **({"assignment": form.assignment} if form.assignment else {}),
    }  # fmt: skip


def _check_names(world: World, form: OpenInspection) -> None:
    errors = unknown_unit(world, "/unit", form.unit)
    errors += _unknown(world, "/team", form.team)
    if errors:
        raise Invalid(errors=errors)


def _unknown(world: World, pointer: str, accounts: Iterable[str]) -> list[FieldError]:
    return [
        FieldError(f"{pointer}/{place}", "không có tài khoản này", "there is no such account")
        for place, account in enumerate(accounts)
        if account not in world.accounts
    ]


def acknowledge(asked: Asked) -> Accepted:
    """The head has seen what is known now."""
    world, command = asked.world, asked.command
    inspection = known_inspection(world, command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at)
    grant = answering_grant(asked, inspection.unit)
    refuse_foreign(asked.known)
    require_standing(inspection)
    if inspection.state != "closed":
        raise WrongState(("Cuộc kiểm tra chưa kết thúc.", "The inspection is not closed yet."))
    if inspection.acknowledged:
        raise WrongState(("Cảnh báo này đã được xác nhận.", "This alert is already acknowledged."))
    inspection.acknowledged = True
    world[Inspections].changed[inspection.id] = inspection
    return accepted_about(asked, inspection, grant.role, "acknowledged", {})


def change_team(asked: Asked) -> Accepted:
    """Take accounts into the team and out of it, by the opener, who stays, or a lead."""
    world, form = asked.world, cast(ChangeTeam, asked.command.form)
    if errors := _unknown(world, "/add", form.add):
        raise Invalid(errors=errors)
    inspection = known_inspection(world, asked.command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at)
    grant = filing_grant(asked, inspection, asked.caller.account == inspection.opener)
    refuse_foreign(asked.known)
    require_standing(inspection)
    if errors := list(_team_faults(inspection, form)):
        raise Invalid(errors=first_errors(errors))
    refuse_conflicts(world, inspection.unit, [(f"/add/{place}", one) for place, one in enumerate(form.add)])
    stayed = [account for account in inspection.team if account not in form.remove]
    former = {account: until for account, until in inspection.former.items() if account not in form.add}
    inspection.team = (*stayed, *form.add)
    inspection.former = former | dict.fromkeys(form.remove, world.now)
    world[Inspections].changed[inspection.id] = inspection
    accepted = accepted_about(asked, inspection, grant.role, "team_changed", {})
    accepted.people = {"add": form.add, "remove": form.remove, "team": inspection.team}
    return accepted


def _team_faults(inspection: Inspection, form: ChangeTeam) -> Iterator[FieldError]:
    """Who comes is not there yet; who goes is, and is not the opener; nor do too many stay."""
    for place, account in enumerate(form.add):
        if account in inspection.team:
            yield FieldError(f"/add/{place}", "đã ở trong đoàn", "is in the team already")
    for place, account in enumerate(form.remove):
        if account == inspection.opener:
            words = "là người mở cuộc kiểm tra, phải ở lại trong đoàn", "opened the inspection, and stays in the team"
            yield FieldError(f"/remove/{place}", *words)
        elif account not in inspection.team:
            yield FieldError(f"/remove/{place}", "không ở trong đoàn", "is not in the team")
    if len(inspection.team) + len(form.add) - len(form.remove) > MOST_MEMBERS:
        yield FieldError("/add", f"đoàn có nhiều nhất {MOST_MEMBERS} người", f"a team has at most {MOST_MEMBERS}")


def touch_team(needs: Needs, command: Command) -> None:
    """Need the inspection, its whole team, and who comes."""
    needs.of(Inspections)[command.parent] = None
    needs.of(TeamChanges)[command.parent] = None
    needs.accounts.update(cast(ChangeTeam, command.form).add)
    needs.people.update(cast(ChangeTeam, command.form).add)


def touch_opening(needs: Needs, command: Command) -> None:
    """Move the unit's sequence, and name the team."""
    form = cast(OpenInspection, command.form)
    needs.units.add(form.unit)
    needs.accounts.update(form.team)
    rounds.touch(needs, form.team, form.assignment)
