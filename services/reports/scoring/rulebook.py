"""Catalogues and scoring rules as published in the log, and which is in force in a quarter. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from services.kernel.quarters import quarter_days
from services.reports.facts.facts import CATALOGUE
from services.reports.scoring.comparison.rules import Comparison
from services.reports.scoring.method import GROUPS, BadRules, Code, Rules
from services.reports.scoring.methods import METHODS, Methods

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A published catalogue version."""

    version: str
    codes: Mapping[str, Code]


class Rulebook:
    """Every published version; in a quarter the newest one that had begun by its end.

    A version that was published after a quarter never changes that quarter.
    """

    def __init__(self, methods: Methods = METHODS) -> None:
        self._methods = methods
        self.catalogues: dict[str, Catalogue] = {}
        self._catalogue_order: list[_Placed[str]] = []
        self._rules: list[_Placed[Rules]] = []
        self._comparisons: list[_Placed[Comparison | None]] = []
        self._of_quarter: dict[str, tuple[Rules | None, str | None]] = {}

    def apply(self, index: int, event_type: str, data: Mapping[str, Any], published: date | None = None) -> None:
        """Take a catalogue.published or scoring.published event; KeyError, ValueError or TypeError if it is broken.

        `published` is the day from which the log has had it; None for genesis, which counts from its first day.
        """
        self._of_quarter.clear()
        since = date.fromisoformat(data["valid_from"])
        if event_type == CATALOGUE:
            catalogue = _catalogue(data)
            self.catalogues[catalogue.version] = catalogue
            self._catalogue_order.append(_Placed(since, index, published or since, catalogue.version))
        else:
            self._rules.append(_Placed(since, index, published or since, self._read(data)))
            comparison = Comparison.read(data["version"], data.get("comparison"))
            self._comparisons.append(_Placed(since, index, published or since, comparison))

    def _read(self, data: Mapping[str, Any]) -> Rules:
        read = self._methods.get(data["method"])
        if read is None:
            raise BadRules(f"scoring method {data['method']!r} is not known, only {', '.join(self._methods)}")
        return read(data["version"], data["rules"])

    def rules(self, quarter: str) -> Rules | None:
        """The scoring rules in force in a quarter."""
        return self._in_quarter(quarter)[0]

    def _in_quarter(self, quarter: str) -> tuple[Rules | None, str | None]:
        """Looked for once while nothing is published: every card asks."""
        if quarter not in self._of_quarter:
            found = _in_force(self._rules, quarter), _in_force(self._catalogue_order, quarter)
            self._of_quarter[quarter] = found
        return self._of_quarter[quarter]

    def comparison(self, quarter: str) -> Comparison | None:
        """How the scoring version in force in a quarter compares units; None when it does not."""
        return _in_force(self._comparisons, quarter)

    def rules_of(self, card: Mapping[str, Any]) -> Rules | None:
        """The rules that made a card: of the version it names, as the log prefix it names has them; None without."""
        named = [one for one in self._rules if one.what.version == card["rules"] and one.index < card["log"]["size"]]
        return max(named, key=lambda one: one.index).what if named else None

    def catalogue(self, quarter: str) -> str | None:
        """The version of the catalogue in force in a quarter."""
        return self._in_quarter(quarter)[1]


@dataclass(frozen=True, slots=True)
class _Placed(Generic[T]):
    """A version with its first day, its log index and the day from which it counts as published."""

    since: date
    index: int
    published: date
    what: T


def _in_force(versions: Iterable[_Placed[T]], quarter: str) -> T | None:
    _, last = quarter_days(quarter)
    valid = [one for one in versions if one.since <= last and one.published <= last]
    return max(valid, key=lambda one: (one.since, one.index)).what if valid else None


def _catalogue(data: Mapping[str, Any]) -> Catalogue:
    codes = {
        str(code["code"]): Code(str(code["group"]), code["per"] == "person", code["per_case"] is True)
        for code in data["codes"]
    }
    unknown = {code.group for code in codes.values()} - {*GROUPS, "K"}
    if unknown:
        raise ValueError(f"groups without a cap: {sorted(unknown)}")
    return Catalogue(str(data["version"]), codes)
