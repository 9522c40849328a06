"""Working calendars that a batch publishes. Pure."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Calendars:
    """New ones: version, id, text."""

    new: list[tuple[str, str, str]] = field(default_factory=list)
