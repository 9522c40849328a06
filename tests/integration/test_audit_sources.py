"""How a verifier reads a server: kept connections, faults that pass, faults that do not, and proxies."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from services.audit.verifier import sources
from services.audit.verifier.sources import CannotRead, FolderSource, HttpSource, open_source


class Server(ThreadingHTTPServer):
    """Answers each path from a list of statuses, the last one for ever; 0 drops the connection."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: dict[str, list[int]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["authorization"]))
        statuses = self.server.statuses.get(self.path, [200])
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        if status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = self.path.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def source(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpSource]:
    monkeypatch.setattr(sources, "PAUSE", 0.01)
    made = HttpSource(f"{server.url}/audit", "t0ken", connections=1)
    yield made
    made.close()


def test_one_connection_serves_many_requests(server: Server, source: HttpSource) -> None:
    for n in range(5):
        assert source.get(f"tile/0/00{n}") == f"/audit/tile/0/00{n}".encode()
    assert server.asked[0] == ("/audit/tile/0/000", "Bearer t0ken")
    assert server.connections == 1


def test_what_is_not_there_is_none_and_what_is_not_allowed_says_so(server: Server, source: HttpSource) -> None:
    server.statuses = {"/audit/a": [404], "/audit/b": [401], "/audit/c": [403], "/audit/d": [400]}
    assert source.get("a") is None
    for path in ("b", "c"):
        with pytest.raises(CannotRead, match="--token"):
            source.get(path)
    with pytest.raises(CannotRead, match="answers 400"):
        source.get("d")


def test_faults_that_pass_are_asked_again(server: Server, source: HttpSource) -> None:
    server.statuses = {"/audit/a": [503, 429, 200], "/audit/b": [0, 200], "/audit/c": [500]}
    assert source.get("a") == b"/audit/a"
    assert source.get("b") == b"/audit/b"
    with pytest.raises(CannotRead, match="answers 500"):
        source.get("c")
    assert [path for path, _ in server.asked].count("/audit/c") == sources.ATTEMPTS


def test_nobody_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PAUSE", 0.01)
    source = HttpSource("http://127.0.0.1:1/audit/")
    with pytest.raises(CannotRead, match="ConnectionRefusedError"):
        source.get("checkpoint")
    source.close()


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(
    server: Server, source: HttpSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    far = HttpSource("http://log.example.org/audit/")
    assert far.get("checkpoint") == b"http://log.example.org/audit/checkpoint"
    far.close()
    near = HttpSource(f"{server.url}/audit/")
    assert near.get("checkpoint") == b"/audit/checkpoint"
    near.close()
    monkeypatch.setenv("no_proxy", "log.example.org")
    assert sources._proxy_of(sources.urlsplit("http://log.example.org/")) is None


def test_a_folder_or_a_url_or_an_error(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"x")
    folder = open_source(str(tmp_path), None)
    assert isinstance(folder, FolderSource)
    assert (folder.get("checkpoint"), folder.get("tile/0/000")) == (b"x", None)
    assert folder.get("checkpoint/x") is None
    with pytest.raises(CannotRead):
        folder.get("")
    http = open_source("https://log.example.org/audit", None)
    assert isinstance(http, HttpSource)
    http.close()
    for place in ("nowhere", "ftp://x/", "http://"):
        with pytest.raises(CannotRead):
            open_source(place, None)


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:port/audit/", "http://127.0.0.1:99999/", "http://[::1/"])
def test_what_cannot_be_an_address_is_said_and_is_no_verdict(url: str) -> None:
    with pytest.raises(CannotRead, match="not an address"):
        open_source(url, None)


@pytest.mark.parametrize("token", ["two\nlines", "mã", "a b"])
def test_what_cannot_be_a_token_is_said_before_anybody_is_asked(server: Server, token: str) -> None:
    with pytest.raises(CannotRead, match="no token has"):
        HttpSource(server.url, token)
    assert server.asked == []
