"""Wherever a person gets stuck: a page in the house's style that says what happened, and only ways on that are open."""

import re
from html import unescape

import httpx
import pytest

from services.kernel.identity.roles import Role
from tests.support.case_world import fresh, registration
from tests.support.form import UNIT
from tests.support.instance import Instance

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NOWHERE = (
    "/nope", "/intake/desk/xyz", "/intake/minutes", "/intake/static/none.js", "/audit/none", "/audit/tile/x/1",
    "/reports/none", "/reports/units/khong-co", "/reports/?quarter=2030-Q1", "/reports/?quarter=xx", "/problems/none",
)  # fmt: skip
NEEDS_A_SESSION = (f"/intake/units/{UNIT}/qr", "/intake/v1/me", "/audit/v1/receipts/none", "/reports/v1/alerts")


@pytest.fixture(scope="module")
def cookies(instance: Instance) -> dict[str, str]:
    """A browser session of each role, and of an account without one."""
    made = {}
    for role in Role:
        made[role.value] = session(instance, f"o.{role.value}", instance.member(f"o.{role.value}", role, post(role)))
    return made


def post(role: Role) -> str | None:
    return UNIT if role is Role.UNIT_HEAD else None


def session(instance: Instance, account: str, password: str) -> str:
    answer = instance.client().post("/intake/login", json={"account": account, "password": password})
    assert answer.status_code == 204, answer.text
    return answer.headers["set-cookie"].split(";")[0]


def ask(
    instance: Instance, path: str, cookie: str | None = None, accept: str = BROWSER, **headers: str
) -> httpx.Response:
    held = {"cookie": cookie} if cookie else {}
    return instance.client().get(path, headers={"accept": accept, **held, **headers})


def main(page: httpx.Response) -> str:
    return unescape(page.text.split("<main", 1)[1].split("</main>")[0])


def links(page: httpx.Response) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text.split("<main", 1)[1])]


def says(page: httpx.Response, detail: str) -> None:
    """The page tells the problem's own words once, under a heading that is another sentence."""
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", main(page))
    assert heading is not None and heading[1] not in detail and detail not in heading[1]
    assert main(page).count(detail) == 1


@pytest.mark.parametrize("path", [*NOWHERE, *NEEDS_A_SESSION])
def test_a_browser_gets_a_page_and_a_program_the_problem(instance: Instance, path: str) -> None:
    page, problem = ask(instance, path), ask(instance, path, accept="application/json")
    if path.startswith("/reports/") and "v1" not in path and path != "/reports/none":
        assert page.status_code == 303  # a page of its own: sign in first, and come back
        return
    assert page.status_code == problem.status_code >= 400
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert problem.headers["content-type"] == "application/problem+json"
    assert "Accept" in page.headers["vary"] and "Accept" in problem.headers["vary"]
    assert page.headers["content-encoding"] == "gzip" or len(page.content) <= 1024
    says(page, problem.json()["detail"])
    for way in links(page):
        assert ask(instance, way).status_code in (200, 303), way
    sign_in = "/intake/login?" if page.status_code == 401 else "/intake/login"
    assert any(way.startswith(sign_in) for way in links(page)), links(page)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "path", [*NOWHERE, "/reports/notices", "/reports/inbox", "/reports/", f"/intake/units/{UNIT}/qr"]
)
def test_every_way_on_is_open_to_this_role(instance: Instance, cookies: dict[str, str], role: Role, path: str) -> None:
    page = ask(instance, path, cookies[role.value])
    if page.status_code == 200:
        return
    assert page.status_code in (400, 403, 404)
    problem = ask(instance, path, cookies[role.value], accept="application/json")
    if problem.headers["content-type"] == "application/problem+json":
        says(page, problem.json()["detail"])
    ways = links(page)
    assert ways and path not in ways
    for way in ways:
        assert ask(instance, way, cookies[role.value]).status_code == 200, way


@pytest.mark.parametrize("role", list(Role))
def test_the_menu_holds_what_opens_and_marks_where_one_is(
    instance: Instance, cookies: dict[str, str], role: Role
) -> None:
    home = ask(instance, "/intake/desk/", cookies[role.value])
    menu = re.findall(r'href="([^"]+)"', home.text.split("<nav", 1)[1].split("</nav>")[0])
    for path in menu:
        page = ask(instance, path, cookies[role.value])
        assert page.status_code == 200, path
        assert re.findall(r'href="([^"]+)" aria-current="page"', page.text)[:1] == [path]


@pytest.mark.parametrize(
    ("path", "section"),
    [(f"/reports/units/{UNIT}", "/reports/"), ("/audit/entry?at=0", "/audit/"),
     ("/reports/inbox?all=1", "/reports/notices"), (f"/intake/units/{UNIT}/qr", "/intake/desk/")],
)  # fmt: skip
def test_the_menu_marks_the_section_of_a_page_below_it(
    instance: Instance, cookies: dict[str, str], path: str, section: str
) -> None:
    page = ask(instance, path, cookies["reviewer"])
    assert page.status_code == 200
    nav = page.text.split("<nav", 1)[1].split("</nav>")[0]
    assert re.findall(r'href="([^"]+)" aria-current="page"', nav) == [section]


def test_a_quarter_that_has_not_begun_is_refused_in_words_and_offered_nowhere(
    instance: Instance, cookies: dict[str, str]
) -> None:
    page = ask(instance, "/reports/?quarter=2030-Q1", cookies["reviewer"])
    assert page.status_code == 404
    assert "chưa bắt đầu" in main(page)
    assert "2030" not in ask(instance, "/reports/", cookies["reviewer"]).text
    token = instance.client(instance.token("reviewer"))
    for path in ("/reports/v1/scorecards/2030-Q1", f"/reports/v1/scorecards/2030-Q1/{UNIT}"):
        assert token.get(path).status_code == 404


def test_an_edition_that_is_not_published_says_so_and_leads_to_what_opens(
    instance: Instance, cookies: dict[str, str]
) -> None:
    page = ask(instance, "/reports/?edition=official", cookies["unit_head"])
    assert page.status_code == 404
    says(page, "Bản chốt này chưa được công bố.")
    assert "edition=live" in " ".join(links(page))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/nope", 404), ("POST", "/", 405), ("DELETE", "/intake/desk/", 405), ("PUT", "/audit/", 405),
     ("POST", "/intake/login", 415), ("POST", "/intake/login", 413)],
)  # fmt: skip
def test_other_methods_meet_the_same_page(instance: Instance, method: str, path: str, status: int) -> None:
    body = b"x" * (5000 if status == 413 else 10)
    page = instance.client().request(method, path, content=body, headers={"accept": BROWSER})
    assert page.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (page.headers.get("allow") is not None) == (status == 405)


def test_too_fast_says_how_long(instance: Instance) -> None:
    client, wrong = instance.client(), {"account": "khong-co-ai", "password": "sai"}
    for _ in range(12):
        page = client.post("/intake/login", json=wrong, headers={"accept": BROWSER})
        if page.status_code == 429:
            break
    assert page.status_code == 429
    assert page.headers["retry-after"] in main(page)


def test_the_page_speaks_the_readers_language_and_keeps_out_what_was_asked(instance: Instance) -> None:
    page = ask(instance, "/nope/<script>alert(1)</script>", **{"accept-language": "en"})
    assert '<html lang="en">' in page.text and "<h1>Not found</h1>" in page.text
    assert "<script>alert" not in page.text
    assert "Content-Security-Policy" in ask(instance, "/intake/nope").headers


@pytest.mark.parametrize(
    ("accept", "html"),
    [("*/*", False), ("", False), ("application/json", False), ("text/html", True), (BROWSER, True),
     ("application/json, text/html;q=0.5", False), ("text/html;q=0", False), ("image/webp,*/*", False)],
)  # fmt: skip
def test_who_asks_for_html_gets_it(instance: Instance, accept: str, html: bool) -> None:
    answer = ask(instance, "/intake/nope", accept=accept)
    assert answer.headers["content-type"].startswith("text/html") == html


def test_a_receipt_is_a_page_to_a_browser_and_the_same_bytes_to_programs(
    instance: Instance, cookies: dict[str, str]
) -> None:
    admin = instance.client(instance.token("admin"))
    written = fresh()
    answer = admin.put(f"/intake/v1/unit-changes/{written}", json=registration("xa-bien-nhan", None))
    assert answer.status_code == 201, answer.text
    path = f"/audit/v1/receipts/{written}"
    proof = ask(instance, f"{path}?wait=30", cookies["reviewer"], accept="*/*")
    assert proof.headers["content-type"].startswith("text/plain") and proof.text.startswith("c2sp.org/tlog-proof@v1\n")
    page = ask(instance, path, cookies["reviewer"])
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Đăng ký đơn vị" in main(page) and "bien-nhan-" in page.text
    for way in links(page):
        assert ask(instance, way, cookies["reviewer"]).status_code == 200, way
    file = ask(instance, f"{path}?format=text", cookies["reviewer"])
    assert file.headers["content-type"].startswith("text/plain")
    assert file.text.split("\n")[:2] == proof.text.split("\n")[:2]  # a newer checkpoint may cover it
    other = ask(instance, path, cookies["inspector"])  # may see that it stands there, not what it says
    assert other.status_code == 200
    missing = ask(instance, f"/audit/v1/receipts/{fresh()}", cookies["reviewer"])
    assert missing.status_code == 404 and "<h1>" in missing.text
