"""A real `kycuong run` in a process of its own, as a user starts it."""

import itertools
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import asyncpg
import httpx

from services.intake.people import accounts
from services.kernel.identity.roles import Role
from services.kernel.process.folder import Folder
from services.kernel.process.settings import Settings
from tests.support.authorities import AUTHORITIES
from tests.support.loops import apart
from tests.support.warm import ROOT, Warm, run

T = TypeVar("T")
PROGRAM = [sys.executable, "-m", "services"]


_PORTS = range(12_000, 32_000)  # below those that the system gives to whoever asks for any
_turns = itertools.count(secrets.randbelow(len(_PORTS)))


def free_port() -> int:
    """A port for whoever listens on it later, or again after a kill: no connection is given it meanwhile."""
    while True:
        port = _PORTS[next(_turns) % len(_PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Instance:
    """One installation: start it, kill it, start it again on the same folder."""

    def __init__(
        self, data: Path, port: int | None = None, env: Mapping[str, str] | None = None,
        program: Sequence[str] = PROGRAM, *, warm: bool = False,
    ) -> None:  # fmt: skip
        self.data = data
        self.program: Sequence[str] = () if warm else program
        self._begin = Warm if warm else subprocess.Popen
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith("KYCUONG_")}, **(env or {})}
        self.process: subprocess.Popen[str] | None = None
        self._clients: list[httpx.Client] = []
        self.log = data.parent / f"{data.name}.stderr"

    def start(self, patience: float = 90, **env: str) -> float:
        """Start and wait for the ready line; the seconds it took."""
        began = time.monotonic()
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        with open(self.log, "a") as sink:
            self.process = self._begin(
                [*self.program, "run", "--data", str(self.data), "--port", str(self.port)],
                stdout=subprocess.PIPE, stderr=sink, text=True, env={**self.env, **env}, cwd=ROOT,
            )  # fmt: skip
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], patience)
        line = self.process.stdout.readline() if ready else ""
        assert line == f"ready {self.url}/\n", f"not ready: {line!r}\n{self.tail()}"
        return time.monotonic() - began

    def stop(self, patience: float = 60) -> float:
        """Ctrl-C; the seconds until it was gone, with exit code 0."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(patience)
        assert code == 0, f"exit code {code}\n{self.tail()}"
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL of the process; its database stays behind, as after a crash."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def postmaster(self) -> int:
        """The embedded server's process id."""
        return int((self.data / "postgres/data/postmaster.pid").read_text().split()[0])

    def cleanup(self) -> None:
        """Leave no process and no connection behind, whatever happened."""
        for client in self._clients:
            client.close()
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()
        try:
            pid = self.postmaster()
        except (FileNotFoundError, IndexError, ValueError):
            return
        for how in (signal.SIGINT, signal.SIGKILL):
            try:
                os.kill(pid, how)
                for _ in range(100):
                    os.kill(pid, 0)
                    time.sleep(0.02)
            except ProcessLookupError:
                return

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Another command of the program, on this folder's behalf."""
        return run(arguments, check=check, env=self.env)

    def printed_token(self, role: str, unit: str | None = None) -> str:
        """`kycuong token`: prints a bearer token and nothing else."""
        options = ["--unit", unit] if unit else []
        return self.command("token", "--data", str(self.data), "--role", role, *options).stdout.strip()

    def token(self, role: str, unit: str | None = None, account: str | None = None) -> str:
        """What `kycuong token` prints, without a process of its own."""
        return self._connected(
            lambda connection, source: accounts.issue_token(
                connection, source, Role(role), unit, account, datetime.now(UTC)
            )
        )

    def member(self, account: str, role: str, unit: str | None = None) -> str:
        """A new account with an appointment, as `kycuong account add` and `appoint` make them; its password."""
        password = secrets.token_urlsafe(12)
        self._connected(
            lambda connection, _: accounts.add_account(connection, account, None, password, datetime.now(UTC))
        )
        self.appoint(account, role, unit)
        return password

    def appoint(self, account: str, role: str, unit: str | None = None) -> None:
        """One more appointment of an account, as `kycuong account appoint` makes it."""
        now = datetime.now(UTC)
        self._connected(
            lambda connection, source: accounts.appoint(connection, source, account, Role(role), unit, now, None, now)
        )

    def _connected(self, work: Callable[[asyncpg.Connection, str], Awaitable[T]]) -> T:
        """Run something on the folder's database."""
        folder = Folder(self.data)
        settings = Settings(data=folder.path, database_url=folder.secret_text("database_url"))

        async def connected() -> T:
            connection = await asyncpg.connect(settings.dsn("intake_app"))
            try:
                return await work(connection, settings.source)
            finally:
                await connection.close()

        return apart(connected())

    def client(self, token: str | None = None) -> httpx.Client:
        """A client of this instance that carries a token."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=40, trust_env=False, verify=AUTHORITIES)
        self._clients.append(client)
        return client


@contextmanager
def running(data: Path, *, warm: bool = False, **env: str) -> Iterator[Instance]:
    """A started instance, gone afterwards."""
    instance = Instance(data, env=env, warm=warm)
    try:
        instance.start()
        yield instance
    finally:
        instance.cleanup()
