"""The log's further keys in the working state. Pure."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class LogKeys:
    """Which of the keys that a batch brings the log was told of."""

    known: set[str] = field(default_factory=set)
    new: list[tuple[str, str]] = field(default_factory=list)
    """Key and the write's id."""
