"""The vault: private parts sealed at rest, and the salted commitments to them that the log carries."""

import hashlib
import hmac
import os
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_DOMAIN = b"kycuong/c/1"
_SALT = _KEY = 32
_NONCE = 12


class Sealed(NamedTuple):
    """A private part as it is stored: its columns, in their order."""

    event_id: str
    group: str
    wrapped_key: bytes
    sealed: bytes


def commitment(salt: bytes, event_id: str, group: str, content: bytes) -> bytes:
    """HMAC-SHA256 of a private part under its salt; lengths are 4 bytes, big-endian."""
    name = group.encode()
    message = b"".join((
        _DOMAIN, event_id.encode(), len(name).to_bytes(4, "big"), name, len(content).to_bytes(4, "big"), content,
    ))  # fmt: skip
    return hmac.digest(salt, message, "sha256")


class Vault:
    """Seals and opens parts under the folder's key-encryption key; each part has a data key of its own.

    Destroying a part's wrapped data key erases the part for good.
    """

    def __init__(self, key: bytes) -> None:
        self._keeper = AESGCM(hashlib.sha256(b"kycuong/kek/1" + key).digest())

    def seal(self, event_id: str, group: str, content: bytes) -> tuple[Sealed, bytes]:
        """A part sealed with a fresh salt and data key, and the commitment to it."""
        fresh = os.urandom(_SALT + _KEY + 2 * _NONCE)
        salt, key, nonce, wrapping = fresh[:32], fresh[32:64], fresh[64:76], fresh[76:]
        bound = _bound(event_id, group)
        sealed = nonce + AESGCM(key).encrypt(nonce, salt + content, bound)
        wrapped = wrapping + self._keeper.encrypt(wrapping, key, bound)
        return Sealed(event_id, group, wrapped, sealed), commitment(salt, event_id, group, content)

    def open(self, part: Sealed) -> tuple[bytes, bytes]:
        """A part's salt and bytes; InvalidTag when it was altered or belongs elsewhere."""
        bound = _bound(part.event_id, part.group)
        key = self._keeper.decrypt(part.wrapped_key[:_NONCE], part.wrapped_key[_NONCE:], bound)
        plain = AESGCM(key).decrypt(part.sealed[:_NONCE], part.sealed[_NONCE:], bound)
        return plain[:_SALT], plain[_SALT:]


def _bound(event_id: str, group: str) -> bytes:
    return f"{event_id}/{group}".encode()
