"""The rule of phones: registered once. Pure."""

from typing import cast

from services.intake.phones.forms import RegisterDevice
from services.intake.phones.state import Phones
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.chain import read_point
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.rights import grants_at
from services.kernel.envelope import NO_UNIT
from services.kernel.quarters import local_date, quarter_of


def register(asked: Asked) -> Accepted:
    """Take in a phone's public key; the phone is its account's for good."""
    world, command = asked.world, asked.command
    form = cast(RegisterDevice, command.form)
    grants = grants_at(asked.grants, world.rights_at)
    refuse_foreign(asked.known)
    key = cast(bytes, read_point(form.key))  # the form has checked that it is one
    world[Phones].new.append((command.id, asked.caller.account, key))
    quarter = quarter_of(local_date(world.now))
    account, subject = asked.caller.account, f"device/{command.id}"
    return Accepted(
        account=account,
        role=grants[0].role,
        quarter=quarter,
        unit=NO_UNIT,
        type="",
        subject=subject,
        data={},
        state="registered",
    )


def touch(needs: Needs, command: Command) -> None:
    """Need nothing: a phone is its account's."""
