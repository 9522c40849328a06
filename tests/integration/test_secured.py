"""Every answer, whoever makes it, is secured; what a query or a path's secret says is told to nobody who measures."""

import logging
import re
from collections.abc import Iterator

import pytest
from starlette.routing import BaseRoute, Mount

from tests.support.house import open_house

SECURED = {
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
PORCH = (
    "/", "/problems/not-found", "/problems/none", "/favicon.ico", "/nothing", "/intake", "//", "/intakes/",
    "/audit/nothing", "/intake/assets/kycuong.css", "/intake/assets/none.css",
    "/intake/static/icon-192.png", "/intake/static/../app.py", "/reports/static/reports.css", "/intake/boom",
)  # fmt: skip
CANARY = "CANARY-vi-sao-mo"


def addresses(routes: list[BaseRoute]) -> Iterator[str]:
    """An address for each route, made-up words in its holes."""
    for route in routes:
        if (included := getattr(route, "original_router", None)) is not None:  # FastAPI includes routers lazily
            yield from addresses(list(included.routes))
        elif not isinstance(route, Mount):
            yield re.sub(r"\{[^}]*\}", "x", route.path)


async def boom() -> None:
    raise RuntimeError(f"told nobody: {CANARY}")


def unsecured(answer) -> list[str]:
    return [
        name for name, part in SECURED.items()
        if len(answer.headers.get_list(name)) != 1 or part not in answer.headers[name]
    ] + ([] if answer.headers.get_list("cache-control") else ["cache-control"])  # fmt: skip


async def test_every_answer_carries_the_headers_once(settings):
    async with open_house(settings) as house, house.client() as client:
        house.apps["intake"].get("/intake/boom")(boom)
        everywhere = [*PORCH, *(path for app in house.apps.values() for path in addresses(list(app.routes)))]
        assert len(everywhere) > 70
        seen = set()
        for path in everywhere:
            for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"):
                answer = await client.request(method, path)
                assert unsecured(answer) == [], f"{method} {path}: {answer.status_code}"
                seen.add(answer.status_code)
        assert {200, 204, 303, 401, 404, 405, 415, 422, 500} <= seen
        large = await client.put(
            "/intake/v1/findings/x", content=b"{" + b" " * 70_000, headers={"content-type": "application/json"}
        )
        assert (large.status_code, unsecured(large)) == (413, [])


async def test_the_start_page_s_own_refusals_are_problems_in_words(settings):
    async with open_house(settings) as house, house.client() as client:
        for method, path, status in (("PUT", "/", 405), ("GET", "/nothing", 404), ("GET", "/problems/none", 404)):
            answer = await client.request(method, path)
            assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json", path
        assert (await client.put("/")).headers["allow"] == "GET, HEAD"


async def test_https_is_asked_for_once_it_was_used(settings):
    behind_a_proxy = settings.model_copy(update={"proxies": "127.0.0.1"})
    async with open_house(behind_a_proxy) as house, house.client() as client:
        for path in ("/", "/intake/login", "/nothing"):
            assert "strict-transport-security" not in (await client.get(path)).headers
            answer = await client.get(path, headers={"x-forwarded-proto": "https"})
            assert answer.headers.get_list("strict-transport-security") == ["max-age=31536000"]


@pytest.mark.parametrize("told_by", ["query", "header"])
async def test_why_a_private_part_is_opened_reaches_no_trace_metric_or_log(settings, heard, caplog, told_by):
    spans, reader = heard
    caplog.set_level(logging.DEBUG)
    secret = "c" * 43  # such as a link's: whoever holds it may look
    query = f"?reason={CANARY}&next=%2Faudit%2Fentry%3Fat%3D{CANARY}"
    asked = [
        f"/intake/v1/findings/01990402-7a1b-7c2d-8e3f-4a5b6c7d8e02{query}",
        f"/intake/minutes/01990402-7a1b-7c2d-8e3f-4a5b6c7d8e02/{secret}{query}",
        f"/intake/login{query}", f"/audit/entry{query}&at={CANARY}", f"/reports/{query}", f"/intake/boom{query}",
        f"/nothing/{secret}{query}", f"/intake/v1/units{query}&limit={CANARY}",
    ]  # fmt: skip
    async with open_house(settings) as house, house.client() as client:
        house.apps["intake"].get("/intake/boom")(_quiet_boom)
        for path in asked:
            if told_by == "header":
                path = path.split("?")[0]
            answer = await client.get(path, headers={"Kycuong-Reason": CANARY, "Referer": f"{house.url}/?{CANARY}"})
            assert answer.status_code >= 200
    finished = spans.get_finished_spans()
    assert len([span for span in finished if "http.response.status_code" in (span.attributes or {})]) >= len(asked) - 1
    told = [span.to_json() for span in finished]
    told.append(reader.get_metrics_data().to_json())
    told += [
        record.getMessage() + (record.exc_text or "") for record in caplog.records if not record.name.startswith("http")
    ]
    assert not [text for text in told if CANARY in text or secret in text]
    assert any("/intake/v1/findings/{id}" in text for text in told)


async def _quiet_boom() -> None:
    raise RuntimeError
