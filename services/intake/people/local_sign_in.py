"""Signing in and out with a local account: argon2, few at once, slower after each wrong password."""

import asyncio
import base64
import math
import os
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import FastAPI, Request
from pydantic import Field, ValidationError
from starlette.responses import RedirectResponse, Response

from services.intake.people.known_devices import COOKIE as DEVICE_COOKIE
from services.intake.people.known_devices import LIFE as DEVICE_LIFE
from services.intake.people.known_devices import KnownDevices
from services.intake.people.patience import Key, Patience
from services.intake.people.sql import QUERIES
from services.intake.people.turns import Crowded, Turns
from services.intake.writing.forms import ACCOUNT, Form
from services.intake.writing.service import service_of
from services.kernel.identity.authentication import COOKIE, hash_token, token_of
from services.kernel.identity.roles import PUBLIC
from services.kernel.problems import Forbidden, Invalid, Problem, TooFast, field_errors
from services.kernel.store.db import Pool
from services.kernel.strict_json import parse
from services.kernel.web.addresses import counted
from services.kernel.web.app import read_body
from services.kernel.web.plain import PLAIN, is_plain

LIFE = timedelta(hours=12)
_WAITING = 16  # for their turn: about two seconds' work
_MAX_BODY = 4 * 1024
_WRONG_OFTEN = ("Đã nhập sai nhiều lần.", "Too many wrong tries.")
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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a try comes from."""

    address: str
    device: str | None
    """The phone that the account signed in on before."""

    def keys(self, account: str) -> list[Key]:
        """What a failure is counted by: a stranger's never by what keeps a known phone waiting."""
        if self.device is not None:
            return [("device", f"{self.device} {account}")]
        return [("pair", f"{self.address} {account}"), ("account", account), ("address", self.address)]

    @property
    def known(self) -> bool:
        return self.device is not None


def _nobodys_hash() -> str:
    """A hash that no known password has, made up: checking it takes as long as any other."""
    sizes = (HASHER.salt_len, HASHER.hash_len)
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in sizes)
    return f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}${salt}${digest}"


class Logins:
    """Checks passwords, few at once; each wrong one makes the next wait longer, but nobody is locked out of a phone of
    his own by what strangers try.
    """

    def __init__(self, devices: KnownDevices) -> None:
        self.devices = devices
        self._turns = Turns(_AT_ONCE, _WAITING)
        self._patience = Patience()
        self._nobody = _nobodys_hash()

    async def check(self, pool: Pool, login: Login, origin: Origin) -> str:
        """The hash of the account's password; WrongPassword if it is another; TooFast while it must wait."""
        keys = origin.keys(login.account)
        self._require_patience(keys)  # who must wait takes no place in the queue
        async with self._turns.take(0 if origin.known else 1 + self._patience.failures(keys)):
            self._require_patience(keys)  # asked again in turn, so that many tries at once are not one
            named = re.fullmatch(ACCOUNT, login.account) is not None
            kept: str | None = await pool.fetchval(QUERIES.password_hash, login.account) if named else None
            # an unknown account costs as much time as a known one
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(_WORKERS, verify, kept or self._nobody, login.password)
            if not right or kept is None:
                self._patience.count(keys)
                raise WrongPassword
            self._patience.forgive([key for key in keys if key[0] in ("pair", "device")])
            return kept

    def _require_patience(self, keys: Sequence[Key]) -> None:
        wait = self._patience.wait(keys)
        if wait > 0:
            raise TooFast(math.ceil(wait), _WRONG_OFTEN)


def _yield_to_others() -> None:
    """Let the service's own thread go first: a password's check takes all of a processor for a while."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


_AT_ONCE = max(1, min(4, (os.cpu_count() or 2) // 2))
_WORKERS = ThreadPoolExecutor(_AT_ONCE, "password", _yield_to_others)


def verify(kept: str, password: str) -> bool:
    """Whether a password is the one whose hash is kept."""
    try:
        return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def install(app: FastAPI) -> None:
    """Add the sign-in and sign-out routes."""
    schema = Login.model_json_schema()
    plain = schema | {"additionalProperties": True}  # and `next`, where the page leads on to
    content = {"application/json": {"schema": schema}, PLAIN: {"schema": plain}}
    app.post(
        "/intake/login", status_code=204, response_class=Response,
        responses={303: {"description": "The form of a browser without scripts: on, or back with the reason"}},
        openapi_extra={**PUBLIC, "requestBody": {"content": content, "required": True}},
    )(sign_in)  # fmt: skip
    app.post("/intake/logout", status_code=204, response_class=Response, openapi_extra=PUBLIC)(sign_out)


async def sign_in(request: Request) -> Response:
    """Open a session in a cookie that no script reads and no other site sends."""
    if is_plain(request):
        return await _sign_in_plainly(request)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden
    try:
        login = Login.model_validate(parse(await read_body(request, _MAX_BODY)))
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None
    return await _open(request, login, Response(status_code=204))


async def _sign_in_plainly(request: Request) -> Response:
    """The page's form as a browser without scripts sends it; back to the page, which leads on or says why not."""
    sent = dict(parse_qsl((await read_body(request, _MAX_BODY, PLAIN)).decode(errors="replace")))
    asked = {"next": sent.get("next", "")}
    try:
        login = Login(account=sent.get("account", "").strip().lower(), password=sent.get("password", ""))
        return await _open(request, login, _to_page(asked))
    except (ValidationError, WrongPassword):
        return _to_page({"wrong": ""} | asked)
    except TooFast as error:
        why = "busy" if isinstance(error, Crowded) else "often"
        return _to_page({why: error.headers["Retry-After"]} | asked)


def _to_page(query: Mapping[str, str]) -> Response:
    return RedirectResponse(f"/intake/login?{urlencode(query)}", status_code=303)


async def _open(request: Request, login: Login, response: Response) -> Response:
    """Check the password and open a session, which the response sets; WrongPassword, TooFast."""
    service = service_of(request)
    logins = service.part(Logins)
    cookie = request.cookies.get(DEVICE_COOKIE, "")
    address = counted(request.client.host if request.client else None)
    checked = await logins.check(service.pool, login, Origin(address, logins.devices.device(cookie, login.account)))
    token = secrets.token_urlsafe(32)
    if await service.pool.fetchval(QUERIES.open_signed_in, hash_token(token), login.account, checked, LIFE) is None:
        raise WrongPassword  # changed, or the account disabled, while it was checked
    known = logins.devices.remember(cookie, login.account)
    for name, value, life in ((COOKIE, token, LIFE), (DEVICE_COOKIE, known, timedelta(days=DEVICE_LIFE))):
        response.set_cookie(
            name, value, max_age=int(life.total_seconds()), path="/", secure=True, httponly=True, samesite="lax"
        )
    return response


async def sign_out(request: Request) -> Response:
    """End the session, if there is one."""
    plain = is_plain(request)
    token = request.cookies.get(COOKIE) if plain else token_of(request)
    if token is not None:
        await service_of(request).pool.execute(QUERIES.end_session, hash_token(token))
    response = _to_page({"signed-out": ""}) if plain else Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response
