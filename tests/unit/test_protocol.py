"""What may be left half-sent: by a clock that stands until it is told to go on, with the server's real parser."""

import asyncio
import json

import pytest
import uvicorn
from uvicorn.server import ServerState

from services.kernel.web.addresses import counted
from services.kernel.web.protocol import _READ_FIRST, Guard, GuardedProtocol, Limits

HEAD = b"PUT /intake/v1/x HTTP/1.1\r\nhost: t\r\ncontent-length: 100000\r\n"


class Loop:
    """The running loop, but for its time."""

    def __init__(self):
        self.now, self._real, self._timers = 0.0, asyncio.get_running_loop(), []

    def time(self):
        return self.now

    def create_task(self, *arguments, **options):
        return self._real.create_task(*arguments, **options)

    def call_later(self, delay, callback, *arguments):
        timer = asyncio.TimerHandle(self.now + delay, callback, arguments, self._real)
        self._timers.append(timer)
        return timer

    def pass_(self, seconds):
        until = self.now + seconds
        while due := [timer for timer in self._timers if timer.when() <= until + 2 * _READ_FIRST]:
            first = min(due, key=lambda timer: timer.when())
            self._timers.remove(first)
            self.now = max(self.now, first.when())
            if not first.cancelled():
                first._run()
        self.now = until


class Transport(asyncio.Transport):
    def __init__(self, host):
        super().__init__({"peername": (host, 1), "sockname": ("127.0.0.1", 2)})
        self.sent, self.ended, self.closed = b"", False, False

    def write(self, data):
        assert not self.ended
        self.sent += data

    def can_write_eof(self):
        return True

    def write_eof(self):
        self.ended = True

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True

    def pause_reading(self): ...

    def resume_reading(self): ...

    @property
    def refusal(self):
        """The status and the problem of the only answer."""
        head, _, body = self.sent.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head and b"connection: close" in head and b"nosniff" in head
        return int(head.split()[1]), json.loads(body)


class Server:
    """Connections to one server; what its app was given, and how it went on."""

    def __init__(self, proxies=(), limits=Limits()):
        self.loop, self.guard, self.seen = Loop(), Guard(proxies, limits), []
        self.config, self.state = (
            uvicorn.Config(
                self.app,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
            ),
            ServerState(),
        )
        self.answer_at_once = False

    async def app(self, scope, receive, send):
        self.seen.append(scope)
        while not self.answer_at_once:
            message = await receive()
            scope["last"] = message["type"]
            if message["type"] == "http.disconnect":
                return
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    def connect(self, host="203.0.113.9"):
        protocol = GuardedProtocol(self.config, self.state, {}, self.loop, guard=self.guard)
        transport = Transport(host)
        protocol.connection_made(transport)
        return protocol, transport


async def settled():
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def server():
    return Server()


async def test_a_head_that_stops_is_answered_and_cut_after_ten_seconds(server):
    protocol, transport = server.connect()
    protocol.data_received(b"GET / HTTP/1.1\r\nhost:")
    for _ in range(9):
        server.loop.pass_(1)
        protocol.data_received(b"x")  # a byte a second is no reason to wait longer
    assert not transport.ended
    server.loop.pass_(1)
    assert transport.ended and transport.refusal[0] == 408
    assert transport.refusal[1]["type"] == "/problems/too-slow"
    server.loop.pass_(2)
    assert transport.closed and not server.guard.unfinished


@pytest.mark.parametrize("drip", [b"", b"\r\n"], ids=["nothing", "line breaks"])
async def test_a_connection_that_asks_nothing_is_closed(server, drip):
    protocol, transport = server.connect()
    for _ in range(10):
        if drip:
            protocol.data_received(drip)
        server.loop.pass_(1)
    assert transport.ended and (drip or not transport.sent)


async def test_line_breaks_after_a_request_keep_nothing_open(server):
    protocol, transport = server.connect()
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: t\r\n\r\n")
    await settled()
    assert transport.sent.startswith(b"HTTP/1.1 200")
    for _ in range(11):
        protocol.data_received(b"\r\n")
        server.loop.pass_(1)
    assert transport.ended


@pytest.mark.parametrize("size", [1, 1_000, 100_000])
async def test_a_head_of_more_than_sixteen_kilobytes_is_refused_as_it_comes(server, size):
    protocol, transport = server.connect()
    sent = b"GET / HTTP/1.1\r\nhost: t\r\ncookie: "
    protocol.data_received(sent)
    while not transport.ended and len(sent) < 200_000:
        protocol.data_received(b"x" * size)
        sent += b"x" * size
    assert len(sent) <= 16 * 1024 + size + 1
    assert transport.refusal[0] == 431 and not server.seen
    protocol.data_received(b"x" * 1_000_000)  # whatever comes now is dropped unread
    server.loop.pass_(2)
    assert transport.closed


async def test_a_whole_head_that_is_too_large_is_refused_too(server):
    for head in (b"cookie: " + b"x" * 17_000, b"\r\n".join(b"x-%d: %s" % (n, b"y" * 100) for n in range(200))):
        protocol, transport = server.connect()
        protocol.data_received(b"GET / HTTP/1.1\r\nhost: t\r\n" + head + b"\r\n\r\n")
        await settled()
        assert transport.refusal[0] == 431 and not server.seen
    protocol, transport = server.connect()
    protocol.data_received(b"GET /" + b"x" * 17_000 + b" HTTP/1.1\r\nhost: t\r\n\r\n")
    assert transport.refusal[0] == 431 and not server.seen


async def test_a_head_that_began_behind_another_request_is_weighed_whole(server):
    protocol, transport = server.connect()
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: t\r\n\r\nGET / HTTP/1.1\r\nhost: t\r\ncookie: " + b"x" * 9_000)
    await settled()
    protocol.data_received(b"x" * 9_000 + b"\r\n\r\n")
    await settled()
    assert len(server.seen) == 1 and transport.sent.count(b"HTTP/1.1 431") == 1


async def test_a_head_of_ordinary_size_passes(server):
    protocol, transport = server.connect()
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: t\r\ncookie: " + b"x" * 15_000 + b"\r\n\r\n")
    await settled()
    assert transport.sent.startswith(b"HTTP/1.1 200")


async def test_a_body_without_progress_is_answered_and_its_reader_told(server):
    protocol, transport = server.connect()
    protocol.data_received(HEAD + b"accept-language: en\r\n\r\n")
    await settled()
    for _ in range(29):
        protocol.data_received(b"x")
        server.loop.pass_(1)
    assert not transport.ended
    server.loop.pass_(1)
    await settled()
    status, problem = transport.refusal
    assert (status, problem["instance"]) == (408, "/intake/v1/x") and "check the network" in problem["title"]
    assert server.seen[0]["last"] == "http.disconnect"


async def test_a_slow_phone_that_goes_on_is_never_cut(server):
    protocol, transport = server.connect()
    protocol.data_received(HEAD + b"\r\n")
    for _ in range(100):  # at 40 bytes a second
        protocol.data_received(b"x" * 1_000)
        await settled()
        server.loop.pass_(25)
    await settled()
    assert transport.sent.startswith(b"HTTP/1.1 200") and not transport.ended


async def test_a_body_that_stops_after_much_is_cut_half_a_minute_later(server):
    protocol, transport = server.connect()
    protocol.data_received(HEAD + b"\r\n" + b"x" * 90_000)
    await settled()
    server.loop.pass_(29)
    assert not transport.ended
    server.loop.pass_(1)
    assert transport.refusal[0] == 408


@pytest.mark.parametrize("filler", [b"1;" + b"e" * 40_000, b"0\r\nx: " + b"t" * 40_000], ids=["extension", "trailer"])
async def test_what_is_no_body_is_no_progress_and_is_bounded(server, filler):
    protocol, transport = server.connect()
    protocol.data_received(b"PUT / HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
    await settled()
    for start in range(0, len(filler), 1_000):
        protocol.data_received(filler[start : start + 1_000])
    assert transport.refusal[0] == 431


async def test_what_trails_a_body_is_weighed_with_its_head_also_when_it_comes_at_once(server):
    protocol, transport = server.connect()
    head = b"PUT / HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n"
    protocol.data_received(head + b"5\r\nhello\r\n0\r\nx: " + b"t" * 20_000 + b"\r\n\r\n")
    await settled()
    assert transport.refusal[0] == 431


async def test_an_answered_request_has_half_a_minute_to_end_its_body(server):
    server.answer_at_once = True
    protocol, transport = server.connect()
    protocol.data_received(HEAD + b"\r\n")
    await settled()
    assert transport.sent.startswith(b"HTTP/1.1 200")
    answered = transport.sent
    for _ in range(6):
        protocol.data_received(b"x" * 5_000)
        server.loop.pass_(5)
    assert transport.ended and transport.sent == answered


async def test_the_twenty_first_unfinished_request_of_an_address_is_refused(server):
    held = [server.connect() for _ in range(20)]
    for number, (protocol, _) in enumerate(held):
        protocol.data_received(HEAD + b"\r\n" if number % 2 else b"GET / HT")
    server.loop.pass_(1)
    protocol, transport = server.connect()
    protocol.data_received(HEAD + b"accept-language: vi\r\n\r\n")
    await settled()
    other, elsewhere = server.connect("203.0.113.10")
    other.data_received(HEAD + b"\r\n")
    server.loop.pass_(1)
    assert transport.refusal[0] == 429 and "Hãy thử lại sau 30 giây" in transport.refusal[1]["detail"]
    assert b"retry-after: 30" in transport.sent
    assert not elsewhere.ended and not any(one.ended for _, one in held)
    held[1][0].connection_lost(None)
    again, room = server.connect()
    again.data_received(HEAD + b"\r\n")
    server.loop.pass_(1)
    assert not room.ended


async def test_requests_that_come_whole_are_counted_nowhere(server):
    for _ in range(50):
        protocol, transport = server.connect()
        protocol.data_received(b"PUT / HTTP/1.1\r\nhost: t\r\ncontent-length: 2\r\n\r\n{}")
        await settled()
        assert transport.sent.startswith(b"HTTP/1.1 200")
    server.loop.pass_(5)
    assert not server.guard.unfinished


async def test_a_proxy_s_word_counts_only_from_a_configured_one():
    unknown, known = Server(), Server(["127.0.0.1", "10.0.0.0/8"])
    for server, told in ((unknown, {"127.0.0.1": 3}), (known, {"198.51.100.1": 1, "198.51.100.2": 1})):
        for address in (b"198.51.100.1", b"9.9.9.9, 198.51.100.2, 10.1.1.1", None):
            protocol, _ = server.connect("127.0.0.1")
            named = b"" if address is None else b"x-forwarded-for: " + address + b"\r\n"
            protocol.data_received(HEAD + named + b"\r\n")
        await settled()
        server.loop.pass_(1)
        assert server.guard.unfinished == told


async def test_what_is_no_http_is_a_problem(server):
    for request in (b"NONSENSE\r\n\r\n", b"CONNECT x:443 HTTP/1.1\r\nhost: t\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"):
        protocol, transport = server.connect()
        protocol.data_received(request)
        await settled()
        assert transport.refusal == (400, transport.refusal[1])
        assert transport.refusal[1]["type"] == "/problems/broken-request"


async def test_everything_is_forgotten_when_connections_end(server):
    for _ in range(3):
        protocol, _ = server.connect()
        protocol.data_received(HEAD + b"\r\n")
        await settled()
        server.loop.pass_(1)
        protocol.connection_lost(ConnectionResetError())
    assert not server.guard.unfinished


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (None, ""), ("x" * 500, "x" * 45),
    ],
)  # fmt: skip
def test_addresses_are_counted_by_who_holds_them(host, address):
    assert counted(host) == address
