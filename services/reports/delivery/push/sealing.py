"""Web Push: a message sealed for one browser (RFC 8291), and the sender's word to its push service (RFC 8292)."""

from __future__ import annotations

import base64
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

_CURVE = ec.SECP256R1()
_RECORD = 4096
_LIFE = 12 * 3600  # seconds that a word to a push service holds


def unpadded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def padded(text: str) -> bytes:
    """The bytes of base64url, padded or not."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The sender's key: PEM, or its bare number in base64url; ValueError for what is neither."""
    if text.lstrip().startswith("-----"):
        key = load_pem_private_key(text.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not a P-256 key")
        return key
    return ec.derive_private_key(int.from_bytes(padded(text), "big"), _CURVE)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sealed(plain: bytes, p256dh: str, auth: str) -> bytes:
    """A message that only the browser opens; ValueError when its key is none."""
    own, salt, theirs = ec.generate_private_key(_CURVE), os.urandom(16), padded(p256dh)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs))
    point = _point(own.public_key())
    secret = _derived(padded(auth), shared, b"WebPush: info\0" + theirs + point, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack(">IB", _RECORD, len(point)) + point
    return head + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def authorization(key: ec.EllipticCurvePrivateKey, audience: str, subject: str, now: int) -> str:
    """The header by which a push service knows who sends."""
    said = {"aud": audience, "exp": now + _LIFE, "sub": subject}
    parts = ({"typ": "JWT", "alg": "ES256"}, said)
    head, body = (unpadded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    r, s = decode_dss_signature(key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
    signature = unpadded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={head}.{body}.{signature}, k={unpadded(_point(key.public_key()))}"
