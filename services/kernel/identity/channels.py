"""Where people and programs want to be told: intake keeps it, reports sends there; what is secret of it is sealed."""

import json
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.kernel.process.folder import Folder

SECRET = "channel_key"  # noqa: S105 - its name
_NONCE = 12


class Seal:
    """Seals what is private of a channel under the folder's key, bound to the channel's id."""

    def __init__(self, key: bytes) -> None:
        self._keeper = AESGCM(key)

    @classmethod
    def of(cls, folder: Folder) -> "Seal":
        """The folder's."""
        return cls(folder.secret(SECRET))

    def close(self, id: str, content: Any) -> bytes:
        """JSON, sealed."""
        nonce = os.urandom(_NONCE)
        return nonce + self._keeper.encrypt(nonce, json.dumps(content).encode(), id.encode())

    def open(self, id: str, sealed: bytes) -> Any:
        """What was sealed; InvalidTag when it was altered or belongs elsewhere."""
        return json.loads(self._keeper.decrypt(sealed[:_NONCE], sealed[_NONCE:], id.encode()))
