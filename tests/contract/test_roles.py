"""Every route says what it is in the role matrix, and the matrix is the contract's."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from deploy.openapi import NOWHERE
from services.kernel.identity.roles import MATRIX, Action, Reach, Role
from services.run import SERVICES, create_service
from tests.support.wire import ROUTES

TEAM, LEAD, HEAD, REVIEWER, AUDITOR, ADMIN = Role  # in the order of the contract's table
EVERYONE = dict.fromkeys(Role, Reach.ALL)
CONTRACT = {
    Action.FILE: {TEAM: Reach.OWN_TEAM, LEAD: Reach.SCOPE},
    Action.READ_CASE: {
        TEAM: Reach.OWN_TEAM,
        LEAD: Reach.SCOPE,
        HEAD: Reach.SCOPE,
        REVIEWER: Reach.ALL,
        AUDITOR: Reach.PUBLIC_PART,
    },
    Action.ANSWER: {HEAD: Reach.OWN_UNIT},
    Action.DECIDE: {REVIEWER: Reach.ALL},
    Action.LIVE_CARDS: {
        TEAM: Reach.SCOPE,
        LEAD: Reach.SCOPE,
        HEAD: Reach.SCOPE,
        REVIEWER: Reach.ALL,
        AUDITOR: Reach.ALL,
    },
    Action.PUBLISHED_CARDS: EVERYONE,
    Action.EXPORT: {REVIEWER: Reach.ALL},
    Action.WHAT_IF: {LEAD: Reach.SCOPE, HEAD: Reach.SCOPE, REVIEWER: Reach.ALL, AUDITOR: Reach.ALL},
    Action.ENTRIES: {AUDITOR: Reach.ALL},
    Action.PROOFS: EVERYONE,
    Action.CHANGE_DIRECTORY: {ADMIN: Reach.ALL},
    Action.VOID: {LEAD: Reach.SCOPE, REVIEWER: Reach.ALL},
    Action.ALERTS: {HEAD: Reach.SCOPE, REVIEWER: Reach.ALL},
    Action.NOTICES: {LEAD: Reach.SCOPE, HEAD: Reach.SCOPE, REVIEWER: Reach.ALL},
    Action.DELIVERIES: {
        LEAD: Reach.SCOPE,
        HEAD: Reach.SCOPE,
        REVIEWER: Reach.ALL,
        AUDITOR: Reach.ALL,
        ADMIN: Reach.ALL,
    },
    Action.HOOKS: {HEAD: Reach.OWN_UNIT, ADMIN: Reach.ALL},
    Action.READ_HOOKS: {HEAD: Reach.OWN_UNIT, AUDITOR: Reach.ALL, ADMIN: Reach.ALL},
    Action.REQUEST_ERASURE: {REVIEWER: Reach.ALL},
    Action.SETTLE_ERASURE: {AUDITOR: Reach.ALL},
    Action.READ_ERASURES: {REVIEWER: Reach.ALL, AUDITOR: Reach.ALL},
    Action.ADD_LOG_KEY: {ADMIN: Reach.ALL},
    Action.PLAN: {LEAD: Reach.ALL, REVIEWER: Reach.ALL},
    Action.READ_ROUNDS: {LEAD: Reach.SCOPE, REVIEWER: Reach.ALL, AUDITOR: Reach.ALL},
    Action.READ_ASSIGNMENTS: {TEAM: Reach.OWN_TEAM, LEAD: Reach.OWN_TEAM},
    Action.ROUND_ENTRY: {LEAD: Reach.ALL, REVIEWER: Reach.ALL, AUDITOR: Reach.ALL},
    Action.READ_DEVICES: {
        TEAM: Reach.OWN_TEAM,
        LEAD: Reach.SCOPE,
        REVIEWER: Reach.ALL,
        AUDITOR: Reach.ALL,
        ADMIN: Reach.ALL,
    },
}


@pytest.mark.parametrize("action", CONTRACT, ids=lambda action: action.name)
def test_the_matrix_is_the_contracts(action: Action) -> None:
    assert MATRIX[action] == CONTRACT[action]


def test_every_action_is_in_the_matrix() -> None:
    assert MATRIX.keys() == set(Action)


def _routes(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        if (included := getattr(route, "original_router", None)) is not None:  # FastAPI includes routers lazily
            yield from _routes(list(included.routes), prefix)
        elif isinstance(route, Mount) and route.routes:
            yield from _routes(list(route.routes), prefix + route.path)
        else:
            yield prefix + str(getattr(route, "path", route)), route


def _undeclared(app: FastAPI) -> list[str]:
    """Routes that do not say what they are; static files and the description itself are public by their nature."""
    wrong = []
    for path, route in _routes(list(app.routes)):
        if isinstance(route, Mount) and path.endswith(("/assets", "/static")):
            continue
        if type(route) is Route and path == app.openapi_url:
            continue
        declared = (route.openapi_extra or {}).get("x-kycuong-action") if isinstance(route, APIRoute) else None
        if declared != "PUBLIC" and declared not in Action.__members__:
            wrong.append(path)
    return wrong


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_declared(service: str) -> None:
    app = create_service(service, NOWHERE)
    assert len(list(_routes(list(app.routes)))) > len([route for route in ROUTES if route.service == service])
    assert _undeclared(app) == []


async def _nothing() -> None: ...


def test_an_undeclared_route_is_noticed() -> None:
    app = create_service("audit", NOWHERE)
    app.get("/audit/v1/everything")(_nothing)
    app.router.routes.append(Route("/audit/v1/more", _nothing))
    assert _undeclared(app) == ["/audit/v1/everything", "/audit/v1/more"]
