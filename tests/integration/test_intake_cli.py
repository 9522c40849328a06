"""`kycuong token` and `kycuong account`: what an operator with the folder's secrets does."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from click.testing import CliRunner

from services.intake.cli import account, token
from services.run import remember_database
from tests.support.intake import UNIT, fresh, opening, populate, running_intake
from tests.support.schemas import validate_event


@pytest_asyncio.fixture
async def intake(settings):
    remember_database(settings.folder, settings.database_url)
    async with running_intake(settings) as intake:
        await populate(intake)
        intake.clock.set(datetime.now(UTC) + timedelta(minutes=1))  # the command line goes by the machine's clock
        yield intake


async def run(intake, command, *arguments, stdin=None):
    """Run a command in a thread of its own, for it has its own loop."""
    name, *rest = arguments if command is account else ("", *arguments)
    options = [*([name] if name else []), "--data", str(intake.service.settings.data), *rest]
    return await asyncio.to_thread(CliRunner().invoke, command, options, stdin)


async def test_token_prints_the_token_and_nothing_else(intake):
    result = await run(intake, token, "--role", "unit_head", "--unit", UNIT)
    assert result.exit_code == 0 and len(result.output.split()) == 1
    me = await intake.get(result.output.strip(), "/intake/v1/me")
    assert me["account"] == f"unit_head-{UNIT}" and me["roles"] == [{"role": "unit_head", "unit": UNIT}]
    province = await run(intake, token, "--role", "reviewer", "--account", "chuyen-vien")
    me = await intake.get(province.output.strip(), "/intake/v1/me")
    assert me["account"] == "chuyen-vien" and me["roles"] == [{"role": "reviewer", "unit": None}]


async def test_a_second_token_makes_no_second_appointment(intake):
    for _ in range(2):
        await run(intake, token, "--role", "unit_head", "--unit", "xa-phu-lam", "--account", "ba-chu-tich")
    query = "SELECT count(*) FROM identity.appointment WHERE account = 'ba-chu-tich'"
    assert await intake.service.pool.fetchval(query) == 1


async def test_an_unknown_unit_is_an_error_and_leaves_nothing(intake):
    before = await intake.rows()
    result = await run(intake, token, "--role", "inspector", "--unit", "xa-khong-co", "--account", "ai-do")
    assert result.exit_code == 1 and "xa-khong-co" in result.output
    assert (await run(intake, token, "--role", "king")).exit_code == 2
    assert await intake.rows() == before
    assert await intake.service.pool.fetchval("SELECT 1 FROM identity.account WHERE account = 'ai-do'") is None


async def test_a_folder_without_a_database_is_told_what_to_do(tmp_path):
    result = await asyncio.to_thread(CliRunner().invoke, token, ["--data", str(tmp_path), "--role", "admin"])
    assert result.exit_code == 1 and "kycuong run" in result.output


async def test_a_head_s_time_in_post_goes_to_the_log_under_a_random_id(intake):
    made = await run(intake, account, "add", "chu-tich", "--password-stdin", stdin="mat-khau-dai\n")
    assert made.exit_code == 0, made.output
    appointed = await run(intake, account, "appoint", "chu-tich", "--role", "unit_head", "--unit", UNIT)
    assert appointed.exit_code == 0, appointed.output
    ended = await run(
        intake, account, "appoint", "chu-tich", "--role", "unit_head", "--end", appointed.output.split()[-1]
    )
    assert ended.exit_code == 0, ended.output
    raw = (await intake.event_bytes())[-2:]
    assumed, left = [validate_event(event) for event in raw]
    assert [assumed["type"], left["type"]] == ["kycuong.post.assumed.v1", "kycuong.post.left.v1"]
    assert assumed["data"]["tenure"] == left["data"]["tenure"] and assumed["unit"] == UNIT
    assert "chu-tich" not in json.dumps([assumed, left])
    listed = await run(intake, account, "list")
    assert "chu-tich" in listed.output and "unit_head" in listed.output


async def test_a_token_survives_a_restart_and_ends_with_its_appointment(intake, settings):
    granted = (await run(intake, token, "--role", "inspector", "--account", "thanh-vien")).output.strip()
    async with running_intake(settings, intake.clock.now()) as again:
        await again.put(granted, f"inspections/{fresh()}", opening())
        query = "UPDATE identity.appointment SET valid_to = $1 WHERE account = 'thanh-vien'"
        await again.service.pool.execute(query, again.clock.now().replace(year=2025))
        await again.put(granted, f"inspections/{fresh()}", opening(), 403)
