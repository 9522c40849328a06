"""The data folder: everything an installation keeps, with its secrets made once and closed to others."""

import base64
import fcntl
import os
import secrets
from pathlib import Path

DEMO_MARK = "demo"
LOADING_MARK = "demo-loading"


class FolderInUse(RuntimeError):
    """Another `kycuong run` holds the folder."""


class Folder:
    """`DIR` of the command line: secrets, origin, the log's key and guard, the embedded database."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._held: int | None = None

    def prepare(self) -> "Folder":
        """Make the folder and its rooms; others may pass through it (the database's user must) but not look."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711)
        for room in (self.secrets_dir, self.log_dir):
            room.mkdir(exist_ok=True)
            room.chmod(0o700)
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
        return base64.urlsafe_b64decode(
            self.secret_text(name, base64.urlsafe_b64encode(secrets.token_bytes(size)).decode())
        )

    def secret_text(self, name: str, fresh: str | None = None) -> str:
        """A secret's text; made once from `fresh` (random when None)."""
        path = self.secrets_dir / name
        if not path.exists():
            write_durably(path, fresh if fresh is not None else secrets.token_urlsafe(32), 0o600)
        return path.read_text(encoding="utf-8").strip()

    def has_secret(self, name: str) -> bool:
        """Whether the secret was already made."""
        return (self.secrets_dir / name).exists()

    def read_token(self) -> str:
        """The bearer token by which the services of this installation read entry bundles."""
        return self.secret_text("read_token")

    def origin(self, configured: str | None = None) -> str:
        """The log's origin, made once a folder and never changed."""
        path = self.log_dir / "origin"
        if not path.exists():
            write_durably(path, configured or f"kycuong.local/{secrets.token_hex(6)}", 0o644)
        kept = path.read_text(encoding="utf-8").strip()
        if configured not in (None, kept):
            raise ValueError(
                f"thư mục này giữ nhật ký {kept}, còn KYCUONG_LOG_ORIGIN ghi {configured}: hãy dùng thư mục khác / the "
                f"folder's log is {kept}; KYCUONG_LOG_ORIGIN says {configured}: use another folder"
            )
        return kept

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
        write_durably(self.path / DEMO_MARK, "tỉnh An Sơn (hư cấu)\n", 0o644)

    @property
    def load_begun(self) -> str | None:
        """What an unended demo load noted at its beginning; while it lasts, deadlines lapse by its clock."""
        path = self.path / LOADING_MARK
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def begin_load(self, note: str) -> None:
        """Mark the folder as a demo under load; a load that was stopped goes on from the same note."""
        write_durably(self.path / LOADING_MARK, note + "\n", 0o644)
        self.mark_demo()

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


def write_durably(path: Path, text: str, mode: int) -> None:
    """Write a small file so that a crash leaves the old one or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    # a crash here leaves the temporary file and the old content
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make what was put into a folder, or taken out of it, outlast a power cut."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
