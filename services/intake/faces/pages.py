"""The faces of intake: sign-in, the inspector's phone form, the case desk. Shells only; scripts fetch the data."""

from typing import Annotated

from fastapi import FastAPI, Query, Request
from starlette.responses import RedirectResponse, Response

from services.intake.calendars import watch as calendar_watch
from services.intake.faces.shell import FIELD, PAGES, shell, worker
from services.intake.writing.service import service_of
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import PUBLIC, Action, Role, allows
from services.kernel.problems import Unauthorized, in_words
from services.kernel.quarters import local_date
from services.kernel.store.db import Connection, Pool, snapshot
from services.kernel.web.destinations import tabs
from services.kernel.web.packing import pack_response
from services.kernel.web.pages import Reader, language_of, navigation, to_sign_in

WHY = ("signed-out", "ended", "wrong", "often", "busy")  # what brings somebody to the sign-in page, as its query says
_TOLD = frozenset({Role.REVIEWER, Role.ADMIN})  # who can have another calendar published


def install(app: FastAPI) -> None:
    """Serve the pages and their assets."""
    PAGES.mount(app)
    app.get("/intake/login", include_in_schema=False, openapi_extra=PUBLIC)(sign_in)
    app.get("/intake/", include_in_schema=False, openapi_extra=allows(Action.SIGNED_IN))(form)
    app.get("/intake/shell", include_in_schema=False, openapi_extra=PUBLIC)(shell)
    app.get("/intake/sw.js", include_in_schema=False, openapi_extra=PUBLIC)(worker)
    app.get("/intake/desk/", include_in_schema=False, openapi_extra=allows(Action.SIGNED_IN))(desk)
    app.get("/intake/desk", include_in_schema=False, openapi_extra=PUBLIC)(to_desk)


async def sign_in(request: Request, wanted: Annotated[str, Query(alias="next")] = "") -> Response:
    """The sign-in page; whoever is signed in already goes on to their own first page."""
    try:
        reader = await _reader(request)
    except Unauthorized:
        why = next((name for name in WHY if name in request.query_params), None)
        return PAGES.render(request, "login.html", next=wanted, why=why, wait=_wait(request, why))
    home = next_page(wanted) or _home(reader, request)
    return RedirectResponse(home, status_code=303)


def _wait(request: Request, why: str | None) -> str:
    """How long to wait before the next try, in the reader's words."""
    seconds = request.query_params.get(why or "", "")
    known = seconds.isdecimal() and seconds.isascii() and len(seconds) < 6
    words = in_words(int(seconds)) if known else ("ít phút", "a few minutes")
    return words[language_of(request) == "en"]


async def form(request: Request) -> Response:
    """The phone form, for those who inspect; others go to the desk."""
    try:
        reader = await _reader(request)
    except Unauthorized:
        return to_sign_in(request)
    if not reader.roles & FIELD:
        return RedirectResponse("/intake/desk/", status_code=303)
    page = PAGES.render(request, "form.html", reader=reader)
    return pack_response(page, request.headers.get("accept-encoding", ""))


async def desk(request: Request) -> Response:
    """The case desk: each role finds what it may do."""
    service = service_of(request)
    try:
        async with snapshot(service.pool) as connection:
            reader = await _reader(request, connection)
            told = bool(reader.roles & _TOLD)
            ends = await calendar_watch.ending(service, connection, local_date(service.clock.now())) if told else None
    except Unauthorized:
        return to_sign_in(request)
    return PAGES.render(request, "desk.html", reader=reader, tabs=tabs(reader.roles), calendar_ends=ends)


async def to_desk() -> Response:
    """The desk's address without its slash."""
    return RedirectResponse("/intake/desk/", status_code=308)


def next_page(wanted: str) -> str | None:
    """A path of this origin to go on to, or None: never another site, whatever a link says."""
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if local else None


def _home(reader: Reader, request: Request) -> str:
    pages = navigation(reader, language_of(request))
    return pages[0][0] if pages else "/intake/desk/"


async def _reader(request: Request, source: Pool | Connection | None = None) -> Reader:
    service = service_of(request)
    return Reader.of(await authenticate(source or service.pool, token_of(request)), service.clock.now())
