"""What a verifier remembers of a log from one time to the next: the last whole checkpoint that it accepted.

The folder holds `state.json` (the note, the tree's right edge, where each unit stood) and `ids` (16 bytes an entry, in
log order). A log that does not extend what is here is a fork; both notes are then kept in `fork/`, for they prove it.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from services.audit.verifier.checking import ID_SIZE, Seen
from services.audit.verifier.files import replace_file, sync_path
from services.audit.verifier.sources import CannotRead
from services.kernel.log.merkle import HASH_SIZE
from services.kernel.log.note import BadNote, Checkpoint
from services.kernel.log.tiles import Edge


def default_folder(origin: str) -> Path:
    """Where what was accepted of a log is remembered, for the person who runs the program."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(home, "kycuong", "verify", sha256(origin.encode()).hexdigest())


class Memory:
    """One log's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state = folder / "state.json"
        self._ids = folder / "ids"

    def load(self) -> Seen | None:
        """What was accepted last, None the first time; CannotRead when it is damaged: forgetting takes a person."""
        try:
            return _seen(json.loads(self._state.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise CannotRead(
                f"{self._state}: bộ nhớ của lần kiểm chứng trước bị hỏng; chỉ xóa khi đã rõ vì sao / "
                f"what was remembered is damaged; remove it only once it is clear why: {error}"
            ) from error

    def ids(self, seen: Seen) -> bytes | None:
        """The ids of what was accepted; None when they are not all there, so that all must be checked anew."""
        wanted = seen.size * ID_SIZE
        try:
            with self._ids.open("rb") as file:
                ids = file.read(wanted)
        except FileNotFoundError:
            return None
        return ids if len(ids) == wanted else None

    def save(self, seen: Seen, ids: bytes, since: int) -> None:
        """Remember this instead; `ids` are those of the entries from `since` on. Never goes back to a smaller log."""
        try:
            self._save(seen, ids, since)
        except OSError as error:
            raise CannotRead(
                f"{self.folder}: đạt, nhưng không ghi nhớ được; chọn nơi khác bằng --state / "
                f"it holds, but cannot be remembered here; choose another place with --state: {error}"
            ) from error

    def _save(self, seen: Seen, ids: bytes, since: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            before = self.load()
            if before is not None and before.size > seen.size:
                return  # another run of the verifier has come further meanwhile
            if since:
                self._append(ids, since)
            else:
                replace_file(self._ids, ids)
            # A crash here leaves the old state with more ids than it counts: they are cut when it is read.
            replace_file(self._state, json.dumps(_state(seen), ensure_ascii=False).encode())
            sync_path(self.folder)
            # A crash here leaves the new state.

    def _append(self, ids: bytes, since: int) -> None:
        with self._ids.open("r+b") as file:
            file.seek(since * ID_SIZE)
            file.write(ids)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def keep_fork(self, seen: Seen, note: bytes) -> Path:
        """Keep the accepted note and the one that does not agree with it: signed both, they are the proof."""
        place = self.folder / "fork" / sha256(note).hexdigest()[:16]
        place.mkdir(parents=True, exist_ok=True)
        replace_file(place / "accepted", seen.note.encode())
        replace_file(place / "served", note)
        sync_path(place)
        return place


def _state(seen: Seen) -> dict[str, Any]:
    return {
        "note": seen.note,
        "edge": [base64.b64encode(b"".join(row)).decode() for row in seen.rows],
        "units": dict(seen.units),
        "types": dict(seen.types),
        "keys": list(seen.keys),
    }


def _seen(state: dict[str, Any]) -> Seen:
    checkpoint = Checkpoint.parse(state["note"].rpartition("\n\n")[0] + "\n")
    rows = [base64.b64decode(row, validate=True) for row in state["edge"]]
    hashes = [[row[i : i + HASH_SIZE] for i in range(0, len(row), HASH_SIZE)] for row in rows]
    if Edge(checkpoint.size, hashes).range().root() != checkpoint.root:
        raise BadNote("the edge does not have the root of the checkpoint")
    return Seen(checkpoint, state["note"], hashes, state["units"], state["types"], state["keys"])
