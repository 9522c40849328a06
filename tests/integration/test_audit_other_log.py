"""Another log than the one that is meant is named as that; it is no fork, and nobody is accused."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.__main__ import log
from services.kernel.log.note import Signer
from tests.support.events import finding
from tests.support.served import SIGNER, Served, entries
from tests.support.warm import run

OTHER = Signer("snv.example/log", bytes(range(32)))
SIZES = {"smaller": 5, "as large": 20, "larger": 40}


def other_log(size: int) -> Served:
    return Served([finding(i, "xa-001", i + 1, origin=OTHER.name) for i in range(size)], OTHER)


def ask(*words: object) -> Result:
    """What the program would do, without a process of its own."""
    return CliRunner().invoke(log, [*map(str, words)])


def watch(place: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """`kycuong log monitor`, which writes its log to a process's stderr."""
    return run(["log", "monitor", str(place), *map(str, words)])


def names_both(stdout: str, stderr: str) -> None:
    """One sentence that names both logs, says what to do, and accuses nobody."""
    said = stderr.strip()
    assert stdout == "" and said.startswith("Error: ") and "\n" not in said
    assert SIGNER.name in said and OTHER.name in said and "choose another folder" in said
    assert "fork" not in said and "BAD" not in said


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_state_folder_of_another_log_is_said_and_left_as_it_is(tmp_path: Path, size: int) -> None:
    Served(entries(20)).write(tmp_path / "one")
    other_log(size).write(tmp_path / "other")
    state = tmp_path / "state"
    assert ask("verify", tmp_path / "one", "--vkey", SIGNER.vkey, "--state", state).exit_code == 0
    before = contents(state)
    asked = ("--vkey", OTHER.vkey, "--state", state)
    for options in ((), ("--incremental",), ("--json",)):
        done = ask("verify", tmp_path / "other", *asked, *options)
        assert done.exit_code == 1
        names_both(done.stdout, done.stderr)
    watched = watch(tmp_path / "other", *asked, "--once")
    assert watched.returncode == 1
    names_both(watched.stdout, watched.stderr)
    assert contents(state) == before
    assert ask("verify", tmp_path / "other", "--vkey", OTHER.vkey, "--state", tmp_path / "new").exit_code == 0


def test_the_key_of_another_log_is_named_beside_the_log(tmp_path: Path) -> None:
    Served(entries(20)).write(tmp_path / "one")
    done = ask("verify", tmp_path / "one", "--vkey", OTHER.vkey, "--state", "none", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1 and told["first_bad_index"] is None
    assert (
        f"here is the log {SIGNER.name}, and the key is of {OTHER.name}: check the address and --vkey" in told["error"]
    )


@pytest.mark.parametrize("text", ["", "\n", "<!doctype html>\n<title>Wi-Fi</title>\n\n"])
def test_what_is_no_checkpoint_is_no_other_log(tmp_path: Path, text: str) -> None:
    Served(entries(20)).write(tmp_path / "one")
    (tmp_path / "one/checkpoint").write_text(text)
    done = ask("verify", tmp_path / "one", "--vkey", SIGNER.vkey, "--state", "none")
    assert done.exit_code == 1 and "the checkpoint: " in done.stdout + done.stderr
    assert "here is the log" not in done.stdout + done.stderr


def test_a_log_of_the_same_name_that_does_not_extend_what_was_accepted_is_a_fork(tmp_path: Path) -> None:
    Served(entries(20)).write(tmp_path / "one")
    Served(entries(20, units=5)).write(tmp_path / "forged")
    state = tmp_path / "state"
    assert ask("verify", tmp_path / "one", "--vkey", SIGNER.vkey, "--state", state).exit_code == 0
    assert ask("verify", tmp_path / "forged", "--vkey", SIGNER.vkey, "--state", state).exit_code == 1
    assert list(state.glob("fork/*/served"))
