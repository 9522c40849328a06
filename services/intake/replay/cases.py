"""What the log says of findings, and of what follows each."""

from collections.abc import Mapping
from datetime import date, datetime

from services.domain import case
from services.domain.deadlines import Kind, Standing
from services.domain.remedy import Remedy
from services.intake.cases import moves
from services.intake.cases.state import SecondReviews
from services.intake.evidence.state import Photos, Redaction
from services.intake.findings.state import Finding, Findings, Step
from services.intake.inspections.state import Inspections
from services.intake.replay.restored import Handler, Restored, Told
from services.intake.replay.visits import inspection_of
from services.kernel.envelope import Envelope
from services.kernel.quarters import parse_instant


def _recorded(restored: Restored, event: Envelope) -> Told:
    data, world = event.data, restored.world
    extra = {"inspection": data["inspection"]}
    if event.id in world[Findings].known:
        return "recorded", extra
    inspection = world[Inspections].known[data["inspection"]]
    due = parse_instant(data["reply_due"]) if "reply_due" in data else None
    finding = Finding(
        id=event.id, inspection=inspection.id, unit=event.unit, code=data["code"], catalogue=data["catalogue"],
        severity=data["severity"], count=data["count"], captured_at=parse_instant(data["captured_at"]),
        photos=({"lost": True},) * data["photos"], filer=restored.person(data["by"]["ref"], inspection.quarter),
        received_at=parse_instant(event.time),
    )  # fmt: skip
    if due is not None and finding.severity in case.SCORED:
        finding.begin(Kind.REPLY, due, finding.received_at, finding.id)
    world[Findings].known[event.id] = finding
    world[Findings].new.append(finding)
    if due is not None and finding.severity in case.SCORED:
        inspection_of(restored, event).acknowledged = False
    return "recorded", extra


def _finding_of(restored: Restored, event: Envelope) -> Finding:
    """The finding that an event is about, in whose case it is a further step."""
    finding = restored.world[Findings].known[event.data["finding"]]
    restored.world[Findings].changed[finding.id] = finding
    if not any(step.event == event.id for step in finding.steps):
        by, kind = event.data["by"], event.type.removeprefix("kycuong.").rpartition(".v")[0]
        account = restored.person(by["ref"], restored.quarter(event)) if "ref" in by else None
        finding.steps.append(Step(event.id, kind, by["role"], parse_instant(event.time), account))
    return finding


def _about(finding: Finding, state: str) -> Told:
    return state, {"finding": finding.id, "inspection": finding.inspection}


def _completed(restored: Restored, event: Envelope) -> Told:
    restored.completed.append(event.data["finding"])
    return None


def _withdrawn(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    finding.state = case.State.WITHDRAWN
    finding.end()
    return _about(finding, "withdrawn")


def _replied(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    moves.reply(finding, _moved(finding, case.Command.REPLY, case.State.REPLIED), event.data["accepts"], restored.world)
    return _about(finding, "replied")


def _time_asked_for(restored: Restored, event: Envelope) -> Told:
    """It changes nothing; its answer does."""
    return _about(_finding_of(restored, event), "extension_requested")


def _decided(restored: Restored, event: Envelope) -> Told:
    finding, data = _finding_of(restored, event), event.data
    moves.decided(
        finding, case.State.DECIDED, case.Outcome(data["outcome"]), event.id, _instant(event, "remedy_due"),
        parse_instant(event.time), restored.world,
    )  # fmt: skip
    return _about(finding, "decided")


def _appealed(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    finding.state = case.State.APPEALED
    finding.end()
    return _about(finding, "appealed")


def _reopened(restored: Restored, event: Envelope) -> Told:
    finding, due = _finding_of(restored, event), _instant(event, "reply_due")
    state = case.State.REOPENED if due is None else case.State.UNHEARD
    moves.reopen(finding, state, due, parse_instant(event.time), event.id)
    return _about(finding, "reopened")


def _answered(restored: Restored, event: Envelope) -> Told:
    """By the person concerned, whose words are lost."""
    _finding_of(restored, event)
    restored.parts += [(event.id, group) for group in event.data["commitments"]]
    return None


def _released(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    moves.release(finding, parse_instant(event.data["reply_due"]), parse_instant(event.time), event.id)
    inspection_of(restored, event).acknowledged = False
    return _about(finding, "released")


def _corrected(restored: Restored, event: Envelope) -> Told:
    finding, data = _finding_of(restored, event), event.data
    finding.code, finding.severity, finding.count = data["code"], data["severity"], data["count"]
    finding.captured_at = parse_instant(data["captured_at"])
    at = parse_instant(event.time)
    finding.correct(case.State.RECORDED, _instant(event, "reply_due"), at, event.id)
    return _about(finding, "corrected")


def _extended(restored: Restored, event: Envelope) -> Told:
    finding, kind = _finding_of(restored, event), Kind.REPLY if "reply_due" in event.data else Kind.REMEDY
    if finding.running(kind) is not None:
        moves.extend(finding, kind, date.fromisoformat(event.data["until"]))
    return _about(finding, "extended")


def _planned(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    finding.remedy = Remedy.PLANNED if event.data["feasible"] else Remedy.DECLINED
    return _about(finding, "planned")


def _reported(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    moves.report(finding, Remedy.REPORTED, parse_instant(event.time))
    return _about(finding, "reported")


def _verified(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    moves.verify(finding, Remedy.WAIVED if event.data.get("waived") else Remedy.VERIFIED)
    return _about(finding, "verified")


def _refused(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    moves.refuse(finding, Remedy.DUE, _instant(event, "remedy_due"), parse_instant(event.time), event.id)
    return _about(finding, "refused")


def _overdue(restored: Restored, event: Envelope) -> Told:
    _finding_of(restored, event).stop(Kind.REMEDY, Standing.LAPSED)
    return None


def _second_reviewed(restored: Restored, event: Envelope) -> Told:
    """Of no unit, and no step of its finding's case."""
    finding = restored.world[Findings].known[event.data["finding"]]
    restored.world[SecondReviews].done[finding.id] = event.id
    return _about(finding, "second_reviewed")


def _redacted(restored: Restored, event: Envelope) -> Told:
    data, finding = event.data, _finding_of(restored, event)
    restored.world[Photos].redacted.append(Redaction(event.id, finding.id, data["photo"], data["boxes"]))
    return _about(finding, "redacted")


def _instant(event: Envelope, name: str) -> datetime | None:
    return parse_instant(event.data[name]) if name in event.data else None


def _lapsed(restored: Restored, event: Envelope) -> Told:
    finding = _finding_of(restored, event)
    moves.lapse(finding, _moved(finding, case.Command.LAPSE, case.State.LAPSED), restored.world)
    return None


def _moved(finding: Finding, command: case.Command, otherwise: case.State) -> case.State:
    """Where a command took a finding; the log is right also where this database already stands further on."""
    found = case.step(finding.severity, finding.state, command, finding.released)
    return found if isinstance(found, case.State) else otherwise


def _reminded(restored: Restored, event: Envelope) -> Told:
    kind = Kind.REMEDY if event.type.startswith("kycuong.remedy.") else Kind.REPLY
    for clock in _finding_of(restored, event).clocks:
        if clock.kind == kind and clock.n == event.data["n"]:
            clock.reminded = True
    return None


def _escalated(restored: Restored, event: Envelope) -> Told:
    data = event.data
    for clock in _finding_of(restored, event).clocks:
        if clock.kind == data["of"] and clock.due == parse_instant(data["due"]):
            clock.escalated = max(clock.escalated, 1 if data["to"] == "parent" else 2)
    return None


TOLD: Mapping[str, Handler] = {
    "kycuong.finding.answered.v1": _answered,
    "kycuong.finding.appealed.v1": _appealed,
    "kycuong.finding.completed.v1": _completed,
    "kycuong.finding.corrected.v1": _corrected,
    "kycuong.finding.decided.v1": _decided,
    "kycuong.finding.escalated.v1": _escalated,
    "kycuong.finding.extended.v1": _extended,
    "kycuong.finding.extension_requested.v1": _time_asked_for,
    "kycuong.finding.lapsed.v1": _lapsed,
    "kycuong.finding.recorded.v1": _recorded,
    "kycuong.finding.released.v1": _released,
    "kycuong.finding.reminded.v1": _reminded,
    "kycuong.finding.reopened.v1": _reopened,
    "kycuong.finding.replied.v1": _replied,
    "kycuong.finding.second_reviewed.v1": _second_reviewed,
    "kycuong.finding.withdrawn.v1": _withdrawn,
    "kycuong.photo.redacted.v1": _redacted,
    "kycuong.remedy.extended.v1": _extended,
    "kycuong.remedy.extension_requested.v1": _time_asked_for,
    "kycuong.remedy.overdue.v1": _overdue,
    "kycuong.remedy.planned.v1": _planned,
    "kycuong.remedy.refused.v1": _refused,
    "kycuong.remedy.reminded.v1": _reminded,
    "kycuong.remedy.reported.v1": _reported,
    "kycuong.remedy.verified.v1": _verified,
}
