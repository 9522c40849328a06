"""What the log says of commendations and surveys, and of a quarter's cuts and their publication."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import date

from services.intake.quarters.state import Commendations, Cut, Quarters, restated
from services.intake.replay.restored import Handler, Restored, Told
from services.kernel.envelope import Envelope
from services.kernel.quarters import parse_instant, quarter_of


def _commended(restored: Restored, event: Envelope) -> Told:
    data, day = event.data, date.fromisoformat(event.data["date"])
    if event.id not in restored.repeated:
        restored.world[Commendations].new.append((
            event.id, event.unit, data["code"], day, parse_instant(event.time)
        ))  # fmt: skip
    return "recorded", {"quarter": quarter_of(day)}


def _surveyed(_: Restored, event: Envelope) -> Told:
    """Nothing but the log keeps the counts."""
    return "recorded", {"quarter": event.data["quarter"]}


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


TOLD: Mapping[str, Handler] = {
    "kycuong.commendation.recorded.v1": _commended,
    "kycuong.quarter.closed.v1": _quarter_closed,
    "kycuong.quarter.published.v1": _quarter_published,
    "kycuong.quarter.restated.v1": _quarter_restated,
    "kycuong.survey.recorded.v1": _surveyed,
}
