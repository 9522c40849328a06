"""Ids that a client would make, from a seed instead of chance: UUIDv7 of a moment and a name. Pure."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Ids:
    """Makes the same id for the same seed, moment and name."""

    seed: int

    def at(self, moment: datetime, name: str) -> str:
        """A UUIDv7 with the moment's milliseconds; its other bits come from seed and name."""
        milliseconds = int(moment.timestamp() * 1000)
        drawn = int.from_bytes(sha256(f"{self.seed}/{name}".encode()).digest()[:10], "big")
        number = (milliseconds << 80) | drawn
        number &= ~(0xF << 76) & ~(0x3 << 62)
        return str(UUID(int=number | (0x7 << 76) | (0x2 << 62)))
