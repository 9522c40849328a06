"""The embedded server: closed to others, taken over after a kill, recovered after its own."""

import asyncio
import os
import signal

import asyncpg
import pytest

from services.kernel.folder import Folder
from services.kernel.postgres import EmbeddedPostgres, embedded_url


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
    async with asyncio.timeout(10):
        while not await server._answers():
            await asyncio.sleep(0.05)
    assert await ask(server, "SELECT n FROM kept") == 1
    watch.cancel()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another user")
async def test_a_folder_closed_to_the_servers_user_serves_too_and_recovers(open_tmp):
    closed = open_tmp / "closed"
    closed.mkdir(mode=0o700)
    first, second = (EmbeddedPostgres(Folder(closed / "data").prepare()) for _ in range(2))
    await first.start()
    await ask(first, "CREATE TABLE kept AS SELECT 1 AS n")
    await first.stop()
    await second.start()
    watch = asyncio.create_task(second.supervise())
    os.kill(second._postmaster(), signal.SIGKILL)
    async with asyncio.timeout(10):
        while not await second._answers():
            await asyncio.sleep(0.05)
    assert await ask(second, "SELECT n FROM kept") == 1
    assert closed.stat().st_mode & 0o777 == 0o700
    watch.cancel()
    await second.stop()


def test_a_long_folder_name_gets_a_short_private_socket_folder(tmp_path):
    folder = Folder(tmp_path / ("x" * 100)).prepare()
    assert len(embedded_url(folder)) < 250
