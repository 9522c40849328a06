"""The answer to a write that was accepted before: the same content gets the same answer. Pure."""

import base64
import json

from services.intake.writing.accepted import Replay
from services.intake.writing.commands import Command
from services.intake.writing.world import Known
from services.kernel.problems import IdReused


def repeat(known: Known, command: Command) -> Replay:
    """The first answer; IdReused when the id was used for something else."""
    if not (known.content and _same(known, command)) and not (known.from_log and _agrees(known, command)):
        raise IdReused
    return Replay(known.answer)


def _same(known: Known, command: Command) -> bool:
    offered = command.form.private_parts() if command.form else {}
    # of an erased part only that there was one can still be compared: no answer tells a right guess from a wrong one
    there = known.erased <= offered.keys()
    readable = {group: content for group, content in offered.items() if group not in known.erased}
    return known.content == command.content and there and known.parts == readable


def _agrees(known: Known, command: Command) -> bool:
    """Whether a repeat says what the log says of a write that only the log still knows.

    The log has the public fields and which private parts there were; of their words nothing is left to compare.
    """
    if command.form is None:
        return False
    event = json.loads(base64.b64decode(json.loads(known.answer)["event"]))
    data, said = event["data"], command.form.told()
    return (
        event["type"] == command.form.event_type()
        and getattr(command.form, "unit", event["unit"]) == data.get("unit", event["unit"])
        and data.get(command.noun.parent or "", command.parent) == command.parent
        and all(data.get(name, value) == value for name, value in said.items())
        and data.get("commitments", {}).keys() == command.form.private_parts().keys()
    )
