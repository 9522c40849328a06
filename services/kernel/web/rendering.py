"""Problems as answers: the one handler for everything an app may raise; a page for people, RFC 9457 for programs."""

import logging

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.problems import (
    BadJson,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    NotJson,
    Problem,
    TooLarge,
    Unauthorized,
    Unavailable,
    field_error,
    language_of,
)
from services.kernel.store.db import TRANSIENT
from services.kernel.web.negotiation import wants_page
from services.kernel.web.pages import Pages, Reader

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)

_BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (BadJson, Unauthorized, Forbidden, NotFound, MethodNotAllowed, TooLarge, NotJson, Invalid)
}


async def answer(problem: Problem, request: Request) -> Response:
    """A problem as whoever asks can read it: a page where HTML is asked for, else problem+json."""
    pages: Pages | None = getattr(request.app.state, "pages", None)
    if pages is None:
        return render(problem, request)
    if wants_page(",".join(request.headers.getlist("accept"))):
        response: Response = pages.refusal(request, problem, reader=await _reader(request, problem))
    else:
        response = render(problem, request)
    response.headers["Vary"] = "Accept, Accept-Language"
    return response


def render(problem: Problem, request: Request) -> Response:
    """A problem as problem+json."""
    language = language_of(request.headers)
    return JSONResponse(
        problem.body(language, request.url.path),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**problem.headers, "Content-Language": language, "Vary": "Accept-Language"},
    )


async def _reader(request: Request, problem: Problem) -> Reader | None:
    """Who meets the dead end, if anyone is signed in and the database can still be asked."""
    service = getattr(request.app.state, "service", None)
    if service is None or problem.status >= 500:
        return None
    try:
        return Reader.of(await authenticate(service.pool, token_of(request)), service.clock.now())
    except Problem:
        return None
    except TRANSIENT:
        return None


def as_problem(error: Exception) -> Problem:
    """Any exception as the problem a user sees; never its text."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return Invalid(errors=[field_error({**item, "loc": item["loc"][1:]}) for item in error.errors()])
    if isinstance(error, HTTPException):
        problem = _BY_STATUS.get(error.status_code, Problem)()
        problem.headers.update(error.headers or {})
        return problem
    if isinstance(error, TRANSIENT):
        log.warning("the database is away: %s", type(error).__name__)
        return Unavailable()
    log.error("unexpected error", exc_info=error)
    return Problem()


def install(app: Starlette) -> None:
    """Register the one handler for everything an app may raise."""

    async def handle(request: Request, error: Exception) -> Response:
        return await answer(as_problem(error), request)

    async def gone(_: Request, __: Exception) -> Response:
        return Response(
            status_code=400
        )  # who sent it went away before its end: nobody reads this, and nothing is wrong

    app.add_exception_handler(ClientDisconnect, gone)
    for kind in (Problem, HTTPException, RequestValidationError, *TRANSIENT, Exception):
        app.add_exception_handler(kind, handle)
