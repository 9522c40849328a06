import subprocess
import sys

import pytest

from services.kernel.folder import Folder, FolderInUse


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


def test_two_processes_cannot_hold_a_folder(tmp_path):
    Folder(tmp_path).prepare().hold()
    with pytest.raises(FolderInUse):
        Folder(tmp_path).hold()
    other = (
        "import sys, pathlib; from services.kernel.folder import *\n"
        "try: Folder(pathlib.Path(sys.argv[1])).hold()\nexcept FolderInUse: sys.exit(3)"
    )
    assert subprocess.run([sys.executable, "-c", other, str(tmp_path)]).returncode == 3


def test_a_demo_folder_is_marked(tmp_path):
    folder = Folder(tmp_path).prepare()
    assert not folder.is_demo
    folder.mark_demo()
    assert Folder(tmp_path).is_demo
