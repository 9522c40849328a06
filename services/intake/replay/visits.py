"""What the log says of inspections: opened, closed, put right, voided, seen by the unit's head."""

from collections.abc import Mapping

from services.domain import case
from services.intake.cases import moves
from services.intake.findings import voiding
from services.intake.findings.state import Findings
from services.intake.inspections.state import Inspection, Inspections
from services.intake.replay.restored import Handler, Restored, Told
from services.kernel.envelope import Envelope
from services.kernel.quarters import parse_instant

_ROLL = (
    "assigned", "present", "unexcused", "late", "persons_checked", "files_checked", "signed", "excused",
)  # fmt: skip


def _opened(restored: Restored, event: Envelope) -> Told:
    data, world = event.data, restored.world
    extra = {"quarter": data["quarter"], "catalogue": data["catalogue"]}
    if event.id in world[Inspections].known:
        return "open", extra
    team = tuple(dict.fromkeys(restored.person(ref, data["quarter"]) for ref in data["team"]))
    opener = restored.person(data["by"]["ref"], data["quarter"])
    inspection = Inspection(
        id=event.id, unit=event.unit, quarter=data["quarter"], catalogue=data["catalogue"], opener=opener, team=team,
        opened_at=parse_instant(data["opened_at"]),
    )  # fmt: skip
    world[Inspections].known[event.id] = inspection
    asked = {"kind": data["kind"], "selection": data["selection"], "basis": data["basis"]}
    received = {
        "impartial": data.get("impartial", False), "assignment": data.get("assignment"),
        "received_at": parse_instant(event.time),
    }  # fmt: skip
    world[Inspections].new.append((inspection, asked | received))
    return "open", extra


def inspection_of(restored: Restored, event: Envelope) -> Inspection:
    """The one that an event is about, to be changed."""
    inspection = restored.world[Inspections].known[event.data["inspection"]]
    restored.world[Inspections].changed[inspection.id] = inspection
    return inspection


def _closed(restored: Restored, event: Envelope) -> Told:
    data, inspection = event.data, inspection_of(restored, event)
    inspection.state, inspection.closing = "closed", event.id
    inspection.closed_at, inspection.reply_due = parse_instant(data["closed_at"]), parse_instant(data["reply_due"])
    inspection.told_at = parse_instant(event.time)
    inspection.acknowledged, inspection.roll = False, {name: data[name] for name in _ROLL}
    restored.world[Inspections].closed[inspection.id] = inspection
    for finding in restored.world[Findings].known.values():
        if finding.inspection == inspection.id and finding.severity in case.SCORED:
            moves.tell(finding, inspection.reply_due, inspection.told_at, event.id, restored.world)
            restored.world[Findings].changed[finding.id] = finding
    return "closed", {"inspection": inspection.id, "reply_due": data["reply_due"]}


def _closing_corrected(restored: Restored, event: Envelope) -> Told:
    data, inspection = event.data, inspection_of(restored, event)
    inspection.correction, inspection.closed_at = event.id, parse_instant(data["closed_at"])
    inspection.roll = {name: data[name] for name in _ROLL}
    return "corrected", {"inspection": inspection.id, "reply_due": data["reply_due"]}


def _voided(restored: Restored, event: Envelope) -> Told:
    inspection = inspection_of(restored, event)
    voiding.take_back(restored.world, inspection)
    return "voided", {"inspection": inspection.id}


def _team_changed(restored: Restored, event: Envelope) -> Told:
    """Who left is known by his pseudonym, as who stayed is; until when, by the event."""
    data, inspection = event.data, inspection_of(restored, event)
    gone = {restored.person(ref, inspection.quarter): parse_instant(event.time) for ref in data["remove"]}
    inspection.team = tuple(restored.person(ref, inspection.quarter) for ref in data["team"])
    former = {account: until for account, until in inspection.former.items() if account not in inspection.team}
    inspection.former = former | gone
    return "team_changed", {"inspection": inspection.id}


def _acknowledged(restored: Restored, event: Envelope) -> Told:
    inspection = inspection_of(restored, event)
    inspection.acknowledged = True
    return "acknowledged", {"inspection": inspection.id}


TOLD: Mapping[str, Handler] = {
    "kycuong.inspection.acknowledged.v1": _acknowledged,
    "kycuong.inspection.closed.v1": _closed,
    "kycuong.inspection.corrected.v1": _closing_corrected,
    "kycuong.inspection.opened.v1": _opened,
    "kycuong.inspection.team_changed.v1": _team_changed,
    "kycuong.inspection.voided.v1": _voided,
}
