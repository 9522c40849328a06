"""The published schemas of events, compiled: which types are known, and what each looks like."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Registry, validator_for

from services.audit.verifier.events import Rules, Validator
from services.kernel.schemas import schemas_folder

_SUFFIX = ".schema.json"
_SHARED = ("common.v1", "envelope.v1")


def rules_of(origin: str) -> Rules:
    """What the entries of a log must be."""
    known, envelope = _validators()
    return Rules(f"//{origin}/intake", known, envelope)


@cache
def _validators() -> tuple[dict[str, Validator], Validator]:
    schemas = {
        path.name.removesuffix(_SUFFIX): _read(path) for path in (schemas_folder() / "events").glob(f"*{_SUFFIX}")
    }
    registry = Registry([(schema["$id"], schema) for schema in schemas.values()])

    def compiled(name: str) -> Validator:
        made: Validator = validator_for(schemas[name], registry=registry, validate_formats=True)
        return made

    known = {f"kycuong.{name}": compiled(name) for name in schemas if name not in _SHARED}
    return known, compiled("envelope.v1")


def _read(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
