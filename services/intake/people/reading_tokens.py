"""The tokens by which spreadsheets read what is published: listed, made and ended by an administrator."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import FastAPI, Path, Request
from pydantic import Field, ValidationError
from starlette.responses import JSONResponse, Response

from services.intake.people.accounts import DisabledAccount, issue_reading_token
from services.intake.people.sql import QUERIES
from services.intake.writing.forms import AccountName, Form, WriteId
from services.intake.writing.refusals import WrongState
from services.intake.writing.service import Service, service_of
from services.kernel.identity.authentication import READING_PREFIX, authenticate, hash_token, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.channels import SECRET
from services.kernel.identity.roles import Action, allows
from services.kernel.identity.vapid import unpadded
from services.kernel.problems import FieldError, IdReused, Invalid, NotFound, field_errors
from services.kernel.quarters import rfc3339
from services.kernel.store.db import Connection
from services.kernel.strict_json import parse
from services.kernel.web.app import read_body

MOST_DAYS = 400
TokenId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="as the list names it")]
_MAX_BODY = 4 * 1024
_UNSTORED = {"Cache-Control": "no-store"}


class MakeToken(Form):
    """A token for a spreadsheet: by what name it is known, and for how many days it reads.

    With an `id` of the caller's a repeat makes no other one: it says the token once more until that was used.
    """

    id: WriteId | None = None
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
        responses={200: {"description": "The answer to its first sending; without the token once that was used"}},
        openapi_extra={**administrate, "requestBody": form},
    )(make)
    app.post("/intake/v1/tokens/{id}/revocation", status_code=204, response_class=Response, openapi_extra=administrate)(
        revoke
    )


async def tokens(request: Request) -> Response:
    """The tokens that read published editions and are good now; what they are is shown only once, when made."""
    service, _ = await _administering(request)
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
    service, caller = await _administering(request)
    try:
        form = MakeToken.model_validate(body)
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None
    service.require_writable()
    secret = _secret(service, caller.account, form.id) if form.id else None
    async with service.pool.acquire() as connection:
        known = secret and await connection.fetchrow(QUERIES.reading_token, hash_token(READING_PREFIX + secret))
        token = f"{READING_PREFIX}{secret}" if known else await _issue(connection, form, secret)
        # a crash here leaves a token that nobody knows: a repeat with its id tells it; the list shows it, to be ended
        row = known or await connection.fetchrow(QUERIES.reading_token, hash_token(token))
    if (row["account"], row["life"]) != (form.account, timedelta(days=form.days)):
        raise IdReused
    if row["over"]:
        raise WrongState(("Mã này đã hết hạn hoặc đã thu hồi; hãy tạo mã mới.", "It is over; make another."))
    told = {"id": row["id"], "account": form.account, "reads": row["reads"], "expires_at": rfc3339(row["expires_at"])}
    shown = {} if row["used_at"] else {"token": token}
    return JSONResponse(told | shown, 200 if known else 201, headers=_UNSTORED)


async def _issue(connection: Connection, form: MakeToken, secret: str | None) -> str:
    try:
        return await issue_reading_token(
            connection, form.account, timedelta(days=form.days), datetime.now(UTC), secret
        )  # fmt: skip
    except DisabledAccount:
        raise Invalid(errors=[FieldError("/account", "tài khoản này đang khóa", "this account is disabled")]) from None


def _secret(service: Service, administrator: str, id: str) -> str:
    """What a token is of this administrator's id: nobody makes it without the folder's key, and it stands nowhere."""
    made = HKDF(SHA256(), 32, None, f"kycuong/token/1\0{administrator}\0{id}".encode())
    return unpadded(made.derive(service.settings.folder.secret(SECRET)))


async def revoke(request: Request, id: TokenId) -> Response:
    """End a token that reads published editions, at once and everywhere."""
    service, _ = await _administering(request)
    if not await service.pool.fetch(QUERIES.revoke_reading, id):
        raise NotFound
    return Response(status_code=204)


async def _administering(request: Request) -> tuple[Service, Caller]:
    service = service_of(request)
    caller = await authenticate(service.pool, token_of(request))
    caller.require(Action.CHANGE_DIRECTORY, service.clock.now())
    return service, caller
