"""The write routes: they read the request and hand a command to the batcher; every rule lies behind it."""

from collections.abc import Callable
from inspect import Signature
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.intake.writing import batch
from services.intake.writing.commands import Command, Noun, Nouns, read_command
from services.intake.writing.forms import PLACE, WRITE_ID
from services.intake.writing.openapi import answers, body_schema
from services.intake.writing.service import service_of
from services.kernel.identity.authentication import hash_token, token_of
from services.kernel.identity.roles import Action, allows
from services.kernel.problems import Unauthorized
from services.kernel.process.telemetry import trace_headers
from services.kernel.strict_json import parse
from services.kernel.web.app import read_body

MAX_BODY = 64 * 1024
_OWN_ID = "UUIDv7 of RFC 9562, made by the client and used once; lists go by the time in its first 48 bits"


class WriteRoute(APIRoute):
    """A write's route: described as FastAPI describes any, but served straight from ASGI.

    FastAPI's own handling (dependencies, exit stacks) would cost as much processor time as accepting a finding.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = endpoint  # an ASGI application


def install(app: FastAPI, nouns: Nouns) -> None:
    """Add the write routes."""
    for noun in nouns:
        app.router.add_api_route(
            noun.path,
            _put(noun),
            methods=["PUT"],
            operation_id=f"put_{noun.name.replace('/', '_').replace('-', '_')}",
            summary=f"PUT {noun.path}",
            status_code=201,
            response_class=Response,
            openapi_extra={**allows(noun.action), **_described(noun)},
            route_class_override=WriteRoute,
        )
    app.post(
        "/intake/v1/batch",
        operation_id="post_batch",
        response_class=Response,
        openapi_extra={**allows(Action.WRITE), **batch.DESCRIBED},
    )(batch.post)


def _described(noun: Noun) -> dict[str, Any]:
    names = [*noun.parents, "id"]
    patterns = {"quarter": "^20[0-9]{2}-Q[1-4]$", "n": PLACE}
    return {
        "parameters": [
            {
                "name": name, "in": "path", "required": True,
                "schema": {"type": "string", "pattern": patterns.get(name, WRITE_ID)},
                **({"description": _OWN_ID} if name == "id" else {}),
            }
            for name in names
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body_schema(noun.form)}}},
        "responses": answers(noun.logged),
    }  # fmt: skip


def _put(noun: Noun) -> Callable[..., Any]:
    async def put(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = parse(await read_body(request, MAX_BODY))
        service = service_of(request)
        token = token_of(request)
        if token is None:
            raise Unauthorized
        digest = hash_token(token)
        service.rate.take(await service.senders.account(digest))
        service.require_writable()
        ids = scope["path_params"]
        command = read_command(noun, "/".join(ids[name] for name in noun.parents), ids["id"], body, digest)
        _trace(command)
        answer = await service.batcher.submit(command)
        length = str(len(answer.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    # described by FastAPI from its signature: it takes nothing that FastAPI would have to read
    put.__signature__ = Signature()  # type: ignore[attr-defined]
    return put


def _trace(command: Command) -> None:
    headers = trace_headers()
    if headers:
        command.traceparent, command.tracestate = headers.get("traceparent"), headers.get("tracestate")
