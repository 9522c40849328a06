"""HEAD over a real port: what GET says, without its content, and the connection still good for the next request."""

import asyncio

import httpx

from tests.support.house import open_house


async def both(client: httpx.AsyncClient, path: str) -> tuple[httpx.Response, httpx.Response]:
    """The answers to GET and HEAD of one moment: the log grows meanwhile, and its page says how far."""
    async with asyncio.timeout(60):
        while True:
            before, head, get = await client.get(path), await client.head(path), await client.get(path)
            if before.content == get.content:
                return get, head


async def test_head_is_answered_like_get_by_every_service(settings):
    # public, refused and not taken alike
    paths = {
        "/": 303, "/problems/not-found": 200, "/nothing": 404,
        "/audit/checkpoint": 200, "/audit/vkey": 200, "/audit/tile/0/000.p/1": 200, "/audit/": 200,
        "/audit/tile/entries/000.p/1": 401, "/audit/healthz": 200, "/audit/openapi.json": 200,
        "/intake/login": 200, "/intake/assets/kycuong.css": 200, "/intake/v1/me": 401, "/intake/readyz": 200,
        "/intake/": 303, "/reports/readyz": 200, "/reports/v1/alerts": 401, "/reports/": 303, "/intake/v1/batch": 405,
    }  # fmt: skip
    async with open_house(settings) as house, house.client() as client:
        async with asyncio.timeout(60):  # the catalogue and its like are the log's first entries
            while (await client.get("/audit/tile/0/000.p/1")).status_code != 200:
                await asyncio.sleep(0.05)
        for path, status in paths.items():
            get, head = await both(client, path)
            assert (get.status_code, head.status_code, head.content) == (status, status, b""), path
            assert set(head.headers) == set(get.headers), path
            if "content-length" in get.headers:
                assert head.headers["content-length"] == str(get.num_bytes_downloaded), path
            if status == 405:
                assert head.headers["allow"] == "POST"
        for path, allow in {
            "/audit/checkpoint": "GET, HEAD",
            "/intake/login": "GET, HEAD, POST",
            "/reports/v1/alerts": "GET, HEAD",
        }.items():
            answer = await client.delete(path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allow), path
