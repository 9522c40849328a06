"""What an event must be by itself: its bytes, its form, its type's schema. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from services.audit.verifier.faults import BadLog, Fault
from services.kernel.envelope import MAX_EVENT_BYTES, canonical

# A number with a fraction or an exponent where a member's value begins: it has other spellings that parse alike.
_FLOAT = re.compile(rb'":-?[0-9]+[.eE]')


class Validator(Protocol):
    """Says whether a value has the form that a schema describes, and what it lacks."""

    def is_valid(self, instance: Any) -> bool:
        """Whether it has."""

    def iter_errors(self, instance: Any) -> Iterator[Any]:
        """What it lacks."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an entry of this log must be: its source, and the schema of its type (of an unknown one the envelope's)."""

    source: str
    validators: Mapping[str, Validator]
    envelope: Validator

    def read(self, index: int, raw: bytes) -> dict[str, Any]:
        """The event of an entry; BadLog when it is not one, in its one spelling, of this log."""
        event = _parsed(index, raw)
        validator = self.validators[str(event.get("type"))]
        _validate(index, validator, event)
        usual = orjson.dumps(event, option=orjson.OPT_SORT_KEYS) == raw and len(raw) <= MAX_EVENT_BYTES
        if not usual or validator is self.envelope or _FLOAT.search(raw):
            _examine(index, raw)
        if event["source"] != self.source:
            raise BadLog(
                Fault(
                    index,
                    f"nguồn {event['source']} không phải của nhật ký này",
                    f"its source {event['source']} is not this log's",
                )
            )
        return event


def _parsed(index: int, raw: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadLog(Fault(index, "không phải một sự kiện", f"it is no event: {error}")) from None
    if type(event) is not dict:
        raise BadLog(Fault(index, "không phải một sự kiện", "it is no event: not a JSON object"))
    return event


def _validate(index: int, validator: Validator, event: dict[str, Any]) -> None:
    try:
        if validator.is_valid(event):
            return
        found = next(iter(validator.iter_errors(event)))
        why = f"/{'/'.join(map(str, found.instance_path))}: {found.message}"
    except ValueError as error:
        why = str(error)  # nested deeper than a validator follows
    raise BadLog(Fault(index, "sai lược đồ của loại sự kiện", f"not what the schema of its type allows: {why[:300]}"))


def _examine(index: int, raw: bytes) -> None:
    """Compare the bytes with the canonical form by the book: for entries that the quick comparison does not cover."""
    if len(raw) > MAX_EVENT_BYTES:
        raise BadLog(
            Fault(index, f"dài {len(raw)} byte, quá {MAX_EVENT_BYTES}", f"{len(raw)} bytes, over {MAX_EVENT_BYTES}")
        )
    try:
        spelled = canonical(json.loads(raw))
    except (ValueError, RecursionError) as error:
        raise BadLog(Fault(index, "không ở dạng chuẩn tắc", f"not in canonical form: {error}")) from None
    if spelled != raw:
        raise BadLog(Fault(index, "không ở dạng chuẩn tắc", "not in canonical form (RFC 8785)"))
