"""The monitor: what it counts as an alarm, what it lives through, and that an alarm stays until a person clears it."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.audit.verifier import monitor as module
from services.audit.verifier.monitor import ALARM, FINE, UNREACHABLE, Monitor, Schedule, token_in
from services.audit.verifier.remembered import Memory
from services.audit.verifier.sources import FolderSource
from services.kernel.log.tiles import bundle_path
from tests.support.instance import free_port
from tests.support.served import SIGNER, TRUST, Served, entries, static_server
from tests.support.telemetry import Heard
from tests.support.warm import ROOT, Warm, run

LONG = entries(700)
OFTEN = Schedule(every=0.1, full_every=3600, stale=3600)


def watch(folder: Path, place: object | None = None, schedule: Schedule = OFTEN) -> Monitor:
    return Monitor(str(place or folder / "log"), token_in(None), TRUST, Memory(folder / "state"), schedule)


def metrics(heard: Heard) -> dict[str, float]:
    data = heard[1].get_metrics_data()
    assert data is not None
    return {
        metric.name.removeprefix("kycuong.monitor."): point.value
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name.startswith("kycuong.monitor.")
        for point in metric.data.data_points
    }


def spoil(folder: Path) -> None:
    """Change the first entry."""
    bundle = folder / "log" / bundle_path(0)
    bundle.write_bytes(bundle.read_bytes().replace(b'"count":3', b'"count":9', 1))


def test_a_log_that_grows_is_well(tmp_path: Path, heard: Heard) -> None:
    monitor = watch(tmp_path)
    for size in (300, 300, 700):
        Served(LONG[:size]).write(tmp_path / "log")
        assert monitor.check() == FINE
        told = metrics(heard)
        assert (told["alarm"], told["size"], told["unreachable"]) == (0, size, 0)
        assert 0 <= told["checked_age"] < 5


def test_what_is_new_is_read_often_and_all_of_it_now_and_then(tmp_path: Path) -> None:
    Served(LONG[:300]).write(tmp_path / "log")
    seldom, always = watch(tmp_path), watch(tmp_path, schedule=Schedule(0.1, 0, 3600))
    assert seldom.check() == FINE
    Served(LONG).write(tmp_path / "log")
    spoil(tmp_path)
    assert seldom.check() == FINE, "the first entry was read before"
    assert always.check() == ALARM


@pytest.mark.parametrize("full_every", [0, 3600])
def test_an_alarm_stays_until_a_person_clears_it(tmp_path: Path, heard: Heard, full_every: float) -> None:
    schedule = Schedule(0.1, full_every, 3600)
    Served(LONG[:600]).write(tmp_path / "log")
    assert watch(tmp_path, schedule=schedule).check() == FINE
    Served(LONG[:500]).write(tmp_path / "log")
    assert watch(tmp_path, schedule=schedule).check() == ALARM
    assert metrics(heard)["alarm"] == 1
    kept = json.loads((tmp_path / "state/alarm").read_text())
    assert ("only 500 entries" in kept["error"], kept["verdict"]["accepted"]) == (True, 600)
    Served(LONG).write(tmp_path / "log")
    again = watch(tmp_path, schedule=schedule)
    assert (again.check(), again.check(), metrics(heard)["alarm"]) == (ALARM, ALARM, 1), "mended, and yet not cleared"
    assert json.loads((tmp_path / "state/alarm").read_text()) == kept
    again.clear()
    assert (again.check(), metrics(heard)["alarm"]) == (FINE, 0)


def test_an_outage_is_an_alarm_only_once_it_has_lasted(
    tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [time.time()]
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: now[0]))
    monitor = watch(tmp_path, schedule=Schedule(0.1, 3600, 300))
    assert (monitor.check(), metrics(heard)["unreachable"]) == (UNREACHABLE, 1)
    Served(LONG).write(tmp_path / "log")
    assert (monitor.check(), metrics(heard)["unreachable"]) == (FINE, 0)
    (tmp_path / "log").rename(tmp_path / "away")
    now[0] += 300
    assert monitor.check() == UNREACHABLE
    now[0] += 1
    assert (monitor.check(), metrics(heard)["alarm"]) == (ALARM, 1)
    assert metrics(heard)["checked_age"] == 301
    assert "not read for that long" in json.loads((tmp_path / "state/alarm").read_text())["error"]


@pytest.mark.parametrize(("back", "means"), [(False, UNREACHABLE), (True, FINE)])
def test_a_log_that_goes_away_while_it_is_read_lacks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool, means: int
) -> None:
    Served(LONG).write(tmp_path / "log")
    get, read = FolderSource.get, []

    def away_at_the_second(source: FolderSource, path: str) -> bytes | None:
        read.append(path)
        if len(read) == 2:
            (tmp_path / "log").rename(tmp_path / "away")
        found = get(source, path)
        if len(read) == 2 and back:
            (tmp_path / "away").rename(tmp_path / "log")
        return found

    monkeypatch.setattr(FolderSource, "get", away_at_the_second)
    assert watch(tmp_path).check() == means
    assert read[:2] == ["checkpoint", bundle_path(0)]


def test_a_part_that_stays_missing_is_an_alarm(tmp_path: Path) -> None:
    Served(LONG).write(tmp_path / "log")
    (tmp_path / "log" / bundle_path(1)).unlink()
    assert watch(tmp_path).check() == ALARM
    assert f"entry 256: thiếu {bundle_path(1)}" in json.loads((tmp_path / "state/alarm").read_text())["error"]


def test_a_token_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = token_in(str(file))
    for text in ("one", "two"):
        file.write_text(f"{text}\n")
        assert token() == text
    Served(LONG).write(tmp_path / "log")
    gone = Monitor(str(tmp_path / "log"), token_in(str(tmp_path / "no")), TRUST, Memory(tmp_path / "state"), OFTEN)
    assert gone.check() == UNREACHABLE


# The program


def command(place: object, state: Path, *options: str) -> list[str]:
    return ["log", "monitor", str(place), "--vkey", SIGNER.vkey, "--state", str(state), *options]


def once(place: object, state: Path, *options: str) -> tuple[int, list[dict[str, str]]]:
    done = run(command(place, state, "--once", *options))
    return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]


def test_a_single_check_has_the_exit_codes_of_the_verifier(tmp_path: Path) -> None:
    Served(LONG).write(tmp_path / "log")
    code, lines = once(tmp_path / "log", tmp_path / "state")
    assert (code, lines[-1]["message"]) == (0, f"{SIGNER.name}: 700 entries hold, checked from 0 on")
    assert once(f"http://127.0.0.1:{free_port()}/", tmp_path / "state")[0] == 2
    spoil(tmp_path)
    code, lines = once(tmp_path / "log", tmp_path / "state")
    assert (code, lines[-1]["level"], "entry 0" in lines[-1]["message"]) == (1, "error", True)
    Served(LONG).write(tmp_path / "log")
    assert once(tmp_path / "log", tmp_path / "state")[0] == 1
    assert once(tmp_path / "log", tmp_path / "state", "--clear")[0] == 0


@contextmanager
def running(place: object, state: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = Warm(command(place, state, *options), stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in json.loads(line)["message"]:
            return
    raise AssertionError(f"it ended without saying {words!r}")


def ends(process: subprocess.Popen[str]) -> None:
    process.terminate()
    assert process.wait(60) == 0


def test_it_follows_the_log_through_an_outage_and_ends_when_told(tmp_path: Path) -> None:
    Served(LONG[:300]).write(tmp_path / "log")
    with static_server(tmp_path) as url, running(f"{url}log/", tmp_path / "state", "--every", "0.1") as process:
        until(process, "300 entries hold, checked from 0 on")
        (tmp_path / "log").rename(tmp_path / "away")
        until(process, "no checkpoint here")
        Served(LONG).write(tmp_path / "longer")
        (tmp_path / "longer").rename(tmp_path / "log")  # at once: half of it would be a fault
        until(process, "700 entries hold, checked from 300 on")
        assert not (tmp_path / "state/alarm").exists()
        ends(process)


def test_it_ends_within_a_second_while_it_waits_for_a_server_that_is_away(tmp_path: Path) -> None:
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        away.listen()
        with running(f"http://127.0.0.1:{away.getsockname()[1]}/", tmp_path / "state") as process:
            away.accept()[0].close()  # it asked, and waits before it asks again
            ends(process)
    with running(tmp_path / "nowhere", tmp_path / "state", "--every", "0.1") as process:
        until(process, "cannot be read")
        ends(process)


def test_a_token_file_that_holds_no_token_is_a_log_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xdc\xff")
    monitor = Monitor(
        "http://127.0.0.1:1/", token_in(str(tmp_path / "token")), TRUST, Memory(tmp_path / "state"), OFTEN
    )
    assert monitor.check() == UNREACHABLE


@pytest.mark.parametrize("options", [("--state", "none"), ("--every", "0")])
def test_it_needs_a_memory_and_a_pause(tmp_path: Path, options: tuple[str, str]) -> None:
    asked = command(tmp_path, tmp_path / "state", *options, "--once")
    assert run(asked, cwd=tmp_path).returncode == 2
    assert not (tmp_path / "none").exists()
