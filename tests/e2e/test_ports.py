"""What keeps a server from starting, a taken port above all, is said in a sentence with its remedy."""

import asyncio
import os
import socket
import tempfile
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from services.house import serve
from services.kernel.process.folder import Folder
from services.kernel.web.listening import NotOurHost, PortInUse, address_of, bind, listen
from tests.support.authorities import AUTHORITIES
from tests.support.instance import Instance, free_port
from tests.support.warm import run


@pytest.mark.parametrize("command", [("run",), ("serve", "intake"), ("demo",)], ids=" ".join)
def test_a_port_in_use_is_named_with_the_remedy(command: tuple[str, ...]) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KYCUONG_")}
    with tempfile.TemporaryDirectory(prefix="kc-") as data, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        environment = {**clean, "KYCUONG_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
        done = run([*command, "--data", data, "--port", str(port)], env=environment)
        assert not (Path(data) / "secrets/database_url").exists()
    assert done.returncode == 1, done.stderr
    assert f"cổng {port}" in done.stderr and f"port {port} is in use" in done.stderr
    assert done.stderr.count("--port") == 2
    assert "Errno" not in done.stderr and "Traceback" not in done.stderr


async def test_of_two_that_start_at_once_one_is_told() -> None:
    with bind("127.0.0.1", 0) as first, bind("127.0.0.1", first.getsockname()[1]) as second:
        first.listen()
        async with asyncio.timeout(60):
            with pytest.raises(PortInUse):
                await serve(Starlette(), second, [], lambda address: pytest.fail(address))


def test_a_port_is_taken_once_somebody_listens() -> None:
    with bind("127.0.0.1", 0) as first:
        listen(first, 1)
        port = first.getsockname()[1]
        with pytest.raises(PortInUse, match=f"--port {port + 1 if port < 65535 else port - 1} "):
            bind("127.0.0.1", port)
    with bind("127.0.0.1", port):
        pass


@pytest.mark.parametrize(("host", "reached"), [("0.0.0.0", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::", "[::1]")])
def test_what_listens_everywhere_is_reached_on_this_machine(host: str, reached: str) -> None:
    with bind(host, 0) as listener:
        assert address_of(listener).startswith(f"http://{reached}:")


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "two words", "x" * 70])
def test_a_host_that_is_none_of_this_machine_s_is_named(host: str) -> None:
    with pytest.raises(NotOurHost, match="--host"):
        bind(host, 0)


def test_the_program_listens_where_it_is_told(open_tmp: Path) -> None:
    """On every address, by the variable; another of the loopback addresses stands for the machine's own."""
    instance = Instance(open_tmp / "data", env={"KYCUONG_HOST": "0.0.0.0"})
    try:
        instance.start()
        for host in ("127.0.0.1", "127.0.0.2"):
            answer = httpx.get(
                f"http://{host}:{instance.port}/intake/readyz", timeout=40, trust_env=False, verify=AUTHORITIES
            )
            assert answer.status_code == 200, answer.text
        instance.stop()
    finally:
        instance.cleanup()


def test_a_service_without_its_database_says_so_and_exits_with_1(tmp_path):
    Folder(tmp_path).prepare().secret_text("db_reports_app")
    asked = ["serve", "reports", "--data", str(tmp_path), "--port", str(free_port())]
    env = {**os.environ, "KYCUONG_DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none"}
    done = run(asked, env=env)
    assert done.returncode == 1 and done.stdout == ""
    assert "cannot connect to the database" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
