"""Server-rendered pages: templates in two languages, Vietnamese formats, assets under each service's own prefix."""

import asyncio
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.kernel.identity.authentication import COOKIE
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Role
from services.kernel.problems import Problem
from services.kernel.problems import language_of as preferred_language
from services.kernel.quarters import ICT, quarter_name
from services.kernel.web import destinations
from services.kernel.web.negotiation import unchanged
from services.kernel.web.packing import packed, served

KERNEL = Path(__file__).parent
LANGUAGES = ("vi", "en")
LANGUAGE_COOKIE = "kycuong_lang"
VIEWS = ("plain", "outdoor")
VIEW_COOKIE = "kycuong_view"
COOKIE_AGE = 365 * 24 * 3600  # seconds
_CHOICES = {"lang": (LANGUAGE_COOKIE, LANGUAGES), "view": (VIEW_COOKIE, VIEWS)}  # what a reader sets by an address
PACKED = (".js", ".css", ".svg", ".webmanifest")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a page: the account shown in the header and the roles that choose the navigation."""

    account: str
    roles: frozenset[Role]

    @classmethod
    def of(cls, caller: Caller, now: datetime) -> "Reader":
        """The reader a signed-in caller is now."""
        return cls(caller.account, caller.roles(now))


class Pages:
    """The pages of one service, whose folder holds `templates/` and `static/`; its name is the first path segment."""

    def __init__(self, folder: Path) -> None:
        self.service = folder.name
        self._own = folder
        self._environment = Environment(
            loader=FileSystemLoader([folder / "templates", KERNEL / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(FILTERS)

    def mount(self, app: FastAPI) -> None:
        """Serve the shared assets at `/<service>/assets/` and the service's own at `/<service>/static/`."""
        own = self._own / "static"
        mount_assets(app, f"/{self.service}", own if own.is_dir() else None)

    def render(
        self,
        request: Request,
        template: str,
        *,
        reader: Reader | None = None,
        status: int = 200,
        **context: Any,
    ) -> HTMLResponse:
        """Render a template in the reader's language; `reader` (None before sign-in) chooses the navigation."""
        language = language_of(request)
        path = context.get("path", request.url.path)
        sections = destinations.sections(reader.roles) if reader else []
        words: dict[str, Any] = {
            "lang": language,
            "t": _translator(language),
            "reader": reader,
            "path": path,
            "sections": sections,
            "section": destinations.section_of(path, sections),
            "other_language": _other_language(request, language),
            "outdoor": is_outdoor(request),
            "query": [(name, value) for name, value in request.query_params.multi_items() if name not in _CHOICES],
            "asset": self._asset,
            "static": self._static,
        }
        if clash := words.keys() & context.keys() - {"path"}:
            raise TypeError(f"{template} would hide what every page is told: {sorted(clash)}")
        body = self._environment.get_template(template).render(words | context)
        response = HTMLResponse(
            body,
            status_code=status,
            headers={"Cache-Control": "no-store"},
        )
        for name, (cookie, offered) in _CHOICES.items():
            if (chosen := request.query_params.get(name)) in offered:
                response.set_cookie(cookie, str(chosen), max_age=COOKIE_AGE, path="/", samesite="lax")
        return response

    def refusal(
        self,
        request: Request,
        problem: Problem,
        *,
        reader: Reader | None,
        template: str = "dead_end.html",
        **context: Any,
    ) -> HTMLResponse:
        """What was refused, in words, with the ways on that are open to this reader."""
        body = problem.body("en" if language_of(request) == "en" else "vi", request.url.path)
        ways = destinations.ways_on(reader.roles if reader else None, request.url.path)
        page = self.render(
            request, template, reader=reader, status=problem.status, problem=body, ways=ways,
            again=sign_in_address(request) if request.method == "GET" else destinations.SIGN_IN,
            wait=problem.headers.get("Retry-After"), **context,
        )  # fmt: skip
        page.headers.update(problem.headers)
        return page

    def _asset(self, name: str) -> str:
        return f"/{self.service}/assets/{name}"

    def _static(self, name: str) -> str:
        return f"/{self.service}/static/{name}"


def mount_assets(app: FastAPI, prefix: str, folder: Path | None) -> None:
    """Serve kernel/static at `<prefix>/assets/` and, if given, the service's own folder at `<prefix>/static/`."""
    app.mount(f"{prefix}/assets", _Assets(directory=KERNEL / "static"), name="assets")
    if folder is not None:
        app.mount(f"{prefix}/static", _Assets(directory=folder), name="static")


def to_sign_in(request: Request) -> RedirectResponse:
    """Send a reader without a session to the sign-in page, and back here afterwards."""
    return RedirectResponse(sign_in_address(request), status_code=303)


def sign_in_address(request: Request) -> str:
    """The sign-in page that leads back here; it says so when a session has ended."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    why = {"ended": ""} if COOKIE in request.cookies else {}
    return f"{destinations.SIGN_IN}?" + urlencode({"next": here, **why})


def language_of(request: Request) -> str:
    """The reader's language: `?lang=`, then the cookie, then Accept-Language, then Vietnamese."""
    return _chosen(request, "lang") or preferred_language(request.headers)


def is_outdoor(request: Request) -> bool:
    """Whether the reader stands in the sun: `?view=`, then the cookie."""
    return _chosen(request, "view") == "outdoor"


def _chosen(request: Request, name: str) -> str | None:
    cookie, offered = _CHOICES[name]
    said = (request.query_params.get(name), request.cookies.get(cookie))
    return next((value for value in said if value in offered), None)


def navigation(reader: Reader | None, language: str) -> list[tuple[str, str]]:
    """The (path, label) pairs of the pages this reader has a use for; none before sign-in."""
    found = destinations.sections(reader.roles) if reader else []
    return [(section.path, section.label(language)) for section in found]


def number(value: float | Decimal | str, language: str = "vi") -> str:
    """12471 → `12.471`, "78.54" → `78,54`: grouped by thousands, the decimals kept as given."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    english = f"{exact:,}"
    return english if language == "en" else english.translate(str.maketrans(",.", ".,"))


def percent(value: float | Decimal | str, language: str = "vi") -> str:
    """Make `78,54%` of "78.54"; the value is already in percent."""
    return number(value, language) + "%"


def day(value: date | str, language: str = "vi") -> str:
    """2026-03-05 → `05/03/2026`; an instant is shown as its day in Vietnam."""
    return f"{_local(value):%d/%m/%Y}"


def moment(value: datetime | str, language: str = "vi") -> str:
    """An instant → `05/03/2026 07:45`, time of Vietnam."""
    return f"{_local(value):%d/%m/%Y %H:%M}"


def whole_quarter(value: str, language: str = "vi") -> str:
    """A quarter on a page, where no line breaks within its name."""
    return quarter_name(value, language).replace(" ", "\u00a0")


class _Assets(StaticFiles):
    """Static files that browsers check by ETag each time (nobody is stuck on an old script), packed where asked for."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse) and path.endswith(PACKED):
            response = await asyncio.to_thread(_text, response, Headers(scope=scope))  # its first reader waits alone
        response.headers["Cache-Control"] = "no-cache"
        return response


def _text(file: FileResponse, asked: Headers) -> Response:
    """A file that is served as a text, or the word that its reader has it already."""
    path = Path(file.path)
    body, headers = packed(served(path, path.stat().st_mtime_ns), asked.get("accept-encoding", ""))
    headers["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
    if unchanged(asked.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, file.status_code, headers, file.media_type)


def _local(value: date | str) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(ICT)
    return value


def _translator(language: str) -> Callable[[str, str], str]:
    return lambda vi, en: en if language == "en" else vi


def _other_language(request: Request, language: str) -> tuple[str, str, str]:
    other, label = ("vi", "Tiếng Việt") if language == "en" else ("en", "English")
    query = {name: value for name, value in request.query_params.items() if name != "view"} | {"lang": other}
    return other, label, "?" + urlencode(query)


def _localised(formatter: Callable[[Any, str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def apply(context: Context, value: Any) -> str:
        return "–" if value is None else formatter(value, context["lang"])

    return apply


FILTERS: Mapping[str, Callable[..., Any]] = {
    name: _localised(formatter)
    for name, formatter in (
        ("number", number),
        ("percent", percent),
        ("day", day),
        ("moment", moment),
        ("quarter", whole_quarter),
    )
}
