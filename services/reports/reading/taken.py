"""What a program takes away that is not published is told to the log as well, in its name by reports."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

import httpx
from uuid_utils import uuid7

from services.kernel.feed.client import trusted
from services.kernel.problems import Forbidden, Invalid, NotFound, Problem, TooFast, Unauthorized, Unavailable

GOOD_FOR = timedelta(minutes=15)
"""How long what was told covers what is taken: a program that asks each minute is no reader each minute."""
_PATIENCE = 10.0  # seconds
_DONE = (httpx.codes.OK, httpx.codes.CREATED)
_REFUSALS: Mapping[int, Callable[[tuple[str, str]], Problem]] = {
    one.status: one for one in (Unauthorized, Forbidden, NotFound, Invalid)
}
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Telling:
    """Something that is taken: the id it is told under, since when, and whether intake has taken it down."""

    id: str
    since: datetime
    done: bool = False
    one: asyncio.Lock = field(default_factory=asyncio.Lock)


class Taken:
    """Tells intake, as the caller, before anything is given out."""

    def __init__(self, intake_url: str) -> None:
        self._address = f"{intake_url}intake/v1/exports/"
        self._http: httpx.AsyncClient | None = None
        self._tellings: dict[tuple[bytes, str], _Telling] = {}

    async def tell(self, token: str, body: Mapping[str, str], now: datetime) -> None:
        """Unavailable when intake has not taken it down, its own refusal when it will not; told once while it is good.

        Of many who take the same at once one tells it; what was not answered is told again under the same id.
        """
        key = (sha256(token.encode()).digest(), json.dumps(body))
        self._tellings = {one: told for one, told in self._tellings.items() if now < told.since + GOOD_FOR}
        telling = self._tellings.setdefault(key, _Telling(str(uuid7()), now))
        async with telling.one:
            if not telling.done:
                await self._put(token, telling.id, body)
                # a crash here leaves it told: told once more is no harm
                telling.done = True

    async def _put(self, token: str, id: str, body: Mapping[str, str]) -> None:
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, verify=trusted(self._address))
        try:
            answer = await self._http.put(
                f"{self._address}{id}", json=body, headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.HTTPError as error:
            log.warning("what is taken could not be told to intake: %s: %s", type(error).__name__, error)
            raise _untold() from error
        if answer.status_code not in _DONE:
            log.warning("what is taken was not taken down: intake answered %d", answer.status_code)
            raise _refused(answer)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


def _refused(answer: httpx.Response) -> Problem:
    """Intake's refusal as what it is; Unavailable for what time may mend."""
    if answer.status_code == TooFast.status:
        wait = answer.headers.get("retry-after", "")
        return TooFast(int(wait) if wait.isdecimal() else 1)
    refusal = _REFUSALS.get(answer.status_code)
    return _untold() if refusal is None else refusal((
        "Lần tải dữ liệu chưa công bố này không được ghi vào nhật ký: tài khoản này không được phép tải, hoặc dữ liệu "
        "này không còn trong phạm vi của tài khoản. Vì vậy dữ liệu không được đưa ra.",
        "That this unpublished data is taken was not told to the log: this account may not take it, or it lies no "
        "longer in its scope. So it is not given out.",
    ))  # fmt: skip


def _untold() -> Unavailable:
    return Unavailable(detail=(
        "Lần tải dữ liệu chưa công bố này chưa ghi được vào nhật ký, nên chưa đưa ra được; hãy thử lại sau ít phút.",
        "That this unpublished data is taken could not be told to the log, so it is not given out; try again in a few "
        "minutes.",
    ))  # fmt: skip
