"""Standard Webhooks 1.0: what is signed and how. Pure."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable

_PREFIX = "whsec_"


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` of one secret (`whsec_` or bare base64) over `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = b"%b.%d.%b" % (id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def headers(secrets: Iterable[str], id: str, timestamp: int, body: bytes) -> list[tuple[bytes, bytes]]:
    """The headers that a receiver checks; a signature for each secret that holds."""
    signatures = " ".join(signature(secret, id, timestamp, body) for secret in secrets)
    return [
        (b"webhook-id", id.encode()), (b"webhook-timestamp", b"%d" % timestamp),
        (b"webhook-signature", signatures.encode()),
    ]  # fmt: skip
