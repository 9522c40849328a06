"""Who the caller is."""

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.intake.people import reading_tokens
from services.intake.writing.service import service_of
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import Action, allows
from services.kernel.quarters import rfc3339


def install(app: FastAPI) -> None:
    """Add the routes."""
    app.get("/intake/v1/me", response_class=JSONResponse, openapi_extra=allows(Action.SIGNED_IN))(me)
    reading_tokens.install(app)


async def me(request: Request) -> Response:
    """Who the caller is."""
    service = service_of(request)
    caller = await authenticate(service.pool, token_of(request))
    roles = [{"role": grant.role, "unit": grant.unit} for grant in caller.current(service.clock.now())]
    return JSONResponse({"account": caller.account, "roles": roles, "expires_at": rfc3339(caller.expires_at)})
