"""The keys that phones seal a queue to which is handed over as a file."""

import base64
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from services.kernel.process.folder import Folder

_SECRET = "handover_key"  # noqa: S105 - its name


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that files are sealed to: the first is given out, earlier ones still open what was sealed to them."""

    private: tuple[ec.EllipticCurvePrivateKey, ...]

    @classmethod
    def of(cls, folder: Folder) -> "Keys":
        """The folder's keys, one a line in base64 (PKCS 8); the first is made once."""
        lines = folder.secret_text(_SECRET, _fresh()).split()
        keys = [load_der_private_key(base64.b64decode(line), None) for line in lines]
        return cls(tuple(key for key in keys if isinstance(key, ec.EllipticCurvePrivateKey)))

    def public(self) -> dict[str, str]:
        """What a phone seals to: {"id", "key"}."""
        point = _point(self.private[0])
        return {"id": _id(point), "key": base64.b64encode(point).decode()}

    def named(self, id: str) -> ec.EllipticCurvePrivateKey | None:
        """The key of an id."""
        return next((key for key in self.private if _id(_point(key)) == id), None)


def _fresh() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _id(point: bytes) -> str:
    return sha256(point).hexdigest()[:16]
