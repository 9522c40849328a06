"""What a list can be narrowed to, each with how many units it would show. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.domain import words
from services.reports.pages.attention import STANDINGS, standing
from services.reports.pages.choice import Choice
from services.reports.scoring.method import BAND_LABELS


@dataclass(frozen=True, slots=True)
class Facet:
    """A property of units: (value, number of units, whether it is chosen), only values that some unit has."""

    name: str
    values: Sequence[tuple[str, int, bool]]


def facets(rows: Sequence[Mapping[str, Any]], choice: Choice, *, compared: bool) -> list[Facet]:
    """Kind, band and, where units are compared, standing; each counted under the others' choice."""
    found = [
        Facet("group", _values(_counted(rows, choice, "group"), words.GROUPS, choice.group)),
        Facet("band", _values(_counted(rows, choice, "band"), BAND_LABELS, choice.band)),
    ]
    if compared:
        found.append(Facet("standing", _values(_counted(rows, choice, "standing"), STANDINGS, choice.standing)))
    return found


def _counted(rows: Sequence[Mapping[str, Any]], choice: Choice, name: str) -> Counter[str | None]:
    under = (row for row in rows if choice.admits(row, but=name))
    return Counter(standing(row) if name == "standing" else row[name] for row in under)


def _values(counted: Mapping[Any, int], order: Any, chosen: str | None) -> list[tuple[str, int, bool]]:
    return [(value, counted.get(value, 0), value == chosen) for value in order if counted.get(value) or value == chosen]
