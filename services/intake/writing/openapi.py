"""The bodies of the writes as OpenAPI shows them: nested models go to the document's components."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from services.intake.writing.commands import Nouns
from services.intake.writing.forms import Form

_REF = "#/components/schemas/{model}"
_TEXT = {"type": "string"}
_ACCEPTED: dict[str, Any] = {
    "title": "An accepted write",
    "description": "With fields of its own for some writes.",
    "type": "object",
    "required": ["id", "unit", "unit_seq", "state", "received_at", "flags", "event", "receipt"],
    "properties": {
        "id": _TEXT,
        "unit": {"description": "the unit, or - for a quarter", "type": "string"},
        "unit_seq": {"type": "integer", "minimum": 1},
        "state": _TEXT,
        "received_at": {"type": "string", "format": "date-time"},
        "flags": {"type": "array", "items": {"enum": ["clock_skew", "late_report", "off_plan"]}},
        "event": {"description": "the exact event bytes", "type": "string", "contentEncoding": "base64"},
        "receipt": {"description": "where the proof will be", "type": "string"},
    },
}
_IN_LOG = ("unit_seq", "event", "receipt")
_NOTED: dict[str, Any] = {
    "title": "An accepted write that the log does not tell of",
    "description": "With fields of its own; no event, so no number, no bytes and no receipt.",
    "type": "object",
    "required": [name for name in _ACCEPTED["required"] if name not in _IN_LOG],
    "properties": {name: value for name, value in _ACCEPTED["properties"].items() if name not in _IN_LOG},
}


def answers(logged: bool) -> dict[str, Any]:
    """The answers to a write that becomes an event, or to one that does not."""
    reference = _REF.format(model="Accepted" if logged else "Noted")
    content = {"application/json": {"schema": {"$ref": reference}}}
    return {
        "201": {"description": "accepted and durable", "content": content},
        "200": {"description": "accepted before; the very same answer", "content": content},
    }


def body_schema(form: type[Form] | Mapping[str, type[Form]]) -> dict[str, Any]:
    """A reference to a body's schema; one of several where the body says which."""
    if isinstance(form, Mapping):
        return {"oneOf": [_reference(model) for model in form.values()]}
    return _reference(form)


def _reference(model: type[Form]) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model.__name__)}


def describe(app: FastAPI, nouns: Nouns) -> None:
    """Make the app's OpenAPI document carry the bodies' schemas."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        document = original()
        document["components"]["schemas"].update(_schemas(nouns), Accepted=_ACCEPTED, Noted=_NOTED)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _schemas(nouns: Nouns) -> dict[str, Any]:
    models = [form for noun in nouns for form in noun.forms]
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    schemas = dict(definitions["$defs"])
    for model in models:
        schema = schemas[model.__name__]
        schema["required"] = [*schema.get("required", []), *_needed(model)]
    return schemas


def _needed(model: type[Form]) -> list[str]:
    """Parts that may not be missing because their own members may not, which is said of the members."""
    extras = {name: field.json_schema_extra for name, field in model.model_fields.items()}
    return [name for name, extra in extras.items() if isinstance(extra, dict) and extra.get("required")]
