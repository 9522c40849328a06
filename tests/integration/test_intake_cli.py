"""`kycuong token` and `kycuong account`: what an operator with the folder's secrets does."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from click.testing import CliRunner

from services.intake.cli import account, token
from services.intake.people.local_sign_in import Logins
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
    named = command is account or arguments[0] in ("list", "revoke")
    name, *rest = arguments if named else ("", *arguments)
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


async def signed_in(intake, name, password):
    answer = await intake.client.post("/intake/login", json={"account": name, "password": password})
    assert answer.status_code == 204, answer.text
    return answer.cookies["__Host-kycuong"]


async def status_of(intake, token):
    return (await intake.client.get("/intake/v1/me", headers={"authorization": f"Bearer {token}"})).status_code


async def person(intake, name="lan", password="mat-khau-dai"):
    """An account with a password, a post, a browser's session and a token."""
    await run(intake, account, "add", name, "--password-stdin", stdin=f"{password}\n")
    issued = (await run(intake, token, "--role", "inspector", "--unit", UNIT, "--account", name)).output.strip()
    browser = await signed_in(intake, name, password)
    assert [await status_of(intake, one) for one in (issued, browser)] == [200, 200]
    return issued, browser


async def test_a_new_password_ends_sessions_and_tokens(intake):
    held = await person(intake)
    other = await person(intake, "hoa")
    again = await run(intake, account, "add", "lan", "--password-stdin", stdin="mat-khau-dai\n")
    assert again.exit_code == 0 and [await status_of(intake, one) for one in held] == [200, 200]
    renamed = await run(intake, account, "add", "lan", "--display-name", "Nguyễn Thị Lan", "--password-stdin",
                        stdin="mat-khau-moi\n")  # fmt: skip
    assert renamed.exit_code == 0, renamed.output
    assert [await status_of(intake, one) for one in held] == [401, 401]
    assert [await status_of(intake, one) for one in other] == [200, 200]
    await signed_in(intake, "lan", "mat-khau-moi")


async def test_a_sign_in_that_is_overtaken_by_a_new_password_opens_no_session(intake, monkeypatch):
    await person(intake)
    check = intake.service.part(Logins).check

    async def overtaken(*asked):
        checked = await check(*asked)
        await run(intake, account, "add", "lan", "--password-stdin", stdin="mat-khau-moi\n")
        return checked

    monkeypatch.setattr(intake.service.part(Logins), "check", overtaken)
    answer = await intake.client.post("/intake/login", json={"account": "lan", "password": "mat-khau-dai"})
    assert answer.status_code == 401 and not answer.cookies


async def test_a_disabled_account_may_do_nothing_and_its_work_stays(intake):
    issued, browser = await person(intake)
    inspection = fresh()
    await intake.put(issued, f"inspections/{inspection}", opening())
    events = await intake.events()
    assert (await run(intake, account, "disable", "lan")).exit_code == 0
    assert [await status_of(intake, one) for one in (issued, browser)] == [401, 401]
    await intake.put(issued, f"inspections/{fresh()}", opening(), 401)
    refused = await intake.client.post("/intake/login", json={"account": "lan", "password": "mat-khau-dai"})
    assert refused.status_code == 401
    more = await run(intake, token, "--role", "inspector", "--unit", UNIT, "--account", "lan")
    assert more.exit_code == 1 and "account enable lan" in more.output
    assert "(khóa)" in (await run(intake, account, "list")).output
    shown = await intake.get("lead", f"/intake/v1/inspections/{inspection}")
    assert shown["opener"] == "lan" and await intake.events() == events
    assert (await run(intake, account, "enable", "lan")).exit_code == 0
    assert [await status_of(intake, one) for one in (issued, browser)] == [401, 401]  # what was ended stays ended
    assert await status_of(intake, await signed_in(intake, "lan", "mat-khau-dai")) == 200
    for command in ("disable", "enable"):
        assert (await run(intake, account, command, "khong-co")).exit_code == 1


async def test_tokens_are_listed_and_revoked(intake):
    issued, browser = await person(intake)

    async def told():
        return (await run(intake, token, "list", "--account", "lan")).output.splitlines()

    lines = await told()
    assert len(lines) == 2 and issued not in "".join(lines) and browser not in "".join(lines)
    (listed,) = [line.split("\t")[0] for line in lines if "inspector" in line]
    assert (await run(intake, token, "revoke", listed)).exit_code == 0
    assert [await status_of(intake, one) for one in (issued, browser)] == [401, 200]
    assert (await run(intake, token, "revoke", listed)).exit_code == 1  # it is not good any more
    assert (await run(intake, token, "revoke", "--stdin", stdin=f"{browser}\n")).exit_code == 0
    assert await status_of(intake, browser) == 401 and await told() == []
    await signed_in(intake, "lan", "mat-khau-dai")
    assert (await run(intake, token, "revoke", "--account", "lan")).exit_code == 0 and await told() == []
    for nothing in ((), ("--account", "khong-co")):
        assert (await run(intake, token, "revoke", *nothing)).exit_code != 0


async def test_a_display_name_is_one_that_can_be_read(intake):
    for name in ("\u200b", "Lan \u202ehoA", "Lаn"):
        result = await run(intake, account, "add", "lan", "--display-name", name)
        assert result.exit_code == 2 and "--display-name" in result.output


async def test_a_reading_token_is_made_listed_and_taken_back(intake):
    made = await run(intake, token, "--reads", "published", "--days", "400")
    assert made.exit_code == 0 and made.output.startswith("published.")
    secret = made.output.strip()
    me = await intake.client.get("/intake/v1/me", headers={"authorization": f"Bearer {secret}"})
    assert me.status_code == 403
    listed = await run(intake, token, "list", "--account", "published")
    [line] = listed.output.splitlines()
    shown, account_name, kind, life = line.split("\t")
    assert (account_name, kind) == ("published", "chỉ đọc bản đã công bố (reads what is published)")
    begins, ends = (datetime.fromisoformat(one) for one in life.split(" – "))
    assert (ends - begins).days == 400
    revoked = await run(intake, token, "revoke", shown)
    assert revoked.exit_code == 0
    me = await intake.client.get("/intake/v1/me", headers={"authorization": f"Bearer {secret}"})
    assert me.status_code == 401


async def test_a_reading_token_has_no_role_and_its_own_life(intake):
    for wrong in (
        ("--reads", "published", "--role", "reviewer"),
        ("--reads", "published", "--unit", UNIT),
        ("--reads", "everything"),
        ("--reads", "published", "--days", "401"),
        ("--reads", "published", "--days", "0"),
        ("--role", "reviewer", "--days", "9"),
    ):
        assert (await run(intake, token, *wrong)).exit_code == 2, wrong
