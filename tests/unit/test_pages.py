"""Formats of Vietnam, the reader's language, the navigation, and where a sign-in may lead."""

from decimal import Decimal
from pathlib import Path

import pytest
from starlette.requests import Request

from services.intake.faces.pages import PAGES, next_page
from services.kernel.identity.roles import Role
from services.kernel.quarters import quarter_name
from services.kernel.web.pages import Pages, Reader, day, is_outdoor, language_of, moment, navigation, number, percent

SERVICES = Path(__file__).parents[2] / "services"
FACES = [*SERVICES.rglob("templates/*.html"), *SERVICES.rglob("static/**/*.js")]


def request(path: str = "/intake/login", query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({
        "type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": raw, "scheme": "http",
        "server": ("t", 80),
    })  # fmt: skip


def test_numbers_and_dates_as_in_vietnam() -> None:
    assert number(12471) == "12.471"
    assert number("94.00") == "94,00"
    assert number(Decimal("1234567.5")) == "1.234.567,5"
    assert number(12471, "en") == "12,471"
    assert percent("78.54") == "78,54%"
    assert day("2026-03-05") == "05/03/2026"
    assert day("2026-03-04T17:30:00.000Z") == "05/03/2026"
    assert moment("2026-09-01T00:47:02.113Z") == "01/09/2026 07:47"
    assert quarter_name("2026-Q3") == "Quý III/2026"
    assert quarter_name("2026-Q3", "en") == "Q3 2026"


def test_language_by_link_then_cookie_then_browser_then_vietnamese() -> None:
    assert language_of(request()) == "vi"
    assert language_of(request(accept_language="en-GB,en;q=0.9")) == "en"
    assert language_of(request(accept_language="en", cookie="kycuong_lang=vi")) == "vi"
    assert language_of(request(query="lang=en", cookie="kycuong_lang=vi")) == "en"
    assert language_of(request(query="lang=xx", accept_language="fr")) == "vi"


def test_choosing_a_language_is_remembered() -> None:
    page = PAGES.render(request(query="lang=en&next=%2Freports%2F"), "login.html", next="/reports/")
    assert b'<html lang="en">' in page.body
    assert "kycuong_lang=en" in page.headers["set-cookie"]
    assert b"?lang=vi&amp;next=%2Freports%2F" in page.body


def test_outdoors_by_address_then_cookie_and_remembered() -> None:
    page = PAGES.render(request(query="view=outdoor&next=%2Freports%2F"), "login.html", next="/reports/")
    assert b'<html lang="vi" data-outdoor>' in page.body
    assert "kycuong_view=outdoor" in page.headers["set-cookie"]
    assert b'<input type="hidden" name="next" value="/reports/">' in page.body
    assert b'value="plain" aria-pressed="true"' in page.body  # a press leads back
    assert b'"?next=%2Freports%2F&amp;lang=en"' in page.body  # the other language chooses no view
    assert is_outdoor(request(cookie="kycuong_view=outdoor"))
    assert not is_outdoor(request(query="view=plain", cookie="kycuong_view=outdoor"))
    assert not is_outdoor(request(query="view=xx", cookie="kycuong_view=yy"))


def test_each_role_sees_its_own_pages() -> None:
    seen = {role: [path for path, _ in navigation(Reader("a", frozenset({role})), "vi")] for role in Role}
    assert "/intake/" in seen[Role.INSPECTOR] and "/intake/" in seen[Role.LEAD]
    assert all("/intake/" not in seen[role] for role in set(Role) - {Role.INSPECTOR, Role.LEAD})
    assert "/reports/notices" in seen[Role.UNIT_HEAD] and "/reports/notices" not in seen[Role.INSPECTOR]
    assert navigation(None, "vi") == []


@pytest.mark.parametrize(
    "wanted", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)", "", "/a\nb"]
)
def test_a_sign_in_leads_to_no_other_site(wanted: str) -> None:
    assert next_page(wanted) is None


def test_a_sign_in_leads_back() -> None:
    assert next_page("/reports/?quarter=2026-Q3") == "/reports/?quarter=2026-Q3"


def test_names_are_encoded() -> None:
    page = PAGES.render(request(), "login.html", next='"><script>alert(1)</script>')
    assert b"<script>alert" not in page.body


@pytest.mark.parametrize("file", FACES, ids=lambda file: f"{file.parts[-3]}/{file.name}")
def test_no_face_needs_more_than_the_content_policy_allows(file: Path) -> None:
    text = file.read_text()
    for forbidden in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=", " onclick=", "<script>"):
        assert forbidden not in text, forbidden


def test_no_page_hides_what_every_page_is_told() -> None:
    with pytest.raises(TypeError, match="query"):
        Pages(SERVICES / "audit").render(request(), "no_entry.html", query="813")
