"""An HTTP proxy before an installation that fails as networks do: per request, by a rule that a test sets."""

import gzip
import http.client
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli

PORTAL = b"<!doctype html><title>Wi-Fi</title><h1>Xin chao, hay dang nhap Wi-Fi</h1>"
_PACKED: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (gzip.compress, gzip.decompress), "br": (brotli.compress, brotli.decompress),
}  # fmt: skip
TRICKLE = 12  # pieces of a slow answer, one a second
Rule = Callable[[str, str], str | None]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def _serve(self) -> None:
        proxy = self.server.proxy
        body = proxy.spoil(self.path, self.rfile.read(int(self.headers.get("Content-Length", 0))))
        proxy.seen.append((self.command, self.path))
        if "/photos/" in self.path:
            proxy.photos.append(body)
        fault = proxy.rule(self.command, self.path)
        time.sleep(proxy.delay)
        if fault == "cut before commit" or len(body) > proxy.most:
            self._drop()
        elif fault == "half-open":
            proxy.healed.wait()
            self._drop()
        elif fault == "portal":
            self._answer(200, [("Content-Type", "text/html; charset=utf-8")], PORTAL)
        elif fault == "503":
            self._answer(503, [("Content-Type", "text/html"), ("Retry-After", str(proxy.retry_after))], b"<h1>503</h1>")
        else:
            status, headers, answer = self._forward(body)
            proxy.answered.append((self.command, self.path, status))
            if fault == "cut after commit":
                self._drop()
            else:
                self._answer(status, headers, self._rewritten(dict(headers), answer), slowly=fault == "trickle")

    do_GET = do_PUT = do_POST = do_HEAD = _serve

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        far = http.client.HTTPConnection("127.0.0.1", self.server.proxy.target, timeout=40)
        try:
            far.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                far.putheader(name, str(len(body)) if name.lower() == "content-length" else value)
            far.endheaders(body or None)
            answer = far.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            far.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, *, slowly: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        step = len(body) // TRICKLE + 1 if slowly else len(body) + 1
        for place in range(0, len(body), step):
            self.wfile.write(body[place : place + step])
            time.sleep(slowly)
        self.server.proxy.carried += len(body)

    def _rewritten(self, headers: dict[str, str], body: bytes) -> bytes:
        """What a test makes of the words, however they are packed."""
        pack, unpack = _PACKED.get(
            {k.lower(): v for k, v in headers.items()}.get("content-encoding", ""), (bytes, bytes)
        )
        plain = unpack(body) if body else body
        changed = self.server.proxy.rewrite(self.path, plain)
        return body if changed == plain else pack(changed)

    def _drop(self) -> None:
        self.close_connection = True

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            super().handle_one_request()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the test asks what was seen."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: "WebProxy"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error here."""


class WebProxy:
    """Forwards to a port of this machine; `rule(method, path)` names a fault or None.

    `rewrite` changes an answer, `spoil` what is sent.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.seen: list[tuple[str, str]] = []
        self.answered: list[tuple[str, str, int]] = []
        self.photos: list[bytes] = []  # as they came
        self.carried = 0  # bytes of content, as packed
        self.delay = 0.0
        self.most = sys.maxsize
        self.retry_after = 1  # seconds, said with a 503
        self.healed = threading.Event()
        self.heal()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def heal(self) -> None:
        """No faults; what hangs is let go."""
        self.rule: Rule = lambda method, path: None
        self.rewrite: Callable[[str, bytes], bytes] = lambda path, body: body
        self.spoil: Callable[[str, bytes], bytes] = lambda path, body: body
        self.delay = 0.0
        self.most = sys.maxsize  # bytes of a body: a longer one never gets through
        self.healed.set()

    def fail(self, fault: str, method: str = "PUT", part: str = "/", times: int | None = None) -> None:
        """This fault for requests of a method whose path has `part`: always, or the first few times."""
        self.healed.clear()
        left = [times]

        def rule(asked: str, path: str) -> str | None:
            if asked != method or part not in path or left[0] == 0:
                return None
            if left[0] is not None:
                left[0] -= 1
            return fault

        self.rule = rule

    def writes(self, part: str = "/") -> list[str]:
        """The paths of the writes that came this way and have `part`."""
        return [path for method, path in self.seen if method == "PUT" and part in path]

    @contextmanager
    def serving(self) -> Iterator["WebProxy"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.heal()
            self._server.shutdown()
            self._server.server_close()
            thread.join()
