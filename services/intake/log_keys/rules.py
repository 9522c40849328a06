"""The rule by which the log is told of a further key of its own. Pure."""

from typing import cast

from services.intake.log_keys.forms import AddLogKey
from services.intake.log_keys.state import LogKeys
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import KeyKnown
from services.intake.writing.rights import grants_at
from services.kernel.envelope import NO_UNIT
from services.kernel.log.note import Verifier
from services.kernel.problems import invalid
from services.kernel.quarters import local_date, quarter_of


def add_log_key(asked: Asked) -> Accepted:
    """Tell of a further key that signs this log's checkpoints, once."""
    world, command = asked.world, asked.command
    key = Verifier.parse(cast(AddLogKey, command.form).vkey)
    if key.name != world.origin:
        raise invalid(
            "/vkey",
            f"là khóa của nhật ký {key.name}, không phải của {world.origin}",
            f"is a key of the log {key.name}, not of {world.origin}",
        )
    grant = grants_at(asked.grants, world.rights_at)[0]
    refuse_foreign(asked.known)
    if key.vkey in world[LogKeys].known:
        raise KeyKnown
    world[LogKeys].known.add(key.vkey)
    world[LogKeys].new.append((key.vkey, command.id))
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)), unit=NO_UNIT,
        type="kycuong.log.key_added.v1", subject=f"log-key/{key.key_id.hex()}", data={"vkey": key.vkey}, state="added",
    )  # fmt: skip


def touch(needs: Needs, command: Command) -> None:
    """Need to know whether the log was told of the key."""
    needs.units.add(NO_UNIT)
    needs.of(LogKeys)[cast(AddLogKey, command.form).vkey] = None
