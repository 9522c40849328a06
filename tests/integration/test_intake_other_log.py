"""Intake writes for the one log that its folder names: with another's it takes nothing, which would refuse it all."""

import asyncio
import shutil

import httpx
import pytest
from click.testing import CliRunner

from services.__main__ import cli
from services.intake.app import create_app
from services.kernel.feed.client import find_keys
from services.kernel.process.folder import Folder
from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import Settings
from services.reports.fold.follower import Follower
from services.run import prepare
from tests.support.intake import fresh, register, running_intake
from tests.support.tinylog import TinyLog, serving
from tests.support.tokens import token_for


async def filed(settings):
    """A database in which something was filed, under the origin of its folder."""
    async with running_intake(settings) as intake:
        await intake.token("admin")
        await intake.put("admin", f"unit-changes/{fresh()}", register())


def copied_without_log(settings, tmp_path):
    """What an operator takes to another machine and forgets: the secrets, but neither the log's name nor its key."""
    folder = Folder(tmp_path / "copy").prepare()
    shutil.copytree(settings.folder.secrets_dir, folder.secrets_dir, dirs_exist_ok=True)
    (folder.secrets_dir / "log_key").unlink(missing_ok=True)
    return Settings(data=folder.path, database_url=settings.database_url)


@pytest.mark.parametrize("start", ["serve", "migrate"])
async def test_a_folder_without_the_logs_name_starts_nothing_on_the_database_of_a_log(settings, tmp_path, start):
    await filed(settings)
    copy = copied_without_log(settings, tmp_path)
    with pytest.raises(StartRefused, match=f"the database is of the log {settings.origin}: put the right folder log/"):
        if start == "migrate":
            await prepare(copy)
        else:
            async with running_intake(copy):
                pytest.fail("it started")


async def test_no_command_writes_under_another_logs_name(settings, tmp_path):
    await filed(settings)
    copy = copied_without_log(settings, tmp_path)
    copy.folder.secret_text("database_url", settings.database_url)
    asked = ["token", "--data", str(copy.data), "--role", "unit_head", "--unit", "xa-tan-hoa"]
    done = await asyncio.to_thread(CliRunner().invoke, cli, asked)
    assert done.exit_code == 1 and f"the database is of the log {settings.origin}" in done.output


@pytest.mark.parametrize("empty", [True, False])
async def test_a_new_database_takes_nothing_while_the_log_at_the_address_is_another(settings, empty):
    ours = settings.origin
    async with serving(TinyLog()) as log:
        if not empty:
            log.grow(3)
        app = create_app(settings.model_copy(update={"audit_url": log.url}))
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            token = await token_for(settings, "admin")
            headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://t", trust_env=False, headers=headers
            ) as client:
                ready = await client.get("/intake/readyz")
                told = await client.put(f"/intake/v1/unit-changes/{fresh()}", json=register())
    assert ready.status_code == told.status_code == 503
    sentence = (
        f"The data folder is of the log {ours} (log/origin), and the log at KYCUONG_AUDIT_URL is kycuong.test/log"
    )
    assert told.json()["detail"].startswith(sentence)
    assert ready.json()["detail"]["en"].startswith(sentence)
    assert settings.folder.vkey() is None, "the other log's key is not kept"


async def test_cards_are_folded_from_no_other_log_and_the_fold_says_so(settings):
    ours = settings.origin
    async with serving(TinyLog()) as log:
        follower = Follower(Nothing(), lambda: find_keys(settings.folder, log.url))
        async with asyncio.timeout(60):
            await follower.run(asyncio.Event())
    assert f"The data folder is of the log {ours} (log/origin)" in follower.progress.stopped


class Nothing:
    """A fold that has folded nothing."""

    size = 0

    async def position(self):
        return self
