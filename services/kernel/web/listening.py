"""The socket that a program serves on, and what is said in both languages when it cannot be had."""

import contextlib
import errno
import socket
from collections.abc import Iterator

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to reach what listens there


class PortInUse(RuntimeError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        other = port + 1 if port < 65535 else port - 1
        super().__init__(
            f"cổng {port} đang được chương trình khác dùng; hãy dừng chương trình đó hoặc chọn cổng khác, "
            f"ví dụ --port {other} (port {port} is in use: stop the other program or choose another --port)"
        )


class PortForbidden(RuntimeError):
    """The machine keeps the port for root."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"người dùng này không được dùng cổng {port}; hãy chọn cổng từ 1024 trở lên, ví dụ --port 8000 (this user "
            f"may not listen on port {port}: choose a --port of 1024 or more)"
        )


class NotOurHost(RuntimeError):
    """The machine has no such address."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"máy này không có địa chỉ {host}; hãy chọn --host là một địa chỉ của máy, ví dụ 127.0.0.1 hoặc 0.0.0.0 "
            f"(this machine has no address {host}: choose a --host that it has, for example 127.0.0.1 or 0.0.0.0)"
        )


def bind(host: str, port: int) -> socket.socket:
    """A socket that has the port; connections are refused until a server listens on it."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise NotOurHost(host) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with naming(host, port):
            listener.bind(place)
        listener.set_inheritable(False)
    except BaseException:
        listener.close()
        raise
    return listener


def listen(listener: socket.socket, backlog: int) -> None:
    """Take connections; of two that bound one port, one may, and uvloop would not tell the other."""
    with naming(*listener.getsockname()[:2]):
        listener.listen(backlog)


def address_of(listener: socket.socket) -> str:
    """Where this machine reaches what listens there."""
    host, port = listener.getsockname()[:2]
    host = _EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextlib.contextmanager
def naming(host: str, port: int) -> Iterator[None]:
    """Say what is wrong with a place: binding it may tell, or listening on it when two start at once."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port) from error
        if error.errno == errno.EACCES:
            raise PortForbidden(port) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise NotOurHost(host) from error
        raise
