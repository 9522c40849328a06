"""The key that push services know this installation by (RFC 8292): reports signs with it, pages hand it on."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from services.kernel.process.settings import Settings

CURVE = ec.SECP256R1()


def public_key(settings: Settings) -> str | None:
    """What a browser subscribes with; None where nothing is pushed."""
    if settings.vapid_key is None or not settings.vapid_subject:
        return None
    return unpadded(point(private_key(settings.vapid_key.get_secret_value()).public_key()))


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
    return ec.derive_private_key(int.from_bytes(padded(text), "big"), CURVE)


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as browsers and push services write it."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
