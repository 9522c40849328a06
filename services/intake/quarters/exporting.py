"""The rule by which an export is told to the log. Pure."""

from typing import cast

from services.intake.quarters.forms import TellExport
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import unknown_unit
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.rights import Grants, grants_at
from services.intake.writing.world import World
from services.kernel.envelope import NO_UNIT
from services.kernel.identity.reach import covering
from services.kernel.problems import FieldError, Invalid, NotFound
from services.kernel.quarters import local_date, quarter_days, quarter_of


def tell(asked: Asked) -> Accepted:
    """Tell of an export; what is given out with its id is checked by whoever gives it out."""
    world, command = asked.world, asked.command
    form = cast(TellExport, command.form)
    errors = [] if form.unit is None else unknown_unit(world, "/unit", form.unit)
    if form.unit is not None and form.format == "package":
        errors.append(FieldError("/format", "chỉ có của cả quý, không của một đơn vị", "is of a whole quarter only"))
    if errors:
        raise Invalid(errors=errors)
    grants = grants_at(asked.grants, world.rights_at)
    grant = grants[0] if form.unit is None else _reaching(world, grants, form.unit, form.quarter)[0]
    refuse_foreign(asked.known)
    told = {"quarter": form.quarter, "format": form.format, "edition": form.edition}
    told |= {} if form.unit is None else {"unit": form.unit}
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)),
        unit=form.unit or NO_UNIT, type=form.EVENT, subject=f"export/{command.id}", data=told, state="recorded",
        extra={name: value for name, value in told.items() if name != "unit"},
    )  # fmt: skip


def _reaching(world: World, grants: Grants, unit: str, quarter: str) -> Grants:
    """Those that reach a unit today, or were above it in the quarter; NotFound without any.

    So whoever is shown the unit's card may tell that he takes it.
    """
    _, last = quarter_days(quarter)
    above = world.directory.ancestors(unit, min(last, world.directory.last_day(unit) or last))
    reached = covering(grants, {*world.scope(unit), *above})
    if not reached:
        raise NotFound
    return reached


def touch(needs: Needs, command: Command) -> None:
    """Move the sequence of the card's unit, or of none."""
    needs.units.add(cast(TellExport, command.form).unit or NO_UNIT)
