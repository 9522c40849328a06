"""What every face answers alike: HEAD as GET without its content, and a 405 that names what the address takes."""

from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from services.kernel.problems import NotFound
from services.kernel.web import pages
from services.kernel.web.app import _PROGRAMS, SecurityHeaders, service_app


@asynccontextmanager
async def idle(_):
    yield


def tiny(static: Path) -> FastAPI:
    app = service_app("tiny", "Tiny", idle)
    router = APIRouter()

    @router.get("/tiny/text/{name}", response_class=PlainTextResponse)
    async def text(name: str) -> Response:
        if name == "none":
            raise NotFound
        return PlainTextResponse(f"text {name}", headers={"Cache-Control": "public, immutable", "ETag": '"1"'})

    @router.get("/tiny/v1/asked")
    @router.get("/tiny/page")
    async def asked(request: Request) -> Response:
        return PlainTextResponse(request.url.query)

    @router.get("/tiny/parts")
    async def parts() -> Response:
        return StreamingResponse(iter([b"one", b"two"]))

    @app.put("/tiny/both")
    async def put() -> None: ...

    @app.get("/tiny/both")
    async def get() -> None: ...

    @app.post("/tiny/post")
    async def post() -> None: ...

    app.include_router(router)
    pages.mount_assets(app, "/tiny", static)
    return app


@pytest_asyncio.fixture
async def client(tmp_path):
    (tmp_path / "x.js").write_text("let x")
    transport = httpx.ASGITransport(app=tiny(tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tiny/text/a", 200), ("/tiny/text/none", 404), ("/tiny/nothing", 404), ("/tiny/parts", 200),
        ("/tiny/both", 200), ("/tiny/static/x.js", 200), ("/tiny/static/y.js", 404), ("/tiny/openapi.json", 200),
    ],
)  # fmt: skip
async def test_head_is_get_without_its_content(client, path, status):
    head, get = await client.head(path), await client.get(path)
    assert (head.status_code, get.status_code) == (status, status)
    assert head.content == b"" != get.content
    assert head.headers == get.headers
    if path != "/tiny/parts":
        assert head.headers["content-length"] == str(get.num_bytes_downloaded)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/tiny/text/a", "GET, HEAD"), ("POST", "/tiny/both", "GET, HEAD, PUT"), ("GET", "/tiny/post", "POST"),
        ("HEAD", "/tiny/post", "POST"), ("OPTIONS", "/tiny/post", "POST"), ("PUT", "/tiny/static/x.js", "GET, HEAD"),
        ("QUERY", "/tiny/parts", "GET, HEAD"), ("POST", "/tiny/openapi.json", "GET, HEAD"),
    ],
)  # fmt: skip
async def test_a_405_names_what_the_address_takes(client, method, path, allow):
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_a_program_leaves_empty_it_does_not_say(client):
    query = "unit=&open=true&cursor=YQ==&q=%20&b&after="
    assert (await client.get(f"/tiny/v1/asked?{query}")).text == "open=true&cursor=YQ==&q=%20"
    assert (await client.get("/tiny/v1/asked?unit=")).text == ""
    assert (await client.get("/tiny/v1/asked?blind=&unit=")).text == "blind="  # what is kept is not shown by mistake
    assert _PROGRAMS.match("/intake/v1/desk") and not _PROGRAMS.match("/intake/units/v1/qr")
    assert (await client.get(f"/tiny/page?{query}")).text == query  # a page may be told by a name alone


async def test_head_is_in_no_description(client):
    paths = (await client.get("/tiny/openapi.json")).json()["paths"]
    assert {method for operations in paths.values() for method in operations} == {"get", "put", "post"}


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_door_behind_another_adds_nothing_twice(tmp_path, scheme):
    transport = httpx.ASGITransport(app=SecurityHeaders(tiny(tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://t") as client:
        for path in ("/tiny/text/x", "/tiny/both", "/nothing"):
            headers = (await client.get(path)).headers
            for name in ("x-content-type-options", "content-security-policy", "cache-control"):
                assert len(headers.get_list(name)) == 1, (path, name)
            assert ("strict-transport-security" in headers) == (scheme == "https")
