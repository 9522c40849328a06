"""The three services as processes of their own on one PostgreSQL, each of which a test may kill and start again."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx

from services.intake.people.accounts import issue_token
from services.kernel.identity.roles import Role
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from services.kernel.store.postgres import EmbeddedPostgres
from tests.support.authorities import AUTHORITIES
from tests.support.instance import free_port
from tests.support.warm import ROOT, Warm, run

SERVICES = ("audit", "intake", "reports")
READY_WITHIN = 90.0


class Died(AssertionError):
    """A process ended that nobody killed."""


class Service:
    """`kycuong serve NAME`, always on the same port."""

    def __init__(self, name: str, folder: Folder, environment: dict[str, str]) -> None:
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder.path / f"{name}.log"
        self._folder, self._environment = folder, environment
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, failpoint: str | None = None) -> None:
        """Start it without waiting; with `failpoint` it will kill itself there."""
        armed = {"KYCUONG_FAILPOINT": failpoint} if failpoint else {}
        words = ["serve", self.name, "--data", str(self._folder.path), "--port", str(self.port)]
        with open(self.log, "ab") as sink:
            self._process = Warm(
                words, stdout=subprocess.DEVNULL, stderr=sink, env={**self._environment, **armed}, cwd=ROOT
            )

    def await_ready(self) -> None:
        """Wait until it answers that it is ready; Died when it ends instead."""
        deadline = time.monotonic() + READY_WITHIN
        while not self._ready():
            if not self.alive():
                raise Died(f"{self.name} ended with {self._running().returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name} is not ready\n{self.tail()}")
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            return (
                httpx.get(f"{self.url}/{self.name}/readyz", timeout=2, trust_env=False, verify=AUTHORITIES).status_code
                == 200
            )
        except httpx.HTTPError:
            return False

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} was never started"
        return self._process

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._running().poll() is None

    def await_death(self, within: float) -> None:
        """Wait until the process has been killed by its failpoint."""
        try:
            code = self._running().wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} was not killed at its failpoint\n{self.tail()}") from None
        assert code == -signal.SIGKILL, f"{self.name} ended with {code}, not by SIGKILL\n{self.tail()}"

    def pause(self) -> None:
        """SIGSTOP: it holds its connections and locks and does nothing."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._running().kill()
        self._running().wait()

    def end(self, within: float = 60) -> float:
        """Ctrl-C; the seconds until it had ended, with exit code 0."""
        began = time.monotonic()
        self._running().send_signal(signal.SIGINT)
        code = self._running().wait(within)
        assert code == 0, f"{self.name} ended with {code}\n{self.tail()}"
        return time.monotonic() - began

    def discard(self) -> None:
        """Leave no process behind, whatever happened."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:]) if self.log.exists() else ""


class Trio:
    """One installation of three processes and a database."""

    def __init__(self, path: Path, **settings: str) -> None:
        self.folder = Folder(path).prepare()
        self.database = EmbeddedPostgres(self.folder)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KYCUONG_")}
        self.environment = {**clean, "KYCUONG_DATABASE_URL": self.database.url, **settings}
        self.services = {name: Service(name, self.folder, self.environment) for name in SERVICES}
        self.environment["KYCUONG_AUDIT_URL"] = f"{self.services['audit'].url}/"

    def start(self) -> None:
        """Database, migrations, services."""
        self.start_database()
        self.command("migrate", "--data", str(self.folder.path))
        for service in self.services.values():
            service.launch()
        for service in self.services.values():
            service.await_ready()

    def twin(self, name: str) -> Service:
        """Another process of one of the services, on a port of its own, not yet started."""
        return Service(name, self.folder, self.environment)

    def start_database(self) -> None:
        """Start PostgreSQL, after whatever end it had."""
        asyncio.run(self.database.start())

    def kill_database(self) -> None:
        """SIGKILL of the postmaster; its backends end by themselves."""
        postmaster = self.database._process
        assert postmaster is not None
        postmaster.kill()
        postmaster.wait()

    def url(self, path: str) -> str:
        """A path's full address: the first segment names the service."""
        return self.services[path.split("/")[1]].url + path

    def command(self, *arguments: str) -> str:
        """Another command of the program on this folder; its output."""
        done = run(arguments, env=self.environment)
        assert done.returncode == 0, f"kycuong {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def token(self, role: str, unit: str | None = None) -> str:
        """What `kycuong token` prints, without a process of its own."""
        return asyncio.run(self._token(Role(role), unit))

    async def _token(self, role: Role, unit: str | None) -> str:
        settings = Settings(data=self.folder.path, database_url=self.database.url)
        connection = await asyncpg.connect(settings.dsn("intake_app"))
        try:
            return await issue_token(connection, settings.source, role, unit, None, datetime.now(UTC))
        finally:
            await connection.close()

    def discard(self) -> None:
        """End everything that still runs."""
        for service in self.services.values():
            service.discard()
        asyncio.run(self.database.stop())


@contextmanager
def running_trio(**settings: str) -> Iterator[Trio]:
    """Three started services on a fresh database, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="kc-trio-"))
    path.chmod(0o711)
    trio = Trio(path, **settings)
    try:
        trio.start()
        yield trio
    finally:
        trio.discard()
        shutil.rmtree(path, ignore_errors=True)
