"""The guard: the last checkpoint that may have been published, in a file outside the database.

It is written before a checkpoint leaves the process, so a database restored to before it is noticed, not signed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.audit.errors import Fenced, GuardRefuses, LogCorrupt
from services.audit.keys import KeyRing, create_key, remember_keys
from services.audit.tree import queries, range_at
from services.kernel.log.merkle import EMPTY_ROOT
from services.kernel.log.note import BadNote, Checkpoint, Verifier
from services.kernel.process.folder import Folder, alone, make_once, write_durably
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool


class Guard:
    """The guard file of one log."""

    def __init__(self, folder: Path, keys: Callable[[], Sequence[Verifier]]) -> None:
        self._folder = folder
        self._path = folder / "checkpoint"
        self._keys = keys

    def read(self) -> Checkpoint | None:
        """The checkpoint kept, None when there is none; GuardRefuses when it is broken or of another log."""
        try:
            note = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise _broken("not text") from error
        try:
            return Checkpoint.open(note, *self._keys())
        except BadNote as error:
            raise _broken(str(error)) from error

    def advance(self, note: str, seen: Checkpoint | None) -> Checkpoint:
        """Replace the checkpoint last seen by a later one; Fenced when another process has moved it meanwhile."""
        following = Checkpoint.open(note, *self._keys())
        with self._locked():
            if self.read() != seen:
                raise Fenced("another process has moved the guard")
            if seen is not None and (following.size < seen.size or (following.size == seen.size and following != seen)):
                raise GuardRefuses(f"a checkpoint of {following.size} cannot follow one of {seen.size}")
            write_durably(self._path, note, 0o644)
        return following

    def begin(self, note: str) -> None:
        """The first checkpoint of a new log; one that another process put there, and moved on maybe, stands."""
        self._folder.mkdir(mode=0o750, exist_ok=True)
        make_once(self._path, note, 0o644)

    def overwrite(self, note: str) -> None:
        """Put any checkpoint of this log there: an operator's word, nothing else."""
        Checkpoint.open(note, *self._keys())
        with self._locked():
            write_durably(self._path, note, 0o644)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o750, exist_ok=True)
        with alone(self._folder / "lock"):
            yield


def _broken(why: str) -> GuardRefuses:
    return GuardRefuses(
        "tệp canh giữ log/guard/checkpoint không phải mốc kiểm chứng của nhật ký này: hãy phục hồi tệp từ bản sao, "
        "hoặc chấp nhận cơ sở dữ liệu như hiện có bằng `kycuong log trust` / the guard (log/guard/checkpoint) is not a "
        f"checkpoint of this log ({why}): restore it from a copy, or accept the database as it is with "
        "`kycuong log trust`"
    )


def open_keys(folder: Folder, origin: str, secret: str | None = None) -> KeyRing:
    """The log's signing keys, the first made with the log; ValueError when they are those of another log."""
    if secret is None:
        create_key(folder, origin)
    return KeyRing(folder, origin, secret)


def keys_of(settings: Settings) -> KeyRing:
    """The signing keys of an installation's log."""
    secret = settings.log_key.get_secret_value() if settings.log_key else None
    return open_keys(settings.folder, settings.origin, secret)


def guard_of(folder: Folder, keys: KeyRing) -> Guard:
    """The guard of the folder's log."""
    return Guard(folder.log_dir / "guard", lambda: keys.verifiers)


def create_log(folder: Folder, keys: KeyRing, guard: Guard, *, empty: bool) -> None:
    """Write the guard of a log that has just been made, and its public key; later on, only which key is the oldest.

    The log is new when no public key was ever written and the database holds nothing. The key comes last: a crash
    before it leaves a new log. With the key there, a missing guard counts as ahead.
    """
    if folder.vkey() is not None:
        if folder.vkey() != keys.vkey:  # the one before has left the environment
            write_durably(folder.log_dir / "vkey", keys.vkey + "\n", 0o644)
        return
    if empty:
        guard.begin(keys.sign(Checkpoint(keys.name, 0, EMPTY_ROOT).text()))
    remember_keys(folder, keys.signers)
    make_once(folder.log_dir / "vkey", keys.vkey + "\n", 0o644)


async def check_guard(pool: Pool, guard: Guard) -> Checkpoint:
    """The guard's checkpoint if the database's tree contains it; GuardRefuses otherwise."""
    kept = guard.read()  # before the head: another process may be moving both on
    size = (await pool.fetchrow(queries.read_head))["size"]
    if kept is None:
        raise GuardRefuses(
            "thiếu tệp canh giữ log/guard/checkpoint nên có thể đã công bố mốc kiểm chứng mới hơn: hãy phục hồi tệp từ "
            "bản sao, hoặc chấp nhận cơ sở dữ liệu như hiện có bằng `kycuong log trust` / the guard "
            "(log/guard/checkpoint) is missing, so a later checkpoint may have been published: restore it from a "
            "copy, or accept the database as it is with `kycuong log trust`"
        )
    if kept.size > size:
        raise GuardRefuses(
            f"cơ sở dữ liệu chỉ có {size} sự kiện, trong khi mốc kiểm chứng đã công bố có {kept.size}: hãy phục hồi "
            f"bản sao lưu mới hơn / the database holds {size} entries, but a checkpoint of {kept.size} was published: "
            "restore a newer backup (docs/operate.md, Restore)"
        )
    try:
        there = await range_at(pool, kept.size)
    except LogCorrupt as error:
        raise GuardRefuses(
            f"không dựng lại được {kept.size} sự kiện đầu, đã công bố: cơ sở dữ liệu hỏng; hãy phục hồi bản sao lưu / "
            f"the first {kept.size} entries, which were published, cannot be rebuilt ({error}): the database is "
            "damaged; restore a backup (docs/operate.md, Restore)"
        ) from error
    if there.root() != kept.root:
        raise GuardRefuses(
            f"{kept.size} sự kiện đầu khác với những gì đã công bố: đây không phải cơ sở dữ liệu của nhật ký này; "
            f"hãy phục hồi đúng bản / the first {kept.size} entries differ from those published: this is not the "
            "database of the log; restore the right one (docs/operate.md, Restore)"
        )
    return kept
