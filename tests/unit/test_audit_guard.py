"""The guard file: only forward, never over another process's word, never over a broken one."""

from pathlib import Path

import pytest

from services.audit.errors import Fenced, GuardRefuses
from services.audit.guard import Guard, create_log, guard_of, open_keys
from services.kernel.log.merkle import EMPTY_ROOT
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.process.folder import Folder

SIGNER = Signer("kycuong.local/0123456789ab", bytes(32))


def note(size: int, fill: int = 1) -> str:
    return SIGNER.sign(Checkpoint(SIGNER.name, size, bytes([fill]) * 32).text())


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    return Guard(tmp_path / "guard", lambda: [SIGNER.verifier])


def test_it_moves_forward_only(guard: Guard) -> None:
    assert guard.read() is None
    first = guard.advance(note(3), None)
    second = guard.advance(note(5), first)
    assert guard.read() == second == Checkpoint(SIGNER.name, 5, b"\1" * 32)
    assert guard.advance(note(5), second) == second
    with pytest.raises(GuardRefuses):
        guard.advance(note(4), second)
    with pytest.raises(GuardRefuses):
        guard.advance(note(5, 2), second)
    assert guard.read() == second


def test_what_another_process_wrote_is_not_written_over(guard: Guard) -> None:
    first = guard.advance(note(3), None)
    guard.advance(note(9), first)
    with pytest.raises(Fenced):
        guard.advance(note(7), first)
    with pytest.raises(Fenced):
        guard.advance(note(10), None)


@pytest.mark.parametrize("content", [b"", b"\xff", b"text\n", note(3).replace("\n3\n", "\n4\n").encode()])
def test_a_broken_guard_is_no_guard(guard: Guard, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard/checkpoint").write_bytes(content)
    with pytest.raises(GuardRefuses):
        guard.read()


def test_a_new_log_gets_its_key_and_guard_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data").prepare()
    signer = open_keys(folder, folder.origin())
    guard = guard_of(folder, signer)
    create_log(folder, signer, guard, empty=True)
    assert folder.vkey() == signer.vkey
    assert guard.read() == Checkpoint(signer.name, 0, EMPTY_ROOT)
    (folder.log_dir / "guard/checkpoint").unlink()
    create_log(folder, signer, guard, empty=True)
    assert guard.read() is None, "with the key there, a missing guard counts as ahead"
    assert open_keys(folder, folder.origin()).vkey == signer.vkey
    assert (folder.secrets_dir / "log_key").stat().st_mode & 0o777 == 0o600


def test_a_database_with_entries_gets_no_new_guard(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data").prepare()
    signer = open_keys(folder, folder.origin())
    guard = guard_of(folder, signer)
    create_log(folder, signer, guard, empty=False)
    assert guard.read() is None


def test_the_key_of_another_log_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data").prepare()
    open_keys(folder, folder.origin())
    with pytest.raises(ValueError, match="does not belong"):
        open_keys(folder, "kycuong.local/other")
    (folder.log_dir / "vkey").write_text(SIGNER.vkey)
    with pytest.raises(ValueError, match="does not belong"):
        open_keys(folder, folder.origin())
