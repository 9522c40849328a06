"""C2SP signed notes (Ed25519, type 0x01) and tlog checkpoints. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_PRIVATE_PREFIX = "PRIVATE+KEY+"
_SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+\x00-\x1f]+) (?P<blob>[A-Za-z0-9+/]+=*)")


class BadNote(ValueError):
    """The note, key or checkpoint is malformed, or a signature does not hold."""


def key_id_of(name: str, key: bytes) -> bytes:
    """The four bytes that name a typed key in a signature line (signed-note)."""
    return sha256(name.encode() + b"\n" + key).digest()[:4]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("broken base64") from error
    if _b64(data) != text:
        raise BadNote("base64 is not in its one canonical form")
    return data


def vkey_text(name: str, typed_key: bytes) -> str:
    """A verifier key as one line of text."""
    return f"{name}+{key_id_of(name, typed_key).hex()}+{_b64(typed_key)}"


def note_line(name: str, blob: bytes) -> str:
    """A signature line: the name, then key id and signature."""
    return f"— {name} {_b64(blob)}\n"


def _check_name(name: str) -> str:
    if not name or "+" in name or any(c.isspace() or ord(c) < 0x20 for c in name):
        raise BadNote(f"not a key name: {name!r}")
    return name


def split_key(text: str, kind: int = ED25519) -> tuple[str, bytes, bytes]:
    """Name, key id and typed key of `name+hash+base64`; raises BadNote when it is not a key of this type."""
    name, _, rest = text.strip().partition("+")
    key_id, _, blob = rest.partition("+")
    if not re.fullmatch("[0-9a-f]{8}", key_id):
        raise BadNote("a key reads name+hash+base64")
    key = _unb64(blob)
    if len(key) != 33 or key[0] != kind:
        raise BadNote(f"the key is not an Ed25519 key of type {kind:#04x}")
    return _check_name(name), bytes.fromhex(key_id), key


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that signs lines of notes: its name, and 32 bytes of Ed25519."""

    KIND: ClassVar[int]
    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read `name+hash+base64` of this kind; raises BadNote."""
        name, key_id, key = split_key(vkey, cls.KIND)
        if key_id_of(name, key) != key_id:
            raise BadNote("the key's hash does not match its name and key")
        return cls(name, key[1:])

    @property
    def _typed(self) -> bytes:
        return bytes([self.KIND]) + self.public

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return key_id_of(self.name, self._typed)

    @property
    def vkey(self) -> str:
        """The key as one line of text."""
        return vkey_text(self.name, self._typed)


@dataclass(frozen=True, slots=True)
class Verifier(NoteKey):
    """A note verifier key: who signs, and how to check it."""

    KIND: ClassVar[int] = ED25519

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether the signature (64 bytes) holds for the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A note signing key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(_check_name(name), self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key under this name."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `PRIVATE+KEY+name+hash+base64`; raises BadNote, which never repeats the key."""
        if not text.startswith(_PRIVATE_PREFIX):
            raise BadNote("a signing key begins with PRIVATE+KEY+")
        name, key_id, key = split_key(text.removeprefix(_PRIVATE_PREFIX))
        signer = cls(name, key[1:])
        if signer.verifier.key_id != key_id:
            raise BadNote("the signing key's hash does not match its name and key")
        return signer

    @property
    def name(self) -> str:
        """Who signs."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The verifier key that goes with this one."""
        return self.verifier.vkey

    def private_text(self) -> str:
        """The signing key as one line of text: a secret."""
        return f"{_PRIVATE_PREFIX}{self.name}+{self.verifier.key_id.hex()}+{_b64(bytes([ED25519]) + self._seed)}"

    def sign(self, text: str) -> str:
        """The signed note over the text, which ends in a newline."""
        return sign_note(text, [self])

    def line(self, text: str) -> str:
        """The signature line over the text."""
        return note_line(self.name, self.verifier.key_id + self._key.sign(text.encode()))


def sign_note(text: str, signers: Iterable[Signer]) -> str:
    """The note over the text that each of the keys signs, in this order."""
    _check_text(text)
    return f"{text}\n{''.join(signer.line(text) for signer in signers)}"


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise BadNote("the text of a note ends in a newline")
    if any(c < " " and c != "\n" for c in text):
        raise BadNote("the text of a note holds control characters")


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text of a note and its signatures, each a name and key id with signature; raises BadNote."""
    if len(note) > MAX_NOTE_BYTES:
        raise BadNote("the note is too long")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise BadNote("a note is text, a blank line and signature lines")
    _check_text(text + "\n")
    signatures = []
    for line in lines[:-1].split("\n"):
        match = _SIGNATURE_LINE.fullmatch(line)
        blob = _unb64(match["blob"]) if match else b""
        if match is None or len(blob) < 5:
            raise BadNote(f"not a signature line: {line[:80]!r}")
        signatures.append((match["name"], blob))
    if len(signatures) > MAX_SIGNATURES:
        raise BadNote("the note has too many signatures")
    return text + "\n", signatures


def open_note(note: str, verifiers: Iterable[Verifier]) -> str:
    """The text of a note that one of the keys signed; raises BadNote, also when a known key's signature fails."""
    text, signatures = split_note(note)
    known = {(v.name, v.key_id): v for v in verifiers}
    signed = False
    for name, blob in signatures:
        verifier = known.get((name, blob[:4]))
        if verifier is None:
            continue
        if not verifier.verify(text, blob[4:]):
            raise BadNote(f"the signature of {name} does not hold")
        signed = True
    if not signed:
        raise BadNote("no known key signed the note")
    return text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log signs: its origin, its size and its root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text of the checkpoint (tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{_b64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a checkpoint's text; extension lines are passed over; raises BadNote."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or "" in lines[:-1]:
            raise BadNote("a checkpoint is origin, size and root, a line each")
        if not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
            raise BadNote("the checkpoint's size is not a plain decimal number")
        root = _unb64(lines[2])
        if len(root) != 32:
            raise BadNote("the checkpoint's root is not 32 bytes")
        return cls(lines[0], int(lines[1]), root)

    @classmethod
    def open(cls, note: str, *verifiers: Verifier) -> Self:
        """Read a checkpoint that one of a log's keys signed; raises BadNote, also when one signed falsely."""
        checkpoint = cls.parse(open_note(note, verifiers))
        for verifier in verifiers:
            if checkpoint.origin != verifier.name:
                raise BadNote(f"the checkpoint is of {checkpoint.origin}, the key of {verifier.name}")
        return checkpoint
