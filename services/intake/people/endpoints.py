"""Who the caller is, and the tokens by which spreadsheets read what is published."""

from typing import Annotated

from fastapi import FastAPI, Path, Request
from starlette.responses import JSONResponse, Response

from services.intake.people.sql import QUERIES
from services.intake.writing.service import Service, service_of
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import Action, allows
from services.kernel.problems import NotFound
from services.kernel.quarters import rfc3339

TokenId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="as the list names it")]


def install(app: FastAPI) -> None:
    """Add the routes."""
    app.get("/intake/v1/me", response_class=JSONResponse, openapi_extra=allows(Action.SIGNED_IN))(me)
    administrate = allows(Action.CHANGE_DIRECTORY)
    app.get("/intake/v1/tokens", response_class=JSONResponse, openapi_extra=administrate)(tokens)
    app.post("/intake/v1/tokens/{id}/revocation", status_code=204, response_class=Response, openapi_extra=administrate)(
        revoke
    )


async def me(request: Request) -> Response:
    """Who the caller is."""
    service = service_of(request)
    caller = await authenticate(service.pool, token_of(request))
    roles = [{"role": grant.role, "unit": grant.unit} for grant in caller.current(service.clock.now())]
    return JSONResponse({"account": caller.account, "roles": roles, "expires_at": rfc3339(caller.expires_at)})


async def tokens(request: Request) -> Response:
    """The tokens that read published editions and are good now; what they are is shown only once, when made."""
    service = await _of_administrator(request)
    rows = await service.pool.fetch(QUERIES.reading_tokens)
    items = [
        {
            "id": row["id"], "account": row["account"], "reads": row["reads"],
            "created_at": rfc3339(row["created_at"]), "expires_at": rfc3339(row["expires_at"]),
        }
        for row in rows
    ]  # fmt: skip
    return JSONResponse({"items": items, "next": None}, headers={"Cache-Control": "no-store"})


async def revoke(request: Request, id: TokenId) -> Response:
    """End a token that reads published editions, at once and everywhere."""
    service = await _of_administrator(request)
    if not await service.pool.fetch(QUERIES.revoke_reading, id):
        raise NotFound
    return Response(status_code=204)


async def _of_administrator(request: Request) -> Service:
    service = service_of(request)
    caller = await authenticate(service.pool, token_of(request))
    caller.require(Action.CHANGE_DIRECTORY, service.clock.now())
    return service
