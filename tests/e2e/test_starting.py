"""What keeps a command from its work is one sentence with its remedy, in both languages, and exit code 1."""

import asyncio
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import asyncpg
import pytest

from services.kernel.process.folder import Folder
from services.kernel.store.postgres import EmbeddedPostgres, _backends
from tests.support.instance import PROGRAM, ROOT, Instance, free_port
from tests.support.postgres import FAST
from tests.support.warm import run

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("KYCUONG_", "OTEL_"))}
NO_DATABASE = "postgresql://nobody:hidden-word@127.0.0.1:1/none"
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts, and becomes somebody else")


def ask(*command, data, prefix=None, **env):
    """Run a command of the program on a folder: from its file when there is a prefix, be it an empty one."""
    words = [*command, "--data", str(data)]
    if command[0] in ("run", "serve", "demo"):
        words += ["--port", str(free_port())]
    if prefix is None:
        return run(words, env={**CLEAN, **env}, timeout=90)
    words = [*prefix, *PROGRAM, *words]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env={**CLEAN, **env}, timeout=90)


def the_sentence(done):
    """What was said last; it is no traceback, and nothing else went to stdout."""
    said = done.stderr.strip().splitlines()
    assert done.returncode == 1, done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr and "Errno" not in done.stderr, done.stderr
    assert "fork" not in done.stderr and "hidden-word" not in done.stderr
    assert said[-1].startswith("Error: ") and not any(line.startswith("Error") for line in said[:-1]), done.stderr
    return said[-1]


@pytest.fixture
def server(open_tmp):
    """A PostgreSQL with an empty database, as somebody else may run it."""
    server = EmbeddedPostgres(Folder(open_tmp / "server").prepare(), FAST)
    asyncio.run(server.start())
    yield server.url
    asyncio.run(server.stop())


def execute(url, statement):
    async def run():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.mark.parametrize("service", ["intake", "audit", "reports"])
def test_serve_before_migrate_says_to_migrate(server, tmp_path, service):
    assert "`kycuong migrate`" in the_sentence(
        ask("serve", service, data=tmp_path / "data", KYCUONG_DATABASE_URL=server)
    )
    assert not list((tmp_path / "data/secrets").iterdir()), "a password that no role has"


def test_a_migrated_folder_has_every_secret_and_serves_only_versions_that_it_knows(server, tmp_path):
    data, env = tmp_path / "data", {"KYCUONG_DATABASE_URL": server}
    assert ask("migrate", data=data, **env).returncode == 0
    made = {path.name: path.read_bytes() for path in (data / "secrets").iterdir()}
    assert {"vault_kek", "log_key", "handover_key", "read_token", "db_intake_app"} <= made.keys()
    assert (data / "log/origin").exists()
    assert ask("migrate", data=data, **env).returncode == 0
    assert made == {path.name: path.read_bytes() for path in (data / "secrets").iterdir()}

    execute(server, "UPDATE stream.alembic_version SET version_num = '0001'")
    for service in ("audit", "intake", "reports"):
        assert "(schema stream): run `kycuong migrate`" in the_sentence(ask("serve", service, data=data, **env))
    execute(server, "UPDATE stream.alembic_version SET version_num = '0002'")
    execute(server, "UPDATE reports.alembic_version SET version_num = '9999'")
    for command in (("serve", "reports"), ("run",), ("demo",), ("migrate",)):
        told = the_sentence(ask(*command, data=tmp_path / "other" if command == ("demo",) else data, **env))
        assert "newer kycuong (reports 9999)" in told, command
    assert made == {path.name: path.read_bytes() for path in (data / "secrets").iterdir()}
    execute(server, "REVOKE SELECT ON reports.alembic_version FROM kycuong_reports_app")
    assert "`kycuong migrate`" in the_sentence(ask("serve", "reports", data=data, **env))


def test_other_passwords_than_the_databases_say_so(server, tmp_path):
    ask("migrate", data=tmp_path / "data", KYCUONG_DATABASE_URL=server)
    (tmp_path / "data/secrets/db_audit_app").write_text("another")
    assert "`kycuong migrate`" in the_sentence(
        ask("serve", "audit", data=tmp_path / "data", KYCUONG_DATABASE_URL=server)
    )


SETTINGS = [
    ("KYCUONG_DATABASE_URL", "mysql://u:hidden-word@127.0.0.1/x"),
    ("KYCUONG_KAFKA", "no port"),
    ("KYCUONG_PROXIES", "127.0.0.1, proxy.example"),
    ("KYCUONG_AUDIT_URL", "audit"),
    ("KYCUONG_PUBLIC_URL", "kycuong.example"),
    ("KYCUONG_LOG_ORIGIN", "https://snv.example/log"),
    ("KYCUONG_LOG_ORIGIN", "two words"),
    ("KYCUONG_LOG_PUBLIC_ENTRIES", "perhaps"),
    ("KYCUONG_WITNESS_FAIL_OPEN", "2"),
    ("KYCUONG_WRITES_PER_SECOND", "many"),
    ("KYCUONG_WRITES_PER_SECOND", "-1"),
    ("KYCUONG_TOPIC_PREFIX", "an sơn/"),
    ("KYCUONG_LOG_LEVEL", "LOUD"),
]


@pytest.mark.parametrize(("name", "value"), SETTINGS, ids=lambda text: text.removeprefix("KYCUONG_"))
def test_a_setting_that_cannot_be_meant_is_named(tmp_path, name, value):
    done = ask("serve", "intake", data=tmp_path, **{"KYCUONG_DATABASE_URL": NO_DATABASE, name: value})
    told = the_sentence(done)
    assert told.startswith(f"Error: {name}: ") and " / " in told


def test_an_empty_setting_is_none(tmp_path):
    empty = {name: "" for name, _ in SETTINGS if name != "KYCUONG_DATABASE_URL"}
    told = the_sentence(
        ask("serve", "intake", data=tmp_path, prefix=(), **{**empty, "KYCUONG_DATABASE_URL": NO_DATABASE})
    )
    assert "`kycuong migrate`" in told
    assert ask("migrate", data=tmp_path, KYCUONG_DATABASE_URL="").returncode == 2


COMMANDS = [
    ("token", "--role", "admin"), ("account", "list"), ("account", "add", "lan"), ("rebuild",),
    ("log", "key", "list"), ("log", "key", "retire", "00000000"), ("log", "key", "add", "--token", "x"),
    ("log", "reader", "add", "ten"), ("log", "reader", "list"), ("log", "trust", "--yes"),
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_folder_that_is_not_there_or_not_ready_is_said(tmp_path, command):
    (tmp_path / "file").write_text("")
    Folder(tmp_path / "prepared").prepare()
    for place in ("nowhere", "file", "", "prepared"):
        done = ask(*command, data=tmp_path / place)
        assert "Traceback" not in done.stderr, done.stderr
        if done.returncode == 0:
            assert command[:2] == ("log", "reader") and place == "prepared"
        else:
            assert done.returncode in (1, 2) and "Error: " in done.stderr
    assert not (tmp_path / "nowhere").exists()


@cache
def begins(*prefix):
    """Whether the program begins at all with this before it."""
    return subprocess.run([*prefix, *PROGRAM, "--help"], cwd=ROOT, capture_output=True).returncode == 0


@as_root
@pytest.mark.parametrize("command", [*COMMANDS, ("run",), ("serve", "intake"), ("migrate",), ("demo",)], ids=" ".join)
def test_a_folder_that_this_user_may_not_read_is_said(open_tmp, command):
    Folder(open_tmp / "data").prepare()
    (open_tmp / "data/secrets/database_url").write_text(NO_DATABASE)
    reader = [*AS_NOBODY, "--inh-caps=-all", "--bounding-set=-all"]
    if not begins(*reader):
        pytest.skip("the interpreter is closed to other users")
    done = ask(*command, data=open_tmp / "data", prefix=reader, KYCUONG_DATABASE_URL=NO_DATABASE)
    assert "this user may not read or write here" in the_sentence(done)


@contextmanager
def mounted(place, options):
    """A small disk of its own."""
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", place], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@as_root
@pytest.mark.parametrize("command", [("run",), ("serve", "intake"), ("migrate",), ("demo",)], ids=" ".join)
def test_a_read_only_disk_is_said(open_tmp, command):
    env = {} if command in (("run",), ("demo",)) else {"KYCUONG_DATABASE_URL": NO_DATABASE}
    with mounted(open_tmp / "disk", "size=1m,ro") as disk:
        assert "the disk is read-only" in the_sentence(ask(*command, data=disk / "data", prefix=(), **env))


def fill(disk: Path) -> None:
    try:
        with open(disk / "filling", "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        pass


@as_root
@pytest.mark.parametrize("room", ["0", "40k", "8m"])
def test_a_disk_that_is_full_before_the_first_start_is_said_and_the_next_start_works(open_tmp, room):
    with mounted(open_tmp / "disk", "size=600m,mode=0711") as disk:
        (disk / "room").write_bytes(bytes(int(room.replace("k", "000").replace("m", "000000"))))
        fill(disk)
        (disk / "room").unlink()
        for command in (("run",), ("demo",)):
            assert "is full" in the_sentence(ask(*command, data=disk / "data"))
        (disk / "filling").unlink()
        instance = Instance(disk / "data", warm=True)
        try:
            instance.start()
            instance.stop()
        finally:
            instance.cleanup()


@as_root
def test_a_disk_that_is_full_at_a_later_start_is_said_and_nothing_is_lost(open_tmp):
    with mounted(open_tmp / "disk", "size=600m,mode=0711") as disk:
        instance = Instance(disk / "data", warm=True)
        try:
            instance.start()
            token = instance.token("admin")
            instance.kill()
            os.kill(instance.postmaster(), 9)
            fill(disk)
            assert "is full" in the_sentence(ask("run", data=disk / "data"))
            (disk / "filling").unlink()
            instance.start()
            assert instance.client(token).get("/intake/v1/me").status_code == 200
            instance.stop()
        finally:
            instance.cleanup()


def test_a_lost_or_other_password_of_the_embedded_database_is_set_anew(open_tmp):
    instance = Instance(open_tmp / "data", warm=True)
    try:
        instance.start()
        token = instance.token("admin")
        instance.stop()
        (open_tmp / "data/secrets/db_superuser").unlink()
        (open_tmp / "data/secrets/db_intake_app").unlink()
        instance.start()
        instance.kill()  # its database is left behind, and runs
        (open_tmp / "data/secrets/db_superuser").write_text("another")
        instance.start()
        assert instance.client(token).get("/intake/v1/me").status_code == 200
        instance.stop()
    finally:
        instance.cleanup()


@pytest.mark.parametrize("seen", ["postgres", "postgres/data", "postgres/data/postmaster.pid"])
@pytest.mark.parametrize(("command", "how"), [("run", "SIGTERM"), ("run", "SIGINT"), ("demo", "SIGTERM")])
def test_a_start_that_is_told_to_end_leaves_no_database_behind(open_tmp, command, how, seen):
    data = open_tmp / "data"
    words = [*PROGRAM, command, "--data", str(data), "--port", str(free_port())]
    with open(open_tmp / "stderr", "wb") as said:
        starting = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=said, cwd=ROOT, env=CLEAN)
    try:
        while not (data / seen).exists():
            assert starting.poll() is None, (open_tmp / "stderr").read_text()
            time.sleep(0.005)
        starting.send_signal(signal.Signals[how])
        out, _ = starting.communicate(timeout=60)
    finally:
        starting.kill()
        left = _backends(data / "postgres/data")
        for pid in left:
            os.kill(pid, 9)
    assert (starting.returncode, out, left) == (0, b"", []), (open_tmp / "stderr").read_text()


def test_a_pid_file_that_names_a_stranger_s_process_stops_nobody(open_tmp):
    server = EmbeddedPostgres(Folder(open_tmp / "data").prepare(), FAST)
    (open_tmp / "data/postgres/data").mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (open_tmp / "data/postgres/data/postmaster.pid").write_text(f"{stranger.pid}\n")
        asyncio.run(server.stop())
        assert stranger.poll() is None
        stranger.kill()
