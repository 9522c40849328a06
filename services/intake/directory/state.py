"""What a batch changes of the unit tree, which itself stands in the world for all. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(slots=True)
class Units:
    """Changes of units, in order."""

    new: list[tuple[str, datetime]] = field(default_factory=list)
    changed: dict[str, None] = field(default_factory=dict)
    """Units whose versions changed."""
    lineage: list[tuple[str, str, str, str, date, bool]] = field(default_factory=list)
    """Id of the succession, kind, from, to, first day, whether the cases pass."""
    version: int = 0
    """Of the tree, once these changes are stored."""
