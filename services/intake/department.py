"""The rules of the Department's own writes: commendations, the cut of a quarter, the log's keys. Pure."""

from datetime import date
from typing import cast

from services.intake import forms, units
from services.intake.accepted import Accepted, refuse_foreign
from services.intake.asked import AHEAD, Asked, catalogue_on
from services.intake.refusals import KeyKnown, WrongState
from services.intake.rights import grants_at, reaching
from services.kernel.envelope import NO_UNIT
from services.kernel.note import Verifier
from services.kernel.problems import Forbidden, Invalid, invalid
from services.kernel.quarters import local_date, quarter_days, quarter_of


def commend(asked: Asked) -> Accepted:
    """Praise a unit, in the quarter of the date."""
    world, command = asked.world, asked.command
    form = cast(forms.Commend, command.form)
    errors = units.unknown_unit(world, "/unit", form.unit)
    if errors:
        raise Invalid(errors=errors)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), form.unit)[0]
    refuse_foreign(asked.known)
    day = date.fromisoformat(form.date)
    if world.directory.version(form.unit, day) is None:
        raise invalid("/unit", f"đơn vị không hoạt động vào ngày {day}", f"the unit was not valid on {day}")
    if day > local_date(world.now + AHEAD):
        raise invalid("/date", "là ngày chưa tới", "is still to come")
    catalogue = catalogue_on(world, day, "/date")
    world.changes.commendations.append((command.id, form.unit, form.code, day, world.now))
    return Accepted(
        asked.caller.account, grant.role, quarter_of(local_date(world.now)), form.unit,
        "kycuong.commendation.recorded.v1", f"commendation/{command.id}",
        {"commendation": command.id, "code": form.code, "date": form.date, "catalogue": catalogue.version},
        "recorded", private=True, extra={"quarter": quarter_of(day)},
    )  # fmt: skip


def close_quarter(asked: Asked) -> Accepted:
    """Cut a quarter that has begun, each edition once."""
    world, command = asked.world, asked.command
    form, quarter = cast(forms.CloseQuarter, command.form), command.parent
    whole = [grant for grant in grants_at(asked.grants, world.rights_at) if grant.unit is None]
    if not whole:
        raise Forbidden(
            ("Chỉ người phụ trách toàn tỉnh mới chốt quý.", "Only a reviewer of the province closes a quarter.")
        )
    refuse_foreign(asked.known)
    if (quarter, form.edition) in world.closed_quarters or (quarter, "official") in world.closed_quarters:
        raise WrongState((f"{quarter} đã được chốt.", f"{quarter} is already closed."))
    if quarter_days(quarter)[0] > local_date(world.now):
        raise invalid("/quarter", "quý này chưa bắt đầu", "the quarter has not begun")
    world.closed_quarters.add((quarter, form.edition))
    world.changes.quarters.append((quarter, form.edition, command.id, world.now))
    return Accepted(
        asked.caller.account, whole[0].role, quarter_of(local_date(world.now)), NO_UNIT,
        "kycuong.quarter.closed.v1", f"quarter/{quarter}", {"quarter": quarter, "edition": form.edition},
        "closed", extra={"quarter": quarter, "edition": form.edition}, barrier=True,
    )  # fmt: skip


def add_log_key(asked: Asked) -> Accepted:
    """Tell of a further key that signs this log's checkpoints, once."""
    world, command = asked.world, asked.command
    key = Verifier.parse(cast(forms.AddLogKey, command.form).vkey)
    if key.name != world.origin:
        raise invalid(
            "/vkey",
            f"là khóa của nhật ký {key.name}, không phải của {world.origin}",
            f"is a key of the log {key.name}, not of {world.origin}",
        )
    grant = grants_at(asked.grants, world.rights_at)[0]
    refuse_foreign(asked.known)
    if key.vkey in world.log_keys:
        raise KeyKnown
    world.log_keys.add(key.vkey)
    world.changes.log_keys.append((key.vkey, command.id))
    return Accepted(
        asked.caller.account, grant.role, quarter_of(local_date(world.now)), NO_UNIT,
        "kycuong.log.key_added.v1", f"log-key/{key.key_id.hex()}", {"vkey": key.vkey}, "added",
    )  # fmt: skip
