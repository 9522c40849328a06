"""How a unit was chosen to be inspected. Pure."""

from collections.abc import Mapping

_TOLD: Mapping[str, str] = {"risk": "targeted", "complaint": "targeted"}


def told_selection(selection: str) -> str:
    """A unit's selection as the log tells it: not whether a risk or a complaint led there."""
    return _TOLD.get(selection, selection)
