"""One's own channels and the hooks of one's reach; and the link that confirms a mail address, by GET alone."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from services.intake.channels.store import QUERIES, hash_secret
from services.intake.reading.reach import reading
from services.intake.writing.forms import is_write_id
from services.intake.writing.service import Service, service_of
from services.kernel.identity.channels import Seal
from services.kernel.identity.roles import PUBLIC, Action, allows
from services.kernel.identity.vapid import public_key
from services.kernel.problems import NotFound
from services.kernel.quarters import rfc3339

_CONFIRM = "/intake/v1/addresses/{id}/confirmation"
_OWN = {"addresses": "address", "push-subscriptions": "push", "silences": "silence"}


def install(app: FastAPI) -> None:
    """Add the routes."""
    for name, kind in _OWN.items():
        app.get(
            f"/intake/v1/{name}", response_class=JSONResponse, openapi_extra=allows(Action.SIGNED_IN),
            operation_id=f"get_{kind}", summary=f"One's own {name}",
        )(_own(kind))  # fmt: skip
    app.get("/intake/v1/webhooks", response_class=JSONResponse, openapi_extra=allows(Action.READ_HOOKS))(webhooks)
    app.get(_CONFIRM, response_class=PlainTextResponse, openapi_extra=PUBLIC)(confirmation)
    app.head(_CONFIRM, include_in_schema=False, openapi_extra=PUBLIC)(unconfirmed)


def _own(kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def own(request: Request) -> Response:
        async with reading(request, Action.SIGNED_IN) as reader:
            rows = await reader.connection.fetch(QUERIES.own_channels, kind, reader.caller.account)
        service = service_of(request)
        # a browser subscribes with the key that messages will be signed with
        extra = {"key": public_key(service.settings)} if kind == "push" else {}
        return _items([_shown(row, kind, service) for row in rows], **extra)

    return own


async def webhooks(request: Request) -> Response:
    """The hooks of one's own unit, or all; never their secrets."""
    service = service_of(request)
    async with reading(request, Action.READ_HOOKS) as reader:
        grants = reader.caller.grants_for(Action.READ_HOOKS, service.clock.now())
        whole = any(grant.unit is None for grant in grants)
        units = None if whole else sorted({grant.unit for grant in grants if grant.unit})
        rows = await reader.connection.fetch(QUERIES.hooks, units)
    return _items([_shown(row, "webhook", service) | {"account": row["account"]} for row in rows])


def _shown(row: Any, kind: str, service: Service) -> dict[str, Any]:
    private: dict[str, Any] = Seal.of(service.settings.folder).open(row["id"], row["sealed"])
    shown: dict[str, Any] = {"id": row["id"], "created_at": rfc3339(row["created_at"])}
    match kind:
        case "address":
            confirmed = {"confirmed": row["confirmed_at"] is not None}
            return shown | {"mail": private["mail"], "digest": "weekly" if row["digest"] else "none"} | confirmed
        case "webhook":
            return shown | {"url": private["url"], "unit": row["unit"], "kinds": row["kinds"]}
        case "silence":
            ends = {"until": rfc3339(row["until"]), "reason": private["reason"]}
            return shown | {"unit": row["unit"], "kinds": row["kinds"]} | ends
    return shown | {"endpoint": private["endpoint"]}


def _items(items: list[dict[str, Any]], **extra: Any) -> Response:
    return JSONResponse({"items": items, "next": None, **extra})


async def confirmation(request: Request, id: str, secret: str = "") -> Response:
    """Confirm a mail address by the link that was sent there: within a day, once; NotFound for any other."""
    service = service_of(request)
    service.require_writable()
    found = is_write_id(id) and await service.pool.fetchval(
        QUERIES.confirm, id, hash_secret(secret), service.clock.now()
    )
    if not found:
        raise NotFound
    return PlainTextResponse("Địa chỉ thư đã được xác nhận.\nThe mail address is confirmed.\n")


async def unconfirmed() -> Response:
    """Whoever only looks whether the link is there confirms nothing."""
    return Response()
