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


@dataclass(frozen=True, slots=True)
class Redaction:
    """What of a photo is covered since an event."""

    event: str
    finding: str
    place: int
    boxes: list[dict[str, int]]
    """In ten-thousandths of the picture's sides."""


@dataclass(slots=True)
class Photos:
    """New ones, and what is covered of known ones."""

    new: list[KeptPhoto] = field(default_factory=list)
    redacted: list[Redaction] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class DeclaredFile:
    """A file that a write named."""

    write: str
    place: int
    """In the list, from 1."""
    finding: str
    noun: str
    sha256: str | None
    """None once erased."""
    size: int
    type: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as somebody sent it."""

    write: str
    place: int
    type: str | None
    """As its sender says; None of a question."""
    sha256: str | None
    """None of a part: only the whole can be compared."""
    kept: tuple[bytes, bytes] | None
    """The wrapped key and what is sealed, only of bytes that the write named and that are not kept yet."""
    size: int | None = None
    """Of the whole, as the sender of a part says."""


@dataclass(slots=True)
class Files:
    """Those of the writes that a batch sends files of."""

    known: dict[tuple[str, int], DeclaredFile] = field(default_factory=dict)
    """By write and place."""
    declared: list[DeclaredFile] = field(default_factory=list)
    """New ones, which are still to come."""
    kept: list[tuple[str, int, bytes, bytes]] = field(default_factory=list)
    """Those that came: write, place, wrapped key, what is sealed."""
