"""The log's signing keys: one origin for good, its keys by rotation with overlap.

A key is a file of `secrets/` (`log_key`, the first; `log_keys/<key id>`, those added later), mode 0600, or a line of
the environment secret, which stands in for the first. All of them sign every checkpoint, oldest first, so whoever pins
any of them goes on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from services.kernel.log.note import BadNote, Signer, Verifier, sign_note
from services.kernel.process.folder import Folder, alone, sync_folder, write_durably

FIRST, FURTHER, RETIRED = "log_key", "log_keys", "retired"
log = logging.getLogger(__name__)


class KeyRing:
    """The keys that sign now; those added or retired by another process are noticed at the next checkpoint."""

    def __init__(self, folder: Folder, origin: str, secret: str | None = None) -> None:
        self.name = origin
        self._folder, self._secret = folder, secret
        self._mark: object = None
        self._fault = ""
        self._signers: tuple[Signer, ...] = self._read()

    @property
    def signers(self) -> tuple[Signer, ...]:
        """The keys that sign now, oldest first."""
        self._load()
        return self._signers

    @property
    def verifier(self) -> Verifier:
        """The oldest key's public half."""
        return self.signers[0].verifier

    @property
    def vkey(self) -> str:
        """The oldest key, as one line of text."""
        return self.signers[0].vkey

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """Every key that ever signed this log, oldest first: the guard, or a witness, may hold an older note."""
        return tuple(dict.fromkeys((*known_keys(self._folder), *(s.verifier for s in self._signers))))

    def sign(self, text: str) -> str:
        """The note that all the keys sign."""
        return sign_note(text, self.signers)

    def _load(self) -> None:
        """Take what has changed in the folder; what cannot be read then stops nobody who signs already."""
        try:
            mark = _mark(self._folder)
            if mark != self._mark:
                self._signers, self._mark, self._fault = self._read(), mark, ""
        except (ValueError, OSError) as fault:
            if str(fault) != self._fault:
                log.error("the keys of the log stay as they were: %s", fault)
            self._fault = str(fault)

    def _read(self) -> tuple[Signer, ...]:
        """The keys there are, oldest first; ValueError when they are not those of this log."""
        given = (self._secret or "").split()
        try:
            signers = {signer.vkey: signer for signer in map(Signer.parse, [*given, *self._files(bool(given))])}
        except BadNote as fault:
            raise ValueError(
                f"khóa ký của nhật ký không đọc được / a signing key of the log cannot be read: {fault}"
            ) from None
        ages = {vkey: age for age, vkey in enumerate(self._folder.vkeys())}
        ordered = tuple(sorted(signers.values(), key=lambda signer: ages.get(signer.vkey, len(ages))))
        self._admit(ordered)
        return ordered

    def _files(self, given: bool) -> list[str]:
        """The files' keys; where the environment gives one, the first file, which that stands in for, if it signed."""
        texts = {path: _secret_text(path) for path in key_files(self._folder)}
        known = self._folder.vkeys()
        return [
            text for path, text in texts.items() if not given or path.name != FIRST or Signer.parse(text).vkey in known
        ]

    def _admit(self, signers: tuple[Signer, ...]) -> None:
        """Take keys of this log only, of which one at least is known, and write their public halves down."""
        told = known_keys(self._folder)
        known, own = {verifier.vkey for verifier in told}, {signer.vkey for signer in signers}
        others = sorted({*(signer.name for signer in signers), *(key.name for key in told)} - {self.name})
        if not own or others or (known and not own & known):
            of = f" ({', '.join(others)})" if others else ""
            raise ValueError(
                f"khóa ký không thuộc nhật ký {self.name}{of}: hãy đặt lại đúng khóa trong secrets/, hoặc đúng thư mục "
                f"log/ / the signing key does not belong to the log {self.name}{of}: put back the right key in "
                "secrets/, or the right folder log/"
            )
        if known and not own <= known:
            remember_keys(self._folder, signers)


def create_key(folder: Folder, origin: str) -> None:
    """Make the first key of a new log; where a public key was ever written, a missing key is not made anew."""
    if folder.vkey() is None and not key_files(folder):
        folder.secret_text(FIRST, Signer.generate(origin).private_text())


def key_files(folder: Folder) -> list[Path]:
    """The files of the keys that sign, in the order in which their public halves were written down."""
    ages = {vkey.split("+")[1]: age for age, vkey in enumerate(folder.vkeys())}
    further = [path for path in (folder.secrets_dir / FURTHER).glob("*") if re.fullmatch("[0-9a-f]{8}", path.name)]
    first = folder.secrets_dir / FIRST
    return [
        *([first] if first.exists() else []),
        *sorted(further, key=lambda path: (ages.get(path.name, 0), path.name)),
    ]


def _secret_text(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise ValueError(
            f"người khác đọc được khóa ký {path.name}: hãy chạy chmod 600 / others may read the signing key "
            f"{path.name}: run chmod 600 on it, and think of it as stolen"
        )
    return path.read_text(encoding="utf-8").strip()


def _mark(folder: Folder) -> object:
    """What changes when a key file comes, goes or is opened to others."""
    return tuple((path.name, (now := path.stat()).st_mtime_ns, now.st_mode) for path in key_files(folder))


def known_keys(folder: Folder) -> list[Verifier]:
    """The public halves of all keys that ever signed, oldest first."""
    return [Verifier.parse(line) for line in folder.vkeys()]


def remember_keys(folder: Folder, signers: Iterable[Signer]) -> None:
    """Write public halves down, durably; what is there stays, also what another process is writing."""
    with alone(folder.log_dir / "vkeys.lock"):
        lines = dict.fromkeys([*folder.vkeys(), *(signer.vkey for signer in signers)])
        write_durably(folder.log_dir / "vkeys", "".join(f"{line}\n" for line in lines), 0o644)


@dataclass(frozen=True, slots=True)
class Addition:
    """A key that signs, and the write that tells the log of it; a repeat of the command finds the same again."""

    key: Path
    vkey: str

    @property
    def write_id(self) -> str:
        """The id of the write that announces the key."""
        return self._beside("write").read_text(encoding="utf-8").strip()

    @property
    def announced(self) -> bool:
        """Whether a public checkpoint covers the announcement."""
        return self._beside("announced").exists()

    def mark_announced(self) -> None:
        """Note that it does."""
        write_durably(self._beside("announced"), "\n", 0o600)

    def _beside(self, what: str) -> Path:
        return self.key.with_name(f"{self.key.name}.{what}")


def additions(folder: Folder) -> list[Addition]:
    """The keys that were added and are not retired, oldest first."""
    further = [path for path in key_files(folder) if path.name != FIRST]
    return [Addition(path, Signer.parse(_secret_text(path)).vkey) for path in further]


def add_key(folder: Folder, origin: str, write_id: str) -> Addition:
    """A further key, which signs beside the others from the next checkpoint on; or the one that is still unannounced.

    A crash before the key's file is renamed into place leaves no key but its id; after it, a key that signs already
    and that the next call finds.
    """
    unannounced = [each for each in additions(folder) if not each.announced]
    if unannounced:
        return unannounced[0]
    signer = Signer.generate(origin)
    place = folder.secrets_dir / FURTHER
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / signer.verifier.key_id.hex()
    write_durably(path.with_name(f"{path.name}.write"), write_id + "\n", 0o600)
    remember_keys(folder, [signer])
    write_durably(path, signer.private_text(), 0o600)
    return Addition(path, signer.vkey)


def retire_key(folder: Folder, key_id: str) -> str:
    """Let a key sign no more: its file moves aside, and `log/vkey` names the oldest left, which is returned.

    KeyError when no such key signs; ValueError when no other key that the log tells of is left.
    """
    files = {Signer.parse(_secret_text(path)).verifier.key_id.hex(): path for path in key_files(folder)}
    path = files.pop(key_id)
    told = {each.key for each in additions(folder) if each.announced}
    if not any(left.name == FIRST or left in told for left in files.values()):
        raise ValueError("không còn khóa nào khác đã ghi vào nhật ký / no other key that the log tells of is left")
    aside = folder.secrets_dir / FURTHER / RETIRED
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    remaining = Signer.parse(_secret_text(next(iter(files.values())))).vkey
    # a crash between these two leaves both keys signing and the newer one named: nobody is shut out
    write_durably(folder.log_dir / "vkey", remaining + "\n", 0o644)
    path.replace(aside / key_id)
    sync_folder(aside)
    sync_folder(path.parent)
    return remaining
