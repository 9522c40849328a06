"""`kycuong scorecard recompute`: cards from a copy of the log alone, the same as what the service shows and froze."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner

from services.audit.verifier.cli import export
from services.kernel.log.note import Signer
from services.kernel.log.tiles import bundle_path
from services.reports.fold import cores
from services.reports.reading.editions import frozen_card, frozen_listing
from services.reports.reading.live_cards import listing
from services.reports.reading.scope import Scope
from services.scorecard import recompute
from tests.integration.test_reports_comparison import QUARTER as Q4
from tests.integration.test_reports_comparison import made as compared
from tests.integration.test_reports_comparison import refit, visit
from tests.integration.test_reports_fold import EVERYTHING, QUARTER, UNIT, busy, card, fold_all, made, pool
from tests.support.case_world import PUBLISHED, World, case_world
from tests.support.instance import ROOT
from tests.support.postgres import Cluster
from tests.support.reports_log import ORIGIN, MadeLog
from tests.support.reports_reading import read
from tests.support.served import Served

__all__ = ["compared", "made", "pool"]
EDITIONS = ("flash", "official", "restated-1")


def run(place: object, *arguments: object, quarter: str = QUARTER) -> Any:
    command = ["--log", str(place), "--quarter", quarter, *map(str, arguments)]
    return CliRunner().invoke(recompute, command)


def copied(made: MadeLog, folder: Path) -> tuple[Path, str, str]:
    """The log as files, and the option that names its key."""
    return Served(made.entries, made.signer).write(folder / "log"), "--vkey", made.signer.vkey


def written(folder: Path, told: str | bytes | dict[str, Any]) -> Path:
    file = folder / "told.json"
    text = json.dumps(told) if isinstance(told, dict) else told
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


async def test_every_edition_list_and_card_comes_out_of_the_log_alone(
    pool: asyncpg.Pool, made: MadeLog, tmp_path: Path
) -> None:
    busy(made, 5)
    made.survey(UNIT, 80, 71)
    made.restate()
    made.survey(UNIT, 80, 70)
    await fold_all(pool, made)
    log = copied(made, tmp_path)
    for edition in EDITIONS:
        frozen = await read(pool, frozen_listing, QUARTER, edition)
        answer = run(*log, "--edition", edition)
        assert (answer.exit_code, frozen.frozen.cards_root in answer.output) == (0, True), answer.output
        assert run(*log, "--edition", edition, "--against", written(tmp_path, frozen.text())).exit_code == 0
        kind = json.loads((await read(pool, frozen_listing, QUARTER, edition, "xa")).text())
        assert 0 < len(kind["cards"]) < len(frozen.rows)
        assert run(*log, "--against", written(tmp_path, json.dumps(kind))).exit_code == 0
        del kind["cards"][0]
        assert ": unit: " in run(*log, "--against", written(tmp_path, json.dumps(kind))).output
        body = await read(pool, frozen_card, QUARTER, edition, "xa-001")
        assert run(*log, "--against", written(tmp_path, body)).exit_code == 0  # the card says of which edition it is
    live = (await read(pool, listing, QUARTER, EVERYTHING)).text()
    assert run(*log, "--against", written(tmp_path, live)).exit_code == 0
    for unit in (UNIT, "xa-001"):
        assert run(*log, "--against", written(tmp_path, await card(pool, unit))).exit_code == 0
    other = run(*log, "--edition", "flash", "--against", written(tmp_path, live))
    assert (other.exit_code, ": -: edition: " in other.output) == (1, True)


def test_a_size_is_the_log_as_it_was_then(made: MadeLog, tmp_path: Path) -> None:
    busy(made, 6)
    then = len(made.entries) - 40
    whole, *key = copied(made, tmp_path)
    early = Served(made.entries[:then], made.signer).write(tmp_path / "early")
    answers = [run(whole, *key, "--size", then), run(early, *key)]
    assert [one.exit_code for one in answers] == [0, 0]
    assert answers[0].output == answers[1].output
    assert f"size {then}" in answers[0].output


def test_shards_made_in_processes_of_their_own_come_to_the_same(
    made: MadeLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(made, 6)
    log = copied(made, tmp_path)
    here = run(*log)
    monkeypatch.setattr(cores, "SMALL", 0)
    spread = run(*log)  # others run in this process: its shards' are started anew
    assert (spread.exit_code, spread.output) == (0, here.output)
    asked = ["--log", *map(str, log), "--quarter", QUARTER]
    alone = "from services.reports.fold import cores; cores.SMALL = 0; from services.scorecard import recompute; "
    copies = subprocess.run([sys.executable, "-c", f"{alone}recompute({asked!r})"], capture_output=True, cwd=ROOT)
    assert (copies.returncode, copies.stdout.decode()) == (0, here.output)


def test_what_the_fold_would_stop_at_stops_it(made: MadeLog, tmp_path: Path) -> None:
    visit = made.open(UNIT)
    made.register("xa-khac")
    stray = made.close("xa-khac", visit)  # the visit is another unit's
    answer = run(*copied(made, tmp_path))
    assert (answer.exit_code, f"entry {stray} " in answer.output) == (1, True), answer.output
    assert run(*copied(made, tmp_path), "--size", stray).exit_code == 0


def test_a_commendation_that_is_there_twice_stops_it(made: MadeLog, tmp_path: Path) -> None:
    made.commend(UNIT)
    made.checked, entry = False, json.loads(made.entries[-1])
    twice = made.append("commendation.recorded", entry["subject"], UNIT, entry["data"])
    answer = run(*copied(made, tmp_path))
    assert (answer.exit_code, f"entry {twice} " in answer.output) == (1, True), answer.output
    assert run(*copied(made, tmp_path), "--size", twice).exit_code == 0


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("cards", 2, "score"), "99.99", "xa-002: score: "),
        (("cards", 2, "deductions", "A"), "1.00", "xa-002: deductions.A: "),
        (("cards", 2, "unit_name"), "Khác", "xa-002: unit_name: "),
        (("cards_root",), "AAAA", "-: cards_root: "),
        (("log", "size"), 1, "-: log.size: "),
        (("note",), "x", "-: note: "),
    ],
)
async def test_the_first_difference_is_named_with_both_values(
    pool: asyncpg.Pool, made: MadeLog, tmp_path: Path, path: tuple[Any, ...], value: Any, named: str
) -> None:
    busy(made, 5, visits=12)
    await fold_all(pool, made)
    told = json.loads((await read(pool, frozen_listing, QUARTER, "flash")).text())
    place = told
    for step in path[:-1]:
        place = place[step]
    was = place.get(path[-1])
    place[path[-1]] = value
    answer = run(*copied(made, tmp_path), "--edition", "flash", "--against", written(tmp_path, told))
    assert answer.exit_code == 1
    assert named in answer.output
    assert json.dumps(value, ensure_ascii=False) in answer.output
    assert json.dumps(was, ensure_ascii=False) in answer.output


async def test_a_unit_that_a_list_leaves_out_or_makes_up_is_named(
    pool: asyncpg.Pool, made: MadeLog, tmp_path: Path
) -> None:
    busy(made, 5, visits=8)
    await fold_all(pool, made)
    told = json.loads((await read(pool, listing, QUARTER, EVERYTHING)).text())
    log = copied(made, tmp_path)
    gone = told | {"cards": told["cards"][1:]}
    answer = run(*log, "--against", written(tmp_path, gone))
    assert (answer.exit_code, f"{told['cards'][0]['unit']}: unit: " in answer.output) == (1, True)
    for first in (0, 1):
        page = told | {"cards": told["cards"][first : first + 2], "next": "eA"}
        answer = run(*log, "--against", written(tmp_path, page))
        assert (answer.exit_code, "2 phiếu khớp / cards equal" in answer.output) == (0, True)
    rows = told["cards"]
    false = rows[0] | {"score": "12.34"}
    for cards in ([false, *rows], [rows[0], *rows], rows[::-1], [*rows[1:], rows[0]], []):
        assert run(*log, "--against", written(tmp_path, told | {"cards": cards})).exit_code == 1, cards
    twice = written(tmp_path, json.dumps(told).replace('"score":', '"score": "11.11", "score":', 1))
    assert run(*log, "--against", twice).exit_code == 2
    more = told | {"cards": [*told["cards"], told["cards"][0] | {"unit": "xa-999"}]}
    answer = run(*log, "--against", written(tmp_path, more))
    assert (answer.exit_code, "xa-999: unit: " in answer.output) == (1, True)


async def test_the_list_of_a_head_is_a_part_and_says_so(pool: asyncpg.Pool, made: MadeLog, tmp_path: Path) -> None:
    busy(made, 5, visits=8)
    await fold_all(pool, made)
    whole = json.loads((await read(pool, listing, QUARTER, EVERYTHING)).text())
    own = Scope(frozenset({whole["cards"][1]["unit"]}))
    told = json.loads((await read(pool, listing, QUARTER, own)).text())
    log = copied(made, tmp_path)
    answer = run(*log, "--against", written(tmp_path, told))
    assert ("part" in whole, told["part"], len(told["cards"])) == (False, True, 1)
    assert (answer.exit_code, "1 phiếu khớp / cards equal --against (một phần" in answer.output) == (0, True)
    one = told["cards"][0]
    for cards in ([one | {"score": "12.34"}], [one, one], [one | {"unit": "xa-999"}], whole["cards"][::-1]):
        assert run(*log, "--against", written(tmp_path, told | {"cards": cards})).exit_code == 1, cards
    assert ": part: " in run(*log, "--against", written(tmp_path, told | {"part": "yes"})).output
    frozen = json.loads((await read(pool, frozen_listing, QUARTER, "flash")).text())
    forged = frozen | {"cards": frozen["cards"][1:], "part": True}
    assert "-: part: " in run(*log, "--against", written(tmp_path, forged)).output  # what is frozen is for all to see


def test_a_published_root_that_is_not_the_cards_is_a_difference(made: MadeLog, tmp_path: Path) -> None:
    made.golden()
    made.publish(made.close_quarter(edition="flash"), "A" * 43 + "=")
    answer = run(*copied(made, tmp_path), "--edition", "flash")
    assert (answer.exit_code, f'"{"A" * 43}="' in answer.output) == (1, True), answer.output


def test_changed_bytes_and_another_key_are_found(made: MadeLog, tmp_path: Path) -> None:
    made.golden()
    log, *key = copied(made, tmp_path)
    bundle = log / bundle_path(0, len(made.entries))
    good = bundle.read_bytes()
    place = good.index(b'"persons_checked":45')
    bundle.write_bytes(good[:place] + good[place:].replace(b":45", b":54", 1))
    answer = run(log, *key)
    assert (answer.exit_code, "sự kiện 1" in answer.output) == (1, True), answer.output
    bundle.write_bytes(good)
    assert run(log, *key).exit_code == 0
    refused = run(log, "--vkey", Signer.generate(ORIGIN).vkey)
    assert (refused.exit_code, "OK" in refused.output) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--size", "3", "--edition", "flash"), "not both"),
        (("--size", "99999"), "has"),
        (("--edition", "official"), "no closing"),
        (("--edition", "sometimes"), "restated-1"),
        (("--against", "/no/such/file"), "No such file"),
    ],
)
def test_what_cannot_be_asked_is_said(made: MadeLog, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    made.golden()
    answer = run(*copied(made, tmp_path), *arguments)
    assert (answer.exit_code, said in answer.output) == (2, True), answer.output


def test_a_quarter_and_a_file_that_are_none_are_said(made: MadeLog, tmp_path: Path) -> None:
    log = copied(made, tmp_path)
    assert run(*log, quarter="2026-Q5").exit_code == 2
    for text in ("{", "[]", "{}", '{"cards":[1]}', '{"cards":[{"unit":1}]}'):
        assert run(*log, "--against", written(tmp_path, text)).exit_code == 2
    assert run(tmp_path / "nowhere").exit_code == 2
    below = written(tmp_path, {"unit": UNIT, "log": {"size": -1}, "edition": "live"})
    assert (run(*log, "--against", below).exit_code) == 1  # nothing was ever known at such a size


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> Iterator[World]:
    with case_world(cluster) as world:
        yield world


def test_against_a_running_service_and_a_copy_of_its_log(world: World, tmp_path: Path) -> None:
    token, vkey = world.tokens["auditor"], world.send("nobody", "GET", "/audit/vkey").text.strip()
    known = ["--token", token, "--vkey", vkey]
    place, cards = f"{world.url}/audit/", f"{world.url}/reports/v1/scorecards"
    copy = CliRunner().invoke(export, [str(tmp_path / "log"), "--url", place, *known])
    assert copy.exit_code == 0, copy.output
    for log in (place, tmp_path / "log"):
        for against in (f"{cards}/{PUBLISHED}?edition=flash", f"{cards}/{world.quarter}", world.url):
            quarter = PUBLISHED if PUBLISHED in against else world.quarter
            answer = run(log, *known, "--against", against, quarter=quarter)
            assert answer.exit_code == 0, (log, against, answer.output)
        [row, *_] = world.send("auditor", "GET", f"/reports/v1/scorecards/{world.quarter}").json()["cards"]
        answer = run(log, *known, "--against", f"{cards}/{world.quarter}/{row['unit']}", quarter=world.quarter)
        assert answer.exit_code == 0, answer.output
        size = world.send("auditor", "GET", f"/reports/v1/scorecards/{world.quarter}").json()["log"]["size"]
        answer = run(log, *known, "--size", size, "--against", world.url, quarter=world.quarter)
        assert answer.exit_code == 0, answer.output
        assert run(log, *known, "--edition", "flash", "--against", world.url, quarter=PUBLISHED).exit_code == 0
    refused = run(place, "--vkey", vkey, quarter=world.quarter)
    assert (refused.exit_code, "--token" in refused.output) == (2, True)


async def test_comparisons_come_out_too_frozen_and_as_they_were_fitted(
    pool: asyncpg.Pool, compared: MadeLog, tmp_path: Path
) -> None:
    compared.close_quarter(Q4, "flash")
    await fold_all(pool, compared)
    unfitted = (await read(pool, listing, Q4, EVERYTHING)).text()
    await refit(pool).once()
    visit(compared, "xa-an", 9)  # behind the fit
    await fold_all(pool, compared)
    log = copied(compared, tmp_path)
    live = (await read(pool, listing, Q4, EVERYTHING)).text()
    frozen = (await read(pool, frozen_listing, Q4, "flash")).text()
    one = await card(pool, "xa-mai", Q4)
    assert one["comparison"]["size"] < one["log"]["size"]
    for told in (unfitted, live, frozen, one, await read(pool, frozen_card, Q4, "flash", "xa-mai")):
        answer = await asyncio.to_thread(run, *log, "--against", written(tmp_path, told), quarter=Q4)
        assert answer.exit_code == 0, answer.output
    one["comparison"]["z"] = "9.99"
    answer = await asyncio.to_thread(run, *log, "--against", written(tmp_path, one), quarter=Q4)
    assert (answer.exit_code, "xa-mai: comparison.z: " in answer.output) == (1, True)
