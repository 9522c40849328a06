"""The endpoints of deliveries: what was sent outside, what came of it, and sending it again."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response

from services.kernel.identity.roles import Action, allows
from services.kernel.web.paging import Cursor, Limit
from services.reports.api import models
from services.reports.api.endpoints import Service, SignedIn
from services.reports.reading import access
from services.reports.reading.deliveries import deliveries as page_of_deliveries
from services.reports.reading.deliveries import delivery, queries
from services.reports.text import dump

router = APIRouter()


@router.get(
    "/reports/v1/deliveries",
    openapi_extra=allows(Action.DELIVERIES),
    responses={200: {"model": models.Deliveries}, **models.PROBLEMS},
)
async def deliveries(
    service: Service,
    caller: SignedIn,
    unit: str | None = None,
    state: Literal["sent", "waiting", "failed"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What was sent outside about units in scope, the newest first."""
    scope = access.delivery_scope(caller, service.clock.now())
    async with service.reader.without_cards() as snapshot:
        page = await page_of_deliveries(snapshot, scope, unit=unit, state=state, limit=limit, cursor=cursor)
    return Response(dump(page), media_type="application/json")


@router.post(
    "/reports/v1/deliveries/{id}/resend",
    openapi_extra=allows(Action.DELIVERIES),
    responses={200: {"model": models.Delivery}, **models.PROBLEMS},
)
async def resend(service: Service, caller: SignedIn, id: str) -> Response:
    """Send a delivery again now, whatever came of it: its id for the receiver stays."""
    now = service.clock.now()
    scope = access.delivery_scope(caller, now)
    async with service.reader.without_cards() as snapshot:
        await delivery(snapshot, scope, id)
    await service.pool.execute(queries.resend, id, now)
    async with service.reader.without_cards() as snapshot:
        return Response(dump(await delivery(snapshot, scope, id)), media_type="application/json")
