"""`kycuong draw verify` against a running log and against a copy of it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from services.audit.verifier.cli import draw_verify, export
from tests.support.case_world import World, case_world, fresh, planning
from tests.support.postgres import Cluster


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> Iterator[World]:
    with case_world(cluster) as world:
        yield world


def drawn(world: World, **changes: Any) -> dict[str, Any]:
    """A round as it is shown once it is drawn."""
    round_id = fresh()
    body = planning() | {"chosen": [], "strata": [{"group": "xa", "size": 1}]} | changes
    world.done("reviewer", f"rounds/{round_id}", body)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        shown: dict[str, Any] = world.send("reviewer", "GET", f"/intake/v1/rounds/{round_id}").json()
        if shown["drawn"] is not None:
            return shown
        time.sleep(0.2)
    raise AssertionError("not drawn within a minute")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(draw_verify, list(arguments))


def test_a_draw_is_checked_by_the_log_alone(world: World, tmp_path: Path) -> None:
    shown = drawn(world)
    assert len(shown["drawn"][0]["units"]) == 1
    token, vkey = world.tokens["auditor"], world.send("nobody", "GET", "/audit/vkey").text.strip()
    known = ["--token", token, "--vkey", vkey]
    place = f"{world.url}/audit/"
    world.send("auditor", "GET", f"/audit/v1/receipts/{shown['id']}?wait=30")
    deadline = time.monotonic() + 60
    while (answer := run(place, "--round", shown["id"], *known)).exit_code and time.monotonic() < deadline:
        time.sleep(0.5)  # until a published checkpoint covers the draw
    assert answer.exit_code == 0, answer.output
    assert shown["root"] in answer.output and f"xa: 1/{len(shown['candidates'][0]['units'])}" in answer.output
    assert shown["drawn"][0]["units"][0] in answer.output
    copied = CliRunner().invoke(export, [str(tmp_path / "log"), "--url", place, *known])
    assert copied.exit_code == 0, copied.output
    assert run(str(tmp_path / "log"), "--round", shown["id"], "--vkey", vkey).exit_code == 0
    assert run(place, "--round", shown["id"], "--token", token).exit_code == 0  # the key is the log's own word
    unknown = run(place, "--round", fresh(), *known)
    assert (unknown.exit_code, "holds no plan" in unknown.output) == (1, True)
    refused = run(place, "--round", shown["id"], "--vkey", vkey)
    assert refused.exit_code == 2
