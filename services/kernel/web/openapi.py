"""What every operation's description says alike: how to sign in, and which problems it may answer."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

READ = (401, 403, 404, 422, 503)
WRITE = (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)
_METHODS = ("get", "put", "post")
_TEXT = {"type": "string"}
_FAULT = {
    "type": "object",
    "required": ["pointer", "detail"],
    "properties": {"pointer": {"description": "where in the body, RFC 6901", "type": "string"}, "detail": _TEXT},
}
PROBLEM: dict[str, Any] = {
    "title": "RFC 9457 problem",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {
            "description": "never changes, in whatever language",
            "type": "string",
            "pattern": "^/problems/[a-z-]+$",
        },
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "errors": {"description": "of a wrong body: each field", "type": "array", "items": _FAULT},
    },
}
_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def describe(app: FastAPI) -> None:
    """Make the app's OpenAPI document name the sign-in and each operation's problems."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        document = original()
        complete(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def complete(document: dict[str, Any]) -> None:
    """Add what is missing to a document; a repeat changes nothing."""
    components = document.setdefault("components", {})
    components.setdefault("securitySchemes", {})["bearer"] = {"type": "http", "scheme": "bearer"}
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own words, which no answer of ours has
        schemas.pop(unused, None)
    for method, operation in _operations(document):
        responses = operation.setdefault("responses", {})
        for status in _problems(method, operation):
            responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": _CONTENT}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in document["paths"].values():
        for method in _METHODS:
            if method in item:
                yield method, item[method]


def _problems(method: str, operation: Mapping[str, Any]) -> tuple[int, ...]:
    """Of a public operation only a wrong parameter and, for a path with an id, nothing there."""
    if operation.get("security") == []:
        return (404, 422) if "422" in operation["responses"] else ()
    return READ if method == "get" else WRITE
