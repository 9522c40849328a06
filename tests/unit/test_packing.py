"""Every text over 1 kB travels packed, whoever answers it, and unpacks to the same bytes; the rest passes as it is."""

import gzip
import json
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.kernel.problems import FieldError, Invalid
from services.kernel.web.app import service_app

LONG = json.dumps([{"unit": f"xa-{n}", "name": f"UBND xã số {n}"} for n in range(923)]).encode()
SHORT = LONG[:1024]


@asynccontextmanager
async def idle(_):
    yield


def answering() -> FastAPI:
    """An app that answers with what the query asks for."""
    app = service_app("tiny", "Tiny", idle)

    @app.get("/tiny/as")
    async def answer(request: Request) -> Response:
        asked = request.query_params
        body = SHORT if asked.get("size") == "short" else LONG
        kind, headers = asked["type"], {name: asked[name] for name in ("etag", "cache-control") if name in asked}
        status = int(asked.get("status", "200"))
        if "pieces" in asked:
            pieces = (body[place : place + 5000] for place in range(0, len(body), 5000))
            return StreamingResponse(pieces, status, headers, kind)
        return Response(body, status, headers, kind)

    @app.get("/tiny/wrong")
    async def wrong() -> None:
        raise Invalid(errors=[FieldError(f"/fields/{n}", "thiếu trường này", "is missing") for n in range(40)])

    return app


@pytest_asyncio.fixture
async def client():
    transport = httpx.ASGITransport(app=answering())
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def raw(client: httpx.AsyncClient, accept: str = "gzip, deflate, br, zstd", **asked: str) -> httpx.Response:
    """An answer with its bytes as they came."""
    headers = {"accept-encoding": accept}
    async with client.stream("GET", "/tiny/as", params=asked, headers=headers) as answer:
        answer._content = b"".join([piece async for piece in answer.aiter_raw()])
    return answer


TEXTS = ["application/json", "application/problem+json", "text/html; charset=utf-8", "text/csv", "application/x-ndjson",
         "text/plain", "application/manifest+json"]  # fmt: skip


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("pieces", [{}, {"pieces": "1"}])
async def test_a_long_text_is_packed_and_whole(client, kind, pieces):
    answer = await raw(client, type=kind, **pieces)
    assert answer.headers["content-encoding"] == "gzip" and "Accept-Encoding" in answer.headers["vary"]
    assert len(answer.content) < len(LONG) / 5 and gzip.decompress(answer.content) == LONG
    if not pieces:
        assert answer.headers["content-length"] == str(len(answer.content))


async def test_a_long_problem_is_packed(client):
    answer = await client.get("/tiny/wrong")
    assert (answer.status_code, answer.headers["content-encoding"]) == (422, "gzip")
    assert len(answer.json()["errors"]) > 1


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "application/json", "size": "short"},
        {"type": "application/json", "accept": ""},
        {"type": "application/json", "accept": "identity, gzip;q=0"},
        {"type": "image/jpeg"},
        {"type": "application/octet-stream"},
        {"type": "text/event-stream", "pieces": "1"},
        {"type": "text/plain", "status": "206"},
        {"type": "text/plain", "cache-control": "no-transform"},
    ],
)
async def test_what_is_short_unasked_or_no_text_passes_as_it_is(client, asked):
    answer = await raw(client, **asked)
    assert "content-encoding" not in answer.headers
    assert answer.content == (SHORT if asked.get("size") else LONG)


async def test_head_tells_what_get_would(client):
    get = await client.get("/tiny/as", params={"type": "text/csv"})
    head = await client.head("/tiny/as", params={"type": "text/csv"})
    assert head.headers == get.headers and head.content == b""


async def test_what_has_a_tag_is_the_same_bytes_under_a_tag_of_its_own(client):
    packed = await raw(client, type="text/plain", etag='"abc"')
    plain = await raw(client, accept="", type="text/plain", etag='"abc"')
    assert (packed.headers["etag"], plain.headers["etag"]) == ('"abc.gz"', '"abc"')
    assert packed.content[3] == 0  # no name: nothing that only this process knows


async def test_how_long_it_is_does_not_tell_what_was_guessed(client):
    """A name of a length that only this process can foretell stands before the content."""
    answer = await raw(client, type="text/html")
    again = await raw(client, type="text/html")
    assert answer.content[3] == 8 and answer.content[10:11] == b"-"  # a name, which no reader shows
    assert len(answer.content) == len(again.content)  # asking again averages nothing out
