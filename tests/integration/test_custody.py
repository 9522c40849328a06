"""Each service opens its own secrets only: in the program by their names, and as a user of its own by the system."""

import asyncio
import os
import stat
import subprocess
from pathlib import Path

import pytest

from services.audit.app import SECRETS as OF_AUDIT
from services.intake.app import SECRETS as OF_INTAKE
from services.kernel.process.custody import Custody, NoCustody
from services.kernel.process.folder import Folder, NotOurSecret
from services.kernel.store.postgres import EmbeddedPostgres
from services.reports.app import SECRETS as OF_REPORTS
from tests.support.instance import PROGRAM, ROOT, free_port
from tests.support.postgres import FAST
from tests.support.warm import run

SERVICES = ("audit", "intake", "reports")
USERS = {"intake": 64101, "audit": 64102, "reports": 64103}
GROUP = 64100
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other users")


def asked(uid, *command):
    """A command as one of the services' users, without any right of root's."""
    become = ["setpriv", f"--reuid={uid}", f"--regid={GROUP}", "--clear-groups", "--inh-caps=-all"]
    return subprocess.run([*become, *command], capture_output=True, text=True, cwd="/", timeout=60)


@pytest.fixture
def server(open_tmp):
    server = EmbeddedPostgres(Folder(open_tmp / "server").prepare(), FAST)
    asyncio.run(server.start())
    (open_tmp / "server/postgres/run").chmod(0o711)  # its socket, for more users than root
    yield server.url
    asyncio.run(server.stop())


@pytest.fixture
def handed_over(open_tmp, server):
    """A migrated folder whose secrets belong to the services' users, and the database's address without a password."""
    users = ",".join(f"{name}={uid}" for name, uid in USERS.items())
    migrate(open_tmp / "data", server, "--users", users, "--group", str(GROUP))
    return Folder(open_tmp / "data"), f"postgresql://{server.rpartition('@')[2]}"


def migrate(data, server, *options):
    env = {**os.environ, "KYCUONG_DATABASE_URL": server}
    done = run(["migrate", "--data", str(data), *options], env=env)
    assert done.returncode == 0, done.stderr


def test_a_service_is_not_handed_what_is_another_s(tmp_path):
    whole = Folder(tmp_path).prepare()
    whole.secret("vault_kek"), whole.secret_text("log_key")
    for service, own in (("audit", OF_AUDIT), ("reports", OF_REPORTS)):
        with pytest.raises(NotOurSecret, match="vault_kek"):
            whole.of(service, own).secret("vault_kek")
    for service, own in (("intake", OF_INTAKE), ("reports", OF_REPORTS)):
        with pytest.raises(NotOurSecret, match="log_key"):
            whole.of(service, own).secret_text("log_key")
        assert whole.of(service, own).read_token() == whole.read_token()


@as_root
def test_each_user_reads_the_secrets_of_its_service_and_no_others(handed_over):
    folder, _ = handed_over
    assert stat.S_IMODE(folder.secrets_dir.stat().st_mode) == 0o710
    own = {"intake": OF_INTAKE, "audit": OF_AUDIT, "reports": OF_REPORTS}
    files = [path for path in folder.secrets_dir.iterdir() if path.is_file()]
    assert {"vault_kek", "log_key", "db_intake_owner", "database_url"} <= {path.name for path in files}
    for service, uid in USERS.items():
        for path in files:
            read = asked(uid, "cat", path)
            name, _, whose = path.name.partition(".")  # what two of three have is copied for each of the two
            copied = any(one.name.startswith(f"{path.name}.") for one in files)
            may = name in own[service] and whose in ("", service) and not copied
            assert (read.returncode == 0) == may, f"{service}: {path.name}"
            assert may or "Permission denied" in read.stderr
    assert {path.name for path in files if "." in path.name} == {"channel_key.intake", "channel_key.reports"}
    assert len({path.read_text() for path in files if path.name.startswith("channel_key")}) == 1
    assert asked(64999, "ls", folder.secrets_dir).returncode != 0


@as_root
def test_each_service_runs_as_its_own_user_and_the_folder_opens_afterwards_as_before(handed_over, server):
    folder, url = handed_over
    if asked(USERS["reports"], *PROGRAM, "--help").returncode != 0 or not (ROOT.stat().st_mode & 0o005):
        pytest.skip("NOT TRIED: the checkout or the interpreter is closed to other users")
    ports = {name: free_port() for name in SERVICES}
    env = {**os.environ, "KYCUONG_DATABASE_URL": url, "KYCUONG_AUDIT_URL": f"http://127.0.0.1:{ports['audit']}/"}
    running = {name: served(name, folder, ports[name], env) for name in SERVICES}
    try:
        for name, process in running.items():
            assert process.stdout.readline() == f"ready http://127.0.0.1:{ports[name]}/\n", process.stderr.read()
            assert Path(f"/proc/{process.pid}").stat().st_uid == USERS[name]
    finally:
        for process in running.values():
            process.terminate()
            process.communicate()
    assert [process.returncode for process in running.values()] == [0, 0, 0]
    before = folder.secret("vault_kek")
    migrate(folder.path, server)  # as root, and without a word of users: nothing is taken back
    assert folder.secret("vault_kek") == before
    assert asked(USERS["intake"], "cat", folder.secrets_dir / "vault_kek").returncode == 0


def served(name, folder, port, env):
    become = ["setpriv", f"--reuid={USERS[name]}", f"--regid={GROUP}", "--clear-groups", "--inh-caps=-all"]
    return subprocess.Popen(
        [*become, *PROGRAM, "serve", name, "--data", folder.path, "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=env,
    )  # fmt: skip


@as_root
def test_a_key_that_root_adds_is_its_keepers(handed_over):
    folder, _ = handed_over
    added = run(["log", "reader", "add", "giam-sat", "--data", str(folder.path)])
    assert added.returncode == 0, added.stderr
    assert (folder.secrets_dir / "readers/giam-sat").stat().st_uid == USERS["audit"]


@as_root
@pytest.mark.parametrize("users", ["intake=1,audit=2", "intake=1,audit=1,reports=2", "intake=none,audit=1,reports=2"])
def test_users_that_cannot_be_meant_are_refused(users):
    with pytest.raises(NoCustody):
        Custody.parse(users, "64100", SERVICES)
