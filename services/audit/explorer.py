"""The explorer: the log at a glance, and how anyone checks it."""

from __future__ import annotations

import base64
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from services.audit.endpoints import Service
from services.audit.state import State
from services.audit.tree import queries
from services.kernel.identity import authenticate, token_of
from services.kernel.pages import Pages, Reader
from services.kernel.problems import Unauthorized
from services.kernel.roles import PUBLIC

router = APIRouter()
pages = Pages(Path(__file__).parent)


def install(app: FastAPI) -> None:
    """Add the page and its assets."""
    pages.mount(app)
    app.include_router(router)


@router.get("/audit/", openapi_extra=PUBLIC, include_in_schema=False)
async def explorer(request: Request, service: Service) -> Response:
    """Size, root and age of the newest checkpoint, the verifier key, and how to verify."""
    row = await service.pool.fetchrow(queries.latest_checkpoint)
    return pages.render(
        request,
        "log.html",
        reader=await _reader(request, service),
        origin=service.signer.name,
        vkey=service.signer.vkey,
        size=row["size"] if row else None,
        root=base64.b64encode(row["root"]).decode() if row else None,
        age=int(row["age"]) if row else None,
        trouble=service.leader.trouble,
        url=f"{str(request.base_url).rstrip('/')}/audit/",
    )


async def _reader(request: Request, service: State) -> Reader | None:
    """Who looks, if anyone is signed in: the page itself is public."""
    try:
        return Reader.of(await authenticate(service.pool, token_of(request)), service.clock.now())
    except Unauthorized:
        return None
