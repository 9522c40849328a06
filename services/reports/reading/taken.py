"""What a program takes away that is not published is told to the log as well, in its name by reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

import httpx
from uuid_utils import uuid7

from services.kernel.feed.client import trusted
from services.kernel.problems import Unavailable

GOOD_FOR = timedelta(minutes=15)
"""How long what was told covers what is taken: a program that asks each minute is no reader each minute."""
_PATIENCE = 10.0  # seconds
_DONE = (httpx.codes.OK, httpx.codes.CREATED)


class Taken:
    """Tells intake, as the caller, before anything is given out."""

    def __init__(self, intake_url: str) -> None:
        self._address = f"{intake_url}intake/v1/exports/"
        self._http: httpx.AsyncClient | None = None
        self._told: dict[tuple[bytes, str], datetime] = {}

    async def tell(self, token: str, body: Mapping[str, str], now: datetime) -> None:
        """Unavailable when intake has not taken it down; nothing is told twice while it is good."""
        key = (sha256(token.encode()).digest(), json.dumps(body))
        if key in self._told and now < self._told[key] + GOOD_FOR:
            return
        await self._put(token, body)
        # a crash here leaves it told: told once more is no harm
        self._told = {one: then for one, then in self._told.items() if now < then + GOOD_FOR} | {key: now}

    async def _put(self, token: str, body: Mapping[str, str]) -> None:
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, verify=trusted(self._address))
        try:
            answer = await self._http.put(
                f"{self._address}{uuid7()}", json=body, headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.HTTPError as error:
            raise _untold() from error
        if answer.status_code not in _DONE:
            raise _untold()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


def _untold() -> Unavailable:
    return Unavailable(detail=(
        "Lần tải dữ liệu chưa công bố này chưa ghi được vào nhật ký, nên chưa đưa ra được; hãy thử lại sau ít phút.",
        "That this unpublished data is taken could not be told to the log, so it is not given out; try again in a few "
        "minutes.",
    ))  # fmt: skip
