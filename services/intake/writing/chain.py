"""A phone's chain: what an item's signature covers, and the link by which the next one names it. Pure (ADR 0009)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from services.kernel.envelope import canonical

PREFIX = b"kycuong/device/1\n"
SALT = 16
PREV = r"^[!-~]{0,200}$"
"""How the item before is named: by whatever visible words, few enough to keep."""
_CURVE = ec.SECP256R1()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a write says of its place in a phone's chain."""

    device: str
    n: int
    prev: str | None
    link: str
    message: bytes
    signature: bytes
    waiting: int | None
    salted: bool
    """Whether a nonce keeps its link from telling anything of what was signed."""


def read_signed(path: str, body: Any) -> Signed | None:
    """The place in a chain that a body claims; None when it claims none that could be checked."""
    device = body.get("device") if isinstance(body, dict) else None
    if not isinstance(device, dict):
        return None
    n, waiting, prev = device.get("n"), device.get("waiting"), device.get("prev")
    if type(n) is not int or not 1 <= n < 2**53 or not isinstance(device.get("id"), str):
        return None
    if prev is not None and not (isinstance(prev, str) and re.fullmatch(PREV, prev)):
        return None  # what names no item is not kept, even of a write that is refused
    try:
        message = signed_bytes(path, body, device)
        signature = base64.b64decode(str(device.get("sig")), validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    return Signed(
        device=device["id"], n=n, prev=prev, link=link_of(message), message=message, signature=signature,
        waiting=waiting if type(waiting) is int and 0 <= waiting < 2**31 else None, salted=_salted(device.get("nonce")),
    )  # fmt: skip


def signed_bytes(path: str, body: Mapping[str, Any], device: Mapping[str, Any]) -> bytes:
    """The bytes that a phone signs: where the write goes, all it says, and its place in the chain."""
    said = {name: value for name, value in body.items() if name != "device"}
    place = {name: device.get(name) for name in ("id", "n", "nonce", "prev")}
    return PREFIX + canonical({"body": said, "path": path, **place})


def _salted(nonce: Any) -> bool:
    try:
        return len(base64.b64decode(nonce, validate=True)) >= SALT
    except (TypeError, ValueError):
        return False


def link_of(message: bytes) -> str:
    """What the next item names this one by: base64 of the SHA-256 of the signed bytes."""
    return base64.b64encode(hashlib.sha256(message).digest()).decode()


def read_point(text: str) -> bytes | None:
    """A P-256 public key (uncompressed or compressed point, or SPKI) as an uncompressed point, or None."""
    try:
        raw = base64.b64decode(text, validate=True)
        point = len(raw) in (33, 65)
        key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw) if point else load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != _CURVE.name:
        return None
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def key_at(point: bytes) -> ec.EllipticCurvePublicKey:
    """The key of an uncompressed point; its own check costs as much as a signature's, so it is made once."""
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)


def verifies(key: ec.EllipticCurvePublicKey, signed: Signed) -> bool:
    """Whether the key signed it: ECDSA over SHA-256, as 64 bytes r and s (RFC 9053), or DER."""
    try:
        key.verify(_der(signed.signature), signed.message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _der(signature: bytes) -> bytes:
    if len(signature) != 64:
        return signature
    return utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
