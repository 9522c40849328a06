"""Whom a verifier trusts: the log's keys that it pins, and the witnesses who must have seen the checkpoint too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from services.audit.verifier.faults import BadLog, Fault
from services.kernel.log.cosignature import Cosigner, cosignatures
from services.kernel.log.note import BadNote, Checkpoint, Verifier
from services.kernel.log.witness_policy import Policy


class Opened(NamedTuple):
    """A checkpoint that is trusted, and when each known witness cosigned it (POSIX seconds)."""

    checkpoint: Checkpoint
    witnesses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Trust:
    """The pinned keys, all of one origin: any may have signed, and none that did may be wrong; so with witnesses.

    Each of the witnesses must have cosigned; of those in a policy, its quorum.
    """

    keys: tuple[Verifier, ...]
    witnesses: tuple[Cosigner, ...] = ()
    policy: Policy = field(default_factory=Policy)

    @classmethod
    def read(cls, vkeys: Sequence[str], witnesses: Sequence[str] = (), policy: str | None = None) -> Self:
        """From keys given as text or as names of files, and a policy's file; BadNote, BadPolicy."""
        read = Policy() if policy is None else Policy.parse(_read(Path(policy)))
        keys = tuple(map(Verifier.parse, _lines(vkeys))) or tuple(key for key, _ in read.logs)
        if not keys:
            raise BadNote("cần khóa của nhật ký / a key of the log is needed: --vkey, or a log in --policy")
        if len({key.name for key in keys}) > 1:
            raise BadNote("các khóa phải cùng một nhật ký / the keys are to be of one log: choose by --vkey")
        return cls(keys, tuple(map(Cosigner.parse, _lines(witnesses))), read)

    @property
    def origin(self) -> str:
        """The log that the keys are of."""
        return self.keys[0].name

    def open(self, note: bytes) -> Opened:
        """The checkpoint in a note; BadLog when a pinned key did not sign it, or witnesses are missing."""
        try:
            text = note.decode("utf-8")
            checkpoint = Checkpoint.open(text, *self.keys)
            seen = cosignatures(text, [*self.witnesses, *self.policy.cosigners])
        except (BadNote, UnicodeDecodeError) as error:
            spoilt = Fault(None, "mốc kiểm chứng không đúng", f"the checkpoint: {error}")
            raise BadLog(_other_log(note, self.origin) or spoilt) from error
        missing = [witness.name for witness in self.witnesses if witness not in seen]
        if missing or not self.policy.quorum_met(seen):
            told = ", ".join(missing or [f"quorum {self.policy.quorum}"])
            raise BadLog(Fault(None, f"thiếu nhân chứng: {told}", f"the checkpoint is not cosigned by {told}"))
        return Opened(checkpoint, {cosigner.name: word.time for cosigner, word in seen.items()})


def _other_log(note: bytes, origin: str) -> Fault | None:
    """What to say of a checkpoint of another log than the keys are of: nobody need have done wrong."""
    try:
        named = Checkpoint.parse(note.partition(b"\n\n")[0].decode() + "\n").origin
    except (BadNote, UnicodeDecodeError):
        return None  # no checkpoint at all: an empty file, or somebody's page
    if named == origin or not named.isprintable():
        return None
    return Fault(
        None,
        f"ở đây là nhật ký {named[:200]}, còn khóa là của {origin}: hãy xem lại địa chỉ và --vkey",
        f"here is the log {named[:200]}, and the key is of {origin}: check the address and --vkey",
    )


def _lines(given: Sequence[str]) -> list[str]:
    return [line for text in given for line in _text(text).splitlines() if line.strip()]


def _text(given: str) -> str:
    """The text of a key, or what the file of this name holds; BadNote when it is neither."""
    try:
        path = Path(given) if Path(given).exists() and not Path(given).is_dir() else None  # a pipe will do
    except OSError:
        path = None  # the text of a key can be longer than a file's name may be
    if path is not None:
        return _read(path)
    if "+" not in given:
        raise BadNote(f"{given}: không phải khóa, cũng không phải tệp / neither a key nor a file")
    return given


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadNote(f"{path}: không phải tệp văn bản / not a file of text") from error
