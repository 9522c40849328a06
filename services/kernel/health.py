"""Whether a service lives, and whether it is ready: one shape for all of them."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import JSONResponse

from services.kernel.store.db import TRANSIENT, Pool

_PATIENCE = 3.0  # seconds for the database


async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


async def troubles(pool: Pool, statement: str, lacking: str, loops: Iterable[asyncio.Task[None]]) -> list[str]:
    """Loops that have ended, and a database that does not answer a statement, or lacks what it asks for."""
    found = [f"the loop {loop.get_name()} has ended: restart the service" for loop in loops if loop.done()]
    try:
        async with asyncio.timeout(_PATIENCE):
            there = await pool.fetchval(statement)
    except TRANSIENT as error:
        return [*found, f"the database does not answer ({type(error).__name__})"]
    return found if there is not None and there is not False else [*found, lacking]


def readiness(reasons: Sequence[str], **told: Any) -> JSONResponse:
    """200, or 503 with the reasons; and what else a service tells of itself."""
    return JSONResponse({"ready": not reasons, "reasons": list(reasons), **told}, 503 if reasons else 200)
