"""Web Push: a message sealed for one browser (RFC 8291), and the sender's word to its push service (RFC 8292)."""

from __future__ import annotations

import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.kernel.identity.vapid import CURVE, padded, point, unpadded

_RECORD = 4096
_LIFE = 12 * 3600  # seconds that a word to a push service holds


def sealed(plain: bytes, p256dh: str, auth: str) -> bytes:
    """A message that only the browser opens; ValueError when its key is none."""
    own, salt, theirs = ec.generate_private_key(CURVE), os.urandom(16), padded(p256dh)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
    named = point(own.public_key())
    secret = _derived(padded(auth), shared, b"WebPush: info\0" + theirs + named, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack(">IB", _RECORD, len(named)) + named
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
    return f"vapid t={head}.{body}.{signature}, k={unpadded(point(key.public_key()))}"
