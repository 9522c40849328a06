"""C2SP tlog-cosignature v1 (Ed25519, type 0x04): what a witness says of a checkpoint. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.kernel.log.note import BadNote, NoteKey, note_line, split_note

COSIGNATURE = 0x04
_SIZE = 8 + 64  # a time, then the signature


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs at a time (POSIX seconds): the checkpoint's whole text under a header of its own."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Cosigner(NoteKey):
    """A witness's verifier key."""

    KIND: ClassVar[int] = COSIGNATURE

    def time_of(self, text: str, signature: bytes) -> int:
        """When the witness cosigned the text (POSIX seconds); raises BadNote when the signature does not hold."""
        time = int.from_bytes(signature[:8])
        if len(signature) != _SIZE or not 0 < time < 2**63:
            raise BadNote(f"the cosignature of {self.name} is not a time and 64 bytes")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature[8:], cosigned_message(text, time))
        except InvalidSignature:
            raise BadNote(f"the cosignature of {self.name} does not hold") from None
        return time


@dataclass(frozen=True, slots=True)
class Cosignature:
    """One witness's verified word: when, and its line as it stands in the note."""

    time: int
    line: str


def cosignatures(note: str, cosigners: Iterable[Cosigner]) -> dict[Cosigner, Cosignature]:
    """The verified cosignatures that known witnesses put on a note; raises BadNote when one of theirs is false.

    Of several by one witness the latest counts.
    """
    text, signatures = split_note(note)
    known = {(cosigner.name, cosigner.key_id): cosigner for cosigner in cosigners}
    found: dict[Cosigner, Cosignature] = {}
    for name, blob in signatures:
        cosigner = known.get((name, blob[:4]))
        if cosigner is None:
            continue
        time = cosigner.time_of(text, blob[4:])
        if cosigner not in found or found[cosigner].time < time:
            found[cosigner] = Cosignature(time, note_line(name, blob))
    return found
