"""One suite for every way to whom it concerns, the live inbox too: what it must do whatever it is, on real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec

from services.house import server_config
from services.kernel.identity.authentication import hash_token
from services.kernel.identity.vapid import point, unpadded
from services.kernel.process.settings import Settings
from services.reports.delivery.inbox import hub
from services.reports.fold.fold import Fold
from tests.support.certificates import Authority
from tests.support.deliveries import NOW, UNIT, Sending, sending
from tests.support.instance import free_port
from tests.support.sinks import Hooks, Postbox, hooks, postbox

KEY = ec.generate_private_key(ec.SECP256R1())
KEYS = {"p256dh": unpadded(point(KEY.public_key())), "auth": unpadded(b"0123456789abcdef")}
MAIL = {"mail": "chu-tich@xa.example"}


@dataclass
class Way(ABC):
    """One channel with its receiver."""

    post: Sending

    via = ""
    ends_all = True
    """Whether a permanent refusal is one of everything: nothing is sent there any more."""
    logged = True
    """Whether each attempt is recorded; who listens for himself is in no log."""

    @abstractmethod
    async def add(self) -> str:
        """A receiver of the unit's head."""

    @abstractmethod
    async def answer(self, how: str) -> None:
        """Let the receiver answer `taken`, `passing` or `permanent` from now on."""

    async def close(self) -> None:  # noqa: B027 - what holds nothing has nothing to give back
        """Give back what it holds."""

    async def another_away(self) -> None:
        """One more receiver, that takes nothing."""
        await self.post.hook("http://127.0.0.1:9/nobody", UNIT)

    @abstractmethod
    def tried(self) -> int:
        """How many messages came, taken or not."""

    @abstractmethod
    def ids(self) -> list[str]:
        """The ids of those that came, as the receiver sees them."""


@dataclass
class Hook(Way):
    sink: Hooks

    via, path, codes = "webhook", "/conform", {"taken": 204, "passing": 500, "permanent": 410}

    async def add(self) -> str:
        return await self.post.hook(self.sink.url + self.path, UNIT)

    async def answer(self, how: str) -> None:
        self.sink.answers[self.path] = self.codes[how]

    def tried(self) -> int:
        return len(self.sink.at(self.path))

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.sink.at(self.path)]


class Push(Hook):
    via, codes = "push", {"taken": 201, "passing": 503, "permanent": 404}

    async def add(self) -> str:
        head = await self.post.account("unit_head", UNIT)
        return await self.post.add("push", head, {"endpoint": self.sink.url + self.path, "keys": KEYS})

    def ids(self) -> list[str]:
        return [str(UUID(headers["topic"])) for headers, _ in self.sink.at(self.path)]


@dataclass
class Mail(Way):
    box: Postbox

    via, ends_all = "address", False

    async def add(self) -> str:
        return await self.post.add("address", await self.post.account("unit_head", UNIT), MAIL, confirmed_at=NOW)

    async def answer(self, how: str) -> None:
        self.box.refusal = {"taken": None, "passing": "451 later", "permanent": "550 no such user"}[how]

    def tried(self) -> int:
        return len(self.box.tried)

    def ids(self) -> list[str]:
        return [str(mail["Message-ID"])[1:].partition("@")[0] for mail in self.box.tried]


@dataclass
class Inbox(Way):
    """Server-sent events: it passes when the server goes and comes back, and is over with the session."""

    via, ends_all, logged = "inbox", True, False
    came: list[dict[str, Any]] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _server: uvicorn.Server | None = None
    _tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    _deaf: socket.socket | None = None

    async def add(self) -> str:
        await self.answer("taken")
        return ""

    async def answer(self, how: str) -> None:
        await self.close()
        if how == "passing":
            return
        if how == "permanent":
            digest = hash_token(self.post.house._tokens["unit_head", UNIT])
            await self.post.database.execute(
                "UPDATE identity.session SET revoked_at = now() WHERE token_hash = $1", digest
            )
        self._server = uvicorn.Server(server_config(self.post.house.app))
        self._server.config.port, self._server.config.lifespan = self.port, "off"
        self._tasks = [asyncio.create_task(self._server.serve())]
        while not self._server.started:
            await asyncio.sleep(0.02)
        listening = asyncio.Event()
        self._tasks.append(asyncio.create_task(self._listen(listening)))
        await listening.wait()

    async def _listen(self, listening: asyncio.Event) -> None:
        place = self.came[-1]["place"] if self.came else "0.0"
        asked = {"Authorization": f"Bearer {self.post.house._tokens['unit_head', UNIT]}", "Last-Event-ID": place}
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=20, trust_env=False) as client,
            client.stream("GET", "/reports/v1/alerts/stream", headers=asked) as answer,
        ):
            listening.set()
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    self.came.append(json.loads(line.removeprefix("data: ")))

    async def close(self) -> None:
        """The server goes, and with it whoever listened."""
        if self._deaf is not None:
            self._deaf.close()
        if self._server is not None:
            self._server.should_exit = self._server.force_exit = True
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server, self._tasks = None, []

    async def another_away(self) -> None:
        """A listener that reads nothing."""
        token = self.post.house._tokens["unit_head", UNIT]
        request = f"GET /reports/v1/alerts/stream HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {token}\r\n\r\n"
        before = len(self.post.house.app.state.inbox._listeners)
        self._deaf = socket.create_connection(("127.0.0.1", self.port))
        self._deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self._deaf.sendall(request.encode())
        while len(inbox := self.post.house.app.state.inbox._listeners) == before:
            await asyncio.sleep(0.02)
        slow = max(inbox, key=lambda one: one.place)
        for number in range(hub.MOST_WAITING):
            slow.put((10**9, number), b"x" * 100_000)

    def tried(self) -> int:
        return len(self.came)

    def ids(self) -> list[str]:
        return [one["id"] for one in self.came]


OUTSIDE = ("webhook", "push", "mail")


@pytest_asyncio.fixture(params=OUTSIDE)
async def way(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Way]:
    number = unpadded(KEY.private_numbers().private_value.to_bytes(32, "big"))
    with postbox() as box:
        set_up = {
            "webhook_allow": "127.0.0.1", "vapid_key": number, "vapid_subject": "mailto:a@so.example",
            "smtp_url": f"smtp://127.0.0.1:{box.port}", "mail_from": "bao@so.example",
        }  # fmt: skip
        async with hooks() as sink, sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
            ways: dict[str, Way] = {
                "webhook": Hook(post, sink), "push": Push(post, sink), "mail": Mail(post, box), "inbox": Inbox(post),
            }  # fmt: skip
            found = ways[request.param]
            await found.answer("taken")
            await found.add()
            yield found
            await found.close()


async def came(way: Way, count: int) -> list[str]:
    async with asyncio.timeout(60):
        while way.tried() < count:
            await asyncio.sleep(0.02)
    return way.ids()


async def notice(way: Way) -> str:
    """The head's newest notice."""
    shown = await way.post.house.ask("/reports/v1/notices", "unit_head", UNIT)
    return str(shown.json()["items"][-1]["id"])


def waits(way: Way, delivery: dict[str, Any]) -> timedelta:
    next_at = datetime.fromisoformat(delivery["next_at"]).astimezone(UTC)
    return next_at - way.post.house.app.state.service.clock.now()


every_way = pytest.mark.parametrize("way", [*OUTSIDE, "inbox"], indirect=True)


@every_way
async def test_a_notice_is_sent_once_under_its_id_and_the_log_says_so(way: Way) -> None:
    await way.post.visit("A01", "A02")
    assert await came(way, 1) == [await notice(way)]
    if way.logged:
        [sent] = await way.post.settled("sent")
        assert (sent["via"], sent["kind"], sent["attempts"], sent["last"]["why"]) == (way.via, "findings", 1, "sent")
        assert "@" not in json.dumps(sent) and "127.0.0.1" not in json.dumps(sent)
    await Fold(way.post.house.app.state.service.pool).rebuild(way.post.house.made.covered())
    await asyncio.sleep(0.6)
    assert way.tried() == 1


async def test_what_passes_is_tried_again_with_back_off_and_jitter_under_the_same_id(way: Way) -> None:
    await way.answer("passing")
    await way.post.visit()
    [first] = await way.post.settled("waiting")
    assert first["attempts"] == 1 and first["last"]["status"] in (500, 503, 451)
    assert timedelta(seconds=4) < waits(way, first) <= timedelta(seconds=5)
    way.post.pass_time(4)
    await asyncio.sleep(0.6)
    assert way.tried() == 1  # not before its time
    way.post.pass_time(2)
    await came(way, 2)
    async with asyncio.timeout(60):
        while (second := (await way.post.settled("waiting"))[0])["last"]["at"] == first["last"]["at"]:
            await asyncio.sleep(0.05)
    assert timedelta(seconds=299) < waits(way, second) < timedelta(seconds=361)
    await way.answer("taken")
    way.post.pass_time(361)
    [first_id, *others] = await came(way, 3)
    assert set(others) == {first_id} and first_id == await notice(way)
    [sent] = await way.post.settled("sent")
    assert sent["attempts"] == 3


@every_way
async def test_what_came_while_a_receiver_was_away_comes_later_in_order_and_once(way: Way) -> None:
    await way.post.visit()
    first = await came(way, 1)
    await way.answer("passing")
    for _ in range(3):
        await way.post.visit()
    if way.logged:
        await way.post.settled("waiting", 3)
    await way.answer("taken")
    way.post.pass_time(6)
    shown = [one["id"] for one in (await way.post.house.ask("/reports/v1/notices", "unit_head", UNIT)).json()["items"]]
    async with asyncio.timeout(60):
        while set(way.ids()) != set(shown):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.6)
    assert way.ids()[0] == shown[0] == first[0]
    if not way.logged:
        assert way.ids() == shown  # outside each is tried by itself, twice here, in any order


@every_way
async def test_what_is_permanent_is_tried_no_more(way: Way) -> None:
    await way.answer("permanent")
    before = int(way.logged)
    await way.post.visit()
    if way.logged:
        [failed] = await way.post.settled("failed")
        assert failed["attempts"] == 1 and failed["last"]["status"] in (410, 404, 550)
    way.post.pass_time(86_400)
    await asyncio.sleep(0.6)
    assert way.tried() == before
    await way.answer("taken")
    await way.post.visit()
    if way.ends_all:
        await asyncio.sleep(0.6)
        assert way.tried() == before
    else:
        assert len(await came(way, 2)) == 2


async def test_what_was_sent_is_sent_again_when_asked_under_the_same_id(way: Way) -> None:
    await way.post.visit()
    [sent] = await way.post.settled("sent")
    again = await way.post.resend(sent["id"])
    assert (again.status_code, again.json()["state"]) == (200, "waiting")
    assert await came(way, 2) == [await notice(way)] * 2


@every_way
async def test_one_that_is_away_delays_no_other(way: Way) -> None:
    await way.another_away()
    await way.post.visit()
    assert len(await came(way, 1)) == 1
    if way.logged:
        [unreachable] = await way.post.settled("waiting", why="unreachable")
        assert unreachable["via"] == "webhook"


@pytest.mark.parametrize("trusted", [True, False])
async def test_mail_goes_by_starttls_to_a_server_whose_certificate_is_trusted_and_to_no_other(
    settings: Settings, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    authority, name = Authority(), "127.1"  # leads here, but is no address of this machine that is let off
    if trusted:
        (tmp_path / "ca.pem").write_bytes(authority.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with postbox(authority.context(name, tmp_path), require_starttls=True) as box:
        set_up = {"smtp_url": f"smtp://{name}:{box.port}", "mail_from": "bao@so.example"}
        async with sending(Settings.model_validate({**settings.model_dump(), **set_up})) as post:
            await post.add("address", await post.account("unit_head", UNIT), MAIL, confirmed_at=NOW)
            await post.visit()
            if trusted:
                await box.until(1)
                await post.settled("sent")
                assert box.secured == [True]
                return
            await post.settled("waiting", why="certificate")
            page = await post.house.ask("/reports/deliveries", "reviewer", accept="text/html")
            assert "Chứng thư số của máy nhận không được tin cậy" in page.text and not box.mails
