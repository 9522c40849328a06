"""Reader tokens: read-only credentials for entry bundles, one a monitor or mirror, revocable by name.

The folder keeps the hash of each, `secrets/readers/<name>`; the token itself is shown once.
"""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha256
from pathlib import Path

from services.kernel.process.folder import Folder, sync_folder, write_durably

NAME = re.compile("[a-z0-9][a-z0-9-]{0,62}")


class Readers:
    """Who may read entry bundles without an account: the services' own token, and the readers of the folder."""

    def __init__(self, folder: Folder) -> None:
        self._own = folder.read_token()
        self._folder = folder
        self._mark: object = None
        self._hashes: frozenset[str] = frozenset()

    def accept(self, token: str) -> bool:
        """Whether a token is one of theirs; what was removed is refused from the next request on."""
        if hmac.compare_digest(token.encode(), self._own.encode()):
            return True
        self._load()
        return _hash(token) in self._hashes  # of random tokens: there is nothing to learn from the time it takes

    def _load(self) -> None:
        files = reader_files(self._folder)
        mark = [(path.name, path.stat().st_mtime_ns) for path in files]
        if mark != self._mark:
            self._hashes = frozenset(path.read_text(encoding="utf-8").strip() for path in files)
            self._mark = mark


def reader_files(folder: Folder) -> list[Path]:
    """A file a reader, by name."""
    return sorted(path for path in _place(folder).glob("*") if NAME.fullmatch(path.name))


def add_reader(folder: Folder, name: str) -> str:
    """A new token for a reader of this name; the one it had before is refused from now on."""
    token = secrets.token_urlsafe(32)
    _place(folder).mkdir(mode=0o700, exist_ok=True)
    write_durably(_place(folder) / name, _hash(token) + "\n", 0o600)
    return token


def remove_reader(folder: Folder, name: str) -> bool:
    """Refuse the reader's token from now on; whether there was one."""
    path = _place(folder) / name
    if not path.exists():
        return False
    path.unlink()
    sync_folder(path.parent)
    return True


def _place(folder: Folder) -> Path:
    return folder.secrets_dir / "readers"


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
