"""Photos in the working state. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo as it is stored: the image sealed, and what the log will say of it."""

    finding: str
    place: int
    wrapped_key: bytes
    sealed: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as a phone sent it."""

    place: int
    """In the manifest, from 1."""
    sha256: str | None
    """None of a part: only the whole can be compared."""
    kept: KeptPhoto | None
    """What is to be stored: only of bytes that the manifest names and that are not kept yet."""
    size: int | None = None
    """Of the whole, as the sender of a part says."""


@dataclass(slots=True)
class Photos:
    """New ones."""

    new: list[KeptPhoto] = field(default_factory=list)
