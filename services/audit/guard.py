"""The guard: the last checkpoint that may have been published, in a file outside the database.

It is written before a checkpoint leaves the process, so a database restored to before it is noticed, not signed over.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.audit.errors import Fenced, GuardRefuses, LogCorrupt
from services.audit.tree import range_at
from services.kernel.db import Pool
from services.kernel.folder import Folder, write_durably
from services.kernel.merkle import EMPTY_ROOT
from services.kernel.note import BadNote, Checkpoint, Signer, Verifier


class Guard:
    """The guard file of one log."""

    def __init__(self, folder: Path, verifier: Verifier) -> None:
        self._folder = folder
        self._path = folder / "checkpoint"
        self._verifier = verifier

    def read(self) -> Checkpoint | None:
        """The checkpoint kept, None when there is none; GuardRefuses when it is broken or of another log."""
        try:
            note = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise GuardRefuses(f"the guard {self._path.name} is not text") from error
        try:
            return Checkpoint.open(note, self._verifier)
        except BadNote as error:
            raise GuardRefuses(f"the guard {self._path.name} is not a checkpoint of this log: {error}") from error

    def advance(self, note: str, seen: Checkpoint | None) -> Checkpoint:
        """Replace the checkpoint last seen by a later one; Fenced when another process has moved it meanwhile."""
        following = Checkpoint.open(note, self._verifier)
        with self._locked():
            if self.read() != seen:
                raise Fenced("another process has moved the guard")
            if seen is not None and (following.size < seen.size or (following.size == seen.size and following != seen)):
                raise GuardRefuses(f"a checkpoint of {following.size} cannot follow one of {seen.size}")
            write_durably(self._path, note, 0o644)
        return following

    def overwrite(self, note: str) -> None:
        """Put any checkpoint of this log there: an operator's word, nothing else."""
        Checkpoint.open(note, self._verifier)
        with self._locked():
            write_durably(self._path, note, 0o644)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def open_key(folder: Folder, origin: str) -> Signer:
    """The log's signing key, made with the log; ValueError when it is the key of another log."""
    signer = Signer.parse(folder.secret_text("log_key", Signer.generate(origin).private_text()))
    if signer.name != origin or folder.vkey() not in (None, signer.vkey):
        raise ValueError(f"the key in secrets/log_key does not belong to the log {origin}: put back the right one")
    return signer


def guard_of(folder: Folder, signer: Signer) -> Guard:
    """The guard of the folder's log."""
    return Guard(folder.log_dir / "guard", signer.verifier)


def create_log(folder: Folder, signer: Signer, guard: Guard, *, empty: bool) -> None:
    """Write the guard of a log that has just been made, and its public key; later on, change nothing.

    The log is new when no public key was ever written and the database holds nothing. The key comes last: a crash
    before it leaves a new log. With the key there, a missing guard counts as ahead.
    """
    if folder.vkey() is not None:
        return
    if empty and guard.read() is None:
        guard.overwrite(signer.sign(Checkpoint(signer.name, 0, EMPTY_ROOT).text()))
    write_durably(folder.log_dir / "vkey", signer.vkey + "\n", 0o644)


async def check_guard(pool: Pool, guard: Guard, size: int) -> Checkpoint:
    """The guard's checkpoint if the database's tree of `size` contains it; GuardRefuses otherwise."""
    kept = guard.read()
    if kept is None:
        raise GuardRefuses(
            "the guard (log/guard/checkpoint) is missing, so a later checkpoint may have been published: "
            "restore it from a copy, or accept the database as it is with `kycuong log trust`"
        )
    if kept.size > size:
        raise GuardRefuses(
            f"the database holds {size} entries, but a checkpoint of {kept.size} was published: restore a newer backup"
        )
    try:
        there = await range_at(pool, kept.size)
    except LogCorrupt as error:
        raise GuardRefuses(f"the tree of {kept.size}, which was published, cannot be rebuilt: {error}") from error
    if there.root() != kept.root:
        raise GuardRefuses(
            f"the first {kept.size} entries differ from those published: this is not the database of the log"
        )
    return kept
