"""What the log says of rounds: planned, drawn, assigned, ended."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from services.domain.draw import listed, planned_candidates
from services.intake.replay.restored import Handler, Restored, Told
from services.intake.rounds.rules import add_round
from services.intake.rounds.state import Assignment, Assignments, Round, Rounds
from services.intake.writing.world import LOST
from services.kernel.envelope import Envelope
from services.kernel.quarters import parse_instant, quarter_of

log = logging.getLogger(__name__)


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


TOLD: Mapping[str, Handler] = {
    "kycuong.round.assigned.v1": _round_assigned,
    "kycuong.round.beacon.v1": _beacon_told,
    "kycuong.round.closed.v1": _round_closed,
    "kycuong.round.drawn.v1": _round_drawn,
    "kycuong.round.planned.v1": _round_planned,
}
