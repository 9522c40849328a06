"""Where a log is read from: a server, or a folder that holds what the server would answer."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from services.kernel.process.pauses import pauses

AHEAD = 16  # answers waited for while one is looked at
ATTEMPTS = 4
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUT = 30  # seconds
PAUSE, LONGEST_PAUSE = 0.5, 4.0  # seconds before the next attempt


class CannotRead(Exception):
    """The log could not be read, so nothing can be said about it."""


class Source(Protocol):
    """Answers a path below the log's prefix."""

    def get(self, path: str) -> bytes | None:
        """The bytes at a path, None when there are none; CannotRead when it cannot be asked."""

    def get_many(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """The same for many paths, in order."""

    def close(self) -> None:
        """Release what is held."""


class HttpSource:
    """A log served over HTTP.

    The standard library's client on a few threads: a full verification asks for hundreds of tiles a second, and this
    takes a third of the processor time of an asynchronous client.
    """

    def __init__(self, url: str, token: str | None = None, connections: int = 4) -> None:
        parts = _address(url.rstrip("/") + "/")
        if token and not re.fullmatch("[!-~]+", token):
            raise CannotRead("mã truy cập có ký tự lạ; hãy chép lại / the token holds characters that no token has")
        self._url = urlunsplit(parts)
        self._place = parts
        self._proxy = _proxy_of(parts)
        # a plain proxy is asked for the whole address, everyone else for the path
        self._target = self._url if self._proxy and parts.scheme == "http" else parts.path
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="log-source")
        self._own = threading.local()
        self._open: list[HTTPConnection] = []

    def get_many(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """Ask for many paths over all connections, some ahead of what is taken."""
        coming = deque[Future[bytes | None]]()
        for path in paths:
            coming.append(self._threads.submit(self.get, path))
            if len(coming) > AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()

    def get(self, path: str) -> bytes | None:
        """Ask the server, again a few times when it is away or overloaded."""
        trouble = ""
        for _, pause in zip(range(ATTEMPTS), pauses(PAUSE, LONGEST_PAUSE), strict=False):
            try:
                status, body = self._ask(path)
            except (HTTPException, OSError) as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if status < 500 and status != 429:
                    return self._read(path, status, body)
                trouble = f"the server answers {status}"
            time.sleep(pause)
        raise CannotRead(f"{self._url}{path}: {trouble}")

    def _ask(self, path: str) -> tuple[int, bytes]:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._open.append(connection)
        try:
            connection.request("GET", self._target + path, headers=self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except BaseException:
            connection.close()  # the next request opens it anew
            raise

    def _connect(self) -> HTTPConnection:
        """A connection to the server, or to the proxy that the environment names for it."""
        secure = self._place.scheme == "https"
        nearest = self._proxy or self._place
        kind = HTTPSConnection if secure else HTTPConnection
        connection = kind(nearest.hostname or "", nearest.port, timeout=TIMEOUT)
        if self._proxy and secure:
            connection.set_tunnel(self._place.hostname or "", self._place.port)
        return connection

    def _read(self, path: str, status: int, body: bytes) -> bytes | None:
        if status == 200:
            return body
        if status in (401, 403):
            raise CannotRead(
                f"{self._url}{path}: cần mã truy cập / not allowed: "
                "give an auditor's token or the read token with --token"
            )
        if status in (404, 410):
            return None
        raise CannotRead(f"{self._url}{path}: the server answers {status}")

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for connection in self._open:
            connection.close()


def _address(url: str) -> SplitResult:
    """An address in its parts; CannotRead when it cannot be one."""
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # of a port that is no number, too
        pass
    raise CannotRead(f"{url}: không phải địa chỉ đúng / not an address: http(s)://HOST[:PORT]/…")


def _proxy_of(place: SplitResult) -> SplitResult | None:
    host = place.hostname or ""
    proxy = None if host in LOOPBACK or proxy_bypass(host) else getproxies().get(place.scheme)
    return urlsplit(proxy) if proxy else None


class FolderSource:
    """A log as files: `checkpoint`, `tile/…`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, path: str) -> bytes | None:
        """Read the file at a path."""
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise CannotRead(f"{path}: {error.strerror}") from error

    def get_many(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """Read the files at many paths."""
        return map(self.get, paths)

    def close(self) -> None:
        """Nothing is held."""


def open_source(place: str, token: str | None) -> Source:
    """The source that a URL or a folder's name means; CannotRead when it is neither."""
    if place.startswith(("http://", "https://")):
        return HttpSource(place, token)
    folder = Path(unquote(urlsplit(place).path) if place.startswith("file://") else place)
    if folder.is_dir():
        return FolderSource(folder)
    raise CannotRead(
        f"{place}: không phải URL hay thư mục / neither a URL (http://…, https://…, file://…) nor a folder"
    )
