"""What the log says of the unit tree."""

from collections.abc import Mapping
from datetime import date

from services.intake.directory import rules as units
from services.intake.directory.state import Units
from services.intake.replay.restored import Handler, Restored, Told
from services.intake.writing.forms import is_write_id
from services.kernel.envelope import Envelope
from services.kernel.quarters import parse_instant


def _registered(restored: Restored, event: Envelope) -> Told:
    world = restored.world
    if not world.directory.knows(event.unit):
        _change_unit(restored, event)
        world[Units].new.append((event.unit, parse_instant(event.time)))
    return "register", {}


def _change_unit(restored: Restored, event: Envelope) -> None:
    restored.world.own_directory().tell(event.type, event.unit, event.data)
    restored.world[Units].changed[event.unit] = None


def _amended(restored: Restored, event: Envelope) -> Told:
    _change_unit(restored, event)
    return "amend", {}


def _unit_closed(restored: Restored, event: Envelope) -> Told:
    _change_unit(restored, event)
    return "close", {}


def _succeeded(restored: Restored, event: Envelope) -> Told:
    """A succession is told once for each unit; the first event, which has the write's id, changes the tree."""
    data = event.data
    if is_write_id(event.id) and event.id not in restored.successions:
        units.pass_on(
            restored.world, event.id, data["kind"], data["from"], data["to"], date.fromisoformat(data["valid_from"]),
            data["cases_to"],
        )  # fmt: skip
    return "succeed", {}


TOLD: Mapping[str, Handler] = {
    "kycuong.unit.amended.v1": _amended,
    "kycuong.unit.closed.v1": _unit_closed,
    "kycuong.unit.registered.v1": _registered,
    "kycuong.unit.succeeded.v1": _succeeded,
}
