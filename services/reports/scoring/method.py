"""What a method of scoring is: what it is given, what it makes of it, how it explains that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, Protocol

from services.domain.words import BANDS, Words, headed
from services.reports.facts.standing import Standing

GROUPS = ("A", "B", "C", "D", "E", "F", "H")
INSUFFICIENT = "insufficient"
BAND_LABELS: Mapping[str, Words] = {band: headed(words) for band, words in BANDS.items()}


class BadRules(ValueError):
    """A published rule set that this code cannot apply."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code as folds need it."""

    group: str
    per_person: bool
    per_case: bool


@dataclass(slots=True)
class Observation:
    """One finding as scoring sees it; `index` is the log index of its recording.

    `remedied`: its remedy was reported in time and verified; `overdue`: its remedy is late so that it shows.
    """

    finding: str
    code: str
    group: str
    severity: int
    count: int
    per_person: bool
    per_case: bool
    index: int
    standing: Standing
    remedied: bool = False
    overdue: bool = False


@dataclass(slots=True)
class Visit:
    """A closed inspection: exposure, and its findings in log order.

    `unscored` is where the findings of severity 4 stand that the unit was told of: they are counted, and cost nothing.
    """

    inspection: str
    day: date
    persons_checked: int
    files_checked: int
    observations: tuple[Observation, ...]
    unscored: tuple[Standing, ...] = ()


Basis = Literal["person", "case", "unit", "repeat"]


@dataclass(frozen=True, slots=True)
class Step:
    """One deduction: points of its severity, times a number of persons, cases or once, times a factor.

    `persons` is how many were checked when that is known or the factor tells it, else None; `exact` is then the points
    as shown.
    """

    item: Mapping[str, Any]
    basis: Basis
    each: str
    persons: int | None
    exact: Fraction


@dataclass(frozen=True, slots=True)
class Subtotal:
    """A group within one inspection: what its steps add up to, and what is deducted once capped."""

    group: str
    cap: str
    added: str
    deducted: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """One inspection, explained."""

    visit: Mapping[str, Any]
    base_persons: int
    steps: Sequence[Step]
    subtotals: Sequence[Subtotal]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A whole card, explained; `at_most` is the highest band that its gates leave, None without any."""

    visits: Sequence[Explained]
    at_most: str | None


class Rules(Protocol):
    """A published version of a method's rules, applied."""

    @property
    def version(self) -> str:
        """The version's name, as cards name it."""

    def scored(self, visits: Sequence[Visit], commendations: Sequence[str]) -> dict[str, Any]:
        """A card from its score to what is pending."""

    def each_upheld(self, visits: Sequence[Visit], commendations: Sequence[str]) -> dict[str, tuple[str | None, str]]:
        """Score and band by pending finding, as if it alone were upheld."""

    def explained(self, card: Mapping[str, Any], codes: Sequence[Mapping[str, Code]]) -> Explanation:
        """How such a card came about; `codes` are those of each inspection's catalogue."""


def count_of(visits: Sequence[Visit], standing: Standing) -> int:
    """How many findings stand so."""
    return sum([
        [seen.standing for seen in visit.observations].count(standing) + visit.unscored.count(standing)
        for visit in visits
    ])  # fmt: skip


@lru_cache(maxsize=1 << 16)
def ratio(of: int, parts: int, places: int = 2) -> str:
    """A quotient of whole numbers, `parts` above 0, as a decimal string, rounded half-even."""
    whole, rest = divmod(abs(of) * 10**places, parts)
    scaled = whole + (2 * rest > parts or (2 * rest == parts and whole % 2))
    sign = "-" if of < 0 and scaled else ""
    return f"{sign}{scaled // 10**places}.{scaled % 10**places:0{places}d}"


def shown(value: Fraction, places: int = 2) -> str:
    """An exact number as a decimal string, rounded half-even."""
    return ratio(value.numerator, value.denominator, places)
