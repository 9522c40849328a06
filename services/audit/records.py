"""What comes off the stream, read as far as the log needs it: the envelope, never `data`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import orjson

from services.kernel.envelope import MAX_EVENT_BYTES
from services.kernel.log.merkle import leaf_hash

Reason = Literal["conflict", "stale", "foreign", "malformed"]

_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNIT = re.compile("-|[a-z0-9][a-z0-9-]{2,62}")
_TRACEPARENT = re.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_TRACESTATE = re.compile("[ -~]{1,512}")
_TEXTS = ("datacontenttype", "dataschema", "source", "specversion", "subject", "time", "type")
_ALL_TEXT = [str] * len(_TEXTS)
MAX_UNITSEQ = 2**53 - 1


class Malformed(ValueError):
    """The record is no event of ours; what could be read of it is kept for whoever sent it."""

    def __init__(self, message: str, id: str = "", unit: str = "", unitseq: int = 0) -> None:
        super().__init__(message)
        self.id, self.unit, self.unitseq = id, unit, unitseq


class Event(NamedTuple):
    """An event as the log sees it: who, in which place of which unit, and the exact bytes."""

    id: str
    unit: str
    unitseq: int
    source: str
    raw: bytes
    leaf: bytes
    traceparent: str | None = None
    tracestate: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the log will not append, and why: durable, and told to intake, which stops resending."""

    id: str
    unit: str
    unitseq: int
    reason: Reason
    raw: bytes

    @property
    def sha256(self) -> bytes:
        """The hash that names the refused bytes."""
        return sha256(self.raw).digest()


def read_event(raw: bytes, headers: dict[str, str]) -> Event:
    """Read a record's envelope; Malformed when it is not an event in canonical form, or too large."""
    event = _object(raw)
    event_id, unit, unitseq = event.get("id"), event.get("unit"), event.get("unitseq")
    fault = _fault(raw, event, event_id, unit, unitseq)
    if fault is not None:
        raise Malformed(fault, *_legible(event_id, unit, unitseq))
    if not headers:
        return Event(event_id, unit, unitseq, event["source"], raw, leaf_hash(raw))  # type: ignore[arg-type]
    trace = _header(headers, "traceparent", _TRACEPARENT), _header(headers, "tracestate", _TRACESTATE)
    return Event(event_id, unit, unitseq, event["source"], raw, leaf_hash(raw), *trace)  # type: ignore[arg-type]


def _object(raw: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from None
    if type(event) is not dict:
        raise Malformed("not a JSON object")
    return event


def _fault(raw: bytes, event: dict[str, Any], id: object, unit: object, unitseq: object) -> str | None:
    """What is wrong with the envelope, or None. The bytes must be the one canonical spelling of what they say."""
    if len(raw) > MAX_EVENT_BYTES:
        return f"{len(raw)} bytes: over {MAX_EVENT_BYTES}"
    if not (type(id) is str and _UUID.fullmatch(id)):
        return "id is no canonical UUID"
    if not (type(unit) is str and _UNIT.fullmatch(unit)):
        return "unit is no unit id"
    if type(unitseq) is not int or not 1 <= unitseq <= MAX_UNITSEQ:
        return "unitseq is no positive integer"
    if type(event.get("data")) is not dict or [type(event.get(name)) for name in _TEXTS] != _ALL_TEXT:
        return "an attribute is missing or of the wrong type"
    return None if _canonical(event, raw) else "not in canonical form"


def _canonical(event: dict[str, Any], raw: bytes) -> bool:
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS) == raw


def _legible(id: object, unit: object, unitseq: object) -> tuple[str, str, int]:
    return (
        id if isinstance(id, str) and _UUID.fullmatch(id) else "",
        unit if isinstance(unit, str) and _UNIT.fullmatch(unit) else "",
        unitseq if type(unitseq) is int and 0 <= unitseq <= MAX_UNITSEQ else 0,
    )


def _header(headers: dict[str, str], name: str, form: re.Pattern[str]) -> str | None:
    value = headers.get(name)
    return value if value is not None and form.fullmatch(value) else None
