"""Signing in and out with a local account: argon2, few at once, slower after each wrong password."""

import asyncio
import re
import secrets
import time
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import FastAPI, Request
from pydantic import Field, ValidationError
from starlette.responses import Response

from services.intake.forms import ACCOUNT, Form
from services.intake.loading import QUERIES
from services.kernel.db import Pool
from services.kernel.identity import COOKIE, hash_token, token_of
from services.kernel.problems import Forbidden, Invalid, Problem, TooFast, field_errors
from services.kernel.roles import PUBLIC
from services.kernel.strict_json import parse
from services.kernel.web import read_body

LIFE = timedelta(hours=12)
_AT_ONCE = 4
_MAX_BODY = 4 * 1024
_MAX_DELAY = 30.0  # seconds
_REMEMBERED = 10_000
HASHER = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)


class WrongPassword(Problem):
    """Tài khoản hoặc mật khẩu không đúng; hãy thử lại.

    The account or the password is wrong; try again.
    """

    status, slug = 401, "wrong-password"


class Login(Form):
    """Who signs in."""

    account: str = Field(max_length=95)
    password: str = Field(max_length=200)


class Logins:
    """Checks passwords; nobody is locked out, but each wrong try makes the next one wait longer."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobody = HASHER.hash(secrets.token_urlsafe(16))
        self._failed: dict[str, tuple[int, float]] = {}

    async def check(self, pool: Pool, login: Login) -> str:
        """The hash of the account's password; WrongPassword if it is another; TooFast while the account must wait."""
        async with self._turns:
            self._require_patience(login.account)  # asked in turn, so that many tries at once are not one
            named = re.fullmatch(ACCOUNT, login.account) is not None
            kept: str | None = await pool.fetchval(QUERIES.password_hash, login.account) if named else None
            # an unknown account costs as much time as a known one
            right = await asyncio.to_thread(verify, kept or self._nobody, login.password)
            if not right or kept is None:
                self._count(login.account)
                raise WrongPassword
            self._failed.pop(login.account, None)
            return kept

    def _require_patience(self, account: str) -> None:
        failures, since = self._failed.get(account, (0, 0.0))
        wait = since + min(_MAX_DELAY, 2.0 ** (failures - 3)) - time.monotonic()
        if failures > 3 and wait > 0:
            raise TooFast(retry_after=int(wait) + 1)

    def _count(self, account: str) -> None:
        failures, _ = self._failed.pop(account, (0, 0.0))
        self._failed[account] = (failures + 1, time.monotonic())
        if len(self._failed) > _REMEMBERED:
            del self._failed[next(iter(self._failed))]  # the one that failed longest ago


def verify(kept: str, password: str) -> bool:
    """Whether a password is the one whose hash is kept."""
    try:
        return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def install(app: FastAPI) -> None:
    """Add the sign-in and sign-out routes."""
    form = {"content": {"application/json": {"schema": Login.model_json_schema()}}, "required": True}
    app.post("/intake/login", status_code=204, response_class=Response, openapi_extra={**PUBLIC, "requestBody": form})(
        sign_in
    )
    app.post("/intake/logout", status_code=204, response_class=Response, openapi_extra=PUBLIC)(sign_out)


async def sign_in(request: Request) -> Response:
    """Open a session in a cookie that no script reads and no other site sends."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden
    try:
        login = Login.model_validate(parse(await read_body(request, _MAX_BODY)))
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None
    service = request.app.state.service
    checked = await service.logins.check(service.pool, login)
    token = secrets.token_urlsafe(32)
    if await service.pool.fetchval(QUERIES.open_signed_in, hash_token(token), login.account, checked, LIFE) is None:
        raise WrongPassword  # changed, or the account disabled, while it was checked
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE, token, max_age=int(LIFE.total_seconds()), path="/", secure=True, httponly=True, samesite="lax"
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session, if there is one."""
    token = token_of(request)
    if token is not None:
        await request.app.state.service.pool.execute(QUERIES.end_session, hash_token(token))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response
