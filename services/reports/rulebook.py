"""Catalogues and scoring rules as published in the log, and which is in force in a quarter. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.kernel.quarters import quarter_days
from services.reports.facts import CATALOGUE
from services.reports.scoring import GROUPS, Rules


@dataclass(frozen=True, slots=True)
class Code:
    """A code as folds need it."""

    group: str
    per_person: bool
    per_case: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A published catalogue version."""

    version: str
    codes: Mapping[str, Code]


class Rulebook:
    """Every published version; the latest that had begun on a quarter's first day is in force."""

    def __init__(self) -> None:
        self.catalogues: dict[str, Catalogue] = {}
        self._catalogue_order: list[tuple[date, int, str]] = []
        self._rules: list[tuple[date, int, Rules]] = []

    def apply(self, index: int, event_type: str, data: Mapping[str, Any]) -> None:
        """Take a catalogue.published or scoring.published event; KeyError, ValueError or TypeError if it is broken."""
        since = date.fromisoformat(data["valid_from"])
        if event_type == CATALOGUE:
            catalogue = _catalogue(data)
            self.catalogues[catalogue.version] = catalogue
            self._catalogue_order.append((since, index, catalogue.version))
        else:
            self._rules.append((since, index, Rules.read(data["version"], data["method"], data["rules"])))

    def rules(self, quarter: str) -> Rules | None:
        """The scoring rules in force in a quarter."""
        first, _ = quarter_days(quarter)
        return max((one for one in self._rules if one[0] <= first), key=lambda one: one[:2], default=(None,) * 3)[2]

    def catalogue(self, quarter: str) -> str | None:
        """The version of the catalogue in force in a quarter."""
        first, _ = quarter_days(quarter)
        return max((one for one in self._catalogue_order if one[0] <= first), default=(None,) * 3)[2]


def _catalogue(data: Mapping[str, Any]) -> Catalogue:
    codes = {
        str(code["code"]): Code(str(code["group"]), code["per"] == "person", code["per_case"] is True)
        for code in data["codes"]
    }
    unknown = {code.group for code in codes.values()} - {*GROUPS, "K"}
    if unknown:
        raise ValueError(f"groups without a cap: {sorted(unknown)}")
    return Catalogue(str(data["version"]), codes)
