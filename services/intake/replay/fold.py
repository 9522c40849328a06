"""What the log's entries say of the state: the fold by which a database that is behind the log is rebuilt.

The log has no account, no private word and no write that caused no event: these are lost, and marked as lost.
"""

import json
import logging
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.domain import case
from services.domain.deadlines import Kind, Standing
from services.domain.draw import listed, planned_candidates
from services.domain.remedy import Remedy
from services.intake.calendars.state import Calendars
from services.intake.cases import moves
from services.intake.cases.state import SecondReviews
from services.intake.directory import rules as units
from services.intake.directory.state import Units
from services.intake.erasures.state import Erasure, Erasures
from services.intake.findings import voiding
from services.intake.findings.state import Finding, Findings, Step
from services.intake.inspections.state import Inspection, Inspections
from services.intake.log_keys.state import LogKeys
from services.intake.quarters.state import Commendations, Cut, Quarters, restated
from services.intake.rounds.rules import add_round
from services.intake.rounds.state import Assignment, Assignments, Round, Rounds
from services.intake.writing.events import answer_bytes
from services.intake.writing.forms import is_write_id
from services.intake.writing.world import LOST, World
from services.kernel.envelope import Envelope
from services.kernel.quarters import local_date, parse_instant, quarter_of

AUTHOR = "system"
log = logging.getLogger(__name__)
_ROLL = (
    "assigned", "present", "unexcused", "late", "persons_checked", "files_checked", "signed", "excused",
)  # fmt: skip


class UnknownEvent(Exception):
    """Nhật ký có loại sự kiện mà phiên bản này chưa biết; hãy cài phiên bản mới hơn.

    The log holds a kind of event that this version does not know; install a newer one.
    """


@dataclass(slots=True)
class Restored:
    """What a stretch of the log adds to the working state, beside the state's own changes."""

    world: World
    accounts: Mapping[str, str]
    """Of the pseudonyms that are still known."""
    repeated: set[str] = field(default_factory=set)
    """Writes that the database knows all the same; what they changed stands."""
    successions: set[str] = field(default_factory=set)
    """Those that the unit tree holds."""
    writes: list[tuple[str, str, bytes, bytes, datetime]] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    """Pseudonyms of persons who are lost, with their quarters."""
    numbers: dict[str, int] = field(default_factory=dict)
    erased: list[tuple[Erasure, datetime]] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    """Findings whose photos the log says were held."""
    left: list[tuple[str, datetime]] = field(default_factory=list)
    """Tenures that ended."""

    def take(self, event: Envelope, raw: bytes) -> None:
        """Take in one entry; UnknownEvent when its type is not known here."""
        told = TOLD.get(event.type)
        if told is None:
            raise UnknownEvent(event.type)
        self.numbers[event.unit] = max(event.unitseq, self.numbers.get(event.unit, 0))
        state, extra = told(self, event) or ("", {})
        if is_write_id(event.id):
            self._note_write(event, raw, state, extra)
        elif event.type.endswith(".published.v1"):
            self.writes.append((event.id, AUTHOR, b"", raw, parse_instant(event.time)))

    def _note_write(self, event: Envelope, raw: bytes, state: str, extra: Mapping[str, Any]) -> None:
        flags = event.data.get("flags", [])
        answer = answer_bytes(event.id, event.unit, state, event.time, flags, extra, (event.unitseq, raw))
        account = self.person(event.data["by"]["ref"], self.quarter(event))
        self.writes.append((event.id, account, b"", answer, parse_instant(event.time)))
        if event.id not in self.repeated:
            self.parts += [(event.id, group) for group in event.data.get("commitments", ())]

    def person(self, ref: str, quarter: str) -> str:
        """The account behind a pseudonym, or a name that no account can have."""
        if ref in self.accounts:
            return self.accounts[ref]
        self.refs[ref] = quarter
        return LOST + ref

    def quarter(self, event: Envelope) -> str:
        """The quarter of an event's pseudonyms: the inspection's, the round's first day's, else that of the event."""
        if event.type.startswith("kycuong.round."):
            known = self.world[Rounds].known.get(event.data["round"])
            return quarter_of(known.first if known else date.fromisoformat(event.data["from"]))
        inspection = self.world[Inspections].known.get(event.data.get("inspection", ""))
        return inspection.quarter if inspection else quarter_of(local_date(parse_instant(event.time)))


Told = tuple[str, dict[str, Any]] | None
"""State and own fields of the write's answer; None of an event that answers nobody."""


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


def _inspection_of(restored: Restored, event: Envelope) -> Inspection:
    inspection = restored.world[Inspections].known[event.data["inspection"]]
    restored.world[Inspections].changed[inspection.id] = inspection
    return inspection


def _closed(restored: Restored, event: Envelope) -> Told:
    data, inspection = event.data, _inspection_of(restored, event)
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
    data, inspection = event.data, _inspection_of(restored, event)
    inspection.correction, inspection.closed_at = event.id, parse_instant(data["closed_at"])
    inspection.roll = {name: data[name] for name in _ROLL}
    return "corrected", {"inspection": inspection.id, "reply_due": data["reply_due"]}


def _voided(restored: Restored, event: Envelope) -> Told:
    inspection = _inspection_of(restored, event)
    voiding.take_back(restored.world, inspection)
    return "voided", {"inspection": inspection.id}


def _team_changed(restored: Restored, event: Envelope) -> Told:
    """Who left is known by his pseudonym, as who stayed is; until when, by the event."""
    data, inspection = event.data, _inspection_of(restored, event)
    gone = {restored.person(ref, inspection.quarter): parse_instant(event.time) for ref in data["remove"]}
    inspection.team = tuple(restored.person(ref, inspection.quarter) for ref in data["team"])
    former = {account: until for account, until in inspection.former.items() if account not in inspection.team}
    inspection.former = former | gone
    return "team_changed", {"inspection": inspection.id}


def _acknowledged(restored: Restored, event: Envelope) -> Told:
    inspection = _inspection_of(restored, event)
    inspection.acknowledged = True
    return "acknowledged", {"inspection": inspection.id}


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
        _inspection_of(restored, event).acknowledged = False
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
    _inspection_of(restored, event).acknowledged = False
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


def _commended(restored: Restored, event: Envelope) -> Told:
    data, day = event.data, date.fromisoformat(event.data["date"])
    if event.id not in restored.repeated:
        restored.world[Commendations].new.append((
            event.id, event.unit, data["code"], day, parse_instant(event.time)
        ))  # fmt: skip
    return "recorded", {"quarter": quarter_of(day)}


def _quarter_closed(restored: Restored, event: Envelope) -> Told:
    quarter, edition = event.data["quarter"], event.data["edition"]
    world = restored.world
    if (quarter, edition) not in world[Quarters].cuts:
        world[Quarters].cuts[quarter, edition] = Cut(event.id)
        world[Quarters].closings.append((quarter, edition, event.id, parse_instant(event.time)))
    return "closed", {"quarter": quarter, "edition": edition}


def _quarter_published(restored: Restored, event: Envelope) -> Told:
    told = {name: event.data[name] for name in ("quarter", "edition", "closing", "cards_root")}
    cut, root = restored.world[Quarters].cuts.get((told["quarter"], told["edition"])), b64decode(told["cards_root"])
    if cut is not None and cut.id == told["closing"] and root not in cut.roots:
        cut.roots.add(root)
        restored.world[Quarters].publications.append((event.id, cut.id, root, parse_instant(event.time)))
    return "published", told


def _quarter_restated(restored: Restored, event: Envelope) -> Told:
    quarter, edition = event.data["quarter"], restated(event.data["n"])
    world = restored.world
    if (quarter, edition) not in world[Quarters].cuts:
        world[Quarters].cuts[quarter, edition] = Cut(event.id)
        world[Quarters].closings.append((quarter, edition, event.id, parse_instant(event.time)))
    return "restated", {"quarter": quarter, "edition": edition, "n": event.data["n"]}


def _round_planned(restored: Restored, event: Envelope) -> Told:
    """Who planned it may be lost; its candidates are again those of the units before it."""
    data, world = event.data, restored.world
    if event.id not in world[Rounds].known:
        first = date.fromisoformat(data["from"])
        made = Round(
            id=event.id, kind=data["kind"], first=first, last=date.fromisoformat(data["to"]), strata=data["strata"],
            chosen={one["unit"]: one["selection"] for one in data.get("chosen", ())}, beacon=data.get("beacon"),
            planner=restored.person(data["by"]["ref"], quarter_of(first)),
        )  # fmt: skip
        found = _candidates(restored, data)
        received = parse_instant(event.time)
        add_round(world, made, data["basis"], data.get("exclude", ()), data.get("replaces"), found, received)
    return "planned", {"round": event.id, "candidates": data["candidates"]}


def _candidates(restored: Restored, plan: Mapping[str, Any]) -> list[list[str]]:
    """Those of the units before the plan; none where the unit tree was not lost, and knows what came after it."""
    found = planned_candidates(restored.world.directory, plan)
    if listed(plan["strata"], found) == plan["candidates"]:
        return found
    log.error("the candidates of round %s are lost: if it is not drawn yet, replace it by another", plan["round"])
    return []


def _round_of(restored: Restored, event: Envelope) -> Round:
    about = restored.world[Rounds].known[event.data["round"]]
    restored.world[Rounds].changed[about.id] = about
    return about


def _beacon_told(restored: Restored, event: Envelope) -> Told:
    about = _round_of(restored, event)
    about.value, about.told_at = event.data["value"], parse_instant(event.time)
    return "beacon", {"round": about.id}


def _round_drawn(restored: Restored, event: Envelope) -> Told:
    _round_of(restored, event).drawn = event.data["drawn"]
    return None


def _round_assigned(restored: Restored, event: Envelope) -> Told:
    """Who was to go only the database knew: nobody opens an inspection by it any more."""
    data, known = event.data, restored.world[Assignments]
    if event.id not in known.known:
        made = Assignment(
            id=event.id, round=data["round"], unit=data["unit"], opener=LOST, team=(LOST,),
            first=date.fromisoformat(data["from"]), last=date.fromisoformat(data["to"]),
        )  # fmt: skip
        known.known[event.id] = made
        known.new.append((made, parse_instant(event.time)))
    return "assigned", {"round": data["round"], "members": data["members"]}


def _round_closed(restored: Restored, event: Envelope) -> Told:
    _round_of(restored, event).state = "closed"
    return "closed", {"round": event.data["round"]}


def _calendar_published(restored: Restored, event: Envelope) -> Told:
    """The file's exact text is lost, and pinned by its hash; the days that it gives are all told."""
    days = {name: value for name, value in event.data.items() if name not in ("by", "sha256")}
    content = json.dumps({**days, "weekend": [6, 7]}, ensure_ascii=False)
    restored.world[Calendars].new.append((days["version"], event.id, content))
    return "published", {"version": days["version"]}


def _key_added(restored: Restored, event: Envelope) -> Told:
    vkey, world = event.data["vkey"], restored.world
    if vkey not in world[LogKeys].known:
        world[LogKeys].known.add(vkey)
        world[LogKeys].new.append((vkey, event.id))
    return "added", {}


def _erased(restored: Restored, event: Envelope) -> Told:
    """Erase once more what an older copy of the database still held; the request itself is found if it is there."""
    about, parts = event.data["event"], sorted(event.data["parts"])
    asked = [
        one
        for one in restored.world[Erasures].known.values()
        if one.state == "requested" and one.event == about and sorted(one.parts) == parts
    ]
    erasure = (
        asked[0] if asked else Erasure(id=event.id, event=about, unit=event.unit, parts=tuple(parts), requester="")
    )
    erasure.state, erasure.settlement = "erased", event.id
    restored.erased.append((erasure, parse_instant(event.time)))
    return "erased", ({"erasure": erasure.id} if asked else {}) | {"parts": event.data["parts"]}


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


def _left(restored: Restored, event: Envelope) -> Told:
    restored.left.append((event.data["tenure"], parse_instant(event.data["at"])))
    return None


def _nothing(_: Restored, __: Envelope) -> Told:
    """Rules come from the files; who took up a post only the database knew."""
    return None


TOLD: Mapping[str, Callable[[Restored, Envelope], Told]] = {
    "kycuong.calendar.published.v1": _calendar_published,
    "kycuong.catalogue.published.v1": _nothing,
    "kycuong.deadlines.published.v1": _nothing,
    "kycuong.commendation.recorded.v1": _commended,
    "kycuong.finding.answered.v1": _answered,
    "kycuong.finding.appealed.v1": _appealed,
    "kycuong.finding.completed.v1": _completed,
    "kycuong.finding.corrected.v1": _corrected,
    "kycuong.finding.decided.v1": _decided,
    "kycuong.finding.escalated.v1": _escalated,
    "kycuong.finding.extension_requested.v1": _time_asked_for,
    "kycuong.finding.extended.v1": _extended,
    "kycuong.finding.lapsed.v1": _lapsed,
    "kycuong.finding.recorded.v1": _recorded,
    "kycuong.finding.released.v1": _released,
    "kycuong.finding.reopened.v1": _reopened,
    "kycuong.finding.reminded.v1": _reminded,
    "kycuong.finding.replied.v1": _replied,
    "kycuong.finding.second_reviewed.v1": _second_reviewed,
    "kycuong.finding.withdrawn.v1": _withdrawn,
    "kycuong.inspection.acknowledged.v1": _acknowledged,
    "kycuong.inspection.closed.v1": _closed,
    "kycuong.inspection.corrected.v1": _closing_corrected,
    "kycuong.inspection.opened.v1": _opened,
    "kycuong.inspection.team_changed.v1": _team_changed,
    "kycuong.inspection.voided.v1": _voided,
    "kycuong.log.key_added.v1": _key_added,
    "kycuong.part.erased.v1": _erased,
    "kycuong.post.assumed.v1": _nothing,
    "kycuong.post.left.v1": _left,
    "kycuong.quarter.closed.v1": _quarter_closed,
    "kycuong.quarter.published.v1": _quarter_published,
    "kycuong.remedy.extended.v1": _extended,
    "kycuong.remedy.extension_requested.v1": _time_asked_for,
    "kycuong.remedy.overdue.v1": _overdue,
    "kycuong.remedy.planned.v1": _planned,
    "kycuong.remedy.refused.v1": _refused,
    "kycuong.remedy.reported.v1": _reported,
    "kycuong.remedy.verified.v1": _verified,
    "kycuong.round.assigned.v1": _round_assigned,
    "kycuong.round.beacon.v1": _beacon_told,
    "kycuong.round.closed.v1": _round_closed,
    "kycuong.round.drawn.v1": _round_drawn,
    "kycuong.round.planned.v1": _round_planned,
    "kycuong.quarter.restated.v1": _quarter_restated,
    "kycuong.remedy.reminded.v1": _reminded,
    "kycuong.scoring.published.v1": _nothing,
    "kycuong.unit.amended.v1": _amended,
    "kycuong.unit.closed.v1": _unit_closed,
    "kycuong.unit.registered.v1": _registered,
    "kycuong.unit.succeeded.v1": _succeeded,
}
"""Every type of the log; a new one belongs here too, or a database that is behind it stays behind."""
