"""The rule by which a survey's counts are recorded. Pure."""

from typing import cast

from services.intake.surveys.forms import RecordSurvey
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import AHEAD, unknown_unit
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.rights import grants_at, reaching
from services.kernel.problems import Invalid, invalid
from services.kernel.quarters import local_date, quarter_days, quarter_of


def record(asked: Asked) -> Accepted:
    """Record the counts; a later record of the same unit, quarter and source replaces them on the card."""
    world, command = asked.world, asked.command
    form = cast(RecordSurvey, command.form)
    errors = unknown_unit(world, "/unit", form.unit)
    if errors:
        raise Invalid(errors=errors)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), form.unit)[0]
    refuse_foreign(asked.known)
    first, last = quarter_days(form.quarter)
    if first > local_date(world.now + AHEAD):
        raise invalid("/quarter", "là quý chưa tới", "is still to come")
    versions = world.directory.versions[form.unit]
    if not any(one.valid_from <= last and (one.valid_to is None or one.valid_to >= first) for one in versions):
        raise invalid(
            "/unit",
            f"đơn vị không hoạt động vào ngày nào của quý {form.quarter}",
            f"the unit was not valid on any day of {form.quarter}",
        )
    told = form.told()
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)), unit=form.unit,
        type=RecordSurvey.EVENT, subject=f"survey/{command.id}", data=told, state="recorded",
        extra={"quarter": form.quarter},
    )  # fmt: skip


def touch(needs: Needs, command: Command) -> None:
    """Move the sequence of the unit that people were asked about."""
    needs.units.add(cast(RecordSurvey, command.form).unit)
