"""A folder of an earlier program (commit 0647b62) goes on under this one: nothing lost, nothing read otherwise."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest_asyncio
import uuid_utils
from click.testing import CliRunner

from services.intake.people.accounts import issue_token
from services.kernel.identity.roles import Role
from services.kernel.log.note import Checkpoint
from services.kernel.log.tiles import bundle_path, bundles_of, decode_bundle
from services.kernel.process.clock import SettableClock
from services.scorecard import recompute
from tests.support.house import Open, open_house
from tests.support.old_folder import LEFT, old_folder
from tests.support.postgres import Cluster
from tests.support.served import Served

PEOPLE = {
    "reviewer": (Role.REVIEWER, None, "reviewer"),
    "auditor": (Role.AUDITOR, None, "auditor"),
    "lead": (Role.LEAD, None, "truong.doan"),
    "inspector": (Role.INSPECTOR, None, "thanh.vien"),
    "xa-mot": (Role.UNIT_HEAD, "xa-mot", "unit_head.xa-mot"),
    "xa-hai": (Role.UNIT_HEAD, "xa-hai", "unit_head.xa-hai"),
    "xa-ba": (Role.UNIT_HEAD, "xa-ba", "unit_head.xa-ba"),
}
COMMANDS = {
    "reply": {"accepts": False, "private": {"text": "Đơn vị đã rõ."}},
    "decision": {"outcome": "upheld", "private": {"reason": "Đã xem xét."}},
    "withdrawal": {"private": {"reason": "Ghi nhầm mã."}},
}


class Old:
    """The old folder, served by this program, with what the old one answered."""

    def __init__(
        self, house: Open, answers: dict[str, Any], tokens: dict[str, str], clock: SettableClock
    ) -> None:  # fmt: skip
        self.house, self.answers, self.tokens, self.clock = house, answers, tokens, clock
        self.client = house.client()

    async def get(self, who: str, path: str) -> Any:
        answer = await self.client.get(path, headers={"authorization": f"Bearer {self.tokens[who]}"})
        assert answer.status_code == 200, answer.text
        return answer

    async def put(self, who: str, path: str, body: Any) -> int:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        return (await self.client.put(f"/intake/v1/{path}", json=body, headers=headers)).status_code


@pytest_asyncio.fixture
async def old(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Old]:
    async with old_folder(cluster, tmp_path / "data") as (settings, answers):
        connection = await asyncpg.connect(settings.dsn("intake_app"))
        tokens = {
            name: await issue_token(connection, settings.source, role, unit, account, LEFT)
            for name, (role, unit, account) in PEOPLE.items()
        }
        await connection.close()
        clock = SettableClock(LEFT)
        async with open_house(settings, clock) as house:
            old = Old(house, answers, tokens, clock)
            async with old.client:
                yield old


async def test_every_case_stands_where_it_stood(old: Old) -> None:
    cases = (await old.get("reviewer", "/intake/v1/findings?limit=200")).json()["items"]
    before = {case["id"]: case for case in old.answers["cases"]["items"]}
    assert {case["id"] for case in cases} == set(before) and len(before) == 46
    for case in cases:
        assert {name: case[name] for name in before[case["id"]]} == before[case["id"]]


async def test_frozen_cards_are_the_same_bytes(old: Old) -> None:
    for name, answered in old.answers["cards"].items():
        quarter, edition, *unit = name.split()
        path = "/".join(["/reports/v1/scorecards", quarter, *unit]) + f"?edition={edition}"
        answer = await old.get("reviewer", path)
        if unit:
            assert answer.text == answered
        else:
            assert answer.json() | answered == answer.json()  # the contract only grows


async def test_what_an_earlier_program_froze_comes_out_of_a_copy_of_its_log(old: Old, tmp_path: Path) -> None:
    note, vkey = (await old.get("auditor", "/audit/checkpoint")).text, (await old.get("auditor", "/audit/vkey")).text
    size = int(note.splitlines()[1])
    bundles = [(await old.get("auditor", f"/audit/{bundle_path(n, width)}")).content for n, width in bundles_of(size)]
    log = Served([entry for bundle in bundles for entry in decode_bundle(bundle)]).write(tmp_path / "log")
    (log / "checkpoint").write_text(note)
    told = tmp_path / "told.json"
    for name, answered in old.answers["cards"].items():
        quarter, edition, *unit = name.split()
        listed = await old.get("reviewer", f"/reports/v1/scorecards/{quarter}?edition={edition}")
        told.write_text(answered if unit else listed.text)
        asked = ["--log", str(log), "--quarter", quarter, "--vkey", vkey.strip(), "--against", str(told)]
        answer = await asyncio.to_thread(CliRunner().invoke, recompute, asked)
        assert answer.exit_code == 0, (name, answer.output)
    asked = ["--log", str(log), "--quarter", "2031-Q1", "--vkey", vkey.strip(), "--edition", "official"]
    answer = await asyncio.to_thread(CliRunner().invoke, recompute, asked)
    assert (answer.exit_code, "no closing" in answer.output) == (2, True)


async def test_the_log_goes_on_from_the_same_checkpoint_and_its_receipts_hold(old: Old) -> None:
    before = Checkpoint.parse(old.answers["checkpoint"].split("\n\n")[0] + "\n")
    assert await old.put("inspector", f"inspections/{uuid_utils.uuid7()}", opening()) == 201
    assert before.size == 153
    for event, proof in old.answers["proofs"].items():
        now = (await old.get("reviewer", f"/audit/v1/receipts/{event}")).text
        assert now.splitlines()[:2] == proof.splitlines()[:2]


async def test_every_state_answers_every_command_in_words(old: Old) -> None:
    asked = 0
    for case in old.answers["cases"]["items"]:
        for part, body in COMMANDS.items():
            who = {"reply": case["unit"], "decision": "reviewer", "withdrawal": "lead"}[part]
            if who not in old.tokens:
                continue
            status = await old.put(who, f"findings/{case['id']}/{part}/{uuid_utils.uuid7()}", body)
            hidden = case["severity"] == 4 and who == case["unit"]
            assert status in ((404,) if hidden else (201, 403, 409)), (case["state"], part, status)
            asked += 1
    assert asked > 100


async def test_the_first_decision_of_every_case_is_read_from_the_log(old: Old) -> None:
    connection = await asyncpg.connect(old.house.settings.dsn("reports_app"))
    decided = await connection.fetch(
        "SELECT outcome, first_outcome, again FROM reports.finding WHERE outcome IS NOT NULL"
    )
    await connection.close()
    assert decided and all((one["first_outcome"], one["again"]) == (one["outcome"], False) for one in decided)


async def test_what_was_told_in_private_is_still_there(old: Old) -> None:
    told = [case for case in old.answers["cases"]["items"] if case["severity"] > 0]
    opened = [(await old.get("reviewer", f"/intake/v1/findings/{case['id']}")).json() for case in told]
    for state in ("recorded", "replied", "lapsed", "decided", "withdrawn"):
        there = [one for one in opened if one["state"] == state]
        assert any("Mô tả của" in json.dumps(one, ensure_ascii=False) for one in there), state


def opening() -> dict[str, Any]:
    return {
        "unit": "xa-nam", "kind": "unannounced", "selection": "random", "basis": "13/QĐ-SNV",
        "opened_at": LEFT.isoformat(), "team": ["thanh.vien"],
    }  # fmt: skip
