"""The published schemas of events, compiled: which types are known, and what each looks like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Registry, validator_for

from services.audit.verifier.events import Rules, Validator
from services.kernel.schemas import schemas_folder

_PREFIX, _SUFFIX = "kycuong.", ".schema.json"
_SHARED = ("common.v1", "envelope.v1")


class Validators(dict[str, Validator]):
    """The validator of each event type, compiled when the first such event is met; of an unknown type the envelope's.

    A log holds few of the types, and each of the processes that verify it would compile all of them.
    """

    def __init__(self, schemas: Mapping[str, dict[str, Any]]) -> None:
        super().__init__()
        self._schemas = schemas
        self._registry = Registry([(schema["$id"], schema) for schema in schemas.values()])
        self.types = frozenset(_PREFIX + name for name in schemas if name not in _SHARED)
        self.envelope = self._compiled("envelope.v1")

    def __missing__(self, kind: str) -> Validator:
        if kind not in self.types:
            return self.envelope
        made = self[kind] = self._compiled(kind.removeprefix(_PREFIX))
        return made

    def _compiled(self, name: str) -> Validator:
        made: Validator = validator_for(self._schemas[name], registry=self._registry, validate_formats=True)
        return made


def rules_of(origin: str) -> Rules:
    """What the entries of a log must be."""
    validators = _validators()
    return Rules(f"//{origin}/intake", validators, validators.envelope)


def known_types() -> frozenset[str]:
    """The types that have a schema."""
    return _validators().types


@cache
def _validators() -> Validators:
    files = (schemas_folder() / "events").glob(f"*{_SUFFIX}")
    return Validators({path.name.removesuffix(_SUFFIX): _read(path) for path in files})


def _read(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
