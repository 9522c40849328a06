"""Links for persons concerned, as a batch finds and changes them. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Link:
    """One that is there."""

    id: str
    finding: str
    over: bool
    """Removed, or spent by an answer."""


@dataclass(slots=True)
class Links:
    """Those that a batch is about."""

    known: dict[str, Link] = field(default_factory=dict)
    new: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Id, finding, secret, last day."""
    removed: list[str] = field(default_factory=list)
    draw: Callable[[], str] = lambda: ""
    """Makes a secret."""
