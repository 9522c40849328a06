"""A phone that signs what it queues and seals what it hands over, written from the description alone."""

import base64
import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.intake import fresh

CURVE = ec.SECP256R1()


def jcs(value: Any) -> bytes:
    """RFC 8785 of what bodies hold: no floats, ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class Phone:
    """One device with its chain."""

    def __init__(self) -> None:
        self.id = fresh()
        self.key = ec.generate_private_key(CURVE)
        self.public = b64(self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        self.n, self.prev = 0, None

    def sign(
        self, path: str, body: dict[str, Any], waiting: int | None = None, nonce: str | None = ""
    ) -> dict[str, Any]:
        """The body with its place in the chain; `path` is below /intake/v1/. A nonce of its own unless one is given."""
        self.n += 1
        place = {"id": self.id, "n": self.n, "prev": self.prev, "nonce": b64(os.urandom(16)) if nonce == "" else nonce}
        message = b"kycuong/device/1\n" + jcs({"body": body, "path": f"/intake/v1/{path}", **place})
        r, s = utils.decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        self.prev = b64(hashlib.sha256(message).digest())
        place |= {} if waiting is None else {"waiting": waiting}
        sent = {name: value for name, value in place.items() if name != "nonce" or value is not None}
        return body | {"device": sent | {"sig": b64(r.to_bytes(32) + s.to_bytes(32))}}


def handed_over(key: dict[str, str], items: list[tuple[str, Any]]) -> bytes:
    """A sealed file of writes (path, body) and photos (path, bytes)."""
    plain = b""
    for path, content in items:
        line = {"method": "PUT", "path": f"/intake/v1/{path}"}
        if isinstance(content, bytes):
            plain += jcs(line | {"bytes": len(content)}) + b"\n" + content + b"\n"
        else:
            plain += json.dumps(line | {"body": content}).encode() + b"\n"
    head = b"kycuong-handover/1\n" + json.dumps({"key": key["id"], "items": len(items)}).encode() + b"\n"
    sealed = base64.b64encode(seal(base64.b64decode(key["key"]), head, plain))
    return head + b"\n".join(sealed[place : place + 76] for place in range(0, len(sealed), 76)) + b"\n"


def seal(public: bytes, info: bytes, plain: bytes) -> bytes:
    """HPKE base mode of RFC 9180: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, no associated data."""
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public)
    mine = ec.generate_private_key(CURVE)
    enc = mine.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    kem, suite = b"KEM" + (0x10).to_bytes(2), b"HPKE" + b"".join(n.to_bytes(2) for n in (0x10, 1, 2))
    shared = _expand(
        kem, _extract(kem, b"", b"eae_prk", mine.exchange(ec.ECDH(), theirs)), b"shared_secret", enc + public, 32
    )
    context = b"\0" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    secret = _extract(suite, shared, b"secret", b"")
    key = _expand(suite, secret, b"key", context, 32)
    return enc + AESGCM(key).encrypt(_expand(suite, secret, b"base_nonce", context, 12), plain, b"")


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, size: int) -> bytes:
    return hmac.digest(key, size.to_bytes(2) + b"HPKE-v1" + suite + label + info + b"\x01", "sha256")[:size]
