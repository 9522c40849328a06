"""Whom a verifier trusts: the log's keys that it pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from services.audit.verifier.checking import BadLog, Fault
from services.kernel.note import BadNote, Checkpoint, Verifier, open_note


@dataclass(frozen=True, slots=True)
class Trust:
    """The pinned keys, all of one origin: any may have signed, and none that did may be wrong."""

    keys: tuple[Verifier, ...]

    @classmethod
    def read(cls, vkeys: Sequence[str]) -> Self:
        """From keys given as text or as names of files, one a line; BadNote."""
        keys = tuple(Verifier.parse(line) for text in vkeys for line in text_of(text).splitlines() if line.strip())
        if len({key.name for key in keys}) != 1:
            raise BadNote("các khóa phải cùng một nhật ký / the keys are to be of one log (one name)")
        return cls(keys)

    @property
    def origin(self) -> str:
        """The log that the keys are of."""
        return self.keys[0].name

    def open(self, note: bytes) -> Checkpoint:
        """The checkpoint in a note; BadLog when a pinned key did not sign it."""
        try:
            checkpoint = Checkpoint.parse(open_note(note.decode("utf-8"), self.keys))
        except (BadNote, UnicodeDecodeError) as error:
            raise BadLog(Fault(None, "điểm kiểm không đúng", f"the checkpoint: {error}")) from error
        if checkpoint.origin != self.origin:
            raise BadLog(
                Fault(
                    None,
                    f"điểm kiểm của nhật ký khác: {checkpoint.origin}",
                    f"the checkpoint is of {checkpoint.origin}, the key of {self.origin}",
                )
            )
        return checkpoint


def text_of(given: str) -> str:
    """The text, or what the file of this name holds."""
    try:
        path = Path(given)
        return path.read_text(encoding="utf-8") if path.is_file() else given
    except OSError:
        return given  # the text of a key can be longer than a file's name may be
