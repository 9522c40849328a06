"""The tokens by which spreadsheets read what is published: listed, made and ended by an administrator."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import FastAPI, Path, Request
from pydantic import Field, ValidationError
from starlette.responses import JSONResponse, Response

from services.intake.people.accounts import DisabledAccount, issue_reading_token
from services.intake.people.sql import QUERIES
from services.intake.writing.forms import AccountName, Form
from services.intake.writing.service import Service, service_of
from services.kernel.identity.authentication import authenticate, hash_token, token_of
from services.kernel.identity.roles import Action, allows
from services.kernel.problems import FieldError, Invalid, NotFound, field_errors
from services.kernel.quarters import rfc3339
from services.kernel.strict_json import parse
from services.kernel.web.app import read_body

MOST_DAYS = 400
TokenId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="as the list names it")]
_MAX_BODY = 4 * 1024
_UNSTORED = {"Cache-Control": "no-store"}


class MakeToken(Form):
    """A token for a spreadsheet: by what name it is known, and for how many days it reads."""

    account: AccountName
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = MOST_DAYS


def install(app: FastAPI) -> None:
    """Add the routes."""
    administrate = allows(Action.CHANGE_DIRECTORY)
    form = {"content": {"application/json": {"schema": MakeToken.model_json_schema()}}, "required": True}
    app.get("/intake/v1/tokens", response_class=JSONResponse, openapi_extra=administrate)(tokens)
    app.post(
        "/intake/v1/tokens",
        status_code=201,
        response_class=JSONResponse,
        openapi_extra={**administrate, "requestBody": form},
    )(make)
    app.post("/intake/v1/tokens/{id}/revocation", status_code=204, response_class=Response, openapi_extra=administrate)(
        revoke
    )


async def tokens(request: Request) -> Response:
    """The tokens that read published editions and are good now; what they are is shown only once, when made."""
    service = await _of_administrator(request)
    rows = await service.pool.fetch(QUERIES.reading_tokens)
    items = [
        {
            "id": row["id"], "account": row["account"], "reads": row["reads"],
            "created_at": rfc3339(row["created_at"]), "expires_at": rfc3339(row["expires_at"]),
            "used_at": row["used_at"] and rfc3339(row["used_at"]),
        }
        for row in rows
    ]  # fmt: skip
    return JSONResponse({"items": items, "next": None}, headers=_UNSTORED)


async def make(request: Request) -> Response:
    """A new token that reads published editions: the only answer that ever says what it is."""
    body = parse(await read_body(request, _MAX_BODY))
    service = await _of_administrator(request)
    try:
        form = MakeToken.model_validate(body)
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None
    service.require_writable()
    async with service.pool.acquire() as connection:
        try:
            token = await issue_reading_token(connection, form.account, timedelta(days=form.days), datetime.now(UTC))
        except DisabledAccount:
            raise Invalid(
                errors=[FieldError("/account", "tài khoản này đang khóa", "this account is disabled")]
            ) from None
        # a crash here leaves a token that nobody knows: the list shows it, and it can be ended
        row = await connection.fetchrow(QUERIES.reading_token, hash_token(token))
    told = {"id": row["id"], "account": form.account, "reads": row["reads"], "expires_at": rfc3339(row["expires_at"])}
    return JSONResponse(told | {"token": token}, 201, headers=_UNSTORED)


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
