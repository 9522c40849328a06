"""What of an entry cards are made of, picked where it is read: little is handed on. Pure, and quickly loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.reports.facts.directory import UNIT_EVENTS
from services.reports.facts.effects import KNOWN, SILENT
from services.reports.facts.facts import CATALOGUE, CUTS, QUARTER_PUBLISHED, SCORING, Unfoldable

_WHOLE = UNIT_EVENTS | {CATALOGUE, SCORING} | CUTS | {QUARTER_PUBLISHED}
_NAMES = {kind: kind for kind in KNOWN}
_PRIVATE = frozenset({"by", "commitments", "photos", "flags"})
Picked = tuple[int, str, str, str, str, dict[str, Any]]
"""Of an entry its index, and its event's type, unit, id, time and data, as far as cards are made of them."""


def pick(index: int, event: Mapping[str, Any]) -> Picked | None:
    """What of an entry goes on to whoever computes cards: nothing of most that is said of a case, little of the rest.

    Unfoldable for a type that this program does not know.
    """
    kind = _NAMES.get(event["type"])
    if kind is None:
        raise Unfoldable(index, event["type"], "unknown event type")
    if kind in SILENT:
        return None
    if kind in _WHOLE:
        return index, kind, event["unit"], event["id"], event["time"], event["data"]
    data = {name: value for name, value in event["data"].items() if name not in _PRIVATE}
    return index, kind, event["unit"], "", "", data
