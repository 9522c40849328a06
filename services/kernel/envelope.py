"""The event: a CloudEvents 1.0 object in RFC 8785 form, whose exact bytes are record, entry and leaf input.

The bytes are made once, in the transaction that accepts the write; nothing re-serialises them.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import orjson

from services.kernel.quarters import rfc3339

MAX_EVENT_BYTES = 16 * 1024
NAMESPACE = uuid5(NAMESPACE_URL, "kycuong:schemas/")
NO_UNIT = "-"

_TOLD: Mapping[str, type] = {
    "id": str, "type": str, "source": str, "subject": str, "time": str, "unit": str, "unitseq": int, "data": dict,
}  # fmt: skip
_ATTRIBUTES: Mapping[str, type] = {**_TOLD, "specversion": str, "datacontenttype": str, "dataschema": str}
_values = itemgetter(*_ATTRIBUTES)
_COUNT, _KINDS = len(_TOLD), tuple(_ATTRIBUTES.values())
_PREFIX = "kycuong."
_canonical_uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


class EventTooLarge(ValueError):
    """The event exceeds 16 KiB."""


class BadEnvelope(ValueError):
    """The bytes are not an event of ours."""


class Envelope(NamedTuple):
    """An event's attributes, read from its bytes."""

    id: str
    type: str
    source: str
    subject: str
    time: str
    unit: str
    unitseq: int
    data: dict[str, Any]


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of a value without floats.

    orjson gives the same bytes as the `rfc8785` library for what events hold (a property test says so) at a twelfth
    of its time. Floats are refused: their shortest form is the one place where the two would differ. Keys within the
    basic plane are in code-unit order when they are in code-point order; others are refused.
    """
    _check(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:  # a lone surrogate
        raise ValueError(str(error)) from None


def _check(value: Any) -> None:
    """Refuse what the quick encoder would spell differently from RFC 8785."""
    kind = type(value)
    if kind is float:
        raise ValueError("a float has no place in an event")
    if kind is int and not -(2**53) < value < 2**53:
        raise ValueError("an integer beyond 2^53")
    if kind is dict:
        names = "".join(value)
        if not names.isascii() and max(names) > "\uffff":
            raise ValueError("a member name outside the basic plane")
        for member in value.values():
            if type(member) is not str:
                _check(member)
    elif kind is list or kind is tuple:
        for member in value:
            _check(member)


def derived_id(cause: str, event_type: str, number: int) -> str:
    """UUIDv5 of a further event of the same write, or of the system: `<cause id>/<type>/<n>`."""
    return named_id(f"{cause}/{event_type}/{number}")


def named_id(name: str) -> str:
    """The UUIDv5 of a name, as text; a fold makes one for every second entry, by way of a UUID in thrice the time."""
    digest = sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def genesis_id(event_type: str, version: str) -> str:
    """UUIDv5 of a genesis event: `genesis/<type>/<version>`."""
    return named_id(f"genesis/{event_type}/{version}")


def event_bytes(
    *, id: str, type: str, source: str, subject: str, time: datetime, unit: str, unitseq: int, data: Mapping[str, Any]
) -> bytes:
    """The canonical bytes of one event; EventTooLarge beyond 16 KiB."""
    encoded = canonical({
        "specversion": "1.0", "id": id, "type": type, "source": source, "subject": subject, "time": rfc3339(time),
        "datacontenttype": "application/json", "dataschema": dataschema(type), "unit": unit, "unitseq": unitseq,
        "data": data,
    })  # fmt: skip
    if len(encoded) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{type} {id}: {len(encoded)} bytes")
    return encoded


def dataschema(event_type: str) -> str:
    """`kycuong:finding.recorded.v1` of `kycuong.finding.recorded.v1`."""
    return f"kycuong:{event_type.removeprefix(_PREFIX)}"


def read_envelope(raw: bytes) -> Envelope:
    """The attributes of an event's bytes; BadEnvelope when they are not an event of ours."""
    try:
        event = orjson.loads(raw)
    except ValueError as error:
        raise BadEnvelope(f"not JSON: {error}") from None
    if not isinstance(event, dict):
        raise BadEnvelope("not an object")
    try:
        values = _values(event)
    except KeyError as error:
        raise BadEnvelope(f"attribute {error} is missing") from None
    if tuple(map(type, values)) != _KINDS:
        wrong = next(name for name, kind in _ATTRIBUTES.items() if type(event[name]) is not kind)
        raise BadEnvelope(f"attribute {wrong} is of the wrong type")
    if _canonical_uuid(event["id"]) is None:
        raise BadEnvelope(f"the id is not a canonical UUID: {event['id']!r}")
    return tuple.__new__(Envelope, values[:_COUNT])  # as `_make` does, in a fifth of its time


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in its canonical, lower-case form."""
    return _canonical_uuid(text) is not None
