"""Phones that a batch registers. Pure."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Phones:
    """New ones: id, account, key."""

    new: list[tuple[str, str, bytes]] = field(default_factory=list)
