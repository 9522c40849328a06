"""The answer to a write that was accepted before: the same content gets the same answer. Pure."""

import base64
import hashlib
import json
from typing import Any

from services.intake.calendars.forms import PublishCalendar
from services.intake.findings.forms import RecordFinding
from services.intake.inspections.forms import OpenInspection
from services.intake.writing.accepted import Replay
from services.intake.writing.commands import Command
from services.intake.writing.forms import Form
from services.intake.writing.world import Known
from services.kernel.envelope import canonical
from services.kernel.problems import IdReused

_SELECTIONS = {"risk": "targeted", "complaint": "targeted"}
_NAMED_OTHERWISE = ("private", "device", "photos", "team", "unit", "change", "selection", "file")
_EVENTS = {
    "findings": "finding.recorded", "inspections": "inspection.opened", "inspections/closing": "inspection.closed",
    "inspections/acknowledgement": "inspection.acknowledged", "findings/withdrawal": "finding.withdrawn",
    "findings/reply": "finding.replied", "findings/decision": "finding.decided",
    "commendations": "commendation.recorded", "quarters/closing": "quarter.closed",
    "quarters/publication": "quarter.published", "calendars": "calendar.published", "log-keys": "log.key_added",
    "erasures/approval": "part.erased",
}  # fmt: skip
_CHANGES = {"register": "registered", "amend": "amended", "close": "closed", "succeed": "succeeded"}


def repeat(known: Known, command: Command) -> Replay:
    """The first answer; IdReused when the id was used for something else."""
    if not (known.content and _same(known, command)) and not (known.from_log and _agrees(known, command)):
        raise IdReused
    return Replay(known.answer)


def _same(known: Known, command: Command) -> bool:
    offered = private_parts(command.form)
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
    data, said = event["data"], _said(command.form)
    return (
        event["type"] == _event_type(command)
        and getattr(command.form, "unit", event["unit"]) == event["unit"]
        and data.get(command.noun.parent or "", command.parent) == command.parent
        and all(data.get(name, value) == value for name, value in said.items())
        and data.get("commitments", {}).keys() == private_parts(command.form).keys()
    )


def _event_type(command: Command) -> str:
    change = getattr(command.form, "change", None)
    return f"kycuong.{f'unit.{_CHANGES[change]}' if change else _EVENTS.get(command.noun.name, '')}.v1"


def _said(form: Form) -> dict[str, Any]:
    """The public fields under the names that an event has for them."""
    said = {
        name: value
        for name, value in form.model_dump(by_alias=True, exclude_unset=True).items()
        if name not in _NAMED_OTHERWISE
    }
    if isinstance(form, OpenInspection):
        said["selection"] = _SELECTIONS.get(form.selection, form.selection)
    if isinstance(form, RecordFinding):
        said["photos"] = len(form.photos)
    if isinstance(form, PublishCalendar):
        said["sha256"] = hashlib.sha256(form.file.encode()).hexdigest()
    return said


def private_parts(form: Form | None) -> dict[str, bytes]:
    """The private groups of a body with the bytes that are sealed and committed to."""
    parts: dict[str, bytes] = {}
    private = getattr(form, "private", None)
    for name in private.model_fields_set if private is not None else ():
        value = _plain(getattr(private, name))
        if value not in ([], {}):
            parts[name] = value.encode() if isinstance(value, str) else canonical(value)
    for number, photo in enumerate(getattr(form, "photos", ()), start=1):
        parts[f"photo.{number}"] = bytes.fromhex(photo.sha256)
    return parts


def _plain(value: Any) -> Any:
    """A private group as JSON has it, with nothing added to what was sent."""
    if isinstance(value, Form):
        return value.model_dump(exclude_unset=True)
    return [_plain(one) for one in value] if isinstance(value, list) else value
