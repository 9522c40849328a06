import base64
import errno
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.audit.guard import create_log, guard_of, open_keys
from services.audit.keys import remember_keys
from services.intake.handover.keys import Keys
from services.kernel.log.note import Signer
from services.kernel.process import folder as folders
from services.kernel.process.folder import Folder, FolderInUse, SecretBroken, make_once, write_durably


def test_a_secret_is_made_once_and_closed_to_others(tmp_path):
    folder = Folder(tmp_path / "d").prepare()
    assert folder.secret("vault_kek") == folder.secret("vault_kek")
    assert len(folder.secret("vault_kek")) == 32
    assert (folder.secrets_dir / "vault_kek").stat().st_mode & 0o777 == 0o600
    assert folder.secrets_dir.stat().st_mode & 0o777 == 0o700
    assert not list(folder.secrets_dir.glob(".*"))


def test_the_origin_is_made_once_and_never_changed(tmp_path):
    folder = Folder(tmp_path).prepare()
    origin = folder.origin()
    assert origin.startswith("kycuong.local/") and len(origin.split("/")[1]) == 12
    assert folder.origin() == origin
    with pytest.raises(ValueError, match="another folder"):
        folder.origin("other.example/log")


def test_a_configured_origin_is_kept(tmp_path):
    folder = Folder(tmp_path).prepare()
    assert folder.origin("snv.example/log") == folder.origin() == "snv.example/log"


@pytest.mark.parametrize("lost", [["origin"], ["origin", "vkey", "vkeys"]])
def test_a_lost_origin_is_what_the_folders_key_names_and_never_another_log(tmp_path, lost):
    folder = Folder(tmp_path).prepare()
    origin, keys = folder.origin(), open_keys(folder, folder.origin())
    create_log(folder, keys, guard_of(folder, keys), empty=True)
    for name in lost:
        (folder.log_dir / name).unlink()
    with pytest.raises(ValueError, match="another folder"):
        Folder(tmp_path).origin("other.example/log")
    (folder.log_dir / "origin").unlink()
    assert Folder(tmp_path).origin() == origin


def test_two_processes_cannot_hold_a_folder(tmp_path):
    Folder(tmp_path).prepare().hold()
    with pytest.raises(FolderInUse):
        Folder(tmp_path).hold()
    other = (
        "import sys, pathlib; from services.kernel.process.folder import *\n"
        "try: Folder(pathlib.Path(sys.argv[1])).hold()\nexcept FolderInUse: sys.exit(3)"
    )
    assert subprocess.run([sys.executable, "-c", other, str(tmp_path)]).returncode == 3


def test_a_demo_folder_is_marked(tmp_path):
    folder = Folder(tmp_path).prepare()
    assert not folder.is_demo
    folder.mark_demo()
    assert Folder(tmp_path).is_demo


MAKERS = 8


def all_that_is_made_once(folder: Folder) -> list[str]:
    """What a start makes of a new folder, as this process holds it."""
    keys = open_keys(folder, folder.origin())
    guard = guard_of(folder, keys)
    create_log(folder, keys, guard, empty=True)
    kept = guard.read()
    assert kept is not None
    return [
        folder.origin(),
        base64.b64encode(folder.secret("vault_kek")).decode(),
        folder.read_token(),
        folder.secret_text("db_intake_app"),
        str(Keys.of(folder).public()),
        " ".join(signer.private_text() for signer in keys.signers),
        f"{folder.vkey()} {folder.vkeys()} {kept.root.hex()}",
        folder.begin_load(f"load of {os.getpid()}"),
    ]


def _started_together(path: Path, barrier: object, made: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    made.put(all_that_is_made_once(Folder(path)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("attempt", range(5))
def test_processes_started_together_on_a_new_folder_hold_the_same_secrets(tmp_path, attempt):
    Folder(tmp_path).prepare()
    context = multiprocessing.get_context("fork")
    barrier, made = context.Barrier(MAKERS), context.Queue()
    makers = [context.Process(target=_started_together, args=(tmp_path, barrier, made)) for _ in range(MAKERS)]
    for maker in makers:
        maker.start()
    held = [made.get(timeout=60) for _ in makers]
    for maker in makers:
        maker.join()
        assert maker.exitcode == 0
    assert held == [all_that_is_made_once(Folder(tmp_path))] * MAKERS
    assert not list(tmp_path.rglob(".*"))


def test_a_maker_that_looked_before_another_wrote_takes_what_the_other_wrote(tmp_path, monkeypatch):
    whole = folders.os.link

    def link(made, path):
        Path(path).write_text("of the other")
        whole(made, path)

    monkeypatch.setattr(folders.os, "link", link)
    assert make_once(tmp_path / "secret", "mine", 0o600) == "of the other"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_public_keys_that_two_processes_add_at_once_are_all_kept(tmp_path, monkeypatch):
    folder, signers = Folder(tmp_path).prepare(), [Signer.generate("snv.example/log") for _ in range(6)]
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(len(signers))

    def add(signer):
        barrier.wait()
        remember_keys(folder, [signer])

    makers = [context.Process(target=add, args=(signer,)) for signer in signers]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert set(folder.vkeys()) == {signer.vkey for signer in signers}


@pytest.mark.parametrize("content", ["", "\n", "not base64!", "QUJD", "\xff"])
def test_a_secret_that_is_not_what_was_written_is_said_and_left(tmp_path, content):
    folder = Folder(tmp_path).prepare()
    path = folder.secrets_dir / "vault_kek"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(SecretBroken, match="vault_kek"):
        folder.secret("vault_kek")
    assert path.read_bytes() == content.encode("latin-1")


def test_an_empty_token_file_is_no_token(tmp_path):
    folder = Folder(tmp_path).prepare()
    (folder.secrets_dir / "read_token").write_text("")
    with pytest.raises(SecretBroken, match="read_token"):
        folder.read_token()


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    write_durably(tmp_path / "file", "old", 0o600)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folders.os, "fsync", full)
    for write in (write_durably, make_once):
        with pytest.raises(OSError, match="space"):
            write(tmp_path / ("file" if write is write_durably else "other"), "new", 0o600)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "old")]


def test_a_full_disk_is_said_also_where_the_error_names_no_file():
    assert "đĩa chứa thư mục dữ liệu đã đầy" in folders.disk_full("") and "the disk of the data folder" in (
        folders.disk_full("")
    )
    assert "đĩa chứa /du-lieu đã đầy" in folders.disk_full("/du-lieu")
