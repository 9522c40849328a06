"""What the verifier accepts, refuses and remembers from one time to the next; and the copy it makes."""

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales import signing, tiles
from tlog_scales.backend import HttpBackend, LocalBackend
from tlog_scales.reader import TilesReader

from services.audit.verifier import cli
from services.audit.verifier.export import export_log
from services.audit.verifier.faults import BadLog
from services.audit.verifier.parts import Task
from services.audit.verifier.reading import Place, read_parts
from services.audit.verifier.remembered import Memory, default_folder
from services.audit.verifier.sources import CannotRead, FolderSource
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import Asked, verify, verify_source
from services.kernel.envelope import canonical
from services.kernel.log.cosignature import Cosigner, cosigned_message
from services.kernel.log.note import BadNote, Checkpoint, Signer, note_line
from services.kernel.log.tiles import bundle_path
from tests.support.events import event_id, finding
from tests.support.instance import PROGRAM, ROOT
from tests.support.schemas import example
from tests.support.served import SIGNER, TRUST, Served, entries, files_of, static_server
from tests.support.warm import Warm

LONG = entries(1200)
OTHER = [raw.replace(b'"count":3', b'"count":4') for raw in LONG]
SIZES = [
    (0, 1),
    (1, 600),
    (200, 300),
    (255, 256),
    (256, 257),
    (256, 512),
    (300, 300),
    (512, 512),
    (512, 1200),
    (600, 1100),
]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(memory=Memory(tmp_path / "state"))


def remembered(asked: Asked) -> int | None:
    assert asked.memory is not None
    seen = asked.memory.load()
    return seen.size if seen else None


def incremental(asked: Asked) -> Asked:
    return replace(asked, full=False)


# What is remembered


@pytest.mark.parametrize(("old", "new"), SIZES)
@pytest.mark.parametrize("full", [True, False])
def test_a_log_that_grew_is_accepted_and_only_what_is_new_is_read_if_so_asked(
    asked: Asked, old: int, new: int, full: bool
) -> None:
    first = Served(LONG[:old]).verdict(asked)
    assert (first.ok, first.accepted, first.since, first.checked) == (True, None, 0, old)
    second = Served(LONG[:new]).verdict(replace(asked, full=full))
    since = 0 if full else old
    assert (second.ok, second.error) == (True, None)
    assert (second.accepted, second.since, second.checked, second.units) == (old, since, new - since, min(new, 3))
    third = Served(LONG).verdict(incremental(asked))
    assert (third.ok, third.since, third.checked, remembered(asked)) == (True, new, 1200 - new, 1200)


def test_the_first_time_all_is_checked(asked: Asked) -> None:
    assert Served(LONG).verdict(incremental(asked)).checked == 1200


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("old", [300, 512])
def test_a_smaller_log_is_refused_and_both_notes_are_kept(asked: Asked, old: int, full: bool) -> None:
    accepted, smaller = Served(LONG[:old]), Served(LONG[: old - 1])
    accepted.verdict(asked)
    verdict = smaller.verdict(replace(asked, full=full))
    assert (verdict.ok, verdict.first_bad_index) == (False, None)
    assert f"only {old - 1} entries, {old} were accepted" in str(verdict.error)
    assert files_of(Path(str(verdict.evidence))) == {
        "accepted": accepted["checkpoint"],
        "served": smaller["checkpoint"],
    }
    assert remembered(asked) == old


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("old", [300, 512])
def test_another_root_at_the_same_size_is_a_fork(asked: Asked, old: int, full: bool) -> None:
    Served(LONG[:old]).verdict(asked)
    verdict = Served([*LONG[: old - 1], OTHER[old - 1]]).verdict(replace(asked, full=full))
    assert (verdict.ok, verdict.first_bad_index) == (False, None)
    assert "two different roots" in str(verdict.error)
    assert verdict.evidence is not None


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize(("old", "changed"), [(300, 299), (300, 3), (512, 511), (512, 256), (600, 300), (600, 599)])
def test_a_history_written_anew_is_a_fork_though_it_agrees_with_itself(
    asked: Asked, old: int, changed: int, full: bool
) -> None:
    Served(LONG[:old]).verdict(asked)
    forged = Served([*LONG[:changed], *OTHER[changed:]])
    assert forged.verdict().ok, "nothing but the memory tells"
    verdict = forged.verdict(replace(asked, full=full))
    assert not verdict.ok
    assert verdict.evidence is not None
    if full:
        first = changed if changed >= old - old % 256 else None
        assert verdict.first_bad_index == first
        assert "among entries" in str(verdict.error)
    assert remembered(asked) == old


def test_what_failed_is_not_remembered_and_what_is_right_is_accepted_afterwards(asked: Asked) -> None:
    Served(LONG[:300]).verdict(asked)
    broken = Served(LONG[:700])
    broken[bundle_path(2, 188)] = broken[bundle_path(2, 188)].replace(b'"count":3', b'"count":9', 1)
    for full in (True, False):
        verdict = broken.verdict(replace(asked, full=full))
        assert (verdict.first_bad_index, remembered(asked), verdict.evidence) == (512, 300, None)
    assert Served(LONG[:700]).verdict(incremental(asked)).ok


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (finding(4, "xa-009", 1, origin=SIGNER.name), event_id(4)),
        (finding(900, "xa-000", 99, origin=SIGNER.name), "from number 100 to 99"),
        (finding(900, "xa-000", 102, origin=SIGNER.name), "from number 100 to 102"),
        (finding(900, "xa-009", 2, origin=SIGNER.name), "from number 0 to 2"),
    ],
)
def test_what_is_new_is_held_against_what_was_accepted(asked: Asked, entry: bytes, why: str) -> None:
    Served(LONG[:300]).verdict(asked)
    more = finding(901, "xa-010", 1, origin=SIGNER.name)
    verdict = Served([*LONG[:300], more, entry]).verdict(incremental(asked))
    assert (verdict.first_bad_index, verdict.checked) == (301, 1)
    assert why in str(verdict.error)


def test_only_hashes_are_compared_when_so_asked_and_nothing_is_remembered(asked: Asked) -> None:
    log = Served([*LONG[:5], b"no event"])
    assert log.verdict().first_bad_index == 5
    verdict = log.verdict(replace(asked, hashes_only=True))
    assert (verdict.ok, verdict.checked, verdict.as_json()["content"], remembered(asked)) == (True, 6, False, None)
    log[bundle_path(0, 6)] = log[bundle_path(0, 6)].replace(b'"count":3', b'"count":9', 1)
    assert log.verdict(replace(asked, hashes_only=True)).first_bad_index == 0
    Served(LONG[:300]).verdict(asked)
    assert not Served(OTHER[:700]).verdict(replace(asked, hashes_only=True)).ok


def test_ids_that_are_lost_or_more_than_counted_do_no_harm(asked: Asked) -> None:
    assert asked.memory is not None
    ids = asked.memory.folder / "ids"
    Served(LONG[:300]).verdict(asked)
    ids.write_bytes(ids.read_bytes() + b"half written")
    assert Served(LONG[:400]).verdict(incremental(asked)).since == 300
    assert ids.stat().st_size == 400 * 16
    ids.write_bytes(ids.read_bytes()[:-1])
    verdict = Served(LONG[:500]).verdict(incremental(asked))
    assert (verdict.ok, verdict.since, verdict.accepted, ids.stat().st_size) == (True, 0, 400, 500 * 16)


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"note":3}'])
def test_a_damaged_memory_is_said_and_not_passed_over(asked: Asked, damage: str) -> None:
    assert asked.memory is not None
    Served(LONG[:300]).verdict(asked)
    (asked.memory.folder / "state.json").write_text(damage)
    with pytest.raises(CannotRead, match="what was remembered is damaged"):
        Served(LONG[:300]).verdict(asked)


def test_a_place_where_nothing_can_be_remembered_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = Served(LONG[:9]).write(tmp_path / "log")
    answer = command(str(log), "--vkey", SIGNER.vkey, "--state", f"{tmp_path}/file/x")
    assert (answer.exit_code, "cannot be" in answer.output, "--state" in answer.output) == (2, True, True)


def test_the_memory_never_goes_back(asked: Asked) -> None:
    assert asked.memory is not None
    late = asked.memory.load
    Served(LONG[:300]).verdict(asked)
    seen = late()
    assert seen is not None
    Served(LONG[:600]).verdict(asked)
    asked.memory.save(seen, bytes(300 * 16), 0)  # a run that began before the other and ends after it
    assert remembered(asked) == 600


# Keys


def test_several_keys_of_one_log_may_be_pinned() -> None:
    old, new, stranger = SIGNER, Signer(SIGNER.name, b"\1" * 32), Signer("example.org/other", b"\2" * 32)
    both = Trust((old.verifier, new.verifier))
    log = Served(LONG[:10])
    text = log.checkpoint.text()
    lines = {signer: signer.sign(text).rpartition("\n\n")[2] for signer in (old, new, stranger)}
    damaged = new.sign(text.replace("\n10\n", "\n11\n")).rpartition("\n\n")[2]

    def accepted(*signatures: str) -> bool:
        try:
            return both.open(f"{text}\n{''.join(signatures)}".encode()).checkpoint == log.checkpoint
        except BadLog:
            return False

    assert accepted(lines[old]) and accepted(lines[new]) and accepted(lines[old], lines[new], lines[stranger])
    assert not accepted(lines[stranger])
    assert not accepted(lines[old], damaged), "a pinned key's signature that fails spoils the note"
    with pytest.raises(BadNote):
        Trust.read([old.vkey, stranger.vkey])


class Witness:
    """A witness, and what it says of a note."""

    def __init__(self, name: str) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.key = Cosigner(name, self._key.public_key().public_bytes_raw())

    def cosign(self, note: bytes, time: int = 1_790_000_000, said: str | None = None) -> bytes:
        text = note.decode().rpartition("\n\n")[0] + "\n"
        signature = self._key.sign(cosigned_message(said or text, time))
        return note + note_line(self.key.name, self.key.key_id + time.to_bytes(8) + signature).encode()


ONE, TWO, THREE = Witness("w.example/1"), Witness("w.example/2"), Witness("w.example/3")
POLICY = f"""
log {SIGNER.vkey} https://example.org/log/
witness a {ONE.key.vkey}
witness b {TWO.key.vkey}
witness c {THREE.key.vkey}
group two 2 a b c
quorum two
"""


def test_a_checkpoint_needs_the_witnesses_that_are_named(tmp_path: Path) -> None:
    log, key = Served(LONG[:10]), tmp_path / "witness"
    key.write_text(ONE.key.vkey + "\n")
    trust = Trust.read([SIGNER.vkey], [str(key), TWO.key.vkey])
    bare = log["checkpoint"]
    for note in (bare, ONE.cosign(bare), THREE.cosign(TWO.cosign(bare))):
        log["checkpoint"] = note
        missing = verify_source(log, trust)
        assert (missing.ok, "not cosigned by w.example/" in str(missing.error)) == (False, True)
    log["checkpoint"] = TWO.cosign(ONE.cosign(bare, 1_790_000_001))
    good = verify_source(log, trust)
    assert (good.ok, good.witnesses) == (True, {"w.example/1": 1_790_000_001, "w.example/2": 1_790_000_000})
    log["checkpoint"] = TWO.cosign(ONE.cosign(bare, said="kycuong.local/0123456789ab\n9\n"))
    assert "does not hold" in str(verify_source(log, trust).error)


def test_a_policy_says_which_witnesses_are_enough(tmp_path: Path) -> None:
    policy, log = tmp_path / "policy", Served(LONG[:10])
    policy.write_text(POLICY)
    bare = log["checkpoint"]
    for cosigned, code in ((bare, 1), (TWO.cosign(bare), 1), (THREE.cosign(TWO.cosign(bare)), 0)):
        log["checkpoint"] = cosigned
        answer = command(str(log.write(tmp_path / "log")), "--policy", str(policy), "--state", "none", "--json")
        assert answer.exit_code == code, answer.output
    assert sorted(json.loads(answer.output)["witnesses"]) == ["w.example/2", "w.example/3"]
    told = command(str(tmp_path / "log"), "--policy", str(policy), "--state", "none").output
    assert "nhân chứng / witness: w.example/2: 2026-09-21T" in told
    for broken in (POLICY + "quorum none\n", "quorum none\n"):
        policy.write_text(broken)
        assert command(str(tmp_path / "log"), "--policy", str(policy), "--state", "none").exit_code == 2
    assert command(str(tmp_path / "log"), "--state", "none").exit_code == 2


# On every core


def parts(folder: Path, size: int, runs: list[tuple[int, int]]) -> list[int]:
    return [part.first for part in read_parts(Place(str(folder)), Task(size), SIGNER.name, runs, 2)]


def test_a_large_log_is_checked_by_processes_and_the_lowest_fault_is_named(tmp_path: Path) -> None:
    many = entries(12_000, 500)
    log = Served(many)
    good = verify(Place(log.write(tmp_path / "log").as_uri()), TRUST, Asked(jobs=2))
    assert (good.ok, good.checked, good.units, good.root) == (True, 12_000, 500, log.checkpoint.root)
    with static_server(tmp_path / "log") as url:
        assert verify(Place(url), TRUST, Asked(jobs=2)) == good
    log[bundle_path(40)] = log[bundle_path(40)].replace(b'"count":3', b'"count":9', 1)
    log[bundle_path(20)] = log[bundle_path(20)][:-5]
    log["tile/1/000.p/46"] = log["tile/1/000.p/46"][: 30 * 32] + bytes(32) + log["tile/1/000.p/46"][31 * 32 :]
    bad = verify(Place(str(log.write(tmp_path / "log"))), TRUST, Asked(jobs=2))
    assert (bad.ok, bad.first_bad_index) == (False, 20 * 256 + 255)
    log["tile/1/000.p/46"] = log["tile/1/000.p/46"][: 10 * 32] + bytes(32) + log["tile/1/000.p/46"][11 * 32 :]
    bad = verify(Place(str(log.write(tmp_path / "log"))), TRUST, Asked(jobs=2))
    assert (bad.ok, bad.first_bad_index) == (False, 10 * 256)
    assert not active_children()


def test_a_twin_far_away_and_a_gap_across_processes_are_named(tmp_path: Path) -> None:
    many = entries(12_000, 500)
    many[9_000] = finding(4, "xa-000", 19, origin=SIGNER.name)
    twin = verify(Place(str(Served(many).write(tmp_path / "log"))), TRUST, Asked(jobs=2))
    assert (twin.first_bad_index, event_id(4) in str(twin.error)) == (9_000, True)
    gapped = entries(12_000, 500)
    del gapped[8_501]
    gap = verify(Place(str(Served(gapped).write(tmp_path / "log"))), TRUST, Asked(jobs=2))
    assert (gap.first_bad_index, "goes from number 17 to 19" in str(gap.error)) == (9_000, True)


def test_a_process_that_dies_is_no_verdict(tmp_path: Path) -> None:
    folder = Served(LONG).write(tmp_path / "log")
    coming = read_parts(Place(str(folder)), Task(1200), SIGNER.name, [(n % 4, n % 4 + 1) for n in range(4000)], 2)
    assert next(coming).first == 0
    for process in active_children():
        os.kill(process.pid or 0, signal.SIGKILL)
    with pytest.raises(CannotRead, match="died"):
        list(coming)
    assert not active_children()


def test_what_cannot_be_read_is_no_verdict_in_a_process_either(tmp_path: Path) -> None:
    folder = Served(LONG).write(tmp_path / "log")
    (folder / bundle_path(1)).unlink()
    (folder / bundle_path(1)).mkdir()
    with pytest.raises(CannotRead, match="directory"):
        parts(folder, 1200, [(0, 1), (1, 2), (2, 3)])


# The command


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli.verify, list(arguments))


def test_the_command_says_what_was_checked_and_its_exit_code_is_the_verdict(tmp_path: Path) -> None:
    folder, key, state = Served(LONG[:600]).write(tmp_path / "log"), tmp_path / "vkey", str(tmp_path / "state")
    key.write_text(SIGNER.vkey + "\n")
    good = command(str(folder), "--vkey", str(key), "--state", state)
    assert (good.exit_code, "600 sự kiện" in good.output, "no checkpoint was accepted" in good.output) == (
        0,
        True,
        True,
    )
    Served(LONG).write(folder)
    more = command(str(folder), "--vkey", SIGNER.vkey, "--state", state, "--incremental")
    assert (more.exit_code, "600 sự kiện / entries [600, 1200)" in more.output) == (0, True)
    (folder / bundle_path(1)).write_bytes((folder / bundle_path(1)).read_bytes().replace(b'"count":3', b'"count":7', 1))
    bad = command(str(folder), "--vkey", SIGNER.vkey, "--state", state)
    assert (bad.exit_code, "KHÔNG ĐẠT" in bad.output, "entry 256" in bad.output) == (1, True, True)
    Served(OTHER).write(folder)
    fork = command(str(folder), "--vkey", SIGNER.vkey, "--state", state)
    assert (fork.exit_code, f"evidence: {state}/fork/" in fork.output) == (1, True)
    assert command(str(folder), "--vkey", SIGNER.vkey, "--state", "none").exit_code == 0
    for place, vkey in (
        (str(folder / "nowhere"), SIGNER.vkey),
        (str(folder), "nonsense"),
        ("http://127.0.0.1:1/", "x"),
    ):
        assert command(place, "--vkey", vkey, "--state", "none").exit_code == 2


def as_logged(kind: str, unitseq: int) -> bytes:
    """The golden example of a type, as an event of this log."""
    event = json.loads(example(kind))
    return canonical(event | {"source": f"//{SIGNER.name}/intake", "unitseq": unitseq})


@pytest.mark.parametrize("option", ["--vkey", "--policy"])
def test_a_file_that_is_no_text_is_no_verdict(tmp_path: Path, option: str) -> None:
    (tmp_path / "key").write_bytes(b"\xff\x00")
    answer = CliRunner().invoke(cli.verify, [str(tmp_path), option, str(tmp_path / "key"), "--state", "none"])
    assert answer.exit_code == 2 and "not a file of text" in answer.output


def test_a_key_may_come_through_a_pipe(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, SIGNER.vkey.encode())
    os.close(writing)
    assert (
        command(str(Served(LONG[:3]).write(tmp_path)), "--vkey", f"/dev/fd/{reading}", "--state", "none").exit_code == 0
    )
    os.close(reading)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    answer = CliRunner().invoke(cli.verify, [str(tmp_path), "--vkey", "nowhere/key", "--state", "none"])
    assert answer.exit_code == 2 and "nowhere/key: không phải khóa" in answer.output


def test_erased_parts_and_new_keys_are_counted(asked: Asked) -> None:
    erased, added = as_logged("part.erased.v1", 1), as_logged("log.key_added.v1", 1)
    key = json.loads(added)["data"]["vkey"]
    first = Served([*LONG[:600], erased]).verdict(asked)
    second = Served([*LONG[:600], erased, added]).verdict(incremental(asked))
    assert [(v.ok, v.erased, v.keys_added) for v in (first, second)] == [(True, 1, []), (True, 1, [key])]


def test_the_verdict_as_json_has_all_its_fields(tmp_path: Path) -> None:
    more = finding(900, "xa-009", 1, origin=SIGNER.name).replace(b"finding.recorded.v1", b"survey.recorded.v9")
    log = Served([*LONG[:600], more])
    answer = command(str(log.write(tmp_path / "log")), "--vkey", SIGNER.vkey, "--state", "none", "--json")
    verdict = json.loads(answer.output)
    assert verdict.pop("root")
    assert verdict == {
        "ok": True, "origin": SIGNER.name, "size": 601, "from": 0, "checked": 601, "content": True, "accepted": None,
        "units": 4, "unknown_types": {"kycuong.survey.recorded.v9": 1}, "keys_added": [], "erased": 0, "witnesses": {},
        "first_bad_index": None, "error": None, "evidence": None,
    }  # fmt: skip


def test_it_remembers_in_the_users_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    assert command(str(Served(LONG[:9]).write(tmp_path / "log")), "--vkey", SIGNER.vkey).exit_code == 0
    assert sorted(files_of(default_folder(SIGNER.name))) == ["ids", "lock", "state.json"]
    assert default_folder(SIGNER.name).is_relative_to(tmp_path / "home/kycuong/verify")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/x")
    assert str(default_folder("a")).startswith("/home/x/.local/state/kycuong/verify/")


# The copy


def copy(log: Served, folder: Path) -> Checkpoint:
    return export_log(log, TRUST, folder)


class Counting(Served):
    """A log that tells what was asked of it."""

    def __init__(self, entries: list[bytes]) -> None:
        super().__init__(entries)
        self.asked: list[str] = []

    def get(self, path: str, default: object = None) -> bytes | None:  # type: ignore[override]
        self.asked.append(path)
        return super().get(path)


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_a_copy_holds_the_files_of_its_size_and_no_others(tmp_path: Path, old: int, new: int) -> None:
    for size in (old, new, new):
        log = Served(LONG[:size])
        assert copy(log, tmp_path) == log.checkpoint
        assert files_of(tmp_path) == dict(log)


def test_a_copy_of_many_levels(tmp_path: Path) -> None:
    many = entries(66_100, 500)
    for size in (65_536, 66_100):
        log = Served(many[:size])
        copy(log, tmp_path)
        assert files_of(tmp_path) == dict(log)


def test_a_repeat_asks_for_what_is_new(tmp_path: Path) -> None:
    copy(Served(LONG[:1000]), tmp_path)
    (tmp_path / "tile/0/001").unlink()
    log = Counting(LONG)
    export_log(log, TRUST, tmp_path)
    assert files_of(tmp_path) == dict(log)
    assert not {bundle_path(0), "tile/0/000", bundle_path(2), "tile/0/002"} & set(log.asked)
    assert {"tile/0/001", bundle_path(3), bundle_path(4, 176)} <= set(log.asked)


@pytest.mark.parametrize(
    "other",
    [
        Served(LONG[:500]),
        Served([*LONG[:3], *OTHER[3:600]]),
        Served([*LONG[:3], *OTHER[3:]]),
        Served([*LONG[:599], *OTHER[599:]]),
        Served(LONG, Signer(SIGNER.name, b"\1" * 32)),
    ],
    ids=["smaller", "another root", "rewritten", "rewritten at the end", "another key"],
)
def test_what_does_not_extend_the_copy_is_refused_and_the_copy_is_as_it_was(tmp_path: Path, other: Served) -> None:
    copy(Served(LONG[:600]), tmp_path)
    before = files_of(tmp_path)
    with pytest.raises(BadLog):
        copy(other, tmp_path)
    assert files_of(tmp_path) == before


def test_the_copy_of_another_log_is_left_alone(tmp_path: Path) -> None:
    stranger = Signer("example.org/other", b"\1" * 32)
    Served(LONG[:600], stranger).write(tmp_path / "copy")
    before = files_of(tmp_path / "copy")
    with pytest.raises(BadLog, match="the copy of another log"):
        copy(Served(LONG), tmp_path / "copy")
    assert files_of(tmp_path / "copy") == before


@pytest.mark.parametrize(
    ("path", "index"),
    [
        (bundle_path(3), 768),
        (bundle_path(4, 176), 1024),
        ("tile/0/003", 768),
        ("tile/0/004.p/176", None),
        ("tile/1/000.p/4", None),
    ],
)
def test_nothing_is_copied_that_the_signed_root_does_not_prove(tmp_path: Path, path: str, index: int | None) -> None:
    copy(Served(LONG[:600]), tmp_path)
    for spoil in (lambda body: body[:40] + b"!" + body[41:], lambda body: body[:-1], lambda body: None):
        log = Served(LONG)
        changed = spoil(log[path])
        if changed is None:
            del log[path]
        else:
            log[path] = changed
        with pytest.raises(BadLog) as caught:
            copy(log, tmp_path)
        assert index is None or caught.value.fault.index in range(index, index + 256)
        assert FolderSource(tmp_path).get(path) in (None, Served(LONG)[path])
        assert verify(Place(str(tmp_path)), TRUST).size == 600
    assert copy(Served(LONG), tmp_path).size == 1200


def test_files_that_a_crash_of_the_machine_spoilt_are_copied_again(tmp_path: Path) -> None:
    log = Served(LONG)
    log.write(tmp_path / "copy")
    (tmp_path / "copy/checkpoint").unlink()
    for path in (bundle_path(1), "tile/0/002", "tile/1/000.p/4", bundle_path(4, 176)):
        (tmp_path / "copy" / path).write_bytes(b"")
    copy(log, tmp_path / "copy")
    assert files_of(tmp_path / "copy") == dict(log)


def test_ctrl_c_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    os.mkfifo(tmp_path / "log/checkpoint")  # reading it waits for ever, and opening it for writing until it is read
    arguments = [*PROGRAM, "log", "verify", str(tmp_path / "log"), "--vkey", SIGNER.vkey, "--state", "none"]
    process = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a run in the background ignores Ctrl-C
    )  # fmt: skip
    try:
        with open(tmp_path / "log/checkpoint", "wb"):
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
    finally:
        process.kill()
        process.wait()


def export(url: str, folder: Path) -> subprocess.Popen[str]:
    arguments = ["log", "export", str(folder), "--url", url, "--vkey", SIGNER.vkey]
    return Warm(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def done(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    return out


def test_a_copy_that_was_killed_is_completed(tmp_path: Path) -> None:
    many = entries(20_000, 500)
    with static_server(tmp_path / "log") as url:
        for size, before in ((9_000, 0), (20_000, 9_000)):
            log = Served(many[:size])
            log.write(tmp_path / "log")
            half, never = (tmp_path / side / "tile/entries" for side in ("copy", "log"))
            half, never = half / f"{before // 256 + 4:03d}", never / f"{before // 256 + 30:03d}"
            served = never.read_bytes()
            never.unlink()
            os.mkfifo(never)  # the server waits for who writes into it: the copy does not end before it is killed
            process = export(url, tmp_path / "copy")
            while not half.exists():
                assert process.poll() is None
                time.sleep(0.002)
            process.kill()
            process.communicate()
            never.unlink()
            never.write_bytes(served)
            if before:
                held = verify(Place(str(tmp_path / "copy")), TRUST)
                assert (held.ok, held.size) == (True, before), "the copy serves what it served before"
            else:
                assert not (tmp_path / "copy/checkpoint").exists()
            assert f"{size} sự kiện" in done(export(url, tmp_path / "copy"))
            assert files_of(tmp_path / "copy") == dict(log)


def test_a_copy_is_served_as_the_same_log_by_any_file_server(tmp_path: Path) -> None:
    log = Served(LONG)
    copy(log, tmp_path)
    with static_server(tmp_path) as url:
        verdict = verify(Place(url), TRUST)
        assert (verdict.ok, verdict.size, verdict.root) == (True, 1200, log.checkpoint.root)
        for backend in (HttpBackend(url), LocalBackend(tmp_path)):
            reader = TilesReader(backend)
            checkpoint = reader.get_checkpoint()
            checkpoint.verify(signing.Vkey.from_string(SIGNER.vkey))
            assert (checkpoint.size, reader.calculate_root_hash()) == (1200, checkpoint.root_hash)
            for index in (0, 300, 1199):
                leaf = reader.get_entry(index)
                assert leaf == LONG[index]
                reader.get_inclusion_proof(index, 1200).check(tiles.leaf_hash(leaf), checkpoint.root_hash)
