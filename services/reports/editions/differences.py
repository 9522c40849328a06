"""What a restatement shows otherwise than the edition before it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

OFFICIAL = "official"
_RESTATED = "restated-"
_LEFT_OUT = ("unit", "band_label")


def before(edition: str) -> str | None:
    """The edition that a restatement restates; None for any other edition."""
    if not edition.startswith(_RESTATED):
        return None
    number = int(edition.removeprefix(_RESTATED))
    return OFFICIAL if number == 1 else f"{_RESTATED}{number - 1}"


def differences(was: Mapping[str, str], now: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each field of two lists' rows, given as JSON text by unit, that reads otherwise; parts of a field after a dot.

    A unit of one list only differs in `unit`.
    """
    return [
        {"unit": unit, "field": field, "was": old, "is": new}
        for unit in sorted({*was, *now})
        for field, old, new in _of_unit(unit, was.get(unit), now.get(unit))
    ]


def _of_unit(unit: str, was: str | None, now: str | None) -> Iterator[tuple[str, Any, Any]]:
    if was == now:
        return
    if was is None or now is None:
        yield "unit", None if was is None else unit, None if now is None else unit
        return
    old, new = _flat(json.loads(was)), _flat(json.loads(now))
    for field in {**old, **new}:
        if old.get(field) != new.get(field):
            yield field, old.get(field), new.get(field)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's fields; the first form's bonus of a unit without a score says nothing."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if name == "comparison":  # its figures move with every unit's, its standing is what is said of this one
            flat["comparison.standing"] = value and value["standing"]
        elif isinstance(value, dict):
            flat |= {f"{name}.{part}": inner for part, inner in value.items()}
        elif name not in _LEFT_OUT:
            flat[name] = value
    return flat | {"bonus": None if row["score"] is None else row["bonus"]}
