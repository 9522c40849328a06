"""The data folder: everything an installation keeps, with its secrets made once and closed to others."""

import base64
import binascii
import contextlib
import fcntl
import os
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path

from services.kernel.log.note import BadNote, Signer, Verifier

DEMO_MARK = "demo"
LOADING_MARK = "demo-loading"


class FolderInUse(RuntimeError):
    """Another `kycuong run` holds the folder."""


class SecretBroken(ValueError):
    """A secret's file is empty, or not what was written there; says which, and what to do."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"tệp secrets/{name} trống hoặc không phải như đã ghi: hãy phục hồi từ bản sao, đừng tạo tệp mới / "
            f"the file secrets/{name} is empty or not what was written: restore it from a copy, do not make a new one"
        )


class NotOurSecret(RuntimeError):
    """A service asked for a secret that is none of its own: a mistake in the program."""


class Folder:
    """`DIR` of the command line: secrets, origin, the log's key and guard, the embedded database."""

    def __init__(self, path: Path, own: Collection[str] | None = None, service: str | None = None) -> None:
        self.path = path.resolve()
        self._own, self._service = own, service
        self._held: int | None = None

    def of(self, service: str, own: Collection[str]) -> "Folder":
        """The same folder for one service, which opens these secrets and no others."""
        return Folder(self.path, own, service)

    def prepare(self) -> "Folder":
        """Make the folder and its rooms; others may pass through it (the database's user must) but not look.

        Rooms stay as open as `custody` made them, for the services' users. Where they are another's, he closes them.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        _close(self.path, 0o711)
        for room, most in ((self.secrets_dir, 0o710), (self.log_dir, 0o750)):
            new = not room.exists()
            room.mkdir(exist_ok=True)
            _close(room, 0o700 if new else room.stat().st_mode & most | 0o700)
        return self

    @property
    def secrets_dir(self) -> Path:
        return self.path / "secrets"

    @property
    def log_dir(self) -> Path:
        """The log's public key, and the guard that stands outside the database."""
        return self.path / "log"

    def secret(self, name: str, size: int = 32) -> bytes:
        """A random secret of `size` bytes, made once (stored base64url)."""
        kept = self.secret_text(name, base64.urlsafe_b64encode(secrets.token_bytes(size)).decode())
        try:
            made = base64.b64decode(kept, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise SecretBroken(name) from None
        if len(made) != size:
            raise SecretBroken(name)
        return made

    def secret_text(self, name: str, fresh: str | None = None) -> str:
        """A secret's text; made once from `fresh` (random when None)."""
        if self._own is not None and name not in self._own:
            raise NotOurSecret(name)
        try:
            kept = make_once(self._place(name), fresh or secrets.token_urlsafe(32), 0o600).strip()
        except UnicodeDecodeError:
            raise SecretBroken(name) from None
        if not kept:
            raise SecretBroken(name)
        return kept

    def _place(self, name: str) -> Path:
        """Where a secret lies: a service's own copy, where it was given one."""
        place = self.secrets_dir / name
        own = copy_of(place, self._service) if self._service else place
        return own if own.exists() else place

    def has_secret(self, name: str) -> bool:
        """Whether the secret was already made."""
        return self._place(name).exists()

    def read_token(self) -> str:
        """The bearer token by which the services of this installation read entry bundles."""
        return self.secret_text("read_token")

    def origin(self, configured: str | None = None) -> str:
        """The log's origin, made once a folder and never changed; where only its key is left, the key names it."""
        fresh = self._named_by_key() or configured or f"kycuong.local/{secrets.token_hex(6)}"
        kept = make_once(self.log_dir / "origin", fresh, 0o644).strip()
        if configured not in (None, kept):
            raise ValueError(
                f"thư mục này giữ nhật ký {kept}, còn KYCUONG_LOG_ORIGIN ghi {configured}: hãy dùng thư mục khác / the "
                f"folder's log is {kept}; KYCUONG_LOG_ORIGIN says {configured}: use another folder"
            )
        return kept

    def known_origin(self) -> str | None:
        """The log's origin, if the folder has one."""
        path = self.log_dir / "origin"
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def _named_by_key(self) -> str | None:
        """The log that the folder's keys are of: a lost `origin` must not become another log's name."""
        try:
            if (vkey := self.vkey()) is not None:
                return Verifier.parse(vkey).name
            if (self._own is None or "log_key" in self._own) and self.has_secret("log_key"):
                return Signer.parse(self.secret_text("log_key")).name
        except (BadNote, SecretBroken):
            pass  # whoever signs says what is wrong with it
        return None

    def vkey(self) -> str | None:
        """The log's verifier key, once the log has been created."""
        path = self.log_dir / "vkey"
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def vkeys(self) -> list[str]:
        """The public halves of all keys that ever signed the log, oldest first; none before it was created."""
        path, first = self.log_dir / "vkeys", self.vkey()
        lines = path.read_text(encoding="utf-8").split() if path.exists() else []
        return list(dict.fromkeys([*lines, *([first] if first else [])]))

    @property
    def is_demo(self) -> bool:
        """Whether a demo province lives here; only there may a load set the clock."""
        return (self.path / DEMO_MARK).exists()

    def mark_demo(self) -> None:
        """Mark the folder as a demo, for good."""
        make_once(self.path / DEMO_MARK, "tỉnh An Sơn (hư cấu)\n", 0o644)

    @property
    def load_begun(self) -> str | None:
        """What an unended demo load noted at its beginning; while it lasts, deadlines lapse by its clock."""
        path = self.path / LOADING_MARK
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def begin_load(self, note: str) -> str:
        """Mark the folder as a demo under load; the note that counts, which is the first of several loads'."""
        begun = make_once(self.path / LOADING_MARK, note + "\n", 0o644).strip()
        self.mark_demo()
        return begun

    def end_load(self) -> None:
        """The province is loaded: from now on the machine's clock rules."""
        (self.path / LOADING_MARK).unlink(missing_ok=True)

    def hold(self) -> None:
        """Take the folder's lock until this process ends; FolderInUse when another holds it."""
        held = os.open(self.path / "kycuong.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise FolderInUse(str(self.path)) from None
        self._held = held


def copy_of(secret: Path, service: str) -> Path:
    """A service's own copy of a secret that some services have, and not all."""
    return secret.with_name(f"{secret.name}.{service}")


def _close(room: Path, mode: int) -> None:
    if os.geteuid() in (0, room.stat().st_uid):
        room.chmod(mode)


def disk_full(place: object) -> str:
    """The sentence about a disk without room; what failed while it was open often names no place."""
    return (
        f"đĩa chứa {place or 'thư mục dữ liệu'} đã đầy; hãy giải phóng chỗ rồi chạy lại, những gì đã nhận vẫn còn "
        f"nguyên / the disk of {place or 'the data folder'} is full: free some room and start again; what was accepted "
        "is still there"
    )


def make_once(path: Path, text: str, mode: int) -> str:
    """Write a small file that is made once, whoever makes it; what stands there, of several makers the first one's."""
    if not path.exists():
        with _beside(path, text, mode) as temporary, contextlib.suppress(FileExistsError):
            # a crash here leaves the temporary file, and nobody has used what is in it
            os.link(temporary, path)
    with contextlib.suppress(PermissionError):  # of another user's file: its maker has seen to it
        sync_folder(path.parent)  # also a loser's: what it reads and uses now must outlast a power cut
    return path.read_text(encoding="utf-8")


def write_durably(path: Path, text: str, mode: int) -> None:
    """Write a small file so that a crash leaves the old one or the new one, never a part."""
    with _beside(path, text, mode) as temporary:
        # a crash here leaves the temporary file and the old content
        temporary.replace(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def _beside(path: Path, text: str, mode: int) -> Iterator[Path]:
    """A file of this text beside another, whole and synced; gone afterwards, if it was not moved."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with open(handle, "w", encoding="utf-8") as file:
            _leave_to_keeper(handle, path.parent)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock file while something is read, changed and written back."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _leave_to_keeper(held, path.parent)
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _leave_to_keeper(handle: int, room: Path) -> None:
    """What root puts into somebody's room is his, so that a command run as root locks no service out."""
    if os.geteuid() == 0:
        owner = room.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)


def sync_folder(path: Path) -> None:
    """Make what was put into a folder, or taken out of it, outlast a power cut."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
