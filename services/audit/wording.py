"""Events in words: what the explorer calls them, their fields and the parts that may be erased. Pure.

A type, field or value that has no words here is shown as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.domain.words import (
    ABOVE,
    DEADLINES,
    EDITIONS,
    EVENTS,
    FIELDS,
    FLAGS,
    GROUP,
    KINDS,
    OUTCOMES,
    PARTS,
    ROLES,
    SELECTIONS,
    SUCCESSIONS,
    Words,
    edition_words,
    severity_words,
)

Kind = Literal["words", "instant", "entry", "day", "quarter"]

VALUES: Mapping[str, Words] = {
    "csv": ("CSV", "CSV"), "xlsx": ("Excel", "Excel"), "pdf": ("PDF", "PDF"), "docx": ("Word", "Word"),
    "package": ("gói dữ liệu", "data package"),
    **ROLES, "system": ("hệ thống", "the system"),
    **KINDS, **{str(outcome): said for outcome, said in OUTCOMES.items()},
    **SELECTIONS, **EDITIONS, **SUCCESSIONS, **FLAGS, **GROUP, **DEADLINES, **ABOVE,
}  # fmt: skip
_SIDES: Mapping[str, Words] = {"from": ("đơn vị cũ", "predecessor"), "to": ("đơn vị mới", "successor")}
YES_NO: Mapping[bool, Words] = {True: ("có", "yes"), False: ("không", "no")}
# ids of events: a finding's event has its id
LINKED = frozenset({"finding", "inspection", "event", "closing", "round", "replaces", "assignment"})
INSTANTS = frozenset({"captured_at", "opened_at", "closed_at", "reply_due", "remedy_due", "due", "at", "device_at"})
UNITS = frozenset({"parent", "from", "to", "cases_to", "unit", "exclude"})
DAYS = frozenset({"date", "beacon.date", "valid_from", "valid_to", "until", "from_day", "to_day"})
_ORDER = {name: place for place, name in enumerate(FIELDS)}
_QUARTERS = frozenset({"quarter"})
_PREFIX = "kycuong."


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event's data in both languages: plain words, an instant, or the event id it links to."""

    label: Words
    value: Words
    kind: Kind = "words"


@dataclass(frozen=True, slots=True)
class Known:
    """What an event's data does not say itself: units' names and codes' words by their ids, and the entry's own id."""

    units: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Words] = field(default_factory=dict)
    own: str = ""


NOTHING = Known()


def type_words(event_type: str) -> Words:
    """What an event's type is called, whatever its version."""
    family = event_type.removeprefix(_PREFIX).rpartition(".v")[0]
    return EVENTS.get(family, (event_type, event_type))


def part_words(part: str) -> Words:
    """What a private part is called."""
    kind, _, number = part.partition(".")
    if kind == "photo":
        return f"ảnh {number}", f"photo {number}"
    if kind == "file":
        return f"tệp {number}", f"file {number}"
    return PARTS.get(part, (part, part))


def fields(data: Mapping[str, Any], known: Known = NOTHING) -> list[Field]:
    """An event's data as lines to read, what matters first; nothing links to the entry itself."""
    said = [
        (_by_value(name, value), value) for name, value in _flat(data) if not (name in LINKED and value == known.own)
    ]
    said.sort(key=lambda pair: _ORDER.get(pair[0], len(_ORDER) + pair[0].startswith("commitments.")))
    return [_field(name, value, known) for name, value in said]


def _by_value(name: str, value: Any) -> str:
    """A round goes from day to day, where a succession goes from units to units."""
    return f"{name}_day" if name in ("from", "to") and isinstance(value, str) else name


def units_named(data: Mapping[str, Any]) -> set[str]:
    """The units that an event's data names by their ids."""
    named = [data[name] for name in UNITS if data.get(name)]
    return {unit for value in named for unit in (value if isinstance(value, list) else [value])}


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _field(name: str, value: Any, known: Known) -> Field:
    group, _, part = name.partition(".")
    if group == "commitments":
        vi, en = part_words(part)
        return Field(
            (f"Mã băm của nội dung không công khai: {vi}", f"Commitment to a private part: {en}"), (value, value)
        )
    return Field(FIELDS.get(name, (name, name)), _value(name, value, known), _kind(name, value))


def _kind(name: str, value: Any) -> Kind:
    if not isinstance(value, str):
        return "words"
    kinds: Mapping[Kind, frozenset[str]] = {"entry": LINKED, "instant": INSTANTS, "day": DAYS, "quarter": _QUARTERS}
    return next((kind for kind, names in kinds.items() if name in names), "words")


def _value(name: str, value: Any, known: Known) -> Words:
    if isinstance(value, bool):
        return YES_NO[value]
    if value is None or value == [] or value == {}:
        return "–", "–"
    if isinstance(value, list):
        return _list(name, value, known)
    if isinstance(value, int):
        return _number(name, value)
    return _text(name, value, known) if isinstance(value, str) else (json.dumps(value),) * 2


def _number(name: str, value: int) -> Words:
    if name == "severity":
        return severity_words(value)
    if name == "elapsed_ms":
        return f"{value // 60_000} phút {value // 1000 % 60} giây", f"{value // 60_000} min {value // 1000 % 60} s"
    return f"{value:,}".replace(",", "."), f"{value:,}"


def _text(name: str, value: str, known: Known) -> Words:
    if name == "code":
        vi, en = known.codes.get(value, ("", ""))
        return f"{value} {vi}".strip(), f"{value} {en}".strip()
    if name in UNITS:
        return (known.units[value],) * 2 if value in known.units else VALUES.get(value, (value, value))
    if name == "edition":
        return edition_words(value)
    if name == "side":
        return _SIDES.get(value, (value, value))
    return (value, value) if name in ("name", "basis") else VALUES.get(value, (value, value))


def _list(name: str, values: list[Any], known: Known) -> Words:
    """Plain values one after another; a long table only by its length, for the bytes show it whole."""
    if any(isinstance(value, dict) for value in values):
        return f"{len(values)} mục, xem nội dung gốc", f"{len(values)} items, see the exact content"
    words = [part_words(value) if name == "parts" else _value(name, value, known) for value in values]
    return ", ".join(vi for vi, _ in words), ", ".join(en for _, en in words)
