"""C2SP tlog-cosignature v1 (Ed25519, type 0x04): what a witness says of a checkpoint. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.kernel.note import BadNote, key_id_of, note_line, split_key, split_note, vkey_text

COSIGNATURE = 0x04
_SIZE = 8 + 64  # a time, then the signature


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs at a time (POSIX seconds): the checkpoint's whole text under a header of its own."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness's verifier key."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read `name+hash+base64` of type 0x04; raises BadNote."""
        name, key_id, key = split_key(vkey, COSIGNATURE)
        if key_id_of(name, key) != key_id:
            raise BadNote("the key's hash does not match its name and key")
        return cls(name, key[1:])

    @property
    def _typed(self) -> bytes:
        return bytes([COSIGNATURE]) + self.public

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return key_id_of(self.name, self._typed)

    @property
    def vkey(self) -> str:
        """The key as one line of text."""
        return vkey_text(self.name, self._typed)

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
