"""What is sent outside: connections serve again, and no far end answers what it was not asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import uvloop

from services.kernel.web.reachable import networks
from services.reports.delivery import outward
from services.reports.delivery.outward import Outward
from services.reports.delivery.port import Passing

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@asynccontextmanager
async def far_end(*answers: bytes, ends: bool = False, slow: float = 0) -> AsyncIterator[tuple[str, list[int]]]:
    """Answers requests in turn with these bytes; which connection each came on."""
    came: list[int] = []
    waiting = list(answers)
    lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines[task] = writer
        mine = len(lines)
        try:
            while waiting:
                head = await reader.readuntil(b"\r\n\r\n")
                assert b"host: 127.0.0.1:" in head and b"content-length: 2\r\n" in head
                assert await reader.readexactly(2) == b"{}"
                came.append(mine)
                answer = waiting.pop(0)
                await asyncio.sleep(slow)
                writer.write(answer)
                await writer.drain()
                if ends:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in?of=1", came
    finally:
        server.close()
        for writer in lines.values():  # one left open would be told of in another test, once its loop has ended
            writer.transport.abort()
        await asyncio.gather(*lines)


async def posted(url: str, times: int) -> Sequence[tuple[int, float]]:
    sender = Outward(networks("127.0.0.0/8"))
    try:
        answers = []
        for _ in range(times):
            answers.append(await sender.post(url, [(b"content-type", b"application/json")], b"{}"))
            await asyncio.sleep(0.02)
        return answers
    finally:
        await sender.close()


async def test_a_connection_serves_again() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n"
    early = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 Busy\r\nretry-after: 9\r\ncontent-length: 2\r\n\r\nno"
    async with far_end(OK, chunked, early, OK) as (url, came):
        assert await posted(url, 4) == [(204, 0.0), (200, 0.0), (503, 9.0), (204, 0.0)]
        assert came == [1, 1, 1, 1]


@pytest.mark.parametrize("unasked", [b"HTTP/1.1 410 Gone\r\n\r\n", b"x"])
async def test_what_comes_unasked_answers_nothing(unasked: bytes) -> None:
    async with far_end(OK + unasked, OK) as (url, came):
        assert await posted(url, 2) == [(204, 0.0), (204, 0.0)]
        assert came == [1, 2]


async def test_a_far_end_that_closes_is_called_anew() -> None:
    async with far_end(OK, OK, ends=True) as (url, came):
        assert await posted(url, 2) == [(204, 0.0), (204, 0.0)]
        assert came == [1, 2]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha", b"SSH-2.0-x\r\n"])
async def test_half_an_answer_is_none(answer: bytes) -> None:
    async with far_end(answer, ends=True) as (url, _):
        with pytest.raises(Passing, match="protocol"):
            await posted(url, 1)


def test_it_is_the_same_on_the_loop_that_services_run_on() -> None:
    uvloop.run(test_a_connection_serves_again())
    uvloop.run(test_an_answer_without_a_length_ends_with_its_connection())


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async with far_end(b"HTTP/1.1 200 OK\r\n\r\nwhatever", ends=True) as (url, _):
        assert await posted(url, 1) == [(200, 0.0)]


async def test_what_nobody_uses_any_more_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while its origin is called on: the newest line serves, the others would stay."""
    monkeypatch.setattr(outward, "_KEEP", 0.3)
    async with far_end(*[OK] * 20, slow=0.1) as (url, came):
        sender = Outward(networks("127.0.0.0/8"))
        post = partial(sender.post, url, [(b"content-type", b"application/json")], b"{}")
        await asyncio.gather(*(post() for _ in range(8)))
        assert len(set(came)) == 8

        def standing() -> int:
            [lines] = sender._idle.values()
            return sum(line.stands() for line in lines)

        async with asyncio.timeout(60):
            while standing() != 1:
                await asyncio.sleep(0.1)
                await post()
            while standing():
                await asyncio.sleep(0.1)
        await sender.close()


async def test_an_answer_may_say_much_of_itself() -> None:
    long = b"HTTP/1.1 204 No Content\r\nset-cookie: " + b"a" * 20_000
    async with far_end(long + b"\r\n\r\n") as (url, _):
        assert await posted(url, 1) == [(204, 0.0)]
